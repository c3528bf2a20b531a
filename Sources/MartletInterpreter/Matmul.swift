// Matrix products: the reference, a triple loop.

package import MartletIR

extension Interpreter {
  func product(
    _ a: Value, _ b: Value, _ dtype: DType, _ shape: Shape
  ) throws(TensorError) -> Value {
    let output = try allocate(dtype, shape)
    guard shape.elementCount > 0 else { return output }
    guard a.shape[a.shape.rank - 1] > 0 else {
      fill(output.base, with: Scalar(dtype: dtype, bits: 0), count: shape.elementCount)
      return output
    }
    try matmul(a, b, output)
    return output
  }

  /// The matrix products of `a` and `b` into the row-major `output`: sums in the order of the inner
  /// axis, each product rounded by itself.
  package static func referenceMatmul(
    _ a: Value, _ b: Value, _ output: Value
  ) throws(TensorError) {
    switch output.dtype {
    case .bool: multiply(a, b, output, Truth.self)
    case .int8: multiply(a, b, output, Int8.self)
    case .int16: multiply(a, b, output, Int16.self)
    case .int32: multiply(a, b, output, Int32.self)
    case .int64: multiply(a, b, output, Int64.self)
    case .uint8: multiply(a, b, output, UInt8.self)
    case .uint16: multiply(a, b, output, UInt16.self)
    case .uint32: multiply(a, b, output, UInt32.self)
    case .uint64: multiply(a, b, output, UInt64.self)
    case .float32: multiply(a, b, output, Float.self)
    case .float64: multiply(a, b, output, Double.self)
    }
  }
}

private func multiply<T: Element>(_ a: Value, _ b: Value, _ output: Value, _: T.Type) {
  let rank = output.shape.rank
  let (rows, columns) = (output.shape[rank - 2], output.shape[rank - 1])
  let inner = a.shape[rank - 1]
  let zero = T(Scalar(dtype: output.dtype, bits: 0))
  let (aStrides, bStrides) = (a.layout.strides(for: a.shape), b.layout.strides(for: b.shape))
  let (aRow, aColumn) = (aStrides[rank - 2], aStrides[rank - 1])
  let (bRow, bColumn) = (bStrides[rank - 2], bStrides[rank - 1])
  var c = output.base.assumingMemoryBound(to: T.self)
  for batch in 0..<(output.shape.elementCount / (rows * columns)) {
    var left = a.base.assumingMemoryBound(to: T.self)
    var right = b.base.assumingMemoryBound(to: T.self)
    var rest = batch
    for axis in stride(from: rank - 3, through: 0, by: -1) {
      let index = rest % output.shape[axis]
      rest /= output.shape[axis]
      if a.shape[axis] > 1 { left += index &* aStrides[axis] }
      if b.shape[axis] > 1 { right += index &* bStrides[axis] }
    }
    for i in 0..<rows {
      c.update(repeating: zero, count: columns)
      for k in 0..<inner {
        let x = left[i &* aRow &+ k &* aColumn]
        let row = right + k &* bRow
        if bColumn == 1 {
          for j in 0..<columns { c[j] = T.sum(c[j], T.product(x, row[j])) }
        } else {
          for j in 0..<columns { c[j] = T.sum(c[j], T.product(x, row[j &* bColumn])) }
        }
      }
      c += columns
    }
  }
}
