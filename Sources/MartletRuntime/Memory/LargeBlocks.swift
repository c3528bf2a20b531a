// Free blocks from 64 KiB on: classes up to 4 MiB, mappings of their own above, the oldest given
// back.

import CPlatform
import Glibc

/// The cache of medium and large blocks; its owner holds a lock around every call.
struct LargeBlocks {
  private struct Entry {
    let pointer: UnsafeMutableRawPointer
    let capacity: Int
    let stamp: UInt64
  }

  /// Free blocks in ascending order of capacity, and of age among equals.
  private var entries: [Entry] = []
  private var clock: UInt64 = 0
  private(set) var cachedBytes = 0

  /// The capacity of the block that serves a request, or nil where it overflows.
  static func capacity(_ byteCount: Int) -> Int? {
    if byteCount <= SizeClass.mediumLimit {
      return SizeClass.byteCount(SizeClass.index(byteCount))
    }
    // Whole 64 KiB units waste at most 1.6 % and let near sizes share a block.
    let (sum, overflow) = byteCount.addingReportingOverflow((64 << 10) - 1)
    return overflow ? nil : sum & ~((64 << 10) - 1)
  }

  /// The smallest cached block of at least `capacity` bytes that is not over a quarter larger.
  mutating func take(_ capacity: Int) -> (pointer: UnsafeMutableRawPointer, capacity: Int)? {
    let index = firstIndex(capacity)
    guard index < entries.count else { return nil }
    let entry = entries[index]
    guard entry.capacity &- capacity <= capacity / 4 else { return nil }
    // A class serves its own size alone; only mappings are shared.
    guard entry.capacity == capacity || capacity > SizeClass.mediumLimit else { return nil }
    entries.remove(at: index)
    cachedBytes &-= entry.capacity
    return (entry.pointer, entry.capacity)
  }

  /// Keeps a free block.
  mutating func give(_ pointer: UnsafeMutableRawPointer, _ capacity: Int) {
    clock &+= 1
    let index = firstIndex(capacity)
    entries.insert(Entry(pointer: pointer, capacity: capacity, stamp: clock), at: index)
    cachedBytes &+= capacity
  }

  /// Gives the blocks unused for longest back to the system until at most `limit` bytes are cached.
  mutating func trim(to limit: Int) {
    while cachedBytes > limit,
      let oldest = entries.indices.min(by: { a, b in
        entries[a].stamp < entries[b].stamp
      })
    {
      let entry = entries.remove(at: oldest)
      cachedBytes &-= entry.capacity
      LargeBlocks.unmap(entry.pointer, entry.capacity)
    }
  }

  /// A new block, or nil where the system has none.
  static func map(_ capacity: Int) -> UnsafeMutableRawPointer? {
    if capacity > SizeClass.mediumLimit { return martlet_pages_map(capacity) }
    return aligned_alloc(SizeClass.alignment, capacity)
  }

  static func unmap(_ pointer: UnsafeMutableRawPointer, _ capacity: Int) {
    if capacity > SizeClass.mediumLimit {
      martlet_pages_unmap(pointer, capacity)
    } else {
      free(pointer)
    }
  }

  /// The position of the first block of at least `capacity` bytes.
  private func firstIndex(_ capacity: Int) -> Int {
    var (low, high) = (0, entries.count)
    while low < high {
      let middle = (low &+ high) / 2
      if entries[middle].capacity < capacity { low = middle &+ 1 } else { high = middle }
    }
    return low
  }
}
