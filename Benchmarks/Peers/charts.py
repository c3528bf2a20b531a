"""Figures as pictures: bars of the ratios, and dots of the times, as SVG."""

import math
import os

from figures import OURS

COLORS = {OURS: "#d1495b", "numpy": "#30638e", "numexpr": "#8d6cab", "jax": "#3a9d7a",
          "torch": "#e08e2b", "openblas": "#7a7a52"}
FASTER, SLOWER = "#3a9d7a", "#d1495b"
LEFT, RIGHT, WIDTH, TOP, STEP = 170, 720, 860, 84, 24


def write(comparison, folder):
    for name, picture in (("ratios", ratios(comparison)), ("times", times(comparison))):
        with open(os.path.join(folder, name + ".svg"), "w") as file:
            file.write(picture)


class Scale:
    """A logarithmic axis over the values, with marks at 1, 2 and 5 times powers of ten."""

    def __init__(self, values):
        self.low = min(values) / 1.3
        self.high = max(values) * 1.3

    def __call__(self, value):
        part = math.log(value / self.low) / math.log(self.high / self.low)
        return LEFT + part * (RIGHT - LEFT)

    def marks(self):
        decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        marks = [float(f"{digit}e{decade}") for decade in decades for digit in (1, 2, 5)]
        marks = [mark for mark in marks if self.low <= mark <= self.high]
        # Over many decades their beginnings suffice.
        return marks if len(marks) <= 10 else [m for m in marks if f"{m:e}".startswith("1")]


def ratios(comparison):
    """A bar for each workload, from 1, where ours and the best peer are equally fast."""
    rows = [row for row in comparison.rows if row.ratio is not None]
    bars = [(row.title, row.ratio, row.bar, row.best_peer) for row in rows]
    if comparison.geometric_mean is not None:
        bars.append(
            ("geometric mean", comparison.geometric_mean, comparison.geometric_mean_bar, None))
    values = [value for bar in bars for value in bar[1:3] if value] + [0.5, 2]
    scale = Scale(values)
    lines = _frame(
        "Time relative to the fastest peer", comparison, scale, len(bars),
        "our time / best peer's time (logarithmic; left of 1 is faster)")
    lines.append(_line(scale(1), TOP - 6, scale(1), TOP + len(bars) * STEP, "#444"))
    for index, (title, ratio, bar, peer) in enumerate(bars):
        y = TOP + index * STEP
        left, right = sorted((scale(ratio), scale(1)))
        lines.append(_text(LEFT - 10, y + 15, title, "end"))
        lines.append(
            f'<rect x="{left:.1f}" y="{y + 4}" width="{max(1, right - left):.1f}" '
            f'height="{STEP - 9}" fill="{FASTER if ratio <= 1 else SLOWER}"/>')
        label = f"{ratio:.2f}" + (f" ({peer})" if peer else "")
        lines.append(_text(RIGHT + 10, y + 15, label))
        if bar:
            lines.append(_line(scale(bar), y + 1, scale(bar), y + STEP - 2, "#111", 2.5))
    lines.append(_text(LEFT, 68, "Black ticks: the bar aimed at. In brackets: the fastest peer."))
    return _document(lines, len(bars))


def times(comparison):
    """A row of dots for each workload, one for each engine."""
    rows = comparison.rows
    scale = Scale([row.time(engine) for row in rows for engine in row.rounds])
    lines = _frame(
        "Time of a run", comparison, scale, len(rows), "milliseconds (logarithmic)")
    x = LEFT
    for engine in comparison.engines:
        lines.append(_dot(x + 5, 64, engine))
        lines.append(_text(x + 14, 68, engine))
        x += 34 + 7 * len(engine)
    for index, row in enumerate(rows):
        y = TOP + index * STEP + STEP / 2 - 1
        lines.append(_text(LEFT - 10, y + 4, row.title, "end"))
        places = [scale(row.time(engine)) for engine in row.rounds]
        if places:
            lines.append(_line(min(places), y, max(places), y, "#bbb"))
        # Ours is drawn last, above the others.
        for engine in reversed(list(row.rounds)):
            lines.append(_dot(scale(row.time(engine)), y, engine))
    return _document(lines, len(rows))


def _frame(title, comparison, scale, count, unit):
    bottom = TOP + count * STEP
    machine = comparison.machine
    about = (f"float32, {machine['processor']}, {machine['cores']} cores, medians of "
             f"{comparison.rounds} rounds" + (", small arrays" if comparison.is_quick else ""))
    lines = [
        f'<text x="{LEFT}" y="26" font-size="17" font-weight="bold">{_escaped(title)}</text>',
        _text(LEFT, 46, about)]
    for mark in scale.marks():
        lines.append(_line(scale(mark), TOP - 6, scale(mark), bottom, "#e4e4e4"))
        lines.append(_text(scale(mark), bottom + 16, f"{mark:g}", "middle"))
    lines.append(_text((LEFT + RIGHT) / 2, bottom + 36, unit, "middle"))
    return lines


def _document(lines, count):
    height = TOP + count * STEP + 50
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" font-family="system-ui, sans-serif" '
        'font-size="12" fill="#333">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>', *lines, "</svg>"]) + "\n"


def _text(x, y, text, anchor="start"):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{_escaped(text)}</text>'


def _line(x1, y1, x2, y2, color, width=1.0):
    return (f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
            f'stroke="{color}" stroke-width="{width}"/>')


def _dot(x, y, engine):
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{COLORS.get(engine, "#777")}"/>'


def _escaped(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
