// Vectors of operands to and from memory, at the places that their accesses say.

import CLLVM
import MartletFusion
import MartletIR

extension KernelEmitter {
  func load(_ operand: Operand, row: Value, at step: Step) -> Value {
    if operand.isIndex {
      guard let offsets = operand.laneOffsets else { return b.splat(row, shape.lanes) }
      let first = b.add(row, b.multiply(step.index, operand.strides[spec.rank - 1]))
      return b.add(b.splat(first, shape.lanes), offsets)
    }
    let element = b.memory(operand.dtype)
    let alignment = operand.dtype.byteCount
    let loaded: Value
    if operand.access == .reversed {
      loaded = reversedLoad(operand, row: row, at: step)
    } else if let places = places(operand, row: row, at: step) {
      loaded = b.gather(
        element, places, lanes: shape.lanes, alignment: alignment, mask: step.mask)
    } else {
      loaded = b.vectorLoad(
        element, b.element(element, row, step.index), lanes: shape.lanes, alignment: alignment,
        mask: step.mask)
    }
    return vector.toRegister(loaded, operand.dtype)
  }

  /// The lanes of an operand that runs backwards: one vector, its lanes turned round.
  ///
  /// Gathered lane by lane, chain12 of such arrays took twice as long.
  private func reversedLoad(_ operand: Operand, row: Value, at step: Step) -> Value {
    let element = b.memory(operand.dtype)
    let last = b.add(step.index, b.constant(shape.lanes - 1))
    let lanes = Array((0..<shape.lanes).reversed())
    func turned(_ value: Value) -> Value { lanes.count == 1 ? value : b.shuffle(value, lanes) }
    return turned(
      b.vectorLoad(
        element, b.element(element, row, b.subtract(b.constant(0), last)), lanes: shape.lanes,
        alignment: operand.dtype.byteCount, mask: step.mask.map(turned)))
  }

  func prefetch(_ operand: Operand, row: Value, after step: Step) {
    guard operand.access == .contiguous, !operand.isIndex, step.mask == nil else { return }
    let ahead = b.constant(Sweep.prefetchedBytes / operand.dtype.byteCount)
    b.prefetch(b.element(b.memory(operand.dtype), row, b.add(step.index, ahead)))
  }

  /// Stores `value`, a vector of `operand`'s dtype, in the row that starts at `row`.
  func store(_ value: Value, to operand: Operand, row: Value, at step: Step) {
    let element = b.memory(operand.dtype)
    let alignment = operand.dtype.byteCount
    let stored = vector.toMemory(value, operand.dtype)
    if let places = places(operand, row: row, at: step) {
      b.scatter(stored, places, lanes: shape.lanes, alignment: alignment, mask: step.mask)
    } else {
      b.vectorStore(
        stored, b.element(element, row, step.index), alignment: alignment, mask: step.mask)
    }
  }

  /// The lanes' addresses of a strided operand.
  func places(_ operand: Operand, row: Value, at step: Step) -> Value? {
    guard let offsets = operand.laneOffsets else { return nil }
    let element = b.memory(operand.dtype)
    let first = b.multiply(step.index, operand.strides[spec.rank - 1])
    return b.element(element, b.element(element, row, first), offsets)
  }

  /// Where `operand` is `offset` elements after its start.
  func row(_ operand: Operand, _ offset: Value) -> Value {
    operand.isIndex
      ? b.add(operand.start, offset)
      : b.element(b.memory(operand.dtype), operand.start, offset)
  }

  /// The lanes from `index` on that lie before `limit`.
  func mask(_ index: Value, before limit: Value) -> Value {
    let lanes = b.constant(shape.lanes)
    let width = shape.lanes > 16 ? 8 : 32
    let count = b.trunc(b.least(b.subtract(limit, index), lanes), b.integer(width))
    return b.compare(LLVMIntULT, b.iota(shape.lanes, width), b.splat(count, shape.lanes))
  }
}
