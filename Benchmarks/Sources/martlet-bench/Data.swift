// The inputs: arrays of a hash, which any language can make alike.

import Martlet

/// Arrays of float32 in [-1, 1).
///
/// Element i of the k-th array is a hash of i + k 0x9E3779B9 in 32-bit arithmetic, so that a
/// workload's results can be compared with those of other libraries.
struct HashedData {
  private var arrays: UInt32 = 0
  private let dtype: DType
  /// Whether arrays lie with gaps between their rows, and vectors backwards.
  private let isSpread: Bool
  /// The bytes of the arrays made so far.
  private(set) var byteCount = 0

  init(dtype: DType = .float32, isSpread: Bool = false) {
    self.dtype = dtype
    self.isSpread = isSpread
  }

  /// What `change` makes of the next array.
  mutating func next(_ shape: Int..., change: (Tensor) -> Tensor = { $0 }) -> Tensor {
    let offset = arrays &* 0x9E37_79B9
    arrays &+= 1
    let count = shape.reduce(1, *)
    let elements = [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      for index in 0..<count {
        buffer[index] = HashedData.element(UInt32(truncatingIfNeeded: index) &+ offset)
      }
      initialized = count
    }
    return ready(change(Tensor(elements, shape: shape)))
  }

  /// `values` computed, in the dtype and arrangement that was asked for.
  mutating func ready(_ values: Tensor) -> Tensor {
    let array = values.cast(to: dtype)
    let result = isSpread ? HashedData.spread(array) : array
    materialize(result)
    byteCount += array.count * (dtype == .float64 ? 8 : 4)
    return result
  }

  /// The same elements, without the first and the last of each row of a larger array; a vector's
  /// from its end to its beginning.
  private static func spread(_ array: Tensor) -> Tensor {
    if array.rank == 1 {
      let backwards = array[.reversed] + 0
      materialize(backwards)
      return backwards[.reversed]
    }
    let widths = array.shape.indices.map { $0 == array.rank - 1 ? (1, 1) : (0, 0) }
    let larger = array.pad(widths)
    materialize(larger)
    return larger[.ellipsis, 1 ..< -1]
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
