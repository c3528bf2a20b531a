// Compiled kernels in memory: each spec is compiled once, and the ones unused for longest make room.

import MartletFusion
package import MartletIR

/// Kernels by their key, which is compared in full.
///
/// Compilation runs outside the cache's lock; threads that want the same kernel meanwhile wait for
/// it. A kernel that was evicted lives until its last run ends.
///
/// Invariant behind `@unchecked`: `entries` and `clock`, and all of an entry but its own lock, are
/// touched only under `lock`.
package final class KernelCache<Key: Hashable & Sendable, Kernel: Sendable>: @unchecked Sendable {
  private final class Entry {
    /// Held while the kernel is compiled.
    let compiling = FutexLock()
    var kernel: Kernel?
    var stamp: UInt64 = 0

    deinit { compiling.destroy() }
  }

  private let lock = FutexLock()
  private let limit: Int
  private let compile: @Sendable (Key) throws(TensorError) -> Kernel
  private var entries: [Key: Entry] = [:]
  private var clock: UInt64 = 0

  /// A cache of at most `limit` kernels, which `compile` makes; it must not enter `ForkGuard`.
  package init(
    limit: Int = 4096, compile: @escaping @Sendable (Key) throws(TensorError) -> Kernel
  ) {
    self.limit = max(1, limit)
    self.compile = compile
  }

  deinit { lock.destroy() }

  /// The kernel of `key`, and whether it was there already.
  package func kernel(for key: Key) throws(TensorError) -> (kernel: Kernel, isHit: Bool) {
    // One section from the first lock to the last, or a fork could leave the child an entry whose
    // compilation never ends.
    ForkGuard.enter()
    defer { ForkGuard.leave() }
    let entry = locked { self.entry(for: key) }
    if let kernel = locked({ entry.kernel }) { return (kernel, true) }
    entry.compiling.lock()
    defer { entry.compiling.unlock() }
    if let kernel = locked({ entry.kernel }) { return (kernel, true) }
    do {
      let kernel = try compile(key)
      locked { entry.kernel = kernel }
      return (kernel, false)
    } catch {
      locked { forget(key, entry) }
      throw error
    }
  }

  /// The kernel of `key` if it is there; never waits for a compilation.
  package func existingKernel(for key: Key) -> Kernel? {
    guarded {
      guard let entry = entries[key], let kernel = entry.kernel else { return nil }
      clock &+= 1
      entry.stamp = clock
      return kernel
    }
  }

  /// Puts a kernel that was made elsewhere in the place of what is there.
  package func insert(_ kernel: Kernel, for key: Key) {
    guarded { entry(for: key).kernel = kernel }
  }

  /// Forgets the kernel of `key`.
  package func remove(_ key: Key) { guarded { entries[key] = nil } }

  /// The kernels in the cache, with those that are being compiled.
  package var count: Int { guarded { entries.count } }

  /// Drops every kernel.
  package func removeAll() { guarded { entries.removeAll() } }

  /// The entry of `key`, which is made where there is none; called under the lock.
  private func entry(for key: Key) -> Entry {
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

  private func forget(_ key: Key, _ entry: Entry) {
    if entries[key] === entry { entries[key] = nil }
  }

  private func guarded<Result>(_ body: () -> Result) -> Result {
    ForkGuard.enter()
    defer { ForkGuard.leave() }
    return locked(body)
  }

  private func locked<Result>(_ body: () -> Result) -> Result {
    lock.lock()
    defer { lock.unlock() }
    return body()
  }
}
