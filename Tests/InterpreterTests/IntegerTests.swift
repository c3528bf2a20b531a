// Integer arithmetic: all pairs of bytes, and the edges of the wider dtypes.

import MartletIR
import Testing

@testable import MartletInterpreter

@Suite struct IntegerTests {
  /// All pairs of a one-byte integer type, widened.
  private func pairs<T: FixedWidthInteger>(_: T.Type) -> (a: [T], b: [T]) {
    let all = Array(T.min...T.max)
    return (all.flatMap { a in all.map { _ in a } }, all.flatMap { _ in all })
  }

  private func check<T: FixedWidthInteger & HostElement>(
    _ op: ElementwiseOp, _: T.Type, _ expected: (Int, Int) -> Int
  ) throws {
    let (a, b) = pairs(T.self)
    let results: [T] = try map(op, a, b)
    let wrong = zip(zip(a, b), results).first { pair, result in
      T(truncatingIfNeeded: expected(Int(pair.0), Int(pair.1))) != result
    }
    #expect(wrong == nil, "\(op) of \(T.dtype)")
  }

  private func check(_ op: ElementwiseOp, _ expected: (Int, Int) -> Int) throws {
    try check(op, Int8.self, expected)
    try check(op, UInt8.self, expected)
  }

  @Test func sumsAndProductsWrap() throws {
    try check(.add) { $0 + $1 }
    try check(.subtract) { $0 - $1 }
    try check(.multiply) { $0 * $1 }
  }

  @Test func divisionFloors() throws {
    try check(.floorDivide) { a, b in b == 0 ? 0 : Int((Double(a) / Double(b)).rounded(.down)) }
    try check(.remainder) { a, b in
      b == 0 ? 0 : a - b * Int((Double(a) / Double(b)).rounded(.down))
    }
  }

  @Test func shiftsTakeAnyCount() throws {
    try check(.leftShift) { a, b in b < 0 || b >= 8 ? 0 : a << b }
    try check(.rightShift) { a, b in b < 0 || b >= 8 ? (a < 0 ? -1 : 0) : a >> b }
  }

  @Test func bitsAndExtremes() throws {
    try check(.bitwiseAnd) { $0 & $1 }
    try check(.bitwiseOr) { $0 | $1 }
    try check(.bitwiseXor) { $0 ^ $1 }
    try check(.maximum) { max($0, $1) }
    try check(.minimum) { min($0, $1) }
  }

  @Test func comparisons() throws {
    func check<T: FixedWidthInteger & HostElement>(
      _ op: ElementwiseOp, _: T.Type, _ expected: (T, T) -> Bool
    ) throws {
      let (a, b) = pairs(T.self)
      #expect(try test(op, a, b) == zip(a, b).map(expected), "\(op) of \(T.dtype)")
    }
    try check(.less, Int8.self, <)
    try check(.less, UInt8.self, <)
    try check(.lessEqual, Int8.self, <=)
    try check(.greater, UInt8.self, >)
    try check(.greaterEqual, Int8.self, >=)
    try check(.equal, Int8.self, ==)
    try check(.notEqual, UInt8.self, !=)
  }

  /// Powers of every byte by every exponent that is not negative, one product an exponent.
  private func checkPowers<T: FixedWidthInteger & HostElement>(_: T.Type) throws {
    let bases = Array(T.min...T.max)
    var powers = bases.map { _ in 1 as T }
    for exponent in 0...T.max {
      #expect(try map(.pow, bases, bases.map { _ in exponent }) == powers, "\(exponent)")
      for i in bases.indices { powers[i] = powers[i] &* bases[i] }
    }
  }

  @Test func powersWrap() throws {
    try checkPowers(Int8.self)
    try checkPowers(UInt8.self)
  }

  @Test func aNegativePowerIsAnErrorAtItsSite() throws {
    let site = TensorError.Location(file: "a.swift", line: 7)
    var flags: UInt32 = 0
    let error = #expect(throws: TensorError.self) {
      try interpreter.evaluate(
        op: .elementwise(.pow), dtype: .int32, shape: [3],
        operands: [.value(value([1, 2, 3] as [Int32])), .value(value([1, -1, 0] as [Int32]))],
        site: site, flags: &flags)
    }
    #expect(error?.kind == .value)
    #expect(error?.op == "pow")
    #expect(error?.location == site)
    #expect(error?.operands.count == 2)
  }

  @Test func divisionByZeroRaisesItsFlagOnly() throws {
    for op in [ElementwiseOp.floorDivide, .remainder] {
      var flags: UInt32 = 0
      let clean: [Int64] = try map(op, [7, .min] as [Int64], [2, -1], flags: &flags)
      #expect(flags == 0)
      #expect(clean == (op == .remainder ? [1, 0] : [3, .min]))
      let raised: [Int64] = try map(op, [7, -7] as [Int64], [2, 0], flags: &flags)
      #expect(flags == ValueFlag.divideByZero.rawValue)
      #expect(raised[1] == 0)
    }
  }

  @Test func edgesOfWideIntegers() throws {
    func check<T: FixedWidthInteger & HostElement>(_: T.Type) throws {
      let edges: [T] = [.min, .min &+ 1, 0, 1, ~0, .max &- 1, .max]
      let a = edges.flatMap { x in edges.map { _ in x } }
      let b = edges.flatMap { _ in edges }
      #expect(try map(.add, a, b) == zip(a, b).map { $0 &+ $1 })
      #expect(try map(.subtract, a, b) == zip(a, b).map { $0 &- $1 })
      #expect(try map(.multiply, a, b) == zip(a, b).map { $0 &* $1 })
      #expect(try map(.negative, edges) == edges.map { 0 &- $0 })
      #expect(try map(.abs, edges) == edges.map { $0 < 0 ? 0 &- $0 : $0 })
      #expect(try map(.square, edges) == edges.map { $0 &* $0 })
      #expect(try map(.bitwiseInvert, edges) == edges.map { ~$0 })
      #expect(try map(.floor, edges) == edges)
      let signs: [T] = edges.map { $0 < 0 ? ~0 : ($0 == 0 ? 0 : 1) }
      #expect(try map(.sign, edges) == signs)
      let counts = a.indices.map { T(truncatingIfNeeded: $0) }
      #expect(try map(.leftShift, a, counts) == zip(a, counts).map { $0 << $1 })
      #expect(try map(.rightShift, a, counts) == zip(a, counts).map { $0 >> $1 })
    }
    try check(Int16.self)
    try check(Int32.self)
    try check(Int64.self)
    try check(UInt16.self)
    try check(UInt32.self)
    try check(UInt64.self)
  }

  @Test func bools() throws {
    let (a, b) = ([false, false, true, true], [false, true, false, true])
    #expect(try map(.add, a, b) == [false, true, true, true])
    #expect(try map(.multiply, a, b) == [false, false, false, true])
    #expect(try map(.logicalXor, a, b) == [false, true, true, false])
    #expect(try map(.logicalNot, a) == [true, true, false, false])
    #expect(try map(.bitwiseInvert, a) == [true, true, false, false])
    #expect(try map(.maximum, a, b) == [false, true, true, true])
    #expect(try map(.minimum, a, b) == [false, false, false, true])
    #expect(try map(.less, a, b) == [false, true, false, false])
  }

  @Test func highHalvesOfProducts() throws {
    func high<T: FixedWidthInteger & HostElement>(_ a: [T], _ b: [T]) throws -> [T] {
      let x = ScalarExpr.argument(0, T.dtype)
      let y = ScalarExpr.argument(1, T.dtype)
      let program = Program(
        ScalarProgram([.operation(.multiplyHigh, [x, y])]), arity: 2)
      let output = value(a)
      _ = program.run([.value(value(a)), .value(value(b))], [a.count], output.base)
      return elements(output)
    }
    let a: [UInt64] = [.max, 1 << 63, 0x1234_5678_9ABC_DEF0, 3]
    let highs = zip(a, a.reversed()).map { $0.multipliedFullWidth(by: $1).high }
    #expect(try high(a, a.reversed()) == highs)
    let b: [UInt32] = [.max, 1 << 31, 0x1234_5678]
    let shortHighs = zip(b, b.reversed()).map { $0.multipliedFullWidth(by: $1).high }
    #expect(try high(b, b.reversed()) == shortHighs)
  }
}
