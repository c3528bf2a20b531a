// The kernel cache: one compilation a key, a bound, and errors that are not kept.

import MartletIR
import Synchronization
import Testing

@testable import MartletRuntime

@Suite struct KernelCacheTests {
  @Test func eachKeyIsCompiledOnce() async throws {
    let compilations = Atomic(0)
    let cache = KernelCache<Int, Int> { key throws(TensorError) in
      compilations.wrappingAdd(1, ordering: .relaxed)
      return key * key
    }
    let isRight = await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<8 {
        group.addTask {
          (0..<500).allSatisfy { (try? cache.kernel(for: $0 % 50).kernel) == ($0 % 50) * ($0 % 50) }
        }
      }
      return await group.allSatisfy { $0 }
    }
    #expect(isRight)
    #expect(compilations.load(ordering: .relaxed) == 50)
  }

  @Test func theLeastRecentlyUsedIsEvicted() throws {
    let cache = KernelCache<Int, Int>(limit: 3) { key throws(TensorError) in key }
    for key in [1, 2, 3] { #expect(try !cache.kernel(for: key).isHit) }
    #expect(try cache.kernel(for: 1).isHit)
    #expect(try !cache.kernel(for: 4).isHit)
    #expect(cache.count == 3)
    #expect(try cache.kernel(for: 1).isHit)
    #expect(try !cache.kernel(for: 2).isHit)
    cache.removeAll()
    #expect(cache.count == 0)
  }

  @Test func failuresAreNotKept() throws {
    let isBroken = Atomic(true)
    let cache = KernelCache<Int, Int> { key throws(TensorError) in
      if isBroken.load(ordering: .relaxed) {
        throw TensorError(.backend, op: "compile", reason: "")
      }
      return key
    }
    #expect(throws: TensorError.self) { try cache.kernel(for: 1) }
    isBroken.store(false, ordering: .relaxed)
    #expect(try cache.kernel(for: 1).kernel == 1)
  }
}
