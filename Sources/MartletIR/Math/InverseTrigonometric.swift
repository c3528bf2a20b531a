// The functions atan, atan2, asin and acos.

extension Elementary {
  /// atan x; odd bit for bit.
  package static func atan(_ x: ScalarExpr) -> ScalarExpr {
    let a = x.absolute
    if x.layout.isWide {
      // From 2^60 on the result is π/2 rounded; the clamp keeps 0 * infinity out.
      let direction = Direction(y: a.clamped(toAtMost: 0x1p60), x: x.layout.constant(1))
      return direction.angle(mirrored: nil).flippingSign(by: x)
    }
    let wide = a.convert(to: .float64)
    let isSteep = wide .> 1
    let angle = narrowArctangent(select(isSteep, 1, wide) / select(isSteep, wide, 1))
    return select(isSteep, InverseTrigonometricCoefficients.halfPi[0] - angle, angle)
      .convert(to: .float32).flippingSign(by: x)
  }

  /// The angle of the point (x, y) in (-π, π], with the signs of zeros and the infinities as in
  /// C99, F.9.1.4.
  package static func atan2(_ y: ScalarExpr, _ x: ScalarExpr) -> ScalarExpr {
    let (ay, ax) = (y.absolute, x.absolute)
    let angle =
      x.layout.isWide ? wideAngle(y: ay, x: ax, mirror: x) : narrowAngle(y: ay, x: ax, mirror: x)
    return select(x.isNaN | y.isNaN, x + y, angle.flippingSign(by: y))
  }

  /// asin x; odd bit for bit.
  ///
  /// x + x^3 R(x^2) up to 1/2, from there on π/2 - 2 asin(sqrt((1 - x)/2)), which is free of
  /// cancellation as 1 - x is exact there. NaN outside [-1, 1] comes from the square root.
  package static func asin(_ x: ScalarExpr) -> ScalarExpr {
    typealias C = InverseTrigonometricCoefficients
    let arc = Arc(x.absolute)
    let result: ScalarExpr
    if x.layout.isWide {
      let zero = x.layout.constant(0)
      result = arc.combined(
        base: select(arc.isShort, zero, C.halfPi[0]),
        baseLow: select(arc.isShort, zero, C.halfPi[1]),
        factor: select(arc.isShort, x.layout.constant(-1), 2), lead: arc.lead, tail: arc.tail)
    } else {
      let value = arc.lead + arc.tail
      result = select(arc.isShort, value, fma(value, -2, C.halfPi[0])).convert(to: .float32)
    }
    return result.flippingSign(by: x)
  }

  /// acos x; acos 1 is +0.
  ///
  /// π/2 - asin x up to 1/2 in magnitude; beyond, 2 asin(sqrt((1 - x)/2)) and, for x < 0,
  /// π - acos(-x).
  package static func acos(_ x: ScalarExpr) -> ScalarExpr {
    typealias C = InverseTrigonometricCoefficients
    let arc = Arc(x.absolute)
    let isNegative = x .< 0
    func base(_ part: Int) -> ScalarExpr {
      select(arc.isShort, C.halfPi[part], select(isNegative, C.pi[part], .literal(0, .float64)))
    }
    if x.layout.isWide {
      return arc.combined(
        base: base(0), baseLow: base(1), factor: select(arc.isShort, x.layout.constant(1), -2),
        lead: arc.lead.flippingSign(by: x), tail: arc.tail.flippingSign(by: x))
    }
    let value = (arc.lead + arc.tail).flippingSign(by: x.convert(to: .float64))
    let factor = select(arc.isShort, ScalarExpr.literal(-1, .float64), 2)
    return fma(value, factor, base(0)).convert(to: .float32)
  }

  /// atan t for 0 <= t <= 1 in float64, to about 2^-34 of its value.
  private static func narrowArctangent(_ t: ScalarExpr) -> ScalarExpr {
    let z = t * t
    return fma(polynomial(z, InverseTrigonometricCoefficients.arctangent32), z * t, t)
  }

  /// The angle of (|x|, |y|), or of its mirror image where `mirror` has its sign bit set, by
  /// float64 arithmetic, in which no quotient of float32 numbers overflows or vanishes.
  private static func narrowAngle(
    y: ScalarExpr, x: ScalarExpr, mirror: ScalarExpr
  ) -> ScalarExpr {
    typealias C = InverseTrigonometricCoefficients
    let isSteep = y .> x
    let small = select(isSteep, x, y).convert(to: .float64)
    let large = select(isSteep, y, x).convert(to: .float64)
    // 0/0 counts as 0, inf/inf as 1: equal zeros lie on the axis, equal infinities on the diagonal.
    let ratio = select(large .== 0, small, select(small .== large, 1, small / large))
    let angle = narrowArctangent(ratio)
    let first = select(isSteep, C.halfPi[0] - angle, angle)
    let isMirrored = mirror.bitPattern.bitcast(to: .int32) .< .literal(0, .int32)
    return select(isMirrored, C.pi[0] - first, first).convert(to: .float32)
  }

  /// As `narrowAngle` for float64: scales the point so that no product in `Direction` overflows,
  /// and puts (1, 0), (0, 1) or (1, 1) for points with an infinity, (1, 0) for the origin.
  private static func wideAngle(y: ScalarExpr, x: ScalarExpr, mirror: ScalarExpr) -> ScalarExpr {
    let layout = x.layout
    let largest = select(y .> x, y, x)
    let scale = select(
      largest .> 0x1p500, layout.power(-200), select(largest .< 0x1p-500, layout.power(600), 1))
    let isInfinite = largest .== layout.infinity
    func finite(_ v: ScalarExpr) -> ScalarExpr {
      select(isInfinite, select(v .== layout.infinity, layout.constant(1), 0), v * scale)
    }
    let direction = Direction(y: finite(y), x: select(largest .== 0, 1, finite(x)))
    return direction.angle(mirrored: mirror)
  }
}

/// A direction in the first quadrant, turned back by the angle of the nearest of five centres.
///
/// With c = tan of a centre's angle, atan(y/x) = atan c + atan((y - c x) / (x + c y)), here for the
/// centres 0, 13/32, 1, 5/2 and infinity, whose neighbours meet near tan(π/16), tan(3π/16), ...:
/// the remaining tangent is below 0.204. For x = 1 its numerator is exact: c is short and near y.
private struct Direction {
  let y: ScalarExpr
  let x: ScalarExpr
  /// The number of the centre, int32.
  private let centre: ScalarExpr
  private let numerator: ScalarExpr
  private let denominator: ScalarExpr
  /// What the denominator rounds away, where that counts: for the centre 13/32.
  private let denominatorLow: ScalarExpr

  init(y: ScalarExpr, x: ScalarExpr) {
    self.y = y
    self.x = x
    let bounds = [0.199, 0.668, 1.497, 5.03].map { (bound: Double) -> ScalarExpr in
      y .< x * .literal(bound, .float64)
    }
    func choice(_ values: [ScalarExpr]) -> ScalarExpr {
      var result = values[values.count - 1]
      for (isBelow, value) in zip(bounds, values).reversed() {
        result = select(isBelow, value, result)
      }
      return result
    }
    centre = choice([0, 1, 2, 3, 4].map { ScalarExpr.literal($0, .int32) })
    let c = choice([0, 0.40625, 1, 2.5].map { ScalarExpr.literal($0, .float64) })
    numerator = select(bounds[3], fma(-c, x, y), -x)
    let turned = fma(c, y, x)
    denominator = select(bounds[3], turned, y)
    denominatorLow = select(bounds[3], fma(c, y, x - turned), x.layout.constant(0))
  }

  /// The angle, or π minus the angle where `mirror` has its sign bit set.
  ///
  /// The quotient t is made good by its remainder and the centre's angle has two parts; their
  /// leading parts are added with the error kept, so little more than the last rounding counts.
  func angle(mirrored mirror: ScalarExpr?) -> ScalarExpr {
    typealias C = InverseTrigonometricCoefficients
    let top = mirror.map { numerator.flippingSign(by: $0) } ?? numerator
    let inverse = 1 / denominator
    let t = top * inverse
    let tLow = fma(-t, denominatorLow, fma(-t, denominator, top)) * inverse
    let z = t * t
    let bend = fma(polynomial(z, C.arctangent64), z * t, tLow)

    var row = centre
    if let mirror {
      let isMirrored = mirror.bitPattern.bitcast(to: .int64) .< .literal(0, .int64)
      row = row + select(isMirrored, .literal(5, .int32), .literal(0, .int32))
    }
    let base = row.lookup(in: C.centreAngle)
    let sum = base + t
    let sumLow = t - (sum - base)
    return sum + (sumLow + (row.lookup(in: C.centreAngleLow) + bend))
  }
}

/// asin of s, where s = a up to 1/2 and s = sqrt((1 - a)/2) beyond, in float64.
private struct Arc {
  /// Where a <= 1/2.
  let isShort: ScalarExpr
  /// s, rounded.
  let lead: ScalarExpr
  /// asin s - s; for float64 with the rounding error of the root, (z - s^2) / 2s.
  let tail: ScalarExpr

  init(_ magnitude: ScalarExpr) {
    typealias C = InverseTrigonometricCoefficients
    let a = magnitude.convert(to: .float64)
    let isShort = a .<= 0.5
    let z = select(isShort, a * a, fma(a, -0.5, 0.5))
    let s = select(isShort, a, z.squareRoot)
    self.isShort = isShort
    lead = s
    guard magnitude.layout.isWide else {
      tail = polynomial(z, C.arcsine32) * (z * s)
      return
    }
    let slope = select(s .== 0, 1, s + s)
    let rootLow = select(isShort, 0, fma(-s, s, z) / slope)
    tail = fma(polynomial(z, C.arcsine64), z * s, rootLow)
  }

  /// The sum base + baseLow - factor (lead + tail), rounded about once.
  ///
  /// base is 0 or not below abs(factor lead), so the first difference's rounding error is exact
  /// (T. J. Dekker, "A floating-point technique for extending the available precision", Numerische
  /// Mathematik 18, 1971).
  func combined(
    base: ScalarExpr, baseLow: ScalarExpr, factor: ScalarExpr, lead: ScalarExpr, tail: ScalarExpr
  ) -> ScalarExpr {
    let step = factor * lead
    let sum = base - step
    let sumLow = (base - sum) - step
    return sum + (sumLow + fma(-factor, tail, baseLow))
  }
}
