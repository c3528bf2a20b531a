// The functions sin, cos and tan.

extension Elementary {
  /// sin x; sin(-x) = -sin x bit for bit.
  package static func sin(_ x: ScalarExpr) -> ScalarExpr {
    if x.layout.isWide {
      let reduction = QuadrantReduction(x.absolute)
      return reduction.rotatedSine(quarterTurns: 0, signBits: x.bitPattern)
    }
    let reduction = HalfTurnReduction(x.absolute)
    return narrowSine(reduction).convert(to: .float32).flippingSign(by: x)
  }

  /// cos x; cos(-x) = cos x bit for bit.
  package static func cos(_ x: ScalarExpr) -> ScalarExpr {
    if x.layout.isWide {
      return QuadrantReduction(x.absolute).rotatedSine(quarterTurns: 1, signBits: nil)
    }
    return narrowSine(HalfTurnReduction(x.absolute, shifted: true)).convert(to: .float32)
  }

  /// tan x = r / (r cot r) in even quadrants, -(r cot r) / r in odd ones; odd bit for bit.
  ///
  /// r cot r = 1 + r^2 P(r^2) has its nearest poles at r = ±π and so needs few terms.
  package static func tan(_ x: ScalarExpr) -> ScalarExpr {
    typealias C = TrigonometricCoefficients
    if x.layout.isWide { return wideTangent(QuadrantReduction(x.absolute)).flippingSign(by: x) }
    let reduction = HalfTurnReduction(quarter: x.absolute)
    let r = reduction.r
    let z = r * r
    let cotangent = fma(polynomial(z, C.cotangent32), z, 1)
    let isEven = reduction.isEven
    let quotient = select(isEven, r, -cotangent) / select(isEven, cotangent, r)
    return quotient.convert(to: .float32).flippingSign(by: x)
  }

  /// sin(r + n π) = (-1)^n sin r in float64, to about 2^-35 of its value.
  private static func narrowSine(_ reduction: HalfTurnReduction) -> ScalarExpr {
    let r = reduction.r
    let z = r * r
    let sine = fma(polynomial(z, TrigonometricCoefficients.sine32), z * r, r)
    let sign = reduction.counter.bitPattern << .literal(63, .uint64)
    return (sine.bitPattern ^ sign).asFloat
  }

  /// The tangent for float64, of a reduced argument r + s.
  ///
  /// With c + d = (r + s) cot(r + s) as an unevaluated sum, the quotient q of the leading parts is
  /// made good by the remainder: a/b = q + (a - q b) / b, where the remainder of the leading parts
  /// is exact. The derivative of r cot r, -2r/3 - 4r^3/45 - ..., carries s into d. What is left is
  /// the error of c + d, 0.2 of a rounding of r^2 P, and the last addition's.
  private static func wideTangent(_ reduction: QuadrantReduction) -> ScalarExpr {
    typealias C = TrigonometricCoefficients
    let (r, s) = (reduction.r, reduction.rLow)
    let z = r * r
    let excess = polynomial(z, C.cotangent64) * z
    let c = 1 + excess
    let slope = fma(z, -0x1.6c16cp-4, -0x1.55555p-1)
    let d = fma(r * s, slope, (1 - c) + excess)
    let isEven = (reduction.counter.bitPattern & .literal(1, .uint64)) .== 0
    let numerator = select(isEven, r, -c)
    let numeratorLow = select(isEven, s, -d)
    let denominator = select(isEven, c, r)
    let denominatorLow = select(isEven, d, s)
    let inverse = 1 / denominator
    let q = numerator * inverse
    let remainder = fma(-q, denominator, numerator) + fma(-q, denominatorLow, numeratorLow)
    return fma(remainder, inverse, q)
  }
}

extension QuadrantReduction {
  /// sin((counter + quarterTurns) π/2 + r + rLow), its sign flipped where `signBits` has a sign.
  ///
  /// sin(r + s) = r + (r^3 S(r^2) + s (1 - r^2/2)) and cos(r + s) = 1 - r^2/2 + (r^4 C(r^2) - r s),
  /// in which the roundings of r^2 and of 1 - r^2/2 are kept; so only the last addition's rounding
  /// counts, and a few of numbers below 0.1.
  fileprivate func rotatedSine(quarterTurns: Int, signBits: ScalarExpr?) -> ScalarExpr {
    typealias C = TrigonometricCoefficients
    let z = r * r
    let zLow = fma(r, r, -z)
    let half = z * 0.5
    let sine = r + fma(z * r, polynomial(z, C.sine64), rLow * (1 - half))
    let lead = 1 - half
    let rest = (1 - lead) - half
    let small = fma(zLow, -0.5, rest) - r * rLow
    let cosine = lead + fma(z * z, polynomial(z, C.cosine64), small)

    let layout = r.layout
    let bits = counter.bitPattern
    let turns = quarterTurns == 0 ? bits : bits + layout.integer(quarterTurns)
    let isEven = (turns & layout.integer(1)) .== layout.integer(0)
    let value = select(isEven, sine, cosine)
    let flips = turns << layout.integer(62)
    let sign = (signBits.map { flips ^ $0 } ?? flips) & layout.signMask
    return (value.bitPattern ^ sign).asFloat
  }
}

extension ScalarExpr {
  /// This value, negated where `source` has its sign bit set.
  func flippingSign(by source: ScalarExpr) -> ScalarExpr {
    (bitPattern ^ (source.bitPattern & layout.signMask)).asFloat
  }
}
