#!/usr/bin/env python3
"""Fit the coefficients of the trigonometric, inverse trigonometric and error functions.

    python3 Scripts/fit_trig_erf.py trigonometric          # or inverse, error, reduction
    python3 Scripts/fit_trig_erf.py error > Sources/MartletIR/Math/ErrorFunctionCoefficients.swift

Prints the Swift file with the coefficients or tables of that name. The fits are minimax (remez.py);
every weight is chosen so that the error is relative to the function's value.
"""

import sys

from remez import Problem, fit_rounded, mp, mpf, rounded, split, swift_array, swift_literal, swift_table

mp.prec = 220
TINY = mpf(2) ** -60
QUARTER = mp.pi / 4
HALF = mp.pi / 2

# Float32 erf: an odd polynomial to the junction, then 1 - P(x)^8 until the result is 1.
ERF_JUNCTION = mpf(1)
ERF_POWER = 8
ERF_END = mpf("3.95")
# (x + k) exp(x^2) erfc(x) is a polynomial in (x - k) / (x + k), which maps [0, inf) to [-1, 1).
ERFC_CENTRE = mpf(3)

# The centres of the float64 arctangent; the last is infinity.
ATAN_CENTRES = [mpf(0), mpf("0.40625"), mpf(1), mpf("2.5"), None]


def excess(function, z):
    """(f(x) / x - 1) / z for an odd function, at x = sqrt(z)."""
    x = mp.sqrt(z)
    return (function(x) / x - 1) / z


def cotangent(z):
    x = mp.sqrt(z)
    return (x / mp.tan(x) - 1) / z


def erf_slope(z):
    x = mp.sqrt(z)
    return mp.erf(x) / x - 1


def scaled_erfc(t):
    x = ERFC_CENTRE * (1 + t) / (1 - t)
    return (x + ERFC_CENTRE) * mp.exp(x * x) * mp.erfc(x)


def erfc_variable(x):
    return (mpf(x) - ERFC_CENTRE) / (mpf(x) + ERFC_CENTRE)


def array(name, comment, f, low, high, count, weight, fmt="f64"):
    coefficients, error = fit_rounded(f, (low, high), range(count), fmt, weight)
    return swift_array(name, coefficients, error, comment)


def rounded_array(name, comment, f, low, high, count, weight, low_name=None):
    """As `array` where zero is inside the interval: there the powers that remain after fixing the
    first coefficients all vanish, so that later ones cannot make good the rounding of earlier.
    `low_name` names the rest of the first coefficient."""
    problem = Problem(f, (low, high), range(count), weight)
    exact = problem.solve()[0]
    coefficients = {p: rounded(c, "f64") for p, c in exact.items()}
    rest = rounded(exact[0] - coefficients[0], "f64") if low_name else mpf(0)
    coefficients[0] += rest
    coefficients = nudged(problem, coefficients)
    whole = dict(coefficients)
    coefficients[0] -= rest
    text = swift_array(name, coefficients, problem.solve(whole)[1], comment)
    if low_name:
        text += "\n\n" + constant(low_name, f"What the first of `{name}` lacks.", rest)
    return text


def nudged(problem, coefficients):
    """The coefficients after steps of one unit in the last place that lower the largest error."""
    points = range(0, len(problem.xs), 4)

    def errors(c):
        return [
            float(problem.weights[k] * (problem.values[k] - mp.polyval(
                [c[p] for p in sorted(c, reverse=True)], problem.xs[k])))
            for k in points
        ]

    current = errors(coefficients)
    units = {}
    for p in range(1, 7):
        units[p] = mp.ldexp(1, int(mp.frexp(coefficients[p])[1]) - 53)
    effects = {
        p: [float(problem.weights[k] * units[p] * problem.xs[k] ** p) for k in points]
        for p in units
    }
    steps = {p: 0 for p in units}
    best = max(map(abs, current))
    improved = True
    while improved:
        improved = False
        # Single steps, then steps of two coefficients against each other.
        moves = [((p, d),) for p in units for d in (-1, 1)]
        moves += [((p, d), (q, -d)) for p in units for q in units if p < q for d in (-1, 1)]
        moves += [((p, d), (q, d)) for p in units for q in units if p < q for d in (-1, 1)]
        for move in moves:
            trial = list(current)
            for p, d in move:
                trial = [t - d * e for t, e in zip(trial, effects[p])]
            worst = max(map(abs, trial))
            if worst < best * 0.999:
                current, best, improved = trial, worst, True
                for p, d in move:
                    steps[p] += d
                break
    return {p: c + steps.get(p, 0) * units.get(p, 0) for p, c in coefficients.items()}


def constant(name, comment, value):
    return f"  /// {comment}\n  static let {name}: ScalarExpr = {swift_literal(value)}"


def parts(name, comment, value, count):
    listed = ", ".join(swift_literal(v) for v in split(value, "f64", count))
    lines = [f"  /// {comment}", f"  static let {name}: [ScalarExpr] = ["]
    line = "   "
    for v in split(value, "f64", count):
        line += f" {swift_literal(v)},"
    if len(listed) < 60:
        return f"  /// {comment}\n  static let {name}: [ScalarExpr] = [{listed}]"
    return "\n".join(lines + [line, "  ]"])


def trigonometric():
    wide = (HALF + mpf(2) ** -7) ** 2
    narrow32 = (QUARTER + mpf(2) ** -7) ** 2
    narrow64 = (QUARTER + mpf(2) ** -20) ** 2
    return [
        constant("inversePi", "1/π.", rounded(1 / mp.pi, "f64")),
        constant("twoOverPi", "2/π.", rounded(2 / mp.pi, "f64")),
        parts("pi", "π as an unevaluated sum.", mp.pi, 2),
        parts("halfPi", "π/2 as an unevaluated sum.", HALF, 3),
        array("sine32", "(sin x / x - 1) / x² in x² for |x| <= π/2, for float32 results.",
              lambda z: excess(mp.sin, z), TINY, wide, 5,
              lambda z: z * mp.sqrt(z) / mp.sin(mp.sqrt(z))),
        array("cotangent32", "(x cot x - 1) / x² in x² for |x| <= π/4, for float32 results.",
              cotangent, TINY, narrow32, 5, lambda z: z),
        array("sine64", "(sin x / x - 1) / x² in x² for |x| <= π/4.",
              lambda z: excess(mp.sin, z), TINY, narrow64, 6, lambda z: z),
        array("cosine64", "(cos x - 1 + x²/2) / x⁴ in x² for |x| <= π/4.",
              lambda z: (mp.cos(mp.sqrt(z)) - 1 + z / 2) / z**2, mpf(2) ** -40, narrow64, 6,
              lambda z: z**2),
        array("cotangent64", "(x cot x - 1) / x² in x² for |x| <= π/4.",
              cotangent, TINY, narrow64, 9, lambda z: z),
    ]


def inverse():
    angles = [HALF if c is None else mp.atan(c) for c in ATAN_CENTRES]
    angles += [HALF if c is None else mp.pi - mp.atan(c) for c in ATAN_CENTRES]
    pairs = [split(a, "f64", 2) for a in angles]
    return [
        parts("pi", "π as an unevaluated sum.", mp.pi, 2),
        parts("halfPi", "π/2 as an unevaluated sum.", HALF, 2),
        array("arctangent32", "(atan x / x - 1) / x² in x² for |x| <= 1, for float32 results.",
              lambda z: excess(mp.atan, z), TINY, 1, 11,
              lambda z: z * mp.sqrt(z) / mp.atan(mp.sqrt(z))),
        array("arctangent64", "(atan x / x - 1) / x² in x² for |x| <= 0.204.",
              lambda z: excess(mp.atan, z), TINY, mpf("0.204") ** 2, 8, lambda z: z),
        array("arcsine32", "(asin x / x - 1) / x² in x² for |x| <= 1/2, for float32 results.",
              lambda z: excess(mp.asin, z), TINY, mpf("0.25"), 7, lambda z: z),
        array("arcsine64", "(asin x / x - 1) / x² in x² for |x| <= 1/2.",
              lambda z: excess(mp.asin, z), TINY, mpf("0.25"), 13, lambda z: z),
        "  /// The angles of the centres, then of their mirror images in the left half plane.\n"
        + swift_table("centreAngle", "float64", [p[0] for p in pairs], "atan_centre_angle"),
        "  /// What `centreAngle` lacks.\n"
        + swift_table("centreAngleLow", "float64", [p[1] for p in pairs], "atan_centre_angle_low"),
    ]


def error():
    def weight(z):
        return mp.sqrt(z) / mp.erf(mp.sqrt(z))

    return [
        array("small32", "erf x / x - 1 in x² for |x| <= 1, for float32.",
              erf_slope, TINY, ERF_JUNCTION**2, 7, weight, "f32"),
        array("large32", "1 minus the eighth root of erfc x in x for 1 <= x <= 3.95.",
              lambda x: 1 - mp.erfc(x) ** (mpf(1) / ERF_POWER), ERF_JUNCTION, ERF_END, 8,
              lambda x: ERF_POWER * mp.erfc(x) ** (1 - mpf(1) / ERF_POWER), "f32"),
        rounded_array(
            "small64", "erf x / x - 1 in x² for |x| <= 1.", erf_slope, TINY, 1, 14, weight),
        rounded_array(
            "scaled32", "(x + 3) exp(x²) erfc x in (x - 3) / (x + 3) for 0 <= x <= 10.1.",
            scaled_erfc, erfc_variable(0), erfc_variable("10.1"), 12,
            lambda t: 1 / scaled_erfc(t)),
        rounded_array(
            "scaled64", "(x + 3) exp(x²) erfc x in (x - 3) / (x + 3) for 1/2 <= x <= 27.3.",
            scaled_erfc, erfc_variable("0.5"), erfc_variable("27.3"), 23,
            lambda t: 1 / scaled_erfc(t), "scaled64Low"),
        array(
            "scaledSlope", "The derivative of that, roughly.",
            lambda t: mp.diff(scaled_erfc, t), erfc_variable("0.5"), erfc_variable("27.3"), 5,
            None, "f32"),
    ]


def centred(value, period):
    """value modulo the period, nearest to zero."""
    return value - period * mp.nint(value / period)


def fixed_point(value, ulps):
    """value as a sum of multiples of the given powers of two; the last part takes 53 bits."""
    out = []
    for exponent in ulps:
        out.append(mp.ldexp(mp.nint(mp.ldexp(value, -exponent)), exponent))
        value -= out[-1]
    out.append(rounded(value, "f64"))
    return out


def reduction():
    mp.prec = 1400
    # Float32: one entry for each exponent from 2^45 on; the last one is for infinity and NaN.
    rows = []
    for exponent in range(45, 128):
        unit = mpf(2) ** (exponent - 23)
        high, low = fixed_point(centred(unit / mp.pi, 2), [-28])
        rows.append((high / unit, low / unit))
    rows.append((mpf(1), mpf(0)))
    # Float64: one entry for 32 exponents, as four parts.
    wide = []
    for block in range(33):
        value = centred(mpf(2) ** (32 * block - 52) * 2 / mp.pi, 4)
        wide.append(fixed_point(value, [-50, -103, -156]))
    doc = [
        "2^(E - 23) / π modulo 2, in units of 2^(E - 23), to 29 bits, for E = 45, 46, ...",
        "What `inversePi32` lacks, to 53 bits.",
    ]
    tables = [
        f"  /// {doc[0]}\n"
        + swift_table("inversePi32", "float64", [r[0] for r in rows], "inverse_pi_32"),
        f"  /// {doc[1]}\n"
        + swift_table("inversePi32Low", "float64", [r[1] for r in rows], "inverse_pi_32_low"),
    ]
    for part in range(4):
        text = "  /// 2^(32 j - 52) 2/π modulo 4 for j = 0, 1, ...: " + [
            "multiples of 2^-50.", "the next, multiples of 2^-103.",
            "the next, multiples of 2^-156.", "the rest, to 53 bits."][part]
        tables.append(
            text + "\n" + swift_table(
                f"twoOverPi{part}", "float64", [w[part] for w in wide], f"two_over_pi_{part}"))
    return tables


FILES = {
    "trigonometric": (
        "The coefficients of sine, cosine and tangent.", "TrigonometricCoefficients", trigonometric),
    "inverse": (
        "The coefficients of the inverse trigonometric functions.",
        "InverseTrigonometricCoefficients", inverse),
    "error": ("The coefficients of erf and erfc.", "ErrorFunctionCoefficients", error),
    "reduction": (
        "Multiples of 1/π, reduced: the tables of the reduction of huge arguments.",
        "PayneHanekTables", reduction),
}


def main():
    if len(sys.argv) != 2 or sys.argv[1] not in FILES:
        sys.exit(__doc__)
    title, name, make = FILES[sys.argv[1]]
    print(f"// {title}\n")
    print(f"/// Printed by `python3 Scripts/fit_trig_erf.py {sys.argv[1]}`.")
    print(f"enum {name} {{")
    print("\n\n".join(make()))
    print("}")


if __name__ == "__main__":
    main()
