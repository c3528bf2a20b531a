// The closed list of elementwise ops; each has one row in the op table.

/// An op that computes every element of its result from the elements at the same place.
///
/// The cases are grouped as their rows are (`OpTable/*.swift`); `definition` is the exhaustive
/// switch that makes a forgotten row a compile error.
package enum ElementwiseOp: UInt8, CaseIterable, Sendable, Hashable {
  // Arithmetic.
  case add
  case subtract
  case multiply
  case divide
  case floorDivide
  case remainder
  case negative
  case abs
  case square
  case reciprocal
  case fma
  case sign
  case maximum
  case minimum
  case clip
  case hypot
  case gradientProduct
  case annihilatingProduct

  // Rounding and floating-point structure.
  case floor
  case ceil
  case trunc
  case round
  case copysign
  case nextafter
  case signbit
  case isnan
  case isinf
  case isfinite

  // Comparison and choice.
  case equal
  case notEqual
  case less
  case lessEqual
  case greater
  case greaterEqual
  case select

  // Bits and logic.
  case bitwiseAnd
  case bitwiseOr
  case bitwiseXor
  case bitwiseInvert
  case leftShift
  case rightShift
  case philox
  case logicalAnd
  case logicalOr
  case logicalXor
  case logicalNot

  // Powers, exponentials, logarithms.
  case sqrt
  case rsqrt
  case cbrt
  case pow
  case exp
  case exp2
  case expm1
  case log
  case log2
  case log10
  case log1p
  case logaddexp
  case sigmoid
  case softplus

  // Trigonometric and hyperbolic functions, the error function.
  case sin
  case cos
  case tan
  case asin
  case acos
  case atan
  case atan2
  case sinh
  case cosh
  case tanh
  case asinh
  case acosh
  case atanh
  case erf
  case erfc
}

extension ElementwiseOp: CustomStringConvertible {
  /// The op's name in messages, dumps and plans.
  package var description: String { definition.name }

  /// The row of this op.
  package var definition: OpDefinition { OpTable.rows[Int(rawValue)] }

  package var arity: Int { definition.arity }

  /// The dtype of the result where the operands have been brought to `dtype`.
  package func resultDType(computingIn dtype: DType) -> DType {
    definition.rule.yieldsBool ? .bool : dtype
  }
}
