// A counter that waiters sleep on until it moves.

internal import CPlatform

/// Counts events; a waiter remembers the count and sleeps until it differs.
struct Generation: @unchecked Sendable {
  // Invariant behind `@unchecked`: the word is only touched by atomic operations and futex calls; it
  // belongs to a segment, which is never freed.
  private let word: UnsafeMutablePointer<UInt32>

  init() {
    word = .allocate(capacity: 1)
    word.initialize(to: 0)
  }

  var current: UInt32 { martlet_load_acquire(word) }

  func advance() {
    _ = martlet_fetch_add(word, 1)
    martlet_futex_wake(word, Int32.max)
  }

  func wait(past seen: UInt32) {
    while current == seen { martlet_futex_wait(word, seen, -1) }
  }
}
