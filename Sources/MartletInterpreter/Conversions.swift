// Conversions between dtypes (R10-R13).

import MartletIR

/// The loop that converts elements of `source` to `target`; it raises `invalidCast` for floats that
/// have no integer of the target dtype (R10).
func conversionLoop(from source: DType, to target: DType) -> ElementLoop? {
  switch source {
  case .bool: integerConversion(UInt8.self, to: target)
  case .int8: integerConversion(Int8.self, to: target)
  case .int16: integerConversion(Int16.self, to: target)
  case .int32: integerConversion(Int32.self, to: target)
  case .int64: integerConversion(Int64.self, to: target)
  case .uint8: integerConversion(UInt8.self, to: target)
  case .uint16: integerConversion(UInt16.self, to: target)
  case .uint32: integerConversion(UInt32.self, to: target)
  case .uint64: integerConversion(UInt64.self, to: target)
  case .float32:
    switch target {
    case .float32: unary { (x: UInt32) in x }
    case .float64: unary { (x: Float) in Double(x) }
    default: floatConversion(Float.self, to: target)
    }
  case .float64:
    switch target {
    case .float32: unary { (x: Double) in Float(x) }
    case .float64: unary { (x: UInt64) in x }
    default: floatConversion(Double.self, to: target)
    }
  }
}

/// R11, R12, R13: wrap, round to nearest even, compare with zero.
private func integerConversion<S: IntegerElement>(_: S.Type, to target: DType) -> ElementLoop {
  switch target {
  case .bool: unary { (x: S) in Truth(x != 0) }
  case .int8: unary { (x: S) in Int8(truncatingIfNeeded: x) }
  case .int16: unary { (x: S) in Int16(truncatingIfNeeded: x) }
  case .int32: unary { (x: S) in Int32(truncatingIfNeeded: x) }
  case .int64: unary { (x: S) in Int64(truncatingIfNeeded: x) }
  case .uint8: unary { (x: S) in UInt8(truncatingIfNeeded: x) }
  case .uint16: unary { (x: S) in UInt16(truncatingIfNeeded: x) }
  case .uint32: unary { (x: S) in UInt32(truncatingIfNeeded: x) }
  case .uint64: unary { (x: S) in UInt64(truncatingIfNeeded: x) }
  case .float32: unary { (x: S) in nearest(x, Float.self) }
  case .float64: unary { (x: S) in nearest(x, Double.self) }
  }
}

/// The nearest float: the integer widens exactly first, so that it rounds once.
@inline(__always)
private func nearest<S: IntegerElement, T: FloatElement>(_ x: S, _: T.Type) -> T {
  S.isSigned
    ? T(nearest: Int64(truncatingIfNeeded: x)) : T(nearest: UInt64(truncatingIfNeeded: x))
}

private func floatConversion<S: FloatElement>(_: S.Type, to target: DType) -> ElementLoop? {
  switch target {
  case .bool: unary { (x: S) in Truth(x != 0) }
  case .int8: saturating(S.self, Int8.self)
  case .int16: saturating(S.self, Int16.self)
  case .int32: saturating(S.self, Int32.self)
  case .int64: saturating(S.self, Int64.self)
  case .uint8: saturating(S.self, UInt8.self)
  case .uint16: saturating(S.self, UInt16.self)
  case .uint32: saturating(S.self, UInt32.self)
  case .uint64: saturating(S.self, UInt64.self)
  case .float32, .float64: nil
  }
}

/// R10: truncate, saturate out of range, NaN to 0.
private func saturating<S: FloatElement, T: IntegerElement>(_: S.Type, _: T.Type) -> ElementLoop {
  // Both bounds are powers of two or 0, hence exact: the values that need no clamp are
  // lower <= x < upper. Those between lower - 1 and lower truncate to lower; where lower - 1 rounds
  // to lower there are none.
  let upper = S(
    sign: .plus, exponent: S.Exponent(T.bitWidth - (T.isSigned ? 1 : 0)), significand: 1)
  let lower = T.isSigned ? -upper : 0
  return { result, a, _, _, count, flags in
    let result = result.assumingMemoryBound(to: T.self)
    let a = a.assumingMemoryBound(to: S.self)
    for i in 0..<count {
      let x = a[i]
      if x >= lower && x < upper {
        result[i] =
          T.isSigned
          ? T(truncatingIfNeeded: x.truncatedInt64) : T(truncatingIfNeeded: x.truncatedUInt64)
      } else {
        result[i] = x >= upper ? T.max : (x < lower ? T.min : 0)
        if !(x > lower - 1 && x < upper) { flags |= ValueFlag.invalidCast.rawValue }
      }
    }
  }
}
