// Casts (R10-R13): wrapping, saturating, rounding once, and the flag.

import MartletIR
import Testing

@Suite struct ConversionTests {
  private func cast<S: HostElement, T: HostElement>(
    _ source: [S], to: T.Type, flags: inout UInt32
  ) throws -> [T] {
    elements(try evaluate(.cast, T.dtype, [source.count], [value(source)], flags: &flags))
  }

  private func cast<S: HostElement, T: HostElement>(_ source: [S], to: T.Type) throws -> [T] {
    var flags: UInt32 = 0
    return try cast(source, to: T.self, flags: &flags)
  }

  /// Each value, what it becomes, and whether it is reported.
  private func checkBounds<
    S: BinaryFloatingPoint & HostElement, T: FixedWidthInteger & HostElement
  >(
    _: S.Type, _: T.Type
  ) throws {
    var cases: [(S, T, Bool)] = [
      (0, 0, false), (-0.0, 0, false), (0.99, 0, false), (-0.99, 0, false), (1.5, 1, false),
      (100.9, 100, false), (.nan, 0, true), (.infinity, .max, true), (-.infinity, .min, true),
      (.greatestFiniteMagnitude, .max, true), (-.greatestFiniteMagnitude, .min, true),
      (.leastNonzeroMagnitude, 0, false), (-.leastNonzeroMagnitude, 0, false),
    ]
    let upper = S(
      sign: .plus, exponent: S.Exponent(T.bitWidth - (T.isSigned ? 1 : 0)), significand: 1)
    cases.append((upper, .max, true))
    // The greatest float below the bound truncates to itself or, for short integers, to their max.
    let below = upper.nextDown
    cases.append((below, T(exactly: below.rounded(.towardZero)) ?? .max, false))
    if T.isSigned {
      cases.append((-upper, .min, false))
      cases.append((-1.5, -1, false))
      let beyond = (-upper).nextDown
      cases.append((beyond, .min, beyond.rounded(.towardZero) < -upper))
    } else {
      cases.append((-1, 0, true))
      cases.append((-100, 0, true))
    }
    for (source, expected, isReported) in cases {
      var flags: UInt32 = 0
      let result = try cast([source], to: T.self, flags: &flags)
      #expect(result == [expected], "\(S.dtype) \(source) to \(T.dtype)")
      #expect(
        flags == (isReported ? ValueFlag.invalidCast.rawValue : 0),
        "\(S.dtype) \(source) to \(T.dtype)")
    }
  }

  private func checkBounds<S: BinaryFloatingPoint & HostElement>(_: S.Type) throws {
    try checkBounds(S.self, Int8.self)
    try checkBounds(S.self, Int16.self)
    try checkBounds(S.self, Int32.self)
    try checkBounds(S.self, Int64.self)
    try checkBounds(S.self, UInt8.self)
    try checkBounds(S.self, UInt16.self)
    try checkBounds(S.self, UInt32.self)
    try checkBounds(S.self, UInt64.self)
  }

  @Test func floatsSaturate() throws {
    try checkBounds(Float.self)
    try checkBounds(Double.self)
  }

  @Test func integersBetweenBoundsOfDoubles() throws {
    #expect(
      try cast([-128.9, -129.0, 127.9, 128.0, 255.9], to: Int8.self) == [-128, -128, 127, 127, 127])
    #expect(try cast([-0.9, -1, 255.9, 256, 300], to: UInt8.self) == [0, 0, 255, 255, 255])
    var flags: UInt32 = 0
    _ = try cast([-128.9, 127.9, -0.9], to: Int8.self, flags: &flags)
    _ = try cast([255.9, -0.9], to: UInt8.self, flags: &flags)
    _ = try cast([2_147_483_647.9, -2_147_483_648.9], to: Int32.self, flags: &flags)
    #expect(flags == 0)
    _ = try cast([-2_147_483_649.0], to: Int32.self, flags: &flags)
    #expect(flags == ValueFlag.invalidCast.rawValue)
  }

  @Test func integersWrap() throws {
    let source: [Int64] = [.min, -129, -1, 0, 1, 127, 128, 255, 256, 65_535, 1 << 32, .max]
    #expect(try cast(source, to: Int8.self) == source.map { Int8(truncatingIfNeeded: $0) })
    #expect(try cast(source, to: UInt8.self) == source.map { UInt8(truncatingIfNeeded: $0) })
    #expect(try cast(source, to: UInt16.self) == source.map { UInt16(truncatingIfNeeded: $0) })
    #expect(try cast(source, to: Int32.self) == source.map { Int32(truncatingIfNeeded: $0) })
    #expect(try cast(source, to: UInt64.self) == source.map { UInt64(truncatingIfNeeded: $0) })
    let small: [Int8] = [-128, -1, 0, 127]
    #expect(try cast(small, to: Int64.self) == [-128, -1, 0, 127])
    #expect(try cast(small, to: UInt32.self) == small.map { UInt32(truncatingIfNeeded: $0) })
  }

  @Test func integersRoundOnceToFloats() throws {
    // 2^24 + 1 is a tie in float32; 2^53 + 1 in float64; the last would go wrong by way of float64.
    let source: [Int64] = [
      16_777_217, 16_777_219, -16_777_217, 9_007_199_254_740_993, .max, .min,
      (1 << 60) + (1 << 36) + 1,
    ]
    #expect(try cast(source, to: Float.self) == source.map { Float($0) })
    #expect(try cast(source, to: Double.self) == source.map { Double($0) })
    #expect(
      try cast(source, to: Float.self)[6] == Float(sign: .plus, exponent: 60, significand: 1).nextUp
    )
    let unsigned: [UInt64] = [.max, 1 << 63, (1 << 63) + 1025]
    #expect(try cast(unsigned, to: Double.self) == unsigned.map { Double($0) })
    #expect(try cast(unsigned, to: Float.self) == unsigned.map { Float($0) })
    #expect(try cast([200] as [UInt8], to: Float.self) == [200])
  }

  @Test func doublesRoundToFloats() throws {
    let source = [1e300, -1e300, 1.0 / 3, 1e-46, 1e-45, -0.0, .infinity, 16_777_217]
    #expect(same(try cast(source, to: Float.self), source.map { Float($0) }))
    #expect(try cast([Double.nan], to: Float.self)[0].isNaN)
    #expect(
      same(
        try cast([0.1, -0.0, .infinity] as [Float], to: Double.self),
        [Double(Float(0.1)), -0.0, .infinity]))
  }

  @Test func boolsAreZeroAndOne() throws {
    #expect(
      try cast([0, -0.0, .nan, 0.1, -.infinity] as [Float], to: Bool.self) == [
        false, false, true, true, true,
      ])
    #expect(try cast([0, 256, -1] as [Int32], to: Bool.self) == [false, true, true])
    #expect(try cast([false, true], to: Int64.self) == [0, 1])
    #expect(try cast([false, true], to: Double.self) == [0, 1])
    #expect(try cast([false, true], to: Bool.self) == [false, true])
  }

  @Test func stridedSources() throws {
    let source = Value(
      dtype: .int32, shape: [3, 2], layout: Layout(strides: [1, 3]),
      buffer: value(Array(0..<6) as [Int32]).buffer)
    #expect(
      elements(try evaluate(.cast, .float32, [3, 2], [source])) == [0, 3, 1, 4, 2, 5] as [Float])
  }
}
