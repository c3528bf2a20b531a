// Conversions between dtypes (R10-R13): wrapping, rounding once, saturating.

import CLLVM
import MartletIR

extension ScalarEmitter {
  /// `x` in `dtype`.
  func convert(_ x: Operand, to dtype: DType) -> Value {
    switch (x.dtype.kind, dtype.kind) {
    case (_, _) where x.dtype == dtype:
      return x.value
    case (.float, .bool):
      return b.compare(LLVMRealUNE, x.value, b.zero(type(x.dtype)))
    case (_, .bool):
      return b.compare(LLVMIntNE, x.value, b.zero(type(x.dtype)))
    case (.bool, .float):
      return choice(x.value, Scalar(rounding: 1, as: dtype), Scalar(rounding: 0, as: dtype))
    case (.bool, _):
      return b.zext(x.value, type(dtype))
    case (.float, .float):
      return x.dtype == .float32 ? b.fpext(x.value, type(dtype)) : b.fptrunc(x.value, type(dtype))
    case (.float, _):
      return saturate(x, to: dtype)
    case (.signed, .float):
      return b.sitofp(x.value, type(dtype))
    case (.unsigned, .float):
      return b.uitofp(x.value, type(dtype))
    default:
      if dtype.byteCount == x.dtype.byteCount { return x.value }
      if dtype.byteCount < x.dtype.byteCount { return b.trunc(x.value, type(dtype)) }
      return x.dtype.isSigned ? b.sext(x.value, type(dtype)) : b.zext(x.value, type(dtype))
    }
  }

  /// Truncates towards 0; NaN gives 0, and what is out of range the nearest bound (R10).
  ///
  /// The bounds 2^n and -2^n are floats, so the comparisons are exact.
  private func saturate(_ x: Operand, to dtype: DType) -> Value {
    let bits = dtype.bitWidth - (dtype.isSigned ? 1 : 0)
    let limit = Double(sign: .plus, exponent: bits, significand: 1)
    let low = rounded(dtype.isSigned ? -limit : 0, x.dtype)
    let high = rounded(limit, x.dtype)
    let isBelow = b.compare(LLVMRealOLT, x.value, low)
    let isAbove = b.compare(LLVMRealOGE, x.value, high)
    let fits = b.and(
      b.compare(LLVMRealOGE, x.value, low), b.compare(LLVMRealOLT, x.value, high))
    let safe = b.select(fits, x.value, b.zero(type(x.dtype)))
    // Narrow integers pass through 32 bits, for which there are vector instructions.
    let wide: DType = dtype.bitWidth < 32 ? .int32 : dtype
    let converted =
      wide.isSigned ? b.fptosi(safe, type(wide)) : b.fptoui(safe, type(wide))
    let whole = wide == dtype ? converted : b.trunc(converted, type(dtype))
    let bounded = b.select(isAbove, constant(dtype.highest.bits, dtype), whole)
    return b.select(isBelow, constant(dtype.lowest.bits, dtype), bounded)
  }
}
