// Literals before they meet a tensor (R41): host numbers that take the other operand's dtype.

import MartletIR

/// A host number without a dtype of its own.
enum WeakScalar: Sendable, Hashable {
  case bool(Bool)
  case int(Int64)
  /// A host UInt64 above `Int64.max`.
  case uint(UInt64)
  case double(Double)

  /// The dtype it takes where no tensor gives one.
  var defaultDType: DType {
    switch self {
    case .bool: .bool
    case .int: .defaultInt
    case .uint: .uint64
    case .double: .defaultFloat
    }
  }

  var defaultScalar: Scalar {
    switch self {
    case .bool(let value): Scalar(value)
    case .int(let value): Scalar(wrapping: value, as: .defaultInt)
    case .uint(let value): Scalar(dtype: .uint64, bits: value)
    case .double(let value): Scalar(rounding: value, as: .defaultFloat)
    }
  }

  /// The dtype that this literal and an array of `dtype` compute in.
  func joined(with dtype: DType) -> DType {
    switch self {
    case .bool: dtype
    case .int, .uint: dtype == .bool ? .defaultInt : dtype
    case .double: dtype.isFloatingPoint ? dtype : .defaultFloat
    }
  }

  /// The literal in `dtype`, converted once from the host value, or nil where an integer dtype does
  /// not hold it.
  func scalar(as dtype: DType) -> Scalar? {
    switch (self, dtype.kind) {
    case (.bool(let value), .float): return Scalar(rounding: value ? 1 : 0, as: dtype)
    case (.bool(let value), _): return Scalar(dtype: dtype, bits: value ? 1 : 0)
    case (.int(let value), .bool): return Scalar(value != 0)
    case (.uint, .bool): return Scalar(true)
    case (.double(let value), .bool): return Scalar(value != 0)
    case (.int(let value), .float):
      return dtype == .float32 ? Scalar(Float(value)) : Scalar(Double(value))
    case (.uint(let value), .float):
      return dtype == .float32 ? Scalar(Float(value)) : Scalar(Double(value))
    case (.double(let value), .float): return Scalar(rounding: value, as: dtype)
    case (.int(let value), _):
      let scalar = Scalar(wrapping: value, as: dtype)
      if dtype.kind == .unsigned {
        return value >= 0 && scalar.bits == UInt64(bitPattern: value) ? scalar : nil
      }
      return scalar.int64 == value ? scalar : nil
    case (.uint(let value), _):
      return dtype == .uint64 ? Scalar(dtype: dtype, bits: value) : nil
    case (.double, _): return nil
    }
  }

  var asDouble: Double {
    switch self {
    case .bool(let value): value ? 1 : 0
    case .int(let value): Double(value)
    case .uint(let value): Double(value)
    case .double(let value): value
    }
  }

  private var asInt: Int64? {
    switch self {
    case .int(let value): value
    case .bool, .uint, .double: nil
    }
  }

  /// `op` of two literals in host arithmetic, or nil where it is not one of + - * / (then the
  /// literals become tensors).
  static func combine(_ op: ElementwiseOp, _ a: WeakScalar, _ b: WeakScalar) -> WeakScalar? {
    if case .bool = a { return nil }
    if case .bool = b { return nil }
    if let x = a.asInt, let y = b.asInt {
      switch op {
      case .add: return .int(x &+ y)
      case .subtract: return .int(x &- y)
      case .multiply: return .int(x &* y)
      default: break
      }
    }
    let (x, y) = (a.asDouble, b.asDouble)
    switch op {
    case .add: return .double(x + y)
    case .subtract: return .double(x - y)
    case .multiply: return .double(x * y)
    case .divide: return .double(x / y)
    default: return nil
    }
  }

  /// The negated literal, or nil for bool.
  var negated: WeakScalar? {
    switch self {
    case .int(let value): .int(0 &- value)
    case .double(let value): .double(-value)
    case .uint(let value): .double(-Double(value))
    case .bool: nil
    }
  }
}
