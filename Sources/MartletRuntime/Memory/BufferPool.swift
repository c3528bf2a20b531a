// The buffer pool: where the memory of every tensor comes from and goes back to.

import Glibc
package import MartletIR
import Synchronization

/// Hands out 64-byte aligned blocks, keeps freed ones, and refuses what exceeds the byte budget.
///
/// Fresh pages cost three times as much as a warm block, so blocks are kept: small ones in striped
/// free lists, larger ones in a cache that gives the block unused for longest back to the system.
package final class BufferPool: BufferAllocator {
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

  private struct State {
    var large = LargeBlocks()
    var liveLargeBuffers = 0
    var liveLargeBytes = 0
    var peakBytes = 0
    var newBlocks = 0
  }

  private let small = SmallBlocks()
  private let state = Locked(State())
  private let budget: Atomic<Int>
  private let cacheLimit: Atomic<Int>

  /// A pool of at most `budget` bytes (the system's limits by default), of which `cacheLimit` may
  /// be free blocks.
  package init(budget: Int? = nil, cacheLimit: Int? = nil) {
    self.budget = Atomic(budget ?? MemoryLimits.defaultBudget())
    self.cacheLimit = Atomic(cacheLimit ?? max(1 << 30, MemoryLimits.physicalMemory / 4))
  }

  deinit {
    trim()
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

  /// The bytes that a block for `byteCount` bytes has at least.
  static func capacity(_ byteCount: Int) -> Int { LargeBlocks.capacity(byteCount) ?? .max }

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
    state.withLock { $0.large.trim(to: 0) }
  }

  package var statistics: Statistics {
    let small = small.totals
    return state.withLock { state in
      let liveBytes = small.liveBytes &+ state.liveLargeBytes
      return Statistics(
        liveBuffers: small.liveBuffers &+ state.liveLargeBuffers, liveBytes: liveBytes,
        cachedBytes: small.cachedBytes &+ state.large.cachedBytes,
        peakBytes: max(state.peakBytes, liveBytes), newBlocks: state.newBlocks)
    }
  }

  /// Takes every lock of the pool, for a fork.
  func hold() { state.hold { _ in small.lockAll() } }

  /// Gives them back, in the parent or in the child.
  func release() { state.release { _ in small.unlockAll() } }

  /// A new small block; `take` has counted it as live.
  @inline(never)
  private func makeSmall(_ index: Int) throws(TensorError) -> UnsafeMutableRawPointer {
    let capacity = SizeClass.byteCount(index)
    do {
      return try state.withLock { state throws(TensorError) in
        try makeBlock(capacity, requested: capacity, alreadyLive: capacity, &state)
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
    return try state.withLock { state throws(TensorError) in
      let block =
        if let kept = state.large.take(capacity) { kept } else {
          (
            pointer: try makeBlock(capacity, requested: byteCount, alreadyLive: 0, &state),
            capacity: capacity
          )
        }
      state.liveLargeBuffers &+= 1
      state.liveLargeBytes &+= block.capacity
      return block
    }
  }

  private func reclaimLarge(_ pointer: UnsafeMutableRawPointer, _ capacity: Int) {
    state.withLock { state in
      state.liveLargeBuffers &-= 1
      state.liveLargeBytes &-= capacity
      state.large.give(pointer, capacity)
      let limit = cacheLimit.load(ordering: .relaxed)
      if state.large.cachedBytes > limit { state.large.trim(to: limit) }
    }
  }

  /// A block from the system within the budget.
  ///
  /// `alreadyLive` bytes of the request have been counted as in use.
  private func makeBlock(
    _ capacity: Int, requested: Int, alreadyLive: Int, _ state: inout State
  ) throws(TensorError) -> UnsafeMutableRawPointer {
    let totals = small.totals
    let live = totals.liveBytes &+ state.liveLargeBytes &- alreadyLive
    let budget = budget.load(ordering: .relaxed)
    guard live <= budget, capacity <= budget &- live else {
      throw BufferPool.failure(
        requested, "\(live) bytes are in use and the memory budget is \(budget) bytes")
    }
    if totals.cachedBytes &+ state.large.cachedBytes > budget &- live &- capacity {
      state.large.trim(to: max(0, budget &- live &- capacity &- totals.cachedBytes))
    }
    var block = LargeBlocks.map(capacity)
    if block == nil {
      small.trim()
      state.large.trim(to: 0)
      block = LargeBlocks.map(capacity)
    }
    guard let block else {
      throw BufferPool.failure(requested, "the system has no more memory; \(live) bytes are in use")
    }
    state.newBlocks &+= 1
    state.peakBytes = max(state.peakBytes, live &+ capacity)
    return block
  }

  private static func failure(_ byteCount: Int, _ reason: String) -> TensorError {
    TensorError(
      .memory, op: "allocate", reason: "cannot allocate \(byteCount) bytes: \(reason)",
      hint: "release tensors, use smaller batches, or raise the memory budget")
  }
}
