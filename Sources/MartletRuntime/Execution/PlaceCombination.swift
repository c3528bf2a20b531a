// The first place of an extreme among those of the blocks of a row (R20).

import MartletIR

/// Places and extremes in the order [row, block, column].
struct PlaceCombination {
  let extreme: ArgReduction
  let dtype: DType
  let rows: Int
  let blocks: Int
  let columns: Int

  /// Puts the places of the best blocks into `results` ([row, column]); both are int64.
  func run(
    _ places: UnsafeMutableRawPointer, _ extremes: UnsafeMutableRawPointer,
    into results: UnsafeMutableRawPointer
  ) {
    switch dtype {
    // As numbers 0 and 1.
    case .bool: run(UInt8.self, places, extremes, results)
    case .int8: run(Int8.self, places, extremes, results)
    case .int16: run(Int16.self, places, extremes, results)
    case .int32: run(Int32.self, places, extremes, results)
    case .int64: run(Int64.self, places, extremes, results)
    case .uint8: run(UInt8.self, places, extremes, results)
    case .uint16: run(UInt16.self, places, extremes, results)
    case .uint32: run(UInt32.self, places, extremes, results)
    case .uint64: run(UInt64.self, places, extremes, results)
    case .float32: run(Float.self, places, extremes, results)
    case .float64: run(Double.self, places, extremes, results)
    }
  }

  private func run<T: Reducible>(
    _: T.Type, _ places: UnsafeMutableRawPointer, _ extremes: UnsafeMutableRawPointer,
    _ results: UnsafeMutableRawPointer
  ) {
    let places = places.assumingMemoryBound(to: Int64.self)
    let extremes = extremes.assumingMemoryBound(to: T.self)
    let results = results.assumingMemoryBound(to: Int64.self)
    for row in 0..<rows {
      let first = row &* blocks &* columns
      for column in 0..<columns {
        var best = first &+ column
        for block in 1..<blocks {
          let next = first &+ block &* columns &+ column
          if isBetter(extremes[next], than: extremes[best]) { best = next }
        }
        results[row &* columns &+ column] = places[best]
      }
    }
  }

  /// Whether `x` is to be taken instead of `y`, which stands before it: a NaN is the extreme.
  private func isBetter<T: Reducible>(_ x: T, than y: T) -> Bool {
    !y.isUnordered && (x.isUnordered || (extreme == .maximum ? x > y : x < y))
  }
}
