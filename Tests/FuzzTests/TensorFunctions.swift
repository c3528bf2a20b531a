// The functions of the API that random programs call, by number.

import Martlet

/// Functions of the API by number.
enum Functions {
  static let unary: [(name: String, apply: @Sendable (Tensor) -> Tensor)] = [
    ("abs", { $0.abs() }), ("-", { -$0 }), ("square", { $0.square() }), ("sign", { $0.sign() }),
    ("floor", { $0.floor() }), ("round", { $0.round() }), ("isNaN", { $0.isNaN() }),
    ("signbit", { $0.signbit() }), ("logicalNot", { $0.logicalNot() }), ("~", { ~$0 }),
    ("sqrt", { $0.sqrt() }), ("exp", { $0.exp() }), ("log", { $0.log() }), ("sin", { $0.sin() }),
    ("tanh", { $0.tanh() }), ("erf", { $0.erf() }), ("sigmoid", { $0.sigmoid() }),
    ("relu", { $0.relu() }), ("gelu", { $0.gelu() }), ("reciprocal", { $0.reciprocal() }),
    ("softmax", { $0.softmax() }), ("flatten", { $0.flatten() }), ("T", { $0.T }),
    ("squeeze", { $0.squeeze() }), ("negative", { $0.negative() }), ("cbrt", { $0.cbrt() }),
    ("rsqrt", { $0.rsqrt() }), ("exp2", { $0.exp2() }), ("expm1", { $0.expm1() }),
    ("log2", { $0.log2() }), ("log10", { $0.log10() }), ("log1p", { $0.log1p() }),
    ("softplus", { $0.softplus() }), ("silu", { $0.silu() }), ("cos", { $0.cos() }),
    ("tan", { $0.tan() }), ("asin", { $0.asin() }), ("acos", { $0.acos() }),
    ("atan", { $0.atan() }), ("sinh", { $0.sinh() }), ("cosh", { $0.cosh() }),
    ("asinh", { $0.asinh() }), ("acosh", { $0.acosh() }), ("atanh", { $0.atanh() }),
    ("erfc", { $0.erfc() }), ("logSoftmax", { $0.logSoftmax() }),
  ]

  static let binary: [(name: String, apply: @Sendable (Tensor, Tensor) -> Tensor)] = [
    ("+", { $0 + $1 }), ("-", { $0 - $1 }), ("*", { $0 * $1 }), ("/", { $0 / $1 }),
    ("%", { $0 % $1 }), ("floorDivide", { $0.floorDivide($1) }), (".<", { $0 .< $1 }),
    (".==", { $0 .== $1 }), (".>=", { $0 .>= $1 }), ("&", { $0 & $1 }), ("|", { $0 | $1 }),
    ("^", { $0 ^ $1 }), ("<<", { $0 << $1 }), (">>", { $0 >> $1 }),
    ("maximum", { $0.maximum($1) }), ("minimum", { $0.minimum($1) }), ("atan2", { $0.atan2($1) }),
    ("hypot", { $0.hypot($1) }), ("copysign", { $0.copysign($1) }),
    ("logicalAnd", { $0.logicalAnd($1) }), ("pow", { $0.pow($1) }),
    ("logaddexp", { $0.logaddexp($1) }),
  ]

  static let ternary: [(name: String, apply: @Sendable (Tensor, Tensor, Tensor) -> Tensor)] = [
    ("clip", { $0.clip(min: $1, max: $2) }), ("fma", { $0.fma($1, $2) }),
  ]

  static let reductions: [(name: String, apply: @Sendable (Tensor, [Int], Bool) -> Tensor)] = [
    ("sum", { sum($0, axis: $1, keepDims: $2) }), ("prod", { prod($0, axis: $1, keepDims: $2) }),
    ("mean", { mean($0, axis: $1, keepDims: $2) }),
    ("max", { x, axes, keep in axes.first.map { x.max(axis: $0, keepDims: keep) } ?? x.max() }),
    ("min", { x, axes, keep in axes.first.map { x.min(axis: $0, keepDims: keep) } ?? x.min() }),
    ("any", { x, axes, keep in axes.first.map { x.any(axis: $0, keepDims: keep) } ?? x.any() }),
    ("all", { x, axes, keep in axes.first.map { x.all(axis: $0, keepDims: keep) } ?? x.all() }),
    ("var", { x, axes, keep in x.var(axis: axes, keepDims: keep) }),
    (
      "logSumExp",
      { x, axes, keep in
        axes.first.map { x.logSumExp(axis: $0, keepDims: keep) } ?? x.logSumExp()
      }
    ),
    ("argmax", { x, axes, keep in x.argmax(axis: axes.first, keepDims: keep) }),
  ]

  static let scans: [(name: String, apply: @Sendable (Tensor, Int, Bool) -> Tensor)] = [
    ("cumulativeSum", { $0.cumulativeSum(axis: $1, includeInitial: $2) }),
    ("cumulativeProduct", { $0.cumulativeProduct(axis: $1, includeInitial: $2) }),
    ("cumulativeMax", { x, axis, _ in x.cumulativeMax(axis: axis) }),
    ("cumulativeMin", { x, axis, _ in x.cumulativeMin(axis: axis) }),
    (
      "cumulativeSum to int16",
      { $0.cumulativeSum(axis: $1, dtype: .int16, includeInitial: $2) }
    ),
  ]
}
