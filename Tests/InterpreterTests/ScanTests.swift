// Scans: R36 against exact sums, a wider format and the definition, along every axis and layout.

import MartletIR
import Testing

@Suite struct ScanTests {
  private func scan<T: HostElement>(_ scan: Scan, _ source: [T]) throws -> [T] {
    elements(try evaluate(.scan(scan, 0), T.dtype, [source.count], [value(source)]))
  }

  /// What `combine` makes of the first elements, for each number of them.
  private func prefixes<T>(_ source: [T], _ identity: T, _ combine: (T, T) -> T) -> [T] {
    source.indices.map { source[...$0].reduce(identity, combine) }
  }

  @Test func integersWrap() throws {
    var random = SplitMix(state: 91)
    func check<T: FixedWidthInteger & HostElement>(_: T.Type) throws {
      let x = (0..<300).map { _ in T.random(in: .min ... .max, using: &random) }
      #expect(try scan(.sum, x) == prefixes(x, 0, &+))
      let odd = x.map { $0 | 1 }
      #expect(try scan(.product, odd) == prefixes(odd, 1, &*))
      #expect(try scan(.maximum, x) == prefixes(x, .min, max))
      #expect(try scan(.minimum, x) == prefixes(x, .max, min))
    }
    try check(Int8.self)
    try check(Int16.self)
    try check(Int32.self)
    try check(Int64.self)
    try check(UInt8.self)
    try check(UInt16.self)
    try check(UInt32.self)
    try check(UInt64.self)
  }

  @Test func boolsAreOneBit() throws {
    let x = [false, true, false, true]
    #expect(try scan(.maximum, x) == [false, true, true, true])
    #expect(try scan(.minimum, x.map { !$0 }) == [true, false, false, false])
    #expect(try scan(.sum, x) == [false, true, true, true])
    #expect(try scan(.product, [true, true, false, true]) == [true, true, false, false])
  }

  /// Multiples of 2^-12 whose sums float64 holds exactly: each result is the exact sum, rounded
  /// once.
  @Test func floatSumsAreRoundedOnce() throws {
    var random = SplitMix(state: 92)
    let numbers = (0..<20_000).map { _ in Int.random(in: -(1 << 23)...(1 << 23), using: &random) }
    let x = numbers.map { Float($0) * 0x1p-12 }
    var total = 0
    let expected = numbers.map { number -> Float in
      total += number
      return Float(total) * 0x1p-12
    }
    #expect(try scan(.sum, x) == expected)
  }

  /// In float32 the total would stay at 2^24.
  @Test func onesCountOn() throws {
    let x = [0x1p24 as Float] + [Float](repeating: 1, count: 999)
    #expect(try scan(.sum, x) == (0..<1000).map { Float((1 << 24) + $0) })
  }

  /// The products of floats are those of an 80-bit format, up to float64's rounding in between.
  @Test func floatProductsAreRoundedOnce() throws {
    var random = SplitMix(state: 93)
    let x = (0..<3000).map { _ in Float.random(in: 0.97...1.03, using: &random) }
    var total: Float80 = 1
    for (found, factor) in zip(try scan(.product, x), x) {
      total *= Float80(factor)
      #expect((Float80(found) - total).magnitude <= Float80(found.ulp) * 0.500_1)
    }
  }

  @Test func doublesAreSequential() throws {
    var random = SplitMix(state: 94)
    let x = (0..<3000).map { _ in Double.random(in: -1...1, using: &random) }
    let near = x.map { 1 + $0 / 16 }
    #expect(try scan(.sum, x) == prefixes(x, 0, +))
    #expect(try scan(.product, near) == prefixes(near, 1, *))
    var (total, sizes): (Float80, Float80) = (0, 0)
    for (count, (found, term)) in zip(1..., zip(try scan(.sum, x), x)) {
      total += Float80(term)
      sizes += Float80(term.magnitude)
      let bound = Float80(count) * Float80(Double.ulpOfOne) * sizes
      #expect((Float80(found) - total).magnitude <= bound)
    }
  }

  /// What is too large for float32 on the way is not lost.
  @Test func overflowIsOfTheResultAlone() throws {
    let x: [Float] = [1e30, 1e30, 1e-30, 2]
    #expect(try scan(.product, x) == [1e30, .infinity, 1e30, 2e30])
    let y: [Float] = [3e38, 3e38, -3e38, -3e38]
    #expect(try scan(.sum, y) == [3e38, .infinity, 3e38, 0])
  }

  @Test func specialValues() throws {
    func check<T: BinaryFloatingPoint & HostElement>(_: T.Type) throws {
      #expect(try same(scan(.sum, [-0.0, -0.0, 1, -1] as [T]), [0, 0, 1, 0]))
      #expect(
        try same(scan(.sum, [1, .infinity, -.infinity, 1] as [T]), [1, .infinity, .nan, .nan]))
      #expect(try same(scan(.product, [-0.0, -2, 3] as [T]), [-0.0, 0, 0]))
      #expect(try same(scan(.product, [.infinity, 0, 1] as [T]), [.infinity, .nan, .nan]))
      for scan in Scan.allCases {
        #expect(try same(self.scan(scan, [1, .nan, 1] as [T]), [1, .nan, .nan]))
      }
      // Of equal numbers the second is taken (R18).
      #expect(try same(scan(.maximum, [0, -0.0, 0, 1, 0] as [T]), [0, -0.0, 0, 1, 1]))
      #expect(try same(scan(.minimum, [0, -0.0, 0, -1, 0] as [T]), [0, -0.0, 0, -1, -1]))
      #expect(try same(scan(.maximum, [-.infinity, -5] as [T]), [-.infinity, -5]))
      #expect(try same(scan(.minimum, [.infinity, 5] as [T]), [.infinity, 5]))
    }
    try check(Float.self)
    try check(Double.self)
  }

  /// Along each axis, of a contiguous array and of the same one transposed, backwards and
  /// broadcast.
  @Test(arguments: 0..<3) func axesAndLayouts(axis: Int) throws {
    let shape: Shape = [3, 4, 5]
    let source = value((0..<60).map { Int64($0 * 7 % 23) }, shape)
    let views: [(View, Shape)] = [
      (.reshape, shape), (.permute([2, 0, 1]), [5, 3, 4]), (.flip(AxisSet([0, 2])), shape),
      (.slice([.whole(3), AxisSlice(start: 3, step: -2, count: 2), .whole(5)]), [3, 2, 5]),
    ]
    for (view, result) in views {
      let operand = try evaluate(.view(view), .int64, result, [source])
      let x = elements(operand, as: Int64.self)
      let found = try evaluate(.scan(.sum, axis), .int64, result, [operand])
      let step = result[(axis + 1)...].reduce(1, *)
      let expected = x.indices.map { place in
        (0...place / step % result[axis]).reduce(0) { $0 + x[place - $1 * step] }
      }
      #expect(elements(found) == expected, "\(view)")
    }
    let wide = try evaluate(.view(.broadcast), .int64, [2, 3, 4, 5], [source])
    let sums = elements(try evaluate(.scan(.sum, 0), .int64, [2, 3, 4, 5], [wide]), as: Int64.self)
    #expect(sums == elements(source) + elements(source, as: Int64.self).map { 2 * $0 })
  }

  @Test func nothingToScan() throws {
    for (shape, axis) in [([0], 0), ([0, 3], 0), ([0, 3], 1), ([3, 0], 0)] as [(Shape, Int)] {
      for scan in Scan.allCases {
        let found = try evaluate(.scan(scan, axis), .float32, shape, [value([Float](), shape)])
        #expect(found.shape == shape)
      }
    }
  }
}
