"""Compares engines: all run the same workloads in turns, in one run. `make peers` calls this."""

import argparse
import os
import platform
import sys
import tempfile
import time
from contextlib import ExitStack
from statistics import median

import charts
import table
from catalog import DEFAULT_PEERS, FULL, PEERS, QUICK, WORKLOADS
from figures import OURS, Comparison, Row
from process import Engine, EngineFailure

WORKER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "worker.py")

# Threads of the engine before may spin for a while after their last task.
PAUSE = 0.05


def arguments(words):
    parser = argparse.ArgumentParser(
        prog="peers", description="Runs workloads on Martlet and other libraries in turns.")
    option = parser.add_argument
    option("--only", metavar="A,B", type=_names, help="only these workloads")
    option("--peers", metavar="A,B", type=_names, default=DEFAULT_PEERS, help="only these peers")
    option("--rounds", metavar="N", type=_count, help="how often each has its turn (15; quick: 3)")
    option("--quick", action="store_true", help="small arrays and short turns, for a check")
    option("--json", metavar="FILE", help="write all figures as JSON")
    option("--svg", metavar="FOLDER", help="draw ratios.svg and times.svg there")
    option("--bench", metavar="PROGRAM", required=True, help="where martlet-bench is")
    options = parser.parse_args(words)
    _check_known(parser, "workload", options.only or [], [w.name for w in WORKLOADS])
    _check_known(parser, "peer", options.peers, PEERS)
    options.rounds = options.rounds or (3 if options.quick else 15)
    return options


def _names(text):
    return [name for name in text.split(",") if name]


def _count(text):
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text} is no number of rounds")
    return int(text)


def _check_known(parser, kind, names, known):
    for name in names:
        if name not in known:
            parser.error(f"there is no {kind} {name}; there are {', '.join(known)}")


class Bench:
    """Starts engines and lets them take turns."""

    def __init__(self, commands, options):
        self.commands = commands
        self.options = options
        # Short turns, so that other load hits all engines alike.
        self.seconds = 0.02 if options.quick else 0.1
        self.sizes = QUICK if options.quick else FULL

    def compare(self, progress):
        machine = _machine()
        with ExitStack() as stack:
            engines = [stack.enter_context(self._start(command, stack)) for command in self.commands]
            comparison = Comparison(
                engines={engine.name: engine.version for engine in engines}, machine=machine,
                rounds=self.options.rounds, is_quick=self.options.quick)
            for workload in WORKLOADS:
                if self.options.only and workload.name not in self.options.only:
                    continue
                progress(workload.name)
                comparison.rows.append(self._row(workload, engines, comparison.triads))
                if workload.has_first_call:
                    comparison.rows.append(self._first_calls(workload))
        return comparison

    def _row(self, workload, engines, triads):
        row = Row(workload, workload.name, bar=workload.bar)
        if workload.elements is not None:
            row.byte_count = 4 * workload.elements(self.sizes)
        turns = [e for e in engines if e.prepare(workload.name) is not None]
        for engine in turns:
            row.checks[engine.name] = engine.check(workload.name)
        for number in range(self.options.rounds):
            # Each goes first in some round.
            first = number % max(1, len(turns))
            for engine in turns[first:] + turns[:first]:
                time.sleep(PAUSE)
                samples = engine.samples(workload.name, self.seconds)
                row.rounds.setdefault(engine.name, []).append(median(samples))
        time.sleep(PAUSE)
        triads.append(engines[0].triad())
        return row

    def _first_calls(self, workload):
        """Times of the first call, each in a process of its own: what compiling costs."""
        row = Row(workload, f"{workload.name}, first call")
        for _ in range(1 if self.options.quick else 3):
            for command in self.commands:
                with ExitStack() as stack:
                    engine = stack.enter_context(self._start(command, stack))
                    first = engine.prepare(workload.name)
                    if first is not None:
                        row.rounds.setdefault(engine.name, []).append(first)
        return row

    def _start(self, command, stack):
        """Starts an engine whose caches on disk are empty."""
        cache = stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        return Engine(command, environment(command, cache))


def environment(command, cache):
    """The environment of an engine, with a folder for its caches."""
    result = dict(os.environ, XDG_CACHE_HOME=cache, TORCHINDUCTOR_CACHE_DIR=cache)
    if WORKER in command:
        # These tune the OpenBLAS that Martlet loads; NumPy brings one of its own.
        result.pop("OPENBLAS_CORETYPE", None)
        result.pop("OPENBLAS_L2_SIZE", None)
        # PyTorch's threads spin where they wait for each other, which on shared cores takes longest.
        result.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    return result


def _machine():
    processor = platform.machine()
    try:
        with open("/proc/cpuinfo") as file:
            names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
            processor = names[0] if names else processor
    except OSError:
        pass  # The architecture has to do.
    return {
        "processor": processor, "cores": len(os.sched_getaffinity(0)), "load": os.getloadavg()[0]}


def _progress(name):
    print(f"comparing: {name}", file=sys.stderr, flush=True)


def main(words):
    options = arguments(words)
    quick = ["--quick"] if options.quick else []
    commands = [[options.bench, "serve"] + quick]
    commands += [[sys.executable, WORKER, peer] + quick for peer in options.peers]
    return report(Bench(commands, options), options)


def report(bench, options):
    """Runs the comparison, writes what was asked for, and returns the exit status."""
    try:
        with ExitStack() as stack:
            # Opened before the work, so that a bad path is not found out after it.
            file = options.json and stack.enter_context(open(options.json, "w"))
            if options.svg:
                os.makedirs(options.svg, exist_ok=True)
            comparison = bench.compare(_progress)
            print(table.heading(comparison))
            print(table.table(comparison), end="")
            if file:
                file.write(table.as_json(comparison))
            if options.svg:
                charts.write(comparison, options.svg)
    except (EngineFailure, OSError) as error:
        print(f"peers: {error}", file=sys.stderr)
        return 1
    for line in comparison.disagreements:
        print(f"peers: results differ: {line}", file=sys.stderr)
    return 1 if comparison.disagreements else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
