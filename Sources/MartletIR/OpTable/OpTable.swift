// The op table: which row belongs to which op.

/// The table of elementwise ops; a case without a row does not compile.
package enum OpTable {
  /// The rows in the order of `ElementwiseOp`'s raw values.
  package static let rows: [OpDefinition] = ElementwiseOp.allCases.map(row)

  private static func row(_ op: ElementwiseOp) -> OpDefinition {
    switch op {
    case .add: .add
    case .subtract: .subtract
    case .multiply: .multiply
    case .divide: .divide
    case .floorDivide: .floorDivide
    case .remainder: .remainder
    case .negative: .negative
    case .abs: .abs
    case .square: .square
    case .reciprocal: .reciprocal
    case .fma: .fma
    case .sign: .sign
    case .maximum: .maximum
    case .minimum: .minimum
    case .clip: .clip
    case .hypot: .hypot
    case .gradientProduct: .gradientProduct
    case .annihilatingProduct: .annihilatingProduct
    case .floor: .floor
    case .ceil: .ceil
    case .trunc: .trunc
    case .round: .round
    case .copysign: .copysign
    case .nextafter: .nextafter
    case .signbit: .signbit
    case .isnan: .isnan
    case .isinf: .isinf
    case .isfinite: .isfinite
    case .equal: .equal
    case .notEqual: .notEqual
    case .less: .less
    case .lessEqual: .lessEqual
    case .greater: .greater
    case .greaterEqual: .greaterEqual
    case .select: .select
    case .bitwiseAnd: .bitwiseAnd
    case .bitwiseOr: .bitwiseOr
    case .bitwiseXor: .bitwiseXor
    case .bitwiseInvert: .bitwiseInvert
    case .leftShift: .leftShift
    case .rightShift: .rightShift
    case .philox: .philox
    case .logicalAnd: .logicalAnd
    case .logicalOr: .logicalOr
    case .logicalXor: .logicalXor
    case .logicalNot: .logicalNot
    case .sqrt: .sqrt
    case .rsqrt: .rsqrt
    case .cbrt: .cbrt
    case .pow: .pow
    case .exp: .exp
    case .exp2: .exp2
    case .expm1: .expm1
    case .log: .log
    case .log2: .log2
    case .log10: .log10
    case .log1p: .log1p
    case .logaddexp: .logaddexp
    case .sigmoid: .sigmoid
    case .softplus: .softplus
    case .sin: .sin
    case .cos: .cos
    case .tan: .tan
    case .asin: .asin
    case .acos: .acos
    case .atan: .atan
    case .atan2: .atan2
    case .sinh: .sinh
    case .cosh: .cosh
    case .tanh: .tanh
    case .asinh: .asinh
    case .acosh: .acosh
    case .atanh: .atanh
    case .erf: .erf
    case .erfc: .erfc
    }
  }
}

extension OpDefinition {
  /// `g ⊙ d` (R24): a cotangent that is exactly zero contributes exactly zero, whatever `d` is.
  static func product(_ g: ScalarExpr, _ d: ScalarExpr) -> ScalarExpr {
    .apply(.gradientProduct, g, d)
  }

  /// The cost of a transcendental function, with an addition as 1.
  static let functionCost = 15

  /// A row for a function of one float whose derivative is `derivative(x, f(x))`.
  static func function(
    _ name: String, domain: Domain = .all, accuracy: Accuracy = .function,
    cost: Int = functionCost, _ meaning: @escaping @Sendable (ScalarExpr) -> ScalarExpr,
    derivative: @escaping @Sendable (_ x: ScalarExpr, _ y: ScalarExpr) -> ScalarExpr
  ) -> OpDefinition {
    OpDefinition(
      name, 1, .floating, domain: domain, accuracy: accuracy, cost: cost,
      meaning: { meaning($0[0]) },
      gradient: { x, y, g in [product(g, derivative(x[0], y))] })
  }
}
