// Reductions: the tree of R14 against its definition, identities, NaN, argmax.

import MartletIR
import Testing

/// R14 as it is written, by recursion.
private func tree<T>(_ elements: [T], _ identity: T, _ combine: (T, T) -> T) -> T {
  func halve(_ lanes: [T]) -> T {
    guard lanes.count > 1 else { return lanes[0] }
    let half = lanes.count / 2
    return halve((0..<half).map { combine(lanes[$0], lanes[$0 + half]) })
  }
  func block(_ elements: ArraySlice<T>) -> T {
    halve(
      (0..<64).map { lane in
        stride(from: elements.startIndex + lane, to: elements.endIndex, by: 64)
          .reduce(identity) { combine($0, elements[$1]) }
      })
  }
  func pairs(_ values: [T]) -> T {
    guard values.count > 1 else { return values[0] }
    return pairs(
      stride(from: 0, to: values.count, by: 2).map { i in
        i + 1 < values.count ? combine(values[i], values[i + 1]) : values[i]
      })
  }
  guard !elements.isEmpty else { return identity }
  return pairs(
    stride(from: 0, to: elements.count, by: 4096).map {
      block(elements[$0..<min($0 + 4096, elements.count)])
    })
}

private func larger<T: BinaryFloatingPoint>(_ a: T, _ b: T) -> T { a.isNaN ? a : (a > b ? a : b) }
private func smaller<T: BinaryFloatingPoint>(_ a: T, _ b: T) -> T { a.isNaN ? a : (a < b ? a : b) }

@Suite struct ReductionTests {
  private func reduce<T: HostElement>(_ reduction: Reduction, _ source: [T]) throws -> T {
    elements(
      try evaluate(.reduce(reduction, AxisSet([0])), T.dtype, [1], [value(source)]))[0]
  }

  @Test(arguments: [
    1, 2, 3, 31, 32, 33, 63, 64, 65, 100, 127, 128, 129, 1000, 4095, 4096, 4097, 4160, 8192, 8193,
    12_293, 5 * 4096, 5 * 4096 + 1, 7 * 4096 - 3, 40_000,
  ]) func theTreeIsTheDefinition(count: Int) throws {
    var random = SplitMix(state: UInt64(count))
    func check<T: BinaryFloatingPoint & HostElement>(_: T.Type) throws
    where T.RawSignificand: FixedWidthInteger {
      let x = (0..<count).map { _ in T.random(in: -1...1, using: &random) * 1000 }
      let near = (0..<count).map { _ in T.random(in: 0.9...1.1, using: &random) }
      #expect(try same(reduce(.sum, x), tree(x, 0, +)))
      #expect(try same(reduce(.mean, x), tree(x, 0, +) / T(count)))
      #expect(try same(reduce(.product, near), tree(near, 1, *)))
      #expect(try same(reduce(.maximum, x), tree(x, -.infinity, larger)))
      #expect(try same(reduce(.minimum, x), tree(x, .infinity, smaller)))
      // Zeros of both signs and NaN: R18 in the order of the tree.
      let zeros = (0..<count).map { _ in Bool.random(using: &random) ? T(0) : -T(0) }
      #expect(try same(reduce(.maximum, zeros), tree(zeros, -.infinity, larger)))
      #expect(try same(reduce(.minimum, zeros), tree(zeros, .infinity, smaller)))
      var withNaN = x
      withNaN[count / 2] = .nan
      #expect(try reduce(.maximum, withNaN).isNaN)
      #expect(try reduce(.minimum, withNaN).isNaN)
      #expect(try reduce(.sum, withNaN).isNaN)
    }
    try check(Float.self)
    try check(Double.self)
    let integers = (0..<count).map { _ in Int32.random(in: .min ... .max, using: &random) }
    #expect(try reduce(.sum, integers) == integers.reduce(0, &+))
    #expect(try reduce(.product, integers.map { $0 | 1 }) == integers.reduce(1) { $0 &* ($1 | 1) })
    #expect(try reduce(.maximum, integers) == integers.max())
    #expect(try reduce(.minimum, integers) == integers.min())
  }

  @Test func emptyReductionsAreIdentities() throws {
    #expect(try same(reduce(.sum, [Float]()), 0))
    #expect(try reduce(.product, [Float]()) == 1)
    #expect(try reduce(.mean, [Double]()).isNaN)
    #expect(try reduce(.all, [Bool]()) == true)
    #expect(try reduce(.any, [Bool]()) == false)
    #expect(try reduce(.sum, [Int64]()) == 0)
    #expect(try reduce(.product, [UInt8]()) == 1)
    #expect(try same(reduce(.sum, [-0.0] as [Float]), 0))
    let none = try evaluate(
      .reduce(.sum, AxisSet([1])), .float32, [0, 1], [value([Float](), [0, 3])])
    #expect(none.shape.elementCount == 0)
    let columns = try evaluate(
      .reduce(.sum, AxisSet([0])), .float32, [1, 3], [value([Float](), [0, 3])])
    #expect(elements(columns) == [0, 0, 0] as [Float])
  }

  @Test func meansDivideOnce() throws {
    let x = [Float](repeating: 0.1, count: 3)
    #expect(try reduce(.mean, x) == tree(x, 0, +) / 3)
    #expect(try reduce(.mean, [1, 2, 4] as [Double]) == 7.0 / 3)
  }

  @Test func boolsAndBytes() throws {
    let x = (0..<5000).map { $0 == 4999 }
    #expect(try reduce(.any, x) == true)
    #expect(try reduce(.all, x) == false)
    #expect(try reduce(.all, x.map { _ in true }) == true)
    #expect(try reduce(.maximum, x) == true)
    #expect(try reduce(.minimum, x) == false)
    #expect(try reduce(.maximum, [200, 3] as [UInt8]) == 200)
    #expect(try reduce(.maximum, [-3, -128] as [Int8]) == -3)
    #expect(try reduce(.minimum, [.max, 5] as [UInt64]) == 5)
  }

  @Test func axesAndLayouts() throws {
    var random = SplitMix(state: 1)
    let (a, b, c) = (5, 130, 7)
    let x = (0..<(a * b * c)).map { _ in Float.random(in: -1...1, using: &random) }
    func at(_ i: Int, _ j: Int, _ k: Int) -> Float { x[(i * b + j) * c + k] }
    let source = value(x, [a, b, c])
    let middle: [Float] = elements(
      try evaluate(.reduce(.sum, AxisSet([1])), .float32, [a, 1, c], [source]))
    #expect(
      same(
        middle,
        (0..<a).flatMap { i in (0..<c).map { k in tree((0..<b).map { at(i, $0, k) }, 0, +) } }))
    let outer: [Float] = elements(
      try evaluate(.reduce(.sum, AxisSet([0, 2])), .float32, [1, b, 1], [source]))
    #expect(
      same(
        outer,
        (0..<b).map { j in tree((0..<a).flatMap { i in (0..<c).map { at(i, j, $0) } }, 0, +) }))
    // The same elements under other strides give the same bits.
    let turned = Value(
      dtype: .float32, shape: [c, b, a], layout: Layout(strides: [1, c, b * c]),
      buffer: source.buffer)
    let columns: [Float] = elements(
      try evaluate(.reduce(.sum, AxisSet([1])), .float32, [c, 1, a], [turned]))
    #expect(
      same(
        columns,
        (0..<c).flatMap { k in (0..<a).map { i in tree((0..<b).map { at(i, $0, k) }, 0, +) } }))
    let reversed = Value(
      dtype: .float32, shape: [x.count], layout: Layout(offset: x.count - 1, strides: [-1]),
      buffer: source.buffer)
    let sum: [Float] = elements(
      try evaluate(.reduce(.sum, AxisSet([0])), .float32, [1], [reversed]))
    #expect(same(sum[0], tree(x.reversed(), 0, +)))
    let nothing: [Float] = elements(
      try evaluate(.reduce(.sum, AxisSet()), .float32, [a, b, c], [source]))
    #expect(nothing == x)
  }

  @Test func extremesTakeTheFirstAndNaN() throws {
    func place<T: HostElement>(_ reduction: ArgReduction, _ x: [T]) throws -> Int64 {
      elements(try evaluate(.argReduce(reduction, 0), .int64, [1], [value(x)]))[0]
    }
    #expect(try place(.maximum, [1, 3, 3, 2] as [Int32]) == 1)
    #expect(try place(.minimum, [1, 0, 3, 0] as [UInt8]) == 1)
    #expect(try place(.maximum, [0.0, -0.0]) == 0)
    #expect(try place(.maximum, [1, .nan, .infinity, .nan] as [Float]) == 1)
    #expect(try place(.minimum, [1, -.infinity, .nan] as [Float]) == 2)
    #expect(try place(.maximum, [-.infinity, -.infinity] as [Double]) == 0)
    #expect(try place(.maximum, [false, true, true]) == 1)
    #expect(try place(.maximum, (0..<10_000).map { Int64($0 % 9_000) }) == 8_999)
    let rows = try evaluate(
      .argReduce(.minimum, 1), .int64, [2, 1], [value([3, 1, 2, 0, 5, 0] as [Float], [2, 3])])
    #expect(elements(rows) == [1, 0] as [Int64])
    let columns = try evaluate(
      .argReduce(.maximum, 0), .int64, [1, 3], [value([3, 1, 2, 0, 5, 2] as [Float], [2, 3])])
    #expect(elements(columns) == [0, 1, 0] as [Int64])
    #expect(throws: TensorError.self) { try place(.maximum, [Float]()) }
  }
}
