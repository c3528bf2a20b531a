// Reductions by the fixed tree (R14), and the places of extremes (R20).

import MartletIR

/// The elements of one block of R14.
private let blockLength = 4096
/// The lanes of one block of R14.
private let laneCount = 64

extension Interpreter {
  func reduce(
    _ reduction: Reduction, _ axes: AxisSet, _ dtype: DType, _ shape: Shape, _ operand: Value
  ) throws(TensorError) -> Value {
    let output = try allocate(dtype, shape)
    var ignored: UInt32 = 0
    let source =
      operand.dtype == dtype ? operand : try cast(operand, to: dtype, operand.shape, &ignored)
    var rows = Rows(source, axes: axes.axes)
    switch dtype {
    case .bool: rows.reduce(reduction, output, Truth.self)
    case .int8: rows.reduce(reduction, output, Int8.self)
    case .int16: rows.reduce(reduction, output, Int16.self)
    case .int32: rows.reduce(reduction, output, Int32.self)
    case .int64: rows.reduce(reduction, output, Int64.self)
    case .uint8: rows.reduce(reduction, output, UInt8.self)
    case .uint16: rows.reduce(reduction, output, UInt16.self)
    case .uint32: rows.reduce(reduction, output, UInt32.self)
    case .uint64: rows.reduce(reduction, output, UInt64.self)
    case .float32:
      rows.reduce(reduction, output, Float.self)
      if reduction == .mean { divide(output, by: Float(rows.length)) }
    case .float64:
      rows.reduce(reduction, output, Double.self)
      if reduction == .mean { divide(output, by: Double(rows.length)) }
    }
    return output
  }

  private func divide<T: FloatElement>(_ value: Value, by divisor: T) {
    let elements = value.base.assumingMemoryBound(to: T.self)
    for i in 0..<value.shape.elementCount { elements[i] /= divisor }
  }

  func argReduce(
    _ reduction: ArgReduction, _ axis: Int, _ shape: Shape, _ operand: Value
  ) throws(TensorError) -> Value {
    let output = try allocate(.int64, shape)
    guard shape.elementCount == 0 || operand.shape[axis] > 0 else {
      throw TensorError(
        .value, op: reduction == .maximum ? "argmax" : "argmin",
        operands: [TensorError.Operand(operand.dtype, operand.shape)],
        reason: "axis \(axis) has no elements")
    }
    var rows = Rows(operand, axes: [axis])
    let places = output.base.assumingMemoryBound(to: Int64.self)
    switch operand.dtype {
    case .bool: rows.extremes(reduction, places, shape.elementCount, Truth.self)
    case .int8: rows.extremes(reduction, places, shape.elementCount, Int8.self)
    case .int16: rows.extremes(reduction, places, shape.elementCount, Int16.self)
    case .int32: rows.extremes(reduction, places, shape.elementCount, Int32.self)
    case .int64: rows.extremes(reduction, places, shape.elementCount, Int64.self)
    case .uint8: rows.extremes(reduction, places, shape.elementCount, UInt8.self)
    case .uint16: rows.extremes(reduction, places, shape.elementCount, UInt16.self)
    case .uint32: rows.extremes(reduction, places, shape.elementCount, UInt32.self)
    case .uint64: rows.extremes(reduction, places, shape.elementCount, UInt64.self)
    case .float32: rows.extremes(reduction, places, shape.elementCount, Float.self)
    case .float64: rows.extremes(reduction, places, shape.elementCount, Double.self)
    }
    return output
  }
}

/// A tensor as rows over some of its axes, in row-major order of the other axes.
private struct Rows {
  private var reader: ElementReader
  private let byteCount: Int
  /// The elements of a row.
  let length: Int

  init(_ value: Value, axes: [Int]) {
    let strides = value.layout.strides(for: value.shape)
    let order = value.shape.indices.filter { !axes.contains($0) } + axes
    reader = ElementReader(
      base: value.base, byteCount: value.dtype.byteCount, extents: order.map { value.shape[$0] },
      strides: order.map { strides[$0] })
    byteCount = value.dtype.byteCount
    length = Shape(axes.map { value.shape[$0] }).elementCount
  }

  mutating func reduce<T: Element>(_ reduction: Reduction, _ output: Value, _: T.Type) {
    let results = output.base.assumingMemoryBound(to: T.self)
    let count = output.shape.elementCount
    let identity = T(reduction.identity(output.dtype))
    switch reduction {
    case .sum, .mean, .any: reduce(results, count, identity) { T.sum($0, $1) }
    case .product, .all: reduce(results, count, identity) { T.product($0, $1) }
    case .maximum: reduce(results, count, identity) { T.larger($0, $1) }
    case .minimum: reduce(results, count, identity) { T.smaller($0, $1) }
    }
  }

  @inline(__always)
  private mutating func reduce<T: Element>(
    _ results: UnsafeMutablePointer<T>, _ count: Int, _ identity: T, combine: (T, T) -> T
  ) {
    let block = Swift.min(length, blockLength)
    withUnsafeTemporaryAllocation(of: T.self, capacity: laneCount + block) { scratch in
      guard let lanes = scratch.baseAddress else { return }
      for row in 0..<count {
        results[row] = combineTree(length, lanes, identity, combine) { count in
          let elements = reader.read(count, scratch: lanes + laneCount)
          return UnsafePointer(elements.assumingMemoryBound(to: T.self))
        }
      }
    }
  }

  /// R20: the first occurrence; NaN beats all.
  mutating func extremes<T: Element>(
    _ reduction: ArgReduction, _ places: UnsafeMutablePointer<Int64>, _ count: Int, _: T.Type
  ) {
    let block = Swift.min(length, blockLength)
    withUnsafeTemporaryAllocation(of: T.self, capacity: Swift.max(block, 1)) { scratch in
      guard let scratch = scratch.baseAddress else { return }
      for row in 0..<count {
        var start = 0
        var best: T?
        while start < length {
          let count = Swift.min(block, length - start)
          let elements = reader.read(count, scratch: scratch).assumingMemoryBound(to: T.self)
          var extreme = best ?? elements[0]
          var place = best == nil ? start : Int(places[row])
          for i in 0..<count where !extreme.isUnordered {
            let x = elements[i]
            if (reduction == .maximum ? x > extreme : x < extreme) || x.isUnordered {
              extreme = x
              place = start + i
            }
          }
          best = extreme
          places[row] = Int64(place)
          start += count
        }
      }
    }
  }
}

/// The value of R14's tree over `count` elements, of which `next` delivers the blocks in order.
///
/// `lanes` is scratch memory for the lanes of a block.
@inline(__always)
func combineTree<T: Element>(
  _ count: Int, _ lanes: UnsafeMutablePointer<T>, _ identity: T, _ combine: (T, T) -> T,
  next: (_ count: Int) -> UnsafePointer<T>
) -> T {
  if count <= blockLength { return combineBlock(next(count), count, lanes, identity, combine) }
  var values: [T] = []
  var remaining = count
  while remaining > 0 {
    let block = Swift.min(blockLength, remaining)
    values.append(combineBlock(next(block), block, lanes, identity, combine))
    remaining -= block
  }
  // Level by level in adjacent pairs; an odd last value moves up unchanged.
  while values.count > 1 {
    let pairs = values.count / 2
    for i in 0..<pairs { values[i] = combine(values[2 * i], values[2 * i + 1]) }
    if values.count % 2 == 1 {
      values[pairs] = values[values.count - 1]
      values.removeLast(pairs)
    } else {
      values.removeLast(pairs)
    }
  }
  return values[0]
}

@inline(__always)
private func combineBlock<T: Element>(
  _ elements: UnsafePointer<T>, _ count: Int, _ lanes: UnsafeMutablePointer<T>, _ identity: T,
  _ combine: (T, T) -> T
) -> T {
  var live = Swift.min(count, laneCount)
  if live == 0 { return identity }
  for l in 0..<live { lanes[l] = combine(identity, elements[l]) }
  var start = laneCount
  while start + laneCount <= count {
    for l in 0..<laneCount { lanes[l] = combine(lanes[l], elements[start + l]) }
    start += laneCount
  }
  if start < count {
    for l in 0..<(count - start) { lanes[l] = combine(lanes[l], elements[start + l]) }
  }
  // Lanes without elements hold the identity, which changes no bit.
  var half = laneCount / 2
  while half > 0 {
    if half < live {
      for l in 0..<(live - half) { lanes[l] = combine(lanes[l], lanes[l + half]) }
      live = half
    }
    half /= 2
  }
  return lanes[0]
}
