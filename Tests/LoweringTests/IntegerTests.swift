// Integer arithmetic where processors and LLVM differ from the rules: division, shifts, products.

import MartletFusion
import MartletIR
import MartletLowering
import Testing

@Suite struct IntegerTests {
  /// Floor division and its remainder (R2, R3).
  private func reference<T: FixedWidthInteger>(_ x: T, _ y: T) -> (T, T) {
    if y == 0 { return (0, 0) }
    let (q, overflow) = x.dividedReportingOverflow(by: y)
    if overflow { return (x, 0) }
    let r = x - q * y
    return r != 0 && (r < 0) != (y < 0) ? (q - 1, r + y) : (q, r)
  }

  private func shifts<T: FixedWidthInteger>(_ x: T, _ n: T) -> (T, T) {
    let isLegal = n >= 0 && n < T.bitWidth
    return (isLegal ? x &<< n : 0, isLegal ? x &>> n : (x < 0 ? ~0 : 0))
  }

  private func check<T: FixedWidthInteger & BitwiseCopyable>(
    _ backend: Backend, _ dtype: DType, _ pairs: [(T, T)]
  ) throws {
    let inputs = [pairs.map(\.0), pairs.map(\.1)]
    func run(_ op: ElementwiseOp) throws -> ([T], UInt32) {
      try backend.map(.map(op, [dtype, dtype], result: dtype), inputs, zero: T(0))
    }
    let byZero = ValueFlag.divideByZero.rawValue
    let divisions = pairs.map { reference($0.0, $0.1) }
    let (quotients, flags) = try run(.floorDivide)
    #expect(quotients == divisions.map(\.0))
    #expect(flags == (pairs.contains { $0.1 == 0 } ? byZero : 0))
    #expect(try run(.remainder).0 == divisions.map(\.1))
    let shifted = pairs.map { shifts($0.0, $0.1) }
    #expect(try run(.leftShift).0 == shifted.map(\.0))
    #expect(try run(.rightShift).0 == shifted.map(\.1))
    #expect(try run(.multiply).0 == pairs.map { $0.0 &* $0.1 })
    #expect(try run(.maximum).0 == pairs.map { max($0.0, $0.1) })
  }

  private func boundaries<T: FixedWidthInteger>(_: T.Type) -> [(T, T)] {
    var values: [T] = [0, 1, 2, 3, 5, 7, 10, .min, .min + 1, .max, .max - 1, .max / 2, .max / 3]
    if T.isSigned { values += [T(truncatingIfNeeded: -1), T(truncatingIfNeeded: -2), -7 as T] }
    values += (0...130).map { T(truncatingIfNeeded: $0 - (T.isSigned ? 66 : 0)) }
    values += (0..<T.bitWidth).map { (1 as T) << T($0) }
    var random = Generator(3)
    values += (0..<20).map { _ in T(truncatingIfNeeded: random.next()) }
    return values.flatMap { x in values.map { (x, $0) } }
  }

  @Test(arguments: Backend.all)
  func allBytePairs(_ backend: Backend) throws {
    try check(
      backend, .int8,
      (Int8.min...Int8.max).flatMap { x in (Int8.min...Int8.max).map { (x, $0) } })
    try check(
      backend, .uint8,
      (UInt8.min...UInt8.max).flatMap { x in (UInt8.min...UInt8.max).map { (x, $0) } })
  }

  @Test(arguments: Backend.all)
  func boundaryPairs(_ backend: Backend) throws {
    try check(backend, .int16, boundaries(Int16.self))
    try check(backend, .int32, boundaries(Int32.self))
    try check(backend, .int64, boundaries(Int64.self))
    try check(backend, .uint16, boundaries(UInt16.self))
    try check(backend, .uint32, boundaries(UInt32.self))
    try check(backend, .uint64, boundaries(UInt64.self))
  }

  /// A lane past the tail holds 0 and must not raise the flag.
  @Test(arguments: Backend.all)
  func flagsOfTails(_ backend: Backend) throws {
    let spec = KernelSpec.map(.floorDivide, [.int32, .int32], result: .int32)
    for count in 1...40 {
      let ones = [Int32](repeating: 1, count: count)
      #expect(try backend.map(spec, [ones, ones], zero: Int32(0)).flags == 0)
      if backend.level == .fast || count > 20 { break }
    }
  }
}
