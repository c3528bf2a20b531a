// Joining, splitting, repeating and padding.

import MartletIR

extension Tensor {
  /// The tensors one after another along an axis; the other extents agree, the dtypes promote.
  ///
  ///     Tensor.concatenate([Tensor([1, 2]), Tensor([3])])      // [1, 2, 3]
  public static func concatenate(
    _ tensors: [Tensor], axis: Int = 0, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    if let poisoned = tensors.first(where: \.isPoisoned) { return poisoned }
    return attempt(.exact(file, line)) { () throws(TensorError) in
      func error(
        _ kind: TensorError.Kind, _ reason: String, hint: String? = nil
      ) -> TensorError {
        TensorError(
          kind, op: "concatenate", operands: tensors.map(\.described), reason: reason, hint: hint)
      }
      guard let first = tensors.first else { throw error(.shape, "there is no tensor to join") }
      guard let axis = first.shape.normalized(axis: axis) else {
        throw error(
          .index, "axis \(axis) is out of range for \(first.rank) axes",
          hint: Tensor.axesHint(first.rank))
      }
      for (number, tensor) in tensors.enumerated() {
        let fits =
          tensor.rank == first.rank
          && first.shape.indices.allSatisfy { $0 == axis || tensor.shape[$0] == first.shape[$0] }
        guard fits else {
          throw error(
            .shape,
            "tensor \(number) has shape \(tensor.shape), which does not continue "
              + "\(first.shape) along axis \(axis)")
        }
      }
      let dtype = try promote(tensors, "concatenate")
      var extents = first.shape.dimensions
      extents[axis] = tensors.reduce(0) { $0 &+ $1.shape[axis] }
      _ = try Tensor.shape(extents, "concatenate")
      return joined(tensors.map { $0.converted(to: dtype) }, axis: axis)
    }
  }

  /// The tensors, which have one shape, along a new axis of the result.
  ///
  ///     Tensor.stack([Tensor([1, 2]), Tensor([3, 4])], axis: 1)      // [[1, 3], [2, 4]]
  public static func stack(
    _ tensors: [Tensor], axis: Int = 0, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    if let poisoned = tensors.first(where: \.isPoisoned) { return poisoned }
    return attempt(.exact(file, line)) { () throws(TensorError) in
      func error(_ kind: TensorError.Kind, _ reason: String) -> TensorError {
        TensorError(kind, op: "stack", operands: tensors.map(\.described), reason: reason)
      }
      guard let first = tensors.first else { throw error(.shape, "there is no tensor to stack") }
      for (number, tensor) in tensors.enumerated() where tensor.shape != first.shape {
        throw error(
          .shape, "tensor \(number) has shape \(tensor.shape) where the first has \(first.shape)")
      }
      let place = axis < 0 ? axis + first.rank + 1 : axis
      guard place >= 0, place <= first.rank else {
        throw TensorError(
          .index, op: "stack", operands: tensors.map(\.described),
          reason: "axis \(axis) is out of range for the \(first.rank + 1) axes of the result",
          hint: Tensor.axesHint(first.rank + 1))
      }
      return try stack(checked: tensors, axis: place, dtype: try promote(tensors, "stack"))
    }
  }

  /// Tensors of one shape along a new axis, in `dtype`.
  static func stack(
    checked tensors: [Tensor], axis: Int, dtype: DType
  ) throws(TensorError) -> Tensor {
    var parts: [Tensor] = []
    for tensor in tensors {
      var extents = tensor.shape.dimensions
      extents.insert(1, at: axis)
      let typed = try tensor.typed(as: dtype, "stack")
      parts.append(typed.reshaped(unchecked: try shape(extents, "stack")))
    }
    return joined(parts, axis: axis)
  }

  /// The parts of an axis, which divide it evenly.
  ///
  ///     Tensor.arange(6).split(into: 3)        // [0, 1], [2, 3], [4, 5]
  public func split(
    into parts: Int, axis: Int = 0, file: StaticString = #fileID, line: UInt = #line
  ) -> [Tensor] {
    Tensor.attemptMany([self], count: parts, .exact(file, line)) { () throws(TensorError) in
      let axis = try self.axis(axis, "split")
      guard parts > 0, shape[axis] % parts == 0 else {
        throw error(
          .shape, "split",
          "\(parts) parts do not divide the extent \(shape[axis]) of axis "
            + "\(axis) evenly", hint: "split(at:) makes parts of any size")
      }
      let size = shape[axis] / parts
      return (0..<parts).map { section(axis, from: $0 * size, count: size) }
    }
  }

  /// The parts of an axis between these indices, which are clamped to it.
  ///
  ///     Tensor.arange(5).split(at: [2, 3])     // [0, 1], [2], [3, 4]
  public func split(
    at indices: [Int], axis: Int = 0, file: StaticString = #fileID, line: UInt = #line
  ) -> [Tensor] {
    Tensor.attemptMany([self], count: indices.count + 1, .exact(file, line)) {
      () throws(TensorError) in
      let axis = try self.axis(axis, "split")
      let extent = shape[axis]
      let bounds = indices.map { Swift.min(Swift.max($0 < 0 ? $0 &+ extent : $0, 0), extent) }
      return zip([0] + bounds, bounds + [extent]).map { start, end in
        section(axis, from: start, count: Swift.max(end - start, 0))
      }
    }
  }

  /// The slices along an axis, without it.
  public func unstack(
    axis: Int = 0, file: StaticString = #fileID, line: UInt = #line
  ) -> [Tensor] {
    Tensor.attemptMany([self], count: 1, .exact(file, line)) { () throws(TensorError) in
      let axis = try self.axis(axis, "unstack")
      var extents = shape.dimensions
      extents.remove(at: axis)
      let result = Shape(extents)
      return (0..<shape[axis]).map {
        section(axis, from: $0, count: 1).reshaped(unchecked: result)
      }
    }
  }

  /// The whole tensor repeated, `repetitions[i]` times along axis i, matched from the last axis.
  ///
  ///     Tensor([1, 2]).tile([2])               // [1, 2, 1, 2]
  public func tile(
    _ repetitions: [Int], file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    attempt(.exact(file, line)) { () throws(TensorError) in
      let rank = Swift.max(rank, repetitions.count)
      let extents = [Int](repeating: 1, count: rank - self.rank) + shape.dimensions
      let counts = [Int](repeating: 1, count: rank - repetitions.count) + repetitions
      var result: [Int] = []
      for (extent, count) in zip(extents, counts) {
        let (product, overflow) = extent.multipliedReportingOverflow(by: count)
        guard count >= 0, !overflow else {
          throw error(.shape, "tile", "\(repetitions) has a negative or too large count")
        }
        result.append(product)
      }
      let shape = try Tensor.shape(result, "tile")
      let split = try Tensor.shape(extents.flatMap { [1, $0] }, "tile")
      let stretched = try Tensor.shape(zip(counts, extents).flatMap { [$0, $1] }, "tile")
      return Tensor(handle).reshaped(unchecked: split).broadcast(unchecked: stretched)
        .reshaped(unchecked: shape)
    }
  }

  /// Each element repeated `count` times along an axis, or of the flattened tensor.
  ///
  ///     Tensor([1, 2]).repeat(2)               // [1, 1, 2, 2]
  public func `repeat`(
    _ count: Int, axis: Int? = nil, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    guard let axis else {
      return flatten().repeat(count, axis: 0, file: file, line: line)
    }
    return attempt(.exact(file, line)) { () throws(TensorError) in
      let axis = try self.axis(axis, "repeat")
      var extents = shape.dimensions
      let (product, overflow) = extents[axis].multipliedReportingOverflow(by: count)
      guard count >= 0, !overflow else {
        throw error(.shape, "repeat", "\(count) is a negative or too large count")
      }
      var result = extents
      result[axis] = product
      extents.insert(1, at: axis + 1)
      let split = try Tensor.shape(extents, "repeat")
      extents[axis + 1] = count
      let stretched = try Tensor.shape(extents, "repeat")
      return reshaped(unchecked: split).broadcast(unchecked: stretched)
        .reshaped(unchecked: try Tensor.shape(result, "repeat"))
    }
  }

  /// The elements moved by `shift` along an axis, or in row-major order; the last come first.
  ///
  ///     Tensor([1, 2, 3]).roll(1)              // [3, 1, 2]
  public func roll(
    _ shift: Int, axis: Int? = nil, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    attempt(.exact(file, line)) { () throws(TensorError) in
      guard let axis else {
        return flatten().roll(shift, axis: 0, file: file, line: line)
          .reshaped(unchecked: shape)
      }
      let place = try self.axis(axis, "roll")
      let extent = shape[place]
      guard extent > 0 else { return self }
      let moved = (shift % extent + extent) % extent
      if moved == 0 { return self }
      return Tensor.joined(
        [
          section(place, from: extent - moved, count: moved),
          section(place, from: 0, count: extent - moved),
        ], axis: place)
    }
  }

  /// The tensor with `widths[i]` elements before and after it on axis i.
  ///
  ///     Tensor([1, 2]).pad([(1, 2)])           // [0, 1, 2, 0, 0]
  public func pad(
    _ widths: [(Int, Int)], value: any TensorConvertible = 0, file: StaticString = #fileID,
    line: UInt = #line
  ) -> Tensor {
    let value = value.asTensor
    if value.isPoisoned { return value }
    return attempt(.exact(file, line)) { () throws(TensorError) in
      guard widths.count == rank, widths.allSatisfy({ $0.0 >= 0 && $0.1 >= 0 }) else {
        throw error(
          .shape, "pad", "\(widths) does not give two widths of at least 0 for each axis")
      }
      guard value.count == 1 else {
        throw error(.shape, "pad", "the value has \(value.count) elements, not 1")
      }
      var extents: [Int] = []
      for (extent, width) in zip(shape, widths) {
        let (sum, overflow) = extent.addingReportingOverflow(width.0 &+ width.1)
        guard !overflow, width.0 &+ width.1 >= 0 else {
          throw error(.shape, "pad", "\(widths) is too wide")
        }
        extents.append(sum)
      }
      _ = try Tensor.shape(extents, "pad")
      let fill = try value.assignable(to: self, "pad").reshaped(unchecked: .scalar)
      return Tensor(handle).padded(low: widths.map(\.0), high: widths.map(\.1), with: fill)
    }
  }

  /// The tensor with `width` elements before and after it on every axis.
  public func pad(
    _ width: Int, value: any TensorConvertible = 0, file: StaticString = #fileID,
    line: UInt = #line
  ) -> Tensor {
    pad(
      [(Int, Int)](repeating: (width, width), count: rank), value: value, file: file, line: line)
  }

  /// This tensor as elements of `target`, whose dtype must be of the same kind or a higher one
  /// (R44).
  func assignable(to target: Tensor, _ op: String) throws(TensorError) -> Tensor {
    let dtype = target.dtype
    let fits =
      switch storage {
      case .weak(let weak):
        switch weak {
        case .bool: true
        case .int, .uint: dtype != .bool
        case .double: dtype.isFloatingPoint
        }
      case .handle(let handle): handle.dtype.kind <= dtype.kind
      }
    guard fits else {
      throw TensorError(
        .dtype, op: op, operands: [target.described, described],
        reason: "\(self.dtype) elements do not become \(dtype) by themselves",
        hint: "cast them with .cast(to: .\(dtype))")
    }
    return try typed(as: dtype, op, target)
  }
}
