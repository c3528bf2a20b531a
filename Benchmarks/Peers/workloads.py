"""The workloads in NumPy's spelling, which JAX and PyTorch understand too.

Each takes an engine, a source of inputs and sizes, and returns a function and its inputs. The
functions are those of martlet-bench, line by line.
"""

import numpy as np

WORKLOADS = {}


class HashedData:
    """Arrays of float32 in [-1, 1): element i of the k-th is a hash of i + k 0x9E3779B9, mod 2^32."""

    def __init__(self):
        self.drawn = 0

    def __call__(self, *shape):
        offset = np.uint32(self.drawn * 0x9E3779B9 % 2**32)
        self.drawn += 1
        hashes = np.arange(np.prod(shape), dtype=np.uint32) + offset
        hashes *= np.uint32(2654435761)
        hashes ^= hashes >> np.uint32(16)
        hashes *= np.uint32(2246822519)
        hashes ^= hashes >> np.uint32(13)
        return (hashes / 2.0**31 - 1).astype(np.float32).reshape(shape)


def workload(name):
    def enter(function):
        WORKLOADS[name] = function
        return function
    return enter


def chain(a, b, c):
    t = a * b + c
    t = t * t - a
    t = t + b * 0.5
    t = abs(t) + 1.0
    t = t / (c * c + 1.0)
    t = t - a * c
    return t * 0.25


@workload("chain12")
def chain12(engine, data, sizes):
    return engine.compiled(chain), [data(sizes.vector) for _ in range(3)]


@workload("gelu")
def gelu(engine, data, sizes):
    def function(x):
        return 0.5 * x * (1.0 + engine.xp.tanh(0.7978845608 * (x + 0.044715 * x * x * x)))
    return engine.compiled(function), [data(sizes.vector) * 3]


def option_inputs(data, sizes):
    return [
        data(sizes.vector) * 20 + 100, data(sizes.vector) * 20 + 100,
        data(sizes.vector) * 0.4 + 0.6]


@workload("blackscholes")
def blackscholes(engine, data, sizes):
    xp = engine.xp

    def normal(x):
        length = abs(x)
        k = 1.0 / (1.0 + 0.2316419 * length)
        series = (
            0.31938153 * k - 0.356563782 * k * k + 1.781477937 * k * k * k
            - 1.821255978 * k * k * k * k + 1.330274429 * k * k * k * k * k)
        w = 1.0 - 0.39894228 * xp.exp(-length * length * 0.5) * series
        return xp.where(x < 0.0, 1.0 - w, w)

    def function(price, strike, time):
        volatility, rate = 0.3, 0.02
        spread = volatility * xp.sqrt(time)
        drift = rate + 0.5 * volatility * volatility
        d1 = (xp.log(price / strike) + drift * time) / spread
        d2 = d1 - spread
        return price * normal(d1) - strike * xp.exp(-rate * time) * normal(d2)
    return engine.compiled(function), option_inputs(data, sizes)


@workload("sumsq")
def sumsq(engine, data, sizes):
    def function(a, b):
        return ((a - b) * (a - b)).mean()
    return engine.compiled(function), [data(sizes.vector), data(sizes.vector)]


@workload("softmax")
def softmax(engine, data, sizes):
    def function(a):
        e = engine.xp.exp(a - engine.maximum_of_rows(a))
        return e / e.sum(axis=1, keepdims=True)
    return engine.compiled(function), [data(sizes.rows, 1024) * 4]


@workload("layernorm")
def layernorm(engine, data, sizes):
    def function(a, w, b):
        d = a - a.mean(axis=1, keepdims=True)
        variance = (d * d).mean(axis=1, keepdims=True)
        return d * (1.0 / engine.xp.sqrt(variance + 1e-5)) * w + b
    return engine.compiled(function), [data(2 * sizes.rows, 512), data(512), data(512)]


@workload("colstd")
def colstd(engine, data, sizes):
    def function(a):
        d = a - a.mean(axis=0, keepdims=True)
        return engine.xp.sqrt((d * d).mean(axis=0))
    return engine.compiled(function), [data(2 * sizes.rows, 512)]


def adam_inputs(data, sizes):
    parameters, gradient, mean = (data(sizes.vector) for _ in range(3))
    return [parameters, gradient, mean, abs(data(sizes.vector))]


def adam_step(engine):
    def function(p, g, m, v):
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * (g * g)
        step = 0.001 * (m * (1 / 0.271)) / (engine.xp.sqrt(v * (1 / 0.002997)) + 1e-8)
        return p - step, m, v
    return function


@workload("adam")
def adam(engine, data, sizes):
    return engine.compiled(adam_step(engine)), adam_inputs(data, sizes)


@workload("adam-inplace")
def adam_in_place(engine, data, sizes):
    """The inputs are a list that each run updates: arrays are changed, or donated and replaced."""
    if engine.is_mutable:
        def update(p, g, m, v):
            m *= 0.9
            m += 0.1 * g
            v *= 0.999
            v += 0.001 * (g * g)
            p -= 0.001 * (m * (1 / 0.271)) / (engine.xp.sqrt(v * (1 / 0.002997)) + 1e-8)
            return p, m, v
        return engine.compiled(update), adam_inputs(data, sizes)

    step = engine.compiled(adam_step(engine), donated=(0, 2, 3))
    state = []

    def replace(p, g, m, v):
        # The arrays of the arguments are those of the first run; later ones are kept here.
        if state:
            p, m, v = state
        state[:] = step(p, g, m, v)
        return tuple(state)
    return replace, adam_inputs(data, sizes)


@workload("pairdist")
def pairdist(engine, data, sizes):
    def function(x, y):
        d = x - y
        return engine.xp.sqrt((d * d).sum(axis=2) + 1e-6)
    return engine.compiled(function), [data(sizes.side, 1, 16), data(1, sizes.side, 16)]


@workload("jacobi")
def jacobi(engine, data, sizes):
    def function(u):
        return 0.25 * (u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:])
    return engine.compiled(function), [data(sizes.side, sizes.side)]


@workload("transadd")
def transadd(engine, data, sizes):
    def function(a, b):
        return a + 2.0 * b.T
    return engine.compiled(function), [data(sizes.side, sizes.side) for _ in range(2)]


@workload("mandelbrot")
def mandelbrot(engine, data, sizes):
    where = engine.xp.where

    def function(cr, ci):
        zr, zi, count = cr * 0.0, ci * 0.0, cr * 0.0
        for _ in range(30):
            zr2, zi2 = zr * zr, zi * zi
            is_inside = zr2 + zi2 < 4.0
            count = where(is_inside, count + 1.0, count)
            next_zi = 2.0 * zr * zi + ci
            zr = where(is_inside, zr2 - zi2 + cr, zr)
            zi = where(is_inside, next_zi, zi)
        return count

    def steps(low, high):
        return np.linspace(low, high, sizes.grid, dtype=np.float32)
    return engine.compiled(function), np.meshgrid(steps(-2, 0.5), steps(-1.2, 1.2))


@workload("smallops")
def smallops(engine, data, sizes):
    """Not compiled: what counts is the cost of an op in a program as it is written."""
    def function(a, b):
        for _ in range(100):
            a = a * b
            a = a + b
            a = a - 0.5
            a = a * 0.9
            a = abs(a)
        return a
    return function, [data(16), data(16)]


def product(engine, data, side):
    return engine.compiled(engine.product), [data(side, side), data(side, side)]


@workload("matmul2048")
def matmul2048(engine, data, sizes):
    return product(engine, data, sizes.side)


@workload("matmul1024")
def matmul1024(engine, data, sizes):
    return product(engine, data, sizes.side // 2)


@workload("mlp")
def mlp(engine, data, sizes):
    def function(x, w1, b1, w2, b2, w3, b3):
        first = engine.relu(x @ w1 + b1)
        second = engine.relu(first @ w2 + b2)
        return second @ w3 + b3
    shapes = [(256, 784), (784, 512), (512,), (512, 512), (512,), (512, 10), (10,)]
    return engine.compiled(function), [data(*shape) for shape in shapes]
