// Random programs differentiated: the same bits on every engine, forward as reverse, differences.

import CampaignSupport
import MartletIR
import MartletRuntime
import Synchronization
import Testing

@testable import Martlet

/// Programs compared with differences, of those the ones whose slope is zero, and programs for
/// which differences say nothing.
private let compared = Atomic<Int>(0)
private let flat = Atomic<Int>(0)
private let skipped = Atomic<Int>(0)
private let ended = Atomic<Int>(0)

@Suite struct GradientFuzzTests {
  private static let ways: [(name: String, run: @Sendable (TensorProgram) throws -> Outcome)] = [
    ("automatic", { try $0.derivatives(.automatic) }),
    ("fused", { try $0.derivatives(.compiled) }),
    ("unfused", { try $0.derivatives(.compiled, isFusing: false) }),
  ]

  private typealias Outcome = TensorProgram.Result

  @Test(arguments: 0..<FuzzSettings.shares) func gradients(_ share: Int) throws {
    for number in FuzzSettings.seeds(share, slice: 48) {
      let seed = FuzzSettings.seed &+ UInt64(number)
      let program = try TensorProgram.differentiable(seed)
      if FuzzSettings.shows { print("seed \(seed):\n\(program.listing)") }
      let expected = try program.derivatives(.interpreter)
      let ways =
        Runner.compiled.isEmpty ? Self.ways[..<1] : Self.ways[1..<(number % 32 == 0 ? 3 : 2)]
      for way in ways {
        let found = try way.run(program)
        guard let text = TensorProgram.difference(found, expected) else { continue }
        report("\(way.name): \(text)", program) { candidate in
          let expected = try candidate.derivatives(.interpreter)
          return TensorProgram.difference(try way.run(candidate), expected)
        }
        return
      }
      guard program.acceptance == .smooth else {
        skipped.add(1, ordering: .relaxed)
        continue
      }
      let verdict = try Differences(program, expected).verdict
      switch verdict {
      case .agree(let isFlat):
        compared.add(1, ordering: .relaxed)
        if isFlat { flat.add(1, ordering: .relaxed) }
      case .saysNothing: skipped.add(1, ordering: .relaxed)
      case .differ(let text):
        report(text, program) { candidate in
          let verdict = try Differences(candidate, try candidate.derivatives(.interpreter)).verdict
          guard case .differ(let text) = verdict else { return nil }
          return text
        }
        return
      }
    }
    if ended.add(1, ordering: .relaxed).newValue == FuzzSettings.shares { checkSkipped() }
  }

  /// At most 30 % of the programs may say nothing about derivatives.
  private func checkSkipped() {
    let (compared, skipped) = (
      compared.load(ordering: .relaxed), skipped.load(ordering: .relaxed)
    )
    let count = compared + skipped
    let counters = Runtime.counters
    print(
      "gradients: \(count) programs from seed \(FuzzSettings.seed) on, \(compared) compared with "
        + "differences (\(flat.load(ordering: .relaxed)) of slope zero), \(skipped) without them, "
        + "\(counters.kernelsCompiled) kernels compiled in "
        + "\(Int(counters.compileSeconds * 1000)) ms")
    // Of a handful more may be skipped by chance.
    if count >= 100 { #expect(skipped * 10 <= count * 3) }
  }

  private func report(
    _ text: String, _ program: TensorProgram, _ failure: (TensorProgram) throws -> String?
  ) {
    let shrunk = program.shrunk { ((try? failure($0)) ?? nil) != nil }
    Issue.record(
      """
      seed \(program.seed), \(text)
      shrunk to: \(((try? failure(shrunk)) ?? nil) ?? "a program that does not fail again")
      \(shrunk.listing)
      """)
  }

  /// Whoever adds a row with a derivative adds its function to those that are drawn.
  @Test func everyRowWithDerivativesIsDrawn() {
    var functions: [([Tensor]) -> Tensor] = [{ .where($0[0] .> 1, $0[1], $0[2]) }]
    functions += Functions.unary.map { function in { function.apply($0[0]) } }
    functions += Functions.binary.map { function in { function.apply($0[0], $0[1]) } }
    functions += Functions.ternary.map { function in { function.apply($0[0], $0[1], $0[2]) } }
    let x = Tensor([0.5, 1.5])
    // Products of cotangents are what the rules are made of.
    var rows: Set<ElementwiseOp> = [.gradientProduct, .annihilatingProduct]
    for function in functions {
      // Functions of integers refuse floats.
      let found = try? withTensorErrors { Recording(of: [x, x, x]) { [function($0)] } }
      for case .op(.elementwise(let row)) in (found?.entries ?? []).map(\.kind) { rows.insert(row) }
    }
    let differentiable = ElementwiseOp.allCases.filter { $0.definition.gradient != nil }
    #expect(Set(differentiable).subtracting(rows) == [])
  }
}
