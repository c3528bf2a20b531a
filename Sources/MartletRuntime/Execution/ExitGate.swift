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

  /// Runs `body` as one section of the `ForkGuard`, or returns nil once the process is ending.
  ///
  /// Inside `body` the gate is not asked again: it would be closed to the inner call alone.
  static func pass<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result? {
    // A child of a fork has nobody inside but itself.
    ForkGuard.enter()
    count.add(1, ordering: .sequentiallyConsistent)
    defer {
      count.subtract(1, ordering: .sequentiallyConsistent)
      ForkGuard.leave()
    }
    guard endingThread.load(ordering: .sequentiallyConsistent) == 0 else { return nil }
    return try body()
  }

  /// Keeps the calling thread until the process is gone, unless it is the one that ends it.
  static func stay() {
    if endingThread.load(ordering: .sequentiallyConsistent) == UInt(pthread_self()) { return }
    ForkGuard.leaveForGood()
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
