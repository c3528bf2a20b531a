// Scans (R36) over every dtype and layout, at sizes around vectors and strips, and in shares of
// several threads.

import CampaignSupport
import MartletIR
import Testing

@Suite struct ScanTests {
  /// Along a row, down a column, and of values that the kernel computes first.
  @Test(arguments: DType.allCases) func lengths(_ dtype: DType) throws {
    var campaign = Campaign()
    guard campaign.isActive else { return }
    var random = Generator(97)
    let shapes: [Shape] = [
      [1], [2], [15], [17], [63], [64], [65], [1000], [3, 33], [40, 7], [129, 5], [33, 67],
      [2, 17, 9], [7, 513], [5, 1100], [4, 3, 130], [20_000], [700, 48],
    ]
    for shape in shapes {
      for sampling in Sampling.allCases {
        var builder = TraceBuilder()
        let x = try builder.leaf(.contiguous, dtype, shape, &random, sampling)
        let y = try builder.leaf(.contiguous, .int8, shape, &random, .moderate)
        for scan in Scan.allCases {
          for axis in 0..<shape.rank {
            builder.output(
              builder.scan(scan, x, axis),
              builder.scan(scan, builder.cast(builder.apply(.abs, y), dtype), axis))
          }
        }
        campaign.check(builder.trace, "\(dtype)\(shape) \(sampling)")
      }
    }
    campaign.report("scans of \(dtype)")
  }

  /// Every layout, beside a reduction of the same values, of a scan, and used by a later kernel.
  @Test(arguments: DType.allCases) func layouts(_ dtype: DType) throws {
    var campaign = Campaign()
    guard campaign.isActive else { return }
    var random = Generator(98)
    for arrangement in Arrangement.allCases {
      for shape in [[70], [9, 67], [67, 9], [1, 70], [5, 1, 7], [3, 66, 5], [0, 4], [3, 0]]
        as [Shape]
      {
        var builder = TraceBuilder()
        let x = try builder.leaf(arrangement, dtype, shape, &random, .moderate)
        let own = builder.shape(x)
        let made = builder.apply(.select, builder.apply(.equal, x, x), x, x)
        for axis in 0..<own.rank {
          let running = builder.scan(.maximum, made, axis)
          let flipped = builder.flip(builder.scan(.product, builder.flip(x, [axis]), axis), [axis])
          builder.output(
            running, builder.scan(.sum, x, axis), flipped,
            builder.scan(.minimum, builder.scan(.sum, running, own.rank - 1), axis),
            builder.apply(.equal, running, x))
          if own.elementCount > 0 {
            builder.output(builder.reduce(dtype == .bool ? .any : .maximum, running, [axis]))
          }
        }
        let wide = builder.broadcast(x, Shape([3] + shape.dimensions))
        builder.output(builder.scan(.sum, wide, 0), builder.scan(.sum, wide, shape.rank))
        campaign.check(builder.trace, "\(dtype)\(shape) \(arrangement)")
      }
    }
    campaign.report("scans in layouts of \(dtype)")
  }

  /// Zeros of both signs, of which the latest is the extreme (R18), and a late NaN.
  @Test(arguments: [DType.float32, .float64]) func zeros(_ dtype: DType) throws {
    var campaign = Campaign()
    guard campaign.isActive else { return }
    var random = Generator(100)
    for shape in [[150], [50, 37], [37, 50]] as [Shape] {
      let value = try Arrangement.contiguous.value(dtype, shape, .moderate, &random)
      for place in 0..<shape.elementCount {
        let isLast = place % 50 == 49
        let zero = isLast ? Double.nan : random.chance(2) ? 0.0 : -0.0
        if dtype == .float32 {
          value.base.storeBytes(of: Float(zero), toByteOffset: 4 * place, as: Float.self)
        } else {
          value.base.storeBytes(of: zero, toByteOffset: 8 * place, as: Double.self)
        }
      }
      var builder = TraceBuilder()
      let x = builder.leaf(value)
      for scan in Scan.allCases {
        for axis in 0..<shape.rank { builder.output(builder.scan(scan, x, axis)) }
      }
      campaign.check(builder.trace, "\(dtype)\(shape)")
    }
    campaign.report("scans of zeros of \(dtype)")
  }

  /// Large enough for several threads; an operand that dies may be written over.
  @Test(arguments: [DType.float32, .int32]) func shares(_ dtype: DType) throws {
    var campaign = Campaign()
    guard campaign.isActive else { return }
    var random = Generator(99)
    for shape in [[300, 1000], [1000, 300], [40, 100, 75]] as [Shape] {
      for scan in Scan.allCases {
        for axis in 0..<shape.rank {
          var builder = TraceBuilder()
          let x = try builder.leaf(.contiguous, dtype, shape, &random, .moderate)
          builder.output(builder.scan(scan, builder.apply(.abs, x), axis))
          builder.trace.isLeafDying[0] = true
          campaign.check(builder.trace, onlyFused: true, "\(scan) of \(dtype)\(shape) \(axis)")
        }
      }
    }
    campaign.report("large scans of \(dtype)")
  }
}
