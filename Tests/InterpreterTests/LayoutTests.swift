// Operands of any layout, views, and shapes without elements.

import MartletIR
import MartletInterpreter
import Testing

@Suite struct LayoutTests {
  private let base = value((0..<24).map { Float($0) }, [2, 3, 4])

  private func view(_ view: View, _ operand: Value, _ shape: Shape) throws -> Value {
    try evaluate(.view(view), operand.dtype, shape, [operand])
  }

  @Test func operandsOfAnyLayout() throws {
    let views: [Value] = [
      base,
      try view(.permute([2, 0, 1]), base, [4, 2, 3]),
      try view(.flip(AxisSet([0, 2])), base, [2, 3, 4]),
      try view(
        .slice([
          .whole(2), AxisSlice(start: 2, step: -2, count: 2),
          AxisSlice(start: 1, step: 2, count: 2),
        ]),
        base, [2, 2, 2]),
      try view(.broadcast, value([1, 2, 3, 4] as [Float]), [5, 4]),
      try view(.broadcast, value([1, 2, 3] as [Float], [3, 1]), [2, 3, 300]),
      try view(.reshape, try view(.permute([1, 0, 2]), base, [3, 2, 4]), [6, 4]),
    ]
    for operand in views {
      let x: [Float] = elements(operand)
      let negated = try evaluate(.elementwise(.negative), .float32, operand.shape, [operand])
      #expect(negated.layout.isRowMajor(for: operand.shape))
      #expect(elements(negated) == x.map { -$0 })
      let doubled = try evaluate(.elementwise(.add), .float32, operand.shape, [operand, operand])
      #expect(elements(doubled) == x.map { $0 + $0 })
    }
  }

  @Test func viewsShareTheBuffer() throws {
    let turned = try view(.permute([1, 0, 2]), base, [3, 2, 4])
    #expect(turned.buffer === base.buffer)
    let flat = try view(.reshape, base, [24])
    #expect(flat.buffer === base.buffer)
    let copied = try view(.reshape, turned, [24])
    #expect(copied.buffer !== base.buffer)
    #expect(elements(copied, as: Float.self) == elements(turned))
  }

  @Test func broadcasting() throws {
    let column = value([10, 20] as [Float], [2, 1])
    let row = value([1, 2, 3] as [Float])
    let sum = try evaluate(.elementwise(.add), .float32, [2, 3], [column, row])
    #expect(elements(sum) == [11, 12, 13, 21, 22, 23] as [Float])
    let single = value([5] as [Float], [1, 1])
    let scaled = try evaluate(.elementwise(.multiply), .float32, [3], [single, row])
    #expect(elements(scaled) == [5, 10, 15] as [Float])
    var flags: UInt32 = 0
    let shifted = try interpreter.evaluate(
      op: .elementwise(.subtract), dtype: .float32, shape: [3],
      operands: [.scalar(Scalar(Float(1))), .value(row)], site: nil, flags: &flags)
    #expect(elements(shifted) == [0, -1, -2] as [Float])
    // A broadcast operand over more than one block, with rows that end inside a block.
    let long = value((0..<1000).map { Float($0) }, [1000, 1])
    let wide = try evaluate(.elementwise(.add), .float32, [1000, 3], [long, row])
    let sums: [Int] = (0..<3000).map { $0 / 3 + $0 % 3 + 1 }
    #expect(elements(wide, as: Float.self) == sums.map { Float($0) })
  }

  @Test func choices() throws {
    let condition = value([true, false, true])
    let chosen = try evaluate(
      .elementwise(.select), .int16, [2, 3],
      [condition, value([1, 2] as [Int16], [2, 1]), value([7, 8, 9] as [Int16])])
    #expect(elements(chosen) == [1, 8, 1, 2, 8, 2] as [Int16])
  }

  @Test func shapesWithoutElements() throws {
    let empty = value([Float](), [0, 3])
    let sum = try evaluate(
      .elementwise(.add), .float32, [0, 3], [empty, value([1, 2, 3] as [Float])])
    #expect(sum.shape == [0, 3])
    #expect(try evaluate(.cast, .int8, [0, 3], [empty]).dtype == .int8)
    #expect(try view(.permute([1, 0]), empty, [3, 0]).shape == [3, 0])
    #expect(try view(.reshape, try view(.permute([1, 0]), empty, [3, 0]), [0]).shape == [0])
    #expect(try view(.broadcast, value([Float](), [0, 1]), [0, 4]).shape == [0, 4])
    #expect(elements(try evaluate(.iota, .int64, [0], [])) == [Int64]())
  }

  @Test func singleNumbers() throws {
    let x = value([3] as [Double], [])
    #expect(elements(try evaluate(.elementwise(.square), .float64, [], [x])) == [9.0])
    #expect(elements(try evaluate(.iota, .int64, [], [])) == [0] as [Int64])
    #expect(elements(try evaluate(.iota, .int64, [2, 2], [])) == [0, 1, 2, 3] as [Int64])
    #expect(elements(try evaluate(.reduce(.sum, AxisSet()), .float64, [], [x])) == [3.0])
    let stretched = try view(.broadcast, x, [2, 2])
    #expect(elements(stretched) == [3.0, 3, 3, 3])
    var flags: UInt32 = 0
    let full = try interpreter.evaluate(
      op: .view(.broadcast), dtype: .int8, shape: [3],
      operands: [.scalar(Scalar(wrapping: -2, as: .int8))], site: nil, flags: &flags)
    #expect(elements(full) == [-2, -2, -2] as [Int8])
  }

  @Test(arguments: [1, 2, 255, 256, 257, 511, 512, 513, 1000]) func everyBlockLength(count: Int)
    throws
  {
    let x = (0..<count).map { Int16(truncatingIfNeeded: $0 * 77) }
    #expect(
      try map(.clip, x, x.map { _ in -500 }, x.map { _ in 900 })
        == x.map { min(max($0, -500), 900) })
  }
}
