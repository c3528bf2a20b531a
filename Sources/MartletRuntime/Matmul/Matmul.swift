// Matrix products: which routine computes them, and how they are split over the threads.

import COpenBLAS
package import MartletIR

/// The matrix product of both engines: BLAS, one thread a call, on a fixed split of the result.
///
/// Which routine runs, and on which part, depends on the dtype and (M, N, K) alone: neither the
/// tier nor the number of threads nor the layout of the factors changes a bit (R45).
package struct Matmul: Sendable {
  /// Loads the library at the first product that needs it: it starts threads of its own, which take
  /// time from small work even while they idle.
  let blas: @Sendable () -> Blas?
  let threads: ThreadPool
  let pool: BufferPool

  package init(blas: @escaping @Sendable () -> Blas?, threads: ThreadPool, pool: BufferPool) {
    self.blas = blas
    self.threads = threads
    self.pool = pool
  }

  /// Products up to this many multiplications, times the bytes of an element, are loops: a BLAS
  /// call costs as much (Decision 15).
  private static let loopLimit: Int = 1 << 16
  /// OpenBLAS has kernels for products up to 10^6 multiplications that add in an order of their own
  /// for each transposition; those get row-major copies.
  private static let copyLimit: Int = 1 << 20
  /// Products below this are one tile.
  private static let tilingLimit: Int = 1 << 20

  /// Computes the products of the matrices of `a` and `b` into `c`, which is row-major.
  package func multiply(_ a: Value, _ b: Value, into c: Value) throws(TensorError) {
    guard c.shape.elementCount > 0 else { return }
    let extents = c.shape.dimensions.dropLast(2)
    let product = Product(
      rows: c.shape[c.shape.rank - 2], columns: c.shape[c.shape.rank - 1],
      inner: a.shape[a.shape.rank - 1], batches: extents.reduce(1, &*),
      byteCount: c.dtype.byteCount)
    guard product.inner > 0 else {
      c.base.initializeMemory(
        as: UInt8.self, repeating: 0, count: c.shape.elementCount &* c.dtype.byteCount)
      return
    }
    let left = MatrixBatch(a, extents: extents)
    let right = MatrixBatch(b, extents: extents)
    if c.dtype.isFloatingPoint, product.fitsBlas, let blas = blas() {
      try runBlas(blas, product, left, right, c)
    } else {
      try runLoops(product, left, right, c)
    }
  }

  /// The sizes of a batch of products.
  private struct Product {
    let rows: Int
    let columns: Int
    let inner: Int
    let batches: Int
    /// The bytes of an element.
    let byteCount: Int

    /// The multiplications of one product, saturating.
    var work: Int {
      let (face, overflow) = rows.multipliedReportingOverflow(by: columns)
      let (volume, overflows) = face.multipliedReportingOverflow(by: inner)
      return overflow || overflows ? .max : volume
    }

    var fitsBlas: Bool {
      work > Matmul.loopLimit / byteCount && columns <= Int(Int32.max) && inner <= Int(Int32.max)
    }

    /// The rows and columns of a tile of the result: about 512 whole rows, at least two tiles, or
    /// parts of rows where there are fewer than 64 to share.
    var tile: (rows: Int, columns: Int) {
      if work < Matmul.tilingLimit { return (rows, columns) }
      return Matmul.tile(rows, columns)
    }
  }

  static func tile(_ rows: Int, _ columns: Int) -> (rows: Int, columns: Int) {
    let parts = max(2, (rows &+ 511) / 512)
    if rows >= 64 { return (Matmul.share(rows, parts, multiple: 16), columns) }
    return (rows, Matmul.share(columns, 2, multiple: 64))
  }

  /// The size of each of `parts` nearly equal parts, rounded up to a multiple.
  private static func share(_ count: Int, _ parts: Int, multiple: Int) -> Int {
    let size = (count &+ parts &- 1) / parts
    return min(count, (size &+ multiple &- 1) / multiple &* multiple)
  }

  private func runBlas(
    _ blas: Blas, _ product: Product, _ a: MatrixBatch, _ b: MatrixBatch, _ c: Value
  ) throws(TensorError) {
    let tile = product.tile
    let rowTiles = (product.rows &+ tile.rows &- 1) / tile.rows
    let columnTiles = (product.columns &+ tile.columns &- 1) / tile.columns
    let tiles = rowTiles &* columnTiles
    // The last tile is the smallest.
    let leastWork = Product(
      rows: product.rows &- (rowTiles &- 1) &* tile.rows,
      columns: product.columns &- (columnTiles &- 1) &* tile.columns, inner: product.inner,
      batches: 1, byteCount: product.byteCount
    ).work
    let needsCopy = leastWork <= Matmul.copyLimit
    let left = try readable(a, needsCopy: needsCopy)
    let right = try readable(b, needsCopy: needsCopy)
    guard let leftLeading = left.leading, let rightLeading = right.leading else {
      internalError("a copied factor has no leading dimension")
    }
    let byteCount = c.dtype.byteCount
    let work = product.work
    // Small products of a batch share a task.
    let grain = tiles > 1 ? 1 : max(1, Matmul.tilingLimit / max(work, 1))
    let base = c.base
    threads.parallel(items: product.batches &* tiles, grain: grain) { _, begin, end in
      for task in begin..<end {
        let (batch, place) = task.quotientAndRemainder(dividingBy: tiles)
        let (rowTile, columnTile) = place.quotientAndRemainder(dividingBy: columnTiles)
        let row = rowTile &* tile.rows
        let column = columnTile &* tile.columns
        let aStep = leftLeading.isTransposed ? left.rowStride : left.leadingStep(leftLeading)
        let bStep = rightLeading.isTransposed ? rightLeading.dimension : right.columnStride
        blas.gemm(
          c.dtype,
          Blas.Call(
            rows: min(tile.rows, product.rows &- row),
            columns: min(tile.columns, product.columns &- column), inner: product.inner,
            a: left.matrix(batch) + row &* aStep &* byteCount,
            isATransposed: leftLeading.isTransposed, aLeading: leftLeading.dimension,
            b: right.matrix(batch) + column &* bStep &* byteCount,
            isBTransposed: rightLeading.isTransposed, bLeading: rightLeading.dimension,
            c: base
              + (((batch &* product.rows &+ row) &* product.columns) &+ column) &* byteCount,
            cLeading: product.columns))
      }
    }
    withExtendedLifetime(left.buffer) {}
    withExtendedLifetime(right.buffer) {}
    withExtendedLifetime(c.buffer) {}
  }

  /// The factor as BLAS can read it.
  private func readable(
    _ factor: MatrixBatch, needsCopy: Bool
  ) throws(TensorError) -> MatrixBatch {
    if let leading = factor.leading, leading.dimension <= Int(Int32.max),
      !(needsCopy && leading.isTransposed)
    {
      return factor
    }
    return try factor.rowMajor(pool: pool, threads: threads)
  }

  private func runLoops(
    _ product: Product, _ a: MatrixBatch, _ b: MatrixBatch, _ c: Value
  ) throws(TensorError) {
    // Loops over floats copy columns that lie apart by themselves.
    // A single column has no stride, and a plan counts on that: it is not copied.
    let isCopied =
      b.columnStride != 1 && b.columns > 1 && !c.dtype.isFloatingPoint
      && product.work > Matmul.loopLimit / product.byteCount
    let right = isCopied ? try b.rowMajor(pool: pool, threads: threads) : b
    let rowWork = max(1, product.work / product.rows)
    let grain = max(1, (1 << 16) / rowWork)
    threads.parallel(items: product.batches &* product.rows, grain: grain) { _, begin, end in
      var item = begin
      while item < end {
        let (batch, row) = item.quotientAndRemainder(dividingBy: product.rows)
        let count = min(product.rows &- row, end &- item)
        let loop = LoopProduct(
          a: a.matrix(batch), aRowStride: a.rowStride,
          aColumnStride: a.columnStride, b: right.matrix(batch),
          bRowStride: right.rowStride, bColumnStride: right.columnStride,
          c: c.base + batch &* product.rows &* product.columns &* c.dtype.byteCount,
          columns: product.columns, inner: product.inner)
        loop.run(c.dtype, rows: row..<(row &+ count))
        item &+= count
      }
    }
    withExtendedLifetime(a.buffer) {}
    withExtendedLifetime(right.buffer) {}
    withExtendedLifetime(c.buffer) {}
  }
}

extension MatrixBatch {
  /// The elements from one row to the next of a matrix that is read untransposed.
  fileprivate func leadingStep(_ leading: (isTransposed: Bool, dimension: Int)) -> Int {
    rows == 1 ? columns : leading.dimension
  }
}
