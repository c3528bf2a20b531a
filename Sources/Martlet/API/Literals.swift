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

// Literals by name, so that `[1, .nan]` needs no type.
extension Tensor {
  /// The literal NaN: it takes the floating dtype of the first tensor it meets.
  ///
  ///     let x: Tensor = [1, .nan, -.infinity]      // float32
  public static var nan: Tensor { Tensor(weak: .double(.nan)) }

  /// The literal infinity: it takes the floating dtype of the first tensor it meets.
  public static var infinity: Tensor { Tensor(weak: .double(.infinity)) }
}

extension Tensor: ExpressibleByArrayLiteral {
  /// The elements one after another along a new first axis, nested to any depth.
  ///
  /// Number literals have the default dtype: float32 if any of them is a float, else int64, or
  /// bool. Elements of different shapes are an error that names the first row that differs.
  ///
  ///     let x: Tensor = [[1, 2.5], [3, 4]]
  ///     print(x)
  ///     // Tensor([[1. , 2.5],
  ///     //         [3. , 4. ]], shape=(2, 2), dtype=float32)
  public init(arrayLiteral elements: Tensor...) {
    self = Tensor.attempt(.frame) { () throws(TensorError) in try Tensor.literal(elements) }
  }

  /// The tensor itself: with this, `Tensor([1.5, 2])` and `Tensor(2.5)` are literals.
  public init(_ tensor: Tensor) { self = tensor }

  /// The elements along a new first axis, in `dtype` or the one that they share.
  private static func literal(
    _ elements: [Tensor], _ dtype: DType? = nil
  ) throws(TensorError) -> Tensor {
    if let poisoned = elements.first(where: \.isPoisoned) { return poisoned }
    guard let first = elements.first else {
      return Tensor(Handle(try Values.uninitialized(dtype ?? .defaultFloat, [0])))
    }
    for (row, element) in elements.enumerated() where element.shape != first.shape {
      throw TensorError(
        .shape, op: "array literal",
        reason: "row \(row) has shape \(element.shape) where row 0 has \(first.shape)",
        hint: "all rows of a literal have one shape")
    }
    let dtype = if let dtype { dtype } else { try promote(elements, "array literal") }
    var values: [Value] = []
    for element in elements {
      switch element.storage {
      case .weak(let weak):
        guard let scalar = weak.scalar(as: dtype) else {
          throw TensorError(
            .value, op: "array literal", reason: "\(weak.text) does not fit in \(dtype)",
            hint: "name a dtype that holds it")
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

// With a dtype. Arrays are taken as arrays of tensors, not as one, so that each number is still a
// literal and is converted once, whatever the dtype.
extension Tensor {
  /// The value in a dtype; an error where it is a literal that the dtype does not hold.
  ///
  ///     Tensor(0.1, dtype: .float64)              // 0.1, not the float32 next to it
  public init(
    _ value: Tensor, dtype: DType, file: StaticString = #fileID, line: UInt = #line
  ) {
    self = value.attempt(.exact(file, line)) { () throws(TensorError) in
      try value.typed(as: dtype, "Tensor.init")
    }
  }

  /// The elements along a new first axis, in a dtype.
  ///
  /// Number literals and computations of literals are converted once; one that the dtype does not
  /// hold is an error. Tensors are converted as `cast(to:)` converts. An empty literal says no
  /// rank: that is `Tensor.zeros([0], dtype: dtype)`.
  ///
  ///     Tensor([1, 2], dtype: .int8)
  ///     Tensor([0.1, 1 / 3], dtype: .float64)
  public init(
    _ elements: [Tensor], dtype: DType, file: StaticString = #fileID, line: UInt = #line
  ) {
    self = Tensor.attempt(.exact(file, line)) { () throws(TensorError) in
      try Tensor.literal(elements, dtype)
    }
  }

  /// The rows along a new first axis, in a dtype; rows of different lengths are an error.
  ///
  ///     Tensor([[1, 2], [3, 4]], dtype: .float64)
  public init(
    _ rows: [[Tensor]], dtype: DType, file: StaticString = #fileID, line: UInt = #line
  ) {
    self.init(
      rows.map { Tensor($0, dtype: dtype, file: file, line: line) }, dtype: dtype, file: file,
      line: line)
  }

  /// The blocks along a new first axis, in a dtype; blocks of different shapes are an error.
  public init(
    _ blocks: [[[Tensor]]], dtype: DType, file: StaticString = #fileID, line: UInt = #line
  ) {
    self.init(
      blocks.map { Tensor($0, dtype: dtype, file: file, line: line) }, dtype: dtype, file: file,
      line: line)
  }

  /// The parts along a new first axis, in a dtype; in a literal nested deeper than this one,
  /// numbers have their default dtype first.
  public init(
    _ parts: [[[[Tensor]]]], dtype: DType, file: StaticString = #fileID, line: UInt = #line
  ) {
    self.init(
      parts.map { Tensor($0, dtype: dtype, file: file, line: line) }, dtype: dtype, file: file,
      line: line)
  }
}
