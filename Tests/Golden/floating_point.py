"""Writes floating_point.tsv: NumPy's results for pairs of special floating-point values.

Each line is an op, a dtype, two operands and the result, the last three as hexadecimal bits.
Written with NumPy 2.4.6.
"""
import itertools
import pathlib

import numpy as np

OPS = {
    "floor_divide": np.floor_divide,
    "remainder": np.remainder,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "nextafter": np.nextafter,
}

lines = []
for dtype, bits in ((np.float32, np.uint32), (np.float64, np.uint64)):
    info = np.finfo(dtype)
    positive = [0, info.smallest_subnormal, info.tiny, 0.1, 1, 1.5, 7, info.max, np.inf]
    values = np.array(positive + [-x for x in positive] + [np.nan], dtype=dtype)
    pairs = np.array(list(itertools.product(values, values)), dtype=dtype)
    a, b = np.ascontiguousarray(pairs[:, 0]), np.ascontiguousarray(pairs[:, 1])
    for name, op in OPS.items():
        with np.errstate(all="ignore"):
            result = op(a, b)
        assert result.dtype == dtype
        for row in zip(a.view(bits), b.view(bits), result.view(bits)):
            lines.append("\t".join([name, dtype.__name__] + [format(int(x), "x") for x in row]))

path = pathlib.Path(__file__).with_suffix(".tsv")
path.write_text("\n".join(lines) + "\n")
