// Lets a process end while its threads compile: LLVM's own clean-up must not meet a compilation.

import Glibc
import Synchronization

/// Counts compilations, which an exit waits for and after which no more begin.
///
/// `exit` runs LLVM's destructors while other threads go on. The handler below is registered after
/// LLVM was loaded, so it runs before them.
enum ExitGate {
  private static let count = Atomic<Int>(0)
  /// The thread that ends the process, or 0.
  private static let endingThread = Atomic<UInt>(0)
  private static let isRegistered = Atomic(false)

  /// How long an exit waits for the compilations under way: longer than the largest kernel takes.
  private static let patience = Duration.seconds(10)

  /// Registers the handler; called when LLVM has been loaded.
  static func install() {
    guard !isRegistered.exchange(true, ordering: .relaxed) else { return }
    atexit { ExitGate.close() }
  }

  /// Runs `body`, or returns nil in the thread that is ending the process; other threads stay here.
  static func pass<Result>(_ body: () -> Result) -> Result? {
    count.add(1, ordering: .sequentiallyConsistent)
    defer { count.subtract(1, ordering: .sequentiallyConsistent) }
    let ending = endingThread.load(ordering: .sequentiallyConsistent)
    if ending == 0 { return body() }
    if ending == UInt(pthread_self()) { return nil }
    count.subtract(1, ordering: .sequentiallyConsistent)
    while true { pause() }
  }

  private static func close() {
    endingThread.store(UInt(pthread_self()), ordering: .sequentiallyConsistent)
    let deadline = ContinuousClock.now + patience
    while count.load(ordering: .sequentiallyConsistent) > 0, ContinuousClock.now < deadline {
      usleep(100)
    }
  }
}
