// Long traces: bounded memory, iterative release, in-place assignment, values shared by threads.

import Martlet
import MartletRuntime
import Testing

@testable import Martlet

@Suite(.serialized) struct TraceTests {
  @Test func aMillionIterationsRunInConstantMemory() {
    var t = Tensor(Float(1))
    for _ in 0..<10_000 { t = 0.9999 * t }
    let before = MemoryProbe.residentBytes
    for _ in 0..<990_000 { t = 0.9999 * t }
    #expect(t.item(as: Float.self) < 1e-30)
    #expect(MemoryProbe.residentBytes - before < 8 << 20)
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

  @Test func sharedSubgraphsAreWalkedOnce() {
    var x = Tensor(Double(1))
    for _ in 0..<1000 { x = (x + x) * 0.5 }
    #expect(x.item(as: Double.self) == 1)
  }

  @Test func droppedOpsNeverRun() {
    let x = Tensor([Float](repeating: 1, count: 64))
    _ = x.scalars(as: Float.self)
    let before = Engine.counters
    for _ in 0..<100 { _ = x.exp() }
    let y = x + 1
    _ = y.scalars(as: Float.self)
    let spent = Engine.counters - before
    #expect(spent.traces == 1)
  }

  @Test func anIntermediateWithALiveHandleIsComputedOnce() {
    let x = Tensor((0..<5000).map { Float($0) })
    let y = x * 2
    let z = y + 1
    #expect(z.scalars(as: Float.self)[10] == 21)
    let before = Engine.counters
    #expect(y.scalars(as: Float.self)[10] == 20)
    #expect((Engine.counters - before).traces == 0)
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
