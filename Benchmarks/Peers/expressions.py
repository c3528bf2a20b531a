"""The workloads that are one expression, for numexpr.

Not `sumsq`: numexpr adds float32 one after another, and its mean of four million is 0.4 % off, which
the comparison of results refuses.
"""

import numpy as np

import workloads


def _normal(x):
    k = f"(one / (one + c0 * abs({x})))"
    series = (
        f"(c1 * {k} - c2 * {k}*{k} + c3 * {k}*{k}*{k} - c4 * {k}*{k}*{k}*{k}"
        f" + c5 * {k}*{k}*{k}*{k}*{k})")
    w = f"(one - c6 * exp(-{x} * {x} * half) * {series})"
    return f"where({x} < zero, one - {w}, {w})"


def _blackscholes():
    spread = "(volatility * sqrt(c))"
    d1 = f"((log(a / b) + drift * c) / {spread})"
    d2 = f"({d1} - {spread})"
    return f"a * {_normal(d1)} - b * exp(-rate * c) * {_normal(d2)}"


# The inputs are a, b, c in their order; constants are named, as numexpr widens those written out.
EXPRESSIONS = {
    "chain12": "((abs((a*b + c) * (a*b + c) - a + b*half) + one) / (c*c + one) - a*c) * quarter",
    "gelu": "half * a * (one + tanh(g0 * (a + g1 * a * a * a)))",
    "blackscholes": _blackscholes(),
    "jacobi": "quarter * (a + b + c + d)",
    "transadd": "a + two * b",
}

CONSTANTS = {name: np.float32(value) for name, value in {
    "zero": 0, "quarter": 0.25, "half": 0.5, "one": 1, "two": 2,
    "g0": 0.7978845608, "g1": 0.044715,
    "c0": 0.2316419, "c1": 0.31938153, "c2": 0.356563782, "c3": 1.781477937,
    "c4": 1.821255978, "c5": 1.330274429, "c6": 0.39894228,
    "volatility": 0.3, "rate": 0.02, "drift": 0.02 + 0.5 * 0.3 * 0.3,
}.items()}


def make(name):
    """A workload as those of workloads.py are."""
    def workload(engine, data, sizes):
        _, inputs = workloads.WORKLOADS[name](engine, data, sizes)
        if name == "jacobi":
            u, = inputs
            inputs = [u[:-2, 1:-1], u[2:, 1:-1], u[1:-1, :-2], u[1:-1, 2:]]
        if name == "transadd":
            inputs = [inputs[0], inputs[1].T]

        def function(*arrays):
            values = dict(CONSTANTS, **dict(zip("abcd", arrays)))
            return engine.numexpr.evaluate(EXPRESSIONS[name], values)
        return function, inputs
    return workload


WORKLOADS = {name: make(name) for name in EXPRESSIONS}
