// Reductions of the axis before the innermost: 64 rows of lanes in scratch memory, vectors along
// columns.

import CLLVM
import MartletFusion
import MartletIR

extension KernelEmitter {
  private static let stripWidth = KernelSpec.stripWidth
  /// How many rows ahead a strip's inputs are asked for: a strip is too short a part of a row for
  /// the processor to notice the pattern.
  private static let prefetchedRows = 8
  /// The rows of a lane that are combined with it at once, in registers.
  ///
  /// Lanes lie in the second-level cache. Only bodies of few operations are emitted for each row.
  private static let groupedRows = 4
  private static let groupedOperations = 4

  /// A row of the inputs, what is the same for all of it, and the row to ask for meanwhile.
  private struct SourceRow {
    let rows: [Value]
    let ahead: [Value?]
    let values: RowValues
  }

  /// The strips of the innermost axis as an axis of the items.
  func strips() -> Axis {
    let inner = spec.rank - 1
    return Axis(
      extent: b.lshr(
        b.add(extents[inner], b.constant(Self.stripWidth - 1)),
        b.constant(Self.stripWidth.trailingZeroBitCount)),
      strides: (inputs + outputs).map {
        b.multiply($0.strides[inner], b.constant(Self.stripWidth))
      })
  }

  /// A kernel whose items are [outer axes..., block, strip of columns].
  func emitReduceOuter() {
    let combiners = combiners
    let whole = Sweep(body, isStreaming: false)
    let (reduced, inner) = (spec.rank - 2, spec.rank - 1)
    let strip = b.constant(Self.stripWidth)
    let strips = strips()

    var offset = 0
    let lanes = combiners.map { combiner in
      defer { offset += Self.laneCount * Self.stripWidth * combiner.dtype.byteCount }
      let place = b.element(b.integer(8), scratch, b.constant(offset))
      return b.bitcast(place, b.pointer(to: b.memory(combiner.dtype)))
    }
    // Rows of identities, which the first 64 rows of a block are combined with.
    let identities = combiners.map { combiner in
      let row = b.slot(b.memory(combiner.dtype), count: Self.stripWidth)
      let identity = vector.constant(combiner.identity.bits, combiner.dtype)
      forEachVector(of: strip) { step in
        keep(identity, combiner.dtype, b.element(b.memory(combiner.dtype), row, step.index))
      }
      return row
    }

    forEachItem((0..<reduced).map(axis) + [blocks(of: reduced), strips]) { item in
      let length = length(ofBlock: item.indices[reduced], along: reduced)
      let column = b.multiply(item.indices[reduced + 1], strip)
      let width = b.least(b.subtract(extents[inner], column), strip)
      let one = b.constant(1)
      /// Combines rows a multiple of the lanes apart, the first of them `number`, with their lane.
      func combine(_ number: Value, rowCount: Int) {
        let sources = (0..<rowCount).map { k in
          let number = b.add(number, b.constant(k * Self.laneCount))
          let rows = zip(inputs, item.offsets).map {
            row($0, b.add($1, b.multiply(number, $0.strides[reduced])))
          }
          prepare(.row, rows: rows)
          return SourceRow(rows: rows, ahead: ahead(rows), values: rowValues)
        }
        let isFirst = b.compare(LLVMIntSLT, number, b.constant(Self.laneCount))
        let lane = b.and(number, b.constant(Self.laneCount - 1))
        let into = zip(combiners, lanes).map { laneRow($0, $1, lane) }
        let from = zip(into, identities).map { b.select(isFirst, $1, $0) }
        emitColumns(whole, combiners, sources, from: from, into: into, width)
      }
      var start = b.constant(0)
      if !shape.isMaskedOnly, whole.operationCount <= Self.groupedOperations {
        let group = b.constant(Self.groupedRows * Self.laneCount)
        start =
          b.loop(from: start, through: b.subtract(length, group), by: group) { base, _ in
            let last = b.add(base, b.constant(Self.laneCount - 1))
            b.loop(from: base, through: last, by: one) { number, _ in
              combine(number, rowCount: Self.groupedRows)
              return []
            }
            return []
          }.index
      }
      b.loop(from: start, through: b.subtract(length, one), by: one) { number, _ in
        combine(number, rowCount: 1)
        return []
      }
      halve(combiners, lanes, b.least(length, b.constant(Self.laneCount)), width)

      // The number of the strip's first column among [outer..., block, column].
      let line = b.udiv(item.number, positive(strips.extent))
      let first = b.add(b.multiply(line, extents[inner]), column)
      for (k, combiner) in combiners.enumerated() {
        let element = b.memory(combiner.dtype)
        let start = b.element(element, outputs[k].start, first)
        forEachVector(of: width, masked: true) { step in
          let value = kept(combiner.dtype, b.element(element, lanes[k], step.index))
          b.vectorStore(
            vector.toMemory(value, combiner.dtype), b.element(element, start, step.index),
            alignment: combiner.dtype.byteCount, mask: step.mask)
        }
      }
    }
    finish()
  }

  /// Emits `body` for the vectors that cover `width` columns.
  func forEachVector(of width: Value, masked: Bool = false, _ body: (Step) -> Void) {
    b.loop(
      from: b.constant(0), through: b.subtract(width, b.constant(1)), by: b.constant(shape.lanes)
    ) { index, _ in
      body(Step(index: index, mask: masked ? mask(index, before: width) : nil))
      return []
    }
  }

  private func laneRow(_ combiner: Combiner, _ lanes: Value, _ lane: Value) -> Value {
    b.element(b.memory(combiner.dtype), lanes, b.multiply(lane, b.constant(Self.stripWidth)))
  }

  /// The rows that are asked for while `rows` are combined.
  private func ahead(_ rows: [Value]) -> [Value?] {
    zip(inputs, rows).map { input, row in
      guard input.access == .contiguous, !input.isIndex else { return nil }
      let distance = b.multiply(
        input.strides[spec.rank - 2], b.constant(Self.prefetchedRows))
      return b.element(b.memory(input.dtype), row, distance)
    }
  }

  /// Combines the elements of rows, one row after another, into a row of lanes.
  ///
  /// Lanes past the last column hold anything: scratch rows are whole, and only columns are stored.
  private func emitColumns(
    _ whole: Sweep, _ combiners: [Combiner], _ sources: [SourceRow], from: [Value], into: [Value],
    _ width: Value
  ) {
    func emit(_ steps: [Step]) {
      var sums = zip(combiners, from).map { combiner, from in
        steps.map {
          kept(combiner.dtype, b.element(b.memory(combiner.dtype), from, $0.index))
        }
      }
      for source in sources {
        for (input, row) in zip(inputs, source.ahead) {
          guard let row else { continue }
          steps.forEach { b.prefetch(b.element(b.memory(input.dtype), row, $0.index)) }
        }
        rowValues = source.values
        let results = self.emit(whole, source.rows, at: steps)
        for (k, combiner) in combiners.enumerated() {
          sums[k] = zip(sums[k], results[k]).map { combiner($0, $1, vector) }
        }
      }
      for (k, combiner) in combiners.enumerated() {
        for (sum, step) in zip(sums[k], steps) {
          keep(sum, combiner.dtype, b.element(b.memory(combiner.dtype), into[k], step.index))
        }
      }
    }
    var index = b.constant(0)
    if !shape.isMaskedOnly {
      let count = shape.lanes * shape.interleave
      index =
        b.loop(
          from: index, through: b.subtract(width, b.constant(count)), by: b.constant(count)
        ) { index, _ in
          emit(
            (0..<shape.interleave).map {
              Step(index: b.add(index, b.constant($0 * shape.lanes)), mask: nil)
            })
          return []
        }.index
    }
    b.loop(
      from: index, through: b.subtract(width, b.constant(1)), by: b.constant(shape.lanes)
    ) { index, _ in
      emit([Step(index: index, mask: mask(index, before: width))])
      return []
    }
  }

  /// Combines the first `count` rows of lanes by halving into the first; rows that no element
  /// reached hold the identity in effect and are skipped.
  private func halve(_ combiners: [Combiner], _ lanes: [Value], _ count: Value, _ width: Value) {
    let one = b.constant(1)
    let steps = Self.laneCount.trailingZeroBitCount
    let half = b.constant(Self.laneCount / 2)
    b.loop(from: one, through: b.constant(steps), by: one, carrying: [half]) { _, carried in
      let h = carried[0]
      let last = b.subtract(b.least(b.subtract(count, h), h), one)
      b.loop(from: b.constant(0), through: last, by: one) { lane, _ in
        for (combiner, lanes) in zip(combiners, lanes) {
          let low = laneRow(combiner, lanes, lane)
          let high = laneRow(combiner, lanes, b.add(lane, h))
          forEachVector(of: width) { column in
            let element = b.memory(combiner.dtype)
            let place = b.element(element, low, column.index)
            let other = kept(combiner.dtype, b.element(element, high, column.index))
            keep(
              combiner(kept(combiner.dtype, place), other, vector), combiner.dtype, place)
          }
        }
        return []
      }
      return [b.lshr(h, one)]
    }
  }
}
