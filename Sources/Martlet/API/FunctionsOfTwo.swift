// Functions of two tensors, one of which may be a host number: methods, and free functions.

import MartletIR

extension Tensor {
  /// The quotient rounded down; integers divided by 0 give 0.
  ///
  ///     floorDivide(Tensor([-7, 7]), 2)     // [-4, 3]
  public func floorDivide(
    _ other: some TensorConvertible, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    .elementwise(.floorDivide, self, other.asTensor, site: .exact(file, line))
  }

  /// The remainder of floor division, with the sign of the divisor: `%`.
  public func remainder(
    _ other: some TensorConvertible, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    .elementwise(.remainder, self, other.asTensor, site: .exact(file, line))
  }

  /// The greater of each two elements; NaN if either is.
  public func maximum(
    _ other: some TensorConvertible, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    .elementwise(.maximum, self, other.asTensor, site: .exact(file, line))
  }

  /// The lesser of each two elements; NaN if either is.
  public func minimum(
    _ other: some TensorConvertible, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    .elementwise(.minimum, self, other.asTensor, site: .exact(file, line))
  }

  /// The square root of the sum of the squares, without overflow on the way.
  public func hypot(
    _ other: some TensorConvertible, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    .elementwise(.hypot, self, other.asTensor, site: .exact(file, line))
  }

  /// The angle of the point (second, first) from the first axis, from -pi to pi.
  public func atan2(
    _ other: some TensorConvertible, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    .elementwise(.atan2, self, other.asTensor, site: .exact(file, line))
  }

  /// The first operand with the sign of the second; a NaN counts as positive.
  public func copysign(
    _ other: some TensorConvertible, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    .elementwise(.copysign, self, other.asTensor, site: .exact(file, line))
  }

  /// The neighbour of the first operand in the direction of the second.
  public func nextafter(
    _ other: some TensorConvertible, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    .elementwise(.nextafter, self, other.asTensor, site: .exact(file, line))
  }

  /// The logarithm of the sum of the exponentials, without overflow on the way.
  public func logaddexp(
    _ other: some TensorConvertible, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    .elementwise(.logaddexp, self, other.asTensor, site: .exact(file, line))
  }

  /// Whether both elements are true, or not 0.
  public func logicalAnd(
    _ other: some TensorConvertible, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    .elementwise(.logicalAnd, self, other.asTensor, site: .exact(file, line))
  }

  /// Whether either element is true, or not 0.
  public func logicalOr(
    _ other: some TensorConvertible, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    .elementwise(.logicalOr, self, other.asTensor, site: .exact(file, line))
  }

  /// Whether exactly one element is true, or not 0.
  public func logicalXor(
    _ other: some TensorConvertible, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    .elementwise(.logicalXor, self, other.asTensor, site: .exact(file, line))
  }

  /// Each element to a power.
  ///
  /// Integers wrap, and a negative integer power of integers is an error. `pow(2)` with the host
  /// integer 2 is `square()`.
  ///
  ///     Tensor([1, 2, 3]).pow(2)            // [1, 4, 9]
  public func pow(
    _ exponent: some TensorConvertible, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let exponent = exponent.asTensor
    if case .weak(.int(2)) = exponent.storage { return square(file: file, line: line) }
    return .elementwise(.pow, self, exponent, site: .exact(file, line))
  }
}

/// The quotient rounded down; integers divided by 0 give 0.
public func floorDivide(
  _ a: some TensorConvertible, _ b: some TensorConvertible, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  a.asTensor.floorDivide(b, file: file, line: line)
}

/// The remainder of floor division, with the sign of the divisor: `%`.
public func remainder(
  _ a: some TensorConvertible, _ b: some TensorConvertible, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  a.asTensor.remainder(b, file: file, line: line)
}

/// The greater of each two elements; NaN if either is.
public func maximum(
  _ a: some TensorConvertible, _ b: some TensorConvertible, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  a.asTensor.maximum(b, file: file, line: line)
}

/// The lesser of each two elements; NaN if either is.
public func minimum(
  _ a: some TensorConvertible, _ b: some TensorConvertible, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  a.asTensor.minimum(b, file: file, line: line)
}

/// The square root of the sum of the squares, without overflow on the way.
public func hypot(
  _ a: some TensorConvertible, _ b: some TensorConvertible, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  a.asTensor.hypot(b, file: file, line: line)
}

/// The angle of the point (second, first) from the first axis, from -pi to pi.
public func atan2(
  _ a: some TensorConvertible, _ b: some TensorConvertible, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  a.asTensor.atan2(b, file: file, line: line)
}

/// The first operand with the sign of the second; a NaN counts as positive.
public func copysign(
  _ a: some TensorConvertible, _ b: some TensorConvertible, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  a.asTensor.copysign(b, file: file, line: line)
}

/// The neighbour of the first operand in the direction of the second.
public func nextafter(
  _ a: some TensorConvertible, _ b: some TensorConvertible, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  a.asTensor.nextafter(b, file: file, line: line)
}

/// The logarithm of the sum of the exponentials, without overflow on the way.
public func logaddexp(
  _ a: some TensorConvertible, _ b: some TensorConvertible, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  a.asTensor.logaddexp(b, file: file, line: line)
}

/// Whether both elements are true, or not 0.
public func logicalAnd(
  _ a: some TensorConvertible, _ b: some TensorConvertible, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  a.asTensor.logicalAnd(b, file: file, line: line)
}

/// Whether either element is true, or not 0.
public func logicalOr(
  _ a: some TensorConvertible, _ b: some TensorConvertible, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  a.asTensor.logicalOr(b, file: file, line: line)
}

/// Whether exactly one element is true, or not 0.
public func logicalXor(
  _ a: some TensorConvertible, _ b: some TensorConvertible, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  a.asTensor.logicalXor(b, file: file, line: line)
}

/// Each element of the first operand to the power of the second's; see `Tensor.pow`.
public func pow(
  _ base: some TensorConvertible, _ exponent: some TensorConvertible,
  file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  base.asTensor.pow(exponent, file: file, line: line)
}
