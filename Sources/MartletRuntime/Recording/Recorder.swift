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
    defer { segment.lock.unlock() }
    let record: UnsafeMutablePointer<Record>
    if case .elementwise(let op) = op {
      record = segment.append(op, for: handle)
    } else {
      record = segment.append(nil, code: op.code, for: handle)
      record.pointee.change { $0.op = op }
    }
    if let site { record.pointee.change { $0.site = site } }
    func append(_ operand: RecordOperand) {
      switch operand {
      case .handle(let handle): segment.append(handle, to: record)
      case .scalar(let scalar): record.pointee.append(Record.Operand(scalar))
      }
    }
    if let a { append(a) }
    if let b { append(b) }
    if let c { append(c) }
    for operand in rest { append(operand) }
    return handle
  }

  /// Records an elementwise op of one or two handles and no gradient: the common case.
  package static func record(
    _ op: ElementwiseOp, dtype: DType, _ a: Handle, _ b: Handle? = nil
  ) -> Handle {
    let handle = Handle(dtype: dtype, shape: a.shape, tracking: nil)
    let segment = lockedSegment()
    let record = segment.append(op, for: handle)
    segment.append(a, to: record)
    if let b { segment.append(b, to: record) }
    segment.lock.unlock()
    return handle
  }

  /// Records an elementwise op of a handle and a number, in either order, without gradient.
  package static func record(
    _ op: ElementwiseOp, dtype: DType, _ a: Handle, _ scalar: Scalar, scalarIsFirst: Bool
  ) -> Handle {
    let handle = Handle(dtype: dtype, shape: a.shape, tracking: nil)
    let segment = lockedSegment()
    let record = segment.append(op, for: handle)
    if scalarIsFirst { record.pointee.append(Record.Operand(scalar)) }
    segment.append(a, to: record)
    if !scalarIsFirst { record.pointee.append(Record.Operand(scalar)) }
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
    if let segment = state.pointee.segment {
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
    state.pointee.segment = segment
    segment.lock.lock()
    return segment
  }
}
