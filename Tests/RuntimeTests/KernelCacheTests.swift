// The kernel cache: one compilation a key, a bound, and errors that are not kept.

import MartletIR
import Synchronization
import Testing

@testable import MartletRuntime

/// Squares by a cache, and how many were computed.
private final class Squares: Sendable {
  let compilations = Atomic(0)
  private let cache = KernelCache<Int, Int>()

  subscript(key: Int) -> Int {
    get throws {
      try cache.kernel(for: key) {
        compilations.wrappingAdd(1, ordering: .relaxed)
        return key * key
      }.kernel
    }
  }
}

@Suite struct KernelCacheTests {
  @Test func eachKeyIsCompiledOnce() async throws {
    let squares = Squares()
    let isRight = await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<8 {
        group.addTask {
          (0..<500).allSatisfy { (try? squares[$0 % 50]) == ($0 % 50) * ($0 % 50) }
        }
      }
      return await group.allSatisfy { $0 }
    }
    #expect(isRight)
    #expect(squares.compilations.load(ordering: .relaxed) == 50)
  }

  @Test func theLeastRecentlyUsedIsEvicted() throws {
    let cache = KernelCache<Int, Int>(limit: 3)
    func isHit(_ key: Int) throws -> Bool { try cache.kernel(for: key) { key }.isHit }
    for key in [1, 2, 3] { #expect(try !isHit(key)) }
    #expect(try isHit(1))
    #expect(try !isHit(4))
    #expect(cache.count == 3)
    #expect(try isHit(1))
    #expect(try !isHit(2))
    cache.removeAll()
    #expect(cache.count == 0)
  }

  @Test func failuresAreNotKept() throws {
    let cache = KernelCache<Int, Int>()
    #expect(throws: TensorError.self) {
      try cache.kernel(for: 1) { () throws(TensorError) in
        throw TensorError(.backend, op: "compile", reason: "")
      }
    }
    #expect(cache.count == 0)
    #expect(try cache.kernel(for: 1) { 1 } == (1, false))
  }
}
