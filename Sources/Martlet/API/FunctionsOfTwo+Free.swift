// Functions of two tensors as free functions; either operand may be a host number.

// An array literal is a tensor by the overload with two tensors; numbers, literal or not, take the
// generic one, which names the same op.

/// The quotient rounded down; integers divided by 0 give 0.
public func floorDivide(
  _ a: Tensor, _ b: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  a.floorDivide(b, file: file, line: line)
}
/// As for two tensors, where one may be a host number, which takes the tensor's dtype.
public func floorDivide(
  _ a: some TensorConvertible, _ b: some TensorConvertible, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  a.asTensor.floorDivide(b.asTensor, file: file, line: line)
}

/// The remainder of floor division, with the sign of the divisor: `%`.
public func remainder(
  _ a: Tensor, _ b: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  a.remainder(b, file: file, line: line)
}
/// As for two tensors, where one may be a host number, which takes the tensor's dtype.
public func remainder(
  _ a: some TensorConvertible, _ b: some TensorConvertible, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  a.asTensor.remainder(b.asTensor, file: file, line: line)
}

/// The greater of each two elements; NaN if either is.
public func maximum(
  _ a: Tensor, _ b: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  a.maximum(b, file: file, line: line)
}
/// As for two tensors, where one may be a host number, which takes the tensor's dtype.
public func maximum(
  _ a: some TensorConvertible, _ b: some TensorConvertible, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  a.asTensor.maximum(b.asTensor, file: file, line: line)
}

/// The lesser of each two elements; NaN if either is.
public func minimum(
  _ a: Tensor, _ b: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  a.minimum(b, file: file, line: line)
}
/// As for two tensors, where one may be a host number, which takes the tensor's dtype.
public func minimum(
  _ a: some TensorConvertible, _ b: some TensorConvertible, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  a.asTensor.minimum(b.asTensor, file: file, line: line)
}

/// The square root of the sum of the squares, without overflow on the way.
public func hypot(
  _ a: Tensor, _ b: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  a.hypot(b, file: file, line: line)
}
/// As for two tensors, where one may be a host number, which takes the tensor's dtype.
public func hypot(
  _ a: some TensorConvertible, _ b: some TensorConvertible, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  a.asTensor.hypot(b.asTensor, file: file, line: line)
}

/// The angle of the point (second, first) from the first axis, from -pi to pi.
public func atan2(
  _ a: Tensor, _ b: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  a.atan2(b, file: file, line: line)
}
/// As for two tensors, where one may be a host number, which takes the tensor's dtype.
public func atan2(
  _ a: some TensorConvertible, _ b: some TensorConvertible, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  a.asTensor.atan2(b.asTensor, file: file, line: line)
}

/// The first operand with the sign of the second; a NaN counts as positive.
public func copysign(
  _ a: Tensor, _ b: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  a.copysign(b, file: file, line: line)
}
/// As for two tensors, where one may be a host number, which takes the tensor's dtype.
public func copysign(
  _ a: some TensorConvertible, _ b: some TensorConvertible, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  a.asTensor.copysign(b.asTensor, file: file, line: line)
}

/// The neighbour of the first operand in the direction of the second.
public func nextafter(
  _ a: Tensor, _ b: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  a.nextafter(b, file: file, line: line)
}
/// As for two tensors, where one may be a host number, which takes the tensor's dtype.
public func nextafter(
  _ a: some TensorConvertible, _ b: some TensorConvertible, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  a.asTensor.nextafter(b.asTensor, file: file, line: line)
}

/// The logarithm of the sum of the exponentials, without overflow on the way.
public func logaddexp(
  _ a: Tensor, _ b: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  a.logaddexp(b, file: file, line: line)
}
/// As for two tensors, where one may be a host number, which takes the tensor's dtype.
public func logaddexp(
  _ a: some TensorConvertible, _ b: some TensorConvertible, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  a.asTensor.logaddexp(b.asTensor, file: file, line: line)
}

/// Whether both elements are true, or not 0.
public func logicalAnd(
  _ a: Tensor, _ b: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  a.logicalAnd(b, file: file, line: line)
}
/// As for two tensors, where one may be a host number, which takes the tensor's dtype.
public func logicalAnd(
  _ a: some TensorConvertible, _ b: some TensorConvertible, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  a.asTensor.logicalAnd(b.asTensor, file: file, line: line)
}

/// Whether either element is true, or not 0.
public func logicalOr(
  _ a: Tensor, _ b: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  a.logicalOr(b, file: file, line: line)
}
/// As for two tensors, where one may be a host number, which takes the tensor's dtype.
public func logicalOr(
  _ a: some TensorConvertible, _ b: some TensorConvertible, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  a.asTensor.logicalOr(b.asTensor, file: file, line: line)
}

/// Whether exactly one element is true, or not 0.
public func logicalXor(
  _ a: Tensor, _ b: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  a.logicalXor(b, file: file, line: line)
}
/// As for two tensors, where one may be a host number, which takes the tensor's dtype.
public func logicalXor(
  _ a: some TensorConvertible, _ b: some TensorConvertible, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  a.asTensor.logicalXor(b.asTensor, file: file, line: line)
}

/// Each element of the first operand to the power of the second's; see `Tensor.pow`.
public func pow(
  _ a: Tensor, _ b: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  a.pow(b, file: file, line: line)
}
/// As for two tensors, where one may be a host number, which takes the tensor's dtype.
public func pow(
  _ a: some TensorConvertible, _ b: some TensorConvertible, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  a.asTensor.pow(b.asTensor, file: file, line: line)
}
