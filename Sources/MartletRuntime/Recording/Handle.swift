// The reference that a tensor holds: a pending op, a realized value, or an error.

package import MartletIR
import Synchronization

/// What one or more `Tensor` values refer to.
///
/// A pending handle names a record of a trace segment. Settling writes `outcome`, then clears
/// `segment` with a release store; readers that see 0 with an acquire load may read `outcome`.
/// The end of the last reference marks the record dead, so liveness is exact.
///
/// Invariant behind `@unchecked`: `outcome` is written once, under the segment's lock, before
/// `segment` becomes 0, and never again but by an owner that holds the only reference
/// (`replaceUniquelyOwned`); `index` is written before the handle is published.
package final class Handle: @unchecked Sendable {
  package enum Outcome {
    case none
    case value(Value)
    case failure(TensorError)
  }

  package let dtype: DType
  package let shape: Shape
  /// What autodiff knows of this tensor; nil where no gradient is wanted.
  package let tracking: (any AnyObject & Sendable)?
  /// Whether this stands for an op that failed when it was recorded.
  package let isPoisoned: Bool
  /// The address of the pending record's segment, or 0 once settled.
  let segment: Atomic<UInt>
  // Exclusive access follows from the invariant; checking it took a twentieth of a small force.
  @exclusivity(unchecked) private(set) var index: Int32 = 0
  @exclusivity(unchecked) private(set) var outcome: Outcome
  /// The bytes of the buffer that a settled handle keeps alive.
  @exclusivity(unchecked) private(set) var retainedByteCount = 0

  /// A handle on a realized value.
  package init(_ value: Value, tracking: (any AnyObject & Sendable)? = nil) {
    dtype = value.dtype
    shape = value.shape
    self.tracking = tracking
    isPoisoned = false
    segment = Atomic(0)
    outcome = .value(value)
    retainedByteCount = value.buffer.capacity
  }

  /// A handle on an op that failed.
  package init(poisoned error: TensorError) {
    dtype = .defaultFloat
    shape = .scalar
    tracking = nil
    isPoisoned = true
    segment = Atomic(0)
    outcome = .failure(error)
  }

  /// A pending handle; `attach` follows before anybody else sees it.
  init(dtype: DType, shape: Shape, tracking: (any AnyObject & Sendable)?) {
    self.dtype = dtype
    self.shape = shape
    self.tracking = tracking
    isPoisoned = false
    segment = Atomic(0)
    outcome = .none
  }

  func attach(to segment: TraceSegment, index: Int32) {
    self.index = index
    self.segment.store(segment.address, ordering: .releasing)
  }

  /// Settles the handle; the caller holds the segment's lock.
  func settle(_ outcome: Outcome) {
    self.outcome = outcome
    if case .value(let value) = outcome { retainedByteCount = value.buffer.capacity }
    segment.store(0, ordering: .releasing)
  }

  /// The outcome where the handle is settled, else nil.
  package var settled: Outcome? {
    segment.load(ordering: .acquiring) == 0 ? outcome : nil
  }

  /// The realized value, or nil while pending or after a failure.
  package var value: Value? {
    if case .value(let value)? = settled { return value }
    return nil
  }

  /// The error in place of a value, or nil.
  package var failure: TensorError? {
    guard !isPending, case .failure(let error) = outcome else { return nil }
    return error
  }

  package var isPending: Bool { segment.load(ordering: .acquiring) != 0 }

  /// Whether the value's memory is referred to by this handle alone.
  ///
  /// Meaningful only to a caller that knows it holds the only reference to the handle.
  package var ownsBufferUniquely: Bool {
    guard !isPending, case .value(var value) = outcome else { return false }
    outcome = .none
    let isUnique = isKnownUniquelyReferenced(&value.buffer)
    outcome = .value(value)
    return isUnique
  }

  deinit {
    let address = segment.load(ordering: .acquiring)
    guard address != 0 else { return }
    TraceSegment(at: address).drop(self, recordedAt: address)
  }
}
