// A lock for critical sections of tens of nanoseconds: one word, no allocation on the fast path.

/// A mutual-exclusion lock on one word: 0 free, 1 held, 2 held with sleepers.
///
/// Recording takes it once an op, so it must cost less than `Mutex` (measured 30 ns); the algorithm
/// is the second mutex of U. Drepper, "Futexes Are Tricky" (2011).
package struct FutexLock: Sendable {
  private let word = FutexWord()

  package init() {}

  /// Frees the word; nobody may hold or want the lock any more.
  package func destroy() { word.destroy() }

  @inline(__always)
  package func lock() {
    if !word.exchange(0, for: 1) { lockSlowly() }
  }

  @inline(__always)
  package func unlock() {
    if word.exchange(0) == 2 { word.wake(1) }
  }

  @inline(never)
  private func lockSlowly() {
    while word.exchange(2) != 0 { word.wait(while: 2) }
  }
}
