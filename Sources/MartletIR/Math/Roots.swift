// Roots of one and two arguments: rsqrt, cbrt, hypot.

extension Elementary {
  /// 1 / sqrt x as sqrt(1/x): the square root halves the relative error of the quotient, so that
  /// the result is within one unit.
  ///
  /// x is scaled towards 1 by a power of 4, lest 1/x leave the normal range. rsqrt(+-0) =
  /// +-infinity (IEEE 754-2019, 9.2.1).
  package static func rsqrt(_ x: ScalarExpr) -> ScalarExpr {
    let layout = x.layout
    let k = layout.isWide ? 512 : 64
    let isSmall = x .< 1
    let scale = select(isSmall, layout.power(k), layout.power(-k))
    let unscale = select(isSmall, layout.power(k / 2), layout.power(-k / 2))
    let quotient = 1 / (x * scale)
    let root = quotient.squareRoot * unscale
    return select(x .== 0, quotient, select(x .< 0, layout.nan, root))
  }

  /// The real cube root, odd by construction.
  ///
  /// abs x = 2^(3q) m 2^j with m in [1, 2) and j = -1, 0, 1 (q is the exponent over 3 to nearest,
  /// so that no tie occurs). A polynomial times 2^(-j/3) is r, close to (m 2^j)^(-1/3); with the
  /// residual h = 1 - m 2^j r^3 the step r (1 + h/3 + 2 h^2/9) leaves h^3. The root is m 2^j r^2,
  /// in float64 with a Newton step whose residual is computed by fma; cubes come out exact.
  package static func cbrt(_ x: ScalarExpr) -> ScalarExpr {
    let layout = x.layout
    let a = x.absolute
    let value: ScalarExpr
    if layout.isWide {
      let isSmall = a .< layout.leastNormal
      let lifted = select(isSmall, a * 0x1p54, a)
      let root = cubeRoot(lifted, HyperbolicCoefficients.cubeRoot64, refining: true)
      value = root * select(isSmall, layout.power(-18), 1)
    } else {
      let wide = a.convert(to: .float64)
      value = cubeRoot(wide, HyperbolicCoefficients.cubeRootWide, refining: false)
        .convert(to: .float32)
    }
    // Positive and finite, by unsigned comparison.
    let one = layout.integer(1)
    let isOrdinary = (a.bitPattern - one) .< (layout.infinity.bitPattern - one)
    return select(isOrdinary, value.signed(like: x), x)
  }

  /// The cube root of a normal positive float64.
  private static func cubeRoot(
    _ a: ScalarExpr, _ coefficients: [ScalarExpr], refining: Bool
  ) -> ScalarExpr {
    let layout = a.layout
    let width = layout.integer(52)
    let counted = (a.bitPattern >> width) | layout.mask(0x4330_0000_0000_0000)
    let exponent = counted.asFloat - layout.constant(0x1p52 + 1023)
    let fraction = a.bitPattern & layout.mask(0x000f_ffff_ffff_ffff)
    let m = (fraction | layout.mask(0x3ff0_0000_0000_0000)).asFloat
    let q = (exponent * 0.3333333333333333).roundedEven
    let j = fma(q, -3, exponent)
    let isLow = j .< 0
    let isHigh = j .> 0
    let one = layout.constant(1)
    let scaled = m * select(isLow, layout.constant(0.5), select(isHigh, layout.constant(2), one))
    let factor = select(
      isLow, layout.constant(1.2599210498948732),
      select(isHigh, layout.constant(0.7937005259840998), one))

    let r = polynomial(m, coefficients) * factor
    let h = fma(-(r * r), scaled * r, 1)
    let refined = fma(r * h, fma(h, 0.2222222222222222, 0.3333333333333333), r)
    let square = refined * refined
    var root = scaled * square
    if refining {
      let power = SplitNumber(root, times: root)
      let residual = fma(-root, power.low, fma(-root, power.high, scaled))
      root = fma(residual, square * 0.3333333333333333, root)
    }
    let shift = layout.roundingShift(layout.bias)
    return root * ((q + shift).bitPattern << width).asFloat
  }

  /// sqrt(x^2 + y^2), infinite if one operand is, even beside a NaN (IEEE 754-2019, 9.2.1).
  ///
  /// float32 goes through float64, where squares neither overflow nor vanish; float64 scales by
  /// powers of two.
  package static func hypot(_ x: ScalarExpr, _ y: ScalarExpr) -> ScalarExpr {
    let layout = x.layout
    let a = x.absolute
    let b = y.absolute
    let value: ScalarExpr
    if layout.isWide {
      let greater = select(a .< b, b, a)
      let isBig = greater .> 0x1p510
      let isSmall = greater .< 0x1p-450
      let one = layout.constant(1)
      let scale = select(isBig, layout.power(-600), select(isSmall, layout.power(600), one))
      let unscale = select(isBig, layout.power(600), select(isSmall, layout.power(-600), one))
      let long = greater * scale
      let short = select(a .< b, a, b) * scale
      value = fma(long, long, short * short).squareRoot * unscale
    } else {
      let wideX = x.convert(to: .float64)
      let wideY = y.convert(to: .float64)
      value = fma(wideX, wideX, wideY * wideY).squareRoot.convert(to: .float32)
    }
    return select((a .== layout.infinity) | (b .== layout.infinity), layout.infinity, value)
  }
}
