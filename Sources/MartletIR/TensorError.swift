// The one public error: what went wrong, in which op, with which operands, and where.

/// An error of a tensor operation.
///
/// Operations trap with this error's description, or throw it from `withTensorErrors` and from the
/// throwing reads.
public struct TensorError: Error, Sendable, Hashable {
  /// What kind of rule was broken.
  public enum Kind: Sendable, Hashable {
    /// Shapes that do not fit each other or the op.
    case shape
    /// Dtypes the op does not take, or that do not promote to a common one.
    case dtype
    /// An axis or an index out of range.
    case index
    /// A value the op does not take: a negative integer power, a literal out of range.
    case value
    /// A tensor or a size that does not fit in memory.
    case memory
    /// A backend that is asked for and not there.
    case backend
  }

  /// One operand of the op, as the message shows it.
  public struct Operand: Sendable, Hashable {
    /// The operand's dtype.
    public let dtype: DType
    /// The operand's shape.
    public let shape: Shape

    package init(_ dtype: DType, _ shape: Shape) {
      self.dtype = dtype
      self.shape = shape
    }
  }

  /// A place in the user's source.
  public struct Location: Sendable, Hashable {
    /// The file as `#fileID` spells it: the module, a slash, the file's name.
    public let file: String
    /// The line, from 1.
    public let line: Int
    /// Whether the place is exact; else it is the nearest user frame that could be found.
    public let isExact: Bool

    package init(file: String, line: Int, isExact: Bool = true) {
      self.file = file
      self.line = line
      self.isExact = isExact
    }
  }

  /// What kind of rule was broken.
  public let kind: Kind
  /// The op's name.
  public let op: String
  /// The operands' dtypes and shapes.
  public let operands: [Operand]
  /// What is wrong, with the offending values.
  public let reason: String
  /// What to do about it.
  public let hint: String?
  /// Where the op was called.
  public internal(set) var location: Location?

  package init(
    _ kind: Kind, op: String, operands: [Operand] = [], reason: String, hint: String? = nil,
    location: Location? = nil
  ) {
    self.kind = kind
    self.op = op
    self.operands = operands
    self.reason = reason
    self.hint = hint
    self.location = location
  }

  /// The same error at `location`; a location that is already known stays.
  package func at(_ location: Location?) -> TensorError {
    guard self.location == nil else { return self }
    var copy = self
    copy.location = location
    return copy
  }
}

extension TensorError: CustomStringConvertible {
  /// The message: place, op, operands, reason, hint.
  public var description: String { place + message }

  /// The message as the last words of the process; the place comes first here too.
  package var lastWords: String { place + "Fatal error: " + message }

  private var place: String {
    guard let location else { return "" }
    return "\(location.isExact ? "" : "near ")\(location.file):\(location.line): "
  }

  private var message: String {
    var text = op
    if !operands.isEmpty {
      text += "(" + operands.map { "\($0.dtype)\($0.shape)" }.joined(separator: ", ") + ")"
    }
    text += ": \(reason)"
    if let hint { text += "; \(hint)" }
    return text
  }
}
