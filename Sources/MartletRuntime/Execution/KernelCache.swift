// Compiled kernels in memory: each spec is compiled once, and the ones unused for longest make
// room.

import MartletFusion
package import MartletIR

/// Kernels by their key, which is compared in full.
///
/// Compilation runs outside the cache's lock; threads that want the same kernel meanwhile wait for
/// it. A kernel that was evicted lives until its last run ends.
package final class KernelCache<Key: Hashable & Sendable, Kernel: Sendable>: Sendable {
  private final class Entry: Sendable {
    /// Held while the kernel is compiled.
    let compiling = Locked(())
    let kernel = Locked<Kernel?>(nil)
  }

  private struct State {
    var entries: [Key: (entry: Entry, stamp: UInt64)] = [:]
    var clock: UInt64 = 0

    /// The entry of `key`, used just now, or nil.
    mutating func existing(_ key: Key) -> Entry? {
      guard let place = entries.index(forKey: key) else { return nil }
      clock &+= 1
      entries.values[place].stamp = clock
      return entries.values[place].entry
    }
  }

  private let limit: Int
  private let state = Locked(State())

  /// A cache of at most `limit` kernels.
  package init(limit: Int = 4096) { self.limit = max(1, limit) }

  /// The kernel of `key`, and whether it was there already; where it was not, `compile` makes it.
  package func kernel(
    for key: Key, _ compile: () throws(TensorError) -> Kernel
  ) throws(TensorError) -> (kernel: Kernel, isHit: Bool) {
    // One section from the first lock to the last, or a fork could leave the child an entry whose
    // compilation never ends.
    try ForkGuard.section { () throws(TensorError) in
      let entry = entry(for: key)
      if let kernel = entry.kernel.withLock({ $0 }) { return (kernel, true) }
      return try entry.compiling.withLock { _ throws(TensorError) in
        if let kernel = entry.kernel.withLock({ $0 }) { return (kernel, true) }
        do throws(TensorError) {
          let kernel = try compile()
          entry.kernel.withLock { $0 = kernel }
          return (kernel, false)
        } catch {
          state.withLock { if $0.entries[key]?.entry === entry { $0.entries[key] = nil } }
          throw error
        }
      }
    }
  }

  /// The kernel of `key` if it is there; never waits for a compilation.
  package func existingKernel(for key: Key) -> Kernel? {
    ForkGuard.section { state.withLock { $0.existing(key) }?.kernel.withLock { $0 } }
  }

  /// Puts a kernel that was made elsewhere in the place of what is there.
  package func insert(_ kernel: Kernel, for key: Key) {
    ForkGuard.section { entry(for: key).kernel.withLock { $0 = kernel } }
  }

  /// Forgets the kernel of `key`.
  package func remove(_ key: Key) { state.inSection { $0.entries[key] = nil } }

  /// The kernels in the cache, with those that are being compiled.
  package var count: Int { state.inSection { $0.entries.count } }

  /// Drops every kernel.
  package func removeAll() { state.inSection { $0.entries.removeAll() } }

  /// The entry of `key`, which is made where there is none.
  private func entry(for key: Key) -> Entry {
    state.withLock { state in
      if let entry = state.existing(key) { return entry }
      if state.entries.count >= limit,
        let oldest = state.entries.min(by: { a, b in a.value.stamp < b.value.stamp })
      {
        state.entries[oldest.key] = nil
      }
      let entry = Entry()
      state.clock &+= 1
      state.entries[key] = (entry, state.clock)
      return entry
    }
  }
}
