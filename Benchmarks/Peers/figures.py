"""From samples to figures: medians over rounds, ratios, bandwidths, and whether the engines agree."""

import math
from dataclasses import dataclass, field
from statistics import median
from typing import Optional

from catalog import MEAN_BAR, WORKLOADS, Workload

OURS = "martlet"

# Results of float32 arithmetic in another order differ by less.
TOLERANCE = 1e-3


@dataclass
class Row:
    """One workload: the median of each round in milliseconds, and the checked value, by engine."""

    workload: Workload
    title: str
    rounds: dict = field(default_factory=dict)
    checks: dict = field(default_factory=dict)
    byte_count: Optional[int] = None
    bar: Optional[float] = None

    def time(self, engine) -> Optional[float]:
        return median(self.rounds[engine]) if engine in self.rounds else None

    @property
    def best_peer(self) -> Optional[str]:
        peers = [engine for engine in self.rounds if engine != OURS]
        return min(peers, key=self.time, default=None)

    @property
    def ratio(self) -> Optional[float]:
        """Our time over the best peer's, as the median over rounds: what slows a round slows both."""
        if OURS not in self.rounds or self.best_peer is None:
            return None
        return median(a / b for a, b in zip(self.rounds[OURS], self.rounds[self.best_peer]))

    def gigabytes_per_second(self, engine) -> Optional[float]:
        """The least traffic over the time: the same numerator for every engine."""
        time = self.time(engine)
        if self.byte_count is None or time is None:
            return None
        return self.byte_count / time * 1e-6

    @property
    def disagreements(self):
        """Lines that say which engine's result differs from ours."""
        ours = self.checks.get(OURS)
        if ours is None:
            return []
        return [
            f"{self.workload.name}: {engine} gives {value:.7g}, {OURS} gives {ours:.7g}"
            for engine, value in self.checks.items()
            # A NaN disagrees with everything.
            if not abs(value - ours) <= TOLERANCE * max(abs(value), abs(ours))
        ]


@dataclass
class Comparison:
    """What one run measured."""

    # Versions by engine's name, ours first.
    engines: dict
    machine: dict
    rounds: int
    is_quick: bool
    rows: list = field(default_factory=list)
    triads: list = field(default_factory=list)

    @property
    def triad(self) -> Optional[float]:
        return median(self.triads) if self.triads else None

    def triad_fraction(self, row, engine) -> Optional[float]:
        rate = row.gigabytes_per_second(engine)
        return None if rate is None or not self.triad else rate / self.triad

    @property
    def counted(self):
        """The rows that count in the geometric mean."""
        return [
            row for row in self.rows
            if row.workload.is_numpy_style and row.title == row.workload.name
            and row.ratio is not None
        ]

    @property
    def geometric_mean(self) -> Optional[float]:
        ratios = [row.ratio for row in self.counted]
        return math.exp(sum(map(math.log, ratios)) / len(ratios)) if ratios else None

    @property
    def geometric_mean_bar(self) -> Optional[float]:
        """The bar is for all of them together."""
        return MEAN_BAR if len(self.counted) == sum(w.is_numpy_style for w in WORKLOADS) else None

    @property
    def disagreements(self):
        return [line for row in self.rows for line in row.disagreements]
