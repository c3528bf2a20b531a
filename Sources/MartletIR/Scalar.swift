// One typed element as bits: immediates of traces, run-time scalars of kernels, elements read back.

/// One element of a tensor: its dtype and its bit pattern, zero-extended to 64 bits.
package struct Scalar: Sendable, Hashable {
  package let dtype: DType
  package let bits: UInt64

  package init(dtype: DType, bits: UInt64) {
    self.dtype = dtype
    self.bits = bits
  }

  package init(_ value: Bool) { self.init(dtype: .bool, bits: value ? 1 : 0) }
  package init(_ value: Float) { self.init(dtype: .float32, bits: UInt64(value.bitPattern)) }
  package init(_ value: Double) { self.init(dtype: .float64, bits: value.bitPattern) }

  /// The integer `value` in `dtype`, wrapped to its width.
  package init(wrapping value: Int64, as dtype: DType) {
    let mask = dtype.byteCount == 8 ? UInt64.max : (1 << UInt64(dtype.bitWidth)) &- 1
    self.init(dtype: dtype, bits: UInt64(bitPattern: value) & mask)
  }

  /// `value` rounded once to `dtype`, which is a floating dtype.
  package init(rounding value: Double, as dtype: DType) {
    switch dtype {
    case .float32: self.init(Float(value))
    default: self.init(value)
    }
  }

  /// The value of a signed integer or bool.
  package var int64: Int64 {
    switch dtype {
    case .int8: Int64(Int8(truncatingIfNeeded: bits))
    case .int16: Int64(Int16(truncatingIfNeeded: bits))
    case .int32: Int64(Int32(truncatingIfNeeded: bits))
    default: Int64(bitPattern: bits)
    }
  }

  package var float: Float { Float(bitPattern: UInt32(truncatingIfNeeded: bits)) }
  package var double: Double { Double(bitPattern: bits) }

  /// The value as a Double: exact but for 64-bit integers, which round once.
  package var asDouble: Double {
    switch dtype {
    case .float32: Double(float)
    case .float64: double
    case .bool, .uint8, .uint16, .uint32, .uint64: Double(bits)
    case .int8, .int16, .int32, .int64: Double(int64)
    }
  }
}

extension Scalar: CustomStringConvertible {
  package var description: String {
    switch dtype {
    case .bool: bits == 0 ? "false" : "true"
    case .float32: "\(float)"
    case .float64: "\(double)"
    case .uint8, .uint16, .uint32, .uint64: "\(bits)"
    case .int8, .int16, .int32, .int64: "\(int64)"
    }
  }
}
