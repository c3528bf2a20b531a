// Sums of two float64 numbers, for the few functions that need more digits than one holds.

/// An unevaluated sum high + low with abs low at most about a unit of high in its last place.
///
/// The sequences are those of T. J. Dekker, "A floating-point technique for extending the available
/// precision", Numer. Math. 18, 1971, with products by fma; D. E. Knuth, TAOCP 2, 4.2.2, theorem B.
struct SplitNumber {
  let high: ScalarExpr
  let low: ScalarExpr

  init(_ high: ScalarExpr, _ low: ScalarExpr) {
    self.high = high
    self.low = low
  }

  /// a + b + low, exactly but for the addition of `low`: abs a >= abs b, or a = 0.
  init(ordered a: ScalarExpr, plus b: ScalarExpr, low: ScalarExpr) {
    high = a + b
    self.low = (a - high) + b + low
  }

  /// a + b exactly.
  init(_ a: ScalarExpr, plus b: ScalarExpr) {
    high = a + b
    let other = high - a
    low = (a - (high - other)) + (b - other)
  }

  /// a * b exactly.
  init(_ a: ScalarExpr, times b: ScalarExpr) {
    high = a * b
    low = fma(a, b, -high)
  }

  /// The product; some 2^-104 of it is lost.
  static func * (a: SplitNumber, b: SplitNumber) -> SplitNumber {
    let product = SplitNumber(a.high, times: b.high)
    return SplitNumber(product.high, fma(a.high, b.low, fma(a.low, b.high, product.low)))
  }

  static func * (a: ScalarExpr, b: SplitNumber) -> SplitNumber {
    let product = SplitNumber(a, times: b.high)
    return SplitNumber(product.high, fma(a, b.low, product.low))
  }
}

extension SplitNumber {
  /// log(1 + f) / 2 to 2^-65 of its value, for 1 + f in [sqrt 1/2, sqrt 2).
  ///
  /// It is atanh s, s = f / (2 + f): s + s (z/3 + z^2 Q(z)), z = s^2 <= 0.0295. The quotient, z and
  /// the first two terms are split numbers; Q is float64, whose roundings z^2 scales by 2^-10.
  static func halfLogarithm(_ f: SplitNumber) -> SplitNumber {
    typealias C = PowerCoefficients
    let d = f.high + 2
    let dLow = (f.high - (d - 2)) + f.low
    let reciprocal = 1 / d
    let quotient = f.high * reciprocal
    let remainder = fma(-quotient, dLow, fma(-quotient, d, f.high)) + f.low
    let s = SplitNumber(quotient, remainder * reciprocal)
    let square = SplitNumber(s.high, times: s.high)
    let z = SplitNumber(square.high, fma(s.high + s.high, s.low, square.low))
    let q = z.high * polynomial(z.high, C.series)
    let t = z * SplitNumber(ordered: C.thirdHigh, plus: q, low: C.thirdLow)
    let cubic = s * t
    return SplitNumber(ordered: s.high, plus: cubic.high, low: s.low + cubic.low)
  }

  /// e^(r + rLow) - 1 to 2^-64, for abs r <= ln(2)/2.
  ///
  /// r + r^2 (1/2 + r (1/6 + r q(r))): all but q in split numbers.
  static func exponentialMinusOne(_ r: ScalarExpr, _ rLow: ScalarExpr) -> SplitNumber {
    typealias C = PowerCoefficients
    let q = r * polynomial(r, C.exp)
    let cubic = r * SplitNumber(ordered: C.sixthHigh, plus: q, low: C.sixthLow)
    let half = r.layout.constant(0.5)
    let inner = SplitNumber(ordered: half, plus: cubic.high, low: cubic.low)
    let quadratic = SplitNumber(r, times: r) * inner
    let low = fma(rLow, r + quadratic.high + 1, quadratic.low)
    return SplitNumber(ordered: r, plus: quadratic.high, low: low)
  }
}
