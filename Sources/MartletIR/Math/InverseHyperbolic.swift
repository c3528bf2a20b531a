// The inverse hyperbolic functions asinh, acosh and atanh.

extension Elementary {
  /// log(a + sqrt(a^2 + 1)) with the sign of x, a = abs x, as log1p(a + w), w = sqrt(a^2 + 1) - 1.
  ///
  /// In float64 arithmetic for a float32 that difference is good enough; float64 takes
  /// w = a^2 / (1 + sqrt(a^2 + 1)), and above 2^28 log a + ln 2.
  package static func asinh(_ x: ScalarExpr) -> ScalarExpr {
    let layout = x.layout
    let a = x.absolute
    let value: ScalarExpr
    if layout.isWide {
      let square = a * a
      let w = square / ((square + 1).squareRoot + 1)
      value = logarithmOfSum(a, layout.constant(0), w, large: a, where: a .> 0x1p28)
    } else {
      let wide = a.convert(to: .float64)
      let w = fma(wide, wide, 1).squareRoot - 1
      value = wideLog1p(wide + w).convert(to: .float32)
    }
    return select(a .< layout.infinity, value, a).signed(like: x)
  }

  /// log(x + sqrt(x^2 - 1)) as log1p(t + sqrt(t^2 + 2t)), t = x - 1, which is exact near 1; NaN
  /// below 1.
  ///
  /// Near 1 the root is most of the result, so float64 adds what it is too small by: the rounding
  /// errors of t^2 + 2t and of the root, over twice the root (Newton's step).
  package static func acosh(_ x: ScalarExpr) -> ScalarExpr {
    let layout = x.layout
    let value: ScalarExpr
    if layout.isWide {
      let t = x - 1
      let square = fma(t, t, t + t)
      let squareLow = fma(t, t, (t + t) - square)
      let w = square.squareRoot
      let isNear = (t .< 1) & (t .> 0)
      let wLow = select(isNear, (fma(-w, w, square) + squareLow) * 0.5 / w, 0)
      value = logarithmOfSum(w, wLow, t, large: x, where: x .> 0x1p28)
    } else {
      let t = x.convert(to: .float64) - 1
      value = wideLog1p(t + fma(t, t, t + t).squareRoot).convert(to: .float32)
    }
    return select(x .< 1, layout.nan, select(x .< layout.infinity, value, x))
  }

  /// log(1 + v + vLow + w) for v >= w >= 0 in float64, or log(2 large).
  private static func logarithmOfSum(
    _ v: ScalarExpr, _ vLow: ScalarExpr, _ w: ScalarExpr, large: ScalarExpr,
    where isLarge: ScalarExpr
  ) -> ScalarExpr {
    let sum = SplitNumber(ordered: v, plus: w, low: vLow)
    let u = SplitNumber(v.layout.constant(1), plus: sum.high)
    let c = select(isLarge, 0, u.low + sum.low)
    return log1p(
      sum.high, select(isLarge, large, u.high), c, xLow: sum.low, doubledWhere: isLarge)
  }

  /// log((1 + a) / (1 - a)) / 2 with the sign of x, a = abs x; infinite at 1, NaN above.
  ///
  /// float64: with 1 - a = 2^-e p, p in [sqrt 1/2, sqrt 2), and q = 1 + a, halved where q > p sqrt
  /// 2, the logarithm of q / p is 2 atanh s, s = (q - p) / (q + p): the quotient itself is never
  /// formed. The rounding errors of 1 + a and 1 - a go into the numerator, which for e = 0 is 2a.
  /// Where e ln 2 and s have different signs, s may be as large as the result, so its own rounding
  /// error is added.
  package static func atanh(_ x: ScalarExpr) -> ScalarExpr {
    let layout = x.layout
    let a = x.absolute
    let value: ScalarExpr
    if layout.isWide {
      value = splitAtanh(a)
    } else {
      let wide = a.convert(to: .float64)
      value = (wideLog1p((wide + wide) / (1 - wide)) * 0.5).convert(to: .float32)
    }
    let edge = select(a .== 1, layout.infinity, layout.nan)
    return select(a .< 1, value, edge).signed(like: x)
  }

  private static func splitAtanh(_ a: ScalarExpr) -> ScalarExpr {
    typealias C = LogarithmCoefficients
    let one = a.layout.constant(1)
    let above = SplitNumber(ordered: one, plus: a, low: a.layout.constant(0))
    let below = SplitNumber(ordered: one, plus: -a, low: a.layout.constant(0))
    let reduction = LogarithmReduction(below.high, alwaysNormal: true)
    let p = reduction.f + 1
    // Only for a < 1/2 is below.low not 0; there the scale is 1 or 2.
    let pLow = select(reduction.e .== 0, below.low, below.low + below.low)
    let isHalved = above.high .> p * 1.4142135623730951
    let q = select(isHalved, above.high * 0.5, above.high)
    let qLow = select(isHalved, above.low * 0.5, above.low)
    let e = select(isHalved, 1 - reduction.e, -reduction.e)

    let difference = SplitNumber(q, plus: -p)
    let numerator = SplitNumber(difference.high, plus: difference.low + (qLow - pLow))
    let denominator = SplitNumber(q, plus: p)
    let s = numerator.high / denominator.high
    let rest = fma(-s, denominator.high, numerator.high) + numerator.low
    let sLow = fma(-s, denominator.low + (qLow + pLow), rest) / denominator.high
    let z = s * s
    let series = polynomial(z, C.log64) * z * 0.5
    let small = fma(s, series, e * 0x1.abc9e3b39803fp-57) + sLow
    return fma(e, 0x1.62e42fefa39efp-2, s + small)
  }
}
