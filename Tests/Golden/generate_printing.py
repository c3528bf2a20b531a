"""Writes printing.txt: arrays and the text that NumPy prints for them.

    python3 Tests/Golden/generate_printing.py > Tests/Golden/printing.txt
    python3 Tests/Golden/generate_printing.py 100000 7     # random cases only: count, seed

One case a line, fields separated by tabs: dtype, shape (lengths separated by commas), options
(name=value, separated by spaces), elements, and the expected text with `\\n` for a new line.
Elements are bit patterns in hexadecimal separated by spaces, or, for large arrays,
`rule MULTIPLIER MODULUS OFFSET DIVISOR`: element i is (i * MULTIPLIER mod MODULUS) + OFFSET, for
floating dtypes divided by DIVISOR in float64 and rounded to the dtype.
"""

import sys

import numpy as np

INTEGERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
FLOATS = ["float32", "float64"]
NUMPY_NAMES = {
    "precision": "precision", "threshold": "threshold", "edgeItems": "edgeitems",
    "lineWidth": "linewidth", "suppressSmall": "suppress", "floatMode": "floatmode",
    "sign": "sign", "nan": "nanstr", "inf": "infstr",
}
SIGNS = {"minusOnly": "-", "plus": "+", "space": " "}
FLOAT_MODES = {"fixed": "fixed", "unique": "unique", "maxPrecision": "maxprec",
               "maxPrecisionEqual": "maxprec_equal"}


def numpy_options(options):
    result = {NUMPY_NAMES[name]: value for name, value in options.items()}
    if "sign" in result:
        result["sign"] = SIGNS[result["sign"]]
    if "floatmode" in result:
        result["floatmode"] = FLOAT_MODES[result["floatmode"]]
    if "suppress" in result:
        result["suppress"] = bool(result["suppress"])
    return result


def write(array, options=None, rule=None):
    options = options or {}
    with np.printoptions(**numpy_options(options)):
        text = np.array2string(array, separator=", ", prefix="Tensor(")
    text = f"Tensor({text}, shape={array.shape}, dtype={array.dtype})"
    bits = np.ascontiguousarray(array).view(f"uint{8 * array.dtype.itemsize}").ravel()
    print(
        array.dtype,
        ",".join(str(n) for n in array.shape),
        " ".join(f"{name}={value}" for name, value in options.items()),
        rule or " ".join(f"{b:x}" for b in bits.tolist()),
        text.replace("\n", "\\n"),
        sep="\t")


def write_rule(dtype, shape, multiplier, modulus, offset, divisor, options=None):
    count = int(np.prod(shape, dtype=np.int64))
    values = np.arange(count, dtype=np.int64) * multiplier % modulus + offset
    if dtype in FLOATS:
        values = values.astype(np.float64) / divisor
    rule = f"rule {multiplier} {modulus} {offset} {divisor}"
    write(values.astype(dtype).reshape(shape), options, rule)


def from_bits(random, dtype, shape):
    width = np.dtype(dtype).itemsize
    count = int(np.prod(shape))
    if dtype == "bool":
        return random.integers(0, 2, count).astype(bool).reshape(shape)
    return np.frombuffer(random.bytes(count * width), dtype).reshape(shape)


def random_shape(random):
    rank = int(random.choice([0, 1, 1, 1, 2, 2, 3, 4]))
    return tuple(int(n) for n in random.integers(1, [1, 20, 8, 5, 4][rank], rank))


def random_floats(random, dtype, shape):
    """Floating-point numbers of one of several kinds, each with its own troubles."""
    kind = int(random.integers(0, 14))
    normal = random.standard_normal(shape)
    info = np.finfo(dtype)
    if kind == 0:
        values = from_bits(random, dtype, shape)
    elif kind == 1:
        values = normal
    elif kind == 2:
        values = random.integers(-10**int(random.integers(1, 12)), 10**8, shape)
    elif kind == 3:  # few decimals
        values = np.round(normal * 100, int(random.integers(0, 9)))
    elif kind == 4:  # magnitudes near the bounds of the exponential form
        values = normal * 10.0 ** random.uniform(-6, 10)
    elif kind == 5:  # mixed magnitudes
        values = normal * 10.0 ** random.uniform(-4, 4, shape)
    elif kind == 6:  # powers of two, whose neighbours are not equally far
        low, high = (-149, 128) if dtype == "float32" else (-1074, 1024)
        values = np.ldexp(1.0, random.integers(low, high, shape))
    elif kind == 7:  # powers of two near 1
        values = np.ldexp(1.0, random.integers(-16, 22, shape))
    elif kind == 8:  # powers of ten and the numbers beside them
        low, high = (-44, 38) if dtype == "float32" else (-322, 308)
        values = np.array(10.0 ** random.integers(low, high, shape).astype(float), dtype)
        values = np.nextafter(values, random.choice([0, np.inf], shape).astype(dtype))
    elif kind == 9:  # ties and near-ties where the ninth fractional digit is cut
        values = (random.integers(0, 2**20, shape) + 0.5) / 2.0 ** int(random.integers(0, 12))
        if random.integers(0, 2):
            values = np.nextafter(values.astype(dtype), np.dtype(dtype).type(0))
    elif kind == 10:  # decimal near-ties
        values = (random.integers(0, 10**6, shape) * 10 + 5) * 10.0 ** -9
    elif kind == 11:  # subnormal numbers
        largest = 2 ** int(random.integers(4, info.nmant))
        values = random.integers(-largest, largest, shape).astype(dtype) * info.smallest_subnormal
    elif kind == 12:  # zeros, signs and the extremes
        pool = [0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.5, 0.1, info.max, info.tiny, 999999.5]
        first = int(random.integers(0, 4))
        values = random.choice(np.array(pool[:11 if first == 0 else 5 + first], dtype), shape)
    else:  # all nines, which carry
        values = 10.0 ** random.integers(-3, 6, shape) - 10.0 ** random.integers(-10, -6, shape)
    with np.errstate(all="ignore"):
        values = np.asarray(values).astype(dtype)
    if values.size and random.integers(0, 6) == 0:
        flat = values.ravel().copy()
        for _ in range(int(random.integers(1, 4))):
            special = random.choice([np.nan, np.inf, -np.inf, 0.0, -0.0])
            flat[random.integers(0, flat.size)] = special
        values = flat.reshape(values.shape)
    return values


def random_options(random):
    if random.integers(0, 3):
        return {}
    choices = {
        "precision": lambda: int(random.choice([0, 1, 2, 3, 4, 6, 8, 12, 17, 30])),
        "threshold": lambda: int(random.choice([0, 5, 20, 100])),
        "edgeItems": lambda: int(random.integers(1, 5)),
        "lineWidth": lambda: int(random.choice([1, 15, 20, 40, 60, 120])),
        "suppressSmall": lambda: int(random.integers(0, 2)),
        "floatMode": lambda: str(random.choice(list(FLOAT_MODES))),
        "sign": lambda: str(random.choice(list(SIGNS))),
        "nan": lambda: str(random.choice(["NaN", "missing"])),
        "inf": lambda: str(random.choice(["Infinity", "oo"])),
    }
    names = random.choice(list(choices), int(random.integers(1, 5)), replace=False)
    return {str(name): choices[str(name)]() for name in names}


def random_case(random):
    dtype = str(random.choice(["bool"] + INTEGERS + FLOATS * 8))
    shape = random_shape(random)
    if dtype in FLOATS:
        array = random_floats(random, dtype, shape)
    elif dtype == "bool" or random.integers(0, 2):
        array = from_bits(random, dtype, shape)
    else:
        low = 0 if dtype.startswith("u") else -100
        array = random.integers(low, 100, shape).astype(dtype)
    write(np.asarray(array).reshape(shape), random_options(random))


def fixed_cases():
    for dtype in ["bool"] + INTEGERS + FLOATS:
        for shape in [(0,), (0, 3), (2, 0), (1, 0, 4), (0, 0, 0, 0)]:
            write(np.zeros(shape, dtype))
        for value in [0, 1]:
            for shape in [(), (1,), (1, 1), (2, 1, 2), (1, 2, 1, 2)]:
                write(np.full(shape, value, dtype))
    for dtype in INTEGERS:
        info = np.iinfo(dtype)
        write(np.array([info.min, 0, info.max], dtype))
        write(np.array(info.min, dtype))
        write(np.array(info.max, dtype))
    scalars = [
        4.0, -0.0, 0.1, 1 / 3, 1e-4, 9.9e-5, 1e-5, 999999.0, 1e6, 99999999.0, 1e8, 1e15, 1e16,
        123456.789, 0.123456785, 1e22, 1e23, 5e-324, 2.0**-44, 2.0**-1074, 2.0**-149, 1e-45,
        1.7976931348623157e308, 3.4028235e38, 2.2250738585072014e-308, 1.17549435e-38, np.inf,
        -np.inf, np.nan, 0.5, 1.5, 9.999999995, 0.999999995, 2.5e-8, 16777216.0, 9007199254740993.0]
    for dtype in FLOATS:
        with np.errstate(all="ignore"):
            for value in scalars:
                write(np.array(value, dtype))
            for values in [
                    [1e-5, 1.2345678e-5], [1, 1000], [1, 1000.001], [1, 1001], [0.0001, 0.1],
                    [0.0001, 0.10001], [0, -0.0], [0, 1e-5], [np.nan, 1], [np.inf, 1],
                    [-np.inf, 1], [np.nan, np.inf], [-np.inf, np.nan, 1e10], [1e5, 1e6], [1e300],
                    [0.5, 0.25, 123456], [0.1, 0.2, 0.30000000000000004], [1e-310, 1e-320],
                    [0.00390625, 0.001953125], [1.9999999951, 2.5], [99999.99, 0.1, 1000.5]]:
                write(np.array(values).astype(dtype))
                write(np.array([values, values[::-1]]).astype(dtype))
    for dtype in ["bool"] + INTEGERS + FLOATS:
        modulus = 2 if dtype == "bool" else 100
        for shape in [(1000,), (1001,), (20, 70), (6, 7, 30), (2, 3, 2, 100), (7, 7, 7, 7)]:
            write_rule(dtype, shape, 7, modulus, 0, 8)
    for dtype in FLOATS + ["int16", "int32", "int64"]:
        for shape in [(100_000,), (1, 5000), (5000, 1), (1500, 2), (40, 40), (12, 11, 10)]:
            write_rule(dtype, shape, 7, 1000, -500, 16)
            write_rule(dtype, shape, 7919, 30011, -15000, 1000)
    # Rows exactly as long as the line, one shorter and one longer.
    for width in range(60, 76):
        write(np.arange(40), {"lineWidth": width})
        write(np.arange(60).reshape(1, 2, 30) / 4, {"lineWidth": width})


if len(sys.argv) > 1:
    generator = np.random.default_rng(int(sys.argv[2]))
    for _ in range(int(sys.argv[1])):
        random_case(generator)
else:
    fixed_cases()
    generator = np.random.default_rng(1)
    for _ in range(500):
        random_case(generator)
