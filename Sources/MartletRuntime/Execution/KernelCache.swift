// Compiled kernels in memory: each spec is compiled once, and the ones unused for longest make room.

import MartletFusion
package import MartletIR

/// Kernels by their key, which is compared in full.
///
/// Compilation runs outside the cache's lock; threads that want the same kernel meanwhile wait for
/// it. A kernel that was evicted lives until its last run ends.
package final class KernelCache<Key: Hashable & Sendable, Kernel: Sendable>: Sendable {
  private final class Entry: Sendable {
    let kernel = Locked<Kernel?>(nil)
  }

  private struct State {
    var entries: [Key: (entry: Entry, stamp: UInt64)] = [:]
    var clock: UInt64 = 0
  }

  private let limit: Int
  private let compile: @Sendable (Key) throws(TensorError) -> Kernel
  private let state = Locked(State())

  /// A cache of at most `limit` kernels, which `compile` makes.
  package init(
    limit: Int = 4096, compile: @escaping @Sendable (Key) throws(TensorError) -> Kernel
  ) {
    self.limit = max(1, limit)
    self.compile = compile
  }

  /// The kernel of `key`, and whether it was there already.
  package func kernel(for key: Key) throws(TensorError) -> (kernel: Kernel, isHit: Bool) {
    // A fork waits for the compilation, and for the threads that wait for it.
    ForkGuard.enter()
    defer { ForkGuard.leave() }
    let entry = entry(for: key)
    return try entry.kernel.withLock { kernel throws(TensorError) in
      if let kernel { return (kernel, true) }
      do throws(TensorError) {
        let compiled = try compile(key)
        kernel = compiled
        return (compiled, false)
      } catch {
        state.withLock { if $0.entries[key]?.entry === entry { $0.entries[key] = nil } }
        throw error
      }
    }
  }

  package var count: Int { state.withLock { $0.entries.count } }

  /// Drops every kernel.
  package func removeAll() { state.withLock { $0.entries.removeAll() } }

  private func entry(for key: Key) -> Entry {
    state.withLock { state in
      state.clock &+= 1
      if let place = state.entries.index(forKey: key) {
        state.entries.values[place].stamp = state.clock
        return state.entries.values[place].entry
      }
      if state.entries.count >= limit,
        let oldest = state.entries.min(by: { a, b in a.value.stamp < b.value.stamp })
      {
        state.entries[oldest.key] = nil
      }
      let entry = Entry()
      state.entries[key] = (entry, state.clock)
      return entry
    }
  }
}
