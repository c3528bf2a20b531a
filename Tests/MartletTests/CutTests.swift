// Loops that nobody looks into: their traces are cut, and soon every cut has a plan.

import Glibc
import Testing

@testable import Martlet

/// A loop as its state and what an iteration makes of it.
private struct Loop: Sendable {
  let name: String
  /// Records an iteration, about.
  let length: Int
  /// The size of the tensors.
  var count = 8
  let start: @Sendable (_ count: Int) -> [Tensor]
  let step: @Sendable (_ state: inout [Tensor], _ iteration: Int) -> Void

  /// The bits of the state after some iterations; `check` is called before each.
  func run(_ iterations: Int, _ check: (Int) -> Void = { _ in }) -> [[UInt32]] {
    var state = start(count)
    for iteration in 0..<iterations {
      check(iteration)
      step(&state, iteration)
    }
    return state.map { $0.scalars(as: Float.self).map(\.bitPattern) }
  }

  private static let ramp: @Sendable (Int) -> Tensor = { count in
    Tensor((0..<count).map { Float($0) * 0.25 })
  }

  /// A chain of records on one tensor.
  static func chain(_ length: Int) -> Loop {
    Loop(name: "chain \(length)", length: length, start: { [ramp($0)] }) { state, _ in
      for place in 0..<length {
        state[0] = place % 3 == 0 ? state[0] * 0.5 : state[0] + Float(place % 5)
      }
    }
  }

  /// Some work before the loop, and a sum of what each iteration gives.
  static func accumulator(_ length: Int) -> Loop {
    Loop(
      name: "accumulator \(length)", length: length,
      start: { count in
        var x = ramp(count)
        for _ in 0..<53 { x = (x * 0.5).exp() - x }
        return [x, Tensor(Float(0))]
      },
      step: { state, iteration in
        var x = state[0]
        for _ in 0..<(length - 4) / 2 { x = 0.25 * x + 0.5 }
        // The number differs each time, the structure does not.
        state[1] = state[1] + (x - Float(iteration % 7)).square().sum()
      })
  }

  /// Several tensors that depend on each other, and one more of two iterations ago.
  static let swap = Loop(
    name: "several tensors", length: 9,
    start: { count in (1...4).map { ramp(count) * Float($0) } },
    step: { state, _ in
      let (a, b, c) = (state[0], state[1], state[2])
      state[3] = b
      state[0] = (b + c) * 0.4
      state[1] = maximum(a, c) - 0.1 * state[3]
      state[2] = (a.reshape([2, -1]).transpose() * 0.5).reshape([-1]) + state[0]
    })

  static let nested = Loop(
    name: "nested", length: 5 * 3 + 4, start: { [ramp($0), ramp($0)] },
    step: { state, _ in
      for _ in 0..<5 { state[0] = (state[0] + 1) * 0.5 - state[1] }
      state[1] = (state[0] * 0.1 + state[1]) * 0.25 + 1
    })

  /// `total += loss`, of which the loop keeps a few.
  static let losses = Loop(
    name: "losses", length: 12, start: { [ramp($0), Tensor(Float(0))] },
    step: { state, iteration in
      let loss = (state[0] - 1).square().mean()
      if iteration % 2 == 0 { state[1] += loss } else { state[1] = state[1] + 2 * loss }
      state[0] = state[0] - 0.125 * (state[0] - 1)
      _ = state[0].exp()
    })

  static let all: [Loop] =
    [3, 27, 1000].map(chain) + [7, 100, 1000].map(accumulator) + [swap, nested, losses]
}

@Suite struct CutTests {
  /// After a few cuts no plan is made any more, and the results are the interpreter's.
  @Test(arguments: Loop.all.indices)
  func cutsOfALoopComeToRepeat(index: Int) async {
    await #expect(processExitsWith: .success) { [index = index as Int] in
      guard Engine.backends.llvm != nil else { exit(EXIT_SUCCESS) }
      let loop = Loop.all[index]
      Engine.mode = .compiled
      let (warm, steady) = (24_000 / loop.length, 24_000 / loop.length)
      var before = Engine.counters
      var change = Engine.counters
      let bits = loop.run(warm + steady) { iteration in
        if iteration == warm { before = Engine.counters }
        if iteration == warm + steady - 1 { change = Engine.counters.since(before) }
      }
      #expect(change.plansMade == 0, "\(loop.name)")
      #expect(change.planCacheHits >= 4 && change.kernelsCompiled == 0, "\(loop.name)")
      let expected = withMode(.interpreter) { loop.run(warm + steady) }
      #expect(bits == expected, "\(loop.name)")
    }
  }

  /// In automatic mode too, where there is work enough for a plan.
  @Test func automaticModeKeepsThePlansOfCuts() async {
    await #expect(processExitsWith: .success) {
      guard Engine.backends.llvm != nil else { exit(EXIT_SUCCESS) }
      var loop = Loop.chain(27)
      loop.count = 512
      var before = Engine.counters
      var change = Engine.counters
      let bits = loop.run(4000) { iteration in
        if iteration == 1500 {
          Engine.finishCompiling()
          before = Engine.counters
        }
        if iteration == 3999 { change = Engine.counters.since(before) }
      }
      #expect(change.plansMade == 0 && change.planCacheHits >= 10)
      #expect(bits == withMode(.interpreter) { loop.run(4000) })
    }
  }

  /// Leaves that keep much memory alive are cut by bytes: the places of cuts repeat too.
  @Test func cutsByMemoryComeToRepeat() async {
    await #expect(processExitsWith: .success) {
      guard Engine.backends.llvm != nil else { exit(EXIT_SUCCESS) }
      Engine.memoryBudget = 2 << 30
      Engine.mode = .compiled
      let weights = (1...3).map { Tensor([Float](repeating: Float($0), count: 1 << 20)) }
      var x = Tensor([Float](repeating: 1, count: 1 << 20))
      func iterate() {
        for w in weights { x = (x + w) * 0.25 - 0.5 }
      }
      for _ in 0..<150 { iterate() }
      let before = Engine.counters
      for _ in 0..<150 { iterate() }
      let change = Engine.counters.since(before)
      #expect(change.plansMade == 0 && change.planCacheHits >= 5)
    }
  }
}
