// What each thread keeps between ops: its current trace segment and handles that await release.

internal import CPlatform

/// The recording state of one thread; the thread alone reaches it, through a pointer.
struct ThreadState {
  /// The segment this thread appends to.
  var segment: TraceSegment?
  /// Handles to release; a release that causes others appends here, so that none recurses.
  private var doomed: [Handle] = []
  private var isReleasing = false
  /// A claim to use again.
  private var claim: Claim?
  /// How many sections that a fork waits for this thread is in, one inside the other.
  var sections = 0

  typealias Pointer = UnsafeMutablePointer<ThreadState>

  /// This thread's state, made at its first use and destroyed when the thread ends.
  @inline(__always)
  static var current: Pointer {
    if let pointer = martlet_thread_slot_get() {
      return pointer.assumingMemoryBound(to: ThreadState.self)
    }
    return make()
  }

  @inline(never)
  private static func make() -> Pointer {
    let state = Pointer.allocate(capacity: 1)
    state.initialize(to: ThreadState())
    martlet_thread_slot_set(state) { pointer in
      let state = pointer.assumingMemoryBound(to: ThreadState.self)
      state.pointee.segment?.abandon()
      state.deinitialize(count: 1)
      state.deallocate()
    }
    return state
  }

  /// An empty claim; whoever is done with it gives it back.
  static func takeClaim(_ state: Pointer) -> Claim {
    exchange(&state.pointee.claim, with: nil) ?? Claim()
  }

  static func giveBack(_ claim: Claim, to state: Pointer) {
    claim.reset()
    state.pointee.claim = claim
  }

  /// Empties `handles`, releasing them in a loop together with whatever their end brings down.
  ///
  /// A release comes back here, so nothing of the state may be held meanwhile.
  static func release(_ handles: inout [Handle], _ state: Pointer) {
    guard !handles.isEmpty else { return }
    if state.pointee.isReleasing {
      state.pointee.doomed += handles
      handles.removeAll()
      return
    }
    state.pointee.isReleasing = true
    while let handle = handles.popLast() { _ = consume handle }
    while let handle = state.pointee.doomed.popLast() { _ = consume handle }
    state.pointee.isReleasing = false
  }
}
