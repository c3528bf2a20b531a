"""A peer's process: answers the lines that README.md describes. worker.py PEER [--quick]"""

import sys
from time import perf_counter

import expressions
import training
import workloads
from catalog import FULL, QUICK
from engines import ENGINES


class Worker:
    def __init__(self, engine, sizes):
        self.engine = engine
        self.sizes = sizes
        self.prepared = self.run = self.check = None
        if engine.name == "numexpr":
            self.workloads = expressions.WORKLOADS
        elif engine.name == "openblas":
            self.workloads = {
                name: workloads.WORKLOADS[name] for name in ("matmul2048", "matmul1024")}
        elif engine.name == "numpy":
            self.workloads = workloads.WORKLOADS
        else:
            self.workloads = {**workloads.WORKLOADS, **training.WORKLOADS}
        if engine.name == "torch":
            # Its compiler is still at the unrolled iterations after five minutes.
            del self.workloads["mandelbrot"]

    def answer(self, words):
        if len(words) == 2 and words[0] == "prepare":
            return self.prepare(words[1])
        if len(words) < 2 or words[1] != self.prepared:
            return f"error {' '.join(words)} is not understood, or not prepared"
        if words[0] == "run" and len(words) == 3:
            return "samples " + " ".join(map(repr, self.times(float(words[2]))))
        if words[0] == "check" and len(words) == 2:
            return f"check {self.check!r}"
        return f"error {' '.join(words)} is not understood"

    def prepare(self, name):
        # The last workload's arrays go before the next one's come.
        self.prepared = self.run = None
        if name not in self.workloads:
            return f"lacks {name}"
        function, inputs = self.workloads[name](self.engine, workloads.HashedData(), self.sizes)
        inputs = [self.engine.array(a) for a in inputs]
        self.prepared, self.run = name, lambda: function(*inputs)
        first, result = self.timed()
        # Now, as later runs of a workload in place start from other values.
        self.check = self.mean_of_first(result[0] if isinstance(result, (tuple, list)) else result)
        return f"prepared {first!r}"

    def mean_of_first(self, array, count=1000):
        return float(self.engine.host(array).ravel()[:count].astype("float64").mean())

    def timed(self):
        start = perf_counter()
        result = self.run()
        self.engine.wait(result)
        return (perf_counter() - start) * 1e3, result

    def times(self, seconds):
        """Times in milliseconds; results of one run live until those of the next are there."""
        _, result = self.timed()
        times = []
        end = perf_counter() + seconds
        while not times or (len(times) < 200 and perf_counter() < end):
            time, result = self.timed()
            times.append(time)
        return times


def main(words):
    engine = ENGINES[words[0]]()
    worker = Worker(engine, QUICK if "--quick" in words else FULL)
    print(f"ready {engine.name} {engine.version}", flush=True)
    for line in sys.stdin:
        words = line.split()
        if words == ["quit"]:
            return
        print(worker.answer(words), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
