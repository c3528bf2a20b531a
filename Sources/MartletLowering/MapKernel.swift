// Kernels of the family `map`: every point by itself.

import CLLVM
import MartletFusion
import MartletIR

extension KernelEmitter {
  func emitMap() {
    let whole = Sweep(body)
    let zero = b.constant(0)
    if spec.rank == 1 {
      let starts = (inputs + outputs).map { row($0, zero) }
      emitRow(whole, starts, from: begin, to: end)
    } else if spec.isTiled {
      emitTiles(whole)
    } else {
      forEachItem((0..<spec.rank - 1).map(axis)) { item in
        let starts = zip(inputs + outputs, item.offsets).map { row($0, $1) }
        emitRow(whole, starts, from: zero, to: extents[spec.rank - 1])
      }
    }
    finish()
  }

  /// The elements [start, stop) of a row; `rows` are where it starts in inputs and outputs.
  func emitRow(_ whole: Sweep, _ rows: [Value], from start: Value, to stop: Value) {
    prepare(.row, rows: rows)
    forEachGroup(from: start, to: stop) { steps in
      for (k, values) in emit(whole, rows, at: steps).enumerated() {
        for (value, step) in zip(values, steps) {
          store(value, to: outputs[k], row: rows[inputs.count + k], at: step)
        }
      }
    }
  }

  /// Emits `points` for the elements [start, stop): groups of whole vectors side by side, and then
  /// single vectors of which the last is masked.
  func forEachGroup(
    from start: Value, to stop: Value, interleave: Int? = nil, _ points: ([Step]) -> Void
  ) {
    forEachGroup(from: start, to: stop, interleave: interleave, carrying: []) { steps, _ in
      points(steps)
      return []
    }
  }

  /// The same, where each group hands values on to the next.
  func forEachGroup(
    from start: Value, to stop: Value, interleave: Int? = nil, carrying initial: [Value],
    _ points: ([Step], [Value]) -> [Value]
  ) {
    var (index, carried) = (start, initial)
    let interleave = interleave ?? shape.interleave
    if !shape.isMaskedOnly {
      let width = shape.lanes * interleave
      let last = b.subtract(stop, b.constant(width))
      (index, carried) = b.loop(
        from: start, through: last, by: b.constant(width), carrying: initial
      ) { index, carried in
        points(
          (0..<interleave).map {
            Step(index: b.add(index, b.constant($0 * shape.lanes)), mask: nil)
          }, carried)
      }
    }
    let last = b.subtract(stop, b.constant(1))
    b.loop(from: index, through: last, by: b.constant(shape.lanes), carrying: carried) {
      index, carried in
      points([Step(index: index, mask: mask(index, before: stop))], carried)
    }
  }
}
