// State that several threads share, reachable only through its lock.

/// A value and the lock without which nobody can touch it.
///
/// It exists beside `Mutex` because it costs less, and because a fork can hold it: the child of a
/// process cannot give back a `Mutex`, whose word names the thread that took it.
///
/// Invariant behind `@unchecked`: `state` is read and written only while `lock` is held.
package struct Locked<State>: ~Copyable, @unchecked Sendable {
  private let lock = FutexLock()
  private let state: UnsafeMutablePointer<State>

  package init(_ state: State) {
    self.state = .allocate(capacity: 1)
    self.state.initialize(to: state)
  }

  deinit {
    state.deinitialize(count: 1)
    state.deallocate()
    lock.destroy()
  }

  @inline(__always)
  package func withLock<Result, Failure: Error>(
    _ body: (inout State) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    lock.lock()
    defer { lock.unlock() }
    return try body(&state.pointee)
  }

  /// `withLock` as a section of the `ForkGuard`, for state that a fork does not hold itself.
  func inSection<Result, Failure: Error>(
    _ body: (inout State) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try ForkGuard.section { () throws(Failure) in try withLock(body) }
  }

  /// Takes the lock for a fork, calls `body`, and keeps the lock until `release`.
  func hold(_ body: (inout State) -> Void) {
    lock.lock()
    body(&state.pointee)
  }

  /// Calls `body` and gives back the lock that `hold` took, in the parent or in the child.
  func release(_ body: (inout State) -> Void) {
    body(&state.pointee)
    lock.unlock()
  }
}
