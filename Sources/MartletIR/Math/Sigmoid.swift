// The logistic function and its integral: sigmoid, softplus.

extension Elementary {
  /// 1 / (1 + e^-x).
  ///
  /// With u = e^-abs(x), which cannot overflow: y = t / d where d = 1 + u and t is 1 for x >= 0 and
  /// u below, so that subnormal results are reached and kept.
  ///
  /// Rounding d and y would add 1.4 units to the error of u; both roundings are known, d - 1 - u
  /// and t - y d exactly, and are put back by y + (t - y d - y (1 + u - d)) / d. For 1/d serves y
  /// itself or, where y = 1 - 1/d, 1 - y.
  package static func sigmoid(_ x: ScalarExpr) -> ScalarExpr {
    let u = expOfNegative(x.absolute)
    let isNegative = x .< 0
    let t = select(isNegative, u, 1)
    let d = u + 1
    let y = t / d
    let lost = fma(-y, u - (d - 1), fma(-y, d, t))
    return fma(lost, select(isNegative, 1 - y, y), y)
  }

  /// log(1 + e^x) = max(x, 0) + log1p(e^-abs(x)); float32 goes through float64.
  package static func softplus(_ x: ScalarExpr) -> ScalarExpr {
    if x.dtype == .float32 {
      let wide = x.convert(to: .float64)
      let sum = select(wide .< 0, 0, wide) + wideLog1p(wideExpOfNegative(wide.absolute))
      return sum.convert(to: .float32)
    }
    return select(x .< 0, 0, x) + log1pOfFraction(expOfNegative(x.absolute))
  }

  /// log(1 + u) for u from 0 to 1 in float64.
  static func log1pOfFraction(_ u: ScalarExpr) -> ScalarExpr {
    let sum = u + 1
    return log1p(u, sum, u - (sum - 1))
  }

  /// e^-a for a >= 0 in float64 arithmetic, good to 2^-32: for float32 results.
  ///
  /// It never is subnormal, and one product reduces the argument well enough.
  static func wideExpOfNegative(_ a: ScalarExpr) -> ScalarExpr {
    let x = -a.clamped(toAtMost: 110)
    let shift = x.layout.roundingShift(x.layout.bias)
    let shifted = fma(x, 1.4426950408889634, shift)
    let r = fma(shifted - shift, -0.6931471805599453, x)
    let power = fma(r * r, polynomial(r, ExponentialCoefficients.expWide), r) + 1
    return power * (shifted.bitPattern << x.layout.integer(52)).asFloat
  }
}
