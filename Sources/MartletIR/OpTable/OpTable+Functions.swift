// The rows of the elementary functions; their algorithms are in `Math`.

extension OpDefinition {
  static let sqrt = function(
    "sqrt", domain: .positive, accuracy: .exact, cost: 10,
    { $0.squareRoot }, derivative: { _, y in 0.5 / y })

  static let rsqrt = function(
    "rsqrt", domain: .positive, Elementary.rsqrt, derivative: { x, y in -0.5 * (y / x) })

  static let cbrt = function("cbrt", Elementary.cbrt, derivative: { _, y in 1 / (3 * (y * y)) })

  /// R25 for floats; R26 for integers: squarings that wrap, and a flag for a negative exponent.
  static let pow = OpDefinition(
    "pow", 2, .number, accuracy: Accuracy(float32: 4, float64: 4), cost: 2 * functionCost,
    meaning: { $0[0].dtype.isFloatingPoint ? Elementary.pow($0[0], $0[1]) : power($0[0], $0[1]) },
    gradient: { x, z, g in
      let (base, exponent) = (x[0], x[1])
      let zero = ScalarExpr.literal(0, g.dtype)
      let byBase = exponent * .apply(.pow, base, exponent - 1)
      let byExponent = z * .apply(.log, base)
      return [
        product(g, MartletIR.select(exponent .== 0, zero, byBase)),
        product(g, MartletIR.select((base .== 0) & (exponent .>= 0), zero, byExponent)),
      ]
    })

  static let exp = function("exp", Elementary.exp, derivative: { _, y in y })
  static let exp2 = function(
    "exp2", Elementary.exp2, derivative: { _, y in 0.6931471805599453 * y })
  static let expm1 = function("expm1", Elementary.expm1, derivative: { _, y in y + 1 })
  static let log = function(
    "log", domain: .positive, Elementary.log, derivative: { x, _ in 1 / x })
  static let log2 = function(
    "log2", domain: .positive, Elementary.log2, derivative: { x, _ in 1.4426950408889634 / x })
  static let log10 = function(
    "log10", domain: .positive, Elementary.log10, derivative: { x, _ in 0.4342944819032518 / x })
  static let log1p = function(
    "log1p", domain: .aboveMinusOne, Elementary.log1p, derivative: { x, _ in 1 / (1 + x) })

  static let logaddexp = OpDefinition(
    "logaddexp", 2, .floating, accuracy: Accuracy(float32: 4, float64: 4), cost: 2 * functionCost,
    meaning: { Elementary.logaddexp($0[0], $0[1]) },
    gradient: { x, _, g in
      // The weight of x is exp(x - z) = sigmoid(x - y); equal operands share, infinite ones too.
      let half = ScalarExpr.literal(0.5, g.dtype)
      let tie = x[0] .== x[1]
      return [
        product(g, MartletIR.select(tie, half, .apply(.sigmoid, x[0] - x[1]))),
        product(g, MartletIR.select(tie, half, .apply(.sigmoid, x[1] - x[0]))),
      ]
    })

  static let sigmoid = function("sigmoid", Elementary.sigmoid, derivative: { _, y in y * (1 - y) })
  static let softplus = function(
    "softplus", Elementary.softplus, derivative: { x, _ in .apply(.sigmoid, x) })

  static let sin = function("sin", Elementary.sin, derivative: { x, _ in .apply(.cos, x) })
  static let cos = function("cos", Elementary.cos, derivative: { x, _ in -.apply(.sin, x) })
  static let tan = function("tan", Elementary.tan, derivative: { _, y in 1 + y * y })
  static let asin = function(
    "asin", domain: .unit, Elementary.asin,
    derivative: { x, _ in 1 / .apply(.sqrt, (1 - x) * (1 + x)) })
  static let acos = function(
    "acos", domain: .unit, Elementary.acos,
    derivative: { x, _ in -1 / .apply(.sqrt, (1 - x) * (1 + x)) })
  static let atan = function("atan", Elementary.atan, derivative: { x, _ in 1 / (1 + x * x) })

  static let atan2 = OpDefinition(
    "atan2", 2, .floating, accuracy: Accuracy(float32: 4, float64: 4), cost: 2 * functionCost,
    meaning: { Elementary.atan2($0[0], $0[1]) },
    gradient: { x, _, g in
      let radius = ScalarExpr.apply(.hypot, x[0], x[1])
      return [product(g, x[1] / radius / radius), product(g, -(x[0] / radius / radius))]
    })

  static let sinh = function("sinh", Elementary.sinh, derivative: { x, _ in .apply(.cosh, x) })
  static let cosh = function("cosh", Elementary.cosh, derivative: { x, _ in .apply(.sinh, x) })
  static let tanh = function("tanh", Elementary.tanh, derivative: { _, y in (1 - y) * (1 + y) })
  static let asinh = function(
    "asinh", Elementary.asinh,
    derivative: { x, _ in 1 / .apply(.hypot, x, .literal(1, x.dtype)) })
  static let acosh = function(
    "acosh", domain: .aboveOne, Elementary.acosh,
    derivative: { x, _ in 1 / .apply(.sqrt, (x - 1) * (x + 1)) })
  static let atanh = function(
    "atanh", domain: .unit, Elementary.atanh, derivative: { x, _ in 1 / ((1 - x) * (1 + x)) })

  static let erf = function(
    "erf", accuracy: Accuracy(float32: 4, float64: 4), Elementary.erf,
    derivative: { x, _ in 1.1283791670955126 * .apply(.exp, -(x * x)) })
  static let erfc = function(
    "erfc", accuracy: Accuracy(float32: 4, float64: 4), Elementary.erfc,
    derivative: { x, _ in -1.1283791670955126 * .apply(.exp, -(x * x)) })

  /// Integer powers by squaring, one step a bit of the exponent, wrapping.
  private static func power(_ base: ScalarExpr, _ exponent: ScalarExpr) -> ScalarExpr {
    let dtype = base.dtype
    let one = ScalarExpr.literal(1, dtype)
    var result = one
    var square = base
    for bit in 0..<(dtype.bitWidth - (dtype.isSigned ? 1 : 0)) {
      let isSet = ((exponent >> .literal(Double(bit), dtype)) & one) .!= 0
      result = MartletIR.select(isSet, result * square, result)
      square = square * square
    }
    return dtype.isSigned
      ? result.raising(.negativeIntegerPower, where: exponent .< 0) : result
  }
}
