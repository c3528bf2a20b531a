// One recorded op as plain data in a trace segment.

package import MartletIR

/// An operand as the recorder takes it.
package enum RecordOperand {
  case handle(Handle)
  case scalar(Scalar)
}

/// A recorded op: what to compute, from what, and who still wants it.
///
/// Plain data, so that recording is a few stores. What it refers to it counts by hand: a handle
/// among the operands, and `extra`.
struct Record {
  /// An operand in 16 bytes.
  struct Operand {
    enum Kind: UInt8 {
      /// A record of the same segment.
      case record
      /// A realized value, or a pending one of another segment; retained.
      case handle
      case scalar
    }

    let kind: Kind
    /// Of a scalar.
    private let dtype: DType
    /// Of a record.
    let index: Int32
    /// The bits of a scalar, or the address of a handle.
    private var word: UInt64

    @inline(__always)
    init(record index: Int32) {
      (kind, dtype, self.index, word) = (.record, .bool, index, 0)
    }

    @inline(__always)
    init(_ scalar: Scalar) {
      (kind, dtype, index, word) = (.scalar, scalar.dtype, 0, scalar.bits)
    }

    /// Retains the handle.
    @inline(__always)
    init(retaining handle: Handle) {
      let address = UInt(bitPattern: Unmanaged.passRetained(handle).toOpaque())
      (kind, dtype, index, word) = (.handle, .bool, 0, UInt64(address))
    }

    @inline(__always)
    var scalar: Scalar { Scalar(dtype: dtype, bits: word) }

    @inline(__always)
    var handle: Unmanaged<Handle> {
      guard let pointer = UnsafeRawPointer(bitPattern: UInt(word)) else {
        internalError("an operand without a handle")
      }
      return Unmanaged.fromOpaque(pointer)
    }

    /// Whether nobody else refers to the handle, nor to its memory: a value that dies with this.
    mutating func isLastOwner() -> Bool {
      guard kind == .handle else { return false }
      return withUnsafeMutablePointer(to: &word) { word in
        UnsafeMutableRawPointer(word).withMemoryRebound(to: Handle.self, capacity: 1) { handle in
          isKnownUniquelyReferenced(&handle.pointee) && handle.pointee.ownsBufferUniquely
        }
      }
    }
  }

  /// What few records have.
  final class Extra {
    /// The op where it is structural.
    var op: Op?
    /// Operands from the fourth on (concatenation).
    var rest: [Operand] = []
    var site: TensorError.Location?
    var result: Result = .none
  }

  /// What a record that ran left for pending consumers in its segment.
  enum Result {
    case none
    case value(Value)
    case failure(TensorError)
  }

  /// The op where it is elementwise.
  let elementwise: ElementwiseOp?
  let dtype: DType
  /// `Op.code` where it is structural.
  let code: UInt16
  /// Once the operands were taken, the complement of how many there were.
  private(set) var operandCount: Int32 = 0
  /// The number of the shape in the segment.
  let shape: Int32
  /// How many operands of unretired records of this segment refer to this one.
  var uses: Int32 = 0
  /// The handle that wants the result, or nil once it is gone or settled.
  var handle: Unmanaged<Handle>?
  /// Bytes of realized buffers that the operands keep alive.
  var retainedBytes: Int = 0
  private var extra: Unmanaged<Extra>?
  private(set) var operands = (
    Operand(record: 0), Operand(record: 0), Operand(record: 0)
  )

  @inline(__always)
  init(_ op: ElementwiseOp?, code: UInt16, _ dtype: DType, shape: Int32, handle: Handle) {
    elementwise = op
    self.code = code
    self.dtype = dtype
    self.shape = shape
    self.handle = .passUnretained(handle)
  }

  var op: Op {
    if let elementwise { return .elementwise(elementwise) }
    guard let op = extra?._withUnsafeGuaranteedRef({ $0.op }) else {
      internalError("a record without an op")
    }
    return op
  }

  var site: TensorError.Location? { extra?._withUnsafeGuaranteedRef { $0.site } }

  /// What the record left once it ran.
  var result: Result {
    get { extra?._withUnsafeGuaranteedRef { $0.result } ?? .none }
    set { change { $0.result = newValue } }
  }

  /// Changes what few records have.
  mutating func change(_ body: (Extra) -> Void) {
    let extra = extra ?? .passRetained(Extra())
    self.extra = extra
    extra._withUnsafeGuaranteedRef(body)
  }

  @inline(__always)
  mutating func append(_ operand: Operand) {
    switch operandCount {
    case 0: operands.0 = operand
    case 1: operands.1 = operand
    case 2: operands.2 = operand
    default: change { $0.rest.append(operand) }
    }
    operandCount += 1
  }

  @inline(__always)
  func forEachOperand(_ body: (Operand) -> Void) {
    let count = operandCount
    if count > 0 { body(operands.0) }
    if count > 1 { body(operands.1) }
    if count > 2 { body(operands.2) }
    if count > 3 { extra?._withUnsafeGuaranteedRef { $0.rest.forEach(body) } }
  }

  /// Gives up the operands, one after another; `body` takes over the references that they hold.
  @inline(__always)
  mutating func takeOperands(_ body: (Operand) -> Void) {
    forEachOperand(body)
    operandCount = min(operandCount, ~operandCount)
  }

  /// Gives up what is left once the operands are taken.
  @inline(__always)
  mutating func destroy() {
    guard let extra else { return }
    self.extra = nil
    extra.release()
  }

  /// A bit for each of the first three operands: whether its value dies with this record.
  mutating func lastOwnedOperands() -> UInt8 {
    let count = operandCount
    var bits: UInt8 = 0
    if count > 0, operands.0.isLastOwner() { bits |= 1 }
    if count > 1, operands.1.isLastOwner() { bits |= 2 }
    if count > 2, operands.2.isLastOwner() { bits |= 4 }
    return bits
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
