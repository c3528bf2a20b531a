// Work that nobody waits for: one thread at a time, a bounded queue, no job twice.

import CPlatform
import Glibc
import MartletFusion

/// Jobs by the kernel that they make, run in order on a thread that starts with the first and ends after the last.
///
/// Invariant behind `@unchecked`: everything that changes is touched only under `lock`, which is taken
/// inside a `ForkGuard` section only.
final class BackgroundQueue: @unchecked Sendable {
  typealias Key = KernelSpec
  typealias Job = @Sendable () -> Void

  private let limit: Int
  private let lock = FutexLock()
  private var jobs: [(key: Key, job: Job)] = []
  /// The keys of the jobs that wait or run.
  private var keys: Set<Key> = []
  private var isHeld = false
  /// The process whose thread works on the jobs, or 0: a forked child has no such thread.
  private var worker: pid_t = 0
  private var total = 0
  /// Changes when a job has ended; also the futex of those who wait for that.
  private let ended: UnsafeMutablePointer<UInt32>

  /// A queue in which at most `limit` jobs wait.
  init(limit: Int) {
    self.limit = limit
    ended = .allocate(capacity: 1)
    ended.initialize(to: 0)
  }

  deinit {
    lock.destroy()
    ended.deallocate()
  }

  /// Adds a job unless one of this key waits or runs, or too many wait.
  func add(_ key: Key, _ job: @escaping Job) {
    let starts = locked {
      forgetParent()
      guard jobs.count < limit, keys.insert(key).inserted else { return false }
      jobs.append((key, job))
      total &+= 1
      return claimsWorker()
    }
    if starts { startWorker() }
  }

  /// Whether a job of this key waits or runs.
  func contains(_ key: Key) -> Bool {
    locked {
      forgetParent()
      return keys.contains(key)
    }
  }

  /// The jobs that were ever added.
  var totalCount: Int { locked { total } }

  /// Waits until there is no job left.
  func drain() {
    while true {
      let seen = martlet_load_acquire(ended)
      if locked({ claimsWorker() }) { startWorker() }
      if locked({ keys.isEmpty }) { return }
      martlet_futex_wait(ended, seen, 10_000_000)
    }
  }

  /// Lets jobs wait until `resume`; for tests.
  func hold() { locked { isHeld = true } }

  /// Lets jobs run again.
  func resume() {
    let starts = locked {
      isHeld = false
      return claimsWorker()
    }
    if starts { startWorker() }
  }

  /// Whether the caller is to start a thread; under the lock.
  private func claimsWorker() -> Bool {
    forgetParent()
    guard !isHeld, !jobs.isEmpty, worker == 0 else { return false }
    worker = getpid()
    return true
  }

  /// In a forked child, forgets the parent's thread, and the job that is lost with it; under the lock.
  private func forgetParent() {
    guard worker != 0, worker != getpid() else { return }
    worker = 0
    keys.formIntersection(jobs.map(\.key))
  }

  private func startWorker() {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    // Signals belong to the program's own threads.
    var all = sigset_t()
    var previous = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_BLOCK, &all, &previous)
    var thread = pthread_t()
    let queue = Unmanaged.passRetained(self)
    let status = pthread_create(
      &thread, &attributes,
      { argument in
        guard let argument else { return nil }
        Unmanaged<BackgroundQueue>.fromOpaque(argument).takeRetainedValue().work()
        return nil
      }, queue.toOpaque())
    pthread_sigmask(SIG_SETMASK, &previous, nil)
    pthread_attr_destroy(&attributes)
    if status != 0 {
      queue.release()
      // Without a thread there is no background: what was asked for is asked for again later.
      locked {
        worker = 0
        jobs.removeAll()
        keys.removeAll()
      }
    }
  }

  private func work() {
    while true {
      let next = locked { () -> (key: Key, job: Job)? in
        if jobs.isEmpty || isHeld {
          worker = 0
          return nil
        }
        return jobs.removeFirst()
      }
      guard let (key, job) = next else { return }
      job()
      _ = locked { keys.remove(key) }
      martlet_fetch_add(ended, 1)
      martlet_futex_wake(ended, .max)
    }
  }

  private func locked<Result>(_ body: () -> Result) -> Result {
    ForkGuard.enter()
    lock.lock()
    defer {
      lock.unlock()
      ForkGuard.leave()
    }
    return body()
  }
}
