// Walking strided arrays in row-major order.

import MartletIR

/// A place in a strided array that moves through it in row-major order.
struct StridedCursor {
  /// The extents and strides without axes of extent 1, neighbours merged where they step as one.
  private var extents: [Int] = []
  private var strides: [Int] = []
  /// The index of the place on each axis but the last.
  private var index: [Int] = []
  /// The index of the place on the last axis.
  private var column = 0
  /// The offset of the current row from the array's base, in elements.
  private var row = 0

  /// A cursor at the first element of an array that has elements.
  init(extents: [Int], strides: [Int]) {
    for axis in extents.indices where extents[axis] != 1 {
      if let last = self.strides.last, last == strides[axis] &* extents[axis] {
        self.extents[self.extents.count - 1] &*= extents[axis]
        self.strides[self.strides.count - 1] = strides[axis]
      } else {
        self.extents.append(extents[axis])
        self.strides.append(strides[axis])
      }
    }
    if self.extents.isEmpty {
      self.extents = [1]
      self.strides = [1]
    }
    index = [Int](repeating: 0, count: self.extents.count - 1)
  }

  /// Whether the elements lie one after another.
  var isContiguous: Bool { extents.count == 1 && strides[0] == 1 }

  /// The distance between the elements of a run.
  var stride: Int { strides[strides.count - 1] }

  /// The offset and length of the next run along the last axis, of at most `limit` elements.
  mutating func nextRun(limit: Int) -> (offset: Int, count: Int) {
    let last = extents.count - 1
    let count = Swift.min(limit, extents[last] - column)
    let offset = row &+ column &* strides[last]
    column += count
    if column == extents[last] {
      column = 0
      var axis = last - 1
      while axis >= 0 {
        index[axis] += 1
        row &+= strides[axis]
        if index[axis] < extents[axis] { break }
        row &-= extents[axis] &* strides[axis]
        index[axis] = 0
        axis -= 1
      }
    }
    return (offset, count)
  }
}

/// Delivers the elements of a strided array in row-major order, some at a time.
struct ElementReader {
  private var base: UnsafeMutableRawPointer
  private let byteCount: Int
  /// Nil where the elements lie one after another: they are read in place.
  private var cursor: StridedCursor?

  init(base: UnsafeMutableRawPointer, byteCount: Int, extents: [Int], strides: [Int]) {
    self.base = base
    self.byteCount = byteCount
    let cursor = StridedCursor(extents: extents, strides: strides)
    self.cursor = cursor.isContiguous ? nil : cursor
  }

  /// A reader of `value` in its own shape.
  init(_ value: Value) {
    base = value.base
    byteCount = value.dtype.byteCount
    guard !value.layout.isRowMajor(for: value.shape) else { return }
    cursor = StridedCursor(
      extents: value.shape.dimensions, strides: value.layout.strides(for: value.shape))
  }

  /// The next `count` elements, in place or copied to `scratch`, which has room for them.
  mutating func read(_ count: Int, scratch: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer {
    guard cursor != nil else {
      defer { base += count &* byteCount }
      return base
    }
    copy(count, to: scratch)
    return scratch
  }

  /// Copies the next `count` elements to `target`.
  mutating func copy(_ count: Int, to target: UnsafeMutableRawPointer) {
    guard var cursor else {
      target.copyMemory(from: base, byteCount: count &* byteCount)
      base += count &* byteCount
      return
    }
    // Taken out, so that its arrays have one owner while they change.
    self.cursor = nil
    var target = target
    var remaining = count
    while remaining > 0 {
      let run = cursor.nextRun(limit: remaining)
      copyRun(
        from: base + run.offset &* byteCount, stride: cursor.stride, to: target, stride: 1,
        count: run.count, byteCount: byteCount)
      target += run.count &* byteCount
      remaining -= run.count
    }
    self.cursor = cursor
  }
}

/// Copies `count` elements of `byteCount` bytes between strided runs.
func copyRun(
  from source: UnsafeMutableRawPointer, stride sourceStride: Int,
  to target: UnsafeMutableRawPointer, stride targetStride: Int, count: Int, byteCount: Int
) {
  switch byteCount {
  case 1: copyRun(source, sourceStride, target, targetStride, count, UInt8.self)
  case 2: copyRun(source, sourceStride, target, targetStride, count, UInt16.self)
  case 4: copyRun(source, sourceStride, target, targetStride, count, UInt32.self)
  default: copyRun(source, sourceStride, target, targetStride, count, UInt64.self)
  }
}

private func copyRun<T: IntegerElement>(
  _ source: UnsafeMutableRawPointer, _ sourceStride: Int, _ target: UnsafeMutableRawPointer,
  _ targetStride: Int, _ count: Int, _: T.Type
) {
  let source = source.assumingMemoryBound(to: T.self)
  let target = target.assumingMemoryBound(to: T.self)
  if sourceStride == 1 && targetStride == 1 {
    target.update(from: source, count: count)
  } else if sourceStride == 0 && targetStride == 1 {
    target.update(repeating: source[0], count: count)
  } else {
    for i in 0..<count { target[i &* targetStride] = source[i &* sourceStride] }
  }
}

/// Writes `count` copies of `scalar` from `target` on.
func fill(_ target: UnsafeMutableRawPointer, with scalar: Scalar, count: Int) {
  switch scalar.dtype.byteCount {
  case 1: fill(target, UInt8(truncatingIfNeeded: scalar.bits), count)
  case 2: fill(target, UInt16(truncatingIfNeeded: scalar.bits), count)
  case 4: fill(target, UInt32(truncatingIfNeeded: scalar.bits), count)
  default: fill(target, scalar.bits, count)
  }
}

private func fill<T: IntegerElement>(_ target: UnsafeMutableRawPointer, _ bits: T, _ count: Int) {
  target.assumingMemoryBound(to: T.self).update(repeating: bits, count: count)
}

/// Copies the elements of `value` in row-major order to the places of a strided region of the same
/// shape.
func copyElements(
  of value: Value, to target: UnsafeMutableRawPointer, strides: [Int]
) {
  guard value.shape.elementCount > 0 else { return }
  let byteCount = value.dtype.byteCount
  var source = ElementReader(value)
  var region = StridedCursor(extents: value.shape.dimensions, strides: strides)
  var remaining = value.shape.elementCount
  let limit = 4096
  withUnsafeTemporaryAllocation(byteCount: limit * byteCount, alignment: 16) { scratch in
    guard let scratch = scratch.baseAddress else { return }
    while remaining > 0 {
      let run = region.nextRun(limit: Swift.min(limit, remaining))
      copyRun(
        from: source.read(run.count, scratch: scratch), stride: 1,
        to: target + run.offset &* byteCount, stride: region.stride, count: run.count,
        byteCount: byteCount)
      remaining -= run.count
    }
  }
}
