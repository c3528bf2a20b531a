// The layout of the IEEE formats, as constants that the elementary functions share.

/// Numbers of a binary interchange format (IEEE 754-2019, table 3.5), float32 or float64.
struct FloatLayout {
  let dtype: DType

  init(_ dtype: DType) { self.dtype = dtype }

  /// Whether this is float64.
  var isWide: Bool { dtype == .float64 }
  /// The width of the stored significand.
  var fractionBits: Int { isWide ? 52 : 23 }
  /// The exponent field of 1.
  var bias: Int { isWide ? 1023 : 127 }

  /// `value` as an integer constant of the format's width.
  func integer(_ value: Int) -> ScalarExpr { .literal(Double(value), dtype.bits) }
  /// The number with these bits.
  func bits(_ bits: UInt64) -> ScalarExpr { .bits(bits, dtype) }
  /// The bits `bits` as an integer.
  func mask(_ bits: UInt64) -> ScalarExpr { .bits(bits, dtype.bits) }
  func constant(_ value: Double) -> ScalarExpr { .literal(value, dtype) }

  var infinity: ScalarExpr { constant(.infinity) }
  var nan: ScalarExpr { constant(.nan) }
  /// The sign bit alone.
  var signMask: ScalarExpr { mask(isWide ? 1 << 63 : 1 << 31) }
  /// The least positive normal number.
  var leastNormal: ScalarExpr { constant(isWide ? 0x1p-1022 : 0x1p-126) }

  /// The number 2^n for an integer-valued constant n.
  func power(_ n: Int) -> ScalarExpr {
    bits(UInt64(n + bias) << UInt64(fractionBits))
  }

  /// The addend that makes a sum carry the nearest integer to `x` in its low bits: for abs x below
  /// 2^(fractionBits - 2), the bits of `x + roundingShift(k)` end in the integer `k + rint(x)`.
  func roundingShift(_ k: Int) -> ScalarExpr {
    constant((isWide ? 0x1.8p52 : 0x1.8p23) + Double(k))
  }
}

extension ScalarExpr {
  var layout: FloatLayout { FloatLayout(dtype) }

  /// This magnitude with the sign bit of `source`; this value must not be negative.
  func signed(like source: ScalarExpr) -> ScalarExpr {
    (bitPattern | (source.bitPattern & layout.signMask)).bitcast(to: dtype)
  }

  /// The lesser of this and a constant; NaN stays.
  func clamped(toAtMost bound: Double) -> ScalarExpr {
    let limit = layout.constant(bound)
    return select(limit .< self, limit, self)
  }

  /// The greater of this and a constant; NaN stays.
  func clamped(toAtLeast bound: Double) -> ScalarExpr {
    let limit = layout.constant(bound)
    return select(self .< limit, limit, self)
  }
}
