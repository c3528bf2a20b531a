// Random programs as traces: every kind of op over a few dtypes and small shapes.

import CampaignSupport
import MartletIR

/// Grows a trace one random op at a time.
struct RandomTrace {
  private var random: Generator
  private(set) var builder = TraceBuilder()
  private var values: [Trace.Operand] = []
  private let dtypes: [DType]
  private let sampling: Sampling
  private let base: [Int]
  private let largest: Int

  /// The program of `seed`, with 2 to 40 ops.
  static func make(_ seed: UInt64) throws -> Trace {
    var program = try RandomTrace(seed)
    return try program.grow()
  }

  private init(_ seed: UInt64) throws {
    var random = Generator(seed)
    dtypes = (0..<1 + random.pick(3)).map { _ in
      random.chance(2) ? random.pick(from: DType.floating) : random.pick(from: DType.allCases)
    }
    sampling = random.chance(3) ? .mixed : .moderate
    let isLarge = random.chance(25)
    largest = isLarge ? 60_000 : 3000
    let extents = isLarge ? [3, 40, 129, 300] : [1, 2, 3, 4, 5, 7, 8, 16, 17, 33, 65]
    var base: [Int] = []
    for _ in 0..<1 + random.pick(3) {
      let extent = random.pick(from: extents)
      if base.reduce(extent, *) <= largest / 2 { base.append(extent) }
    }
    if base.count == 1, random.chance(4) { base = [random.pick(from: [63, 64, 1000, 2900])] }
    if random.chance(30) { base[random.pick(base.count)] = 0 }
    self.base = base
    self.random = random
  }

  private mutating func grow() throws -> Trace {
    for _ in 0..<1 + random.pick(4) { try addLeaf() }
    let count = 2 + random.pick(39)
    while builder.trace.nodes.count < count {
      let x = recent()
      if let made = try step(x) { values.append(made) }
      if random.chance(40) { try updates() }
    }
    // The ops that a step adds to bring operands in shape may exceed the 40 by a few.
    let nodes = values.filter { if case .node = $0 { true } else { false } }
    for value in nodes where random.chance(6) { builder.output(value) }
    if let last = nodes.last { builder.output(last) }
    for leaf in builder.trace.leaves.indices where random.chance(3) {
      let buffer = builder.trace.leaves[leaf].buffer
      let isShared = builder.trace.leaves.count { $0.buffer === buffer } > 1
      builder.trace.isLeafDying[leaf] = !isShared
    }
    return builder.trace
  }

  // Choices.

  /// A value, the latest ones most often.
  private mutating func recent() -> Trace.Operand {
    values[max(0, values.count - 1 - random.pick(min(values.count, 6)))]
  }

  private mutating func arrangement() -> Arrangement {
    random.chance(2)
      ? .contiguous : random.pick(from: Arrangement.allCases.filter(\.keepsShape))
  }

  private mutating func addLeaf() throws {
    if random.chance(6), case .leaf(let leaf)? = values.first {
      // Another view of a buffer that is there already.
      var value = builder.trace.leaves[leaf]
      if let layout = value.layout.applying(
        .flip(.all(rank: value.shape.rank)), from: value.shape, to: value.shape)
      {
        value.layout = layout
        values.append(builder.leaf(value))
        return
      }
    }
    var dimensions = random.chance(3) ? Array(base.suffix(random.pick(base.count + 1))) : base
    for axis in dimensions.indices where random.chance(5) { dimensions[axis] = 1 }
    let value = try arrangement().value(
      random.pick(from: dtypes), Shape(dimensions), sampling, &random)
    values.append(builder.leaf(value))
  }

  private mutating func immediate(_ dtype: DType) -> Trace.Operand {
    .scalar(Scalar(dtype: dtype, bits: dtype.sample(sampling, &random)))
  }

  private mutating func cast(_ x: Trace.Operand, _ dtype: DType) -> Trace.Operand {
    builder.dtype(x) == dtype ? x : builder.cast(x, dtype)
  }

  /// A value that broadcasts with `shape` without growing too large, or a single number.
  private mutating func partner(_ shape: Shape) -> Trace.Operand {
    let partners = values.filter { value in
      guard let common = builder.shape(value).broadcast(with: shape) else { return false }
      return common.elementCount <= largest
    }
    return partners.isEmpty
      ? immediate(random.pick(from: dtypes)) : random.pick(from: partners)
  }

  // Steps.

  private mutating func step(_ x: Trace.Operand) throws -> Trace.Operand? {
    let shape = builder.shape(x)
    switch random.pick(40) {
    case 0..<9: return unary(x)
    case 9..<20: return binary(x)
    case 20..<23: return ternary(x)
    case 23..<25: return builder.cast(x, random.pick(from: DType.allCases))
    case 25..<29: return reduction(x)
    case 29..<34: return view(x)
    case 34: return builder.iota(shape)
    case 35: return join(x)
    case 36: return shape.rank > 0 ? pad(x) : nil
    case 37: return try indexing(x)
    case 38: return product(x)
    default:
      try addLeaf()
      return nil
    }
  }

  /// An op of `arity`, and the dtype in which it computes operands of `dtype`.
  private mutating func op(_ arity: Int, _ dtype: DType) -> (ElementwiseOp, DType) {
    let ops = ElementwiseOp.allCases.filter { op in
      op.arity == arity && op.definition.computingDType(dtype) != nil
    }
    var op = random.pick(from: ops)
    // Half of the time an op that keeps its dtype: few programs should end as bool.
    if random.chance(2), op.definition.rule.yieldsBool { op = random.pick(from: ops) }
    return (op, op.definition.computingDType(dtype) ?? dtype)
  }

  private mutating func unary(_ x: Trace.Operand) -> Trace.Operand {
    let (op, dtype) = op(1, builder.dtype(x))
    return builder.apply(op, cast(x, dtype))
  }

  private mutating func binary(_ x: Trace.Operand) -> Trace.Operand? {
    var y = partner(builder.shape(x))
    if random.chance(4) { y = immediate(builder.dtype(x)) }
    guard let common = builder.dtype(x).promoted(with: builder.dtype(y)) else { return nil }
    let (op, dtype) = op(2, common)
    var (a, b) = (cast(x, dtype), cast(y, dtype))
    if random.chance(3) { (a, b) = (b, a) }
    if op == .pow, dtype.kind == .signed {
      // A negative exponent would be an error.
      b = builder.apply(.bitwiseAnd, b, .scalar(dtype.highest))
    }
    return builder.apply(op, a, b)
  }

  private mutating func ternary(_ x: Trace.Operand) -> Trace.Operand? {
    let y = random.chance(4) ? immediate(builder.dtype(x)) : partner(builder.shape(x))
    guard let shape = builder.shape(x).broadcast(with: builder.shape(y)) else { return nil }
    let z = partner(shape)
    guard let first = builder.dtype(x).promoted(with: builder.dtype(y)),
      let common = first.promoted(with: builder.dtype(z))
    else { return nil }
    let (op, dtype) = op(3, common)
    let first0 = op == .select ? cast(z, .bool) : cast(z, dtype)
    return builder.apply(op, first0, cast(x, dtype), cast(y, dtype))
  }

  private mutating func reduction(_ x: Trace.Operand) -> Trace.Operand? {
    let shape = builder.shape(x)
    guard shape.rank > 0 else { return nil }
    if random.chance(8) {
      let axis = random.pick(shape.rank)
      guard shape[axis] > 0 else { return nil }
      return builder.argReduce(random.pick(from: ArgReduction.allCases), x, axis)
    }
    if random.chance(5) {
      return builder.scan(random.pick(from: Scan.allCases), x, random.pick(shape.rank))
    }
    let axes = (0..<shape.rank).filter { _ in random.chance(2) }
    let reduction = random.pick(from: Reduction.allCases)
    let dtype = builder.dtype(x)
    switch reduction {
    case .any, .all: return builder.reduce(reduction, cast(x, .bool), axes)
    case .mean:
      return builder.reduce(.mean, cast(x, dtype.isFloatingPoint ? dtype : .float32), axes)
    case .sum, .product:
      let wide: DType =
        switch dtype.kind {
        case .bool, .signed: .int64
        case .unsigned: .uint64
        case .float: dtype
        }
      return builder.reduce(reduction, cast(x, wide), axes)
    case .maximum, .minimum:
      guard !axes.contains(where: { shape[$0] == 0 }) else { return nil }
      return builder.reduce(reduction, dtype == .bool ? cast(x, .uint8) : x, axes)
    }
  }

  private mutating func view(_ x: Trace.Operand) -> Trace.Operand? {
    let shape = builder.shape(x)
    switch random.pick(6) {
    case 0: return builder.permute(x, Array(0..<shape.rank).shuffled(using: &random))
    case 1: return builder.flip(x, (0..<shape.rank).filter { _ in random.chance(2) })
    case 2...3: return slice(x)
    case 4: return reshape(x)
    default:
      let target = Shape(
        (random.chance(2) ? [1 + random.pick(3)] : [])
          + shape.map { $0 == 1 ? 1 + random.pick(5) : $0 })
      guard target.elementCount <= largest, target.rank < 6 else { return nil }
      return builder.broadcast(x, target)
    }
  }

  private mutating func slice(_ x: Trace.Operand) -> Trace.Operand {
    let slices = builder.shape(x).dimensions.map { extent -> AxisSlice in
      guard extent > 1, random.chance(2) else { return .whole(extent) }
      let step = random.pick(from: [1, 1, 1, 2, 3, -1, -2])
      let start = random.pick(extent)
      let room = step > 0 ? (extent - start + step - 1) / step : start / -step + 1
      let count = random.chance(40) ? 0 : 1 + random.pick(room)
      return AxisSlice(start: start, step: step, count: count)
    }
    return builder.slice(x, slices)
  }

  private mutating func reshape(_ x: Trace.Operand) -> Trace.Operand {
    let shape = builder.shape(x)
    var dimensions = shape.dimensions
    switch random.pick(4) {
    case 0: dimensions = [shape.elementCount]
    case 1: dimensions.insert(1, at: random.pick(dimensions.count + 1))
    case 2:
      if dimensions.count > 1 {
        let axis = random.pick(dimensions.count - 1)
        dimensions[axis] *= dimensions.remove(at: axis + 1)
      }
    default:
      if let axis = dimensions.firstIndex(where: { $0 > 1 }) {
        let extent = dimensions[axis]
        let factors = (2...extent).filter { extent % $0 == 0 }
        let factor = random.pick(from: factors)
        dimensions[axis] = extent / factor
        dimensions.insert(factor, at: axis + 1)
      }
    }
    guard dimensions.count < 7 else { return x }
    return builder.reshape(x, Shape(dimensions))
  }

  private mutating func join(_ x: Trace.Operand) -> Trace.Operand? {
    let shape = builder.shape(x)
    guard shape.rank > 0, shape.elementCount <= largest / 3 else { return nil }
    let axis = random.pick(shape.rank)
    let dtype = builder.dtype(x)
    let partners = values.filter { y in
      let other = builder.shape(y)
      return builder.dtype(y) == dtype && other.rank == shape.rank
        && other.elementCount <= largest / 3
        && (0..<shape.rank).allSatisfy { $0 == axis || other[$0] == shape[$0] }
    }
    let y = partners.isEmpty ? x : random.pick(from: partners)
    return builder.concatenate(random.chance(2) ? [x, y] : [y, x, x], axis)
  }

  private mutating func pad(_ x: Trace.Operand) -> Trace.Operand? {
    let shape = builder.shape(x)
    let low = shape.map { _ in random.pick(3) }
    let high = shape.map { _ in random.pick(3) }
    let total = shape.indices.reduce(1) { $0 * (shape[$1] + low[$1] + high[$1]) }
    guard total <= largest else { return nil }
    return builder.pad(x, low: low, high: high, immediate(builder.dtype(x)))
  }

  /// Indices are those of a leaf, or computed: a remainder by the extent is always in range.
  private mutating func indexing(_ x: Trace.Operand) throws -> Trace.Operand? {
    let shape = builder.shape(x)
    guard shape.rank > 0 else { return nil }
    let axis = random.pick(shape.rank)
    guard shape[axis] > 0 else { return nil }
    let count: Shape = random.chance(6) ? [2, 3] : [random.pick(9)]
    var indices = builder.leaf(try Arrangement.contiguous.value(.int64, count, .mixed, &random))
    indices = builder.apply(
      .remainder, indices, .scalar(Scalar(wrapping: Int64(shape[axis]), as: .int64)))
    if random.chance(2) {
      indices = builder.apply(
        .subtract, indices,
        .scalar(Scalar(wrapping: random.chance(2) ? Int64(shape[axis]) : 0, as: .int64)))
    }
    let slices = builder.gathered(x, indices, axis)
    guard slices.elementCount <= largest else { return nil }
    if random.chance(2) { return builder.gather(x, indices, axis) }
    let scatter: Op.Scatter = random.chance(2) ? .add : .replace
    let updates = builder.leaf(
      try arrangement().value(builder.dtype(x), slices, sampling, &random))
    return builder.scatter(scatter, x, indices, updates, axis)
  }

  /// One formula for several arrays, as an optimizer applies it: launches that may be merged, of
  /// which some read what another one reads or writes.
  private mutating func updates() throws {
    let dtype = random.pick(from: dtypes.contains(.float64) ? DType.floating : [.float32])
    let (rate, form) = (immediate(dtype), random.pick(5))
    var made: [Trace.Operand] = []
    var state: Trace.Operand?
    for _ in 0..<2 + random.pick(4) {
      var dimensions = base
      if random.chance(2) { dimensions = [1 + random.pick(largest / 4)] }
      var p = builder.leaf(
        try Arrangement.contiguous.value(dtype, Shape(dimensions), sampling, &random))
      if random.chance(4), let last = made.last { p = last }
      let shape = builder.shape(p)
      if state.map({ builder.shape($0) != shape }) ?? true || random.chance(2) {
        state = builder.leaf(try Arrangement.contiguous.value(dtype, shape, sampling, &random))
      }
      guard let m = state else { return }
      let mean = builder.apply(.add, builder.apply(.multiply, m, rate), p)
      let axes = [max(0, shape.rank - 1)]
      let result =
        switch form {
        case 0 where shape.rank > 0: builder.apply(.subtract, p, builder.reduce(.sum, mean, axes))
        case 1 where shape.rank > 0: builder.reduce(.sum, mean, [0])
        case 2 where shape.rank > 0: builder.scan(.sum, mean, shape.rank - 1)
        default: builder.apply(.subtract, p, builder.apply(.sqrt, mean))
        }
      made.append(result)
      values.append(result)
      builder.output(result)
      if random.chance(2) { builder.output(mean) }
    }
  }

  private mutating func product(_ x: Trace.Operand) -> Trace.Operand? {
    let shape = builder.shape(x)
    guard shape.rank >= 2, builder.dtype(x) != .bool else { return nil }
    let (m, k) = (shape[shape.rank - 2], shape[shape.rank - 1])
    let batch = shape.elementCount == 0 ? 1 : shape.elementCount / (m * k)
    guard batch * m * m <= largest, batch * m * m * k <= 40 * largest else { return nil }
    var axes = Array(0..<shape.rank)
    axes.swapAt(shape.rank - 1, shape.rank - 2)
    return builder.matmul(x, builder.permute(x, axes))
  }
}
