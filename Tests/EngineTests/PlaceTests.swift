// The places of extremes (R20) over every dtype and layout, at sizes around lanes, strips and
// blocks.

import CampaignSupport
import MartletIR
import Testing

@Suite struct PlaceTests {
  /// Along a row, down a column, and of values that the kernel computes first; few distinct values,
  /// so that the extreme stands in many places.
  @Test(arguments: DType.allCases) func lengths(_ dtype: DType) throws {
    var campaign = Campaign()
    guard campaign.isActive else { return }
    var random = Generator(61)
    for length in [1, 2, 15, 16, 17, 63, 64, 65, 1000, 4095, 4096, 4097, 8193, 12_289] {
      let shapes: [Shape] =
        length > 1000
        ? [[length], [2, length], [length, 3], [length, 17]]
        : [[length], [3, length], [length, 5], [length, 67], [2, length, 9]]
      for shape in shapes {
        for sampling in Sampling.allCases {
          var builder = TraceBuilder()
          let x = try builder.leaf(.contiguous, dtype, shape, &random, sampling)
          let y = try builder.leaf(.contiguous, .int8, shape, &random, .moderate)
          for extreme in ArgReduction.allCases {
            for axis in 0..<shape.rank {
              builder.output(
                builder.argReduce(extreme, x, axis),
                builder.argReduce(extreme, builder.apply(.abs, y), axis))
            }
          }
          campaign.check(builder.trace, "\(dtype)\(shape) \(sampling)")
        }
      }
    }
    campaign.report("places in \(dtype)")
  }

  /// Every layout, beside a reduction of the same values, and used by a later kernel.
  @Test(arguments: DType.allCases) func layouts(_ dtype: DType) throws {
    var campaign = Campaign()
    guard campaign.isActive else { return }
    var random = Generator(62)
    for arrangement in Arrangement.allCases where arrangement.keepsShape {
      for shape in [[70], [9, 67], [67, 9], [1, 70], [5, 1, 7], [3, 66, 5]] as [Shape] {
        var builder = TraceBuilder()
        let x = try builder.leaf(arrangement, dtype, shape, &random)
        let made = builder.apply(.select, builder.apply(.equal, x, x), x, x)
        for axis in 0..<shape.rank {
          let place = builder.argReduce(.maximum, made, axis)
          builder.output(
            place, builder.argReduce(.minimum, x, axis),
            builder.reduce(dtype == .bool ? .any : .maximum, made, [axis]),
            builder.apply(.add, place, builder.argReduce(.minimum, made, axis)))
        }
        campaign.check(builder.trace, "\(dtype)\(shape) \(arrangement)")
      }
    }
    campaign.report("places in layouts of \(dtype)")
  }

  /// The definition itself, at every place of rows that are otherwise all alike: the extreme, a
  /// NaN, or nothing at all that stands out.
  @Test(arguments: [DType.float32, .float64]) func firstOfItsKind(_ dtype: DType) throws {
    let infinity = Double.infinity
    for (extreme, worst) in [(ArgReduction.maximum, -infinity), (.minimum, infinity)] {
      for count in [1, 15, 16, 17, 63, 64, 65, 129] {
        for place in 0..<count {
          for (found, rest) in [(.nan, worst), (.nan, -worst), (0, worst), (worst, worst)] {
            // The extreme again in every later place, of a zero with the other sign.
            let again = found == 0 ? -0.0 : found
            let elements = (0..<count).map { $0 < place ? rest : $0 == place ? found : again }
            let isFirst = found.isNaN ? !rest.isNaN : found != rest
            let expected = isFirst ? place : 0
            for (shape, axis) in [([count], 0), ([count, 1], 0), ([1, count], 1)] as [(Shape, Int)]
            {
              try expect(expected, extreme, elements, dtype, shape, axis)
            }
          }
        }
      }
    }
  }

  /// A NaN in a later block, and the extreme of an earlier one.
  @Test func acrossBlocks() throws {
    for count in [4097, 8192, 20_000] {
      for place in [0, 1, 4095, 4096, count - 1] {
        var elements = [Double](repeating: 1, count: count)
        elements[place] = .nan
        try expect(place, .maximum, elements, .float32, [count], 0)
        try expect(place, .minimum, elements, .float64, [count, 1], 0)
        elements[place] = 2
        try expect(place, .maximum, elements, .float32, [count, 1], 0)
        elements[count / 2] = 2
        try expect(min(place, count / 2), .maximum, elements, .float64, [count], 0)
      }
    }
  }

  private func expect(
    _ expected: Int, _ extreme: ArgReduction, _ elements: [Double], _ dtype: DType, _ shape: Shape,
    _ axis: Int
  ) throws {
    var random = Generator(63)
    let x = try Arrangement.contiguous.value(dtype, shape, .moderate, &random)
    for (k, element) in elements.enumerated() {
      if dtype == .float32 {
        x.base.storeBytes(of: Float(element), toByteOffset: 4 * k, as: Float.self)
      } else {
        x.base.storeBytes(of: element, toByteOffset: 8 * k, as: Double.self)
      }
    }
    var builder = TraceBuilder()
    builder.output(builder.argReduce(extreme, builder.leaf(x), axis))
    for engine in [.interpreter] + Runner.compiled.prefix(1) {
      guard case .values(let values) = engine.run(builder.trace) else {
        Issue.record("\(engine) failed")
        continue
      }
      #expect(
        values[0]?.bits(at: 0) == UInt64(expected), "\(engine) \(extreme) \(dtype)\(shape) \(axis)")
    }
  }
}
