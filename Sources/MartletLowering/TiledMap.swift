// Maps with transposed inputs: bands of rows, for which tiles of those inputs are turned
// beforehand.

import CLLVM
import MartletFusion
import MartletIR

/// Reading a transposed array along a row touches one cache line an element, and a line's other
/// elements are wanted only rows later. So a band of rows is computed at a time: for a stretch of
/// columns, square blocks of every transposed input are loaded along its own direction, transposed
/// in registers, and laid as rows into scratch memory, from which the rows of the band are then
/// computed as from any contiguous input.
extension KernelEmitter {
  /// A map over two or more axes with transposed inputs.
  func emitTiles(_ whole: Sweep) {
    let (rowAxis, inner) = (spec.rank - 2, spec.rank - 1)
    let height = b.constant(KernelSpec.tileHeight)
    let (width, columns) = (b.constant(KernelSpec.tileWidth), extents[inner])
    let bands = Axis(
      extent: b.lshr(
        b.add(extents[rowAxis], b.constant(KernelSpec.tileHeight - 1)),
        b.constant(KernelSpec.tileHeight.trailingZeroBitCount)),
      strides: (inputs + outputs).map { b.multiply($0.strides[rowAxis], height) })
    let tiles = tileRows()
    let one = b.constant(1)
    forEachItem((0..<rowAxis).map(axis) + [bands]) { item in
      let first = b.multiply(item.indices[rowAxis], height)
      let rows = b.least(b.subtract(extents[rowAxis], first), height)
      b.loop(from: b.constant(0), through: b.subtract(columns, one), by: width) { start, _ in
        let stop = b.least(b.add(start, width), columns)
        for (k, input) in inputs.enumerated() {
          guard let tile = tiles[k] else { continue }
          transpose(input, row(input, item.offsets[k]), into: tile, rows, start, stop)
        }
        b.loop(from: b.constant(0), through: b.subtract(rows, one), by: one) { number, _ in
          let starts = zip(inputs + outputs, item.offsets).enumerated().map { k, pair in
            guard k < inputs.count, let tile = tiles[k] else {
              return row(pair.0, b.add(pair.1, b.multiply(number, pair.0.strides[rowAxis])))
            }
            let place = b.multiply(number, b.constant(spec.tileShape.pitch))
            return b.element(b.memory(pair.0.dtype), tile, b.subtract(place, start))
          }
          emitRow(whole, starts, from: start, to: stop)
          return []
        }
        return []
      }
    }
  }

  /// Scratch memory for the tile of each transposed input; nil for the other inputs.
  func tileRows() -> [Value?] {
    var offset = 0
    return inputs.map { input in
      guard input.access == .transposed else { return nil }
      let place = b.element(b.integer(8), scratch, b.constant(offset))
      offset += spec.tileShape.rows * spec.tileShape.pitch * input.dtype.byteCount
      return b.bitcast(place, b.pointer(to: b.memory(input.dtype)))
    }
  }

  /// Lays the columns [start, stop) of `rows` rows from `source` on into `tile`.
  ///
  /// Blocks may run over the last column, which is read again for them: the tile has room.
  func transpose(
    _ input: Operand, _ source: Value, into tile: Value, _ rows: Value, _ start: Value,
    _ stop: Value
  ) {
    let element = b.memory(input.dtype)
    let size = min(16, 64 / input.dtype.byteCount)
    let step = b.constant(size)
    let one = b.constant(1)
    let last = b.subtract(stop, one)
    b.loop(from: start, through: last, by: step) { left, _ in
      // Neighbouring blocks of a column share its pages, and often its cache lines.
      b.loop(from: b.constant(0), through: b.subtract(rows, one), by: step) { top, _ in
        let count = b.trunc(b.least(b.subtract(rows, top), step), b.integer(32))
        let mask = b.compare(LLVMIntULT, b.iota(size, 32), b.splat(count, size))
        let columns = (0..<size).map { k in
          let column = b.add(left, b.constant(k))
          let stride = input.strides[spec.rank - 1]
          let place = b.element(element, source, top)
          b.prefetch(b.element(element, place, b.multiply(b.add(column, step), stride)))
          return b.vectorLoad(
            element, b.element(element, place, b.multiply(b.least(column, last), stride)),
            lanes: size, alignment: input.dtype.byteCount, mask: mask)
        }
        for (k, row) in transposed(columns).enumerated() {
          let place = b.add(
            b.multiply(b.add(top, b.constant(k)), b.constant(spec.tileShape.pitch)),
            b.subtract(left, start))
          b.vectorStore(
            row, b.element(element, tile, place), alignment: input.dtype.byteCount, mask: nil)
        }
        return []
      }
      return []
    }
  }

  /// The rows of a square block of which these are the columns.
  ///
  /// Step d exchanges the off-diagonal quarters of all blocks of 2d by 2d (J. O. Eklundh, A fast
  /// computer method for matrix transposing, 1972).
  private func transposed(_ columns: [Value]) -> [Value] {
    let size = columns.count
    var vectors = columns
    var d = 1
    while d < size {
      let lower = (0..<size).map { $0 & d == 0 ? $0 : size + $0 - d }
      let upper = (0..<size).map { $0 & d == 0 ? $0 + d : size + $0 }
      for i in 0..<size where i & d == 0 {
        (vectors[i], vectors[i + d]) = (
          b.shuffle(vectors[i], vectors[i + d], lower), b.shuffle(vectors[i], vectors[i + d], upper)
        )
      }
      d *= 2
    }
    return vectors
  }
}
