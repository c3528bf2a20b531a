// Scans by every backend against R36 as it is written.

import MartletFusion
import MartletIR
import MartletLowering
import Testing

@Suite struct ScanTests {
  private static let lengths = [1, 2, 3, 7, 15, 16, 17, 31, 33, 64, 65, 300]

  /// Running sums, products, greatest and least elements of 2 x.
  private static func spec(_ family: KernelSpec.Family, _ dtype: DType) -> KernelSpec {
    KernelSpec(
      family: family, rank: 2, inputs: [.init(dtype: dtype, access: .contiguous)],
      instructions: [.input(0), .elementwise(.add, [0, 0])], dtypes: [dtype, dtype],
      outputs: Scan.allCases.map { .init(value: 1, scan: $0) })
  }

  @Test(arguments: Backend.all) func floats(_ backend: Backend) throws {
    try check(backend, Float.self, .float32) { value, random in
      // Products that neither vanish nor overflow.
      value = Float.random(in: -1.1...1.1, using: &random) * (random.next() % 300 == 0 ? 0 : 0.5)
      if random.next() % 4000 == 0 { value = .nan }
    }
    try check(backend, Double.self, .float64) { value, random in
      value = Double.random(in: 0.4...0.6, using: &random)
      if random.next() % 300 == 0 { value = -value }
    }
  }

  @Test(arguments: Backend.all) func integers(_ backend: Backend) throws {
    try check(backend, Int8.self, .int8) { $0 = Int8(truncatingIfNeeded: $1.next()) }
    try check(backend, UInt16.self, .uint16) { $0 = UInt16(truncatingIfNeeded: $1.next()) }
    try check(backend, Int64.self, .int64) { $0 = Int64(truncatingIfNeeded: $1.next()) | 1 }
  }

  /// Along either axis of arrays whose rows are one element apart, in shares.
  private func check<T: Scanned>(
    _ backend: Backend, _: T.Type, _ dtype: DType, draw: (inout T, inout Generator) -> Void
  ) throws {
    var random = Generator(95)
    for family in [KernelSpec.Family.scanInner, .scanOuter] {
      let spec = Self.spec(family, dtype)
      let kernel = try backend.compile(spec)
      let isInner = family == .scanInner
      for length in Self.lengths {
        // Two strips of columns need no long ones.
        for lines in isInner ? [3] : length == 17 ? [1, 37, 513] : [1, 37] {
          let extents = isInner ? [lines, length] : [length, lines]
          let pitch = extents[1] + 1
          var values = [T](repeating: 0, count: extents[0] * pitch)
          for i in values.indices { draw(&values[i], &random) }
          let outputs = Scan.allCases.map { _ in Memory(values.count, 77 as T) }
          let items = isInner ? lines : (lines + 511) / 512
          for share in [0..<1, 1..<items] where !share.isEmpty {
            kernel.run(
              spec, extents, [Argument(Memory(values), [pitch, 1])],
              outputs.map { Argument($0, [pitch, 1]) }, share)
          }
          for (scan, output) in zip(Scan.allCases, outputs) {
            var expected = [T](repeating: 77, count: values.count)
            for line in 0..<lines {
              let places = (0..<length).map { isInner ? line * pitch + $0 : $0 * pitch + line }
              let results = T.running(scan, places.map { values[$0].doubled })
              for (place, result) in zip(places, results) { expected[place] = result }
            }
            let isSame = zip(output.values, expected).allSatisfy(T.isSame)
            #expect(isSame, "\(scan) \(family) \(T.self) \(length) \(lines)")
          }
        }
      }
    }
  }
}

/// An element that is scanned by the definition.
private protocol Scanned: BitwiseCopyable, Comparable, ExpressibleByIntegerLiteral {
  var doubled: Self { get }
  static func isSame(_ a: Self, _ b: Self) -> Bool
  static func running(_ scan: Scan, _ elements: [Self]) -> [Self]
}

/// What `step` makes of the total and each element, from `first` on.
private func results<T, Total>(
  _ elements: [T], _ first: Total, _ step: (Total, T) -> Total
) -> [Total] {
  var total = first
  return elements.map {
    total = step(total, $0)
    return total
  }
}

private func larger<T: Comparable>(_ a: T, _ b: T) -> T { a != a ? a : a > b ? a : b }
private func smaller<T: Comparable>(_ a: T, _ b: T) -> T { a != a ? a : a < b ? a : b }

extension Scanned where Self: FixedWidthInteger {
  var doubled: Self { self &+ self }
  static func isSame(_ a: Self, _ b: Self) -> Bool { a == b }
  static func running(_ scan: Scan, _ elements: [Self]) -> [Self] {
    switch scan {
    case .sum: results(elements, 0, &+)
    case .product: results(elements, 1, &*)
    case .maximum: results(elements, .min, larger)
    case .minimum: results(elements, .max, smaller)
    }
  }
}

extension Int8: Scanned {}
extension UInt16: Scanned {}
extension Int64: Scanned {}

extension Scanned where Self: BinaryFloatingPoint {
  var doubled: Self { self + self }
  static func isSame(_ a: Self, _ b: Self) -> Bool {
    a == b ? a.sign == b.sign : a.isNaN && b.isNaN
  }
  static func running(_ scan: Scan, _ elements: [Self]) -> [Self] {
    switch scan {
    case .sum: results(elements, 0.0) { $0 + Double($1) }.map(Self.init)
    case .product: results(elements, 1.0) { $0 * Double($1) }.map(Self.init)
    case .maximum: results(elements, -.infinity, larger)
    case .minimum: results(elements, .infinity, smaller)
    }
  }
}

extension Float: Scanned {}
extension Double: Scanned {}
