"""Prints Swift coefficient files for the exponential, logarithmic and hyperbolic functions.

usage: python3 Scripts/fit_exp_log.py exponential|logarithm|power|hyperbolic

The Swift sources under Sources/MartletIR/Math/ hold what this prints; the derivations are written
above the functions that use them. The fits are relative ones: `weight` is one over the value of the
function, so the printed exponents are bounds of the relative error before rounding.
"""

import sys

from mpmath import mp, mpf

from remez import fit_rounded, rounded, split, swift_array, swift_literal

LN2 = mp.log(2)


def swift_constant(name, value, comment):
    return f"  /// {comment}\n  static let {name}: ScalarExpr = {swift_literal(value)}"


def reduced(function, half_width, degree, fmt, fixed):
    """`function` on [-half_width, half_width] by all powers up to `degree`."""
    return fit_rounded(
        function, (-half_width, half_width), range(degree + 1), fmt,
        lambda x: 1 / function(x), fixed,
    )


def even_series(function, end, terms, fmt, fixed):
    """`function` of z on [0, end] by powers 0..<terms; relative error."""
    return fit_rounded(
        function, (mpf(0), end), range(terms), fmt, lambda z: 1 / function(z), fixed
    )


def tail(coefficients, first):
    """The coefficients from power `first` on."""
    return {p: c for p, c in coefficients.items() if p >= first}


def exponential():
    one = {0: mpf(1), 1: mpf(1)}
    half = LN2 / 2 * mpf("1.001")
    out = []
    for bits, fmt in ((32, "f32"), (64, "f64")):
        hi, lo = split(LN2, fmt)
        out.append(swift_constant(f"ln2High{bits}", hi, f"ln 2 rounded to float{bits}."))
        out.append(swift_constant(f"ln2Low{bits}", lo, "What it leaves of ln 2."))
    c, e = reduced(mp.exp, half, 6, "f32", one)
    out.append(swift_array("exp32", tail(c, 2), e, "(e^r - 1 - r) / r^2 on |r| <= ln(2)/2."))
    c, e = reduced(mp.exp, half, 11, "f64", one)
    out.append(swift_array("exp64", tail(c, 2), e, "The same for float64."))
    c, e = reduced(mp.exp, half, 7, "f64", one)
    out.append(swift_array("expWide", tail(c, 2), e, "The same for float32 results in float64."))
    exp2 = lambda f: mpf(2) ** f
    for bits, degree in ((32, 6), (64, 11)):
        c, e = reduced(exp2, mpf("0.5005"), degree, f"f{bits}", {0: mpf(1)})
        out.append(swift_array(f"exp2Of{bits}", tail(c, 1), e, "(2^f - 1) / f on |f| <= 1/2."))
    c, e = reduced(exp2, mpf("0.5005"), 7, "f64", {0: mpf(1)})
    out.append(swift_array("exp2Wide", tail(c, 1), e, "The same for float32 results in float64."))
    expm1 = lambda x: mp.expm1(x)
    for bits, degree in ((32, 7), (64, 13)):
        c, e = fit_rounded(
            expm1, (-half, half), range(1, degree + 1), f"f{bits}", lambda x: 1 / expm1(x),
            {1: mpf(1), 2: mpf("0.5")},
        )
        out.append(swift_array(
            f"expm1Of{bits}", tail(c, 2), e, "(e^r - 1 - r) / r^2, relative to e^r - 1."))
    tanhc = lambda z: mp.tanh(mp.sqrt(z)) / mp.sqrt(z)
    for bits, terms in ((32, 6), (64, 11)):
        c, e = even_series(tanhc, mpf("0.5501") ** 2, terms, f"f{bits}", {0: mpf(1)})
        out.append(swift_array(
            f"tanh{bits}", tail(c, 1), e, "(tanh(x)/x - 1) / x^2 by powers of x^2, |x| <= 0.55."))
    return "Exponential", "exponential", out


def logarithm():
    low, high = mp.sqrt(mpf("0.5")) - 1, mp.sqrt(2) - 1
    out = []
    for bits, fmt in ((32, "f32"), (64, "f64")):
        hi, lo = split(LN2, fmt)
        out.append(swift_constant(f"ln2High{bits}", hi, f"ln 2 rounded to float{bits}."))
        out.append(swift_constant(f"ln2Low{bits}", lo, "What it leaves of ln 2."))
    log1p = lambda f: mp.log1p(f)
    weight = lambda f: 1 / log1p(f)
    c, e = fit_rounded(
        log1p, (low, high), range(1, 12), "f32", weight, {1: mpf(1), 2: mpf("-0.5")})
    out.append(swift_array("log32", tail(c, 3), e, "(log(1+f) - f + f^2/2) / f^3."))
    c, e = fit_rounded(log1p, (low, high), range(1, 13), "f64", weight, {1: mpf(1)})
    out.append(swift_array(
        "logWide", tail(c, 2), e, "(log(1+f) - f) / f^2 for float32 results in float64."))
    series = lambda z: 2 * mp.atanh(mp.sqrt(z)) / mp.sqrt(z)
    c, e = even_series(series, (high / (2 + high)) ** 2, 8, "f64", {0: mpf(2)})
    out.append(swift_array("log64", tail(c, 1), e, "(2 atanh(s)/s - 2) / s^2 by powers of s^2."))
    for name, value in (("log2e", 1 / LN2), ("log10e", 1 / mp.log(10))):
        hi, lo = split(value)
        out.append(swift_constant(f"{name}High", hi, f"{name} rounded to float64."))
        out.append(swift_constant(f"{name}Low", lo, f"What it leaves of {name}."))
    hi = rounded(LN2 / mp.log(10), 40)
    out.append(swift_constant("log10Of2High", hi, "log10 of 2 to 40 bits."))
    out.append(swift_constant(
        "log10Of2Low", rounded(LN2 / mp.log(10) - hi, "f64"), "What it leaves of log10 of 2."))
    return "Logarithm", "logarithm", out


def power():
    half = LN2 / 2 * mpf("1.001")
    low, high = mp.sqrt(mpf("0.5")) - 1, mp.sqrt(2) - 1
    out = []
    log1p = lambda f: mp.log1p(f)
    c, e = fit_rounded(
        log1p, (low, high), range(1, 15), "f64", lambda f: 1 / log1p(f), {1: mpf(1)})
    out.append(swift_array(
        "log", tail(c, 2), e, "(log(1+f) - f) / f^2 for float32 powers in float64."))
    end = (high / (2 + high)) ** 2
    series = lambda z: mp.atanh(mp.sqrt(z)) / mp.sqrt(z)
    c, e = even_series(series, end, 10, "f64", {0: mpf(1), 1: mpf(1) / 3})
    out.append(swift_array(
        "series", tail(c, 2), e, "(atanh(s)/s - 1 - s^2/3) / s^4 by powers of s^2."))
    c, e = reduced(mp.exp, half, 13, "f64", {
        0: mpf(1), 1: mpf(1), 2: mpf("0.5"), 3: mpf(1) / 6})
    out.append(swift_array("exp", tail(c, 4), e, "(e^r - 1 - r - r^2/2 - r^3/6) / r^4."))
    for name, value, text in (
        ("third", mpf(1) / 3, "1/3"), ("sixth", mpf(1) / 6, "1/6"),
        ("twoLog2e", 2 / LN2, "2 log2(e)"),
    ):
        hi, lo = split(value)
        out.append(swift_constant(f"{name}High", hi, f"{text} rounded to float64."))
        out.append(swift_constant(f"{name}Low", lo, f"What it leaves of {text}."))
    return "Power.swift and LogSumExp", "power", out


def hyperbolic():
    end = (LN2 / 2 * mpf("1.001")) ** 2
    cosh = lambda z: mp.cosh(mp.sqrt(z))
    sinhc = lambda z: mp.sinh(mp.sqrt(z)) / mp.sqrt(z)
    root = lambda m: 1 / mp.cbrt(m)
    out = []
    for suffix, text in (("64", ""), ("Wide", ", for float32 results")):
        terms = 6 if suffix == "64" else 4
        c, e = even_series(cosh, end, terms, "f64", {0: mpf(1)})
        out.append(swift_array(
            f"cosh{suffix}", tail(c, 1), e, f"(cosh(r) - 1) / r^2 by powers of r^2{text}."))
        # In float64 the series of sinh serves up to 1.
        last, terms = (mpf(1), 8) if suffix == "64" else (end, 4)
        c, e = even_series(sinhc, last, terms, "f64", {0: mpf(1)})
        out.append(swift_array(
            f"sinh{suffix}", tail(c, 1), e, f"(sinh(r)/r - 1) / r^2 by powers of r^2{text}."))
    for suffix, degree in (("64", 6), ("Wide", 4)):
        c, e = fit_rounded(
            root, (1, 2), range(degree + 1), "f64", lambda m: 1 / root(m))
        out.append(swift_array(f"cubeRoot{suffix}", c, e, "m^(-1/3) on [1, 2]."))
    return "Hyperbolic.swift and Roots", "hyperbolic", out


def main():
    families = {
        "exponential": exponential, "logarithm": logarithm, "power": power,
        "hyperbolic": hyperbolic,
    }
    title, argument, parts = families[sys.argv[1]]()
    print(f"// Coefficients of {title}.swift, printed by `Scripts/fit_exp_log.py {argument}`.\n")
    print("/// Minimax coefficients in rising order of powers.")
    print(f"enum {argument.capitalize()}Coefficients {{")
    print("\n\n".join(parts))
    print("}")


if __name__ == "__main__":
    main()
