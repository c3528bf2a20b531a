// Traces that repeat: each run has its own numbers, its own error site and its own memory.

import Glibc
import MartletRuntime
import Testing

@testable import Martlet

/// Runs by kept plans, in compiled mode where there is a compiler and by the interpreter elsewhere.
@Suite struct ReplayTests {
  private static let mode: ExecutionMode =
    Engine.backends.llvm == nil ? .interpreter : .compiled

  @Test func everyRunHasItsOwnNumbers() {
    withMode(Self.mode) {
      let x = Tensor([1, 2, 3, 4] as [Double])
      for step in 0..<20 {
        let part = x[(step % 3)...(step % 3 + 1)]
        let y = (part * Double(step) + 1).sum()
        let first = Double(step % 3 + 1)
        #expect(y.item(as: Double.self) == (2 * first + 1) * Double(step) + 2)
      }
    }
  }

  /// One more reader, another dtype or another shape is another structure.
  @Test func structuresMayTakeTurns() {
    withMode(Self.mode) {
      for step in 0..<30 {
        let count = 3 + step % 3
        let x = Tensor((0..<count).map(Double.init))
        let y = x * 2
        let sum = (step % 2 == 0 ? y + 1 : y - 1).sum()
        let expected = Double(count * (count - 1) + (step % 2 == 0 ? count : -count))
        #expect(sum.item(as: Double.self) == expected)
        if step % 5 == 0 { #expect(y.scalars(as: Double.self).last == Double(2 * count - 2)) }
      }
    }
  }

  @Test func errorsTellTheLineOfTheirOwnCall() throws {
    try withMode(Self.mode) {
      let table = Tensor([1, 2, 3] as [Float])
      for index in [0, 1, 2, 3, 0, 7] {
        let place = Tensor([index])
        if index < 3 {
          #expect(table[place].item(as: Float.self) == Float(index + 1))
          continue
        }
        let line = #line + 1
        let picked = { table[place] + 1 }
        do {
          try withTensorErrors { _ = picked() }
          Issue.record("index \(index) of three elements")
        } catch let error as TensorError {
          #expect(error.location?.line == line)
          #expect("\(error)".contains("\(index)"))
        }
      }
    }
  }

  /// `x` is written over, not copied, in every run.
  @Test func updatesStayInPlace() async {
    await #expect(processExitsWith: .success) {
      let isRight = withMode(Engine.backends.llvm == nil ? .interpreter : .compiled) {
        var x = Tensor.zeros([100_000])
        materialize(x)
        for _ in 0..<5 {
          x = x * 0.5 + 1
          materialize(x)
        }
        let before = Engine.counters
        for _ in 0..<50 {
          x = x * 0.5 + 1
          materialize(x)
        }
        let change = Engine.counters.since(before)
        let isLean =
          Engine.backends.llvm == nil
          || change.plansMade == 0 && change.planCacheHits == 50 && change.mappings == 0
            && change.liveBuffers == 0
        return isLean && abs(x[17].item(as: Double.self) - 2) < 1e-6
      }
      exit(isRight ? EXIT_SUCCESS : EXIT_FAILURE)
    }
  }

  /// What nobody else looks at is changed where it lies, whichever way it is assigned.
  @Test func assignmentsCopyNothing() {
    guard Engine.backends.llvm != nil else { return }
    func address(_ x: Tensor) -> UInt? {
      materialize(x)
      return x.handle.value.map { UInt(bitPattern: $0.buffer.pointer) }
    }
    withMode(.compiled) {
      let count = 30_000
      var x = Tensor((0..<count).map(Float.init)).reshape([300, 100])
      let other = Tensor([Float](repeating: 1, count: count)).reshape([300, 100])
      let mask = x .> 100
      materialize(other, mask)
      let before = address(x)
      for _ in 0..<4 {
        x += other
        #expect(address(x) == before)
        x *= 0.5
        #expect(address(x) == before)
        x[mask] = -1
        #expect(address(x) == before)
        x[7, 0...] = 3
        #expect(address(x) == before)
        x[1..., 2] = other[1..., 2]
        #expect(address(x) == before)
      }
      #expect(x[7, 1].item(as: Float.self) == 3 && x[299, 99].item(as: Float.self) == -1)
      // Somebody else looks: his tensor keeps its values.
      let kept = x
      x[mask] = 5
      #expect(address(x) != before && address(kept) == before)
      #expect(kept[299, 99].item(as: Float.self) == -1 && x[299, 99].item(as: Float.self) == 5)
    }
  }

  /// A leaf is written over once, however often a run was begun: the memory of what has no elements
  /// is found first too.
  @Test func aRunThatFoundTooLittleMemoryCanBeRepeated() async {
    await #expect(processExitsWith: .success) {
      guard Engine.backends.llvm != nil else { exit(EXIT_SUCCESS) }
      Engine.mode = .compiled
      var x = Tensor([Float](repeating: 1, count: 4096))
      let nothing = Tensor.zeros([0])
      materialize(x, nothing)
      x = x + 1
      let z = nothing + 1
      let budget = Engine.memoryBudget
      Runtime.trim()
      Engine.memoryBudget = Engine.counters.liveBytes
      var isRefused = false
      do { try withTensorErrors { materialize(x, z) } } catch { isRefused = true }
      Engine.memoryBudget = budget
      exit(isRefused && x[17].item(as: Float.self) == 2 ? EXIT_SUCCESS : EXIT_FAILURE)
    }
  }

  /// A loop that nobody looks into is cut, and its cuts repeat.
  @Test func cutsOfALoopRepeat() async {
    await #expect(processExitsWith: .success) {
      Engine.mode = Engine.backends.llvm == nil ? .interpreter : .compiled
      var x = Tensor([1, 2, 3, 4] as [Float])
      for _ in 0..<5 * 4096 { x = x * 0.5 + 1 }
      let before = Engine.counters
      for _ in 0..<4 * 4096 { x = x * 0.5 + 1 }
      let change = Engine.counters.since(before)
      let isSteady =
        Engine.backends.llvm == nil
        || change.plansMade == 0 && change.kernelsCompiled == 0 && change.planCacheHits >= 7
      exit(isSteady && x[0].item(as: Float.self) == 2 ? EXIT_SUCCESS : EXIT_FAILURE)
    }
  }

  /// In automatic mode a small trace that repeats gets a kernel, and keeps its bits.
  @Test func smallTracesThatRepeatAreCompiled() async {
    await #expect(processExitsWith: .success) {
      guard Engine.backends.llvm != nil else { exit(EXIT_SUCCESS) }
      let x = Tensor([0.1, 0.2, 0.3] as [Float])
      func run() -> [Float] { (exp(x * 0.3 + 1) / x).scalars(as: Float.self) }
      let expected = withMode(.interpreter) { run() }
      var isRight = true
      for _ in 0..<20 { isRight = isRight && run() == expected }
      Engine.finishCompiling()
      for _ in 0..<40 { isRight = isRight && run() == expected }
      let before = Engine.counters
      for _ in 0..<10 { isRight = isRight && run() == expected }
      let change = Engine.counters.since(before)
      exit(
        isRight && change.planCacheHits == 10 && change.interpretedNodes == 0
          ? EXIT_SUCCESS : EXIT_FAILURE)
    }
  }
}
