// The functions whose accuracy is measured, and what computes their exact values.

import Glibc
import MartletIR
import Testing

#if arch(x86_64)
  /// Reference values of float64 functions: 64-bit significands, 11 bits more than the results
  /// have.
  typealias Wide = Float80
#else
  /// Without an 80-bit type the float64 functions are measured on the golden points alone.
  typealias Wide = Double
#endif

/// A function of one argument with its reference in both precisions.
struct UnaryFunction: Sendable, CustomTestStringConvertible {
  let op: ElementwiseOp
  /// Float32 arguments: glibc's float64 functions err by less than 2^-28 of a float32 ULP.
  let double: @Sendable (Double) -> Double
  let wide: @Sendable (Wide) -> Wide

  init(
    _ op: ElementwiseOp, _ double: @escaping @Sendable (Double) -> Double,
    _ wide: @escaping @Sendable (Wide) -> Wide
  ) {
    self.op = op
    self.double = double
    self.wide = wide
  }

  var testDescription: String { op.description }

  static let all: [UnaryFunction] = [
    UnaryFunction(.sqrt, { $0.squareRoot() }, { $0.squareRoot() }),
    UnaryFunction(.rsqrt, { 1 / $0.squareRoot() }, { 1 / $0.squareRoot() }),
    UnaryFunction(.reciprocal, { 1 / $0 }, { 1 / $0 }),
    UnaryFunction(.cbrt, { cbrt($0) }, { cbrt($0) }),
    UnaryFunction(.exp, { exp($0) }, { exp($0) }),
    UnaryFunction(.exp2, { exp2($0) }, { exp2($0) }),
    UnaryFunction(.expm1, { expm1($0) }, { expm1($0) }),
    UnaryFunction(.log, { log($0) }, { log($0) }),
    UnaryFunction(.log2, { log2($0) }, { log2($0) }),
    UnaryFunction(.log10, { log10($0) }, { log10($0) }),
    UnaryFunction(.log1p, { log1p($0) }, { log1p($0) }),
    UnaryFunction(.sigmoid, { 1 / (1 + exp(-$0)) }, { 1 / (1 + exp(-$0)) }),
    UnaryFunction(
      .softplus, { $0.isNaN ? $0 : max($0, 0) + log1p(exp(-abs($0))) },
      { $0.isNaN ? $0 : max($0, 0) + log1p(exp(-abs($0))) }),
    UnaryFunction(.sin, { sin($0) }, { sin($0) }),
    UnaryFunction(.cos, { cos($0) }, { cos($0) }),
    UnaryFunction(.tan, { tan($0) }, { tan($0) }),
    UnaryFunction(.asin, { asin($0) }, { asin($0) }),
    UnaryFunction(.acos, { acos($0) }, { acos($0) }),
    UnaryFunction(.atan, { atan($0) }, { atan($0) }),
    UnaryFunction(.sinh, { sinh($0) }, { sinh($0) }),
    UnaryFunction(.cosh, { cosh($0) }, { cosh($0) }),
    UnaryFunction(.tanh, { tanh($0) }, { tanh($0) }),
    UnaryFunction(.asinh, { asinh($0) }, { asinh($0) }),
    UnaryFunction(.acosh, { acosh($0) }, { acosh($0) }),
    UnaryFunction(.atanh, { atanh($0) }, { atanh($0) }),
    UnaryFunction(.erf, { erf($0) }, { erf($0) }),
    UnaryFunction(.erfc, { erfc($0) }, { erfc($0) }),
  ]
}

/// A function of two arguments with its reference.
struct BinaryFunction: Sendable, CustomTestStringConvertible {
  let op: ElementwiseOp
  let double: @Sendable (Double, Double) -> Double
  let wide: @Sendable (Wide, Wide) -> Wide

  init(
    _ op: ElementwiseOp, _ double: @escaping @Sendable (Double, Double) -> Double,
    _ wide: @escaping @Sendable (Wide, Wide) -> Wide
  ) {
    self.op = op
    self.double = double
    self.wide = wide
  }

  var testDescription: String { op.description }

  static let all: [BinaryFunction] = [
    BinaryFunction(.pow, { pow($0, $1) }, { pow($0, $1) }),
    BinaryFunction(.atan2, { atan2($0, $1) }, { atan2($0, $1) }),
    BinaryFunction(.hypot, { hypot($0, $1) }, { hypot($0, $1) }),
    BinaryFunction(
      .logaddexp, { Double(logAddExp(Wide($0), Wide($1))) }, { logAddExp($0, $1) }),
  ]

  private static func logAddExp(_ a: Wide, _ b: Wide) -> Wide {
    if a.isNaN || b.isNaN { return .nan }
    if a == b { return a + log(2) }
    return max(a, b) + log1p(exp(-abs(a - b)))
  }
}
