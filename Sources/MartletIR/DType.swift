// Element types: what a tensor may hold, and the properties every stage asks of them.

/// The type of a tensor's elements.
///
///     let x = Tensor([1, 2, 3])        // int64
///     x.cast(to: .float32).dtype       // float32
public enum DType: UInt8, CaseIterable, Sendable, Hashable {
  case bool
  case int8
  case int16
  case int32
  case int64
  case uint8
  case uint16
  case uint32
  case uint64
  case float32
  case float64

  /// The kinds of promotion: the order of the cases is the order in which kinds win.
  package enum Kind: UInt8, Comparable, Sendable {
    case bool
    case unsigned
    case signed
    case float

    package static func < (a: Kind, b: Kind) -> Bool { a.rawValue < b.rawValue }
  }

  package var kind: Kind {
    switch self {
    case .bool: .bool
    case .int8, .int16, .int32, .int64: .signed
    case .uint8, .uint16, .uint32, .uint64: .unsigned
    case .float32, .float64: .float
    }
  }

  /// The size of one element in bytes.
  public var byteCount: Int {
    switch self {
    case .bool, .int8, .uint8: 1
    case .int16, .uint16: 2
    case .int32, .uint32, .float32: 4
    case .int64, .uint64, .float64: 8
    }
  }

  /// The size of one element in bits; a bool occupies a byte.
  package var bitWidth: Int { byteCount * 8 }

  /// Whether the elements are floating-point numbers.
  public var isFloatingPoint: Bool { kind == .float }

  /// Whether the elements are signed or unsigned integers (bool is neither).
  public var isInteger: Bool { kind == .signed || kind == .unsigned }

  package var isSigned: Bool { kind == .signed || kind == .float }

  /// The unsigned integer type of the same width, which carries bit patterns.
  package var bits: DType {
    switch byteCount {
    case 1: .uint8
    case 2: .uint16
    case 4: .uint32
    default: .uint64
    }
  }

  /// The dtype that a float literal and a true division of integers take.
  package static let defaultFloat = DType.float32

  /// The dtype that an integer literal takes.
  package static let defaultInt = DType.int64

  package static let floating: [DType] = allCases.filter(\.isFloatingPoint)
  package static let integers: [DType] = allCases.filter(\.isInteger)
}

extension DType: CustomStringConvertible {
  /// The name NumPy uses: `float32`, `bool`, ...
  public var description: String {
    switch self {
    case .bool: "bool"
    case .int8: "int8"
    case .int16: "int16"
    case .int32: "int32"
    case .int64: "int64"
    case .uint8: "uint8"
    case .uint16: "uint16"
    case .uint32: "uint32"
    case .uint64: "uint64"
    case .float32: "float32"
    case .float64: "float64"
    }
  }
}
