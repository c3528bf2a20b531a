// The logarithm of a sum of exponentials: logaddexp.

extension Elementary {
  /// log(e^x + e^y) = a + log1p(e^-d), a = max(x, y), d = abs(x - y).
  ///
  /// Where a < 0 the sum may cancel. float32 goes through float64, whose 29 further bits make up
  /// for it; float64 carries every step as a split number, to about 2^-63.
  package static func logaddexp(_ x: ScalarExpr, _ y: ScalarExpr) -> ScalarExpr {
    if x.dtype == .float32 {
      return wideLogaddexp(x.convert(to: .float64), y.convert(to: .float64)).convert(to: .float32)
    }
    let isLess = x .< y
    let greater = select(isLess, y, x)
    // Equal arguments, infinite ones among them, have the difference 0.
    let exact = SplitNumber(select(isLess, x, y), plus: -greater)
    let isNear = exact.high .> -746
    let d = select(x .== y, 0, exact.high).clamped(toAtLeast: -746)
    let dLow = select(isNear, exact.low, 0)

    // u = e^-d; below 2^-1022 its low part is of no account.
    let reduction = ExponentialReduction(natural: d, offset: 2 * x.layout.bias)
    let e = SplitNumber.exponentialMinusOne(reduction.r, reduction.rLow + dLow)
    let p = SplitNumber(ordered: x.layout.constant(1), plus: e.high, low: e.low)
    let u = SplitNumber(reduction.scaledDown(p.high), reduction.scaledDown(p.low))

    // log(1 + u), with 1 + u halved above sqrt 2.
    let sum = SplitNumber(ordered: x.layout.constant(1), plus: u.high, low: u.low)
    let isHigh = sum.high .> 1.4142135623730951
    let f = SplitNumber(
      select(isHigh, fma(sum.high, 0.5, -1), u.high), select(isHigh, sum.low * 0.5, u.low))
    let half = SplitNumber.halfLogarithm(f)
    let zero = x.layout.constant(0)
    let whole = select(isHigh, LogarithmCoefficients.ln2High64, zero)
    let wholeLow = select(isHigh, LogarithmCoefficients.ln2Low64, zero)
    let logarithm = SplitNumber(
      ordered: whole, plus: half.high + half.high, low: half.low + half.low + wholeLow)

    let result = SplitNumber(greater, plus: logarithm.high)
    let refined = result.high + (result.low + logarithm.low)
    return select(result.high.absolute .< x.layout.infinity, refined, result.high)
  }

  /// The plain formula in float64.
  private static func wideLogaddexp(_ x: ScalarExpr, _ y: ScalarExpr) -> ScalarExpr {
    let difference = select(x .== y, 0, (x - y).absolute)
    return select(x .< y, y, x) + log1pOfFraction(expOfNegative(difference))
  }
}
