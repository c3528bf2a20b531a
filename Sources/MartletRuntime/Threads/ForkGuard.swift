// Keeps a fork from cutting a critical section in half: the child would inherit its lock, held.

import CPlatform

/// Counts threads inside sections that must not be forked, and lets fork() wait until none is.
///
/// Sections are leaves: no section contains another, so a thread that waits at `enter` holds nothing
/// that a thread inside needs. BLAS calls, compilation and the central locks are such sections.
enum ForkGuard {
  /// Three words: the threads inside, whether a fork is under way, whether this is a forked child.
  private nonisolated(unsafe) static let words: UnsafeMutablePointer<UInt32> = {
    let words = UnsafeMutablePointer<UInt32>.allocate(capacity: 3)
    words.initialize(repeating: 0, count: 3)
    return words
  }()

  /// Registers the fork hooks: at first, and again after a library was loaded whose hooks must run
  /// later, for the last to be registered is the first to run.
  ///
  /// Running them twice does no harm.
  static func install() {
    _ = words
    let status = martlet_on_fork(
      { ForkGuard.prepare() },
      {
        martlet_store_release(ForkGuard.words + 1, 0)
        martlet_futex_wake(ForkGuard.words + 1, .max)
      },
      {
        martlet_store_release(ForkGuard.words, 0)
        martlet_store_release(ForkGuard.words + 1, 0)
        martlet_store_release(ForkGuard.words + 2, 1)
      })
    if status != 0 { Settings.report("martlet: no fork hooks: a fork during work may hang\n") }
  }

  /// Whether this process was forked from one that used the library: its threads are gone.
  @inline(__always)
  static var isForkedChild: Bool { martlet_load_acquire(words + 2) != 0 }

  @inline(__always)
  static func enter() {
    martlet_fetch_add(words, 1)
    if martlet_load_acquire(words + 1) != 0 { wait() }
  }

  @inline(__always)
  static func leave() { martlet_fetch_add(words, .max) }

  @inline(never)
  private static func wait() {
    repeat {
      leave()
      while martlet_load_acquire(words + 1) != 0 { martlet_futex_wait(words + 1, 1, 1_000_000) }
      martlet_fetch_add(words, 1)
    } while martlet_load_acquire(words + 1) != 0
  }

  private static func prepare() {
    martlet_exchange(words + 1, 1)
    while martlet_load_acquire(words) != 0 { martlet_pause() }
  }
}
