// The upper part of R14's tree: block values become results, in adjacent pairs level by level.

import MartletIR

/// An element that partial results of reductions have.
protocol Reducible: Comparable {
  static func sum(_ a: Self, _ b: Self) -> Self
  static func product(_ a: Self, _ b: Self) -> Self
  var isUnordered: Bool { get }
}

extension Reducible where Self: FixedWidthInteger {
  @inline(__always) static func sum(_ a: Self, _ b: Self) -> Self { a &+ b }
  @inline(__always) static func product(_ a: Self, _ b: Self) -> Self { a &* b }
  @inline(__always) var isUnordered: Bool { false }
}

extension Reducible where Self: BinaryFloatingPoint {
  @inline(__always) static func sum(_ a: Self, _ b: Self) -> Self { a + b }
  @inline(__always) static func product(_ a: Self, _ b: Self) -> Self { a * b }
  @inline(__always) var isUnordered: Bool { self != self }
}

extension Int8: Reducible {}
extension Int16: Reducible {}
extension Int32: Reducible {}
extension Int64: Reducible {}
extension UInt8: Reducible {}
extension UInt16: Reducible {}
extension UInt32: Reducible {}
extension UInt64: Reducible {}
extension Float: Reducible {}
extension Double: Reducible {}

/// Block values in the order [row, block, column].
struct BlockCombination {
  let reduction: Reduction
  let dtype: DType
  let rows: Int
  let blocks: Int
  let columns: Int
  /// The number of elements behind each result.
  let elementCount: Int

  /// Combines the blocks of `partials`, which is overwritten, into `results` ([row, column]); both
  /// may be the same memory when there is one block.
  func run(_ partials: UnsafeMutableRawPointer, into results: UnsafeMutableRawPointer) {
    switch dtype {
    // Sums of bool are or, products and: the maximum and minimum of 0 and 1.
    case .bool: run(truthReduction, UInt8.self, partials, results)
    case .int8: run(reduction, Int8.self, partials, results)
    case .int16: run(reduction, Int16.self, partials, results)
    case .int32: run(reduction, Int32.self, partials, results)
    case .int64: run(reduction, Int64.self, partials, results)
    case .uint8: run(reduction, UInt8.self, partials, results)
    case .uint16: run(reduction, UInt16.self, partials, results)
    case .uint32: run(reduction, UInt32.self, partials, results)
    case .uint64: run(reduction, UInt64.self, partials, results)
    case .float32:
      run(reduction, Float.self, partials, results)
      if reduction == .mean { divide(results, Float(elementCount)) }
    case .float64:
      run(reduction, Double.self, partials, results)
      if reduction == .mean { divide(results, Double(elementCount)) }
    }
  }

  private var truthReduction: Reduction {
    switch reduction {
    case .sum, .any, .maximum, .mean: .maximum
    case .product, .all, .minimum: .minimum
    }
  }

  private func divide<T: BinaryFloatingPoint>(_ results: UnsafeMutableRawPointer, _ count: T) {
    let results = results.assumingMemoryBound(to: T.self)
    for i in 0..<(rows &* columns) { results[i] /= count }
  }

  @inline(__always)
  private func run<T: Reducible>(
    _ reduction: Reduction, _: T.Type, _ partials: UnsafeMutableRawPointer,
    _ results: UnsafeMutableRawPointer
  ) {
    if blocks == 1 && partials == results { return }
    let partials = partials.assumingMemoryBound(to: T.self)
    let results = results.assumingMemoryBound(to: T.self)
    switch reduction {
    case .sum, .mean: combine(partials, results) { T.sum($0, $1) }
    case .product: combine(partials, results) { T.product($0, $1) }
    // R18.
    case .maximum: combine(partials, results) { a, b in a.isUnordered ? a : (a > b ? a : b) }
    case .minimum: combine(partials, results) { a, b in a.isUnordered ? a : (a < b ? a : b) }
    case .any, .all: internalError("\(reduction) of \(dtype)")
    }
  }

  @inline(__always)
  private func combine<T>(
    _ partials: UnsafeMutablePointer<T>, _ results: UnsafeMutablePointer<T>, _ f: (T, T) -> T
  ) {
    for row in 0..<rows {
      let start = partials + row &* blocks &* columns
      var count = blocks
      while count > 1 {
        for pair in 0..<(count / 2) {
          let left = start + 2 &* pair &* columns
          let right = left + columns
          let target = start + pair &* columns
          for column in 0..<columns { target[column] = f(left[column], right[column]) }
        }
        if count % 2 == 1 {
          // Moves up unchanged.
          let last = start + (count &- 1) &* columns
          let target = start + count / 2 &* columns
          for column in 0..<columns { target[column] = last[column] }
        }
        count = (count &+ 1) / 2
      }
      (results + row &* columns).update(from: start, count: columns)
    }
  }
}
