// Keeps a fork from cutting work in half: the child would inherit its locks, held, and its data,
// torn.

import CPlatform
import Glibc
import Synchronization

/// Lets fork() wait until no thread is in the middle of something that the child could not finish.
///
/// A section is work of many steps: a claim from its making to its settlement, with compilation,
/// launches and BLAS calls; the loading of a library; a clearing of caches. A fork waits for the
/// sections that run, holds up those that would begin, and then takes the locks that are used
/// outside of sections, which are held for nanoseconds. So the child has no record that is said to
/// run, no lock that is held, and its one thread works alone.
///
/// Locks are taken in this order, by a fork and by everybody: section, list of segments, segment,
/// buffer pool, stripe of small blocks. Nobody begins a section while it holds one of these, or
/// waits in a section for a thread outside; a section within a section is part of it.
enum ForkGuard {
  /// The threads inside; made after the hooks, so that there is no section without them.
  private static let inside = {
    register()
    return FutexWord()
  }()
  /// Whether a fork is under way.
  private static let isForking = FutexWord()
  private static let isChild = FutexWord()
  /// The thread that forks, and how many of its hooks have run: each registration is a hook.
  private static let forker = Atomic<UInt>(0)
  private static let hooks = Atomic<Int>(0)

  /// Registers the fork hooks again after a library was loaded whose hooks must run later, for the
  /// last to be registered is the first to run; before the first section they are registered
  /// anyway.
  ///
  /// This may be called inside a section, since glibc holds no lock while a fork waits in a hook.
  static func install() {
    _ = (inside, isForking, isChild)
    register()
  }

  private static func register() {
    let status = martlet_on_fork(
      { ForkGuard.prepare() }, { ForkGuard.resume(inChild: false) },
      { ForkGuard.resume(inChild: true) })
    if status != 0 { Settings.report("martlet: no fork hooks: a fork during work may hang\n") }
  }

  /// Whether this process was forked from one that used the library: its threads are gone.
  @inline(__always)
  static var isForkedChild: Bool { isChild.load() != 0 }

  @inline(__always)
  static func enter() {
    let thread = ThreadState.current
    thread.pointee.sections += 1
    guard thread.pointee.sections == 1 else { return }
    inside.add(1)
    if isForking.loadInOrder() != 0 { wait() }
  }

  @inline(__always)
  static func leave() {
    let thread = ThreadState.current
    thread.pointee.sections -= 1
    if thread.pointee.sections == 0 { countOut() }
  }

  /// Calls `body` as one section.
  @inline(__always)
  static func section<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    enter()
    defer { leave() }
    return try body()
  }

  /// Leaves all sections in a thread that will do nothing more, so that no fork waits for it.
  static func leaveForGood() {
    let thread = ThreadState.current
    guard thread.pointee.sections > 0 else { return }
    thread.pointee.sections = 0
    countOut()
  }

  @inline(__always)
  private static func countOut() {
    inside.add(.max)
    if isForking.loadInOrder() != 0 { inside.wake() }
  }

  @inline(never)
  private static func wait() {
    repeat {
      countOut()
      while isForking.load() != 0 { isForking.wait(while: 1) }
      inside.add(1)
    } while isForking.loadInOrder() != 0
  }

  private static func prepare() {
    let thread = UInt(pthread_self())
    guard forker.load(ordering: .relaxed) != thread else {
      hooks.add(1, ordering: .relaxed)
      return
    }
    // Another thread's fork comes first.
    while !isForking.exchange(0, for: 1) { isForking.wait(while: 1) }
    forker.store(thread, ordering: .relaxed)
    hooks.store(1, ordering: .relaxed)
    while case let count = inside.loadInOrder(), count != 0 { inside.wait(while: count) }
    TraceSegment.holdAll()
    Runtime.pool.hold()
  }

  private static func resume(inChild: Bool) {
    guard hooks.subtract(1, ordering: .relaxed).newValue == 0 else { return }
    Runtime.pool.release()
    TraceSegment.releaseAll()
    forker.store(0, ordering: .relaxed)
    if inChild {
      // A thread that met the fork at the entrance may have been counted.
      inside.store(0)
      isChild.store(1)
    }
    isForking.store(0)
    if !inChild { isForking.wake() }
  }
}
