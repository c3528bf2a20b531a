// Programs on which an engine once differed, as the random campaigns shrank them.

import CampaignSupport
import MartletIR
import Testing

@Suite struct RegressionTests {
  /// LLVM's code generator, once it folds `x < x` by itself, takes a select between constant
  /// vectors of NaN and 0 for 0 (versions 15 to 19).
  @Test func selectBetweenConstantNaNAndZero() throws {
    var campaign = Campaign()
    guard campaign.isActive else { return }
    var random = Generator(51)
    for dtype in DType.floating {
      for (op, value) in [(ElementwiseOp.greater, Double.nan), (.less, 1), (.notEqual, 2)] {
        var builder = TraceBuilder()
        let x = try builder.leaf(.contiguous, dtype, [67], &random, .moderate)
        let never = builder.cast(builder.apply(op, x, x), dtype)
        let undefined = builder.apply(.divide, never, never)
        let other = Trace.Operand.scalar(Scalar(rounding: value, as: dtype))
        builder.output(
          builder.apply(.gradientProduct, undefined, undefined),
          builder.apply(.select, builder.apply(.equal, undefined, never), never, undefined),
          builder.apply(.maximum, undefined, other), builder.apply(.minimum, other, undefined))
        campaign.check(builder.trace, "\(dtype) \(op)")
      }
    }
    campaign.report("select between NaN and 0")
  }

  /// The same where the code generator alone knows that the dividend is 0: a number that was a bool
  /// has no sign.
  @Test func quotientOfNumbersThatWereBool() throws {
    var campaign = Campaign()
    guard campaign.isActive else { return }
    var random = Generator(53)
    for dtype in DType.floating {
      var builder = TraceBuilder()
      let flags = try builder.leaf(.contiguous, .bool, [67], &random)
      let number = builder.cast(flags, dtype)
      let zero = builder.cast(builder.apply(.signbit, number), dtype)
      builder.output(
        builder.apply(.divide, zero, number),
        builder.apply(
          .divide,
          builder.cast(
            builder.flip(builder.apply(.signbit, number), [0]), dtype), number),
        builder.apply(.floorDivide, zero, number), builder.apply(.sign, zero))
      campaign.check(builder.trace, "\(dtype)")
    }
    campaign.report("quotients of bools")
  }

  /// A library routine whose operand has no elements, and so no memory of its own.
  @Test func productOfAnEmptyIntermediate() throws {
    var campaign = Campaign()
    guard campaign.isActive else { return }
    var random = Generator(52)
    var builder = TraceBuilder()
    let x = try builder.leaf(.contiguous, .float32, [0, 3], &random)
    let y = try builder.leaf(.contiguous, .float32, [3, 2], &random)
    builder.output(builder.matmul(builder.apply(.add, x, x), y))
    campaign.check(builder.trace, "an empty product")
    campaign.report("empty operands of routines")
  }
}
