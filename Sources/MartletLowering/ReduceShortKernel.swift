// Reductions of at most 64 elements, whose tree is walked in registers, with vectors along columns.

import CLLVM
import MartletFusion
import MartletIR

extension KernelEmitter {
  /// The most lanes that the first two steps of halving leave.
  private static let quarter = laneCount / 4

  /// A kernel whose items are [outer axes..., strip of columns].
  ///
  /// Of n elements each is a lane of its own, and R14 combines lane l with lane l + h, where h is
  /// half the least power of two that is no less than n; larger distances meet empty lanes and
  /// change nothing. So lanes l, l + h/2, l + h and l + 3h/2 are one value after two steps, and
  /// they are computed together: of four lanes one goes to memory.
  func emitReduceShort() {
    let combiners = combiners
    let whole = Sweep(body, isStreaming: false)
    let (reduced, inner) = (spec.rank - 2, spec.rank - 1)
    let (zero, one) = (b.constant(0), b.constant(1))
    let count = extents[reduced]
    let half = b.lshr(powerOfTwo(notBelow: count), one)
    let quarter = b.lshr(half, one)
    // A single element is a lower lane.
    let upperCount = b.select(b.compare(LLVMIntEQ, half, zero), zero, count)
    let strip = b.constant(KernelSpec.stripWidth)
    let strips = strips()
    let interleave = shape.interleaveOfShortReductions(operations: whole.operationCount)
    let lanes = combiners.map {
      b.slot(b.memory($0.dtype), count: Self.quarter * interleave * shape.lanes)
    }

    let tiles = tileRows()

    forEachItem((0..<reduced).map(axis) + [strips]) { item in
      let column = b.multiply(item.indices[reduced], strip)
      let width = b.least(b.subtract(extents[inner], column), strip)
      // The number of the strip's first column among [outer..., column].
      let line = b.udiv(item.number, positive(strips.extent))
      let first = b.add(b.multiply(line, extents[inner]), column)
      for (k, input) in inputs.enumerated() {
        guard let tile = tiles[k] else { continue }
        transpose(input, row(input, item.offsets[k]), into: tile, count, zero, width)
      }
      forEachGroup(from: zero, to: width, interleave: interleave) { steps in
        func place(_ combiner: Int, _ lane: Value, _ step: Int) -> Value {
          let vector = b.add(b.multiply(lane, b.constant(interleave)), b.constant(step))
          return b.element(
            b.memory(combiners[combiner].dtype), lanes[combiner],
            b.multiply(vector, b.constant(shape.lanes)))
        }
        let last = b.select(b.compare(LLVMIntEQ, quarter, zero), zero, b.subtract(quarter, one))
        b.loop(from: zero, through: last, by: one) { lane, _ in
          let upper = b.add(lane, half)
          let pairs = [(lane, upper), (b.add(lane, quarter), b.add(upper, quarter))].map { pair in
            let (low, high) = (
              elements(whole, item, tiles, pair.0, steps),
              upperLanes(whole, combiners, item, tiles, pair.1, upperCount, steps)
            )
            return combine(combiners, low, high)
          }
          // Where there is no quarter, the second pair would be the first again.
          let isAlone = b.compare(LLVMIntEQ, quarter, zero)
          for (k, (value, both)) in zip(pairs[0], combine(combiners, pairs[0], pairs[1]))
            .enumerated()
          {
            for step in steps.indices {
              let kept = vector.select(
                b.splat(isAlone, shape.lanes), value[step], both[step], combiners[k].dtype)
              keep(kept, combiners[k].dtype, place(k, lane, step))
            }
          }
          return []
        }
        b.loop(while: { b.compare(LLVMIntSGE, $0, one) }, from: b.lshr(quarter, one)) { distance in
          b.loop(from: zero, through: b.subtract(distance, one), by: one) { lane, _ in
            for (k, combiner) in combiners.enumerated() {
              for step in steps.indices {
                let low = kept(combiner.dtype, place(k, lane, step))
                let high = kept(combiner.dtype, place(k, b.add(lane, distance), step))
                keep(combiner(low, high, vector), combiner.dtype, place(k, lane, step))
              }
            }
            return []
          }
          return b.lshr(distance, one)
        }
        for (k, combiner) in combiners.enumerated() {
          let element = b.memory(combiner.dtype)
          let start = b.element(element, outputs[k].start, first)
          for (number, step) in steps.enumerated() {
            let value = kept(combiner.dtype, place(k, zero, number))
            b.vectorStore(
              vector.toMemory(value, combiner.dtype), b.element(element, start, step.index),
              alignment: combiner.dtype.byteCount, mask: step.mask)
          }
        }
      }
    }
    finish()
  }

  /// Per output and step: element `index` of the reduced axis.
  ///
  /// That a lane starts at the identity shows where two lanes are combined only if neither did (-0
  /// and -0 would give -0), so of each pair the lower lane is the element itself.
  private func elements(
    _ whole: Sweep, _ item: Item, _ tiles: [Value?], _ index: Value, _ steps: [Step]
  ) -> [[Value]] {
    let rows = inputs.indices.map { k in
      if let tile = tiles[k] {
        let place = b.multiply(index, b.constant(spec.tileShape.pitch))
        return b.element(b.memory(inputs[k].dtype), tile, place)
      }
      let offset = b.multiply(index, inputs[k].strides[spec.rank - 2])
      return row(inputs[k], b.add(item.offsets[k], offset))
    }
    prepare(.row, rows: rows)
    return emit(whole, rows, at: steps)
  }

  /// Per output and step: the lane that took element `index`, or the identity where there is none.
  private func upperLanes(
    _ whole: Sweep, _ combiners: [Combiner], _ item: Item, _ tiles: [Value?], _ index: Value,
    _ count: Value, _ steps: [Step]
  ) -> [[Value]] {
    let isThere = b.splat(b.compare(LLVMIntSLT, index, count), shape.lanes)
    let existing = b.least(index, b.subtract(extents[spec.rank - 2], b.constant(1)))
    return zip(combiners, elements(whole, item, tiles, existing, steps)).map { combiner, values in
      let identity = vector.constant(combiner.identity.bits, combiner.dtype)
      return values.map {
        vector.select(isThere, combiner(identity, $0, vector), identity, combiner.dtype)
      }
    }
  }

  private func combine(
    _ combiners: [Combiner], _ low: [[Value]], _ high: [[Value]]
  ) -> [[Value]] {
    combiners.indices.map { k in zip(low[k], high[k]).map { combiners[k]($0, $1, vector) } }
  }

  /// The least power of two that is no less than `count`, which is positive.
  private func powerOfTwo(notBelow count: Value) -> Value {
    let one = b.constant(1)
    let zeros = b.intrinsic(
      "llvm.ctlz", [b.integer(64)], [b.subtract(count, one), b.constant(0, 1)])
    return b.shl(one, b.subtract(b.constant(64), zeros))
  }
}
