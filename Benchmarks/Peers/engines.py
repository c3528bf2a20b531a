"""What the workloads need of each library: arrays, functions, a compiler where there is one."""

import os

CORES = len(os.sched_getaffinity(0))


class NumPy:
    """NumPy as it is: every op runs at once."""

    name = "numpy"
    # Whether `a *= b` changes an array.
    is_mutable = True

    def __init__(self):
        import numpy
        self.xp = numpy
        self.version = numpy.__version__

    def array(self, host):
        return host

    def host(self, array):
        return self.xp.asarray(array)

    def compiled(self, function, donated=()):
        """`function`, compiled; arrays at `donated` are not used again by the caller."""
        return function

    def wait(self, result):
        """Returns when `result` is there."""

    def maximum_of_rows(self, a):
        return a.max(axis=1, keepdims=True)

    def relu(self, a):
        return self.xp.maximum(a, 0)

    def product(self, a, b):
        return a @ b


class JAX(NumPy):
    """JAX, every workload under `jit`."""

    name = "jax"
    is_mutable = False

    def __init__(self):
        os.environ["JAX_PLATFORMS"] = "cpu"
        import jax
        self.jax = jax
        self.xp = jax.numpy
        self.version = jax.__version__

    def array(self, host):
        # A copy: what is donated must be the library's own.
        return self.xp.array(host)

    def host(self, array):
        import numpy
        return numpy.asarray(array)

    def compiled(self, function, donated=()):
        return self.jax.jit(function, donate_argnums=donated)

    def wait(self, result):
        self.jax.block_until_ready(result)


class Torch(NumPy):
    """PyTorch, every workload under `torch.compile`, without gradients."""

    name = "torch"

    def __init__(self):
        import torch
        torch.set_num_threads(CORES)
        torch.set_grad_enabled(False)
        self.xp = torch
        self.version = torch.__version__

    def array(self, host):
        return self.xp.tensor(host)

    def host(self, array):
        return array.numpy()

    def compiled(self, function, donated=()):
        return self.xp.compile(function, dynamic=False)

    def maximum_of_rows(self, a):
        return self.xp.amax(a, 1, True)

    def relu(self, a):
        return self.xp.relu(a)


class Numexpr(NumPy):
    """numexpr, for the workloads that are one expression."""

    name = "numexpr"

    def __init__(self):
        import numexpr
        import numpy
        numexpr.set_num_threads(CORES)
        self.xp = numpy
        self.numexpr = numexpr
        self.version = numexpr.__version__


class OpenBLAS(NumPy):
    """The system's OpenBLAS by its own threads, for matrix products."""

    name = "openblas"

    def __init__(self):
        super().__init__()
        import ctypes
        library = ctypes.CDLL(os.environ.get("MARTLET_BLAS") or "libopenblas.so.0")
        library.openblas_set_num_threads(CORES)
        library.openblas_get_config.restype = ctypes.c_char_p
        self.version = library.openblas_get_config().decode().split()[1]
        self.gemm = library.cblas_sgemm
        self.gemm.restype = None
        self.gemm.argtypes = [ctypes.c_int] * 6 + [
            ctypes.c_float, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_int,
            ctypes.c_float, ctypes.c_void_p, ctypes.c_int]

    def product(self, a, b):
        (m, k), n = a.shape, b.shape[1]
        c = self.xp.empty((m, n), self.xp.float32)
        row_major, as_it_is = 101, 111
        self.gemm(
            row_major, as_it_is, as_it_is, m, n, k, 1, a.ctypes.data, k, b.ctypes.data, n, 0,
            c.ctypes.data, n)
        return c


ENGINES = {engine.name: engine for engine in (NumPy, Numexpr, JAX, Torch, OpenBLAS)}
