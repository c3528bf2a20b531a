#!/usr/bin/env python3
"""Writes math.tsv: values of the elementary functions to more than 100 bits, by mpmath.

One line a point: op, dtype, the bit patterns of the arguments, and the exact value, which is `nan`,
`0` with a sign, `inf` with a sign, or `e high low`: (high + low) * 2^e as two float64 patterns with
1 <= |high| <= 2. Run: python3 generate_math.py > math.tsv (mpmath 1.3).
"""
import random
import struct

import mpmath
from mpmath import mp, mpf

mp.prec = 2400  # Enough to reduce the largest float64 by pi.
POINTS = 128


def bits(x, dtype):
    return struct.pack('<f' if dtype == 'float32' else '<d', x)[::-1].hex()


def from_bits(n, dtype):
    return struct.unpack('<f', struct.pack('<I', n))[0] if dtype == 'float32' else \
        struct.unpack('<d', struct.pack('<Q', n))[0]


def rounded(x, dtype):
    """The nearest number of the dtype; overflow gives the largest."""
    if dtype == 'float64':
        return float(x)
    x = float(x)
    return from_bits(struct.unpack('<I', struct.pack('<f', x))[0], dtype) \
        if abs(x) < 3.4e38 else (3.4e38 if x > 0 else -3.4e38)


def softplus(x):
    return mp.log1p(mp.exp(x)) if x < 400 else x + mp.exp(-x)


# Exponentials of arguments beyond these are far outside every dtype; mpmath would compute them.
def guarded(f, low=-4000, high=4000):
    return lambda x: f(min(max(x, mpf(low)), mpf(high)))


UNARY = {
    'sqrt': (mp.sqrt, 'positive'), 'rsqrt': (lambda x: 1 / mp.sqrt(x), 'positive'),
    'cbrt': (lambda x: mp.sign(x) * mp.cbrt(abs(x)), 'all'),
    'exp': (guarded(mp.exp), 'exp'), 'exp2': (guarded(lambda x: mpf(2) ** x), 'exp'),
    'expm1': (guarded(mp.expm1), 'exp'), 'log': (mp.log, 'positive'),
    'log2': (lambda x: mp.log(x) / mp.log(2), 'positive'),
    'log10': (lambda x: mp.log(x) / mp.log(10), 'positive'),
    'log1p': (mp.log1p, 'aboveMinusOne'),
    'sigmoid': (guarded(lambda x: 1 / (1 + mp.exp(-x))), 'exp'), 'softplus': (softplus, 'exp'),
    'sin': (mp.sin, 'trig'), 'cos': (mp.cos, 'trig'), 'tan': (mp.tan, 'trig'),
    'asin': (mp.asin, 'unit'), 'acos': (mp.acos, 'unit'), 'atan': (mp.atan, 'all'),
    'sinh': (guarded(mp.sinh), 'exp'), 'cosh': (guarded(mp.cosh), 'exp'),
    'tanh': (guarded(mp.tanh), 'exp'), 'asinh': (mp.asinh, 'all'),
    'acosh': (mp.acosh, 'aboveOne'), 'atanh': (mp.atanh, 'unit'),
    'erf': (guarded(mp.erf, -40, 40), 'erf'), 'erfc': (guarded(mp.erfc, -40, 40), 'erf'),
}
BINARY = {
    'pow': lambda x, y: mp.exp(guarded(lambda t: t)(y * mp.log(x))),
    'atan2': mp.atan2, 'hypot': mp.hypot,
    'logaddexp': lambda x, y: max(x, y) + mp.log1p(mp.exp(-min(abs(x - y), mpf(4000)))),
}


def log_uniform(r, low, high):
    return r.choice((-1, 1)) * 2.0 ** r.uniform(low, high)


def argument(domain, dtype, r, k):
    """A point of the domain; a third of them near its special places."""
    exponents = (-149, 127) if dtype == 'float32' else (-1074, 1023)
    anywhere = log_uniform(r, *exponents)
    nearby = log_uniform(r, -24 if dtype == 'float32' else -53, 0)
    kind = k % 3
    if domain == 'all':
        return [anywhere, log_uniform(r, -20, 20), log_uniform(r, -4, 4)][kind]
    if domain == 'positive':
        return abs([anywhere, log_uniform(r, -8, 8), 1 + nearby / 2][kind])
    if domain == 'aboveOne':
        far = 2.0 ** r.uniform(0, exponents[1])
        return [far, 1 + abs(log_uniform(r, -4, 4)), 1 + abs(nearby)][kind]
    if domain == 'aboveMinusOne':
        return [abs(anywhere), -r.random(), nearby * 0.99][kind]
    if domain == 'unit':
        sign = r.choice((-1, 1))
        return sign * [2.0 ** r.uniform(exponents[0], 0), r.random(), 1 - abs(nearby) / 2][kind]
    if domain == 'exp':
        large = 110 if dtype == 'float32' else 760
        return [r.uniform(-large, large), log_uniform(r, -30, 6), r.uniform(-2, 2)][kind]
    if domain == 'erf':
        return [r.uniform(-6, 28 if dtype == 'float64' else 11), log_uniform(r, -40, 2),
                r.uniform(-3, 3)][kind]
    multiple = float(mpf(r.randrange(1, 2 ** r.randrange(2, 40))) * mp.pi / 2)
    return [anywhere, r.uniform(-10, 10), multiple][kind]


def pair(op, dtype, r, k):
    exponents = (-149, 127) if dtype == 'float32' else (-1074, 1023)
    large = 149 if dtype == 'float32' else 1074
    anywhere = log_uniform(r, *exponents)
    if op == 'pow':
        x = abs([anywhere, log_uniform(r, -4, 4), 1 + log_uniform(r, -20, -2)][k % 3])
        x = rounded(x, dtype) or 1.5
        scale = float(mp.log(mpf(x)) / mp.log(2)) or 1.0
        return x, r.uniform(-large, large - 20) / scale
    if op == 'logaddexp':
        a = [r.uniform(-80, 80), r.uniform(-3, -0.01), -r.random()][k % 3]
        if k % 3 == 1:
            a = rounded(a, dtype)
            # The sum cancels, but not beyond what the arguments' own rounding leaves of it.
            return a, float(mp.log(1 - mp.exp(mpf(a)))) * (1 + log_uniform(r, -9, -2))
        return a, a + r.uniform(-30, 30)
    return anywhere, [log_uniform(r, *exponents), anywhere * r.uniform(-2, 2),
                      anywhere * log_uniform(r, -12, 12)][k % 3]


def exact(value):
    if mpmath.isnan(value) or isinstance(value, mpmath.mpc):
        return 'nan'
    if mpmath.isinf(value):
        return 'inf' if value > 0 else '-inf'
    if value == 0:
        return '0'
    exponent = int(mp.floor(mp.log(abs(value)) / mp.log(2)))
    scaled = value / mpf(2) ** exponent
    if abs(scaled) >= 2:
        exponent, scaled = exponent + 1, scaled / 2
    if abs(scaled) < 1:
        exponent, scaled = exponent - 1, scaled * 2
    high = float(scaled)
    low = float(scaled - mpf(high))
    return f'{exponent} {bits(high, "float64")} {bits(low, "float64")}'


def main():
    for dtype in ('float32', 'float64'):
        for op, (function, domain) in UNARY.items():
            r = random.Random(f'{op} {dtype}')
            for k in range(POINTS):
                x = rounded(argument(domain, dtype, r, k), dtype)
                print(op, dtype, bits(x, dtype), exact(function(mpf(x))))
        for op, function in BINARY.items():
            r = random.Random(f'{op} {dtype}')
            for k in range(POINTS):
                x, y = (rounded(v, dtype) for v in pair(op, dtype, r, k))
                print(op, dtype, bits(x, dtype), bits(y, dtype), exact(function(mpf(x), mpf(y))))


if __name__ == '__main__':
    main()
