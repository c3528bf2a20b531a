// Reductions by the fixed tree of R14: 64 lanes a block of 4096, combined by halving.

import CLLVM
import MartletFusion
import MartletIR

/// The combining operation of one output.
struct Combiner {
  let dtype: DType
  let identity: Scalar
  private let program: ScalarProgram

  init(_ reduction: Reduction, _ dtype: DType) {
    self.dtype = dtype
    identity = reduction.identity(dtype)
    program = ScalarProgram(reduction.combine, dtype: dtype)
  }

  /// `lane` with `element` taken into it.
  func callAsFunction(_ lane: Value, _ element: Value, _ emitter: ScalarEmitter) -> Value {
    emitter.emit(program, [lane, element])
  }
}

extension KernelEmitter {
  static let laneCount = KernelSpec.laneCount
  static let blockLength = KernelSpec.blockLength

  var combiners: [Combiner] {
    spec.outputs.map { output in
      guard let reduction = output.reduction else {
        internalError("a reducing kernel has an output without a reduction")
      }
      return Combiner(reduction, spec.dtypes[output.value])
    }
  }

  /// The blocks of `axis` as an axis of the items, each `blockLength` elements after the one
  /// before.
  func blocks(of axis: Int) -> Axis {
    let rounded = b.add(extents[axis], b.constant(Self.blockLength - 1))
    return Axis(
      extent: b.lshr(rounded, b.constant(Self.blockLength.trailingZeroBitCount)),
      strides: (inputs + outputs).map {
        b.multiply($0.strides[axis], b.constant(Self.blockLength))
      })
  }

  /// How many elements of `axis` lie in block `block`.
  func length(ofBlock block: Value, along axis: Int) -> Value {
    let size = b.constant(Self.blockLength)
    return b.least(b.subtract(extents[axis], b.multiply(block, size)), size)
  }

  /// A kernel that reduces the innermost axis: one value a row and block.
  func emitReduceInner() {
    let combiners = combiners
    let whole = Sweep(body)
    let lanes = combiners.map { b.slot(b.memory($0.dtype), count: Self.laneCount) }
    let inner = spec.rank - 1
    forEachItem((0..<inner).map(axis) + [blocks(of: inner)]) { item in
      let rows = zip(inputs, item.offsets).map { row($0, $1) }
      prepare(.row, rows: rows)
      let length = length(ofBlock: item.indices[inner], along: inner)
      accumulate(
        combiners, lanes, from: b.constant(0), to: length, inRegisters: shape.keepsLanesInRegisters
      ) { emit(whole, rows, at: $0) }
      for (k, combiner) in combiners.enumerated() {
        let place = b.element(b.memory(combiner.dtype), outputs[k].start, item.number)
        let value = halve(combiner, lanes[k])
        b.store(
          single.toMemory(value, combiner.dtype), place, alignment: combiner.dtype.byteCount)
      }
    }
    finish()
  }

  /// Takes the elements [start, stop) of a block, whose values `elements` emits, into the 64 lanes
  /// that lie at `lanes`; `start` is a multiple of 64.
  func accumulate(
    _ combiners: [Combiner], _ lanes: [Value], from start: Value, to stop: Value, inRegisters: Bool,
    _ elements: ([Step]) -> [[Value]]
  ) {
    var index = start
    if !shape.isMaskedOnly, inRegisters {
      index = accumulateInRegisters(combiners, lanes, start, stop, elements)
    } else {
      fill(combiners, lanes)
      if !shape.isMaskedOnly { index = accumulateInMemory(combiners, lanes, start, stop, elements) }
    }
    b.loop(from: index, through: b.subtract(stop, b.constant(1)), by: b.constant(shape.lanes)) {
      index, _ in
      let step = Step(index: index, mask: mask(index, before: stop))
      accumulate(combiners, lanes, [step], elements)
      return []
    }
  }

  /// The vectors that make up the 64 lanes, with their places after `lanes`.
  private func places(_ combiner: Combiner, _ lanes: Value) -> [Value] {
    stride(from: 0, to: Self.laneCount, by: shape.lanes).map {
      b.element(b.memory(combiner.dtype), lanes, b.constant($0))
    }
  }

  private func fill(_ combiners: [Combiner], _ lanes: [Value]) {
    for (combiner, lanes) in zip(combiners, lanes) {
      let identity = vector.constant(combiner.identity.bits, combiner.dtype)
      for place in places(combiner, lanes) { keep(identity, combiner.dtype, place) }
    }
  }

  /// Writes a vector of lanes.
  func keep(_ value: Value, _ dtype: DType, _ place: Value) {
    b.vectorStore(
      vector.toMemory(value, dtype), place, alignment: dtype.byteCount, mask: nil)
  }

  /// Reads a vector of lanes.
  func kept(_ dtype: DType, _ place: Value) -> Value {
    let loaded = b.vectorLoad(
      b.memory(dtype), place, lanes: shape.lanes, alignment: dtype.byteCount, mask: nil)
    return vector.toRegister(loaded, dtype)
  }

  /// Takes whole groups of 64 elements into lanes held in registers, and then puts those in memory.
  private func accumulateInRegisters(
    _ combiners: [Combiner], _ lanes: [Value], _ start: Value, _ stop: Value,
    _ elements: ([Step]) -> [[Value]]
  ) -> Value {
    let group = Self.laneCount / shape.lanes
    let initial = combiners.flatMap { combiner in
      let identity = vector.constant(combiner.identity.bits, combiner.dtype)
      return [Value](repeating: identity, count: group)
    }
    let size = b.constant(Self.laneCount)
    let end = b.loop(
      from: start, through: b.subtract(stop, size), by: size, carrying: initial
    ) { index, carried in
      let steps = (0..<group).map {
        Step(index: b.add(index, b.constant($0 * shape.lanes)), mask: nil)
      }
      return zip(combiners, elements(steps)).enumerated().flatMap { k, pair in
        pair.1.enumerated().map { pair.0(carried[k * group + $0], $1, vector) }
      }
    }
    for (k, combiner) in combiners.enumerated() {
      for (i, place) in places(combiner, lanes[k]).enumerated() {
        keep(end.carried[k * group + i], combiner.dtype, place)
      }
    }
    return end.index
  }

  /// Takes whole steps into lanes that stay in memory.
  private func accumulateInMemory(
    _ combiners: [Combiner], _ lanes: [Value], _ start: Value, _ stop: Value,
    _ elements: ([Step]) -> [[Value]]
  ) -> Value {
    let width = shape.lanes * min(shape.interleave, Self.laneCount / shape.lanes)
    return b.loop(
      from: start, through: b.subtract(stop, b.constant(width)), by: b.constant(width)
    ) { index, _ in
      let steps = stride(from: 0, to: width, by: shape.lanes).map {
        Step(index: b.add(index, b.constant($0)), mask: nil)
      }
      accumulate(combiners, lanes, steps, elements)
      return []
    }.index
  }

  private func accumulate(
    _ combiners: [Combiner], _ lanes: [Value], _ steps: [Step], _ elements: ([Step]) -> [[Value]]
  ) {
    let results = elements(steps)
    for (k, combiner) in combiners.enumerated() {
      for (element, step) in zip(results[k], steps) {
        let lane = b.and(step.index, b.constant(Self.laneCount - 1))
        let place = b.element(b.memory(combiner.dtype), lanes[k], lane)
        let old = kept(combiner.dtype, place)
        let new = combiner(old, element, vector)
        keep(
          step.mask.map { vector.select($0, new, old, combiner.dtype) } ?? new, combiner.dtype,
          place)
      }
    }
  }

  /// The 64 lanes combined: lane[l] with lane[l + h] for h = 32, 16, 8, 4, 2, 1.
  func halve(_ combiner: Combiner, _ lanes: Value) -> Value {
    var vectors = places(combiner, lanes).map { kept(combiner.dtype, $0) }
    while vectors.count > 1 {
      let half = vectors.count / 2
      vectors = (0..<half).map { combiner(vectors[$0], vectors[$0 + half], vector) }
    }
    var value = vectors[0]
    var width = shape.lanes
    while width > 1 {
      width /= 2
      let emitter = ScalarEmitter(b: b, lanes: width, tables: [:])
      let low = b.shuffle(value, Array(0..<width))
      let high = b.shuffle(value, Array(width..<2 * width))
      value = combiner(low, high, emitter)
    }
    return value
  }
}
