// Literals: numbers that take the dtype of the tensor they meet, arrays of the default dtype.

import MartletIR
import MartletRuntime

extension Tensor: ExpressibleByIntegerLiteral {
  /// A literal that takes the dtype of the first tensor it meets; alone it is an int64.
  public init(integerLiteral value: Int64) { self.init(weak: .int(value)) }
}

extension Tensor: ExpressibleByFloatLiteral {
  /// A literal that takes the floating dtype of the first tensor it meets; alone it is a float32.
  public init(floatLiteral value: Double) { self.init(weak: .double(value)) }
}

extension Tensor: ExpressibleByBooleanLiteral {
  /// A literal that takes the dtype of the first tensor it meets; alone it is a bool.
  public init(booleanLiteral value: Bool) { self.init(weak: .bool(value)) }
}

extension Tensor: ExpressibleByArrayLiteral {
  /// The elements one after another along a new first axis, nested to any depth.
  ///
  /// Number literals have the default dtype: float32 if any of them is a float, else int64, or bool.
  /// Elements of different shapes are an error that names the first row that differs.
  ///
  ///     let x: Tensor = [[1, 2.5], [3, 4]]
  ///     print(x)     // Tensor([[1. , 2.5], [3. , 4. ]], shape=(2, 2), dtype=float32), on two lines
  public init(arrayLiteral elements: Tensor...) {
    self = Tensor.literal(elements)
  }

  /// The tensor itself: with this, `Tensor([1.5, 2])` and `Tensor(2.5)` are literals.
  public init(_ tensor: Tensor) { self = tensor }

  private static func literal(_ elements: [Tensor]) -> Tensor {
    if let poisoned = elements.first(where: \.isPoisoned) { return poisoned }
    return attempt(.frame) { () throws(TensorError) in
      guard let first = elements.first else {
        return Tensor(Handle(try Values.uninitialized(.defaultFloat, [0])))
      }
      for (row, element) in elements.enumerated() where element.shape != first.shape {
        throw TensorError(
          .shape, op: "array literal",
          reason: "row \(row) has shape \(element.shape) where row 0 has \(first.shape)",
          hint: "all rows of a literal have one shape")
      }
      let dtype = try promote(elements, "array literal")
      var values: [Value] = []
      for element in elements {
        switch element.storage {
        case .weak(let weak):
          guard let scalar = weak.scalar(as: dtype) else {
            throw TensorError(
              .value, op: "array literal", reason: "\(weak.text) does not fit in \(dtype)")
          }
          values.append(Values.scalar(scalar))
        case .handle(let handle):
          guard handle.tracking == nil, let value = handle.value else {
            return try stack(checked: elements, axis: 0, dtype: dtype)
          }
          values.append(value)
        }
      }
      return Tensor(Handle(try stacked(values, dtype)))
    }
  }

  /// The realized values along a new first axis, in `dtype`.
  private static func stacked(_ values: [Value], _ dtype: DType) throws(TensorError) -> Value {
    let shape = values[0].shape
    let result = try Values.uninitialized(dtype, try Tensor.shape([values.count] + shape, "stack"))
    let (count, byteCount) = (shape.elementCount, dtype.byteCount)
    for (row, value) in values.enumerated() {
      let target = result.buffer.pointer + row &* count &* byteCount
      if value.dtype == dtype {
        Values.copy(value, to: target)
      } else {
        for index in 0..<count {
          let element = Values.element(value, at: index).converted(to: dtype)
          Values.store(element, at: target + index &* byteCount)
        }
      }
    }
    return result
  }
}
