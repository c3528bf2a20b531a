// The inputs: arrays of a hash, which any language can make alike.

import Martlet

/// Arrays of float32 in [-1, 1).
///
/// Element i of the k-th array is a hash of i + k 0x9E3779B9 in 32-bit arithmetic, so that a
/// workload's results can be compared with those of other libraries.
struct HashedData {
  private var arrays: UInt32 = 0

  /// The next array.
  mutating func next(_ shape: Int...) -> Tensor {
    let offset = arrays &* 0x9E37_79B9
    arrays &+= 1
    let count = shape.reduce(1, *)
    let elements = [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      for index in 0..<count {
        buffer[index] = HashedData.element(UInt32(truncatingIfNeeded: index) &+ offset)
      }
      initialized = count
    }
    return Tensor(elements, shape: shape)
  }

  @inline(__always)
  private static func element(_ index: UInt32) -> Float {
    var hash = index &* 2_654_435_761
    hash ^= hash >> 16
    hash = hash &* 2_246_822_519
    hash ^= hash >> 13
    return Float(Double(hash) / 4_294_967_296 * 2 - 1)
  }
}

/// The coordinates of a square grid: per point its column's number in `xs`, its row's in `ys`.
func grid(_ count: Int, xs: ClosedRange<Double>, ys: ClosedRange<Double>) -> (Tensor, Tensor) {
  func steps(_ range: ClosedRange<Double>) -> [Float] {
    let step = (range.upperBound - range.lowerBound) / Double(count - 1)
    return (0..<count).map {
      Float($0 == count - 1 ? range.upperBound : range.lowerBound + Double($0) * step)
    }
  }
  let (columns, rows) = (steps(xs), steps(ys))
  let x = (0..<count).flatMap { _ in columns }
  let y = rows.flatMap { [Float](repeating: $0, count: count) }
  return (Tensor(x, shape: [count, count]), Tensor(y, shape: [count, count]))
}
