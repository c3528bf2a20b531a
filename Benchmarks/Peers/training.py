"""Regression step by step: gradient descent on the Huber loss, with an `if` on a computed value.

JAX and PyTorch run it uncompiled, as their compilers take no such `if`.
"""

from catalog import LINREG_STEPS


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


WORKLOADS = {"linreg": linreg}
