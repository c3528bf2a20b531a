// A counter that waiters sleep on until it moves.

internal import CPlatform

/// Counts events; a waiter remembers the count and sleeps until it differs.
struct Generation: @unchecked Sendable {
  // Invariant behind `@unchecked`: the words are only touched by atomic operations and futex calls;
  // they belong to a segment, which is never freed.
  private let word: UnsafeMutablePointer<UInt32>
  /// The number of threads that wait.
  private let waiters: UnsafeMutablePointer<UInt32>

  init() {
    word = .allocate(capacity: 2)
    word.initialize(repeating: 0, count: 2)
    waiters = word + 1
  }

  var current: UInt32 { martlet_load_acquire(word) }

  func advance() {
    _ = martlet_fetch_add(word, 1)
    // A thread that this read-modify-write does not see has yet to look at the word, and will find it
    // moved: no system call is needed where nobody waits.
    if martlet_fetch_add(waiters, 0) != 0 { martlet_futex_wake(word, Int32.max) }
  }

  func wait(past seen: UInt32) {
    _ = martlet_fetch_add(waiters, 1)
    while current == seen { martlet_futex_wait(word, seen, -1) }
    _ = martlet_fetch_add(waiters, .max)
  }
}
