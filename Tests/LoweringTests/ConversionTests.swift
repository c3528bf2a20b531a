// Conversions at their bounds (R10-R13), for every pair of dtypes.

import MartletFusion
import MartletIR
import MartletLowering
import Testing

@Suite struct ConversionTests {
  private func numbers<T: FixedWidthInteger>(_: T.Type) -> [T] {
    var random = Generator(5)
    var values: [T] = [0, 1, .min, .max, .max - 1, .max / 2 + 1, .max / 2]
    for bit in 0..<T.bitWidth {
      let power = (1 as T) << T(bit)
      // Ties of rounding to 24 and 53 bits, and their neighbours.
      for shift in [24, 25, 53, 54] where bit >= shift {
        let half = (1 as T) << T(bit - shift)
        let tie = power | half
        values += [tie, tie | 1, tie &- 1, tie | (half &<< 1)]
      }
      values += [power, power &- 1, power &+ 1]
    }
    values += (0..<200).map { _ in T(truncatingIfNeeded: random.next()) }
    return values
  }

  private func floats<T: BinaryFloatingPoint>(_: T.Type) -> [T] {
    var values: [T] = [0, -0.0, 0.5, -0.5, 0.99, -0.99, 1.5, -1.5, .nan, .infinity, -.infinity]
    values += [.leastNonzeroMagnitude, .greatestFiniteMagnitude, -.greatestFiniteMagnitude]
    for bit in 0...66 {
      let power = T(sign: .plus, exponent: T.Exponent(bit), significand: 1)
      let near = [power, power.nextUp, power.nextDown, power + 0.5, power - 0.5]
      for value in near + [power - 1, power + 1] { values += [value, -value] }
    }
    return values
  }

  private func saturated<T: BinaryFloatingPoint, R: FixedWidthInteger>(_ x: T, _: R.Type) -> R {
    if x.isNaN { return 0 }
    if let exact = R(exactly: x.rounded(.towardZero)) { return exact }
    return x < 0 ? .min : .max
  }

  private func fromInteger<T: FixedWidthInteger & BitwiseCopyable>(
    _ backend: Backend, _ dtype: DType, _: T.Type
  ) throws {
    let x = numbers(T.self)
    func run<R: BitwiseCopyable>(_ result: DType, _ zero: R) throws -> [R] {
      try backend.map(.cast(dtype, result), [x], zero: zero).values
    }
    #expect(try run(.float32, Float(0)) == x.map { Float($0) })
    #expect(try run(.float64, Double(0)) == x.map { Double($0) })
    #expect(try run(.int8, Int8(0)) == x.map { Int8(truncatingIfNeeded: $0) })
    #expect(try run(.uint16, UInt16(0)) == x.map { UInt16(truncatingIfNeeded: $0) })
    #expect(try run(.int32, Int32(0)) == x.map { Int32(truncatingIfNeeded: $0) })
    #expect(try run(.uint64, UInt64(0)) == x.map { UInt64(truncatingIfNeeded: $0) })
    #expect(try run(.bool, false) == x.map { $0 != 0 })
  }

  private func fromFloat<T: BinaryFloatingPoint & BitwiseCopyable>(
    _ backend: Backend, _ dtype: DType, _: T.Type
  ) throws {
    let x = floats(T.self)
    func run<R: BitwiseCopyable>(_ result: DType, _ zero: R) throws -> [R] {
      try backend.map(.cast(dtype, result), [x], zero: zero).values
    }
    func check<R: FixedWidthInteger & BitwiseCopyable>(_ result: DType, _: R.Type) throws {
      #expect(try run(result, R(0)) == x.map { saturated($0, R.self) })
    }
    try check(.int8, Int8.self)
    try check(.int16, Int16.self)
    try check(.int32, Int32.self)
    try check(.int64, Int64.self)
    try check(.uint8, UInt8.self)
    try check(.uint16, UInt16.self)
    try check(.uint32, UInt32.self)
    try check(.uint64, UInt64.self)
    #expect(try run(.bool, false) == x.map { $0 != 0 })
  }

  @Test(arguments: Backend.all)
  func integers(_ backend: Backend) throws {
    try fromInteger(backend, .int8, Int8.self)
    try fromInteger(backend, .int16, Int16.self)
    try fromInteger(backend, .int32, Int32.self)
    try fromInteger(backend, .int64, Int64.self)
    try fromInteger(backend, .uint8, UInt8.self)
    try fromInteger(backend, .uint16, UInt16.self)
    try fromInteger(backend, .uint32, UInt32.self)
    try fromInteger(backend, .uint64, UInt64.self)
  }

  @Test(arguments: Backend.all)
  func floats(_ backend: Backend) throws {
    try fromFloat(backend, .float32, Float.self)
    try fromFloat(backend, .float64, Double.self)
    let x = floats(Double.self) + [1e300, 1.0e-45, 1.0e-46, 3.4028235677973366e38]
    let narrow = try backend.map(.cast(.float64, .float32), [x], zero: Float(0)).values
    for (value, result) in zip(x, narrow) {
      #expect(result.bitPattern == Float(value).bitPattern || value.isNaN && result.isNaN)
    }
    let wide = try backend.map(.cast(.float32, .float64), [floats(Float.self)], zero: 0.0).values
    for (value, result) in zip(floats(Float.self), wide) {
      #expect(result.bitPattern == Double(value).bitPattern || value.isNaN && result.isNaN)
    }
  }

  /// Only a float whose truncation is no integer of the dtype raises the flag.
  @Test(arguments: Backend.all)
  func invalidCasts(_ backend: Backend) throws {
    let invalid = ValueFlag.invalidCast.rawValue
    for (value, result, flag) in [
      (-0.99, DType.uint8, 0), (-1, .uint8, invalid), (255.99, .uint8, 0), (256, .uint8, invalid),
      (-128.99, .int8, 0), (-129, .int8, invalid), (.nan, .int32, invalid),
      (-0x1p31, .int32, 0), (0x1p31, .int32, invalid), (0x1p63, .int64, invalid),
      (-0x1p63, .int64, 0), (-0x1.0000000000001p63, .int64, invalid),
    ] as [(Double, DType, UInt32)] {
      let x = [1, 2, value, 3, 4]
      let outcome = try backend.map(.cast(.float64, result), [x], zero: UInt64(0))
      #expect(outcome.flags == flag, "\(value) to \(result)")
    }
    let x: [Float] = [-0x1p31, -0x1p31 - 1]
    #expect(try backend.map(.cast(.float32, .int32), [x], zero: Int32(0)).flags == 0)
  }

  @Test(arguments: Backend.all)
  func bools(_ backend: Backend) throws {
    let x = (0..<37).map { $0 % 3 == 0 }
    #expect(
      try backend.map(.cast(.bool, .float32), [x], zero: Float(9)).values == x.map { $0 ? 1 : 0 })
    #expect(
      try backend.map(.cast(.bool, .int64), [x], zero: Int64(9)).values == x.map { $0 ? 1 : 0 })
    #expect(
      try backend.map(.cast(.bool, .int8), [x], zero: Int8(9)).values == x.map { $0 ? 1 : 0 })
  }
}
