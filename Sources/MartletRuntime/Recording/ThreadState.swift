// What each thread keeps between ops: its current trace segment and handles that await release.

internal import CPlatform

/// The recording state of one thread.
final class ThreadState {
  /// The segment this thread appends to.
  var segment: TraceSegment?
  /// Handles to release; a release that causes others appends here, so that none recurses.
  private var doomed: [Handle] = []
  private var isReleasing = false
  /// A claim to use again.
  private var claim: Claim?
  /// How many sections that a fork waits for this thread is in, one inside the other.
  var sections = 0

  /// This thread's state, made at its first use and destroyed when the thread ends.
  static var current: ThreadState {
    if let pointer = martlet_thread_slot_get() {
      return Unmanaged<ThreadState>.fromOpaque(pointer).takeUnretainedValue()
    }
    return make()
  }

  @inline(never)
  private static func make() -> ThreadState {
    let state = ThreadState()
    let pointer = Unmanaged.passRetained(state).toOpaque()
    martlet_thread_slot_set(pointer) { pointer in
      let state = Unmanaged<ThreadState>.fromOpaque(pointer).takeRetainedValue()
      state.segment?.abandon()
      state.segment = nil
    }
    return state
  }

  /// An empty claim; whoever is done with it gives it back.
  func takeClaim() -> Claim { exchange(&claim, with: nil) ?? Claim() }

  func giveBack(_ claim: Claim) {
    claim.reset()
    self.claim = claim
  }

  /// Empties `handles`, releasing them in a loop together with whatever their end brings down.
  func release(_ handles: inout [Handle]) {
    guard !handles.isEmpty else { return }
    doomed += handles
    handles.removeAll()
    guard !isReleasing else { return }
    isReleasing = true
    while let handle = doomed.popLast() { _ = consume handle }
    isReleasing = false
  }
}
