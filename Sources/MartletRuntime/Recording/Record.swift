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

  /// What few records have.
  private final class Extra {
    /// Operands from the fourth on (concatenation).
    var rest: [Operand] = []
    var site: TensorError.Location?
    var result: Result = .none
  }

  var op: Op
  var dtype: DType
  var shape: Shape
  private var operands: (Operand, Operand, Operand)
  private var extra: Extra?
  /// The handle that wants the result, or nil once it is gone or settled.
  var handle: Unmanaged<Handle>?
  /// How many operands of unretired records of this segment refer to this one.
  var uses: Int32 = 0
  private(set) var operandCount: Int32
  /// Bytes of realized buffers that the operands keep alive.
  var retainedBytes: Int

  init(
    op: Op, dtype: DType, shape: Shape, _ a: consuming Operand, _ b: consuming Operand,
    _ c: consuming Operand, rest: [Operand], site: TensorError.Location?, handle: Handle,
    retainedBytes: Int
  ) {
    self.op = op
    self.dtype = dtype
    self.shape = shape
    var count: Int32 = 0
    if case .none = a {} else { count = 1 }
    if case .none = b {} else { count = 2 }
    if case .none = c {} else { count = 3 + Int32(truncatingIfNeeded: rest.count) }
    operandCount = count
    operands = (a, b, c)
    self.handle = .passUnretained(handle)
    self.retainedBytes = retainedBytes
    guard !rest.isEmpty || site != nil else { return }
    let extra = Extra()
    extra.rest = rest
    extra.site = site
    self.extra = extra
  }

  var site: TensorError.Location? { extra?.site }

  /// What the record left once it ran.
  var result: Result {
    get { extra?.result ?? .none }
    set {
      if extra == nil { extra = Extra() }
      extra?.result = newValue
    }
  }

  @inline(__always)
  func forEachOperand(_ body: (borrowing Operand) -> Void) {
    let count = operandCount
    if count > 0 { body(operands.0) }
    if count > 1 { body(operands.1) }
    if count > 2 { body(operands.2) }
    guard count > 3, let extra else { return }
    for operand in extra.rest { body(operand) }
  }

  /// Moves the operands out, one after another.
  mutating func takeOperands(_ body: (consuming Operand) -> Void) {
    let count = operandCount
    operandCount = 0
    if count > 0 { body(exchange(&operands.0, with: .none)) }
    if count > 1 { body(exchange(&operands.1, with: .none)) }
    if count > 2 { body(exchange(&operands.2, with: .none)) }
    guard count > 3, let extra else { return }
    for operand in exchange(&extra.rest, with: []) { body(operand) }
  }

  /// A bit for each of the first three operands: whether it is a handle that only this record
  /// refers to, on memory that only this handle refers to, a value that dies with this record.
  mutating func lastOwnedOperands() -> UInt8 {
    let count = operandCount
    var bits: UInt8 = 0
    if count > 0, Record.isLastOwner(&operands.0) { bits |= 1 }
    if count > 1, Record.isLastOwner(&operands.1) { bits |= 2 }
    if count > 2, Record.isLastOwner(&operands.2) { bits |= 4 }
    return bits
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
