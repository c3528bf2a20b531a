// Searches for the first place of an extreme (R20): lanes that hold a value and where it stands.

import CLLVM
import MartletFusion
import MartletIR

/// The order in which one output looks for its extreme.
private struct Seeker {
  let extreme: ArgReduction
  let dtype: DType

  /// What no element comes after; it loses to any element at an earlier place.
  var worst: Scalar { extreme == .maximum ? dtype.lowest : dtype.highest }

  /// Whether `x` is to be taken instead of `y`, which stands before it: a NaN is the extreme.
  func isBetter(_ x: Value, than y: Value, _ emitter: ScalarEmitter) -> Value {
    let (lesser, greater) = extreme == .maximum ? (y, x) : (x, y)
    guard dtype.isFloatingPoint else {
      let operands = [lesser, greater].map { ScalarEmitter.Operand(value: $0, dtype: dtype) }
      return emitter.emit(.less, operands, .bool)
    }
    let b = emitter.b
    return b.and(b.compare(LLVMRealULT, lesser, greater), b.compare(LLVMRealORD, y, y))
  }
}

/// Lanes of values and of where they stand within the block, as int32.
///
/// A lane without an element holds the worst value and the place of its first element, were there
/// one: where all elements are as bad, the first of them has the lowest place.
private struct Found {
  var value: Value
  var place: Value
}

extension KernelEmitter {
  private var seekers: [Seeker] {
    spec.outputs.map { output in
      guard let extreme = output.place else {
        internalError("a searching kernel has an output without an extreme")
      }
      return Seeker(extreme: extreme, dtype: spec.dtypes[output.value])
    }
  }

  /// A kernel that searches the innermost axis: one place and extreme a row and block.
  func emitPlaceInner() {
    let seekers = seekers
    let whole = Sweep(body)
    let inner = spec.rank - 1
    let zero = b.constant(0)
    let group = vectorsSideBySide(whole)
    forEachItem((0..<inner).map(axis) + [blocks(of: inner)]) { item in
      let rows = zip(inputs, item.offsets).map { row($0, $1) }
      prepare(.row, rows: rows)
      let block = item.indices[inner]
      let length = length(ofBlock: block, along: inner)
      // Per output and then per vector of the group: its values, and where the group stood, which
      // with the lane's number in the group is the place.
      var lanes = seekers.flatMap { seeker in
        let worst = vector.constant(seeker.worst.bits, seeker.dtype)
        return [[Value]](repeating: [worst, places(of: zero)], count: group).flatMap { $0 }
      }
      var start = zero
      if !shape.isMaskedOnly {
        let width = group * shape.lanes
        (start, lanes) = b.loop(
          from: zero, through: b.subtract(length, b.constant(width)), by: b.constant(width),
          carrying: lanes
        ) { index, carried in
          take(
            seekers, whole, rows, into: carried,
            (0..<group).map {
              Step(index: b.add(index, b.constant($0 * shape.lanes)), mask: nil)
            })
        }
      }
      let stride = 2 * group
      let firsts = seekers.indices.flatMap { lanes[$0 * stride..<$0 * stride + 2] }
      let rest = b.loop(
        from: start, through: b.subtract(length, b.constant(1)), by: b.constant(shape.lanes),
        carrying: firsts
      ) { index, carried in
        take(
          seekers, whole, rows, into: carried,
          [Step(index: index, mask: mask(index, before: length))])
      }
      for (k, seeker) in seekers.enumerated() {
        lanes.replaceSubrange(k * stride..<k * stride + 2, with: rest.carried[2 * k..<2 * k + 2])
        let found = best(
          seeker,
          (0..<group).map {
            let own = b.add(
              b.iota(shape.lanes, 32), b.splat(b.constant($0 * shape.lanes, 32), shape.lanes))
            return Found(
              value: lanes[k * stride + 2 * $0],
              place: b.add(lanes[k * stride + 2 * $0 + 1], own))
          })
        let element = b.memory(seeker.dtype)
        b.store(
          single.toMemory(found.value, seeker.dtype),
          b.element(element, extremes[k], item.number), alignment: seeker.dtype.byteCount)
        b.store(
          b.add(b.zext(found.place, b.integer(64)), firstPlace(of: block)),
          b.element(b.integer(64), outputs[k].start, item.number), alignment: 8)
      }
    }
    finish()
  }

  /// The vectors that are searched side by side: a comparison and a choice wait for those before.
  private func vectorsSideBySide(_ whole: Sweep) -> Int {
    if shape.isMaskedOnly { return 1 }
    return whole.operationCount * spec.outputs.count <= 8 && spec.outputs.count <= 2
      ? 4 : shape.interleave
  }

  /// The place of a block's first element.
  private func firstPlace(of block: Value) -> Value {
    b.multiply(block, b.constant(Self.blockLength))
  }

  /// `place` in every lane.
  private func places(of place: Value) -> Value {
    b.splat(b.trunc(place, b.integer(32)), shape.lanes)
  }

  /// Takes the elements of `steps`, a group, into the lanes, of which each output has as many
  /// vectors.
  private func take(
    _ seekers: [Seeker], _ whole: Sweep, _ rows: [Value], into lanes: [Value], _ steps: [Step]
  ) -> [Value] {
    let places = places(of: steps[0].index)
    return zip(seekers, emit(whole, rows, at: steps)).enumerated().flatMap { k, pair in
      steps.indices.flatMap { number -> [Value] in
        let place = 2 * (k * steps.count + number)
        let taken = better(
          pair.0, Found(value: pair.1[number], place: places),
          than: Found(value: lanes[place], place: lanes[place + 1]), steps[number].mask)
        return [taken.value, taken.place]
      }
    }
  }

  /// `new` in the lanes that exist and where it is better than `old`, which stands before it.
  private func better(
    _ seeker: Seeker, _ new: Found, than old: Found, _ mask: Value?
  ) -> Found {
    var isBetter = seeker.isBetter(new.value, than: old.value, vector)
    if let mask { isBetter = b.and(isBetter, mask) }
    return Found(
      value: vector.select(isBetter, new.value, old.value, seeker.dtype),
      place: b.select(isBetter, new.place, old.place))
  }

  /// The first of the best among all lanes.
  private func best(_ seeker: Seeker, _ vectors: [Found]) -> Found {
    var found = vectors[0]
    for other in vectors.dropFirst() { found = first(seeker, found, other, vector) }
    var width = shape.lanes
    while width > 1 {
      width /= 2
      let emitter = ScalarEmitter(b: b, lanes: width, tables: [:])
      let halves = [Array(0..<width), Array(width..<2 * width)].map {
        Found(value: b.shuffle(found.value, $0), place: b.shuffle(found.place, $0))
      }
      found = first(seeker, halves[0], halves[1], emitter)
    }
    return found
  }

  /// Lane by lane the better of two, or of two as good the one that stands first.
  private func first(
    _ seeker: Seeker, _ x: Found, _ y: Found, _ emitter: ScalarEmitter
  ) -> Found {
    let isWorse = seeker.isBetter(x.value, than: y.value, emitter)
    let isBefore = b.compare(LLVMIntSLT, y.place, x.place)
    let isTaken = b.or(
      seeker.isBetter(y.value, than: x.value, emitter), b.and(b.not(isWorse), isBefore))
    return Found(
      value: emitter.select(isTaken, y.value, x.value, seeker.dtype),
      place: b.select(isTaken, y.place, x.place))
  }

  /// A kernel that searches the axis before the innermost: a row of lanes for a strip of columns.
  func emitPlaceOuter() {
    let seekers = seekers
    let whole = Sweep(body)
    let (reduced, inner) = (spec.rank - 2, spec.rank - 1)
    let (zero, one) = (b.constant(0), b.constant(1))
    let strip = b.constant(KernelSpec.stripWidth)
    let strips = strips()
    let word = b.integer(32)
    var offset = 0
    let rowsOfLanes = seekers.map { seeker in
      let values = b.element(b.integer(8), scratch, b.constant(offset))
      offset += KernelSpec.stripWidth * seeker.dtype.byteCount
      let places = b.element(b.integer(8), scratch, b.constant(offset))
      offset += KernelSpec.stripWidth * 4
      return Found(
        value: b.bitcast(values, b.pointer(to: b.memory(seeker.dtype))),
        place: b.bitcast(places, b.pointer(to: word)))
    }
    /// The vectors of lanes at a column.
    func lanes(_ k: Int, _ column: Value) -> Found {
      Found(
        value: b.element(b.memory(seekers[k].dtype), rowsOfLanes[k].value, column),
        place: b.element(word, rowsOfLanes[k].place, column))
    }
    func load(_ k: Int, _ at: Found) -> Found {
      Found(
        value: kept(seekers[k].dtype, at.value),
        place: b.vectorLoad(word, at.place, lanes: shape.lanes, alignment: 4, mask: nil))
    }
    func store(_ found: Found, _ k: Int, _ at: Found) {
      keep(found.value, seekers[k].dtype, at.value)
      b.vectorStore(found.place, at.place, alignment: 4, mask: nil)
    }

    forEachItem((0..<reduced).map(axis) + [blocks(of: reduced), strips]) { item in
      let block = item.indices[reduced]
      let length = length(ofBlock: block, along: reduced)
      let column = b.multiply(item.indices[reduced + 1], strip)
      let width = b.least(b.subtract(extents[inner], column), strip)
      forEachVector(of: width) { step in
        for (k, seeker) in seekers.enumerated() {
          let worst = vector.constant(seeker.worst.bits, seeker.dtype)
          store(
            Found(value: worst, place: b.zero(b.vector(word, shape.lanes))), k,
            lanes(k, step.index))
        }
      }
      b.loop(from: zero, through: b.subtract(length, one), by: one) { number, _ in
        let rows = zip(inputs, item.offsets).map {
          row($0, b.add($1, b.multiply(number, $0.strides[reduced])))
        }
        prepare(.row, rows: rows)
        let place = places(of: number)
        // Lanes past the last column hold anything: scratch rows are whole, and columns are stored.
        forEachGroup(from: zero, to: width) { steps in
          for (k, values) in emit(whole, rows, at: steps).enumerated() {
            for (value, step) in zip(values, steps) {
              let at = lanes(k, step.index)
              let new = Found(value: value, place: place)
              store(better(seekers[k], new, than: load(k, at), nil), k, at)
            }
          }
        }
        return []
      }
      // The number of the strip's first column among [outer..., block, column].
      let line = b.udiv(item.number, positive(strips.extent))
      let first = b.add(b.multiply(line, extents[inner]), column)
      for (k, seeker) in seekers.enumerated() {
        let element = b.memory(seeker.dtype)
        let extremes = b.element(element, extremes[k], first)
        let places = b.element(b.integer(64), outputs[k].start, first)
        forEachVector(of: width, masked: true) { step in
          let found = load(k, lanes(k, step.index))
          b.vectorStore(
            vector.toMemory(found.value, seeker.dtype), b.element(element, extremes, step.index),
            alignment: seeker.dtype.byteCount, mask: step.mask)
          let place = b.add(
            b.zext(found.place, b.vector(b.integer(64), shape.lanes)),
            b.splat(firstPlace(of: block), shape.lanes))
          b.vectorStore(
            place, b.element(b.integer(64), places, step.index), alignment: 8, mask: step.mask)
        }
      }
    }
    finish()
  }
}
