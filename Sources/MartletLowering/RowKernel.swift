// Kernels of the family `row`: maps and reductions of one row after another, in sweeps over each.

import CLLVM
import MartletFusion
import MartletIR

extension KernelEmitter {
  /// What one sweep does with its values.
  private struct Work {
    let sweep: Sweep
    /// The reductions that it finishes: instructions of the body.
    let reductions: [Int]
    /// The outputs that it stores: the place of the value among the sweep's roots, and the output.
    let stores: [(root: Int, output: Int)]
    /// The values that it keeps for later sweeps, with their rows of scratch memory.
    let kept: [(root: Int, row: Value)]
  }

  /// The most blocks of R14 that a row has.
  private static var blockLimit: Int { CostModel.rowByteLimit / 8 / blockLength }

  func emitRows() {
    let inner = spec.rank - 1
    let length = extents[inner]
    let plan = RowSweeps(spec)
    let works = sweeps(plan, length)
    let reductions = body.instructions.indices.filter { combiner($0) != nil && body.isLive[$0] }
    var lanes: [Int: Value] = [:]
    var blocks: [Int: Value] = [:]
    for index in reductions {
      let element = b.memory(body.dtypes[index])
      lanes[index] = b.slot(element, count: Self.laneCount)
      blocks[index] = b.slot(element, count: Self.blockLimit)
    }
    forEachItem((0..<inner).map(axis)) { item in
      let rows = zip(inputs + outputs, item.offsets).map { row($0, $1) }
      for (number, work) in works.enumerated() {
        prepare(.row, rows: rows, sweep: number)
        for (k, output) in spec.outputs.enumerated()
        where output.access == .uniform && plan.sweeps[output.value] == number {
          let dtype = spec.dtypes[output.value]
          b.store(
            single.toMemory(rowValue(body.results[k]), dtype), rows[inputs.count + k],
            alignment: dtype.byteCount)
        }
        if work.sweep.roots.isEmpty { continue }
        guard !work.reductions.isEmpty else {
          forEachGroup(from: b.constant(0), to: length) { _ = emit(work, rows, at: $0) }
          continue
        }
        reduce(work, rows, length, lanes, blocks)
      }
    }
    finish()
  }

  private func combiner(_ index: Int) -> Combiner? {
    guard case .reduce(let reduction, _) = body.instructions[index] else { return nil }
    return Combiner(reduction, body.dtypes[index])
  }

  /// The sweeps in their order, with scratch memory for what they keep for each other.
  ///
  /// Outputs are stored in the sweep that `plan` says, by which the launch decides what may be
  /// written over; their values may be there before.
  private func sweeps(_ plan: RowSweeps, _ length: Value) -> [Work] {
    let padding = b.constant(Self.laneCount - 1)
    let padded = b.and(b.add(length, padding), b.not(padding))
    var rows: [Int: Value] = [:]
    var offset = b.constant(0)
    for value in plan.kept {
      let dtype = spec.dtypes[value]
      rows[body.numbers[value]] = b.bitcast(
        b.element(b.integer(8), scratch, offset), b.pointer(to: b.memory(dtype)))
      offset = b.add(offset, b.multiply(padded, b.constant(dtype.byteCount)))
    }
    var known: [Int: Value] = [:]
    return (0..<plan.count).map { number in
      let reductions = body.instructions.indices.filter {
        combiner($0) != nil && body.isLive[$0] && body.sweeps[$0] == number + 1
      }
      var roots = reductions.map { body.instructions[$0].operands[0] }
      var stores: [(root: Int, output: Int)] = []
      for (k, output) in spec.outputs.enumerated()
      where output.access != .uniform && plan.sweeps[output.value] == number {
        stores.append((roots.count, k))
        roots.append(body.results[k])
      }
      let elements = body.elements(for: roots) { known[$0] != nil }
      var kept: [(root: Int, row: Value)] = []
      var found: [Int: Value] = [:]
      for index in elements {
        guard let row = rows[index], known[index] == nil else { continue }
        found[index] = row
        kept.append((roots.count, row))
        roots.append(index)
      }
      defer { known.merge(found) { first, _ in first } }
      return Work(
        sweep: Sweep(body, roots: roots, known: known, isStreaming: number == 0),
        reductions: reductions, stores: stores, kept: kept)
    }
  }

  /// Emits a sweep's values at `steps`, stores and keeps what is to be, and returns what is
  /// reduced.
  private func emit(_ work: Work, _ rows: [Value], at steps: [Step]) -> [[Value]] {
    let values = emit(work.sweep, rows, at: steps)
    for store in work.stores {
      for (value, step) in zip(values[store.root], steps) {
        self.store(
          value, to: outputs[store.output], row: rows[inputs.count + store.output], at: step)
      }
    }
    for kept in work.kept {
      let dtype = body.dtypes[work.sweep.roots[kept.root]]
      for (value, step) in zip(values[kept.root], steps) {
        keep(value, dtype, b.element(b.memory(dtype), kept.row, step.index))
      }
    }
    return Array(values.prefix(work.reductions.count))
  }

  /// A sweep with reductions, block by block of R14.
  private func reduce(
    _ work: Work, _ rows: [Value], _ length: Value, _ lanes: [Int: Value], _ blocks: [Int: Value]
  ) {
    let combiners = work.reductions.compactMap(combiner)
    let lanes = work.reductions.compactMap { lanes[$0] }
    let blocks = work.reductions.compactMap { blocks[$0] }
    let size = b.constant(Self.blockLength)
    let count = b.lshr(
      b.add(length, b.constant(Self.blockLength - 1)),
      b.constant(Self.blockLength.trailingZeroBitCount))
    let isHeld = shape.keepsRowLanesInRegisters(
      outputs: combiners.count, operations: work.sweep.operationCount + combiners.count)
    b.loop(from: b.constant(0), through: b.subtract(count, b.constant(1)), by: b.constant(1)) {
      block, _ in
      let start = b.multiply(block, size)
      let stop = b.least(b.add(start, size), length)
      accumulate(combiners, lanes, from: start, to: stop, inRegisters: isHeld) {
        emit(work, rows, at: $0)
      }
      for (k, combiner) in combiners.enumerated() {
        let place = b.element(b.memory(combiner.dtype), blocks[k], block)
        b.store(
          single.toMemory(halve(combiner, lanes[k]), combiner.dtype), place,
          alignment: combiner.dtype.byteCount)
      }
      return []
    }
    for (k, index) in work.reductions.enumerated() {
      let dtype = combiners[k].dtype
      combinePairs(combiners[k], blocks[k], count)
      var result = element(dtype, blocks[k], b.constant(0))
      if case .reduce(.mean, _) = body.instructions[index] {
        result = b.fdiv(result, b.sitofp(length, b.memory(dtype)))
      }
      set(index, result)
    }
  }

  private func element(_ dtype: DType, _ row: Value, _ index: Value) -> Value {
    let place = b.element(b.memory(dtype), row, index)
    return single.toRegister(
      b.load(b.memory(dtype), place, alignment: dtype.byteCount), dtype)
  }

  /// Combines `count` block values in adjacent pairs, level by level; an odd last one moves up.
  private func combinePairs(_ combiner: Combiner, _ values: Value, _ count: Value) {
    let dtype = combiner.dtype
    let one = b.constant(1)
    func store(_ value: Value, _ index: Value) {
      b.store(
        single.toMemory(value, dtype), b.element(b.memory(dtype), values, index),
        alignment: dtype.byteCount)
    }
    b.loop(while: { b.compare(LLVMIntSGT, $0, one) }, from: count) { count in
      let pairs = b.lshr(count, one)
      b.loop(from: b.constant(0), through: b.subtract(pairs, one), by: one) { pair, _ in
        let first = b.multiply(pair, b.constant(2))
        let value = combiner(
          element(dtype, values, first), element(dtype, values, b.add(first, one)), single)
        store(value, pair)
        return []
      }
      // Where the count is even this writes what nobody reads.
      store(element(dtype, values, b.subtract(count, one)), pairs)
      return b.lshr(b.add(count, one), one)
    }
  }
}
