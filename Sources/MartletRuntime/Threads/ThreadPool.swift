// The one owner of the cores: splits work statically over threads that wait for it.

import CPlatform
import Glibc
import Synchronization

/// Threads that share loops; the caller of a loop takes part in it.
///
/// A worker spins for 50 us after its last share, so that launches close together cost a fraction
/// of a microsecond, and then sleeps. Loops that start inside a loop, or while another thread's
/// loop runs, run on their caller alone.
package final class ThreadPool: Sendable {
  /// What a loop runs: a share `begin..<end` of its items as participant `worker`.
  package typealias Body = (_ worker: Int, _ begin: Int, _ end: Int) -> Void

  /// What a worker is to run, and the count of shares that it lessens then.
  private struct Share {
    let worker: Int
    let begin: Int
    let end: Int
    let body: UnsafePointer<Body>
    let remaining: FutexWord
  }

  /// A worker's post box.
  private final class Mailbox: Sendable {
    /// `idle`, `posted` or `sleeping`.
    let state = FutexWord(isPadded: true)
    let share = Locked<Share?>(nil)
  }

  private static let idle: UInt32 = 0
  private static let posted: UInt32 = 1
  private static let sleeping: UInt32 = 2
  /// Marks in `remaining` that the caller sleeps.
  private static let callerSleeps: UInt32 = 0x8000_0000
  private static let spinNanoseconds = 50_000

  /// The most participants of a loop, its caller included.
  package let width: Int
  /// Of the workers 1 to `width - 1`.
  private let mailboxes: [Mailbox]
  private let workerCount = Atomic<Int>(0)
  /// Whether a loop runs; whoever set it runs the loop, and starts the threads.
  private let busy = FutexWord(isPadded: true)
  /// The shares not finished.
  private let remaining = FutexWord(isPadded: true)
  private let isStarted = Atomic<Bool>(false)

  /// A pool of `width` participants.
  ///
  /// Its threads start with the first loop and live as long as the
  /// process, so a process makes few pools.
  package init(width: Int) {
    self.width = max(1, width)
    mailboxes = (1..<self.width).map { _ in Mailbox() }
  }

  /// Calls `body` on contiguous shares that cover `0..<items`, each but the last a multiple of
  /// `grain`.
  ///
  /// Participants are numbered from 0 (the caller) to at most `width - 1`.
  package func parallel(items: Int, grain: Int = 1, _ body: Body) {
    guard items > 0 else { return }
    let environment = martlet_fp_environment_save_default()
    defer { martlet_fp_environment_restore(environment) }
    let step = max(1, grain)
    let chunks = (items &- 1) / step &+ 1
    guard width > 1, chunks > 1, !ForkGuard.isForkedChild,
      busy.exchange(0, for: 1)
    else {
      body(0, 0, items)
      return
    }
    defer { busy.store(0) }
    if !isStarted.load(ordering: .relaxed) { start() }
    let parts = min(workerCount.load(ordering: .relaxed) &+ 1, chunks)
    func bound(_ part: Int) -> Int {
      // Shares differ by at most one chunk.
      let (quotient, rest) = chunks.quotientAndRemainder(dividingBy: parts)
      return min(items, (part &* quotient &+ min(part, rest)) &* step)
    }
    remaining.store(UInt32(parts &- 1))
    withoutActuallyEscaping(body) { body in
      withUnsafePointer(to: body) { body in
        for part in 1..<max(1, parts) {
          post(
            Share(
              worker: part, begin: bound(part), end: bound(part + 1), body: body,
              remaining: remaining))
        }
        body.pointee(0, 0, bound(1))
        if parts > 1 { join() }
      }
    }
  }

  private func post(_ share: Share) {
    let box = mailboxes[share.worker &- 1]
    box.share.withLock { $0 = share }
    if box.state.exchange(ThreadPool.posted) == ThreadPool.sleeping { box.state.wake(1) }
  }

  /// Waits until every posted share is finished.
  private func join() {
    if ThreadPool.spin(while: { remaining.load() != 0 }) { return }
    let sleeps = ThreadPool.callerSleeps
    if remaining.add(sleeps) != 0 {
      while case let value = remaining.load(), value != sleeps { remaining.wait(while: value) }
    }
    remaining.store(0)
  }

  /// Starts the workers; called by the thread that holds `busy`.
  private func start() {
    ForkGuard.install()
    let count = SystemThread.start(mailboxes.map { box in { ThreadPool.work(box) } })
    workerCount.store(count, ordering: .relaxed)
    isStarted.store(true, ordering: .relaxed)
  }

  /// A worker's life: waits for a share, runs it, says so.
  private static func work(_ box: Mailbox) {
    let word = box.state
    while true {
      if !spin(while: { word.load() != posted }) {
        if word.exchange(idle, for: sleeping) {
          while word.load() == sleeping { word.wait(while: sleeping) }
        }
      }
      guard let share = box.share.withLock({ $0.take() }) else { continue }
      runShare(share)
      word.store(idle)
      if share.remaining.add(.max) == callerSleeps &+ 1 { share.remaining.wake(1) }
    }
  }

  /// A call of its own, so that every reference to the body is released before the share is
  /// reported.
  @inline(never)
  private static func runShare(_ share: Share) {
    _ = martlet_fp_environment_save_default()
    share.body.pointee(share.worker, share.begin, share.end)
  }

  /// Spins while the condition holds; false when it still held after the spinning time.
  @inline(__always)
  private static func spin(while condition: () -> Bool) -> Bool {
    var deadline = 0
    while true {
      for _ in 0..<64 {
        if !condition() { return true }
        martlet_pause()
      }
      let now = nanoseconds()
      if deadline == 0 { deadline = now &+ spinNanoseconds }
      if now > deadline { return false }
    }
  }

  private static func nanoseconds() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec &* 1_000_000_000 &+ time.tv_nsec
  }
}
