// The host number types that tensors take and give.

package import MartletIR

/// A Swift number type that is the element of some dtype: `Bool`, the integers, `Float`, `Double`.
///
///     Tensor([Float(1), 2]).dtype            // float32
///     x.scalars(as: Double.self)             // [Double]
public protocol TensorScalar: TensorConvertible, Sendable {
  /// The dtype whose elements have this type.
  static var dtype: DType { get }
}

extension Bool: TensorScalar {
  /// `bool`.
  public static var dtype: DType { .bool }
  /// The value as a literal.
  public var asTensor: Tensor { Tensor(weak: .bool(self)) }
}

extension Float: TensorScalar {
  /// `float32`.
  public static var dtype: DType { .float32 }
  /// The value as a literal.
  public var asTensor: Tensor { Tensor(weak: .double(Double(self))) }
}

extension Double: TensorScalar {
  /// `float64`.
  public static var dtype: DType { .float64 }
  /// The value as a literal.
  public var asTensor: Tensor { Tensor(weak: .double(self)) }
}

extension FixedWidthInteger where Self: TensorScalar {
  /// The value as a literal.
  public var asTensor: Tensor {
    if let value = Int64(exactly: self) { return Tensor(weak: .int(value)) }
    return Tensor(weak: .uint(UInt64(truncatingIfNeeded: self)))
  }
}

extension Int: TensorScalar {
  /// `int64`.
  public static var dtype: DType { .int64 }
}
extension Int8: TensorScalar {
  /// `int8`.
  public static var dtype: DType { .int8 }
}
extension Int16: TensorScalar {
  /// `int16`.
  public static var dtype: DType { .int16 }
}
extension Int32: TensorScalar {
  /// `int32`.
  public static var dtype: DType { .int32 }
}
extension Int64: TensorScalar {
  /// `int64`.
  public static var dtype: DType { .int64 }
}
extension UInt: TensorScalar {
  /// `uint64`.
  public static var dtype: DType { .uint64 }
}
extension UInt8: TensorScalar {
  /// `uint8`.
  public static var dtype: DType { .uint8 }
}
extension UInt16: TensorScalar {
  /// `uint16`.
  public static var dtype: DType { .uint16 }
}
extension UInt32: TensorScalar {
  /// `uint32`.
  public static var dtype: DType { .uint32 }
}
extension UInt64: TensorScalar {
  /// `uint64`.
  public static var dtype: DType { .uint64 }
}
