// The Swift types that store elements, and the few operations that loops over them share.

import MartletIR

/// A stored element with the combining operations of reductions, scatters and matrix products.
protocol Element: Comparable, Sendable {
  /// `ScalarOp.add`: wrapping (R1), IEEE, or logical or (R38).
  static func sum(_ a: Self, _ b: Self) -> Self
  /// `ScalarOp.multiply`: wrapping (R1), IEEE, or logical and (R38).
  static func product(_ a: Self, _ b: Self) -> Self
  /// The element with these bits.
  init(_ scalar: Scalar)
}

extension Element {
  /// True for NaN alone.
  @inline(__always) var isUnordered: Bool { self != self }

  /// R18: NaN wins, and of equal values the second.
  @inline(__always) static func larger(_ a: Self, _ b: Self) -> Self {
    a.isUnordered ? a : (a > b ? a : b)
  }

  /// R18: NaN wins, and of equal values the second.
  @inline(__always) static func smaller(_ a: Self, _ b: Self) -> Self {
    a.isUnordered ? a : (a < b ? a : b)
  }
}

/// A bool element: one byte, 0 or 1.
struct Truth: Element {
  let byte: UInt8

  @inline(__always) init(byte: UInt8) { self.byte = byte }
  @inline(__always) init(_ value: Bool) { byte = value ? 1 : 0 }
  init(_ scalar: Scalar) { byte = UInt8(truncatingIfNeeded: scalar.bits) }

  @inline(__always) static func == (a: Truth, b: Truth) -> Bool { a.byte == b.byte }
  @inline(__always) static func < (a: Truth, b: Truth) -> Bool { a.byte < b.byte }
  @inline(__always) static func sum(_ a: Truth, _ b: Truth) -> Truth {
    Truth(byte: a.byte | b.byte)
  }
  @inline(__always) static func product(_ a: Truth, _ b: Truth) -> Truth {
    Truth(byte: a.byte & b.byte)
  }
}

/// An integer element.
protocol IntegerElement: Element, FixedWidthInteger {}

extension IntegerElement {
  init(_ scalar: Scalar) { self.init(truncatingIfNeeded: scalar.bits) }
  @inline(__always) static func sum(_ a: Self, _ b: Self) -> Self { a &+ b }
  @inline(__always) static func product(_ a: Self, _ b: Self) -> Self { a &* b }
}

extension Int8: IntegerElement {}
extension Int16: IntegerElement {}
extension Int32: IntegerElement {}
extension Int64: IntegerElement {}
extension UInt8: IntegerElement {}
extension UInt16: IntegerElement {}
extension UInt32: IntegerElement {}
extension UInt64: IntegerElement {}

/// A floating-point element; the conversions are requirements so that they are the machine's own.
protocol FloatElement: Element, BinaryFloatingPoint {
  /// To nearest, ties to even.
  init(nearest value: Int64)
  init(nearest value: UInt64)
  /// The truncated value, which is in range.
  var truncatedInt64: Int64 { get }
  var truncatedUInt64: UInt64 { get }
}

extension FloatElement {
  @inline(__always) static func sum(_ a: Self, _ b: Self) -> Self { a + b }
  @inline(__always) static func product(_ a: Self, _ b: Self) -> Self { a * b }
}

extension Float: FloatElement {
  init(_ scalar: Scalar) { self = scalar.float }
  @inline(__always) init(nearest value: Int64) { self.init(value) }
  @inline(__always) init(nearest value: UInt64) { self.init(value) }
  @inline(__always) var truncatedInt64: Int64 { Int64(self) }
  @inline(__always) var truncatedUInt64: UInt64 { UInt64(self) }
}

extension Double: FloatElement {
  init(_ scalar: Scalar) { self = scalar.double }
  @inline(__always) init(nearest value: Int64) { self.init(value) }
  @inline(__always) init(nearest value: UInt64) { self.init(value) }
  @inline(__always) var truncatedInt64: Int64 { Int64(self) }
  @inline(__always) var truncatedUInt64: UInt64 { UInt64(self) }
}
