"""The workloads with gradients, for JAX and PyTorch.

`linreg` has an `if` on a computed value, which their compilers do not take: they run it uncompiled.
Of the others, PyTorch runs the faster of its compiled and its plain form.
"""

from time import perf_counter

import numpy as np

from catalog import LINREG_STEPS
from workloads import chain

LAYERS = [(784, 512), (512, 512), (512, 10)]


def linreg(engine, data, sizes):
    train = {"jax": _train_jax, "torch": _train_torch}[engine.name]
    points = data(LINREG_STEPS, 2) * 3
    examples = [(engine.array(x), engine.array(y)) for x, y in zip(points[:, 0], points[:, 1])]
    return (lambda: train(engine, examples)), []


def _train_jax(engine, examples):
    def loss(w, b, x, y):
        error = y - (x * w + b)
        if abs(error) <= 1:
            return error * error
        return 2 * abs(error) - 1

    gradient = engine.jax.value_and_grad(loss, argnums=(0, 1))
    w, b = engine.xp.float32(0), engine.xp.float32(0)
    for x, y in examples:
        _, (dw, db) = gradient(w, b, x, y)
        w = w - 0.01 * dw
        b = b - 0.01 * db
    return w, b


def _train_torch(engine, examples):
    torch = engine.xp
    with torch.enable_grad():
        w = torch.tensor(0.0, requires_grad=True)
        b = torch.tensor(0.0, requires_grad=True)
        for x, y in examples:
            error = y - (x * w + b)
            loss = error * error if abs(error) <= 1 else 2 * abs(error) - 1
            dw, db = torch.autograd.grad(loss, [w, b])
            with torch.no_grad():
                w.sub_(0.01 * dw)
                b.sub_(0.01 * db)
    return w.detach(), b.detach()


def _faster(functions, inputs):
    """The fastest of `functions`, by the best of a few runs."""
    def best(function):
        times = []
        for _ in range(6):
            start = perf_counter()
            function(*inputs)
            times.append(perf_counter() - start)
        return min(times[1:])
    return min(functions, key=best)


def _gradients(engine, loss, inputs, count):
    """A function that gives the gradients of `loss` by its first `count` inputs, and its value."""
    if engine.name == "jax":
        both = engine.jax.jit(engine.jax.value_and_grad(loss, argnums=tuple(range(count))))

        def function(*inputs):
            value, gradients = both(*inputs)
            return [*gradients, value]
        return function, inputs

    torch = engine.xp

    def form(loss):
        def function(*inputs):
            with torch.enable_grad():
                leaves = [x.detach().requires_grad_() for x in inputs[:count]]
                value = loss(*leaves, *inputs[count:])
                return [*torch.autograd.grad(value, leaves), value.detach()]
        return function
    arrays = [engine.array(x) for x in inputs]
    return _faster([form(loss), form(torch.compile(loss, dynamic=False))], arrays), inputs


def chain12_grad(engine, data, sizes):
    def loss(a, b, c):
        return chain(a, b, c).sum()
    return _gradients(engine, loss, [data(sizes.vector) for _ in range(3)], 3)


def _cross_entropy(engine):
    if engine.name == "torch":
        return lambda scores, labels: engine.xp.nn.functional.cross_entropy(scores, labels)
    jax, xp = engine.jax, engine.xp

    def loss(scores, labels):
        chosen = jax.nn.log_softmax(scores)[xp.arange(len(labels)), labels]
        return -chosen.mean()
    return loss


def softmax_grad(engine, data, sizes):
    labels = np.arange(sizes.rows) * 7 % 1024
    return _gradients(engine, _cross_entropy(engine), [data(sizes.rows, 1024) * 4, labels], 1)


def layernorm_grad(engine, data, sizes):
    def loss(x, scale, shift, cotangent):
        if engine.name == "torch":
            normal = engine.xp.nn.functional.layer_norm(x, (512,), scale, shift, 1e-5)
        else:
            d = x - x.mean(axis=1, keepdims=True)
            normal = d * engine.jax.lax.rsqrt((d * d).mean(axis=1, keepdims=True) + 1e-5)
            normal = normal * scale + shift
        return (normal * cotangent).sum()
    inputs = [
        data(2 * sizes.rows, 512), data(512), data(512), data(2 * sizes.rows, 512)]
    return _gradients(engine, loss, inputs, 3)


def mlp_train(engine, data, sizes):
    images = data(256, 784)
    labels = np.arange(256) * 7 % 10
    parameters = []
    for inputs, outputs in LAYERS:
        parameters.append(data(inputs, outputs) * np.float32((2 / inputs) ** 0.5))
        parameters.append(np.zeros(outputs, np.float32))
    form = {"jax": _train_step_jax, "torch": _train_step_torch}[engine.name]
    return form(engine, parameters), [images, labels]


def _train_step_jax(engine, parameters):
    jax, xp = engine.jax, engine.xp
    cross_entropy = _cross_entropy(engine)

    def loss(p, x, labels):
        first = jax.nn.relu(x @ p[0] + p[1])
        return cross_entropy(jax.nn.relu(first @ p[2] + p[3]) @ p[4] + p[5], labels)

    @jax.jit
    def step(state, x, labels):
        p, means, squares, t = state
        value, gradients = jax.value_and_grad(loss)(p, x, labels)
        means = [0.9 * m + 0.1 * g for m, g in zip(means, gradients)]
        squares = [0.999 * v + 0.001 * g * g for v, g in zip(squares, gradients)]
        p = [
            p - 1e-3 * (m / (1 - 0.9 ** t)) / (xp.sqrt(v / (1 - 0.999 ** t)) + 1e-8)
            for p, m, v in zip(p, means, squares)]
        return (p, means, squares, t + 1), value

    p = [engine.array(x) for x in parameters]
    zeros = [xp.zeros_like(x) for x in p]
    state = (p, zeros, zeros, 1.0)

    def function(x, labels):
        nonlocal state
        state, value = step(state, x, labels)
        engine.wait(state)
        return value
    return function


def _train_step_torch(engine, parameters):
    torch = engine.xp

    def form(compile):
        layers = [torch.nn.Linear(*sizes) for sizes in LAYERS]
        for layer, w, b in zip(layers, parameters[::2], parameters[1::2]):
            layer.weight.copy_(torch.tensor(w.T))
            layer.bias.copy_(torch.tensor(b))
        relu = torch.nn.ReLU()
        model = torch.nn.Sequential(layers[0], relu, layers[1], relu, layers[2])
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
        forward = compile(model)

        def function(x, labels):
            with torch.enable_grad():
                optimizer.zero_grad()
                loss = torch.nn.functional.cross_entropy(forward(x), labels)
                loss.backward()
                optimizer.step()
                return loss.detach()
        return function

    forms = [lambda model: model, lambda model: torch.compile(model, dynamic=False)]
    x, labels = torch.rand(256, 784), torch.arange(256) % 10
    # The chosen form starts anew, from the parameters.
    tried = {form(compile): compile for compile in forms}
    return form(tried[_faster(list(tried), [x, labels])])


WORKLOADS = {
    "linreg": linreg, "chain12-grad": chain12_grad, "softmax-grad": softmax_grad,
    "layernorm-grad": layernorm_grad, "mlp-train": mlp_train}
