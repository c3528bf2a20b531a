// Reductions of rows and what uses them, fused into kernels that run through a row several times.

import CampaignSupport
import MartletIR
import MartletRuntime
import Testing

/// A computation over the rows of a matrix: which of its values are wanted, given the last axis.
enum RowProgram: CaseIterable {
  case softmax, softmaxWithParts, logSumExp, layerNorm, crossEntropy, normalized, counts,
    centredTwice

  func record(_ b: inout TraceBuilder, _ x: Trace.Operand, _ y: Trace.Operand) {
    let axis = b.shape(x).rank - 1
    func scalar(_ value: Double) -> Trace.Operand {
      .scalar(Scalar(rounding: value, as: b.dtype(x)))
    }
    let largest = b.reduce(.maximum, x, [axis])
    let shifted = b.apply(.subtract, x, largest)
    switch self {
    case .softmax, .softmaxWithParts:
      let e = b.apply(.exp, shifted)
      let sum = b.reduce(.sum, e, [axis])
      b.output(b.apply(.divide, e, sum))
      if self == .softmaxWithParts { b.output(e, sum, largest) }
    case .logSumExp:
      let sum = b.reduce(.sum, b.apply(.exp, shifted), [axis])
      b.output(b.apply(.add, largest, b.apply(.log, sum)))
    case .layerNorm:
      let d = b.apply(.subtract, x, b.reduce(.mean, x, [axis]))
      let variance = b.reduce(.mean, b.apply(.multiply, d, d), [axis])
      let scale = b.apply(.rsqrt, b.apply(.add, variance, scalar(1e-5)))
      b.output(b.apply(.multiply, b.apply(.multiply, d, scale), y))
    case .crossEntropy:
      let log = b.apply(.log, b.reduce(.sum, b.apply(.exp, shifted), [axis]))
      let terms = b.apply(.subtract, shifted, log)
      b.output(b.reduce(.sum, b.apply(.multiply, y, terms), [axis]))
      b.output(b.apply(.subtract, b.apply(.exp, terms), y))
    case .normalized:
      let squares = b.reduce(.sum, b.apply(.multiply, x, x), [axis])
      b.output(b.apply(.divide, x, b.apply(.sqrt, squares)))
    case .counts:
      let isLarge = b.apply(.less, y, x)
      let count = b.reduce(.sum, b.cast(isLarge, .int64), [axis])
      let share = b.apply(.divide, b.cast(count, b.dtype(x)), scalar(3))
      let any = b.reduce(.any, isLarge, [axis])
      b.output(b.apply(.select, any, b.apply(.add, x, share), y), b.cast(share, .int32))
    case .centredTwice:
      // What is reduced first is needed at the very end, and a wanted value is read again.
      let e = b.apply(.tanh, b.apply(.multiply, x, y))
      let d = b.apply(.subtract, e, b.reduce(.mean, e, [axis]))
      let f = b.apply(.exp, d)
      b.output(f, b.apply(.add, e, b.apply(.subtract, f, b.reduce(.sum, f, [axis]))))
    }
  }
}

@Suite struct RowTests {
  private static let lengths = [1, 2, 3, 15, 16, 17, 63, 64, 65, 128, 1000, 1023]

  @Test(arguments: [DType.float32, .float64], RowProgram.allCases)
  func lengths(_ dtype: DType, _ program: RowProgram) throws {
    var campaign = Campaign()
    guard campaign.isActive else { return }
    var random = Generator(21)
    for length in RowTests.lengths {
      for shape in [[length], [7, length], [2, 3, length]] as [Shape] {
        var builder = TraceBuilder()
        let x = try builder.leaf(.contiguous, dtype, shape, &random, .moderate)
        let y = try builder.leaf(.contiguous, dtype, shape, &random, .moderate)
        // What dies may be written over, but not while a later sweep reads it.
        builder.trace.isLeafDying = [true, length % 2 == 0]
        program.record(&builder, x, y)
        campaign.check(builder.trace, "\(program) \(dtype)\(shape)")
      }
    }
    campaign.report("\(program) of \(dtype)")
  }

  /// Several blocks of the tree, up to and over the length that stays in the cache.
  @Test(arguments: RowProgram.allCases) func longRows(_ program: RowProgram) throws {
    var campaign = Campaign(Array(Runner.compiled.prefix(1)))
    guard campaign.isActive else { return }
    var random = Generator(22)
    for length in [4095, 4096, 4097, 8192, 12_289, 32_767, 32_768, 32_769] {
      var builder = TraceBuilder()
      let x = try builder.leaf(.contiguous, .float32, [3, length], &random, .moderate)
      let y = try builder.leaf(.contiguous, .float32, [3, length], &random, .moderate)
      program.record(&builder, x, y)
      campaign.check(builder.trace, "\(program) [3, \(length)]")
    }
    campaign.report("long rows of \(program)")
  }

  /// Operands in every layout, and numbers of every kind.
  @Test(arguments: RowProgram.allCases) func layouts(_ program: RowProgram) throws {
    var campaign = Campaign(Array(Runner.compiled.prefix(1)))
    guard campaign.isActive else { return }
    var random = Generator(23)
    for arrangement in Arrangement.allCases where arrangement.keepsShape {
      for shape in [[130], [9, 67], [5, 3, 20]] as [Shape] {
        for sampling in Sampling.allCases {
          var builder = TraceBuilder()
          let x = try builder.leaf(arrangement, .float32, shape, &random, sampling)
          let y = try builder.leaf(.row, .float32, shape, &random, sampling)
          program.record(&builder, x, y)
          campaign.check(builder.trace, "\(program) \(shape) \(arrangement) \(sampling)")
        }
      }
    }
    campaign.report("layouts of \(program)")
  }

  /// A result of the last sweep takes the place of what dies, row by row; the values are the same.
  @Test(arguments: [RowProgram.softmax, .normalized, .centredTwice])
  func dyingRowsAreWrittenOver(_ program: RowProgram) throws {
    guard !Runner.compiled.isEmpty else { return }
    var random = Generator(24)
    for length in [5, 64, 1000] {
      var builder = TraceBuilder()
      let x = try Arrangement.contiguous.value(.float32, [9, length], .moderate, &random)
      let y = try Arrangement.contiguous.value(.float32, [9, length], .moderate, &random)
      program.record(&builder, builder.leaf(x), builder.leaf(y))
      let expected = Runner.interpreter.run(builder.trace)
      builder.trace.isLeafDying = [true, true]
      let values = try ExecutionScope.with({ $0.mode = .compiled }) { () throws(TensorError) in
        try Runtime.run(builder.trace)
      }
      #expect(Runner.difference(builder.trace, expected, .values(values)) == nil)
      let last = values.compactMap { $0 }.last
      #expect(last?.buffer === x.buffer || last?.buffer === y.buffer)
    }
  }
}
