// Random programs over the users' API: lazy, fused, unfused and eager runs read the same bits.

import CampaignSupport
import Martlet
import Testing

@Suite struct TensorFuzzTests {
  private static let ways: [(name: String, run: @Sendable (TensorProgram) throws -> Outcome)] = [
    ("automatic", { try $0.run(.automatic) }),
    ("lazy interpreter", { try $0.run(.interpreter) }),
    ("fused", { try $0.run(.compiled) }),
    ("unfused", { try $0.run(.compiled, isFusing: false) }),
  ]

  private typealias Outcome = TensorProgram.Result

  @Test(arguments: 0..<FuzzSettings.shares) func tensors(_ share: Int) throws {
    for number in FuzzSettings.seeds(share) where number % 4 == 3 {
      let seed = FuzzSettings.seed &+ UInt64(number)
      let program = try TensorProgram.make(seed)
      if FuzzSettings.shows { print("seed \(seed):\n\(program.listing)") }
      let expected = try program.run(.interpreter, isEager: true)
      var ways = Runner.compiled.isEmpty ? Self.ways.prefix(2) : Self.ways.prefix(3)
      if number % 16 == 3, !Runner.compiled.isEmpty { ways = Self.ways[...] }
      for way in ways {
        let found = try way.run(program)
        guard let difference = TensorProgram.difference(found, expected) else { continue }
        let shrunk = program.shrunk { candidate in
          guard let expected = try? candidate.run(.interpreter, isEager: true),
            let found = try? way.run(candidate)
          else { return false }
          return TensorProgram.difference(found, expected) != nil
        }
        Issue.record(
          """
          seed \(seed), \(way.name): \(difference)
          shrunk to:
          \(shrunk.listing)
          """)
        return
      }
    }
  }
}
