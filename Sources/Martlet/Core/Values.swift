// Realized values: made from host memory, read back to it, and converted one element at a time.

import MartletIR
import MartletRuntime

/// Makes and reads realized values.
enum Values {
  /// A value of `shape` in row-major order whose elements are yet to be written.
  static func uninitialized(_ dtype: DType, _ shape: Shape) throws(TensorError) -> Value {
    let (byteCount, overflow) = shape.elementCount.multipliedReportingOverflow(by: dtype.byteCount)
    guard !overflow else {
      throw TensorError(
        .memory, op: "allocate", operands: [TensorError.Operand(dtype, shape)],
        reason: "the elements take more than Int.max bytes")
    }
    return Value(
      dtype: dtype, shape: shape, buffer: try Runtime.pool.allocate(byteCount: byteCount))
  }

  /// A 0-d value.
  static func scalar(_ scalar: Scalar) -> Value {
    do throws(TensorError) {
      let value = try uninitialized(scalar.dtype, .scalar)
      store(scalar, at: value.buffer.pointer)
      return value
    } catch {
      trap(error)
    }
  }

  /// A value with a copy of `bytes`, the elements of `shape` in row-major order.
  static func copying(
    _ bytes: UnsafeRawBufferPointer, _ dtype: DType, _ shape: Shape
  ) throws(TensorError) -> Value {
    let value = try uninitialized(dtype, shape)
    if let source = bytes.baseAddress, !bytes.isEmpty {
      value.buffer.pointer.copyMemory(from: source, byteCount: bytes.count)
    }
    return value
  }

  /// Copies the elements of `value` to `target` in row-major order.
  static func copy(_ value: Value, to target: UnsafeMutableRawPointer) {
    let byteCount = value.dtype.byteCount
    if value.layout.isRowMajor(for: value.shape) {
      target.copyMemory(from: value.base, byteCount: value.shape.elementCount &* byteCount)
      return
    }
    StridedCopy.copy(
      value.shape, byteCount: byteCount, from: value.base,
      strides: value.layout.strides(for: value.shape), to: target,
      strides: Layout.rowMajorStrides(value.shape))
  }

  /// The same elements in row-major order: the value itself or a copy.
  static func rowMajor(_ value: Value) throws(TensorError) -> Value {
    if value.layout.isRowMajor(for: value.shape) { return value }
    let copied = try uninitialized(value.dtype, value.shape)
    copy(value, to: copied.buffer.pointer)
    return copied
  }

  /// The element at a row-major index.
  static func element(_ value: Value, at index: Int) -> Scalar {
    var offset = 0
    if value.layout.isRowMajor(for: value.shape) {
      offset = index
    } else {
      let strides = value.layout.strides(for: value.shape)
      var rest = index
      for axis in stride(from: value.shape.rank - 1, through: 0, by: -1) {
        offset &+= rest % value.shape[axis] &* strides[axis]
        rest /= value.shape[axis]
      }
    }
    return load(value.dtype, from: value.base + offset &* value.dtype.byteCount)
  }

  /// The only element of a value of one element.
  static func onlyElement(_ value: Value) -> Scalar { load(value.dtype, from: value.base) }

  static func load(_ dtype: DType, from source: UnsafeRawPointer) -> Scalar {
    let bits: UInt64 =
      switch dtype.byteCount {
      case 1: UInt64(source.load(as: UInt8.self))
      case 2: UInt64(source.load(as: UInt16.self))
      case 4: UInt64(source.load(as: UInt32.self))
      default: source.load(as: UInt64.self)
      }
    return Scalar(dtype: dtype, bits: bits)
  }

  static func store(_ scalar: Scalar, at target: UnsafeMutableRawPointer) {
    switch scalar.dtype.byteCount {
    case 1: target.storeBytes(of: UInt8(truncatingIfNeeded: scalar.bits), as: UInt8.self)
    case 2: target.storeBytes(of: UInt16(truncatingIfNeeded: scalar.bits), as: UInt16.self)
    case 4: target.storeBytes(of: UInt32(truncatingIfNeeded: scalar.bits), as: UInt32.self)
    default: target.storeBytes(of: scalar.bits, as: UInt64.self)
    }
  }
}

extension Scalar {
  /// The element in another dtype (R10-R13): what the recorded cast gives, on the host.
  func converted(to target: DType) -> Scalar {
    if target == dtype { return self }
    switch (dtype.kind, target.kind) {
    case (.float, .bool): return Scalar(!(asDouble == 0))
    case (_, .bool): return Scalar(bits != 0)
    case (.float, .float): return Scalar(rounding: asDouble, as: target)
    case (.float, _): return Scalar(saturating: asDouble, as: target)
    case (.signed, .float):
      return target == .float32 ? Scalar(Float(int64)) : Scalar(Double(int64))
    case (_, .float): return target == .float32 ? Scalar(Float(bits)) : Scalar(Double(bits))
    case (.signed, _): return Scalar(wrapping: int64, as: target)
    default: return Scalar(wrapping: Int64(bitPattern: bits), as: target)
    }
  }

  /// `value` truncated to an integer dtype: out of range saturates, NaN gives 0 (R10).
  private init(saturating value: Double, as dtype: DType) {
    let (low, high) = (dtype.lowest, dtype.highest)
    if value.isNaN {
      self.init(dtype: dtype, bits: 0)
    } else if value <= low.asDouble {
      self = low
    } else if value >= high.asDouble {
      self = high
    } else {
      // In range; above Int64.max only for uint64.
      let bits = value >= 0 ? UInt64(value) : UInt64(bitPattern: Int64(value))
      self.init(wrapping: Int64(bitPattern: bits), as: dtype)
    }
  }
}
