// The thread pool: every item once, whoever calls and from wherever.

import CPlatform
import Glibc
import MartletIR
import Testing

@testable import MartletRuntime

/// Counts how often each item of a loop was run.
private func tally(_ pool: ThreadPool, items: Int, grain: Int) -> [Int] {
  let counts = UnsafeMutablePointer<Int>.allocate(capacity: max(items, 1))
  counts.initialize(repeating: 0, count: max(items, 1))
  defer { counts.deallocate() }
  pool.parallel(items: items, grain: grain) { _, begin, end in
    for item in begin..<end { counts[item] += 1 }
  }
  return Array(UnsafeBufferPointer(start: counts, count: items))
}

@Suite struct ThreadPoolTests {
  @Test(arguments: [1, 2, 3, 8])
  func everyItemRunsOnce(width: Int) {
    let pool = ThreadPool(width: width)
    for items in [0, 1, 2, 3, 7, 64, 1001] {
      for grain in [1, 2, 16, 5000] {
        #expect(tally(pool, items: items, grain: grain).allSatisfy { $0 == 1 })
      }
    }
  }

  @Test func sharesAreContiguousMultiplesOfTheGrain() {
    let pool = ThreadPool(width: 3)
    let bounds = UnsafeMutablePointer<(Int, Int)>.allocate(capacity: 3)
    bounds.initialize(repeating: (-1, -1), count: 3)
    defer { bounds.deallocate() }
    pool.parallel(items: 100_000, grain: 4096) { worker, begin, end in
      bounds[worker] = (begin, end)
    }
    #expect(bounds[0].0 == 0 && bounds[2].1 == 100_000)
    for worker in 1..<3 {
      #expect(bounds[worker].0 == bounds[worker - 1].1)
      #expect(bounds[worker].0 % 4096 == 0)
    }
  }

  @Test func nestedLoopsRunOnTheirCaller() {
    let pool = ThreadPool(width: 4)
    let sums = UnsafeMutablePointer<Int>.allocate(capacity: 4)
    sums.initialize(repeating: 0, count: 4)
    defer { sums.deallocate() }
    pool.parallel(items: 4) { _, begin, end in
      for item in begin..<end {
        pool.parallel(items: 100) { _, begin, end in sums[item] += end - begin }
      }
    }
    #expect((0..<4).allSatisfy { sums[$0] == 100 })
  }

  @Test func callersFromManyThreadsDoNotWaitForEachOther() async {
    let pool = ThreadPool(width: 3)
    let isRight = await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<6 {
        group.addTask {
          (0..<300).allSatisfy { round in
            tally(pool, items: 1 + round % 50, grain: 1).allSatisfy { $0 == 1 }
          }
        }
      }
      return await group.allSatisfy { $0 }
    }
    #expect(isRight)
  }

  @Test func sleepingWorkersWake() {
    let pool = ThreadPool(width: 4)
    for _ in 0..<5 {
      #expect(tally(pool, items: 40, grain: 1).allSatisfy { $0 == 1 })
      usleep(2000)
    }
  }

  @Test func bodiesRunWithStandardArithmetic() {
    let before = martlet_fp_environment_get()
    // Flush to zero and round up, as a foreign library may leave it.
    #if arch(x86_64)
      martlet_fp_environment_set(before | 0x8040 | 0x4000)
    #endif
    let changed = martlet_fp_environment_get()
    let pool = ThreadPool(width: 2)
    let halves = UnsafeMutablePointer<Double>.allocate(capacity: 2)
    halves.initialize(repeating: 0, count: 2)
    defer { halves.deallocate() }
    pool.parallel(items: 2) { _, begin, end in
      for item in begin..<end { halves[item] = Double.leastNormalMagnitude / Double(item + 2) }
    }
    #expect(martlet_fp_environment_get() | 0x3f == changed | 0x3f)
    martlet_fp_environment_set(before)
    #expect(halves[0] == Double.leastNormalMagnitude / 2)
    #expect(halves[1] == Double.leastNormalMagnitude / 3)
  }
}
