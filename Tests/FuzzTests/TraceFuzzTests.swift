// Random programs on every engine: the same bits everywhere.

import CampaignSupport
import Glibc
import MartletIR
import MartletRuntime
import Synchronization
import Testing

/// How many programs, and from which seed on: MARTLET_FUZZ and MARTLET_FUZZ_SEED; with
/// MARTLET_FUZZ_SHOW=1 every program is printed.
enum FuzzSettings {
  static let count = number("MARTLET_FUZZ")
  static let seed = UInt64(number("MARTLET_FUZZ_SEED") ?? 1)
  static let shares = 16
  static let shows = number("MARTLET_FUZZ_SHOW") == 1

  private static func number(_ name: String) -> Int? {
    getenv(name).flatMap { Int(String(cString: $0)) }
  }

  /// The programs of one of the tests that run side by side, of `slice` where no number is set.
  static func seeds(_ share: Int, slice: Int = 500) -> StrideTo<Int> {
    stride(from: share, to: count ?? slice, by: shares)
  }
}

/// Programs run and shares ended so far.
private let programs = Atomic<Int>(0)
private let ended = Atomic<Int>(0)

/// What differs when programs of one structure run by one plan, on other numbers each time.
private func replayDifference(_ trace: Trace, _ seed: UInt64) throws -> String? {
  var random = Generator(seed)
  // At the second run of a structure its plan is kept; from the third on it is used.
  for _ in 0..<2 {
    let other = try trace.varied(&random)
    let expected = Runner.interpreter.run(other)
    let found = Runner.difference(other, expected, Runner.fused.run(other))
    if let found { return found }
  }
  return nil
}

@Suite struct FuzzTests {
  @Test(arguments: 0..<FuzzSettings.shares) func traces(_ share: Int) throws {
    let others = Runner.compiled.isEmpty ? [Runner.automatic] : [.fused, .automatic]
    for number in FuzzSettings.seeds(share) where number % 4 != 3 {
      let seed = FuzzSettings.seed &+ UInt64(number)
      let trace = try RandomTrace.make(seed)
      if FuzzSettings.shows { print("seed \(seed):\n\(trace.listing)") }
      programs.add(1, ordering: .relaxed)
      let expected = Runner.interpreter.run(trace)
      if case .failure(let error) = expected {
        Issue.record("seed \(seed): \(error)\n\(trace.listing)")
        return
      }
      // One kernel an op costs many compilations, so that only some programs are run that way.
      let hasUnfused = number % 8 == 0 && others.contains(.fused)
      for engine in hasUnfused ? others + [.unfused] : others {
        guard let found = Runner.difference(trace, expected, engine.run(trace)) else { continue }
        let shrunk = Shrinker(trace, engine)
        Issue.record(
          """
          seed \(seed), \(engine): \(found)
          shrunk to: \(shrunk.difference ?? "a program that does not fail again")
          \(shrunk.trace.listing)
          """)
        return
      }
      if others.contains(.fused), let found = try replayDifference(trace, seed) {
        Issue.record("seed \(seed), the plan run again: \(found)\n\(trace.listing)")
        return
      }
    }
    if ended.add(1, ordering: .relaxed).newValue == FuzzSettings.shares {
      let counters = Runtime.counters
      print(
        "fuzz: \(programs.load(ordering: .relaxed)) programs from seed \(FuzzSettings.seed) on, "
          + "\(counters.kernelsCompiled) kernels compiled in "
          + "\(Int(counters.compileSeconds * 1000)) ms"
      )
    }
  }
}
