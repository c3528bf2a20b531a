// A lock for critical sections of tens of nanoseconds: one word, no allocation on the fast path.

internal import CPlatform

/// A mutual-exclusion lock on one word: 0 free, 1 held, 2 held with sleepers.
///
/// Recording takes it once an op, so it must cost less than `Mutex` (measured 30 ns); the algorithm is
/// the second mutex of U. Drepper, "Futexes Are Tricky" (2011).
package struct FutexLock: @unchecked Sendable {
  // Invariant behind `@unchecked`: the word is only touched by atomic operations and futex calls.
  private let word: UnsafeMutablePointer<UInt32>

  package init() {
    word = .allocate(capacity: 1)
    word.initialize(to: 0)
  }

  /// Frees the word; nobody may hold or want the lock any more.
  package func destroy() { word.deallocate() }

  @inline(__always)
  package func lock() {
    if martlet_compare_exchange(word, 0, 1) == 0 { lockSlowly() }
  }

  @inline(__always)
  package func unlock() {
    if martlet_exchange(word, 0) == 2 { martlet_futex_wake(word, 1) }
  }

  @inline(never)
  private func lockSlowly() {
    while martlet_exchange(word, 2) != 0 { martlet_futex_wait(word, 2, -1) }
  }
}
