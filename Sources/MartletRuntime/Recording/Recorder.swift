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
    let first = a.map(segment.operand) ?? .none
    let second = b.map(segment.operand) ?? .none
    let third = c.map(segment.operand) ?? .none
    segment.append(
      Record(
        op: op, dtype: dtype, shape: shape, first, second, third,
        rest: rest.isEmpty ? [] : rest.map(segment.operand), site: site, handle: handle,
        retainedBytes: segment.takeIncomingBytes()), for: handle)
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
