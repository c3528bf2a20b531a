// Forcing: claim what a value needs, run it without a lock, settle the handles that wait for it.

package import MartletIR
import Synchronization

/// Turns pending handles into values.
///
/// A force first waits for records in flight, then claims all it needs under one lock, and never
/// waits while it holds a claim; so forces of overlapping graphs from many threads run each op once
/// and cannot wait for each other in a circle.
package enum Force {
  /// The value of `handle`, computed now if it is pending.
  package static func value(of handle: Handle) throws(TensorError) -> Value {
    if let outcome = handle.settled { return try value(outcome) }
    try realize([handle])
    guard let outcome = handle.settled else { internalError("a forced handle is still pending") }
    return try value(outcome)
  }

  private static func value(_ outcome: Handle.Outcome) throws(TensorError) -> Value {
    switch outcome {
    case .value(let value): return value
    case .failure(let error): throw error
    case .none: internalError("a settled handle without an outcome")
    }
  }

  /// Realizes `roots` together: handles of one segment share kernels, failures stay in the handles.
  package static func realize(_ roots: [Handle]) throws(TensorError) {
    // Work that waits for other segments' values stays on an explicit stack.
    var waiting: [[Handle]] = []
    var handles = roots
    while true {
      guard let address = firstSegment(of: handles) else {
        guard let next = waiting.popLast() else { return }
        handles = next
        continue
      }
      let segment = TraceSegment(at: address)
      switch try advance(segment, { $0.make(handles, in: segment) }) {
      case .idle, .ran: break
      case .blocked(let generation): segment.generation.wait(past: generation)
      case .needs(let foreign):
        waiting.append(handles)
        handles = foreign
      case .split:
        // Each to the top of the stack; those that are settled fall off it.
        for handle in handles { waiting.append([handle]) }
        handles = []
      }
    }
  }

  /// The address of the segment of the first handle that is pending, or nil.
  private static func firstSegment(of handles: [Handle]) -> UInt? {
    for handle in handles {
      let address = handle.segment.load(ordering: .acquiring)
      if address != 0 { return address }
    }
    return nil
  }

  /// Runs everything of `segment` that a live handle waits for: the bound on a trace.
  ///
  /// A value that cannot be had stays in its handle as an error; where memory is short the ops stay
  /// pending, and whoever asks for their values meets the error.
  static func all(of segment: TraceSegment) {
    var oneByOne = false
    while true {
      do throws(TensorError) {
        switch try advance(segment, { $0.make(allOf: segment, oneByOne: oneByOne) }) {
        case .idle: return
        case .ran: break
        case .blocked(let generation): segment.generation.wait(past: generation)
        case .needs(let foreign): try realize(foreign)
        case .split: oneByOne = true
        }
      } catch {
        return
      }
    }
  }

  private enum Progress {
    /// Nothing is pending any more.
    case idle
    case ran
    case blocked(UInt32)
    case needs([Handle])
    /// The roots failed together: each is to be run alone, to see whose error it is.
    case split
  }

  /// Makes a claim and runs it, in one section: a fork between the two would leave the child
  /// records that nobody runs.
  ///
  /// What nobody wants any more is released after it: the end of a handle takes locks.
  private static func advance(
    _ segment: TraceSegment, _ make: (Claim) -> Claim.Outcome
  ) throws(TensorError) -> Progress {
    let thread = ThreadState.current
    var doomed: [Handle] = []
    let claim = ThreadState.takeClaim(thread)
    ForkGuard.enter()
    defer {
      ForkGuard.leave()
      ThreadState.giveBack(claim, to: thread)
      ThreadState.release(&doomed, thread)
    }
    segment.lock.lock()
    let outcome = make(claim)
    if case .failed(let index, let error) = outcome {
      // Under the same lock: once that is free, the index may come to be another record's.
      fail(index, error, in: segment, doomed: &doomed)
      unlockChanged(segment)
      return .ran
    }
    segment.lock.unlock()
    switch outcome {
    case .settled: return .idle
    case .blocked(let generation): return .blocked(generation)
    case .needs(let foreign): return .needs(foreign)
    case .failed: return .ran
    case .claimed: return try run(claim, in: segment, doomed: &doomed)
    }
  }

  private static func run(
    _ claim: Claim, in segment: TraceSegment, doomed: inout [Handle]
  ) throws(TensorError) -> Progress {
    do throws(TensorError) {
      let values = try Runtime.run(claim.request, claim.choices) { claim.trace(from: segment) }
      change(segment) { settle(claim, values, in: segment, doomed: &doomed) }
    } catch {
      change(segment) {
        for index in claim.indices.elements { segment.setState(Int(index), .pending) }
        // Handles that went while their records ran left the retiring to whoever ran them.
        for index in claim.indices.elements.reversed() {
          segment.retireIfUnwanted(Int(index), doomed: &doomed)
        }
        if claim.roots.count == 1, error.kind != .memory {
          fail(Int(claim.roots[0]), error, in: segment, doomed: &doomed)
        }
      }
      if error.kind == .memory { throw error }
      if claim.roots.count > 1 { return .split }
    }
    return .ran
  }

  /// Changes records under the lock, then wakes waiters.
  private static func change(_ segment: TraceSegment, _ body: () -> Void) {
    segment.lock.lock()
    body()
    unlockChanged(segment)
  }

  /// Gives the lock up after records were changed, and wakes waiters.
  private static func unlockChanged(_ segment: TraceSegment) {
    let isRecycled = segment.finishIfEmpty()
    segment.lock.unlock()
    segment.generation.advance()
    if isRecycled { segment.recycle() }
  }

  /// Hands the values to the handles and records that wait; the caller holds the lock.
  private static func settle(
    _ claim: Claim, _ values: [(node: Int, value: Value)], in segment: TraceSegment,
    doomed: inout [Handle]
  ) {
    for (node, value) in values {
      let index = Int(claim.indices[node])
      if let handle = segment.records[index].handle {
        handle._withUnsafeGuaranteedRef { $0.settle(.value(value)) }
        segment.records[index].handle = nil
      }
    }
    // Consumers come after their producers, so by the time a record is looked at, those that ran
    // with it and read it have been retired.
    for index in claim.indices.elements.reversed() {
      let index = Int(index)
      if segment.records[index].handle != nil {
        internalError("a run left out a value that is waited for")
      }
      segment.finish(index)
      segment.releaseOperands(of: index, doomed: &doomed)
      segment.retireIfUnwanted(index, doomed: &doomed)
    }
    // What pending records read stays.
    for (node, value) in values {
      let index = Int(claim.indices[node])
      if segment.states[index] == .done { segment.records[index].result = .value(value) }
    }
  }

  /// Gives record `index` the error as its result; the caller holds the lock.
  private static func fail(
    _ index: Int, _ error: TensorError, in segment: TraceSegment, doomed: inout [Handle]
  ) {
    guard segment.states[index] == .pending else { return }
    if let handle = segment.records[index].handle {
      handle._withUnsafeGuaranteedRef { $0.settle(.failure(error)) }
      segment.records[index].handle = nil
    }
    segment.finish(index)
    segment.records[index].result = .failure(error)
    segment.releaseOperands(of: index, doomed: &doomed)
    segment.retireIfUnwanted(index, doomed: &doomed)
  }
}
