// Prepared plans by trace structure: a repeated trace costs one comparison and its launches.

import Glibc
import MartletIR
import MartletLowering

/// Plans of the structures that were run more than once; the ones unused for longest make room.
///
/// It is used inside sections of the `ForkGuard` only.
///
/// A structure that comes once leaves a count and nothing else: programs that never repeat
/// themselves must not fill memory with plans.
final class PlanCache: Sendable {
  /// What is known of a structure.
  enum Finding: Sendable {
    /// How often it was run before, as far as is remembered.
    case seen(Int)
    /// Its plan, with the kernels of the launches once they are final, and how often it was run.
    case plan(PreparedPlan, [CompiledKernel]?, Int)
  }

  private final class Entry {
    let words: ContiguousArray<UInt64>
    let plan: PreparedPlan
    let kernels: [CompiledKernel]?
    var stamp: UInt64
    var count: Int

    init(
      _ words: ContiguousArray<UInt64>, _ plan: PreparedPlan, _ kernels: [CompiledKernel]?,
      stamp: UInt64, count: Int
    ) {
      (self.words, self.plan, self.kernels) = (words, plan, kernels)
      (self.stamp, self.count) = (stamp, count)
    }

    func isOf(_ key: PlanKey) -> Bool {
      let others = key.words.elements
      return words.withUnsafeBufferPointer { words in
        guard words.count == others.count, let a = words.baseAddress, let b = others.baseAddress
        else { return false }
        return memcmp(a, b, words.count &* 8) == 0
      }
    }
  }

  /// A hash and how often it was met; places are shared, the latest hash wins.
  private struct Sighting {
    var hash: UInt64 = 0
    var count = 0
  }

  private struct State {
    var entries: [UInt64: Entry] = [:]
    var wordCount = 0
    var clock: UInt64 = 0
    var sightings = [Sighting](repeating: Sighting(), count: PlanCache.sightingCount)

    mutating func remove(_ hash: UInt64) {
      if let old = entries.removeValue(forKey: hash) { wordCount -= old.words.count }
    }
  }

  private static let sightingCount = 1024
  private let limit: Int
  private let wordLimit: Int
  private let state = Locked(State())

  /// A cache of at most `limit` plans, whose keys have at most `wordLimit` words together.
  init(limit: Int = 1024, wordLimit: Int = 1 << 20) {
    self.limit = limit
    self.wordLimit = wordLimit
  }

  /// What is known of the structure `key`, which is counted as run once more.
  func find(_ key: PlanKey, hash: UInt64) -> Finding {
    state.withLock { state in
      if let entry = state.entries[hash], entry.isOf(key) {
        state.clock &+= 1
        entry.stamp = state.clock
        entry.count &+= 1
        return .plan(entry.plan, entry.kernels, entry.count)
      }
      let place = Int(truncatingIfNeeded: hash & UInt64(PlanCache.sightingCount &- 1))
      if state.sightings[place].hash != hash {
        state.sightings[place] = Sighting(hash: hash, count: 1)
        return .seen(0)
      }
      state.sightings[place].count &+= 1
      return .seen(state.sightings[place].count &- 1)
    }
  }

  /// Keeps the plan of a structure that was run `count` times, in place of an earlier one.
  func insert(
    _ plan: PreparedPlan, _ kernels: [CompiledKernel]?, for key: PlanKey, hash: UInt64, count: Int
  ) {
    let words = ContiguousArray(key.words.elements)
    state.withLock { state in
      state.remove(hash)
      while !state.entries.isEmpty,
        state.entries.count >= limit || state.wordCount + words.count > wordLimit
      {
        guard let oldest = state.entries.min(by: { $0.value.stamp < $1.value.stamp }) else { break }
        state.remove(oldest.key)
      }
      state.clock &+= 1
      state.entries[hash] = Entry(words, plan, kernels, stamp: state.clock, count: count)
      state.wordCount += words.count
    }
  }

  /// Forgets all plans and all that was seen.
  func removeAll() { state.withLock { $0 = State() } }

  /// The plans in the cache.
  var count: Int { state.withLock { $0.entries.count } }
}
