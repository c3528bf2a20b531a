// A factor of a matrix product as a batch of matrices with strides, and its row-major copy.

import CPlatform
import MartletIR

/// The matrices over the last two axes of a value, in the order of the product's batch axes.
struct MatrixBatch {
  /// An axis of the batch: the stride in elements, 0 where the factor is stretched.
  private struct Axis {
    var extent: Int
    var stride: Int
  }

  let base: UnsafeMutableRawPointer
  let byteCount: Int
  let rows: Int
  let columns: Int
  /// Strides in elements.
  let rowStride: Int
  let columnStride: Int
  /// What keeps the elements alive.
  let buffer: Buffer
  /// The batch's axes, innermost first; neighbours that one stride runs through are one.
  private let axes: [Axis]

  /// The matrices of `value`, a factor of a product whose batch axes have these extents.
  init(_ value: Value, extents: ArraySlice<Int>) {
    let rank = value.shape.rank
    let strides = value.layout.strides(for: value.shape)
    base = value.base
    byteCount = value.dtype.byteCount
    rows = value.shape[rank - 2]
    columns = value.shape[rank - 1]
    rowStride = strides[rank - 2]
    columnStride = strides[rank - 1]
    buffer = value.buffer
    var axes: [Axis] = []
    for (axis, extent) in zip(extents.indices, extents).reversed() where extent != 1 {
      let stride = value.shape[axis] > 1 ? strides[axis] : 0
      if let inner = axes.last, stride == inner.stride &* inner.extent {
        axes[axes.count - 1].extent = inner.extent &* extent
      } else {
        axes.append(Axis(extent: extent, stride: stride))
      }
    }
    self.axes = axes
  }

  /// The matrices of `source`, row-major, in `buffer`.
  private init(rowMajorCopyOf source: MatrixBatch, axes: [Axis], buffer: Buffer) {
    base = buffer.pointer
    byteCount = source.byteCount
    rows = source.rows
    columns = source.columns
    rowStride = source.columns
    columnStride = 1
    self.axes = axes
    self.buffer = buffer
  }

  /// The address of matrix `index` of the batch.
  func matrix(_ index: Int) -> UnsafeMutableRawPointer {
    base + MatrixBatch.offset(index, axes) &* byteCount
  }

  private static func offset(_ index: Int, _ axes: [Axis]) -> Int {
    var rest = index
    var offset = 0
    for position in axes.indices {
      let axis = axes[position]
      // The outermost axis takes all that is left: a batch along one axis needs no division.
      if position == axes.count - 1 { return offset &+ rest &* axis.stride }
      let (quotient, remainder) = rest.quotientAndRemainder(dividingBy: axis.extent)
      offset &+= remainder &* axis.stride
      rest = quotient
    }
    return offset
  }

  /// How BLAS reads a matrix without a copy: whether transposed, and its leading dimension.
  var leading: (isTransposed: Bool, dimension: Int)? {
    // The stride along an axis of extent 1 is never used.
    if columnStride == 1 || columns == 1 {
      if rows == 1 { return (false, max(columns, 1)) }
      if rowStride >= columns { return (false, rowStride) }
    }
    if rowStride == 1 || rows == 1 {
      if columns == 1 { return (true, max(rows, 1)) }
      if columnStride >= rows { return (true, columnStride) }
    }
    return nil
  }

  /// The same matrices with unit column stride and rows one after another; each is copied once,
  /// however often it is used.
  func rowMajor(pool: BufferPool, threads: ThreadPool) throws(TensorError) -> MatrixBatch {
    let distinct = axes.filter { $0.stride != 0 }
    var copied = axes
    var step = rows &* columns
    for position in axes.indices where axes[position].stride != 0 {
      copied[position].stride = step
      step &*= axes[position].extent
    }
    let (total, overflow) = step.multipliedReportingOverflow(by: byteCount)
    guard !overflow else {
      throw TensorError(.memory, op: "matmul", reason: "a factor does not fit in memory")
    }
    let copy = MatrixBatch(
      rowMajorCopyOf: self, axes: copied, buffer: try pool.allocate(byteCount: total))
    let bands = (rows &- 1) / MatrixBatch.tile &+ 1
    let count = distinct.reduce(1) { $0 &* $1.extent }
    let grain = max(1, (1 << 14) / (MatrixBatch.tile &* columns))
    threads.parallel(items: count &* bands, grain: grain) { _, begin, end in
      for item in begin..<end {
        let (index, band) = item.quotientAndRemainder(dividingBy: bands)
        let first = band &* MatrixBatch.tile
        let range = first..<min(rows, first &+ MatrixBatch.tile)
        let source = base + MatrixBatch.offset(index, distinct) &* byteCount
        let target = copy.base + index &* rows &* columns &* byteCount
        switch byteCount {
        case 1: copyRows(range, source, target, UInt8.self)
        case 2: copyRows(range, source, target, UInt16.self)
        case 4: copyRows(range, source, target, UInt32.self)
        default: copyRows(range, source, target, UInt64.self)
        }
      }
    }
    return copy
  }

  /// The rows and columns that are copied together, so that neither side walks a whole column of
  /// cache lines at a time.
  private static let tile = 32

  private func copyRows<T>(
    _ range: Range<Int>, _ source: UnsafeMutableRawPointer, _ target: UnsafeMutableRawPointer,
    _: T.Type
  ) {
    let source = source.assumingMemoryBound(to: T.self)
    let target = target.assumingMemoryBound(to: T.self)
    for columnStart in stride(from: 0, to: columns, by: MatrixBatch.tile) {
      let columnEnd = min(columns, columnStart &+ MatrixBatch.tile)
      for row in range {
        let from = source + row &* rowStride
        let to = target + row &* columns
        for column in columnStart..<columnEnd { to[column] = from[column &* columnStride] }
      }
    }
  }
}
