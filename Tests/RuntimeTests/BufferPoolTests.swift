// The buffer pool: alignment, reuse, budgets, and counts.

import MartletIR
import Testing

@testable import MartletRuntime

@Suite struct BufferPoolTests {
  @Test func sizeClassesAreTight() {
    for byteCount in Array(0...5000) + [65535, 65536, 65537, 1 << 20, (1 << 22) - 1, 1 << 22] {
      let index = SizeClass.index(byteCount)
      let capacity = SizeClass.byteCount(index)
      #expect(capacity >= byteCount && capacity % SizeClass.alignment == 0)
      #expect(SizeClass.index(capacity) == index)
      #expect(index == 0 || SizeClass.byteCount(index - 1) < byteCount)
      if byteCount > 512 { #expect(capacity - byteCount <= byteCount / 4) }
    }
    #expect(SizeClass.byteCount(SizeClass.count - 1) == SizeClass.mediumLimit)
    #expect(SizeClass.byteCount(SizeClass.smallCount) == SizeClass.smallLimit)
  }

  @Test(arguments: [0, 1, 64, 65, 1000, 60_000, 70_000, 1 << 20, 5 << 20] as [Int])
  func blocksAreAlignedAndReused(byteCount: Int) throws {
    let pool = BufferPool(budget: 1 << 30, cacheLimit: 1 << 28)
    var buffer: Buffer? = try pool.allocate(byteCount: byteCount)
    let first = try #require(buffer).pointer
    #expect(UInt(bitPattern: first) % UInt(byteCount > 4 << 20 ? 2 << 20 : 64) == 0)
    #expect(try #require(buffer).capacity >= byteCount)
    first.storeBytes(of: 1, as: UInt8.self)
    #expect(pool.statistics.liveBuffers == 1)
    buffer = nil
    #expect(pool.statistics.liveBuffers == 0)
    #expect(pool.statistics.cachedBytes >= byteCount)
    buffer = try pool.allocate(byteCount: byteCount)
    #expect(buffer?.pointer == first)
    #expect(pool.statistics.newBlocks == 1)
    buffer = nil
    pool.trim()
    #expect(pool.statistics.cachedBytes == 0)
  }

  @Test func largeBlocksServeNearSizesOnly() throws {
    let pool = BufferPool(budget: 1 << 30, cacheLimit: 1 << 28)
    _ = try pool.allocate(byteCount: 10 << 20)
    _ = try pool.allocate(byteCount: 9 << 20)
    #expect(pool.statistics.newBlocks == 1)
    _ = try pool.allocate(byteCount: 5 << 20)
    #expect(pool.statistics.newBlocks == 2)
  }

  @Test func theOldestBlocksGoFirst() throws {
    let pool = BufferPool(budget: 1 << 30, cacheLimit: 24 << 20)
    do {
      let blocks = try (0..<4).map { try pool.allocate(byteCount: (8 + 4 * $0) << 20) }
      #expect(pool.statistics.liveBuffers == blocks.count)
    }
    #expect(pool.statistics.cachedBytes <= 24 << 20)
  }

  @Test func budgetIsCheckedBeforeAllocation() throws {
    let pool = BufferPool(budget: 64 << 20)
    let held = try pool.allocate(byteCount: 40 << 20)
    let request = 30 * 1024 * 1024
    let error = #expect(throws: TensorError.self) { try pool.allocate(byteCount: request) }
    #expect(error?.kind == .memory)
    #expect(error?.reason.contains("\(request) bytes") == true)
    withExtendedLifetime(held) {}
  }

  @Test func cachedBlocksMakeRoom() throws {
    let pool = BufferPool(budget: 64 << 20)
    _ = try pool.allocate(byteCount: 40 << 20)
    #expect(pool.statistics.cachedBytes > 0)
    let next = try pool.allocate(byteCount: 60 << 20)
    #expect(pool.statistics.cachedBytes == 0)
    withExtendedLifetime(next) {}
  }

  @Test(arguments: [-1, Int.max, Int.max - 100, 1 << 60] as [Int])
  func absurdSizesAreErrors(byteCount: Int) {
    let pool = BufferPool()
    let error = #expect(throws: TensorError.self) { try pool.allocate(byteCount: byteCount) }
    #expect(error?.kind == .memory)
    #expect(pool.statistics.liveBuffers == 0)
  }

  @Test func threadsShareThePool() throws {
    let pool = BufferPool(budget: 1 << 30)
    let threads = ThreadPool(width: 4)
    // Each item writes its own pattern and finds it again: no block is handed out twice.
    threads.parallel(items: 4) { _, begin, end in
      for item in begin..<end {
        var kept: [(Buffer, UInt64)] = []
        for round in 0..<3000 {
          guard let buffer = try? pool.allocate(byteCount: 8 + (round * 97) % 3000) else {
            continue
          }
          let mark = UInt64(item) << 32 | UInt64(round)
          buffer.pointer.storeBytes(of: mark, as: UInt64.self)
          kept.append((buffer, mark))
          if kept.count > 20 {
            let (old, expected) = kept.removeFirst()
            precondition(old.pointer.load(as: UInt64.self) == expected)
          }
        }
      }
    }
    #expect(pool.statistics.liveBuffers == 0)
    #expect(pool.statistics.liveBytes == 0)
  }
}
