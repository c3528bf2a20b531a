// The buffer pool: where the memory of every tensor comes from and goes back to.

import CPlatform
import Glibc
package import MartletIR
import Synchronization

/// Hands out 64-byte aligned blocks, keeps freed ones, and refuses what exceeds the byte budget.
///
/// Fresh pages cost three times as much as a warm block, so blocks are kept: small ones in striped
/// free lists, larger ones in a cache that gives the block unused for longest back to the system.
///
/// Invariant behind `@unchecked`: `small` locks its stripes itself; everything else that changes is
/// either atomic or touched only while `lock` is held.
package final class BufferPool: BufferAllocator, @unchecked Sendable {
  /// What the pool holds.
  package struct Statistics: Sendable, Hashable {
    /// Buffers in use and their bytes.
    package var liveBuffers = 0
    package var liveBytes = 0
    /// Bytes of free blocks that are kept.
    package var cachedBytes = 0
    /// The most bytes that were in use when a block had to be made.
    package var peakBytes = 0
    /// Blocks taken from the system so far.
    package var newBlocks = 0
  }

  private let small = SmallBlocks()
  private let lock = FutexLock()
  private var large = LargeBlocks()
  private var liveLargeBuffers = 0
  private var liveLargeBytes = 0
  private var peakBytes = 0
  private var newBlocks = 0
  private let budget: Atomic<Int>
  private let cacheLimit: Atomic<Int>

  /// A pool of at most `budget` bytes (the system's limits by default), of which `cacheLimit` may be
  /// free blocks.
  package init(budget: Int? = nil, cacheLimit: Int? = nil) {
    self.budget = Atomic(budget ?? MemoryLimits.defaultBudget())
    self.cacheLimit = Atomic(cacheLimit ?? max(1 << 30, MemoryLimits.physicalMemory / 4))
  }

  deinit {
    trim()
    lock.destroy()
    small.destroy()
  }

  /// The most bytes that buffers and free blocks may hold together.
  package var byteBudget: Int {
    get { budget.load(ordering: .relaxed) }
    set { budget.store(newValue, ordering: .relaxed) }
  }

  package func allocate(byteCount: Int) throws(TensorError) -> Buffer {
    let (pointer, capacity) = try allocateBlock(byteCount)
    return Buffer(pointer: pointer, capacity: capacity, allocator: self)
  }

  /// A block of at least `byteCount` bytes that the caller gives back by `reclaim`.
  @inline(__always)
  package func allocateBlock(
    _ byteCount: Int
  ) throws(TensorError) -> (UnsafeMutableRawPointer, Int) {
    if byteCount >= 0, byteCount <= SizeClass.byteCount(SizeClass.smallCount &- 1) {
      let index = SizeClass.index(byteCount)
      if let pointer = small.take(index) { return (pointer, SizeClass.byteCount(index)) }
      return (try makeSmall(index), SizeClass.byteCount(index))
    }
    return try allocateLarge(byteCount)
  }

  package func reclaim(_ pointer: UnsafeMutableRawPointer, capacity: Int) {
    if capacity < SizeClass.smallLimit {
      if !small.give(pointer, SizeClass.index(capacity)) { free(pointer) }
    } else {
      reclaimLarge(pointer, capacity)
    }
  }

  /// Gives all free blocks back to the system.
  package func trim() {
    small.trim()
    locked { large.trim(to: 0) }
  }

  package var statistics: Statistics {
    let small = small.totals
    return locked {
      Statistics(
        liveBuffers: small.liveBuffers &+ liveLargeBuffers,
        liveBytes: small.liveBytes &+ liveLargeBytes,
        cachedBytes: small.cachedBytes &+ large.cachedBytes,
        peakBytes: max(peakBytes, small.liveBytes &+ liveLargeBytes), newBlocks: newBlocks)
    }
  }

  private func locked<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    lock.lock()
    defer { lock.unlock() }
    return try body()
  }

  /// Takes every lock of the pool, for a fork.
  func hold() {
    lock.lock()
    small.lockAll()
  }

  /// Gives them back, in the parent or in the child.
  func release() {
    small.unlockAll()
    lock.unlock()
  }

  /// A new small block; `take` has counted it as live.
  @inline(never)
  private func makeSmall(_ index: Int) throws(TensorError) -> UnsafeMutableRawPointer {
    let capacity = SizeClass.byteCount(index)
    do {
      return try locked { () throws(TensorError) in
        try makeBlock(capacity, requested: capacity, alreadyLive: capacity)
      }
    } catch {
      small.cancel(index)
      throw error
    }
  }

  @inline(never)
  private func allocateLarge(
    _ byteCount: Int
  ) throws(TensorError) -> (UnsafeMutableRawPointer, Int) {
    guard byteCount >= 0, let capacity = LargeBlocks.capacity(byteCount) else {
      throw BufferPool.failure(byteCount, "more than the address space holds")
    }
    return try locked { () throws(TensorError) in
      let block =
        if let kept = large.take(capacity) { kept } else {
          (
            pointer: try makeBlock(capacity, requested: byteCount, alreadyLive: 0),
            capacity: capacity
          )
        }
      liveLargeBuffers &+= 1
      liveLargeBytes &+= block.capacity
      return block
    }
  }

  private func reclaimLarge(_ pointer: UnsafeMutableRawPointer, _ capacity: Int) {
    locked {
      liveLargeBuffers &-= 1
      liveLargeBytes &-= capacity
      large.give(pointer, capacity)
      let limit = cacheLimit.load(ordering: .relaxed)
      if large.cachedBytes > limit { large.trim(to: limit) }
    }
  }

  /// A block from the system within the budget; the caller holds the lock.
  ///
  /// `alreadyLive` bytes of the request have been counted as in use.
  private func makeBlock(
    _ capacity: Int, requested: Int, alreadyLive: Int
  ) throws(TensorError) -> UnsafeMutableRawPointer {
    let totals = small.totals
    let live = totals.liveBytes &+ liveLargeBytes &- alreadyLive
    let budget = budget.load(ordering: .relaxed)
    guard live <= budget, capacity <= budget &- live else {
      throw BufferPool.failure(
        requested, "\(live) bytes are in use and the memory budget is \(budget) bytes")
    }
    if totals.cachedBytes &+ large.cachedBytes > budget &- live &- capacity {
      large.trim(to: max(0, budget &- live &- capacity &- totals.cachedBytes))
    }
    var block = LargeBlocks.map(capacity)
    if block == nil {
      small.trim()
      large.trim(to: 0)
      block = LargeBlocks.map(capacity)
    }
    guard let block else {
      throw BufferPool.failure(requested, "the system has no more memory; \(live) bytes are in use")
    }
    newBlocks &+= 1
    peakBytes = max(peakBytes, live &+ capacity)
    return block
  }

  private static func failure(_ byteCount: Int, _ reason: String) -> TensorError {
    TensorError(
      .memory, op: "allocate", reason: "cannot allocate \(byteCount) bytes: \(reason)",
      hint: "release tensors, use smaller batches, or raise the memory budget")
  }
}
