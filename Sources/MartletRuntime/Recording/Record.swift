// One recorded op as plain data in a trace segment.

package import MartletIR

/// An operand as the recorder takes it.
package enum RecordOperand {
  case handle(Handle)
  case scalar(Scalar)
}

/// A recorded op: what to compute, from what, and who still wants it.
struct Record {
  enum Operand {
    case none
    /// A record of the same segment.
    case record(Int32)
    /// A realized value, or a pending one of another segment.
    case handle(Handle)
    case scalar(Scalar)
  }

  /// What a record that ran left for pending consumers in its segment.
  enum Result {
    case none
    case value(Value)
    case failure(TensorError)
  }

  var op: Op
  var dtype: DType
  var shape: Shape
  var operands: (Operand, Operand, Operand) = (.none, .none, .none)
  /// Operands from the fourth on (concatenation).
  var rest: [Operand] = []
  var site: TensorError.Location?
  /// The handle that wants the result, or nil once it is gone or settled.
  var handle: Unmanaged<Handle>?
  /// How many operands of unretired records of this segment refer to this one.
  var uses: Int32 = 0
  /// Bytes of realized buffers that the operands keep alive.
  var retainedBytes = 0
  var result: Result = .none

  var operandCount: Int {
    if case .none = operands.0 { return 0 }
    if case .none = operands.1 { return 1 }
    if case .none = operands.2 { return 2 }
    return 3 + rest.count
  }

  func operand(_ position: Int) -> Operand {
    switch position {
    case 0: operands.0
    case 1: operands.1
    case 2: operands.2
    default: rest[position - 3]
    }
  }

  mutating func clearOperands() {
    operands = (.none, .none, .none)
    rest = []
  }

  /// Whether the operand at `position` is a handle that only this record refers to, on memory that
  /// only this handle refers to: a value that dies with this record.
  mutating func isLastOwner(ofOperand position: Int) -> Bool {
    switch position {
    case 0: Record.isLastOwner(&operands.0)
    case 1: Record.isLastOwner(&operands.1)
    case 2: Record.isLastOwner(&operands.2)
    default: false
    }
  }

  private static func isLastOwner(_ operand: inout Operand) -> Bool {
    guard case .handle(var handle) = operand else { return false }
    operand = .none
    defer { operand = .handle(handle) }
    return isKnownUniquelyReferenced(&handle) && handle.ownsBufferUniquely
  }
}

/// Where a record stands.
enum RecordState: UInt8 {
  /// Recorded, not run.
  case pending
  /// Claimed by a force that is running it.
  case running
  /// Ran; its result waits for pending consumers.
  case done
  /// Nobody wants it any more: its storage is empty.
  case retired
}
