// Ops that move elements between places: padding, concatenation, gather and scatter.

import MartletIR

extension Interpreter {
  func pad(
    _ operand: Value, _ padding: Operand, low: [Int], _ shape: Shape
  ) throws(TensorError) -> Value {
    let output = try allocate(operand.dtype, shape)
    guard shape.elementCount > 0 else { return output }
    let padding = try value(padding)
    copyRun(
      from: padding.base, stride: 0, to: output.base, stride: 1, count: shape.elementCount,
      byteCount: operand.dtype.byteCount)
    let strides = Layout.rowMajorStrides(shape)
    let offset = zip(low, strides).reduce(0) { $0 &+ $1.0 &* $1.1 }
    copyElements(
      of: operand, to: output.base + offset &* operand.dtype.byteCount, strides: strides)
    return output
  }

  func concatenate(
    _ operands: [Operand], _ axis: Int, _ dtype: DType, _ shape: Shape
  ) throws(TensorError) -> Value {
    let output = try allocate(dtype, shape)
    guard shape.elementCount > 0 else { return output }
    let strides = Layout.rowMajorStrides(shape)
    var target = output.base
    for operand in operands {
      let part = try value(operand)
      copyElements(of: part, to: target, strides: strides)
      target += part.shape[axis] &* strides[axis] &* dtype.byteCount
    }
    return output
  }

  func gather(
    _ operand: Value, _ indices: Value, _ axis: Int, _ shape: Shape, _ flags: inout UInt32
  ) throws(TensorError) -> Value {
    let output = try allocate(operand.dtype, shape)
    let places = try resolve(indices, of: operand, axis, op: "gather", &flags)
    guard shape.elementCount > 0 else { return output }
    let source = try rowMajor(operand, operand.shape)
    let split = Split(operand.shape, axis, width: operand.dtype.byteCount)
    var target = output.base
    for outer in 0..<split.outer {
      for place in places {
        target.copyMemory(
          from: source.base + (outer &* split.extent &+ place) &* split.inner,
          byteCount: split.inner)
        target += split.inner
      }
    }
    return output
  }

  func scatter(
    _ scatter: Op.Scatter, _ base: Value, _ indices: Value, _ updates: Value, _ axis: Int,
    _ shape: Shape, _ flags: inout UInt32
  ) throws(TensorError) -> Value {
    var target = base
    target.shape = shape
    let places = try resolve(indices, of: target, axis, op: "scatter", &flags)
    let output = try copy(base.shape == shape ? base : rowMajor(base, shape))
    guard shape.elementCount > 0 && !places.isEmpty else { return output }
    let updatesShape = Shape(
      shape[..<axis] + indices.shape.dimensions + shape[(axis + 1)...])
    let source = try rowMajor(updates, updatesShape)
    switch scatter {
    case .replace:
      let split = Split(shape, axis, width: base.dtype.byteCount)
      var update = source.base
      for outer in 0..<split.outer {
        for place in places {
          (output.base + (outer &* split.extent &+ place) &* split.inner).copyMemory(
            from: update, byteCount: split.inner)
          update += split.inner
        }
      }
    case .add:
      let split = Split(shape, axis, width: 1)
      switch base.dtype {
      case .bool: scatterSums(output, source, places, split, Truth.self)
      case .int8: scatterSums(output, source, places, split, Int8.self)
      case .int16: scatterSums(output, source, places, split, Int16.self)
      case .int32: scatterSums(output, source, places, split, Int32.self)
      case .int64: scatterSums(output, source, places, split, Int64.self)
      case .uint8: scatterSums(output, source, places, split, UInt8.self)
      case .uint16: scatterSums(output, source, places, split, UInt16.self)
      case .uint32: scatterSums(output, source, places, split, UInt32.self)
      case .uint64: scatterSums(output, source, places, split, UInt64.self)
      case .float32: scatterSums(output, source, places, split, Float.self)
      case .float64: scatterSums(output, source, places, split, Double.self)
      }
    }
    return output
  }

  /// The indices in row-major order, negative ones counted from the end once (R43).
  private func resolve(
    _ indices: Value, of operand: Value, _ axis: Int, op: String, _ flags: inout UInt32
  ) throws(TensorError) -> [Int] {
    let extent = operand.shape[axis]
    let source = try rowMajor(indices, indices.shape)
    let elements = source.base.assumingMemoryBound(to: Int64.self)
    var places = [Int](repeating: 0, count: indices.shape.elementCount)
    for i in places.indices {
      let index = Int(elements[i])
      let place = index < 0 ? index &+ extent : index
      guard place >= 0 && place < extent else {
        flags |= ValueFlag.badIndex.rawValue
        let position = indices.shape.place(of: i)
        throw TensorError(
          .index, op: op,
          operands: [
            TensorError.Operand(operand.dtype, operand.shape),
            TensorError.Operand(indices.dtype, indices.shape),
          ],
          reason: "index \(index) at position \(position) of the indices is out of range for axis "
            + "\(axis) of extent \(extent)",
          hint: extent == 0
            ? "the axis has no elements" : "indices go from \(-extent) to \(extent - 1)")
      }
      places[i] = place
    }
    return places
  }
}

/// A shape around one of its axes.
private struct Split {
  let outer: Int
  let extent: Int
  /// The elements after the axis, times `width`.
  let inner: Int

  init(_ shape: Shape, _ axis: Int, width: Int) {
    outer = shape[..<axis].reduce(1, &*)
    extent = shape[axis]
    inner = shape[(axis + 1)...].reduce(width, &*)
  }
}

/// Adds to each target the sum of its updates by R14's tree, in the order of the indices.
private func scatterSums<T: Element>(
  _ output: Value, _ updates: Value, _ places: [Int], _ split: Split, _: T.Type
) {
  let identity = T(Scalar(dtype: output.dtype, bits: 0))
  let result = output.base.assumingMemoryBound(to: T.self)
  let update = updates.base.assumingMemoryBound(to: T.self)
  // The updates of each target, in order: starts[place]..<starts[place + 1] of `order`.
  var starts = [Int](repeating: 0, count: split.extent + 1)
  for place in places { starts[place + 1] += 1 }
  for place in 0..<split.extent { starts[place + 1] += starts[place] }
  var next = starts
  var order = [Int](repeating: 0, count: places.count)
  for (i, place) in places.enumerated() {
    order[next[place]] = i
    next[place] += 1
  }
  withUnsafeTemporaryAllocation(of: T.self, capacity: 64 + places.count) { scratch in
    guard let lanes = scratch.baseAddress else { return }
    let column = lanes + 64
    for outer in 0..<split.outer {
      for place in 0..<split.extent where starts[place] < starts[place + 1] {
        let count = starts[place + 1] - starts[place]
        for inner in 0..<split.inner {
          for k in 0..<count {
            let row = outer &* places.count &+ order[starts[place] + k]
            column[k] = update[row &* split.inner &+ inner]
          }
          var block = UnsafePointer(column)
          let sum = combineTree(count, lanes, identity, { T.sum($0, $1) }) { count in
            defer { block += count }
            return block
          }
          let target = (outer &* split.extent &+ place) &* split.inner &+ inner
          result[target] = T.sum(result[target], sum)
        }
      }
    }
  }
}
