// The logistic function and its relatives: sigmoid, softplus, logaddexp.

extension Elementary {
  /// 1 / (1 + e^-x). With u = e^-abs(x), which cannot overflow: y = t / d where d = 1 + u and t is 1
  /// for x >= 0 and u below, so that subnormal results are reached and kept.
  ///
  /// Rounding d and y would add 1.4 units to the error of u; both roundings are known, d - 1 - u and
  /// t - y d exactly, and are put back by y + (t - y d - y (1 + u - d)) / d. For 1/d serves y itself
  /// or, where y = 1 - 1/d, 1 - y.
  package static func sigmoid(_ x: ScalarExpr) -> ScalarExpr {
    let u = expOfNegative(x.absolute)
    let isNegative = x .< 0
    let t = select(isNegative, u, 1)
    let d = u + 1
    let y = t / d
    let lost = fma(-y, u - (d - 1), fma(-y, d, t))
    return fma(lost, select(isNegative, 1 - y, y), y)
  }
}
