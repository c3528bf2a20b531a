// The error function and its complement.

extension Elementary {
  /// erf x = x + x q(x^2) near 0; odd bit for bit and never above 1.
  ///
  /// float32: from 1 on 1 - (1 - u)^8 for a = abs x and a polynomial u(a), 1 minus the eighth root
  /// of erfc, so that no exponential is needed. (1 - u)^2 = 1 - v with v = 2u - u^2, and
  /// (1 - v)^2 = (1 - 2v) + v^2: each step is taken in the form that rounds the smaller number.
  /// float64: from 1 on 1 - erfc, whose error the subtraction scales by 0.2 or less.
  package static func erf(_ x: ScalarExpr) -> ScalarExpr {
    typealias C = ErrorFunctionCoefficients
    let a = x.absolute
    let z = x * x
    if x.layout.isWide {
      let near = fma(x, polynomial(z, C.small64), x)
      let far = 1 - ScaledComplement(a.clamped(toAtMost: 6)).erfc
      return select(a .< 1, near, far.signed(like: x))
    }
    let near = fma(x, polynomial(z, C.small32), x)
    let u = polynomial(a.clamped(toAtMost: 3.95), C.large32)
    let v = fma(-u, u, u + u)
    let fourth = fma(v, v, fma(v, -2, 1))
    return select(a .< 1, near, fma(-fourth, fourth, 1).signed(like: x))
  }

  /// erfc x = 1 - erf x, with its relative accuracy down to the subnormal results.
  ///
  /// float32: by float64 arithmetic from exp(-x^2) and a polynomial, and 2 minus that for x < 0.
  /// float64: below 1/2 in magnitude (1 - x) - x q(x^2), with the error of the first difference.
  package static func erfc(_ x: ScalarExpr) -> ScalarExpr {
    typealias C = ErrorFunctionCoefficients
    let a = x.absolute
    guard x.layout.isWide else { return narrowComplement(x) }
    let lead = 1 - x
    let leadLow = (1 - lead) - x
    let near = lead + fma(-x, polynomial(x * x, C.small64), leadLow)
    let tail = ScaledComplement(a.clamped(toAtMost: 27.3)).erfc
    return select(a .< 0.5, near, select(x .< 0, 2 - tail, tail))
  }

  private static func narrowComplement(_ x: ScalarExpr) -> ScalarExpr {
    typealias C = ErrorFunctionCoefficients
    // Beyond 10.1 the result rounds to 0.
    let a = x.absolute.clamped(toAtMost: 10.1).convert(to: .float64)
    let inverse = 1 / (a + 3)
    let scaled = polynomial((a - 3) * inverse, C.scaled32) * inverse
    let reduction = ExponentialReduction(natural: -(a * a), offset: a.layout.bias)
    let r = reduction.r
    let excess = fma(r * r, polynomial(r, ExponentialCoefficients.expWide), r)
    let tail = fma(scaled, excess, scaled) * reduction.power
    return select(x .< 0, 2 - tail, tail).convert(to: .float32)
  }
}

/// erfc a for float64 and 1/2 <= a <= 27.3, as exp(-a^2) Q(t) / (a + 3), t = (a - 3) / (a + 3).
///
/// The map takes the half line to a short interval, on which (a + 3) exp(a^2) erfc a is smooth
/// (M. Shepherd and J. Laframboise, "Chebyshev approximation of (1 + 2x) exp(x^2) erfc x",
/// Mathematics of Computation 36, 1981). What t, the leading sum of Q, the quotient, a^2 and the
/// reduction of exp round away is carried along, so that the error is that of S in Q = c0 + t S, of
/// exp(-a^2) - 1 scaled by 0.4, and of the last addition.
private struct ScaledComplement {
  let erfc: ScalarExpr

  init(_ a: ScalarExpr) {
    typealias C = ErrorFunctionCoefficients
    let denominator = a + 3
    let increment = denominator - a
    let denominatorLow = (a - (denominator - increment)) + (3 - increment)
    let inverse = 1 / denominator
    let inverseLow = inverse * fma(-inverse, denominatorLow, fma(-inverse, denominator, 1))
    let offset = a - 3
    let offsetLow = a - (offset + 3)
    let t = offset * inverse
    let remainder = fma(-t, denominatorLow, fma(-t, denominator, offset) + offsetLow)
    let tLow = remainder * inverse

    // Q(t + tLow) = c0 + t S(t) + tLow Q'(t), as the rounded sum q and what it lacks.
    let slope = polynomial(t, C.scaledSlope)
    let s = polynomial(t, Array(C.scaled64.dropFirst()))
    let step = t * s
    let stepLow = fma(t, s, -step) + fma(tLow, slope, C.scaled64Low)
    let q = step + C.scaled64[0]
    let stepRounded = q - C.scaled64[0]
    let qLow = ((step - stepRounded) + (C.scaled64[0] - (q - stepRounded))) + stepLow
    let scaled = q * inverse
    let scaledLow = fma(q, inverse, -scaled) + fma(q, inverseLow, qLow * inverse)

    let square = a * a
    let squareLow = fma(a, a, -square)
    let reduction = ExponentialReduction(natural: -square, offset: 2 * a.layout.bias)
    let r = reduction.r
    let low = reduction.rLow - squareLow
    // exp(r + low) - 1 = r + (r^2 b(r) + low exp r).
    let bend = r * r * polynomial(r, ExponentialCoefficients.exp64)
    let excess = r + (bend + fma(low, r + bend, low))
    let growth = fma(scaled, excess, fma(scaledLow, excess, scaledLow))
    erfc = reduction.scaledDown(scaled + growth)
  }
}
