// Copying elements between strided regions of the same shape.

import MartletIR

/// Copies of elements by their bits; the element's width alone decides the loop.
enum StridedCopy {
  /// Copies the elements of `shape` from one strided region to another, in row-major order.
  ///
  /// The regions do not overlap; strides are in elements and may be zero or negative.
  static func copy(
    _ shape: Shape, byteCount: Int, from source: UnsafeRawPointer, strides sourceStrides: [Int],
    to target: UnsafeMutableRawPointer, strides targetStrides: [Int]
  ) {
    guard shape.elementCount > 0 else { return }
    var axes = Axes()
    for axis in 0..<shape.rank where shape[axis] != 1 {
      axes.append(shape[axis], sourceStrides[axis], targetStrides[axis])
    }
    if axes.extents.isEmpty { axes.append(1, 1, 1) }
    switch byteCount {
    case 1: run(axes, source, target, UInt8.self)
    case 2: run(axes, source, target, UInt16.self)
    case 4: run(axes, source, target, UInt32.self)
    default: run(axes, source, target, UInt64.self)
    }
  }

  /// The axes that are walked: neighbours that step as one in both regions are merged.
  private struct Axes {
    var extents: [Int] = []
    var sources: [Int] = []
    var targets: [Int] = []

    mutating func append(_ extent: Int, _ source: Int, _ target: Int) {
      let last = extents.count - 1
      if last >= 0, sources[last] == source &* extent, targets[last] == target &* extent {
        extents[last] &*= extent
        sources[last] = source
        targets[last] = target
      } else {
        extents.append(extent)
        sources.append(source)
        targets.append(target)
      }
    }
  }

  @inline(__always)
  private static func run<Bits: BitwiseCopyable>(
    _ axes: Axes, _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, _: Bits.Type
  ) {
    let source = source.assumingMemoryBound(to: Bits.self)
    let target = target.assumingMemoryBound(to: Bits.self)
    let last = axes.extents.count - 1
    let count = axes.extents[last]
    let (from, to) = (axes.sources[last], axes.targets[last])
    var index = [Int](repeating: 0, count: last)
    var read = 0
    var write = 0
    while true {
      if from == 1, to == 1 {
        (target + write).update(from: source + read, count: count)
      } else if from == 0, to == 1 {
        (target + write).update(repeating: source[read], count: count)
      } else {
        for i in 0..<count { target[write &+ i &* to] = source[read &+ i &* from] }
      }
      var axis = last - 1
      while axis >= 0 {
        index[axis] += 1
        read &+= axes.sources[axis]
        write &+= axes.targets[axis]
        if index[axis] < axes.extents[axis] { break }
        read &-= axes.extents[axis] &* axes.sources[axis]
        write &-= axes.extents[axis] &* axes.targets[axis]
        index[axis] = 0
        axis -= 1
      }
      if axis < 0 { return }
    }
  }
}
