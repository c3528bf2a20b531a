// Work that nobody waits for: one thread at a time, a bounded queue, no job twice.

import Glibc
import MartletFusion

/// Jobs by the kernel that they make, run in order on a thread that starts with the first and ends
/// after the last.
final class BackgroundQueue: Sendable {
  typealias Key = KernelSpec
  typealias Job = @Sendable () -> Void

  private struct State {
    var jobs: [(key: Key, job: Job)] = []
    /// The keys of the jobs that wait or run.
    var keys: Set<Key> = []
    var isHeld = false
    /// The process whose thread works on the jobs, or 0: a forked child has no such thread.
    var worker: pid_t = 0
    var total = 0

    /// Whether the caller is to start a thread.
    mutating func claimsWorker() -> Bool {
      forgetParent()
      guard !isHeld, !jobs.isEmpty, worker == 0 else { return false }
      worker = getpid()
      return true
    }

    /// In a forked child, forgets the parent's thread, and the job that is lost with it.
    mutating func forgetParent() {
      guard worker != 0, worker != getpid() else { return }
      worker = 0
      keys.formIntersection(jobs.map(\.key))
    }
  }

  private let limit: Int
  private let state = Locked(State())
  /// Changes when a job has ended; those who wait for that sleep on it.
  private let ended = FutexWord()

  /// A queue in which at most `limit` jobs wait.
  init(limit: Int) { self.limit = limit }

  deinit { ended.destroy() }

  /// Adds a job unless one of this key waits or runs, or too many wait.
  func add(_ key: Key, _ job: @escaping Job) {
    let starts = state.inSection { state in
      state.forgetParent()
      guard state.jobs.count < limit, state.keys.insert(key).inserted else { return false }
      state.jobs.append((key, job))
      state.total &+= 1
      return state.claimsWorker()
    }
    if starts { startWorker() }
  }

  /// Whether a job of this key waits or runs.
  func contains(_ key: Key) -> Bool {
    state.inSection { state in
      state.forgetParent()
      return state.keys.contains(key)
    }
  }

  /// The jobs that were ever added.
  var totalCount: Int { state.inSection { $0.total } }

  /// Waits until there is no job left.
  func drain() {
    while true {
      let seen = ended.load()
      if state.inSection({ $0.claimsWorker() }) { startWorker() }
      if state.inSection({ $0.keys.isEmpty }) { return }
      ended.wait(while: seen, nanoseconds: 10_000_000)
    }
  }

  /// Lets jobs wait until `resume`; for tests.
  func hold() { state.inSection { $0.isHeld = true } }

  /// Lets jobs run again.
  func resume() {
    let starts = state.inSection { state in
      state.isHeld = false
      return state.claimsWorker()
    }
    if starts { startWorker() }
  }

  private func startWorker() {
    if SystemThread.start([{ [self] in work() }]) == 1 { return }
    // Without a thread there is no background: what was asked for is asked for again later.
    state.inSection { state in
      state.worker = 0
      state.jobs.removeAll()
      state.keys.removeAll()
    }
  }

  private func work() {
    while true {
      let next = state.inSection { state -> (key: Key, job: Job)? in
        if state.jobs.isEmpty || state.isHeld {
          state.worker = 0
          return nil
        }
        return state.jobs.removeFirst()
      }
      guard let (key, job) = next else { return }
      job()
      _ = state.inSection { $0.keys.remove(key) }
      ended.add(1)
      ended.wake()
    }
  }
}
