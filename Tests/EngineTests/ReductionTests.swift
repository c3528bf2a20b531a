// Every reduction over every dtype, set of axes, size and layout: one tree, the same bits.

import CampaignSupport
import MartletIR
import Testing

private func reductions(_ dtype: DType) -> [Reduction] {
  switch dtype.kind {
  case .bool: [.any, .all]
  case .unsigned, .signed: [.sum, .product, .maximum, .minimum]
  case .float: [.sum, .product, .mean, .maximum, .minimum]
  }
}

private func subsets(_ rank: Int) -> [[Int]] {
  (1..<(1 << rank)).map { mask in (0..<rank).filter { mask >> $0 & 1 == 1 } }
}

@Suite struct ReductionTests {
  /// Lengths around the lanes and blocks of the tree, along a row, down a column and over both.
  @Test(arguments: DType.allCases) func lengths(_ dtype: DType) throws {
    var campaign = Campaign()
    guard campaign.isActive else { return }
    var random = Generator(11)
    let short = [0, 1, 2, 63, 64, 65, 127, 128, 129, 1000]
    let long = [4095, 4096, 4097, 8191, 8193, 12_289]
    for length in short + long {
      for sampling in Sampling.allCases {
        let shapes: [Shape] =
          length > 1000
          ? [[length], [2, length], [length, 3]]
          : [[length], [3, length], [length, 5], [length, 67]]
        for shape in shapes {
          var builder = TraceBuilder()
          let x = try builder.leaf(.contiguous, dtype, shape, &random, sampling)
          for reduction in reductions(dtype) {
            if length == 0, reduction == .maximum || reduction == .minimum { continue }
            for axis in 0..<shape.rank where axis == 0 || shape.rank == 2 {
              builder.output(builder.reduce(reduction, x, [axis]))
            }
            if shape.rank == 2 { builder.output(builder.reduce(reduction, x, [0, 1])) }
          }
          campaign.check(builder.trace, "\(dtype)\(shape) \(sampling)")
        }
      }
    }
    campaign.report("reductions of \(dtype)")
  }

  /// Every set of axes of arrays of up to four axes in every layout.
  @Test(arguments: DType.allCases) func axes(_ dtype: DType) throws {
    var campaign = Campaign(Array(Runner.compiled.prefix(1)))
    guard campaign.isActive else { return }
    var random = Generator(12)
    let shapes: [Shape] = [
      [70], [9, 67], [67, 9], [1, 70], [5, 1, 7], [3, 66, 5], [2, 3, 4, 5],
    ]
    for arrangement in Arrangement.allCases where arrangement.keepsShape {
      for shape in shapes {
        for axes in subsets(shape.rank) {
          var builder = TraceBuilder()
          let x = try builder.leaf(arrangement, dtype, shape, &random, .moderate)
          for reduction in reductions(dtype) {
            builder.output(builder.reduce(reduction, x, axes))
          }
          campaign.check(builder.trace, "\(dtype)\(shape) \(arrangement) over \(axes)")
        }
      }
    }
    campaign.report("axes of \(dtype)")
  }

  /// About a million elements: many blocks, split over threads.
  @Test(arguments: [DType.float32, .float64, .int64, .uint8], [999_999, 1_000_000, 1_000_001])
  func millions(_ dtype: DType, _ count: Int) throws {
    var campaign = Campaign(Array(Runner.compiled.prefix(1)))
    guard campaign.isActive else { return }
    var random = Generator(13)
    var builder = TraceBuilder()
    let x = try builder.leaf(.contiguous, dtype, [count], &random, .moderate)
    for reduction in [Reduction.sum, .maximum] { builder.output(builder.reduce(reduction, x, [0])) }
    campaign.check(builder.trace, "\(dtype)[\(count)]")
    campaign.report("\(count) of \(dtype)")
  }

  /// Vectors times matrices: one element a row, and lengths around the rows that are combined with
  /// a lane at once.
  @Test(arguments: [255, 256, 257, 511, 513, 4096, 4353]) func vectorsTimesMatrices(
    _ rows: Int
  ) throws {
    var campaign = Campaign()
    guard campaign.isActive else { return }
    var random = Generator(15)
    for dtype in [DType.float32, .float64, .int8, .int64] {
      for columns in [8, 45, 530] where rows < 600 || columns < 500 {
        var builder = TraceBuilder()
        let shape: Shape = [rows, columns]
        let vector = try builder.leaf(.contiguous, dtype, [rows, 1], &random, .moderate)
        let matrix = try builder.leaf(.contiguous, dtype, shape, &random, .moderate)
        let product = builder.apply(.multiply, vector, matrix)
        let twice = builder.apply(.multiply, builder.apply(.add, vector, vector), matrix)
        builder.output(builder.reduce(.sum, product, [0]), builder.reduce(.sum, twice, [0]))
        campaign.check(builder.trace, "\(dtype)\(shape)")
      }
    }
    campaign.report("vectors times matrices of \(rows) rows")
  }

  /// Elementwise producers, casts among them, and consumers of what was reduced.
  @Test(arguments: [DType.float32, .float64]) func fusedProducers(_ dtype: DType) throws {
    var campaign = Campaign()
    guard campaign.isActive else { return }
    var random = Generator(14)
    for arrangement in Arrangement.allCases where arrangement.keepsShape {
      for shape in [[130], [9, 67], [67, 130], [3, 4, 66]] as [Shape] {
        for axes in subsets(shape.rank) {
          var builder = TraceBuilder()
          let x = try builder.leaf(arrangement, dtype, shape, &random, .moderate)
          let y = try builder.leaf(.row, dtype, shape, &random, .moderate)
          let n = try builder.leaf(.contiguous, .int8, shape, &random)
          let product = builder.apply(.multiply, builder.apply(.tanh, x), y)
          let sum = builder.reduce(.sum, product, axes)
          let counts = builder.reduce(.sum, builder.cast(n, .int64), axes)
          let isLess = builder.apply(.less, product, x)
          let centred = builder.apply(.subtract, product, builder.reduce(.mean, x, axes))
          let spread = builder.reduce(.mean, builder.apply(.square, centred), axes)
          builder.output(
            sum, counts, builder.reduce(.any, isLess, axes), builder.reduce(.all, isLess, axes),
            spread, builder.apply(.divide, centred, builder.apply(.sqrt, spread)))
          campaign.check(builder.trace, "\(dtype)\(shape) \(arrangement) over \(axes)")
        }
      }
    }
    campaign.report("fused reductions of \(dtype)")
  }

  /// NaN at every place of a row wins a maximum and a minimum (R19).
  @Test(arguments: [DType.float32, .float64]) func nanAnywhere(_ dtype: DType) throws {
    var random = Generator(15)
    let nan = Scalar(rounding: .nan, as: dtype)
    for count in [1, 63, 64, 65, 129] {
      for place in 0..<count {
        var builder = TraceBuilder()
        let x = try Arrangement.contiguous.value(dtype, [count], .moderate, &random)
        withUnsafeBytes(of: nan.bits.littleEndian) { bytes in
          (x.base + place * dtype.byteCount).copyMemory(
            from: bytes.baseAddress ?? UnsafeRawPointer(x.base), byteCount: dtype.byteCount)
        }
        let leaf = builder.leaf(x)
        builder.output(
          builder.reduce(.maximum, leaf, [0]), builder.reduce(.minimum, leaf, [0]),
          builder.argReduce(.maximum, leaf, 0), builder.argReduce(.minimum, leaf, 0))
        for engine in [.interpreter] + Runner.compiled.prefix(1) {
          guard case .values(let values) = engine.run(builder.trace) else {
            Issue.record("\(engine) failed")
            continue
          }
          #expect(values[0]?.scalar(at: 0).isNaN == true && values[1]?.scalar(at: 0).isNaN == true)
          #expect(values[2]?.bits(at: 0) == UInt64(place))
          #expect(values[3]?.bits(at: 0) == UInt64(place))
        }
      }
    }
  }
}
