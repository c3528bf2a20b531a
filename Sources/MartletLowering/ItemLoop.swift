// The loop over a share of the work items, with the multi-index kept as an odometer.

import CLLVM
import MartletIR

extension KernelEmitter {
  /// An axis of the work items: its extent, and the stride of every input, then of every output.
  struct Axis {
    let extent: Value
    let strides: [Value]
  }

  /// Where an item lies.
  struct Item {
    let number: Value
    let indices: [Value]
    /// The offset of every input, then of every output.
    let offsets: [Value]
  }

  /// The axis of the space as an axis of the items.
  func axis(_ number: Int) -> Axis {
    Axis(extent: extents[number], strides: (inputs + outputs).map { $0.strides[number] })
  }

  /// A divisor that is not 0; the extents of a launch are not either.
  func positive(_ extent: Value) -> Value {
    let one = b.constant(1)
    return b.select(b.compare(LLVMIntSLT, extent, one), one, extent)
  }

  /// Emits `body` for the items of [begin, end) in the row-major order of `axes`.
  ///
  /// Divisions find the first item only; each later one is a step of the odometer, kept in memory
  /// so that many axes cost no registers.
  func forEachItem(_ axes: [Axis], _ body: (Item) -> Void) {
    let word = b.integer(64)
    let indexSlots = axes.map { _ in b.slot(word, alignment: 8) }
    let offsetSlots = (inputs + outputs).map { _ in b.slot(word, alignment: 8) }
    func load(_ slot: Value) -> Value { b.load(word, slot, alignment: 8) }
    func store(_ value: Value, _ slot: Value) { b.store(value, slot, alignment: 8) }

    var rest = begin
    var offsets = [Value](repeating: b.constant(0), count: offsetSlots.count)
    for (axis, slot) in zip(axes, indexSlots).reversed() {
      let extent = positive(axis.extent)
      let quotient = b.udiv(rest, extent)
      let index = b.subtract(rest, b.multiply(quotient, extent))
      store(index, slot)
      rest = quotient
      offsets = zip(offsets, axis.strides).map { b.add($0, b.multiply(index, $1)) }
    }
    for (offset, slot) in zip(offsets, offsetSlots) { store(offset, slot) }

    let last = b.subtract(end, b.constant(1))
    b.loop(from: begin, through: last, by: b.constant(1)) { number, _ in
      body(
        Item(number: number, indices: indexSlots.map(load), offsets: offsetSlots.map(load)))
      let after = b.block()
      for (axis, slot) in zip(axes, indexSlots).reversed() {
        let next = b.add(load(slot), b.constant(1))
        let isInside = b.compare(LLVMIntSLT, next, axis.extent)
        store(b.select(isInside, next, b.constant(0)), slot)
        for (stride, offset) in zip(axis.strides, offsetSlots) {
          let back = b.multiply(stride, b.subtract(axis.extent, b.constant(1)))
          let moved = b.select(
            isInside, b.add(load(offset), stride), b.subtract(load(offset), back))
          store(moved, offset)
        }
        let carry = b.block()
        b.branch(if: isInside, after, else: carry)
        b.position(carry)
      }
      b.branch(after)
      b.position(after)
      return []
    }
  }
}
