// Arithmetic and bit operators: between tensors, and with host numbers on either side.

import MartletIR

// A literal operand becomes a tensor by its literal conformance; the overloads with a scalar are
// for host variables. Three overloads an operator keep long formulas quick to type-check.

extension Tensor {
  /// The sum, element by element; of bool the logical or.
  ///
  ///     [1, 2] + Tensor([10, 20])      // [11, 22]
  public static func + (a: Tensor, b: Tensor) -> Tensor { elementwise(.add, a, b, site: .frame) }

  /// The difference, element by element; bool has none.
  public static func - (a: Tensor, b: Tensor) -> Tensor {
    elementwise(.subtract, a, b, site: .frame)
  }

  /// The product, element by element; of bool the logical and.
  public static func * (a: Tensor, b: Tensor) -> Tensor {
    elementwise(.multiply, a, b, site: .frame)
  }

  /// The true quotient, element by element: integers are divided as float32.
  ///
  ///     Tensor([1, 2]) / 2             // [0.5, 1.0]
  public static func / (a: Tensor, b: Tensor) -> Tensor {
    elementwise(.divide, a, b, site: .frame)
  }

  /// The remainder of floor division: it has the sign of the divisor, as in Python.
  ///
  ///     Tensor([-7, 7]) % 3            // [2, 1]
  public static func % (a: Tensor, b: Tensor) -> Tensor {
    elementwise(.remainder, a, b, site: .frame)
  }

  /// The negated elements; bool has none.
  public static prefix func - (x: Tensor) -> Tensor {
    if case .weak(let weak) = x.storage, let negated = weak.negated {
      return Tensor(weak: negated)
    }
    return elementwise(.negative, x, site: .frame)
  }

  /// The elements themselves.
  public static prefix func + (x: Tensor) -> Tensor { x }
}

/// The bits of integers, and the logic of bool.
extension Tensor {
  /// The bits set in both; of bool the logical and.
  public static func & (a: Tensor, b: Tensor) -> Tensor {
    elementwise(.bitwiseAnd, a, b, site: .frame)
  }

  /// The bits set in either; of bool the logical or.
  public static func | (a: Tensor, b: Tensor) -> Tensor {
    elementwise(.bitwiseOr, a, b, site: .frame)
  }

  /// The bits set in one of the two; of bool the exclusive or.
  public static func ^ (a: Tensor, b: Tensor) -> Tensor {
    elementwise(.bitwiseXor, a, b, site: .frame)
  }

  /// The bits that are not set; of bool the negation.
  @_disfavoredOverload
  public static prefix func ~ (x: Tensor) -> Tensor {
    elementwise(.bitwiseInvert, x, site: .frame)
  }

  /// The bits moved up; a count below 0 or of the width or more gives 0.
  ///
  /// Disfavored, so that `1 << 20` stays an `Int`: Swift's own shift of integers is generic, and a
  /// concrete operator would be taken before it.
  @_disfavoredOverload
  public static func << (a: Tensor, b: Tensor) -> Tensor {
    elementwise(.leftShift, a, b, site: .frame)
  }

  /// The bits moved down, with copies of the sign: over-wide counts give 0, or -1 below 0.
  @_disfavoredOverload
  public static func >> (a: Tensor, b: Tensor) -> Tensor {
    elementwise(.rightShift, a, b, site: .frame)
  }
}

// The other operand is a host number; see `TensorOperand` for why these are not members of
// `Tensor`.
extension TensorOperand {
  /// The sum with a host number, which takes the tensor's dtype.
  @_disfavoredOverload
  public static func + (a: Self, b: some TensorScalar) -> Tensor {
    Tensor.elementwise(.add, a.asTensor, b.asTensor, site: .frame)
  }

  /// The sum with a host number, which takes the tensor's dtype.
  @_disfavoredOverload
  public static func + (a: some TensorScalar, b: Self) -> Tensor {
    Tensor.elementwise(.add, a.asTensor, b.asTensor, site: .frame)
  }

  /// The difference with a host number, which takes the tensor's dtype.
  @_disfavoredOverload
  public static func - (a: Self, b: some TensorScalar) -> Tensor {
    Tensor.elementwise(.subtract, a.asTensor, b.asTensor, site: .frame)
  }

  /// The difference with a host number, which takes the tensor's dtype.
  @_disfavoredOverload
  public static func - (a: some TensorScalar, b: Self) -> Tensor {
    Tensor.elementwise(.subtract, a.asTensor, b.asTensor, site: .frame)
  }

  /// The product with a host number, which takes the tensor's dtype.
  @_disfavoredOverload
  public static func * (a: Self, b: some TensorScalar) -> Tensor {
    Tensor.elementwise(.multiply, a.asTensor, b.asTensor, site: .frame)
  }

  /// The product with a host number, which takes the tensor's dtype.
  @_disfavoredOverload
  public static func * (a: some TensorScalar, b: Self) -> Tensor {
    Tensor.elementwise(.multiply, a.asTensor, b.asTensor, site: .frame)
  }

  /// The quotient with a host number, which takes the tensor's dtype.
  @_disfavoredOverload
  public static func / (a: Self, b: some TensorScalar) -> Tensor {
    Tensor.elementwise(.divide, a.asTensor, b.asTensor, site: .frame)
  }

  /// The quotient with a host number, which takes the tensor's dtype.
  @_disfavoredOverload
  public static func / (a: some TensorScalar, b: Self) -> Tensor {
    Tensor.elementwise(.divide, a.asTensor, b.asTensor, site: .frame)
  }

  /// The remainder by a host number, which takes the tensor's dtype.
  @_disfavoredOverload
  public static func % (a: Self, b: some TensorScalar) -> Tensor {
    Tensor.elementwise(.remainder, a.asTensor, b.asTensor, site: .frame)
  }

  /// The remainder of a host number, which takes the tensor's dtype.
  @_disfavoredOverload
  public static func % (a: some TensorScalar, b: Self) -> Tensor {
    Tensor.elementwise(.remainder, a.asTensor, b.asTensor, site: .frame)
  }

  /// The bits set in the tensor and the host number.
  @_disfavoredOverload
  public static func & (a: Self, b: some TensorScalar) -> Tensor {
    Tensor.elementwise(.bitwiseAnd, a.asTensor, b.asTensor, site: .frame)
  }

  /// The bits set in the host number and the tensor.
  @_disfavoredOverload
  public static func & (a: some TensorScalar, b: Self) -> Tensor {
    Tensor.elementwise(.bitwiseAnd, a.asTensor, b.asTensor, site: .frame)
  }

  /// The bits set in the tensor or the host number.
  @_disfavoredOverload
  public static func | (a: Self, b: some TensorScalar) -> Tensor {
    Tensor.elementwise(.bitwiseOr, a.asTensor, b.asTensor, site: .frame)
  }

  /// The bits set in the host number or the tensor.
  @_disfavoredOverload
  public static func | (a: some TensorScalar, b: Self) -> Tensor {
    Tensor.elementwise(.bitwiseOr, a.asTensor, b.asTensor, site: .frame)
  }

  /// The bits set in either the tensor or the host number.
  @_disfavoredOverload
  public static func ^ (a: Self, b: some TensorScalar) -> Tensor {
    Tensor.elementwise(.bitwiseXor, a.asTensor, b.asTensor, site: .frame)
  }

  /// The bits set in either the host number or the tensor.
  @_disfavoredOverload
  public static func ^ (a: some TensorScalar, b: Self) -> Tensor {
    Tensor.elementwise(.bitwiseXor, a.asTensor, b.asTensor, site: .frame)
  }

  /// The bits moved up by a host number.
  @_disfavoredOverload
  public static func << (a: Self, b: some TensorScalar) -> Tensor {
    Tensor.elementwise(.leftShift, a.asTensor, b.asTensor, site: .frame)
  }

  /// The bits moved down by a host number.
  @_disfavoredOverload
  public static func >> (a: Self, b: some TensorScalar) -> Tensor {
    Tensor.elementwise(.rightShift, a.asTensor, b.asTensor, site: .frame)
  }
}
