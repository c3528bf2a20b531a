"""An engine as a process that answers lines; README.md describes the protocol."""

import os
import subprocess
import tempfile
import threading


class EngineFailure(Exception):
    """An engine that ended, kept silent or reported an error."""


class Engine:
    """A running engine. `name` and `version` are what it calls itself."""

    # No answer takes longer, not even a first call that runs a C++ compiler.
    PATIENCE = 300.0

    def __init__(self, command, environment=None):
        self._errors = tempfile.TemporaryFile()
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors,
                env=environment, text=True, bufsize=1)
        except OSError as error:
            self._errors.close()
            raise EngineFailure(f"{command[0]} does not start: {error.strerror}") from None
        self.name = os.path.basename(command[-1])
        try:
            self.name, *version = self._answer("ready")
        except EngineFailure:
            self.quit()
            raise
        self.version = " ".join(version)

    def prepare(self, name):
        """The milliseconds of the first run, or None where the engine lacks the workload."""
        answer = self._ask(f"prepare {name}", "prepared", "lacks")
        return None if answer == [name] else float(answer[0])

    def samples(self, name, seconds):
        return [float(time) for time in self._ask(f"run {name} {seconds}", "samples")]

    def check(self, name):
        return float(self._ask(f"check {name}", "check")[0])

    def triad(self):
        return float(self._ask("triad", "triad")[0])

    def quit(self):
        try:
            self._process.stdin.write("quit\n")
            self._process.stdin.close()
            self._process.wait(10)
        except (OSError, ValueError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._errors.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.quit()

    def _ask(self, request, *expected):
        try:
            self._process.stdin.write(request + "\n")
        except OSError:
            raise self._ended() from None
        return self._answer(*expected)

    def _answer(self, *expected):
        # A silent process is ended, which ends the reading.
        timer = threading.Timer(self.PATIENCE, self._process.kill)
        timer.start()
        line = self._process.stdout.readline()
        was_silent = not timer.is_alive()
        timer.cancel()
        if not line and was_silent:
            raise EngineFailure(f"{self.name} gave no answer in {self.PATIENCE:g} s")
        if not line:
            raise self._ended()
        first, *rest = line.split() or [""]
        if first not in expected:
            raise EngineFailure(f"{self.name} answered: {line.strip()}")
        return rest

    def _ended(self):
        status = self._process.wait()
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        reason = f": {lines[-1]}" if lines else ""
        return EngineFailure(f"{self.name} ended with status {status}{reason}")
