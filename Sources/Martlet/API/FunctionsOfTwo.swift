// Functions of two tensors, one of which may be a host number: methods, and free functions.

import MartletIR

extension Tensor {
  /// The quotient rounded down; integers divided by 0 give 0.
  ///
  ///     floorDivide(Tensor([-7, 7]), 2)     // [-4, 3]
  public func floorDivide(
    _ other: Tensor, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    .elementwise(.floorDivide, self, other, site: .exact(file, line))
  }

  /// The remainder of floor division, with the sign of the divisor: `%`.
  public func remainder(
    _ other: Tensor, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    .elementwise(.remainder, self, other, site: .exact(file, line))
  }

  /// The greater of each two elements; NaN if either is.
  public func maximum(
    _ other: Tensor, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    .elementwise(.maximum, self, other, site: .exact(file, line))
  }

  /// The lesser of each two elements; NaN if either is.
  public func minimum(
    _ other: Tensor, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    .elementwise(.minimum, self, other, site: .exact(file, line))
  }

  /// The square root of the sum of the squares, without overflow on the way.
  public func hypot(
    _ other: Tensor, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    .elementwise(.hypot, self, other, site: .exact(file, line))
  }

  /// The angle of the point (second, first) from the first axis, from -pi to pi.
  public func atan2(
    _ other: Tensor, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    .elementwise(.atan2, self, other, site: .exact(file, line))
  }

  /// The first operand with the sign of the second; a NaN counts as positive.
  public func copysign(
    _ other: Tensor, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    .elementwise(.copysign, self, other, site: .exact(file, line))
  }

  /// The neighbour of the first operand in the direction of the second.
  public func nextafter(
    _ other: Tensor, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    .elementwise(.nextafter, self, other, site: .exact(file, line))
  }

  /// The logarithm of the sum of the exponentials, without overflow on the way.
  public func logaddexp(
    _ other: Tensor, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    .elementwise(.logaddexp, self, other, site: .exact(file, line))
  }

  /// Whether both elements are true, or not 0.
  public func logicalAnd(
    _ other: Tensor, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    .elementwise(.logicalAnd, self, other, site: .exact(file, line))
  }

  /// Whether either element is true, or not 0.
  public func logicalOr(
    _ other: Tensor, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    .elementwise(.logicalOr, self, other, site: .exact(file, line))
  }

  /// Whether exactly one element is true, or not 0.
  public func logicalXor(
    _ other: Tensor, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    .elementwise(.logicalXor, self, other, site: .exact(file, line))
  }

  /// Each element to a power.
  ///
  /// Integers wrap, and a negative integer power of integers is an error. `pow(2)` with the host
  /// integer 2 is `square()`.
  ///
  ///     Tensor([1, 2, 3]).pow(2)            // [1, 4, 9]
  public func pow(
    _ exponent: Tensor, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    if case .weak(.int(2)) = exponent.storage { return square(file: file, line: line) }
    return .elementwise(.pow, self, exponent, site: .exact(file, line))
  }
}

/// The same methods with a host number, which takes the tensor's dtype.
extension Tensor {
  /// As for a tensor.
  public func floorDivide(
    _ other: some TensorScalar, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    floorDivide(other.asTensor, file: file, line: line)
  }

  /// As for a tensor.
  public func remainder(
    _ other: some TensorScalar, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    remainder(other.asTensor, file: file, line: line)
  }

  /// As for a tensor.
  public func maximum(
    _ other: some TensorScalar, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    maximum(other.asTensor, file: file, line: line)
  }

  /// As for a tensor.
  public func minimum(
    _ other: some TensorScalar, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    minimum(other.asTensor, file: file, line: line)
  }

  /// As for a tensor.
  public func hypot(
    _ other: some TensorScalar, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    hypot(other.asTensor, file: file, line: line)
  }

  /// As for a tensor.
  public func atan2(
    _ other: some TensorScalar, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    atan2(other.asTensor, file: file, line: line)
  }

  /// As for a tensor.
  public func copysign(
    _ other: some TensorScalar, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    copysign(other.asTensor, file: file, line: line)
  }

  /// As for a tensor.
  public func nextafter(
    _ other: some TensorScalar, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    nextafter(other.asTensor, file: file, line: line)
  }

  /// As for a tensor.
  public func logaddexp(
    _ other: some TensorScalar, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    logaddexp(other.asTensor, file: file, line: line)
  }

  /// As for a tensor.
  public func logicalAnd(
    _ other: some TensorScalar, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    logicalAnd(other.asTensor, file: file, line: line)
  }

  /// As for a tensor.
  public func logicalOr(
    _ other: some TensorScalar, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    logicalOr(other.asTensor, file: file, line: line)
  }

  /// As for a tensor.
  public func logicalXor(
    _ other: some TensorScalar, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    logicalXor(other.asTensor, file: file, line: line)
  }

  /// As for a tensor.
  public func pow(
    _ other: some TensorScalar, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    pow(other.asTensor, file: file, line: line)
  }
}
