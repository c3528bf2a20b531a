// Gathers inside kernels and scattered sums, over every dtype and layout and at the sizes of lanes.

import CampaignSupport
import MartletIR
import Testing

@Suite struct GatherTests {
  /// Rows of a table with what is computed from them, at lengths around vectors and blocks.
  @Test(arguments: DType.allCases) func rows(_ dtype: DType) throws {
    var campaign = Campaign()
    guard campaign.isActive else { return }
    var random = Generator(71)
    for arrangement in [Arrangement.contiguous, .offset, .transposed, .stepped, .reversed] {
      for length in [1, 15, 16, 17, 63, 64, 65, 4095, 4096, 4097] {
        if length > 65, arrangement != .contiguous { continue }
        var builder = TraceBuilder()
        let table = try builder.leaf(arrangement, dtype, [9, length], &random, .moderate)
        let places = builder.leaf(try indices([2, 7], 9, &random))
        let bias = try builder.leaf(.contiguous, dtype, [length], &random, .moderate)
        let rows = builder.gather(table, places, 0)
        builder.output(rows, builder.apply(.equal, rows, bias))
        // A part of the rows' columns, and places that the kernel computes.
        let number = builder.leaf(try indices([5], 3, &random))
        let computed = builder.apply(.abs, builder.cast(number, .int32))
        let few = builder.gather(table, builder.cast(computed, .int64), 0)
        let slices = [AxisSlice.whole(5), AxisSlice(start: 0, step: 1, count: (length + 1) / 2)]
        builder.output(
          builder.apply(.select, builder.apply(.less, few, bias), few, bias),
          builder.apply(.equal, builder.slice(few, slices), builder.slice(few, slices)))
        campaign.check(builder.trace, "\(dtype)[9, \(length)] \(arrangement)")
      }
    }
    campaign.report("gathered rows of \(dtype)")
  }

  /// Along every axis, with indices of every rank, and by every kind of kernel: what is gathered is
  /// reduced, normalized and searched.
  @Test(arguments: [DType.float32, .float64, .int16]) func everyKernel(_ dtype: DType) throws {
    var campaign = Campaign()
    guard campaign.isActive else { return }
    var random = Generator(72)
    for arrangement in Arrangement.allCases where arrangement.keepsShape {
      for (shape, places) in [
        ([70], [130]), ([9, 67], [66]), ([67, 9], []), ([5, 1, 7], [2, 3]), ([3, 66, 5], [70]),
      ] as [(Shape, Shape)] {
        for axis in 0..<shape.rank {
          var builder = TraceBuilder()
          let x = try builder.leaf(arrangement, dtype, shape, &random, .moderate)
          let index = builder.leaf(try indices(places, shape[axis], &random))
          let taken = builder.gather(x, index, axis)
          let doubled = builder.apply(.add, taken, taken)
          builder.output(doubled)
          for reduced in 0..<builder.shape(taken).rank {
            let largest = builder.reduce(.maximum, taken, [reduced])
            let shifted = builder.apply(.subtract, taken, largest)
            builder.output(
              builder.reduce(.sum, doubled, [reduced]), shifted,
              builder.argReduce(.maximum, doubled, reduced),
              builder.apply(.multiply, shifted, builder.reduce(.sum, shifted, [reduced])))
          }
          campaign.check(
            builder.trace, "\(dtype)\(shape) \(arrangement) at \(places) along \(axis)")
        }
      }
    }
    campaign.report("kernels that gather \(dtype)")
  }

  /// Gathers from what is computed, from the index and from other gathers.
  @Test func chains() throws {
    var campaign = Campaign()
    guard campaign.isActive else { return }
    var random = Generator(73)
    for length in [1, 16, 65] {
      var builder = TraceBuilder()
      let x = try builder.leaf(.contiguous, .float32, [12, length], &random, .moderate)
      let made = builder.apply(.tanh, x)
      let (a, b) = (
        builder.leaf(try indices([40], 12, &random)), builder.leaf(try indices([8], 40, &random))
      )
      let twice = builder.gather(builder.gather(made, a, 0), b, 0)
      let through = builder.gather(made, builder.gather(a, b, 0), 0)
      let numbers = builder.gather(builder.flip(builder.iota([12, length]), [0]), a, 0)
      let places = builder.argReduce(.maximum, x, 0)
      builder.output(
        twice, through, builder.apply(.add, numbers, numbers),
        builder.gather(x, builder.reshape(places, [length]), 0))
      campaign.check(builder.trace, "chains of \(length)")
    }
    campaign.report("chains of gathers")
  }

  /// An index that is out of range is the same error at the same site, wherever it stands and
  /// however little of the values is asked for; nothing is read there.
  @Test func badIndices() throws {
    var random = Generator(74)
    for length in [1, 16, 65] {
      for (place, index) in [(0, 9), (6, -10), (12, .max), (3, .min)] as [(Int, Int64)] {
        let places = try indices([13], 9, &random)
        places.base.storeBytes(of: index, toByteOffset: 8 * place, as: Int64.self)
        for variant in 0..<5 {
          var builder = TraceBuilder()
          let x = try builder.leaf(.contiguous, .float32, [9, length], &random, .moderate)
          let updates = try builder.leaf(.contiguous, .float32, [13, length], &random, .moderate)
          let taken =
            variant < 4
            ? builder.gather(x, builder.leaf(places), 0)
            : builder.scatter(.add, x, builder.leaf(places), updates, 0)
          builder.trace.nodes[0].site = TensorError.Location(file: "Tests/File.swift", line: 47)
          switch variant {
          case 0, 4: builder.output(taken)
          case 1: builder.output(builder.reduce(.sum, taken, [0, 1]))
          case 2:
            let part = [AxisSlice(start: 9, step: 1, count: 2), .whole(length)]
            builder.output(builder.slice(builder.apply(.exp, taken), part))
          default:
            // The side that is not chosen.
            let never = builder.apply(.less, x, x)
            let first = builder.slice(never, [.whole(1), .whole(length)])
            builder.output(builder.apply(.select, first, taken, updates))
          }
          guard case .failure(let expected) = Runner.interpreter.run(builder.trace) else {
            Issue.record("\(index) is no error")
            continue
          }
          #expect(expected.kind == .index && expected.location?.line == 47)
          for engine in Runner.compiled + [.automatic] {
            guard case .failure(let error) = engine.run(builder.trace) else {
              Issue.record("\(engine): \(index) at \(place) is no error in variant \(variant)")
              continue
            }
            #expect(error == expected, "\(engine)")
          }
        }
      }
    }
  }

  /// Indices are looked at where there is nothing to read, too.
  @Test func badIndicesOfNothing() throws {
    var random = Generator(75)
    for (shape, axis) in [([3, 0], 0), ([0, 2], 0), ([0, 3], 1)] as [(Shape, Int)] {
      var builder = TraceBuilder()
      let x = try builder.leaf(.contiguous, .float32, shape, &random)
      let places = try Arrangement.contiguous.value(.int64, [2], .moderate, &random)
      for k in 0..<2 { places.base.storeBytes(of: 7, toByteOffset: 8 * k, as: Int64.self) }
      builder.output(builder.gather(x, builder.leaf(places), axis))
      for engine in [.interpreter] + Runner.compiled {
        guard case .failure(let error) = engine.run(builder.trace) else {
          Issue.record("\(engine): no error for \(shape) along \(axis)")
          continue
        }
        #expect(error.kind == .index)
      }
    }
  }

  /// Sums of few and of many updates a place, so that lanes and blocks fill, onto any base.
  @Test(arguments: DType.allCases) func scatteredSums(_ dtype: DType) throws {
    var campaign = Campaign()
    guard campaign.isActive else { return }
    var random = Generator(76)
    for (shape, axis, count) in [
      ([5, 65], 0, 300), ([300, 3], 0, 200), ([2, 130], 0, 9000), ([3, 7, 5], 1, 90),
      ([4, 6], 1, 77),
      ([3], 0, 12_289),
    ] as [(Shape, Int, Int)] {
      for arrangement in [Arrangement.contiguous, .transposed, .stretched] {
        if count > 1000, arrangement != .contiguous { continue }
        var builder = TraceBuilder()
        let base = try builder.leaf(arrangement, dtype, shape, &random, .moderate)
        let places = builder.leaf(try indices([count], shape[axis], &random))
        let updates = try builder.leaf(
          arrangement, dtype, builder.gathered(base, places, axis), &random, .moderate)
        let sum = builder.scatter(.add, base, places, updates, axis)
        builder.output(sum, builder.apply(.equal, sum, base))
        campaign.check(builder.trace, "\(dtype)\(shape) \(arrangement), \(count) along \(axis)")
      }
    }
    campaign.report("scattered sums of \(dtype)")
  }

  /// Places along an axis of `extent` elements, half of them from the end.
  private func indices(_ shape: Shape, _ extent: Int, _ random: inout Generator) throws -> Value {
    let value = try Arrangement.contiguous.value(.int64, shape, .moderate, &random)
    for k in 0..<shape.elementCount {
      value.base.storeBytes(
        of: Int64(random.pick(2 * extent) - extent), toByteOffset: 8 * k, as: Int64.self)
    }
    return value
  }
}
