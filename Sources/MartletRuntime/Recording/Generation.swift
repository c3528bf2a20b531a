// A counter that waiters sleep on until it moves.

/// Counts events; a waiter remembers the count and sleeps until it differs.
///
/// It belongs to a segment, which is never freed.
struct Generation: Sendable {
  private let word = FutexWord()
  /// The number of threads that wait.
  private let waiters = FutexWord()

  var current: UInt32 { word.load() }

  func advance() {
    word.add(1)
    // A thread that this read-modify-write does not see has yet to look at the word, and will find
    // it moved: no system call is needed where nobody waits.
    if waiters.add(0) != 0 { word.wake() }
  }

  func wait(past seen: UInt32) {
    waiters.add(1)
    while current == seen { word.wait(while: seen) }
    waiters.add(.max)
  }
}
