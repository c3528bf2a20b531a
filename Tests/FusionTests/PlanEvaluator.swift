// Runs plans and traces element by element in an arithmetic in which no two computations agree.

import MartletFusion
import MartletIR

/// The value of an element is a hash of how it was computed, so that a wrong stride, operand or order
/// shows. Reductions hash their elements in order, which tells the order of R14 from any other.
enum HashArithmetic {
  static func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
    var h = (a ^ (b &+ 0x9E37_79B9_7F4A_7C15)) &* 0xBF58_476D_1CE4_E5B9
    h ^= h >> 27
    h = h &* 0x94D0_49BB_1331_11EB
    return h ^ h >> 31
  }

  static func apply(_ op: ElementwiseOp, _ operands: [UInt64]) -> UInt64 {
    operands.reduce(UInt64(op.rawValue) &+ 1000) { mix($0, $1) }
  }

  /// A cast to the same dtype changes nothing.
  static func cast(_ value: UInt64, from: DType, to dtype: DType) -> UInt64 {
    from == dtype ? value : mix(UInt64(dtype.rawValue) &+ 2000, value)
  }

  static func scalar(_ scalar: Scalar) -> UInt64 {
    mix(scalar.bits, UInt64(scalar.dtype.rawValue) &+ 3000)
  }

  static func start(_ reduction: Reduction) -> UInt64 { UInt64(reduction.rawValue) &+ 4000 }

  static func element(ofLeaf leaf: Int, at address: Int) -> UInt64 {
    mix(UInt64(leaf) &+ 5000, UInt64(bitPattern: Int64(address)))
  }

  static func index(_ address: Int) -> UInt64 {
    mix(6000, UInt64(bitPattern: Int64(address)))
  }

  /// An element of a library node: it depends on all operands.
  static func library(_ operands: [[UInt64]], _ position: Int) -> UInt64 {
    operands.reduce(mix(7000, UInt64(position))) { h, operand in operand.reduce(h) { mix($0, $1) } }
  }
}

/// All positions of a space in row-major order, under several layouts at once.
func forEachPoint(_ extents: [Int], _ body: ([Int]) -> Void) {
  if extents.contains(0) { return }
  var point = [Int](repeating: 0, count: extents.count)
  while true {
    body(point)
    var axis = extents.count - 1
    while axis >= 0 {
      point[axis] += 1
      if point[axis] < extents[axis] { break }
      point[axis] = 0
      axis -= 1
    }
    if axis < 0 { return }
  }
}

func address(_ point: [Int], _ offset: Int, _ strides: [Int]) -> Int {
  zip(point, strides).reduce(offset) { $0 + $1.0 * $1.1 }
}

/// Evaluates each node of a trace by its definition.
struct TraceEvaluator {
  let trace: Trace
  private(set) var values: [[UInt64]] = []

  init(_ trace: Trace) {
    self.trace = trace
    for node in trace.nodes { values.append(evaluate(node)) }
  }

  private func elements(_ operand: Trace.Operand) -> [UInt64] {
    switch operand {
    case .node(let index): return values[index]
    case .scalar(let scalar): return [HashArithmetic.scalar(scalar)]
    case .leaf(let index):
      let leaf = trace.leaves[index]
      var result: [UInt64] = []
      let strides = leaf.layout.strides(for: leaf.shape)
      forEachPoint(leaf.shape.dimensions) { point in
        let place = address(point, leaf.layout.offset, strides)
        result.append(HashArithmetic.element(ofLeaf: index, at: place))
      }
      return result
    }
  }

  /// The elements of an operand stretched to `shape`.
  private func elements(_ operand: Trace.Operand, stretchedTo shape: Shape) -> [UInt64] {
    let own = trace.shape(of: operand)
    let all = elements(operand)
    let strides = Layout.rowMajorStrides(own)
    var result: [UInt64] = []
    forEachPoint(shape.dimensions) { point in
      let tail = point.suffix(own.rank)
      let place = zip(tail, 0..<own.rank).reduce(0) { sum, pair in
        sum + (own[pair.1] == 1 ? 0 : pair.0 * strides[pair.1])
      }
      result.append(all[place])
    }
    return result
  }

  private func evaluate(_ node: Trace.Node) -> [UInt64] {
    let shape = node.shape
    switch node.op {
    case .elementwise(let op):
      let operands = node.operands.map { elements($0, stretchedTo: shape) }
      return (0..<shape.elementCount).map { i in HashArithmetic.apply(op, operands.map { $0[i] }) }
    case .cast:
      let from = trace.dtype(of: node.operands[0])
      return elements(node.operands[0]).map { HashArithmetic.cast($0, from: from, to: node.dtype) }
    case .iota: return (0..<shape.elementCount).map { HashArithmetic.index($0) }
    case .view(let view): return evaluate(view, node)
    case .reduce(let reduction, let axes):
      let source = trace.shape(of: node.operands[0])
      let all = elements(node.operands[0])
      if source.elementCount == 0 { return library(node) }
      var result = [UInt64](repeating: HashArithmetic.start(reduction), count: shape.elementCount)
      let strides = Layout.rowMajorStrides(shape)
      var position = 0
      forEachPoint(source.dimensions) { point in
        let kept = point.indices.map { axes.contains($0) ? 0 : point[$0] }
        let place = address(kept, 0, strides)
        result[place] = HashArithmetic.mix(result[place], all[position])
        position += 1
      }
      return result
    case .concatenate(let axis):
      var result = [UInt64](repeating: 0, count: shape.elementCount)
      let strides = Layout.rowMajorStrides(shape)
      var start = 0
      for operand in node.operands {
        let own = trace.shape(of: operand)
        place(elements(operand), own, at: start * strides[axis], strides, into: &result)
        start += own[axis]
      }
      return result
    case .pad(let low, _):
      let fill = elements(node.operands[1])[0]
      var result = [UInt64](repeating: fill, count: shape.elementCount)
      let strides = Layout.rowMajorStrides(shape)
      let own = trace.shape(of: node.operands[0])
      place(elements(node.operands[0]), own, at: address(low, 0, strides), strides, into: &result)
      return result
    case .argReduce, .gather, .scatter, .matmul: return library(node)
    }
  }

  private func library(_ node: Trace.Node) -> [UInt64] {
    let operands = node.operands.map { elements($0) }
    return (0..<node.shape.elementCount).map { HashArithmetic.library(operands, $0) }
  }

  private func place(
    _ elements: [UInt64], _ shape: Shape, at offset: Int, _ strides: [Int],
    into result: inout [UInt64]
  ) {
    var position = 0
    forEachPoint(shape.dimensions) { point in
      result[address(point, offset, strides)] = elements[position]
      position += 1
    }
  }

  private func evaluate(_ view: View, _ node: Trace.Node) -> [UInt64] {
    let operand = node.operands[0]
    let own = trace.shape(of: operand)
    let all = elements(operand)
    let strides = Layout.rowMajorStrides(own)
    var result: [UInt64] = []
    switch view {
    case .reshape: return all
    case .broadcast: return elements(operand, stretchedTo: node.shape)
    case .permute(let axes):
      forEachPoint(node.shape.dimensions) { point in
        result.append(all[address(point, 0, axes.map { strides[$0] })])
      }
    case .slice(let slices):
      forEachPoint(node.shape.dimensions) { point in
        let source = point.indices.map { slices[$0].start + point[$0] * slices[$0].step }
        result.append(all[address(source, 0, strides)])
      }
    case .flip(let axes):
      forEachPoint(node.shape.dimensions) { point in
        let source = point.indices.map { axes.contains($0) ? own[$0] - 1 - point[$0] : point[$0] }
        result.append(all[address(source, 0, strides)])
      }
    }
    return result
  }
}

/// Runs a plan step by step, and notes reads of what was not written yet.
struct PlanEvaluator {
  let trace: Trace
  private(set) var complaints: [String] = []
  private var slots: [Plan.Slot: [UInt64?]] = [:]
  private var views: [Int: (Plan.Slot, Layout)] = [:]

  init(_ plan: Plan, _ trace: Trace) {
    self.trace = trace
    for (index, temporary) in plan.temporaries.enumerated() {
      slots[.temporary(index)] = Array(repeating: nil, count: temporary.elementCount)
    }
    for step in plan.steps {
      switch step {
      case .launch(let launch): run(launch)
      case .library(let node, let operands):
        let values = operands.enumerated().map { index, operand -> [UInt64] in
          switch operand {
          case .scalar(let scalar): return [HashArithmetic.scalar(scalar)]
          case .value(let slot, let layout):
            return elements(slot, layout, trace.shape(of: trace.nodes[node].operands[index]))
          }
        }
        slots[.node(node)] = (0..<trace.nodes[node].shape.elementCount).map {
          HashArithmetic.library(values, $0)
        }
      case .view(let node, let slot, let layout): views[node] = (slot, layout)
      }
    }
  }

  /// The elements of an output, or nil where the plan gives it none.
  mutating func output(_ node: Int) -> [UInt64]? {
    let shape = trace.nodes[node].shape
    if let (slot, layout) = views[node] { return elements(slot, layout, shape) }
    guard slots[.node(node)] != nil else { return nil }
    return elements(.node(node), .rowMajor, shape)
  }

  private mutating func elements(_ slot: Plan.Slot, _ layout: Layout, _ shape: Shape) -> [UInt64] {
    let strides = layout.strides(for: shape)
    var result: [UInt64] = []
    forEachPoint(shape.dimensions) {
      result.append(load(slot, address($0, layout.offset, strides)))
    }
    return result
  }

  private mutating func load(_ slot: Plan.Slot?, _ address: Int) -> UInt64 {
    switch slot {
    case nil: return HashArithmetic.index(address)
    case .leaf(let leaf): return HashArithmetic.element(ofLeaf: leaf, at: address)
    case .some(let slot):
      guard let elements = slots[slot], elements.indices.contains(address),
        let value = elements[address]
      else {
        complaints.append("\(slot) is read at \(address) before it is written")
        return 0
      }
      return value
    }
  }

  private mutating func store(_ value: UInt64, _ slot: Plan.Slot?, _ address: Int) {
    guard let slot else {
      complaints.append("a kernel writes the index")
      return
    }
    if slots[slot] == nil, case .node(let node) = slot {
      slots[slot] = Array(repeating: nil, count: trace.nodes[node].shape.elementCount)
    }
    guard slots[slot]?.indices.contains(address) == true else {
      complaints.append("\(slot) has no element \(address)")
      return
    }
    slots[slot]?[address] = value
  }

  /// A row kernel, instruction by instruction over the whole space.
  private mutating func runRows(_ launch: Plan.Launch) {
    let spec = launch.spec
    var points: [[Int]] = []
    forEachPoint(launch.extents) { points.append($0) }
    let length = launch.extents[spec.rank - 1]
    var values: [[UInt64]] = []
    for (index, instruction) in spec.instructions.enumerated() {
      guard case .reduce(let reduction, let operand) = instruction else {
        let own = points.indices.map { number -> UInt64 in
          evaluate(launch, index, points[number]) { values[$0][number] }
        }
        values.append(own)
        continue
      }
      var own: [UInt64] = []
      for row in stride(from: 0, to: points.count, by: length) {
        let result = values[operand][row..<row + length].reduce(HashArithmetic.start(reduction)) {
          HashArithmetic.mix($0, $1)
        }
        own += [UInt64](repeating: result, count: length)
      }
      values.append(own)
    }
    for (output, binding) in zip(spec.outputs, launch.outputs) {
      for (number, point) in points.enumerated() {
        let place = address(point, binding.offset, binding.strides)
        store(values[output.value][number], binding.slot, place)
      }
    }
  }

  private mutating func run(_ launch: Plan.Launch) {
    check(launch)
    let spec = launch.spec
    if spec.family == .row { return runRows(launch) }
    let reduced: Int? =
      switch spec.family {
      case .map, .row: nil
      case .reduceInner: spec.rank - 1
      case .reduceOuter: spec.rank - 2
      }
    var partial: [[Int: UInt64]] = spec.outputs.map { _ in [:] }
    // The reduced axis runs fastest, as each result takes its elements in order.
    var extents = launch.extents
    if let reduced { extents.append(extents.remove(at: reduced)) }
    forEachPoint(extents) { permuted in
      var point = permuted
      if let reduced, let last = point.popLast() { point.insert(last, at: reduced) }
      let values = evaluate(launch, point)
      for (k, output) in spec.outputs.enumerated() {
        let binding = launch.outputs[k]
        let place = address(point, binding.offset, binding.strides)
        if let reduction = output.reduction {
          let before = partial[k][place] ?? HashArithmetic.start(reduction)
          partial[k][place] = HashArithmetic.mix(before, values[output.value])
        } else {
          store(values[output.value], binding.slot, place)
        }
      }
    }
    for (k, results) in partial.enumerated() {
      for (place, value) in results { store(value, launch.outputs[k].slot, place) }
    }
  }

  private mutating func evaluate(_ launch: Plan.Launch, _ point: [Int]) -> [UInt64] {
    let spec = launch.spec
    var values: [UInt64] = []
    for index in spec.instructions.indices {
      values.append(evaluate(launch, index, point) { values[$0] })
    }
    return values
  }

  /// The value of one instruction at a point, where `operand` gives those of earlier ones.
  private mutating func evaluate(
    _ launch: Plan.Launch, _ index: Int, _ point: [Int], operand: (Int) -> UInt64
  ) -> UInt64 {
    let spec = launch.spec
    switch spec.instructions[index] {
    case .input(let k):
      let binding = launch.inputs[k]
      return load(binding.slot, address(point, binding.offset, binding.strides))
    case .scalar(let k): return HashArithmetic.scalar(launch.scalars[k])
    case .elementwise(let op, let operands):
      return HashArithmetic.apply(op, operands.map(operand))
    case .cast(let source):
      return HashArithmetic.cast(
        operand(source), from: spec.dtypes[source], to: spec.dtypes[index])
    case .reduce:
      complaints.append("a reduction of rows in \(spec)")
      return 0
    }
  }

  /// What the lowering relies on.
  private mutating func check(_ launch: Plan.Launch) {
    let spec = launch.spec
    func complain(_ text: String) { complaints.append("\(text) in \(spec)") }
    if spec.rank != launch.extents.count || spec.rank < 1 { complain("wrong rank") }
    if launch.extents.contains(where: { $0 < 1 }) { complain("empty extent") }
    if spec.family == .reduceOuter && spec.rank < 2 { complain("no column axis") }
    if spec.scalars != launch.scalars.map(\.dtype) { complain("wrong scalars") }
    for (input, binding) in zip(spec.inputs, launch.inputs) {
      if (binding.slot == nil) != (input.source == .index) { complain("wrong source") }
      if binding.strides.count != spec.rank { complain("wrong strides") }
      let expected: KernelSpec.Access =
        switch binding.strides[spec.rank - 1] {
        case 1: .contiguous
        case 0: .uniform
        default: .strided
        }
      if input.access != expected { complain("wrong access") }
    }
    for (output, binding) in zip(spec.outputs, launch.outputs) {
      if (output.reduction != nil) != spec.family.leavesBlocks { complain("wrong output") }
      if output.access == .uniform, spec.family != .row { complain("uniform output") }
      if binding.strides.count != spec.rank { complain("wrong strides") }
    }
    if Set(launch.outputs.map(\.slot)).isDisjoint(with: launch.inputs.map(\.slot)) == false {
      complain("a kernel reads what it writes")
    }
  }
}

/// How a plan's outputs differ from the trace's definition; empty where they do not.
func differences(_ plan: Plan, _ trace: Trace) -> [String] {
  let expected = TraceEvaluator(trace)
  var evaluator = PlanEvaluator(plan, trace)
  var result: [String] = []
  for index in trace.nodes.indices where trace.nodes[index].isOutput {
    let values = evaluator.output(index)
    if values == nil && trace.nodes[index].shape.elementCount > 0 {
      result.append("n\(index) has no value")
    } else if let values, values != expected.values[index] {
      result.append("n\(index) differs")
    }
  }
  return result + evaluator.complaints
}
