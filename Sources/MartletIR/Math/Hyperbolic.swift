// The hyperbolic functions tanh, sinh and cosh.

extension Elementary {
  /// Below 0.55, where tanh is about 1/2: x + x^3 P(x^2). Above: 1 - 2 / (e^2a + 1), a = abs x, whose
  /// subtrahend is at most half of 1 and so contributes half of its own error. At a >= 20
  /// (float32: 10) the result is 1. Odd by construction and never above 1.
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
}
