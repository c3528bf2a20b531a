// Compiled kernels in memory: each spec is compiled once, and the ones unused for longest make room.

import MartletFusion
package import MartletIR

/// Kernels by their key, which is compared in full.
///
/// Compilation runs outside the cache's lock; threads that want the same kernel meanwhile wait for
/// it. A kernel that was evicted lives until its last run ends.
///
/// Invariant behind `@unchecked`: `entries` and `clock`, and an entry's `stamp`, are touched only
/// under `lock`; an entry's `kernel` only under the entry's own lock.
package final class KernelCache<Key: Hashable & Sendable, Kernel: Sendable>: @unchecked Sendable {
  private final class Entry {
    let lock = FutexLock()
    var kernel: Kernel?
    var stamp: UInt64 = 0

    deinit { lock.destroy() }
  }

  private let lock = FutexLock()
  private let limit: Int
  private let compile: @Sendable (Key) throws(TensorError) -> Kernel
  private var entries: [Key: Entry] = [:]
  private var clock: UInt64 = 0

  /// A cache of at most `limit` kernels, which `compile` makes.
  package init(
    limit: Int = 4096, compile: @escaping @Sendable (Key) throws(TensorError) -> Kernel
  ) {
    self.limit = max(1, limit)
    self.compile = compile
  }

  deinit { lock.destroy() }

  /// The kernel of `key`, and whether it was there already.
  package func kernel(for key: Key) throws(TensorError) -> (kernel: Kernel, isHit: Bool) {
    // A fork waits for the compilation, and for the threads that wait for it.
    ForkGuard.enter()
    defer { ForkGuard.leave() }
    let entry = entry(for: key)
    entry.lock.lock()
    defer { entry.lock.unlock() }
    if let kernel = entry.kernel { return (kernel, true) }
    do {
      let kernel = try compile(key)
      entry.kernel = kernel
      return (kernel, false)
    } catch {
      forget(key, entry)
      throw error
    }
  }

  package var count: Int { locked { entries.count } }

  /// Drops every kernel.
  package func removeAll() { locked { entries.removeAll() } }

  private func entry(for key: Key) -> Entry {
    locked {
      clock &+= 1
      if let entry = entries[key] {
        entry.stamp = clock
        return entry
      }
      if entries.count >= limit,
        let oldest = entries.min(by: { a, b in a.value.stamp < b.value.stamp })
      {
        entries[oldest.key] = nil
      }
      let entry = Entry()
      entry.stamp = clock
      entries[key] = entry
      return entry
    }
  }

  private func forget(_ key: Key, _ entry: Entry) {
    locked { if entries[key] === entry { entries[key] = nil } }
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
