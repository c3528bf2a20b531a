// Recording: an op becomes a record of the calling thread's segment, and a pending handle.

package import MartletIR
internal import Synchronization

/// Records ops; the shape and dtype rules have been applied by the caller.
package enum Recorder {
  /// The bytes of realized memory that pending ops may keep alive before a trace is cut.
  private static let retainedLimit = Swift.max(256 << 20, Runtime.memoryBudget / 10)

  /// Records `op` and returns the handle of its result.
  package static func record(
    _ op: Op, dtype: DType, shape: Shape, _ a: RecordOperand? = nil, _ b: RecordOperand? = nil,
    _ c: RecordOperand? = nil, rest: [RecordOperand] = [],
    tracking: (any AnyObject & Sendable)? = nil, site: TensorError.Location? = nil
  ) -> Handle {
    let handle = Handle(dtype: dtype, shape: shape, tracking: tracking)
    let segment = lockedSegment()
    var record = Record(op: op, dtype: dtype, shape: shape, site: site)
    if let a { record.operands.0 = segment.operand(a) }
    if let b { record.operands.1 = segment.operand(b) }
    if let c { record.operands.2 = segment.operand(c) }
    if !rest.isEmpty { record.rest = rest.map(segment.operand) }
    segment.append(record, for: handle)
    segment.lock.unlock()
    return handle
  }

  /// Lifts (nil) or sets the number of records after which a trace is cut: a hook for tests.
  package static func setTraceLimit(_ limit: Int?) {
    TraceSegment.capacity.store(limit ?? .max, ordering: .relaxed)
  }

  /// The number of records after which a trace is cut.
  package static let defaultTraceLimit = TraceSegment.defaultCapacity

  /// The calling thread's segment, locked, with room for a record.
  private static func lockedSegment() -> TraceSegment {
    let state = ThreadState.current
    if let segment = state.segment {
      segment.lock.lock()
      if segment.hasRoom(retainedLimit: retainedLimit) { return segment }
      segment.lock.unlock()
      Force.all(of: segment)
      segment.lock.lock()
      if segment.hasRoom(retainedLimit: retainedLimit) { return segment }
      // Another thread is still running some of it.
      segment.lock.unlock()
      segment.abandon()
    }
    let segment = TraceSegment.acquire()
    state.segment = segment
    segment.lock.lock()
    return segment
  }
}
