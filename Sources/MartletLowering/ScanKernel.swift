// Scans: what the elements along an axis give together, from the first one to each (R36).

import CLLVM
import MartletFusion
import MartletIR

/// The combining operation of one output.
private struct Scanner {
  let dtype: DType
  /// The dtype of totals.
  let total: DType
  let identity: Scalar
  private let combiner: Combiner
  /// Whether groups of elements may be combined first: the result has the same bits.
  private let isAssociative: Bool

  init(_ scan: Scan, _ dtype: DType) {
    self.dtype = dtype
    total = scan.accumulator(dtype)
    combiner = Combiner(scan.reduction, total)
    identity = combiner.identity
    // Integers wrap. Of extremes the first NaN, or else the last of equal ones is taken (R18),
    // however they are grouped.
    isAssociative = !dtype.isFloatingPoint || scan == .maximum || scan == .minimum
  }

  /// `total` with an element taken into it, lane by lane, and what is stored of that.
  func take(
    _ element: Value, into total: Value, _ emitter: ScalarEmitter
  ) -> (total: Value, result: Value) {
    let next = combiner(total, widened(element, emitter), emitter)
    return (next, narrowed(next, emitter))
  }

  /// The results of a vector of neighbours, which come after `total`, and the total after them.
  func scan(
    _ elements: Value, after total: Value, _ single: ScalarEmitter, _ vector: ScalarEmitter
  ) -> (total: Value, results: Value) {
    isAssociative
      ? scanByDoubling(elements, after: total, vector)
      : scanInOrder(elements, after: total, single, vector)
  }

  private func scanInOrder(
    _ elements: Value, after total: Value, _ single: ScalarEmitter, _ vector: ScalarEmitter
  ) -> (total: Value, results: Value) {
    let b = vector.b
    let wide = widened(elements, vector)
    var (next, results) = (total, b.undefined(b.type(of: wide)))
    for lane in 0..<vector.lanes {
      next = combiner(next, b.shuffle(wide, [lane]), single)
      results = b.insert(next, into: results, lane)
    }
    return (next, narrowed(results, vector))
  }

  /// Each lane holds the result of its own element and some before it, whose number doubles.
  private func scanByDoubling(
    _ elements: Value, after total: Value, _ vector: ScalarEmitter
  ) -> (total: Value, results: Value) {
    let b = vector.b
    let lanes = vector.lanes
    let identity = vector.constant(identity.bits, dtype)
    var (results, width) = (elements, 1)
    while width < lanes {
      let earlier = b.shuffle(
        identity, results, (0..<lanes).map { $0 < width ? $0 : lanes + $0 - width })
      results = combiner(earlier, results, vector)
      width *= 2
    }
    results = combiner(b.splat(total, lanes), results, vector)
    return (b.shuffle(results, [lanes - 1]), results)
  }

  private func widened(_ element: Value, _ emitter: ScalarEmitter) -> Value {
    emitter.convert(ScalarEmitter.Operand(value: element, dtype: dtype), to: total)
  }

  private func narrowed(_ total: Value, _ emitter: ScalarEmitter) -> Value {
    emitter.convert(ScalarEmitter.Operand(value: total, dtype: self.total), to: dtype)
  }
}

extension KernelEmitter {
  private var scanners: [Scanner] {
    spec.outputs.map { output in
      guard let scan = output.scan else {
        internalError("a scanning kernel has an output without a scan")
      }
      return Scanner(scan, spec.dtypes[output.value])
    }
  }

  /// A kernel that scans the innermost axis: the totals of a row are handed from vector to vector.
  ///
  /// What a masked vector holds after the row's last element reaches no result.
  func emitScanInner() {
    let scanners = scanners
    let whole = Sweep(body)
    let inner = spec.rank - 1
    let identities = scanners.map { single.constant($0.identity.bits, $0.total) }
    forEachItem((0..<inner).map(axis)) { item in
      let rows = zip(inputs + outputs, item.offsets).map { row($0, $1) }
      prepare(.row, rows: rows)
      forEachGroup(from: b.constant(0), to: extents[inner], carrying: identities) {
        steps, carried in
        let values = emit(whole, rows, at: steps)
        return scanners.indices.map { k in
          var total = carried[k]
          for (value, step) in zip(values[k], steps) {
            let scanned = scanners[k].scan(value, after: total, single, vector)
            store(scanned.results, to: outputs[k], row: rows[inputs.count + k], at: step)
            total = scanned.total
          }
          return total
        }
      }
    }
    finish()
  }

  /// A kernel that scans the axis before the innermost: a row of totals for a strip of columns.
  func emitScanOuter() {
    let scanners = scanners
    let whole = Sweep(body)
    let (scanned, inner) = (spec.rank - 2, spec.rank - 1)
    let (zero, one) = (b.constant(0), b.constant(1))
    let strip = b.constant(KernelSpec.stripWidth)
    var offset = 0
    let totals = scanners.map { scanner in
      defer { offset += KernelSpec.stripWidth * scanner.total.byteCount }
      let place = b.element(b.integer(8), scratch, b.constant(offset))
      return b.bitcast(place, b.pointer(to: b.memory(scanner.total)))
    }
    forEachItem((0..<scanned).map(axis) + [strips()]) { item in
      let column = b.multiply(item.indices[scanned], strip)
      let width = b.least(b.subtract(extents[inner], column), strip)
      forEachVector(of: width) { step in
        for (scanner, totals) in zip(scanners, totals) {
          keep(
            vector.constant(scanner.identity.bits, scanner.total), scanner.total,
            b.element(b.memory(scanner.total), totals, step.index))
        }
      }
      b.loop(from: zero, through: b.subtract(extents[scanned], one), by: one) { number, _ in
        let rows = zip(inputs + outputs, item.offsets).map {
          row($0, b.add($1, b.multiply(number, $0.strides[scanned])))
        }
        prepare(.row, rows: rows)
        // Totals past the last column hold anything: rows of them are whole, and results masked.
        forEachGroup(from: zero, to: width) { steps in
          for (k, values) in emit(whole, rows, at: steps).enumerated() {
            let dtype = scanners[k].total
            for (value, step) in zip(values, steps) {
              let place = b.element(b.memory(dtype), totals[k], step.index)
              let taken = scanners[k].take(value, into: kept(dtype, place), vector)
              keep(taken.total, dtype, place)
              store(taken.result, to: outputs[k], row: rows[inputs.count + k], at: step)
            }
          }
        }
        return []
      }
    }
    finish()
  }
}
