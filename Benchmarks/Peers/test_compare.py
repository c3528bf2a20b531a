"""Tests of the comparison, with engines made up for them: this file is such an engine too."""

import argparse
import contextlib
import io
import json
import os
import sys
import tempfile
import time
import unittest
import xml.dom.minidom

import compare
from catalog import MEAN_BAR, WORKLOADS
from figures import Comparison, Row
from process import Engine, EngineFailure


def pretend(name, milliseconds, check, failure=""):
    """An engine whose runs take a given time; it lacks gelu, and fails as it is told."""
    if failure == "early":
        sys.exit("no such library")
    print(f"ready {name} 1.0", flush=True)
    runs = 0
    for line in sys.stdin:
        request, *rest = line.split()
        if request == "quit":
            return
        if request == "prepare":
            print(f"lacks {rest[0]}" if rest[0] == "gelu" and name != "martlet" else "prepared 9.5")
        elif request == "run":
            runs += 1
            if failure == "late" and runs == 2:
                sys.exit("out of memory")
            if failure == "silent":
                time.sleep(60)
            # One sample in three is an outlier, and the machine gets slower from turn to turn.
            time_now = float(milliseconds) * runs
            print(f"samples {time_now} {time_now} {100 * time_now}")
        elif request == "check":
            print(f"check {check}")
        else:
            print("triad 20.0")
        sys.stdout.flush()


def command(*arguments):
    return [sys.executable, os.path.abspath(__file__), "pretend", *map(str, arguments)]


class ComparisonTests(unittest.TestCase):
    def run_comparison(self, *commands, only, rounds=3):
        """The exit status, the JSON, the table, the messages and the two pictures."""
        out, messages = io.StringIO(), io.StringIO()
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "figures.json")
            options = argparse.Namespace(
                only=only, rounds=rounds, quick=True, json=file, svg=folder)
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(messages):
                status = compare.report(compare.Bench(list(commands), options), options)
            with open(file) as text:
                figures = json.loads(text.read() or "null")
            pictures = {}
            for name in ("ratios.svg", "times.svg"):
                path = os.path.join(folder, name)
                if os.path.exists(path):
                    with open(path) as text:
                        pictures[name] = text.read()
        return status, figures, out.getvalue(), messages.getvalue(), pictures

    def test_figures(self):
        status, figures, text, _, pictures = self.run_comparison(
            command("martlet", 1, 0.5), command("slow", 8, 0.5), command("fast", 4, 0.50001),
            only=["chain12", "gelu"])
        self.assertEqual(status, 0)
        chain, gelu = figures["workloads"]
        self.assertEqual(chain["best_peer"], "fast")
        self.assertEqual(chain["ratio"], 0.25)
        self.assertEqual(chain["bar"], 0.9)
        self.assertEqual(chain["engines"]["fast"]["rounds_ms"], [4, 8, 12])
        self.assertEqual(chain["engines"]["martlet"]["ms"], 2)
        # Four arrays of 100,000 float32 in 2 ms, beside a triad of 20 GB/s.
        self.assertAlmostEqual(chain["engines"]["martlet"]["gbps"], 0.8)
        self.assertAlmostEqual(chain["engines"]["martlet"]["triad_fraction"], 0.04)
        # No peer has it, so there is nothing to compare with.
        self.assertEqual((gelu["best_peer"], gelu["ratio"]), (None, None))
        self.assertEqual(list(gelu["engines"]), ["martlet"])
        self.assertAlmostEqual(figures["geometric_mean"], 0.25)
        self.assertIsNone(figures["geometric_mean_bar"])
        self.assertRegex(text, r"chain12 +2\.000 +16\.000 +8\.000 +fast +0\.25 +0\.90 +0\.8 +0\.04")
        self.assertEqual(len(pictures), 2)
        for picture in pictures.values():
            document = xml.dom.minidom.parseString(picture)
            words = [t.firstChild.data for t in document.getElementsByTagName("text")]
            self.assertIn("chain12", words)
        self.assertIn("0.25 (fast)", pictures["ratios.svg"])
        # Three engines of chain12, ours of gelu, and the legend.
        self.assertEqual(pictures["times.svg"].count("<circle"), 3 + 1 + 3)

    def test_first_calls_have_a_row(self):
        _, figures, _, _, _ = self.run_comparison(
            command("martlet", 1, 1), command("other", 2, 1), only=["mandelbrot"], rounds=1)
        rows = {row["name"]: row for row in figures["workloads"]}
        self.assertEqual(rows["mandelbrot, first call"]["engines"]["other"]["rounds_ms"], [9.5])
        self.assertIsNone(rows["mandelbrot, first call"]["bar"])
        # It does not count in the mean.
        self.assertEqual(figures["geometric_mean"], 0.5)

    def test_a_different_result_fails(self):
        for other in (0.501, "nan", -0.5):
            status, figures, _, messages, _ = self.run_comparison(
                command("martlet", 1, 0.5), command("other", 2, other), only=["sumsq"], rounds=1)
            self.assertEqual(status, 1)
            self.assertIn("results differ: sumsq: other gives", messages)
            self.assertIsNotNone(figures)

    def test_a_failing_engine_is_named(self):
        for failure, message in (("early", "no such library"), ("late", "out of memory")):
            status, _, _, messages, _ = self.run_comparison(
                command("martlet", 1, 1), command("other", 1, 1, failure), only=["sumsq"])
            self.assertEqual(status, 1)
            self.assertRegex(messages, rf"peers: \w+ ended with status 1: {message}")

    def test_a_silent_engine_is_ended(self):
        with Engine(command("other", 1, 1, "silent")) as engine:
            engine.PATIENCE = 0.5
            with self.assertRaisesRegex(EngineFailure, "other gave no answer in 0.5 s"):
                engine.samples("sumsq", 0)

    def test_a_missing_program_is_named(self):
        with self.assertRaisesRegex(EngineFailure, "absent/bench does not start"):
            Engine(["absent/bench"])

    def test_the_mean_has_its_bar_when_all_are_there(self):
        rows = [
            Row(w, w.name, rounds={"martlet": [1.0], "other": [2.0]}) for w in WORKLOADS]
        comparison = Comparison({}, {}, 1, False, rows)
        self.assertEqual(len(comparison.counted), 14)
        self.assertAlmostEqual(comparison.geometric_mean, 0.5)
        self.assertEqual(comparison.geometric_mean_bar, MEAN_BAR)
        comparison.rows.pop(0)
        self.assertIsNone(comparison.geometric_mean_bar)


class CommandLineTests(unittest.TestCase):
    def test_mistakes(self):
        for words, message in (
            (["--only", "chain12,chain13"], "there is no workload chain13"),
            (["--peers", "numpie"], "there is no peer numpie"),
            (["--rounds", "0"], "0 is no number of rounds"),
        ):
            errors = io.StringIO()
            with contextlib.redirect_stderr(errors), self.assertRaises(SystemExit) as exit:
                compare.arguments(["--bench", "b"] + words)
            self.assertEqual(exit.exception.code, 2)
            self.assertIn(message, errors.getvalue())

    def test_only_peers_lose_the_settings_of_our_blas(self):
        self.assertEqual(
            [compare.environment(command, "cache").get("OPENBLAS_CORETYPE") for command in (
                ["martlet-bench", "serve"], [sys.executable, compare.WORKER, "numpy"])],
            ["Haswell", None])

    def setUp(self):
        self.saved = os.environ.get("OPENBLAS_CORETYPE")
        os.environ["OPENBLAS_CORETYPE"] = "Haswell"

    def tearDown(self):
        del os.environ["OPENBLAS_CORETYPE"]
        if self.saved is not None:
            os.environ["OPENBLAS_CORETYPE"] = self.saved


if __name__ == "__main__":
    if sys.argv[1:2] == ["pretend"]:
        pretend(*sys.argv[2:])
    else:
        unittest.main()
