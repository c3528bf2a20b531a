// The exponential functions exp, exp2 and expm1.

/// An argument split as x = n ln 2 + r with an integer n and abs r <= ln(2)/2, or x = n + r.
///
/// The integer comes from the low bits of x / ln 2 + 1.5 * 2^fractionBits, whose sum rounds to an
/// integer (no conversion is needed). With one fma the first subtraction n * ln2High - x is exact
/// or nearly so: both have few bits below 2^-fractionBits; the second adds the rest of ln 2 (W. J.
/// Cody and W. Waite, "Software Manual for the Elementary Functions", 1980).
struct ExponentialReduction {
  /// Carries `n + offset` in its low bits.
  let shifted: ScalarExpr
  let n: ScalarExpr
  let r: ScalarExpr
  /// What r rounds away; only expm1 uses it.
  let rLow: ScalarExpr
  let layout: FloatLayout

  /// The natural reduction; the low bits of `shifted` hold `n + offset`.
  ///
  /// Where n shall not be the nearest integer to x / ln 2 it is taken from `estimate`.
  init(natural x: ScalarExpr, offset: Int, estimate: ScalarExpr? = nil) {
    typealias C = ExponentialCoefficients
    layout = x.layout
    let shift = layout.roundingShift(offset)
    shifted = fma(estimate ?? x, 1.4426950408889634, shift)
    n = shifted - shift
    let low = layout.isWide ? C.ln2Low64 : C.ln2Low32
    let first = fma(-n, layout.isWide ? C.ln2High64 : C.ln2High32, x)
    r = fma(-n, low, first)
    rLow = fma(-n, low, first - r)
  }

  /// The reduction for base 2, which is exact.
  init(binary x: ScalarExpr, offset: Int) {
    layout = x.layout
    let shift = layout.roundingShift(offset)
    shifted = x + shift
    n = shifted - shift
    r = x - n
    rLow = layout.constant(0)
  }

  /// 2^n where the offset was the bias and n + bias is an exponent field of a normal number.
  var power: ScalarExpr { (shifted.bitPattern << layout.integer(layout.fractionBits)).asFloat }

  /// `p * 2^n` where the offset was twice the bias, for every n whose result may be representable:
  /// 2^n is applied as 2^(n-k) 2^k with k = +-64 or +-512 by the sign of n, so that the first
  /// factor and product are normal and a subnormal result is rounded once more only (R31).
  ///
  /// A NaN in p comes out.
  func scaled(_ p: ScalarExpr, negative: ScalarExpr) -> ScalarExpr {
    let k = layout.isWide ? 512 : 64
    let outer = select(negative, layout.power(-k), layout.power(k))
    let field = shifted.bitPattern << layout.integer(layout.fractionBits)
    return p * (field - outer.bitPattern).asFloat * outer
  }

  /// As `scaled` where n <= 0.
  func scaledDown(_ p: ScalarExpr) -> ScalarExpr {
    let outer = layout.power(layout.isWide ? -512 : -64)
    let field = shifted.bitPattern << layout.integer(layout.fractionBits)
    return p * (field - outer.bitPattern).asFloat * outer
  }

  /// e^r = 1 + (r + r^2 q(r)).
  ///
  /// In this order the sum in parentheses moves with r at least as far as its roundings do, so that
  /// the result is monotone; 1 + r (1 + r q) is shorter and is not.
  var exponential: ScalarExpr {
    typealias C = ExponentialCoefficients
    return fma(r * r, polynomial(r, layout.isWide ? C.exp64 : C.exp32), r) + 1
  }

  /// 2^f = 1 + (c f + f^2 q(f)) for abs f <= 1/2 with c close to ln 2, added in this order for
  /// monotony.
  static func powerOfTwo(_ f: ScalarExpr) -> ScalarExpr {
    typealias C = ExponentialCoefficients
    let coefficients = f.layout.isWide ? C.exp2Of64 : C.exp2Of32
    let tail = f * f * polynomial(f, Array(coefficients.dropFirst()))
    return fma(f, coefficients[0], tail) + 1
  }
}

extension ScalarExpr {
  /// The bits of an integer as the float of its width.
  var asFloat: ScalarExpr { bitcast(to: dtype.byteCount == 8 ? .float64 : .float32) }
}

extension Elementary {
  /// e^x.
  ///
  /// Error: the last addition's half unit, 0.2 for the rounding of r, 0.2 for that of e^r - 1.
  ///
  /// The clamps leave results that overflow (e^89, e^710) and vanish (e^-104, e^-746).
  package static func exp(_ x: ScalarExpr) -> ScalarExpr {
    let layout = x.layout
    let upper = x.clamped(toAtMost: layout.isWide ? 710 : 89)
    let clamped = upper.clamped(toAtLeast: layout.isWide ? -746 : -104)
    let reduction = ExponentialReduction(natural: clamped, offset: 2 * layout.bias)
    return reduction.scaled(reduction.exponential, negative: x .< 0)
  }

  /// e^-a for a >= 0.
  static func expOfNegative(_ a: ScalarExpr) -> ScalarExpr {
    let layout = a.layout
    let clamped = a.clamped(toAtMost: layout.isWide ? 746 : 104)
    let reduction = ExponentialReduction(natural: -clamped, offset: 2 * layout.bias)
    return reduction.scaledDown(reduction.exponential)
  }

  /// 2^x: as exp with an exact reduction.
  ///
  /// Integers have f = 0 and exact powers.
  package static func exp2(_ x: ScalarExpr) -> ScalarExpr {
    let layout = x.layout
    let upper = x.clamped(toAtMost: layout.isWide ? 1024 : 128)
    let clamped = upper.clamped(toAtLeast: layout.isWide ? -1076 : -151)
    let reduction = ExponentialReduction(binary: clamped, offset: 2 * layout.bias)
    let power = ExponentialReduction.powerOfTwo(reduction.r)
    return reduction.scaled(power, negative: x .< 0)
  }

  /// e^x - 1 = 2^n (e^r - 1) + (2^n - 1), where e^r - 1 = r + t and t = r^2 q(r) + rLow.
  ///
  /// The sum of 2^n r and 2^n - 1 is split into its rounded value and the error of that, so that
  /// only the last addition rounds in full. Everything is halved until the end, for n up to 1 + the
  /// largest exponent; arguments so small that halving could lose bits are their own result.
  package static func expm1(_ x: ScalarExpr) -> ScalarExpr {
    typealias C = ExponentialCoefficients
    let layout = x.layout
    let upper = x.clamped(toAtMost: layout.isWide ? 710 : 89)
    let clamped = upper.clamped(toAtLeast: layout.isWide ? -40 : -20)
    let reduction = ExponentialReduction(natural: clamped, offset: layout.bias - 1)
    let r = reduction.r
    let t = fma(r * r, polynomial(r, layout.isWide ? C.expm1Of64 : C.expm1Of32), reduction.rLow)
    let half = reduction.power
    let offset = half - 0.5
    let sum = fma(half, r, offset)
    let lost = fma(half, r, offset - sum)
    let value = sum + fma(half, t, lost)
    return select(x.absolute .< layout.power(layout.isWide ? -60 : -30), x, value + value)
  }
}
