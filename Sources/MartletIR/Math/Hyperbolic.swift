// The hyperbolic functions sinh, cosh and tanh.

extension Elementary {
  /// The hyperbolic tangent, odd by construction and never above 1.
  ///
  /// Below 0.55, where tanh is about 1/2: x + x^3 P(x^2). Above: 1 - 2 / (e^2a + 1), a = abs x,
  /// whose subtrahend is at most half of 1 and so contributes half of its own error. At a >= 20
  /// (float32: 10) the result is 1.
  package static func tanh(_ x: ScalarExpr) -> ScalarExpr {
    typealias C = ExponentialCoefficients
    let layout = x.layout
    let a = x.absolute
    let z = a * a
    let near = fma(a * z, polynomial(z, layout.isWide ? C.tanh64 : C.tanh32), a)
    let doubled = (a + a).clamped(toAtMost: layout.isWide ? 40 : 20)
    let reduction = ExponentialReduction(natural: doubled, offset: layout.bias)
    let power = reduction.exponential * reduction.power
    let far = 1 - 2 / (power + 1)
    return select(a .< 0.55, near, far).signed(like: x)
  }

  /// (e^x - e^-x) / 2, odd by construction.
  package static func sinh(_ x: ScalarExpr) -> ScalarExpr {
    let layout = x.layout
    let a = x.absolute
    if !layout.isWide {
      let parts = HyperbolicParts(wide: a.convert(to: .float64))
      return parts.sinh.convert(to: .float32).signed(like: x)
    }
    let value = HyperbolicParts(a, estimate: select(a .< 1, 0, a)).sinh * 8
    // Where x is its own hyperbolic sine the divided parts could lose bits.
    return select(a .< 0x1p-30, a, value).signed(like: x)
  }

  /// (e^x + e^-x) / 2, even by construction.
  package static func cosh(_ x: ScalarExpr) -> ScalarExpr {
    let a = x.absolute
    if x.dtype == .float32 {
      return HyperbolicParts(wide: a.convert(to: .float64)).cosh.convert(to: .float32)
    }
    return HyperbolicParts(a, estimate: a).cosh * 8
  }
}

/// The hyperbolic functions of a = n ln 2 + r by the addition theorems, without a division: sinh a
/// = sinh(n ln 2) cosh r + cosh(n ln 2) sinh r, and the same with sinh and cosh exchanged for cosh
/// a, where the functions of n ln 2 are sums of 2^n / 2 and 2^-n / 2 and those of r short series.
///
/// cosh r is kept as 1 + c and sinh r as r + s, so that the last two additions alone round in full.
/// In float64 sinh would still cancel for n = 1 and r < 0; below 1 it takes n = 0, where sinh(0) is
/// 0 and only the series of sinh r counts, which is good to r = 1.
struct HyperbolicParts {
  let whole: (sinh: ScalarExpr, cosh: ScalarExpr)
  let r: ScalarExpr
  let c: ScalarExpr
  let s: ScalarExpr

  /// An eighth of the functions of a >= 0 in float64: 2^n / 16 stays in range.
  init(_ a: ScalarExpr, estimate: ScalarExpr) {
    let layout = a.layout
    let limit = 711.0
    let reduction = ExponentialReduction(
      natural: a.clamped(toAtMost: limit), offset: layout.bias - 4,
      estimate: estimate.clamped(toAtMost: limit))
    let power = reduction.power
    // From 2^-1000 on the other exponential is nothing beside the first.
    let shift = layout.roundingShift(layout.bias - 4)
    let field = (shift - reduction.n.clamped(toAtMost: 1000)).bitPattern
    let inverse = (field << layout.integer(layout.fractionBits)).asFloat
    whole = (power - inverse, power + inverse)
    r = reduction.r
    let z = r * r
    c = z * polynomial(z, HyperbolicCoefficients.cosh64)
    s = r * z * polynomial(z, HyperbolicCoefficients.sinh64)
  }

  /// The functions of a >= 0 in float64 arithmetic, for float32 arguments and results.
  init(wide a: ScalarExpr) {
    let layout = a.layout
    let shift = layout.roundingShift(layout.bias - 1)
    let x = a.clamped(toAtMost: 95)
    let shifted = fma(x, 1.4426950408889634, shift)
    let n = shifted - shift
    let power = (shifted.bitPattern << layout.integer(52)).asFloat
    let inverse = ((shift - n).bitPattern << layout.integer(52)).asFloat
    whole = (power - inverse, power + inverse)
    r = fma(n, -0.6931471805599453, x)
    let z = r * r
    c = z * polynomial(z, HyperbolicCoefficients.coshWide)
    s = r * z * polynomial(z, HyperbolicCoefficients.sinhWide)
  }

  var sinh: ScalarExpr {
    whole.sinh + fma(whole.cosh, r, fma(whole.sinh, c, whole.cosh * s))
  }

  var cosh: ScalarExpr {
    whole.cosh + fma(whole.sinh, r, fma(whole.cosh, c, whole.sinh * s))
  }
}
