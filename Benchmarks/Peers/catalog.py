"""What is compared: the workloads' names, their least memory traffic, and the bars for the ratios."""

from dataclasses import dataclass
from typing import Callable, Optional


@dataclass(frozen=True)
class Sizes:
    """How large the arrays are; the same figures as `Sizes` of martlet-bench."""

    vector: int
    rows: int
    side: int
    grid: int


FULL = Sizes(vector=4_000_000, rows=4096, side=2048, grid=1000)
QUICK = Sizes(vector=100_000, rows=128, side=256, grid=200)


@dataclass(frozen=True)
class Workload:
    name: str
    # The elements of the inputs and of the results, which no engine can avoid to move. None where
    # memory is not what counts.
    elements: Optional[Callable[[Sizes], int]] = None
    # The ratio of our time to the best peer's that is aimed at.
    bar: Optional[float] = None
    # Whether it counts in the geometric mean.
    is_numpy_style: bool = True
    # Whether the first call is measured too, in fresh processes.
    has_first_call: bool = False


WORKLOADS = [
    Workload("chain12", lambda s: 4 * s.vector, 0.9),
    Workload("gelu", lambda s: 2 * s.vector, 0.85),
    Workload("blackscholes", lambda s: 4 * s.vector, 0.7),
    Workload("sumsq", lambda s: 2 * s.vector, 0.9),
    Workload("softmax", lambda s: 2 * s.rows * 1024, 0.6),
    Workload("layernorm", lambda s: 2 * 2 * s.rows * 512, 0.75),
    Workload("colstd", lambda s: 2 * s.rows * 512, 0.95),
    Workload("adam", lambda s: 7 * s.vector, 0.95),
    Workload("adam-inplace", lambda s: 7 * s.vector, 0.65),
    Workload("pairdist", lambda s: s.side * s.side + 2 * s.side * 16, 0.35),
    Workload("jacobi", lambda s: 2 * s.side * s.side, 0.95),
    Workload("transadd", lambda s: 3 * s.side * s.side, 0.8),
    Workload("mandelbrot", lambda s: 3 * s.grid * s.grid, 0.5, has_first_call=True),
    Workload("smallops", None, 0.3),
    Workload("matmul2048", is_numpy_style=False),
    Workload("matmul1024", is_numpy_style=False),
    Workload("mlp", is_numpy_style=False),
    Workload("linreg", is_numpy_style=False),
    Workload("chain12-grad", lambda s: 6 * s.vector, is_numpy_style=False),
    Workload("softmax-grad", lambda s: 2 * s.rows * 1024, 1.0, is_numpy_style=False),
    Workload("layernorm-grad", lambda s: 3 * 2 * s.rows * 512, 1.0, is_numpy_style=False),
    Workload("mlp-train", None, 1.0, is_numpy_style=False),
]

MEAN_BAR = 0.65

# The libraries that worker.py speaks for; torch and openblas run only where they were asked for.
PEERS = ["numpy", "numexpr", "jax", "torch", "openblas"]
DEFAULT_PEERS = PEERS[:3]

# The examples of one epoch of `linreg`.
LINREG_STEPS = 190
