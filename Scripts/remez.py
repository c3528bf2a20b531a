"""Minimax polynomials with coefficients that are floating-point numbers.

`fit` runs the Remez exchange algorithm [1] on a dense Chebyshev grid, in mpmath's multiple
precision, for the linear space spanned by chosen powers of x. `fit_rounded` then rounds the
coefficients to their formats one at a time, lowest power first, and fits the remaining ones again
after each rounding, so that later coefficients absorb the rounding of earlier ones [2].

[1] E. Y. Remez, "Sur la determination des polynomes d'approximation de degre donnee", Comm. Soc.
    Math. Kharkov 10, 1934; J.-M. Muller, "Elementary Functions", 3rd ed., section 3.6.
[2] N. Brisebarre, J.-M. Muller, A. Tisserand, "Computing machine-efficient polynomial
    approximations", ACM TOMS 32(2), 2006, states the problem; the greedy rounding is the
    simple answer to it.
"""

from mpmath import mp, mpf

mp.prec = 220

PRECISION = {"f32": 24, "f64": 53}


def rounded(value, fmt):
    """`value` to nearest in `fmt`: "f32", "f64" or a number of significand bits."""
    bits = PRECISION.get(fmt, fmt)
    if value == 0:
        return mpf(0)
    mantissa, exponent = mp.frexp(value)
    scaled = mp.ldexp(mantissa, bits)
    return mp.ldexp(mp.nint(scaled), int(exponent) - bits)


def split(value, fmt="f64", parts=2):
    """`value` as a sum of `parts` numbers of `fmt`, the largest first."""
    out = []
    for _ in range(parts):
        out.append(rounded(value, fmt))
        value -= out[-1]
    return out


def grid(a, b, count):
    """`count` Chebyshev points of [a, b], both ends included."""
    a, b = mpf(a), mpf(b)
    return [
        (a + b) / 2 + (b - a) / 2 * mp.cos(mp.pi * (count - 1 - i) / (count - 1))
        for i in range(count)
    ]


class Problem:
    """f ~ sum c_p x^p on a grid, the error multiplied by `weight`."""

    def __init__(self, f, interval, powers, weight=None, points=None):
        count = points or max(400, 40 * (len(powers) + 2))
        # Zero is left out: weights such as 1/x are not defined there.
        self.xs = [x for x in grid(*interval, count) if x != 0]
        self.powers = list(powers)
        self.weights = [mpf(1) if weight is None else mpf(weight(x)) for x in self.xs]
        self.values = [mpf(f(x)) for x in self.xs]

    def solve(self, fixed=None):
        """The minimax coefficients {power: value} given the `fixed` ones, and the error."""
        fixed = fixed or {}
        free = [p for p in self.powers if p not in fixed]
        rest = [
            v - sum(c * x**p for p, c in fixed.items()) for v, x in zip(self.values, self.xs)
        ]
        if not free:
            return dict(fixed), max(abs(w * r) for w, r in zip(self.weights, rest))
        n, total = len(free) + 1, len(self.xs)
        nodes = [round((total - 1) * (1 - float(mp.cos(mp.pi * i / (n - 1)))) / 2)
                 for i in range(n)]
        best = None
        for _ in range(40):
            matrix, right = mp.matrix(n, n), mp.matrix(n, 1)
            for row, k in enumerate(nodes):
                for column, p in enumerate(free):
                    matrix[row, column] = self.weights[k] * self.xs[k] ** p
                matrix[row, n - 1] = (-1) ** row
                right[row] = self.weights[k] * rest[k]
            solution = mp.lu_solve(matrix, right)
            coefficients = [solution[i] for i in range(n - 1)]
            level = abs(solution[n - 1])
            errors = []
            for w, r, x in zip(self.weights, rest, self.xs):
                errors.append(w * (r - sum(c * x**p for c, p in zip(coefficients, free))))
            worst = max(abs(e) for e in errors)
            if best is None or worst < best[1]:
                best = (coefficients, worst)
            if worst <= level * mpf("1.0005"):
                break
            nodes = alternation(errors, n)
        result = dict(fixed)
        result.update(zip(free, best[0]))
        return result, best[1]


def alternation(errors, n):
    """Indices of n alternating extrema of `errors`, the largest one among them."""
    runs = []
    for k, e in enumerate(errors):
        if runs and (errors[runs[-1]] > 0) == (e > 0):
            if abs(e) > abs(errors[runs[-1]]):
                runs[-1] = k
        else:
            runs.append(k)
    while len(runs) > n:
        if len(runs) - n >= 2:
            # Drop the neighbours whose smaller member is least: the alternation stays.
            pair = min(
                range(len(runs) - 1), key=lambda i: min(abs(errors[runs[i]]), abs(errors[runs[i + 1]]))
            )
            inner = max(abs(errors[runs[pair]]), abs(errors[runs[pair + 1]]))
            if inner < max(abs(e) for e in errors):
                del runs[pair : pair + 2]
                continue
        del runs[0 if abs(errors[runs[0]]) < abs(errors[runs[-1]]) else -1]
    k = 0
    while len(runs) < n:
        # Fewer sign changes than unknowns: pad with unused grid points.
        if k not in runs:
            runs.append(k)
        k += 1
    return sorted(runs)


def fit(f, interval, powers, weight=None, fixed=None):
    """The unrounded minimax coefficients {power: value} and the largest weighted error."""
    return Problem(f, interval, powers, weight).solve(fixed)


def fit_rounded(f, interval, powers, fmt, weight=None, fixed=None):
    """As `fit`, with coefficients of `fmt` (one format, or {power: format})."""
    problem = Problem(f, interval, powers, weight)
    done = dict(fixed or {})
    for p in sorted(p for p in problem.powers if p not in done):
        solution, _ = problem.solve(done)
        done[p] = rounded(solution[p], fmt[p] if isinstance(fmt, dict) else fmt)
    return problem.solve(done)


def swift_literal(value):
    """`value`, exactly a float64, as Swift source."""
    number = float(value)
    assert mpf(number) == value, value
    mantissa, _, exponent = number.hex().partition("p")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}p{int(exponent)}"


def swift_array(name, coefficients, error=None, comment=None):
    """Swift source of a `[ScalarExpr]` with the coefficients in rising order of powers."""
    values = [swift_literal(coefficients[p]) for p in sorted(coefficients)]
    lines = []
    if comment:
        lines.append(f"  /// {comment}")
    if comment and error is not None:
        lines.append("  ///")
    if error is not None:
        lines.append(f"  /// Largest weighted error: 2^{float(mp.log(error, 2)):.1f}.")
    lines.append(f"  static let {name}: [ScalarExpr] = [")
    line = "   "
    for value in values:
        if len(line) + len(value) + 2 > 100:
            lines.append(line)
            line = "   "
        line += f" {value},"
    lines += [line, "  ]"]
    return "\n".join(lines)


def swift_table(name, dtype, values, label=None):
    """Swift source of a float64 or float32 `ScalarTable` named `label` in dumps."""
    import struct

    pack = "<f" if dtype == "float32" else "<d"
    unpack, digits = ("<I", 8) if dtype == "float32" else ("<Q", 16)
    width = 2 + digits + digits // 4 - 1
    words = []
    for v in values:
        raw = struct.unpack(unpack, struct.pack(pack, float(v)))[0]
        plain = f"{raw:0{digits}x}"
        grouped = "_".join(plain[i : i + 4] for i in range(0, digits, 4))
        words.append(f"0x{grouped}")
    lines = [f"  static let {name} = ScalarTable(", f'    "{label or name}", .{dtype},', "    ["]
    per_line = 94 // (width + 2)
    for i in range(0, len(words), per_line):
        lines.append("      " + ", ".join(words[i : i + per_line]) + ",")
    lines += ["    ])"]
    return "\n".join(lines)


if __name__ == "__main__":
    result, error = fit_rounded(mp.exp, ("-0.35", "0.35"), range(7), "f32", lambda x: 1 / mp.exp(x))
    print(swift_array("sample", result, error))
