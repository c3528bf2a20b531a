// Floating-point ops: exact rules, and NumPy's bits for pairs of special values.

import Glibc
import MartletIR
import Testing

@Suite struct FloatTests {
  @Test func arithmeticIsIEEE() throws {
    var random = SplitMix(state: 3)
    func check<T: BinaryFloatingPoint & HostElement>(_: T.Type, _ make: (UInt64) -> T) throws {
      let a = (0..<5000).map { _ in make(random.next()) }
      let b = (0..<5000).map { _ in make(random.next()) }
      let c = (0..<5000).map { _ in make(random.next()) }
      #expect(same(try map(.add, a, b), zip(a, b).map { $0 + $1 }))
      #expect(same(try map(.subtract, a, b), zip(a, b).map { $0 - $1 }))
      #expect(same(try map(.multiply, a, b), zip(a, b).map { $0 * $1 }))
      #expect(same(try map(.divide, a, b), zip(a, b).map { $0 / $1 }))
      #expect(same(try map(.sqrt, a), a.map { $0.squareRoot() }))
      #expect(same(try map(.negative, a), a.map { -$0 }))
      #expect(same(try map(.abs, a), a.map { $0.magnitude }))
      #expect(same(try map(.floor, a), a.map { $0.rounded(.down) }))
      #expect(same(try map(.ceil, a), a.map { $0.rounded(.up) }))
      #expect(same(try map(.trunc, a), a.map { $0.rounded(.towardZero) }))
      #expect(same(try map(.round, a), a.map { $0.rounded(.toNearestOrEven) }))
      var flags: UInt32 = 0
      let fused: [T] = try map(.fma, a, b, c, flags: &flags)
      #expect(same(fused, a.indices.map { c[$0].addingProduct(a[$0], b[$0]) }))
      #expect(try test(.less, a, b) == zip(a, b).map { $0 < $1 })
      #expect(try test(.equal, a, a) == a.map { !$0.isNaN })
      #expect(flags == 0)
    }
    try check(Float.self) { Float(bitPattern: UInt32(truncatingIfNeeded: $0)) }
    try check(Double.self) { Double(bitPattern: $0) }
  }

  @Test func fmaRoundsOnce() throws {
    let x = 1 + Float.ulpOfOne
    #expect(try map(.fma, [x], [x], [-1 - 2 * Float.ulpOfOne]) == [Float.ulpOfOne * Float.ulpOfOne])
  }

  @Test func subnormalsStay() throws {
    let least = Float.leastNonzeroMagnitude
    #expect(try map(.add, [least, least], [0, least]) == [least, 2 * least])
    #expect(
      try map(.multiply, [Float.leastNormalMagnitude], [0.5]) == [Float.leastNormalMagnitude / 2])
  }

  @Test func signs() throws {
    let x: [Double] = [-3, -0.0, 0, 2, .infinity, -.infinity, .nan]
    #expect(same(try map(.sign, x), [-1, 0, 0, 1, 1, -1, .nan]))
    #expect(try test(.signbit, x) == [true, true, false, false, false, true, false])
    #expect(try test(.isnan, x) == x.map(\.isNaN))
    #expect(try test(.isinf, x) == x.map(\.isInfinite))
    #expect(try test(.isfinite, x) == x.map(\.isFinite))
    #expect(same(try map(.copysign, [3, -3] as [Float], [.nan, -.nan]), [3, 3]))
    #expect(same(try map(.round, [-0.4, 0.5, 1.5, 2.5, -0.5] as [Float]), [-0.0, 0, 2, 2, -0.0]))
  }

  @Test func clipping() throws {
    let clipped: [Float] = try map(
      .clip, [5, -5, .nan, 1, 1], [3, 0, 0, .nan, 0], [1, 2, 2, 2, .nan])
    #expect(same(clipped, [1, 0, .nan, .nan, .nan]))
  }

  @Test func zeroCotangentsGiveZero() throws {
    #expect(
      same(
        try map(.gradientProduct, [0, -0.0, 2, .nan] as [Float], [.nan, .infinity, 3, 1]),
        [0, 0, 6, .nan]))
    #expect(
      same(
        try map(
          .annihilatingProduct, [0, -.infinity, 2, .nan, .nan] as [Float],
          [.nan, -0.0, 3, 1, 0]), [0, 0, 6, .nan, 0]))
  }

  /// `Golden/floating_point.py` writes the table: op, dtype, operands and result as hex bits.
  @Test func numpyAgreesOnSpecialValues() throws {
    struct Row: Hashable {
      let op: String
      let dtype: String
    }
    var tables: [Row: [[UInt64]]] = [:]
    for line in try golden("floating_point.tsv").split(separator: "\n") {
      let fields = line.split(separator: "\t")
      let row = Row(op: String(fields[0]), dtype: String(fields[1]))
      tables[row, default: []].append(fields[2...].compactMap { UInt64($0, radix: 16) })
    }
    #expect(tables.count == 10)
    for (row, lines) in tables {
      let op = try #require(ElementwiseOp.allCases.first { $0.description == row.op })
      let columns = (0..<3).map { column in lines.map { $0[column] } }
      if row.dtype == "float32" {
        let c = columns.map { $0.map { Float(bitPattern: UInt32($0)) } }
        let results: [Float] = try map(op, c[0], c[1])
        let wrong = lines.indices.first { !same(results[$0], c[2][$0]) }
        #expect(wrong == nil, "\(op)(\(wrong.map { (c[0][$0], c[1][$0]) } as Any))")
      } else {
        let c = columns.map { $0.map { Double(bitPattern: $0) } }
        let results: [Double] = try map(op, c[0], c[1])
        let wrong = lines.indices.first { !same(results[$0], c[2][$0]) }
        #expect(wrong == nil, "\(op)(\(wrong.map { (c[0][$0], c[1][$0]) } as Any))")
      }
    }
  }

  private func golden(_ name: String) throws -> String {
    let folders = #filePath.split(separator: "/").dropLast(2)
    let file = try #require(fopen("/" + folders.joined(separator: "/") + "/Golden/" + name, "r"))
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while case let count = fread(&chunk, 1, chunk.count, file), count > 0 {
      bytes += chunk[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
