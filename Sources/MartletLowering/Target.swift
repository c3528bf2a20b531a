// The machine that code is generated for: instruction set, features, and the vectors to use.

import CLLVM

/// How much effort code generation spends.
package enum OptimizationLevel: UInt8, Sendable, Hashable, CaseIterable {
  /// The least time to machine code: no scheduling, one masked loop.
  case fast
  /// The quickest machine code.
  case `default`
}

/// An instruction set and the width of the vectors that kernels for it use.
package struct Target: Sendable, Hashable {
  package var triple: String
  /// An architecture level and not a CPU's name, so that tuning flags do not change the code.
  package var cpu: String
  /// What the CPU has beyond `cpu`, as `+name` in alphabetical order, with commas.
  package var features: String
  /// 64, 32 or 16.
  package var vectorByteCount: Int

  package init(triple: String, cpu: String, features: String = "", vectorByteCount: Int) {
    self.triple = triple
    self.cpu = cpu
    self.features = features
    self.vectorByteCount = vectorByteCount
  }

  /// The levels of x86-64 from the highest down, with what each needs beyond the next and its
  /// vectors.
  private static let levels: [(cpu: String, needs: [String], vectorByteCount: Int)] = [
    ("x86-64-v4", ["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"], 64),
    ("x86-64-v3", ["avx", "avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe", "xsave"], 32),
    ("x86-64-v2", ["cx16", "popcnt", "sahf", "sse3", "sse4.1", "sse4.2", "ssse3"], 16),
    ("x86-64", [], 16),
  ]

  /// One of `x86-64`, `x86-64-v2`, `x86-64-v3` and `x86-64-v4` without further features, or nil.
  package static func x86(_ cpu: String) -> Target? {
    levels.first { $0.cpu == cpu }.map {
      Target(
        triple: "x86_64-unknown-linux-gnu", cpu: $0.cpu, vectorByteCount: $0.vectorByteCount)
    }
  }

  /// The machine that the process runs on.
  init(host library: LLVMLibrary) {
    let table = library.table
    triple = library.take(table.pointee.LLVMGetDefaultTargetTriple())
    let present = Set(
      library.take(table.pointee.LLVMGetHostCPUFeatures()).split(separator: ",")
        .filter { $0.first == "+" }.map { String($0.dropFirst()) })
    features = present.sorted().map { "+\($0)" }.joined(separator: ",")
    guard triple.hasPrefix("x86_64") else {
      cpu = "generic"
      vectorByteCount = 16
      return
    }
    // A level counts only if the levels below it are complete too.
    var best = Target.levels[Target.levels.count - 1]
    for level in Target.levels.reversed() {
      guard present.isSuperset(of: level.needs) else { break }
      best = level
    }
    cpu = best.cpu
    vectorByteCount = best.vectorByteCount
  }
}
