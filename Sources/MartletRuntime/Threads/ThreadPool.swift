// The one owner of the cores: splits work statically over threads that wait for it.

import CPlatform
import Glibc

/// Threads that share loops; the caller of a loop takes part in it.
///
/// A worker spins for 50 us after its last share, so that launches close together cost a fraction of
/// a microsecond, and then sleeps. Loops that start inside a loop, or while another thread's loop
/// runs, run on their caller alone.
///
/// Invariant behind `@unchecked`: `workerCount` is written once under `lock`; a mailbox is written by
/// the one thread that holds `busy`, while its worker is idle, and read by the worker after the post.
package final class ThreadPool: @unchecked Sendable {
  /// What a loop runs: a share `begin..<end` of its items as participant `worker`.
  package typealias Body = (_ worker: Int, _ begin: Int, _ end: Int) -> Void

  /// A worker's post box, on cache lines of its own.
  private struct Mailbox {
    /// `idle`, `posted` or `sleeping`; first, because it is also the futex.
    var state: UInt32 = ThreadPool.idle
    var worker = 0
    var begin = 0
    var end = 0
    var body: UnsafePointer<Body>?
    var remaining: UnsafeMutablePointer<UInt32>?
  }

  private static let idle: UInt32 = 0
  private static let posted: UInt32 = 1
  private static let sleeping: UInt32 = 2
  /// Marks in `remaining` that the caller sleeps.
  private static let callerSleeps: UInt32 = 0x8000_0000
  private static let spinNanoseconds = 50_000
  private static let mailboxStride = 128

  /// The most participants of a loop, its caller included.
  package let width: Int
  private let lock = FutexLock()
  private var workerCount = 0
  private let mailboxes: UnsafeMutableRawPointer
  /// Words on lines of their own: whether a loop runs, the shares not finished, threads started.
  private let busy: UnsafeMutablePointer<UInt32>
  private let remaining: UnsafeMutablePointer<UInt32>
  private let isStarted: UnsafeMutablePointer<UInt32>

  /// A pool of `width` participants.
  ///
  /// Its threads start with the first loop and live as long as the
  /// process, so a process makes few pools.
  package init(width: Int) {
    self.width = max(1, width)
    mailboxes = .allocate(byteCount: self.width * ThreadPool.mailboxStride, alignment: 128)
    let words = UnsafeMutableRawPointer.allocate(byteCount: 384, alignment: 128)
    words.initializeMemory(as: UInt32.self, repeating: 0, count: 96)
    busy = words.assumingMemoryBound(to: UInt32.self)
    remaining = busy + 32
    isStarted = busy + 64
    for index in 0..<self.width {
      (mailboxes + index * ThreadPool.mailboxStride).bindMemory(to: Mailbox.self, capacity: 1)
        .initialize(to: Mailbox())
    }
  }

  /// Calls `body` on contiguous shares that cover `0..<items`, each but the last a multiple of `grain`.
  ///
  /// Participants are numbered from 0 (the caller) to at most `width - 1`.
  package func parallel(items: Int, grain: Int = 1, _ body: Body) {
    guard items > 0 else { return }
    let environment = martlet_fp_environment_save_default()
    defer { martlet_fp_environment_restore(environment) }
    let step = max(1, grain)
    let chunks = (items &- 1) / step &+ 1
    guard width > 1, chunks > 1, !ForkGuard.isForkedChild,
      martlet_compare_exchange(busy, 0, 1) != 0
    else {
      body(0, 0, items)
      return
    }
    defer { martlet_store_release(busy, 0) }
    if martlet_load_acquire(isStarted) == 0 { start() }
    let parts = min(workerCount &+ 1, chunks)
    func bound(_ part: Int) -> Int {
      // Shares differ by at most one chunk.
      let (quotient, rest) = chunks.quotientAndRemainder(dividingBy: parts)
      return min(items, (part &* quotient &+ min(part, rest)) &* step)
    }
    martlet_store_release(remaining, UInt32(parts &- 1))
    withoutActuallyEscaping(body) { body in
      withUnsafePointer(to: body) { body in
        for part in 1..<max(1, parts) {
          post(
            Mailbox(
              worker: part, begin: bound(part), end: bound(part + 1), body: body,
              remaining: remaining))
        }
        body.pointee(0, 0, bound(1))
        if parts > 1 { join() }
      }
    }
  }

  private func mailbox(_ worker: Int) -> UnsafeMutablePointer<Mailbox> {
    (mailboxes + worker &* ThreadPool.mailboxStride).assumingMemoryBound(to: Mailbox.self)
  }

  private func post(_ share: Mailbox) {
    let box = mailbox(share.worker)
    box.pointee.worker = share.worker
    box.pointee.begin = share.begin
    box.pointee.end = share.end
    box.pointee.body = share.body
    box.pointee.remaining = share.remaining
    let word = ThreadPool.word(box)
    if martlet_exchange(word, ThreadPool.posted) == ThreadPool.sleeping {
      martlet_futex_wake(word, 1)
    }
  }

  /// Waits until every posted share is finished.
  private func join() {
    if ThreadPool.spin(while: { martlet_load_acquire(remaining) != 0 }) { return }
    let sleeps = ThreadPool.callerSleeps
    if martlet_fetch_add(remaining, sleeps) != 0 {
      while true {
        let value = martlet_load_acquire(remaining)
        if value == sleeps { break }
        martlet_futex_wait(remaining, value, -1)
      }
    }
    martlet_store_release(remaining, 0)
  }

  /// Starts the workers; called by the thread that holds `busy`.
  private func start() {
    lock.lock()
    defer { lock.unlock() }
    ForkGuard.install()
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    // Signals belong to the program's own threads.
    var all = sigset_t()
    var previous = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_BLOCK, &all, &previous)
    for worker in 1..<width {
      var thread = pthread_t()
      let status = pthread_create(
        &thread, &attributes,
        { argument in
          if let argument { ThreadPool.work(argument.assumingMemoryBound(to: Mailbox.self)) }
          return nil
        }, mailbox(worker))
      if status != 0 { break }
      workerCount = worker
    }
    pthread_sigmask(SIG_SETMASK, &previous, nil)
    pthread_attr_destroy(&attributes)
    martlet_store_release(isStarted, 1)
  }

  /// A worker's life: waits for a share, runs it, says so.
  private static func work(_ box: UnsafeMutablePointer<Mailbox>) {
    let word = word(box)
    while true {
      if !spin(while: { martlet_load_acquire(word) != posted }) {
        if martlet_compare_exchange(word, idle, sleeping) != 0 {
          while martlet_load_acquire(word) == sleeping { martlet_futex_wait(word, sleeping, -1) }
        }
      }
      guard let remaining = box.pointee.remaining else { continue }
      runShare(box)
      martlet_store_release(word, idle)
      if martlet_fetch_add(remaining, .max) == callerSleeps &+ 1 {
        martlet_futex_wake(remaining, 1)
      }
    }
  }

  /// A call of its own, so that every reference to the body is released before the share is reported.
  @inline(never)
  private static func runShare(_ box: UnsafeMutablePointer<Mailbox>) {
    _ = martlet_fp_environment_save_default()
    box.pointee.body?.pointee(box.pointee.worker, box.pointee.begin, box.pointee.end)
  }

  /// The state of a mailbox as the word that threads share.
  @inline(__always)
  private static func word(_ box: UnsafeMutablePointer<Mailbox>) -> UnsafeMutablePointer<UInt32> {
    UnsafeMutableRawPointer(box).assumingMemoryBound(to: UInt32.self)
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
