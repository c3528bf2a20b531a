// Maps of transposed operands, which are read in tiles: every dtype, with extents around the
// tiles'.

import CampaignSupport
import MartletIR
import Testing

@Suite struct TransposeTests {
  private static let extents = [1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 70]

  @Test(arguments: DType.allCases) func squares(_ dtype: DType) throws {
    var campaign = Campaign(Array(Runner.compiled.prefix(1)))
    guard campaign.isActive else { return }
    var random = Generator(31)
    for rows in TransposeTests.extents {
      for columns in TransposeTests.extents {
        try check([rows, columns], dtype, &random, &campaign)
      }
    }
    for shape in [[3, 20, 40], [2, 3, 40, 20]] as [Shape] {
      try check(shape, dtype, &random, &campaign)
    }
    campaign.report("transposed \(dtype)")
  }

  /// Several stretches of columns, and rows split over threads.
  @Test(arguments: [[40, 1023], [40, 1025], [1030, 2100]] as [Shape]) func wide(
    _ shape: Shape
  ) throws {
    var campaign = Campaign(Array(Runner.compiled.prefix(1)))
    guard campaign.isActive else { return }
    var random = Generator(32)
    try check(shape, .float32, &random, &campaign)
    campaign.report("transposed \(shape)")
  }

  /// A copy, a sum with a contiguous operand, and a view of one of two transposed operands.
  private func check(
    _ shape: Shape, _ dtype: DType, _ random: inout Generator, _ campaign: inout Campaign
  ) throws {
    var builder = TraceBuilder()
    let x = try builder.leaf(.transposed, dtype, shape, &random, .moderate)
    let y = try builder.leaf(.contiguous, dtype, shape, &random, .moderate)
    let z = try builder.leaf(.transposed, dtype, shape, &random, .moderate)
    builder.output(builder.apply(.maximum, x, x))
    builder.output(builder.apply(.maximum, y, x))
    let maximum = builder.apply(.maximum, builder.apply(.minimum, x, y), z)
    builder.output(builder.flip(maximum, [shape.rank - 1]))
    campaign.check(builder.trace, "\(dtype)\(shape)")
  }
}
