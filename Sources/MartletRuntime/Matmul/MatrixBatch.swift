// A factor of a matrix product as a batch of matrices with strides, and its row-major copy.

import CPlatform
import MartletIR

/// The matrices over the last two axes of a value, in the order of the product's batch axes.
struct MatrixBatch {
  let base: UnsafeMutableRawPointer
  let byteCount: Int
  let rows: Int
  let columns: Int
  /// Strides in elements.
  let rowStride: Int
  let columnStride: Int
  /// One stride a batch axis, 0 where the factor is stretched.
  let batchStrides: [Int]
  /// What keeps the elements alive.
  let buffer: Buffer

  init(_ value: Value) {
    let rank = value.shape.rank
    let strides = value.layout.strides(for: value.shape)
    base = value.base
    byteCount = value.dtype.byteCount
    rows = value.shape[rank - 2]
    columns = value.shape[rank - 1]
    rowStride = strides[rank - 2]
    columnStride = strides[rank - 1]
    batchStrides = (0..<(rank - 2)).map { value.shape[$0] > 1 ? strides[$0] : 0 }
    buffer = value.buffer
  }

  private init(rowMajorCopyOf source: MatrixBatch, batchStrides: [Int], buffer: Buffer) {
    base = buffer.pointer
    byteCount = source.byteCount
    rows = source.rows
    columns = source.columns
    rowStride = source.columns
    columnStride = 1
    self.batchStrides = batchStrides
    self.buffer = buffer
  }

  /// The address of matrix `index` of a product with batch axes of these extents.
  func matrix(_ index: Int, extents: ArraySlice<Int>) -> UnsafeMutableRawPointer {
    var rest = index
    var offset = 0
    for (axis, extent) in zip(batchStrides.indices, extents).reversed() {
      offset &+= rest % extent &* batchStrides[axis]
      rest /= extent
    }
    return base + offset &* byteCount
  }

  /// How BLAS reads a matrix without a copy: whether transposed, and its leading dimension.
  var leading: (isTransposed: Bool, dimension: Int)? {
    // The stride along an axis of extent 1 is never used.
    if columnStride == 1 || columns == 1 {
      if rows == 1 { return (false, max(columns, 1)) }
      if columnStride == 1 || columns == 1, rowStride >= columns { return (false, rowStride) }
    }
    if rowStride == 1 || rows == 1 {
      if columns == 1 { return (true, max(rows, 1)) }
      if columnStride >= rows { return (true, columnStride) }
    }
    return nil
  }

  /// The same matrices with unit column stride and rows one after another; each is copied once,
  /// however often it is used.
  func rowMajor(
    extents: ArraySlice<Int>, pool: BufferPool
  ) throws(TensorError) -> MatrixBatch {
    var distinct = Array(extents)
    for axis in distinct.indices where batchStrides[axis] == 0 { distinct[axis] = 1 }
    var strides = [Int](repeating: 0, count: distinct.count)
    var step = rows &* columns
    for axis in distinct.indices.reversed() where distinct[axis] > 1 {
      strides[axis] = step
      step &*= distinct[axis]
    }
    let (total, overflow) = step.multipliedReportingOverflow(by: byteCount)
    guard !overflow else {
      throw TensorError(.memory, op: "matmul", reason: "a factor does not fit in memory")
    }
    let copy = MatrixBatch(
      rowMajorCopyOf: self, batchStrides: strides, buffer: try pool.allocate(byteCount: total))
    let count = distinct.reduce(1, *)
    for index in 0..<count {
      let source = matrix(index, extents: distinct[...])
      let target = copy.matrix(index, extents: distinct[...])
      switch byteCount {
      case 1: copyMatrix(source, target, UInt8.self)
      case 2: copyMatrix(source, target, UInt16.self)
      case 4: copyMatrix(source, target, UInt32.self)
      default: copyMatrix(source, target, UInt64.self)
      }
    }
    return copy
  }

  /// Copies in square tiles, so that neither side walks a whole column of cache lines at a time.
  private func copyMatrix<T>(
    _ source: UnsafeMutableRawPointer, _ target: UnsafeMutableRawPointer, _: T.Type
  ) {
    let source = source.assumingMemoryBound(to: T.self)
    let target = target.assumingMemoryBound(to: T.self)
    let tile = 32
    for rowStart in stride(from: 0, to: rows, by: tile) {
      let rowEnd = min(rows, rowStart &+ tile)
      for columnStart in stride(from: 0, to: columns, by: tile) {
        let columnEnd = min(columns, columnStart &+ tile)
        for row in rowStart..<rowEnd {
          let from = source + row &* rowStride
          let to = target + row &* columns
          for column in columnStart..<columnEnd { to[column] = from[column &* columnStride] }
        }
      }
    }
  }
}
