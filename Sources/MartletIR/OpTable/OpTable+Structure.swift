// The rows of rounding, of the parts of a float, of comparison and choice.

extension OpDefinition {
  static let floor = rounding("floor") { $0.floor }
  static let ceil = rounding("ceil") { $0.ceil }
  static let trunc = rounding("trunc") { $0.truncated }
  static let round = rounding("round") { $0.roundedEven }

  /// R32: the sign of a NaN is not shown, so `copysign(x, NaN)` is `abs(x)`.
  static let copysign = OpDefinition(
    "copysign", 2, .floating, cost: 3,
    meaning: { operands in
      let (x, y) = (operands[0], operands[1])
      let sign = signMask(x.dtype)
      let signed = ((x.bitPattern & ~sign) | (y.bitPattern & sign)).bitcast(to: x.dtype)
      return MartletIR.select(y.isNaN, x.absolute, signed)
    },
    gradient: { x, _, g in
      let one = ScalarExpr.literal(1, g.dtype)
      return [product(g, .apply(.sign, x[0]) * .apply(.copysign, one, x[1])), nil]
    })

  /// IEEE 754 nextUp and nextDown towards the second operand: the neighbour in bit order.
  static let nextafter = OpDefinition(
    "nextafter", 2, .floating, cost: 8,
    meaning: { operands in
      let (x, y) = (operands[0], operands[1])
      let bits = x.bitPattern
      let one = ScalarExpr.literal(1, bits.dtype)
      let away = (x .< y) ^ (x .< 0)
      let moved = MartletIR.select(away, bits + one, bits - one).bitcast(to: x.dtype)
      let least = ((y.bitPattern & signMask(x.dtype)) | one).bitcast(to: x.dtype)
      let stepped = MartletIR.select(x .== 0, least, moved)
      let settled = MartletIR.select(x .== y, y, stepped)
      return MartletIR.select(x.isNaN | y.isNaN, x + y, settled)
    }, noGradient: .bitPattern)

  /// R32: false for NaN, whatever its sign bit.
  static let signbit = OpDefinition(
    "signbit", 1, .floatPredicate,
    meaning: { operands in
      let x = operands[0]
      return ((x.bitPattern & signMask(x.dtype)) .!= 0) & ~x.isNaN
    })

  static let isnan = OpDefinition("isnan", 1, .floatPredicate, meaning: { $0[0].isNaN })

  static let isinf = OpDefinition(
    "isinf", 1, .floatPredicate,
    meaning: { $0[0].absolute .== .literal(.infinity, $0[0].dtype) })

  static let isfinite = OpDefinition(
    "isfinite", 1, .floatPredicate,
    meaning: { $0[0].absolute .< .literal(.infinity, $0[0].dtype) })

  static let equal = comparison("equal") { $0 .== $1 }
  static let notEqual = comparison("not_equal") { $0 .!= $1 }
  static let less = comparison("less") { $0 .< $1 }
  static let lessEqual = comparison("less_equal") { $0 .<= $1 }
  static let greater = comparison("greater") { $0 .> $1 }
  static let greaterEqual = comparison("greater_equal") { $0 .>= $1 }

  /// R23: a select of bits.
  static let select = OpDefinition(
    "where", 3, .choice, meaning: { MartletIR.select($0[0], $0[1], $0[2]) },
    gradient: { x, _, g in
      let zero = ScalarExpr.literal(0, g.dtype)
      return [nil, MartletIR.select(x[0], g, zero), MartletIR.select(x[0], zero, g)]
    })

  /// A constant with only the sign bit set, of the dtype that carries `dtype`'s bits.
  private static func signMask(_ dtype: DType) -> ScalarExpr {
    .bits(1 << UInt64(dtype.bitWidth - 1), dtype.bits)
  }

  /// R29, R30: integers are their own rounding.
  private static func rounding(
    _ name: String, _ meaning: @escaping @Sendable (ScalarExpr) -> ScalarExpr
  ) -> OpDefinition {
    OpDefinition(
      name, 1, .number, cost: 2, meaning: { $0[0].dtype.isFloatingPoint ? meaning($0[0]) : $0[0] },
      noGradient: .piecewiseConstant)
  }

  private static func comparison(
    _ name: String, _ meaning: @escaping @Sendable (ScalarExpr, ScalarExpr) -> ScalarExpr
  ) -> OpDefinition {
    OpDefinition(name, 2, .comparison, meaning: { meaning($0[0], $0[1]) })
  }
}
