// Sums of slices that are scattered along an axis, in the order of R14, shared out over the
// threads.

import MartletFusion
import MartletIR
import MartletInterpreter

/// Adds slices of `updates` to slices of a result: of each target the sum by R14's tree, in the
/// order of the indices (R43).
///
/// The updates are sorted by target, stably, and then every pair of a target and a strip of columns
/// is one work item: nobody else writes there, so the order of additions depends on the indices
/// alone. The loops run along columns, which lie next to each other.
struct ScatterSum {
  /// The axes before the axis that is scattered along, as one, and those after it.
  let outer: Int
  let extent: Int
  let inner: Int
  /// Targets that anything is added to, in ascending order.
  private var targets: [Int] = []
  /// Where the updates of each of `targets` begin in `order`, and the number of all at the end.
  private var starts: [Int] = []
  /// The numbers of the updates, by target.
  private var order: [Int]

  /// The columns of one work item: their 64 lanes of float32 fit in the first-level cache.
  private static let stripWidth = 64
  /// The additions of one share at the least.
  private static let shareWork = 16_384

  /// The first of three operands with the third added at the indices in the second; nil where that
  /// is left to the interpreter: an index that is out of range, bools, and scalars.
  static func add(
    _ operands: [Interpreter.Operand], _ axis: Int, _ shape: Shape, _ executor: Executor
  ) throws(TensorError) -> Value? {
    guard case .value(let base) = operands[0], case .value(let indices) = operands[1],
      case .value(let updates) = operands[2], base.dtype != .bool,
      indices.layout.isRowMajor(for: indices.shape), base.shape == shape,
      let sum = ScatterSum(
        shape, axis,
        indices: UnsafeBufferPointer(
          start: indices.base.assumingMemoryBound(to: Int64.self),
          count: indices.shape.elementCount))
    else { return nil }
    let slices = Shape(shape[..<axis] + indices.shape.dimensions + shape[(axis + 1)...])
    guard updates.shape == slices else { return nil }
    var flags: UInt32 = 0
    /// A value of the operand's own, row-major.
    func copy(_ value: Value) throws(TensorError) -> Value {
      try executor.interpreter.evaluate(
        op: .concatenate(0), dtype: value.dtype, shape: value.shape, operands: [.value(value)],
        site: nil, flags: &flags)
    }
    let result = try copy(base)
    let source = updates.layout.isRowMajor(for: slices) ? updates : try copy(updates)
    sum.add(source.base, to: result.base, base.dtype, executor.threads)
    return result
  }

  /// A scatter along `axis` of `shape`, or nil where an index is out of range.
  init?(_ shape: Shape, _ axis: Int, indices: UnsafeBufferPointer<Int64>) {
    outer = shape[..<axis].reduce(1, &*)
    extent = shape[axis]
    inner = shape[(axis + 1)...].reduce(1, &*)
    var next = [Int](repeating: 0, count: extent)
    for index in indices {
      let place = Int(index < 0 ? index &+ Int64(extent) : index)
      guard place >= 0, place < extent else { return nil }
      next[place] += 1
    }
    var count = 0
    for place in 0..<extent where next[place] > 0 {
      targets.append(place)
      starts.append(count)
      (next[place], count) = (count, count + next[place])
    }
    starts.append(count)
    order = [Int](repeating: 0, count: count)
    for (number, index) in indices.enumerated() {
      let place = Int(index < 0 ? index &+ Int64(extent) : index)
      order[next[place]] = number
      next[place] += 1
    }
  }

  /// Adds row-major `updates` to `result`, which is row-major; both are of `dtype`, which is a
  /// number.
  func add(
    _ updates: UnsafeMutableRawPointer, to result: UnsafeMutableRawPointer, _ dtype: DType,
    _ threads: ThreadPool
  ) {
    switch dtype {
    case .int8: add(updates, to: result, Int8.self, threads)
    case .int16: add(updates, to: result, Int16.self, threads)
    case .int32: add(updates, to: result, Int32.self, threads)
    case .int64: add(updates, to: result, Int64.self, threads)
    case .uint8: add(updates, to: result, UInt8.self, threads)
    case .uint16: add(updates, to: result, UInt16.self, threads)
    case .uint32: add(updates, to: result, UInt32.self, threads)
    case .uint64: add(updates, to: result, UInt64.self, threads)
    case .float32: add(updates, to: result, Float.self, threads)
    case .float64: add(updates, to: result, Double.self, threads)
    case .bool: internalError("sums of bool are no sums of numbers")
    }
  }

  @inline(__always)
  private func add<T: Reducible & AdditiveArithmetic>(
    _ updates: UnsafeMutableRawPointer, to result: UnsafeMutableRawPointer, _: T.Type,
    _ threads: ThreadPool
  ) {
    let updates = updates.assumingMemoryBound(to: T.self)
    let result = result.assumingMemoryBound(to: T.self)
    let strips = (inner &- 1) / ScatterSum.stripWidth &+ 1
    let width = min(inner, ScatterSum.stripWidth)
    let items = outer &* targets.count &* strips
    guard items > 0 else { return }
    let longest = zip(starts, starts.dropFirst()).reduce(1) { max($0, $1.1 &- $1.0) }
    let blocks = (longest &- 1) / KernelSpec.blockLength &+ 1
    let work = max(1, order.count / targets.count &* width)
    threads.parallel(items: items, grain: max(1, ScatterSum.shareWork / work)) { _, begin, end in
      withUnsafeTemporaryAllocation(
        of: T.self, capacity: (KernelSpec.laneCount &+ blocks) &* width
      ) { scratch in
        guard let lanes = scratch.baseAddress else { return }
        for item in begin..<end {
          let (row, strip) = item.quotientAndRemainder(dividingBy: strips)
          let (slice, number) = row.quotientAndRemainder(dividingBy: targets.count)
          let column = strip &* ScatterSum.stripWidth
          let sum = ColumnSum(
            source: updates + (slice &* order.count &* inner &+ column), pitch: inner,
            width: min(inner &- column, width), lanes: lanes,
            values: lanes + KernelSpec.laneCount &* width)
          let place = (slice &* extent &+ targets[number]) &* inner &+ column
          order.withUnsafeBufferPointer { order in
            sum.add(order[starts[number]..<starts[number + 1]], to: result + place)
          }
        }
      }
    }
  }
}

/// Sums of some rows of updates, for a strip of columns.
private struct ColumnSum<T: Reducible & AdditiveArithmetic> {
  /// The strip's first column in the first row.
  let source: UnsafeMutablePointer<T>
  /// The elements from one row to the next.
  let pitch: Int
  let width: Int
  /// Scratch memory for the lanes of a block.
  let lanes: UnsafeMutablePointer<T>
  /// Scratch memory for the values of the blocks.
  let values: UnsafeMutablePointer<T>

  /// Adds the sum of these rows to the row `target`.
  @inline(__always)
  func add(_ rows: Slice<UnsafeBufferPointer<Int>>, to target: UnsafeMutablePointer<T>) {
    let rows = UnsafeBufferPointer(rebasing: rows)
    if rows.count == 1 {
      let row = source + rows[0] &* pitch
      for c in 0..<width { target[c] = T.sum(target[c], T.sum(.zero, row[c])) }
      return
    }
    var count = 0
    while count &* KernelSpec.blockLength < rows.count {
      let start = count &* KernelSpec.blockLength
      let end = min(start &+ KernelSpec.blockLength, rows.count)
      sumBlock(UnsafeBufferPointer(rebasing: rows[start..<end]), into: values + count &* width)
      count += 1
    }
    while count > 1 {
      let pairs = count / 2
      for pair in 0..<pairs {
        let left = values + 2 &* pair &* width
        let sum = values + pair &* width
        for c in 0..<width { sum[c] = T.sum(left[c], left[width &+ c]) }
      }
      if count % 2 == 1 {
        // Moves up unchanged.
        (values + pairs &* width).update(from: values + (count &- 1) &* width, count: width)
      }
      count = (count &+ 1) / 2
    }
    for c in 0..<width { target[c] = T.sum(target[c], values[c]) }
  }

  @inline(__always)
  private func sumBlock(_ rows: UnsafeBufferPointer<Int>, into value: UnsafeMutablePointer<T>) {
    var live = min(rows.count, KernelSpec.laneCount)
    for l in 0..<live {
      let (lane, row) = (lanes + l &* width, source + rows[l] &* pitch)
      for c in 0..<width { lane[c] = T.sum(.zero, row[c]) }
    }
    for k in live..<rows.count {
      let lane = lanes + k % KernelSpec.laneCount &* width
      let row = source + rows[k] &* pitch
      for c in 0..<width { lane[c] = T.sum(lane[c], row[c]) }
    }
    // Lanes without elements hold the identity, which changes no bit.
    var half = KernelSpec.laneCount / 2
    while half > 0 {
      for l in 0..<max(live &- half, 0) {
        let (low, high) = (lanes + l &* width, lanes + (l &+ half) &* width)
        for c in 0..<width { low[c] = T.sum(low[c], high[c]) }
      }
      live = min(live, half)
      half /= 2
    }
    value.update(from: lanes, count: width)
  }
}
