// Views, joins, indexing and products over every dtype and layout, alone and between kernels.

import CampaignSupport
import MartletIR
import Testing

@Suite struct StructureTests {
  private let shapes: [Shape] = [[67], [1], [9, 17], [5, 1], [2, 3, 5], [0, 4], [3, 0]]

  /// Views of arrays and views of views, read by a kernel and kept as outputs.
  @Test(arguments: DType.allCases) func views(_ dtype: DType) throws {
    var campaign = Campaign()
    guard campaign.isActive else { return }
    var random = Generator(21)
    for arrangement in Arrangement.allCases where arrangement.keepsShape {
      for shape in shapes {
        var builder = TraceBuilder()
        let x = try builder.leaf(arrangement, dtype, shape, &random)
        let other = builder.apply(.equal, x, x)
        for source in [x, other, builder.cast(x, .float32)] {
          let slices = shape.dimensions.map { extent in
            AxisSlice(start: extent > 0 ? extent - 1 : 0, step: -2, count: (extent + 1) / 2)
          }
          let views = [
            builder.permute(source, Array((0..<shape.rank).reversed())),
            builder.flip(source, Array(0..<shape.rank)),
            builder.reshape(source, [shape.elementCount]),
            builder.broadcast(source, Shape([2] + shape.dimensions)),
            builder.slice(source, slices),
          ]
          for view in views {
            let again = builder.flip(view, [0])
            builder.output(view, again, builder.apply(.equal, view, again))
          }
        }
        campaign.check(builder.trace, "\(dtype)\(shape) \(arrangement)")
      }
    }
    campaign.report("views of \(dtype)")
  }

  @Test(arguments: DType.allCases) func joins(_ dtype: DType) throws {
    var campaign = Campaign()
    guard campaign.isActive else { return }
    var random = Generator(22)
    for arrangement in Arrangement.allCases where arrangement.keepsShape {
      for shape in shapes {
        var builder = TraceBuilder()
        let x = try builder.leaf(arrangement, dtype, shape, &random)
        let y = try builder.leaf(.contiguous, dtype, shape, &random)
        let made = builder.apply(.select, builder.apply(.equal, x, y), x, y)
        for axis in 0..<shape.rank {
          builder.output(
            builder.concatenate([x, y], axis), builder.concatenate([made, x, made], axis))
          builder.output(
            builder.apply(.less, builder.concatenate([y, made], axis), x.broadcastable(builder)))
        }
        let low = shape.indices.map { $0 % 3 }
        let high = shape.indices.map { ($0 + 1) % 2 * 2 }
        let number = builder.immediate(dtype, &random)
        builder.output(
          builder.pad(x, low: low, high: high, number),
          builder.pad(made, low: high, high: low, number))
        campaign.check(builder.trace, "\(dtype)\(shape) \(arrangement)")
      }
    }
    campaign.report("joins of \(dtype)")
  }

  @Test(arguments: DType.allCases) func indexing(_ dtype: DType) throws {
    var campaign = Campaign()
    guard campaign.isActive else { return }
    var random = Generator(23)
    for arrangement in [Arrangement.contiguous, .transposed, .stepped, .reversed, .stretched] {
      for shape in shapes {
        var builder = TraceBuilder()
        let x = try builder.leaf(arrangement, dtype, shape, &random, .moderate)
        let made = builder.apply(.select, builder.apply(.equal, x, x), x, x)
        for axis in 0..<shape.rank where shape[axis] > 0 {
          for count in [0, 1, 13] {
            let indices = try Arrangement.contiguous.value(.int64, [count], .mixed, &random)
            for k in 0..<count {
              let extent = shape[axis]
              indices.base.storeBytes(
                of: Int64(random.pick(2 * extent) - extent), toByteOffset: 8 * k, as: Int64.self)
            }
            let places = builder.leaf(indices)
            let updates = try builder.leaf(
              .transposed, dtype, builder.gathered(x, places, axis), &random, .moderate)
            builder.output(
              builder.gather(made, places, axis), builder.gather(x, places, axis),
              builder.scatter(.replace, x, places, updates, axis),
              builder.scatter(.add, made, places, updates, axis))
          }
          for reduction in [ArgReduction.maximum, .minimum] {
            builder.output(
              builder.argReduce(reduction, x, axis), builder.argReduce(reduction, made, axis))
          }
        }
        campaign.check(builder.trace, "\(dtype)\(shape) \(arrangement)")
      }
    }
    campaign.report("indexing of \(dtype)")
  }

  @Test(arguments: [DType.float32, .float64, .int64, .uint8]) func products(_ dtype: DType) throws {
    var campaign = Campaign()
    guard campaign.isActive else { return }
    var random = Generator(24)
    for arrangement in [Arrangement.contiguous, .transposed, .stepped, .reversed, .stretched] {
      for (m, k, n) in [(1, 1, 1), (3, 5, 7), (0, 3, 2), (3, 0, 2), (17, 33, 9), (70, 64, 65)] {
        var builder = TraceBuilder()
        let a = try builder.leaf(arrangement, dtype, [m, k], &random, .moderate)
        let b = try builder.leaf(.contiguous, dtype, [2, k, n], &random, .moderate)
        let doubled = builder.apply(.add, a, a)
        let wide = builder.reshape(doubled, [1, m, k])
        let product = builder.matmul(wide, b)
        builder.output(product, builder.apply(.multiply, product, product))
        campaign.check(builder.trace, "\(dtype) \(m)x\(k)x\(n) \(arrangement)")
      }
    }
    campaign.report("products of \(dtype)")
  }

  /// An index that is out of range is the same error in every engine.
  @Test func badIndices() throws {
    var random = Generator(25)
    for index in [-4, 3, Int64.max, Int64.min] as [Int64] {
      var builder = TraceBuilder()
      let x = try builder.leaf(.contiguous, .float32, [3], &random)
      builder.output(builder.gather(x, .scalar(Scalar(wrapping: index, as: .int64)), 0))
      for engine in [.interpreter] + Runner.compiled {
        guard case .failure(let error) = engine.run(builder.trace) else {
          Issue.record("\(engine): index \(index) is no error")
          continue
        }
        #expect(error.kind == .index, "\(engine): \(error)")
      }
    }
  }
}

extension Trace.Operand {
  /// One element of this operand, which broadcasts with anything.
  fileprivate func broadcastable(_ builder: TraceBuilder) -> Trace.Operand {
    .scalar(Scalar(dtype: builder.dtype(self), bits: 1))
  }
}
