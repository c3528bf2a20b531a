// Operands in memory: one shape, many layouts.

package import MartletIR
import MartletRuntime

/// How the elements of an operand lie in its buffer.
package enum Arrangement: String, Sendable, CaseIterable, CustomStringConvertible {
  case contiguous
  /// Contiguous, but not at the start of the buffer, so that no vector is aligned.
  case offset
  /// The axes in the reverse order.
  case transposed
  /// Every second element of the last axis.
  case stepped
  /// Every second row.
  case outerStepped
  /// All axes backwards.
  case reversed
  /// The last axis backwards.
  case innerReversed
  /// Extent 1 on the first axis, to be broadcast.
  case row
  /// Extent 1 on the last axis, to be broadcast.
  case column
  /// A single number, to be broadcast.
  case single
  /// Stride 0 on the last axis, as a view of a broadcast has.
  case stretched

  package var description: String { rawValue }

  /// Whether the operand has the shape that was asked for.
  package var keepsShape: Bool { ![.row, .column, .single].contains(self) }

  /// A value of `shape` (or one that broadcasts to it) arranged so; all of its buffer is filled.
  package func value(
    _ dtype: DType, _ shape: Shape, _ sampling: Sampling, _ random: inout Generator
  ) throws(TensorError) -> Value {
    var shape = shape
    var dimensions = shape.dimensions
    let last = dimensions.count - 1
    switch self {
    case .row where last >= 0: dimensions[0] = 1
    case .column where last >= 0: dimensions[last] = 1
    case .single: dimensions = []
    default: break
    }
    shape = Shape(dimensions)
    var strides = Layout.rowMajorStrides(shape)
    var offset = 0
    switch self {
    case .contiguous, .row, .column, .single: break
    case .offset: offset = 3
    case .transposed: strides = Layout.rowMajorStrides(Shape(shape.reversed())).reversed()
    case .stepped:
      offset = 1
      strides = strides.map { $0 * 2 }
    case .outerStepped: if last >= 0 { strides[0] *= 2 }
    case .reversed:
      strides = strides.map { -$0 }
      offset = max(0, shape.elementCount - 1)
    case .innerReversed:
      if last >= 0 {
        strides[last] = -1
        offset = max(0, dimensions[last] - 1)
      }
    case .stretched: if last >= 0 { strides[last] = 0 }
    }
    // A contiguous value fills its buffer, so that it may be written over where it dies.
    let count = self == .contiguous ? shape.elementCount : 2 * shape.elementCount + 8
    let buffer = try Runtime.pool.allocate(byteCount: count * dtype.byteCount)
    dtype.fill(buffer.pointer, count: count, sampling, &random)
    let layout = Layout(offset: offset, strides: strides)
    return Value(dtype: dtype, shape: shape, layout: layout.canonical(for: shape), buffer: buffer)
  }
}

extension Value {
  /// The bits of the element at a row-major position.
  package func bits(at position: Int) -> UInt64 {
    let strides = layout.strides(for: shape)
    var rest = position
    var place = layout.offset
    for axis in shape.indices.reversed() {
      place += rest % shape[axis] * strides[axis]
      rest /= shape[axis]
    }
    let address = buffer.pointer + place * dtype.byteCount
    return switch dtype.byteCount {
    case 1: UInt64(address.load(as: UInt8.self))
    case 2: UInt64(address.load(as: UInt16.self))
    case 4: UInt64(address.load(as: UInt32.self))
    default: address.load(as: UInt64.self)
    }
  }

  package func scalar(at position: Int) -> Scalar { Scalar(dtype: dtype, bits: bits(at: position)) }

  /// The position in this value that broadcasts to a row-major position of `result`.
  package func position(broadcastFrom position: Int, in result: Shape) -> Int {
    var rest = position
    var place = 0
    var step = 1
    for axis in result.indices.reversed() {
      let own = axis - (result.rank - shape.rank)
      let index = rest % result[axis]
      rest /= result[axis]
      guard own >= 0 else { continue }
      if shape[own] != 1 { place += index * step }
      step *= shape[own]
    }
    return place
  }
}
