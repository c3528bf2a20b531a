"""Figures as a table of text and as JSON."""

import json

from catalog import LINREG_STEPS
from figures import OURS


def heading(comparison):
    machine = comparison.machine
    lines = [
        ", ".join(f"{name} {version}".strip() for name, version in comparison.engines.items()),
        f"{machine['processor']}, {machine['cores']} cores; load average {machine['load']:.1f} "
        "before the run",
    ]
    if comparison.is_quick:
        lines.append("small arrays (--quick): these figures say nothing about speed")
    return "\n".join(lines) + "\n"


def table(comparison):
    peers = [name for name in comparison.engines if name != OURS]
    header = ["workload", f"{OURS} ms"] + [f"{peer} ms" for peer in peers]
    header += ["best peer", "ratio", "bar", "GB/s", "of triad"]
    cells = [header]
    for row in comparison.rows:
        cells.append(
            [row.title] + [_number(row.time(engine), 3) for engine in [OURS] + peers]
            + [row.best_peer or "-", _number(row.ratio, 2), _number(row.bar, 2),
               _number(row.gigabytes_per_second(OURS), 1),
               _number(comparison.triad_fraction(row, OURS), 2)])
    widths = [max(len(line[column]) for line in cells) for column in range(len(header))]
    lines = [
        "  ".join([line[0].ljust(widths[0])] + [c.rjust(w) for c, w in zip(line[1:], widths[1:])])
        for line in cells
    ]
    return "\n".join(lines + [""] + _closing(comparison)) + "\n"


def _closing(comparison):
    lines = []
    if comparison.geometric_mean is not None:
        bar = comparison.geometric_mean_bar
        lines.append(
            f"geometric mean of the {len(comparison.counted)} NumPy-style ratios: "
            f"{comparison.geometric_mean:.2f}" + (f" (bar {bar})" if bar else ""))
    for row in comparison.rows:
        if row.title == "linreg":
            steps = ", ".join(
                f"{engine} {row.time(engine) * 1e3 / LINREG_STEPS:.1f}" for engine in row.rounds)
            lines.append(f"linreg, microseconds a step: {steps}")
    lines.append(
        f"triad: {_number(comparison.triad, 1)} GB/s; medians of {comparison.rounds} rounds; "
        "ratio: our time over the best peer's, below 1 is faster")
    return lines


def as_json(comparison):
    def engine(row, name):
        return {
            "ms": row.time(name),
            "rounds_ms": row.rounds[name],
            "gbps": row.gigabytes_per_second(name),
            "triad_fraction": comparison.triad_fraction(row, name),
            "check": row.checks.get(name),
        }

    return json.dumps({
        "machine": comparison.machine,
        "engines": comparison.engines,
        "quick": comparison.is_quick,
        "rounds": comparison.rounds,
        "triad_gbps": comparison.triad,
        "workloads": [{
            "name": row.title,
            "bytes": row.byte_count,
            "best_peer": row.best_peer,
            "ratio": row.ratio,
            "bar": row.bar,
            "engines": {name: engine(row, name) for name in row.rounds},
        } for row in comparison.rows],
        "geometric_mean": comparison.geometric_mean,
        "geometric_mean_bar": comparison.geometric_mean_bar,
    }, indent=1) + "\n"


def _number(value, decimals):
    return "-" if value is None else f"{value:.{decimals}f}"
