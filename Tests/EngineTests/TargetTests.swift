// Rows, short reductions and tiles for every width of vectors, and as compiled for a first run.

import CampaignSupport
import MartletFusion
import MartletIR
import MartletLowering
import MartletRuntime
import Testing

/// An executor whose kernels are compiled for one target at one level.
struct TargetedEngine: Sendable, CustomStringConvertible {
  let description: String
  private let executor: Executor

  /// The x86-64 levels that this machine runs, and the code of first runs.
  static let all: [TargetedEngine] = {
    guard let host = try? Compiler() else { return [] }
    var engines = [TargetedEngine("fast", host, .fast)]
    for cpu in ["x86-64", "x86-64-v3", "x86-64-v4"] where host.target.triple.hasPrefix("x86_64") {
      guard let target = Target.x86(cpu), target.vectorByteCount <= host.target.vectorByteCount,
        let compiler = try? Compiler(target: target)
      else { continue }
      engines.append(TargetedEngine(cpu, compiler, .default))
    }
    return engines
  }()

  private init(_ description: String, _ compiler: Compiler, _ level: OptimizationLevel) {
    self.description = description
    let counters = CounterCells()
    let source = CompilerSource(
      selection: nil, counters: counters,
      generate: { _, spec, _, _ throws(LoweringError) in try compiler.compile(spec, level: level) })
    executor = Executor(
      pool: Runtime.pool, threads: Runtime.threads, blas: { nil }, compiler: source,
      counters: counters)
  }

  /// How the compiled values of `trace` differ from the interpreter's, or nil.
  func difference(_ trace: Trace) throws -> String? {
    let values = try executor.run(trace, mode: .compiled)
    return Runner.difference(trace, Runner.interpreter.run(trace), .values(values))
  }
}

@Suite struct TargetTests {
  @Test(arguments: TargetedEngine.all, RowProgram.allCases)
  func rows(_ engine: TargetedEngine, _ program: RowProgram) throws {
    var random = Generator(41)
    for shape in [[3, 1], [5, 17], [4, 64], [3, 100], [2, 4099]] as [Shape] {
      var builder = TraceBuilder()
      let x = try builder.leaf(.contiguous, .float32, shape, &random, .moderate)
      let y = try builder.leaf(.contiguous, .float32, shape, &random, .moderate)
      program.record(&builder, x, y)
      #expect(try engine.difference(builder.trace) == nil, "\(program) \(shape)")
    }
  }

  /// Every number of lanes of the tree, down columns and along rows, in one strip and more.
  @Test(arguments: TargetedEngine.all) func shortReductions(_ engine: TargetedEngine) throws {
    var random = Generator(42)
    for dtype in [DType.float32, .float64, .int16, .bool] {
      for count in 1...64 {
        let columns = count % 8 == 3 ? 513 : 65
        for (shape, axis) in [([count, columns], 0), ([columns, count], 1)] as [(Shape, Int)] {
          var builder = TraceBuilder()
          let x = try builder.leaf(.contiguous, dtype, shape, &random, .mixed)
          for reduction in dtype == .bool ? [Reduction.any, .all] : [.sum, .product, .maximum] {
            builder.output(builder.reduce(reduction, x, [axis]))
          }
          #expect(try engine.difference(builder.trace) == nil, "\(dtype)\(shape) over \(axis)")
        }
      }
    }
  }

  /// Operands that are broadcast, whose copies are reduced.
  @Test(arguments: TargetedEngine.all) func pairs(_ engine: TargetedEngine) throws {
    var random = Generator(43)
    for count in [1, 2, 3, 16, 33, 64] {
      var builder = TraceBuilder()
      let x = try builder.leaf(.contiguous, .float32, [7, 1, count], &random, .moderate)
      let y = try builder.leaf(.contiguous, .float32, [1, 70, count], &random, .moderate)
      let d = builder.apply(.subtract, x, y)
      builder.output(builder.reduce(.sum, builder.apply(.multiply, d, d), [2]))
      #expect(try engine.difference(builder.trace) == nil, "\(count)")
    }
  }

  @Test(arguments: TargetedEngine.all) func tiles(_ engine: TargetedEngine) throws {
    var random = Generator(44)
    for dtype in DType.allCases {
      for shape in [[8, 8], [9, 70], [33, 17], [3, 20, 40]] as [Shape] {
        var builder = TraceBuilder()
        let x = try builder.leaf(.transposed, dtype, shape, &random, .moderate)
        let y = try builder.leaf(.contiguous, dtype, shape, &random, .moderate)
        builder.output(builder.apply(.maximum, y, x))
        #expect(try engine.difference(builder.trace) == nil, "\(dtype)\(shape)")
      }
    }
  }
}
