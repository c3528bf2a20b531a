// Plans of random traces compute what the traces say.

import MartletFusion
import MartletIR
import Testing

/// A small generator with a fixed stream (splitmix64).
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// A random program over small shapes: views, broadcasts, reductions and everything else.
func randomTrace(seed: UInt64) -> Trace {
  var random = SplitMix(state: seed)
  var recorder = TraceRecorder()
  var values: [Trace.Operand] = []
  func shape(_ operand: Trace.Operand) -> Shape { recorder.trace.shape(of: operand) }
  func pick(_ count: Int) -> Int { Int.random(in: 0..<count, using: &random) }

  let base = (0..<Int.random(in: 1...3, using: &random)).map { _ in [1, 2, 3, 4, 9][pick(5)] }
  for _ in 0..<Int.random(in: 1...4, using: &random) {
    var dimensions = Array(base.suffix(pick(base.count + 1)))
    if pick(3) > 0 { dimensions = base }
    for axis in dimensions.indices where pick(5) == 0 { dimensions[axis] = 1 }
    if pick(60) == 0, !dimensions.isEmpty { dimensions[0] = 0 }
    var layout = Layout.rowMajor
    if pick(3) == 0 {
      // A transposed leaf at an offset.
      let strides = Layout.rowMajorStrides(Shape(dimensions.reversed()))
      layout = Layout(offset: 5, strides: strides.reversed())
    }
    values.append(recorder.leaf(Shape(dimensions), .int64, layout: layout))
  }
  let cheap: [ElementwiseOp] = [.add, .subtract, .multiply, .maximum, .abs, .negative]
  let costly: [ElementwiseOp] = [.divide, .exp, .sqrt, .pow, .tanh]
  for _ in 0..<Int.random(in: 2...24, using: &random) {
    let x = values[max(0, values.count - 1 - pick(min(values.count, 6)))]
    let s = shape(x)
    var made: Trace.Operand?
    switch pick(21) {
    case 0..<9:
      let op = pick(3) == 0 ? costly[pick(costly.count)] : cheap[pick(cheap.count)]
      if op.arity == 1 {
        made = recorder.apply(op, x)
      } else if pick(4) == 0 {
        let scalar = Trace.Operand.scalar(Scalar(wrapping: Int64(pick(3)), as: .int64))
        made = pick(2) == 0 ? recorder.apply(op, x, scalar) : recorder.apply(op, scalar, x)
      } else {
        let partners = values.filter { shape($0).broadcast(with: s) != nil }
        let y = partners[pick(partners.count)]
        if (shape(y).broadcast(with: s)?.elementCount ?? 0) < 3000 {
          made = recorder.apply(op, x, y)
        }
      }
    case 9:
      made = recorder.cast(x, pick(2) == 0 ? .int64 : .int32)
      made = made.map { recorder.cast($0, .int64) }
    case 10...11:
      if s.rank > 0 {
        let axes = (0..<s.rank).filter { _ in pick(2) == 0 }
        made = recorder.reduce([.sum, .maximum, .product][pick(3)], x, axes)
      }
    case 12: made = recorder.permute(x, Array(0..<s.rank).shuffled(using: &random))
    case 13: if s.rank > 0 { made = recorder.flip(x, [pick(s.rank)]) }
    case 14:
      let slices = s.dimensions.map { extent -> AxisSlice in
        guard extent > 1, pick(2) == 0 else { return .whole(extent) }
        let step = [1, 1, 2, -1][pick(4)]
        let start = pick(extent)
        let room = step > 0 ? (extent - start + step - 1) / step : start + 1
        return AxisSlice(start: start, step: step, count: 1 + pick(room))
      }
      made = recorder.slice(x, slices)
    case 15...16:
      switch pick(3) {
      case 0: made = recorder.reshape(x, [s.elementCount])
      case 1: made = recorder.reshape(x, Shape(s.dimensions + [1]))
      default:
        var dimensions = s.dimensions
        if dimensions.count > 1 {
          let last = dimensions.removeLast()
          dimensions[dimensions.count - 1] *= last
        }
        made = recorder.reshape(x, Shape(dimensions))
      }
    case 17:
      let target = Shape([2] + s.dimensions.map { $0 == 1 ? 3 : $0 })
      if target.elementCount < 3000, target.rank < 5 { made = recorder.broadcast(x, target) }
    case 18:
      if s.rank > 0, s.elementCount < 1000 {
        if pick(2) == 0 {
          let axis = pick(s.rank)
          let partners = values.filter { y in
            shape(y).rank == s.rank
              && (0..<s.rank).allSatisfy { $0 == axis || shape(y)[$0] == s[$0] }
          }
          made = recorder.concatenate([x, partners[pick(partners.count)], x], axis)
        } else {
          let low = s.map { _ in pick(3) }
          let high = s.map { _ in pick(2) }
          made = recorder.pad(x, low: low, high: high, .scalar(Scalar(wrapping: 7, as: .int64)))
        }
      }
    case 19:
      let indices = values.filter { shape($0).rank < 3 && shape($0).elementCount < 20 }
      if s.rank > 0, s.rank < 4, !indices.isEmpty {
        let (axis, index) = (pick(s.rank), indices[pick(indices.count)])
        if s.elementCount / max(s[axis], 1) * shape(index).elementCount < 3000 {
          made = recorder.gather(x, index, axis)
        }
      }
    case 20 where pick(2) == 0:
      if s.rank > 0 { made = recorder.scan(Scan.allCases[pick(4)], x, pick(s.rank)) }
    default:
      made =
        pick(2) == 0
        ? recorder.iota(s)
        : recorder.node(
          .argReduce(.maximum, 0), .int64, s.rank > 0 ? Shape([1] + s.dimensions.dropFirst()) : s,
          [x])
    }
    if let made { values.append(made) }
    if pick(30) == 0 {
      // One formula for several arrays, some of which read what another one reads or makes.
      let (reduces, shared) = (pick(3) == 0, recorder.leaf(Shape(base), .int64))
      for _ in 0..<2 + pick(3) {
        let own = pick(2) == 0 ? Shape(base) : [2 + pick(9)]
        let p = pick(4) == 0 ? values[values.count - 1] : recorder.leaf(own, .int64)
        let isShared = pick(3) == 0 && shape(p) == shape(shared)
        let m = isShared ? shared : recorder.leaf(shape(p), .int64)
        var made = recorder.add(recorder.apply(.sqrt, recorder.add(p, m)), p)
        if reduces, shape(p).rank > 0 { made = recorder.reduce(.sum, made, [shape(p).rank - 1]) }
        recorder.output(made)
        values.append(made)
      }
    }
  }
  let nodes = values.filter { if case .node = $0 { true } else { false } }
  for value in nodes where pick(6) == 0 { recorder.output(value) }
  if let last = nodes.last { recorder.output(last) }
  return recorder.trace
}

@Suite struct RandomTraceTests {
  @Test(arguments: [true, false])
  func plansComputeTheirTraces(fusion: Bool) {
    for seed in 0..<500 {
      let trace = randomTrace(seed: UInt64(seed))
      let plan = Scheduler.plan(trace, fusion: fusion)
      let found = differences(plan, trace)
      #expect(found.isEmpty, "seed \(seed): \(found.prefix(3))\n\(plan)")
      if !found.isEmpty { break }
    }
  }

  /// Small budgets cut every kernel to pieces.
  @Test func smallBudgetsChangeNothing() {
    var costs = CostModel()
    costs.instructions = 3
    costs.inputs = 2
    costs.outputs = 2
    for seed in 0..<500 {
      let trace = randomTrace(seed: UInt64(seed))
      let plan = Scheduler.plan(trace, costs: costs)
      let found = differences(plan, trace)
      #expect(found.isEmpty, "seed \(seed): \(found.prefix(3))\n\(plan)")
      if !found.isEmpty { break }
    }
  }
}
