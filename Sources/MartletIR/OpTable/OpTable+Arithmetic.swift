// The rows of arithmetic: sums, products, quotients, and what selects between numbers.

extension OpDefinition {
  static let add = OpDefinition(
    "add", 2, .numberOrBool, meaning: { $0[0] + $0[1] }, gradient: { _, _, g in [g, g] })

  static let subtract = OpDefinition(
    "subtract", 2, .number, meaning: { $0[0] - $0[1] }, gradient: { _, _, g in [g, -g] })

  static let multiply = OpDefinition(
    "multiply", 2, .numberOrBool, meaning: { $0[0] * $0[1] },
    gradient: { x, _, g in [product(g, x[1]), product(g, x[0])] })

  static let divide = OpDefinition(
    "divide", 2, .floating, cost: 8, meaning: { $0[0] / $0[1] },
    gradient: { x, y, g in [product(g, 1 / x[1]), product(g, -(y / x[1]))] })

  static let floorDivide = OpDefinition(
    "floor_divide", 2, .number, cost: 20, meaning: { floorQuotient($0[0], $0[1]) },
    noGradient: .piecewiseConstant)

  static let remainder = OpDefinition(
    "remainder", 2, .number, cost: 20, meaning: { floorRemainder($0[0], $0[1]) },
    gradient: { x, _, g in [g, product(g, -.apply(.floorDivide, x[0], x[1]))] })

  static let negative = OpDefinition(
    "negative", 1, .number, meaning: { -$0[0] }, gradient: { _, _, g in [-g] })

  static let abs = OpDefinition(
    "abs", 1, .number, meaning: { $0[0].absolute },
    gradient: { x, _, g in [product(g, .apply(.sign, x[0]))] })

  static let square = OpDefinition(
    "square", 1, .number, meaning: { $0[0] * $0[0] },
    gradient: { x, _, g in [product(g, 2 * x[0])] })

  static let reciprocal = OpDefinition(
    "reciprocal", 1, .floating, cost: 8, meaning: { 1 / $0[0] },
    gradient: { _, y, g in [product(g, -(y * y))] })

  static let fma = OpDefinition(
    "fma", 3, .floating, meaning: { MartletIR.fma($0[0], $0[1], $0[2]) },
    gradient: { x, _, g in [product(g, x[1]), product(g, x[0]), g] })

  /// R28: both zeros give +0, NaN stays.
  static let sign = OpDefinition(
    "sign", 1, .number,
    meaning: { operands in
      let x = operands[0]
      let positive = MartletIR.select(0 .< x, .literal(1, x.dtype), .literal(0, x.dtype))
      guard x.dtype.isSigned else { return positive }
      let signed = MartletIR.select(x .< 0, .literal(-1, x.dtype), positive)
      return x.dtype.isFloatingPoint ? MartletIR.select(x.isNaN, x, signed) : signed
    }, noGradient: .piecewiseConstant)

  static let maximum = OpDefinition(
    "maximum", 2, .numberOrBool, cost: 2, meaning: { larger($0[0], $0[1]) },
    gradient: { x, _, g in
      [product(g, share(x[0] .> x[1], x[0], x[1])), product(g, share(x[1] .> x[0], x[1], x[0]))]
    })

  static let minimum = OpDefinition(
    "minimum", 2, .numberOrBool, cost: 2, meaning: { smaller($0[0], $0[1]) },
    gradient: { x, _, g in
      [product(g, share(x[0] .< x[1], x[0], x[1])), product(g, share(x[1] .< x[0], x[1], x[0]))]
    })

  /// R21, with the derivatives of R24: x on the closed interval, a bound strictly outside it.
  static let clip = OpDefinition(
    "clip", 3, .number, cost: 4, meaning: { smaller(larger($0[0], $0[1]), $0[2]) },
    gradient: { x, _, g in
      let (low, high) = (x[1], x[2])
      let crossed = low .> high
      let above = (x[0] .> high) | crossed
      let below = (x[0] .< low) & ~crossed
      let inside = ~(above | below)
      return [inside, below, above].map {
        product(g, MartletIR.select($0, .literal(1, g.dtype), .literal(0, g.dtype)))
      }
    })

  static let hypot = OpDefinition(
    "hypot", 2, .floating, accuracy: Accuracy(float32: 4, float64: 4), cost: 24,
    meaning: { Elementary.hypot($0[0], $0[1]) },
    gradient: { x, y, g in
      let zero = ScalarExpr.literal(0, g.dtype)
      return [x[0], x[1]].map { product(g, MartletIR.select(y .== 0, zero, $0 / y)) }
    })

  /// R24's product, +0 where the cotangent is zero; its derivatives are those of the product.
  ///
  /// By d it is ct g, and there both factors may be the zero of a branch that was not taken, with
  /// the other one infinite or NaN.
  static let gradientProduct = OpDefinition(
    "gradient_product", 2, .floating, cost: 2,
    meaning: { operands in
      let (g, d) = (operands[0], operands[1])
      return MartletIR.select(g .== 0, .literal(0, g.dtype), g * d)
    },
    gradient: { x, _, ct in [product(ct, x[1]), .apply(.annihilatingProduct, ct, x[0])] })

  /// The product that is +0 where either factor is zero, whatever the other one is.
  static let annihilatingProduct = OpDefinition(
    "annihilating_product", 2, .floating, cost: 3,
    meaning: { operands in
      let (a, b) = (operands[0], operands[1])
      return MartletIR.select((a .== 0) | (b .== 0), .literal(0, a.dtype), a * b)
    },
    gradient: { x, _, ct in
      [.apply(.annihilatingProduct, ct, x[1]), .apply(.annihilatingProduct, ct, x[0])]
    })

  /// R18: NaN wins, and of equal values (the zeros) the second.
  private static func larger(_ a: ScalarExpr, _ b: ScalarExpr) -> ScalarExpr {
    if a.dtype == .bool { return a | b }
    let greater = MartletIR.select(b .< a, a, b)
    return a.dtype.isFloatingPoint ? MartletIR.select(a.isNaN, a, greater) : greater
  }

  private static func smaller(_ a: ScalarExpr, _ b: ScalarExpr) -> ScalarExpr {
    if a.dtype == .bool { return a & b }
    let less = MartletIR.select(a .< b, a, b)
    return a.dtype.isFloatingPoint ? MartletIR.select(a.isNaN, a, less) : less
  }

  /// 1 where `wins`, a half on ties, 1 for a NaN of the operand's own, else 0.
  private static func share(
    _ wins: ScalarExpr, _ own: ScalarExpr, _ other: ScalarExpr
  ) -> ScalarExpr {
    let (zero, one) = (ScalarExpr.literal(0, own.dtype), ScalarExpr.literal(1, own.dtype))
    return MartletIR.select(
      wins | own.isNaN, one,
      MartletIR.select(own .== other, .literal(0.5, own.dtype), zero))
  }

  /// Floor division (R2 for integers, R6 for floats).
  private static func floorQuotient(_ a: ScalarExpr, _ b: ScalarExpr) -> ScalarExpr {
    guard a.dtype.isFloatingPoint else {
      let q = ScalarExpr.operation(.quotient, [a, b]).raising(.divideByZero, where: b .== 0)
      guard a.dtype.isSigned else { return q }
      let r = ScalarExpr.operation(.remainder, [a, b])
      return MartletIR.select(needsFloor(r, b), q - 1, q)
    }
    // Python's divmod: q from (a - fmod(a, b)) / b, corrected to the divisor's sign and rounded.
    let m = ScalarExpr.operation(.remainderFloat, [a, b])
    let d = (a - m) / b
    let adjusted = MartletIR.select(needsFloor(m, b), d - 1, d)
    let f = adjusted.floor
    let rounded = MartletIR.select(adjusted - f .> 0.5, f + 1, f)
    let zero = ScalarExpr.apply(.copysign, .literal(0, a.dtype), a / b)
    let finite = MartletIR.select(adjusted .== 0, zero, rounded)
    return MartletIR.select(b .== 0, a / b, finite)
  }

  /// The remainder with the sign of the divisor (R3, R6).
  private static func floorRemainder(_ a: ScalarExpr, _ b: ScalarExpr) -> ScalarExpr {
    guard a.dtype.isFloatingPoint else {
      let r = ScalarExpr.operation(.remainder, [a, b]).raising(.divideByZero, where: b .== 0)
      return a.dtype.isSigned ? MartletIR.select(needsFloor(r, b), r + b, r) : r
    }
    let m = ScalarExpr.operation(.remainderFloat, [a, b])
    let zero = ScalarExpr.apply(.copysign, .literal(0, a.dtype), b)
    return MartletIR.select(m .== 0, zero, MartletIR.select(needsFloor(m, b), m + b, m))
  }

  /// Whether a truncated remainder is non-zero and its sign differs from the divisor's.
  private static func needsFloor(_ remainder: ScalarExpr, _ divisor: ScalarExpr) -> ScalarExpr {
    (remainder .!= 0) & ((remainder .< 0) ^ (divisor .< 0))
  }
}
