// Long traces: bounded memory, iterative release, in-place assignment, values shared by threads.

import Glibc
import Martlet
import MartletRuntime
import Testing

@testable import Martlet

@Suite(.serialized) struct TraceTests {
  // What reads process-wide figures runs in a process of its own, where no other test runs.

  @Test func aMillionIterationsRunInConstantMemory() async {
    await #expect(processExitsWith: .success) {
      var t = Tensor(Float(1))
      for _ in 0..<10_000 { t = 0.9999 * t }
      let before = MemoryProbe.residentBytes
      for _ in 0..<990_000 { t = 0.9999 * t }
      let isSmall = MemoryProbe.residentBytes - before < 8 << 20
      exit(t.item(as: Float.self) < 1e-30 && isSmall ? EXIT_SUCCESS : EXIT_FAILURE)
    }
  }

  @Test func longHistoryIsDroppedOnASmallStack() throws {
    Recorder.setTraceLimit(nil)
    defer { Recorder.setTraceLimit(Recorder.defaultTraceLimit) }
    try onSmallStack {
      var t = Tensor(Float(1))
      for _ in 0..<1_000_000 { t = t * 0.5 }
      return t.shape == []
    }
  }

  @Test func longHistoryIsRunOnASmallStack() throws {
    Recorder.setTraceLimit(nil)
    defer { Recorder.setTraceLimit(Recorder.defaultTraceLimit) }
    try onSmallStack {
      var t = Tensor(Float(0))
      for _ in 0..<100_000 { t = t + 1 }
      return t.item(as: Float.self) == 100_000
    }
  }

  @Test func gradientScopeWithAMillionOpsIsDropped() throws {
    try onSmallStack {
      let slope = gradient(at: Tensor(Float(2))) { x in
        var y = x
        for _ in 0..<1_000_000 { y = y + 0 }
        return x * x
      }
      return slope.item(as: Float.self) == 4
    }
  }

  @Test func longSweepsRunOnASmallStack() throws {
    try onSmallStack {
      @Sendable func f(_ x: Tensor) -> Tensor {
        var y = x
        for _ in 0..<50_000 { y = y * 1 + 0 }
        return y
      }
      let (value, pullback) = vjp(at: Tensor(Float(2))) { f($0) }
      let slopes = [
        pullback(value), jvp(at: Tensor(Float(2)), along: 2) { f($0) }.tangent,
        gradient(at: Tensor(Float(2))) { x in rematerialize { f(x) } * 2 },
      ]
      return slopes.allSatisfy { $0.item(as: Float.self) == 2 }
    }
  }

  @Test func sharedSubgraphsAreWalkedOnce() {
    var x = Tensor(Double(1))
    for _ in 0..<1000 { x = (x + x) * 0.5 }
    #expect(x.item(as: Double.self) == 1)
  }

  @Test func droppedOpsNeverRun() async {
    await #expect(processExitsWith: .success) {
      let x = Tensor([Float](repeating: 1, count: 64))
      let before = Engine.counters
      for _ in 0..<100 { _ = x.exp() }
      let sum = (x + 1).scalars(as: Float.self)
      let traces = (Engine.counters - before).traces
      exit(traces == 1 && sum[0] == 2 ? EXIT_SUCCESS : EXIT_FAILURE)
    }
  }

  @Test func anIntermediateWithALiveHandleIsComputedOnce() async {
    await #expect(processExitsWith: .success) {
      let x = Tensor((0..<5000).map { Float($0) })
      let y = x * 2
      let z = y + 1
      let isRight = z.scalars(as: Float.self)[10] == 21
      let before = Engine.counters
      let isKept = y.scalars(as: Float.self)[10] == 20
      let traces = (Engine.counters - before).traces
      exit(isRight && isKept && traces == 0 ? EXIT_SUCCESS : EXIT_FAILURE)
    }
  }

  @Test func manyThreadsShareAGraph() async {
    let x = Tensor((0..<1000).map { Float($0) })
    for _ in 0..<50 {
      let y = (x * 3).sqrt()
      let z = y + x
      let sums = await withTaskGroup(of: Float.self) { group in
        for task in 0..<8 {
          group.addTask { (task % 2 == 0 ? y : z).sum().item(as: Float.self) }
        }
        return await group.reduce(into: [Float]()) { $0.append($1) }
      }
      #expect(Set(sums).count == 2)
    }
  }
}
