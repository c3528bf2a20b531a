// Runs plans element by element in the arithmetic of `HashArithmetic`, and compares with the trace.

import MartletFusion
import MartletIR

/// Runs a plan step by step, and notes reads of what was not written yet.
struct PlanEvaluator {
  let trace: Trace
  private let scalars: [Scalar]
  private(set) var complaints: [String] = []
  private var slots: [Plan.Slot: [UInt64?]] = [:]
  private var views: [Int: (Plan.Slot, Layout)] = [:]

  init(_ plan: Plan, _ trace: Trace) {
    self.trace = trace
    scalars = trace.scalars
    for (index, temporary) in plan.temporaries.enumerated() {
      slots[.temporary(index)] = Array(repeating: nil, count: temporary.elementCount)
    }
    for step in plan.steps {
      switch step {
      case .launch(let launch):
        // The parts of a launch run at once, so in any order.
        for part in launch.parts.reversed() { run(part, launch.spec) }
        check(launch)
      case .library(let node, let operands):
        let values = operands.enumerated().map { index, operand -> [UInt64] in
          switch operand {
          case .scalar(let number): return [HashArithmetic.scalar(scalars[number])]
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
  private mutating func runRows(_ part: Plan.Part, _ spec: KernelSpec) {
    var points: [[Int]] = []
    forEachPoint(part.extents) { points.append($0) }
    let length = part.extents[spec.rank - 1]
    var values: [[UInt64]] = []
    for (index, instruction) in spec.instructions.enumerated() {
      guard case .reduce(let reduction, let operand) = instruction else {
        let own = points.indices.map { number -> UInt64 in
          evaluate(part, spec, index, points[number]) { values[$0][number] }
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
    for (output, binding) in zip(spec.outputs, part.outputs) {
      for (number, point) in points.enumerated() {
        let place = address(point, binding.offset, binding.strides)
        store(values[output.value][number], binding.slot, place)
      }
    }
  }

  private mutating func run(_ part: Plan.Part, _ spec: KernelSpec) {
    check(part, spec)
    if spec.family == .row { return runRows(part, spec) }
    let reduced: Int? =
      switch spec.family {
      case .map, .row: nil
      case .reduceInner, .placeInner, .scanInner: spec.rank - 1
      case .reduceOuter, .reduceShort, .placeOuter, .scanOuter: spec.rank - 2
      }
    var partial: [[Int: UInt64]] = spec.outputs.map { _ in [:] }
    var totals = [UInt64](repeating: 0, count: spec.outputs.count)
    // The reduced axis runs fastest, as each result takes its elements in order.
    var extents = part.extents
    if let reduced { extents.append(extents.remove(at: reduced)) }
    forEachPoint(extents) { permuted in
      var point = permuted
      if let reduced, let last = point.popLast() { point.insert(last, at: reduced) }
      let values = evaluate(part, spec, point)
      for (k, output) in spec.outputs.enumerated() {
        let binding = part.outputs[k]
        let place = address(point, binding.offset, binding.strides)
        let start =
          output.reduction.map { HashArithmetic.start($0) }
          ?? output.place.map { HashArithmetic.start($0) }
        if let start {
          let before = partial[k][place] ?? start
          partial[k][place] = HashArithmetic.mix(before, values[output.value])
        } else if let scan = output.scan, let reduced {
          let before = point[reduced] == 0 ? HashArithmetic.start(scan) : totals[k]
          totals[k] = HashArithmetic.mix(before, values[output.value])
          store(totals[k], binding.slot, place)
        } else {
          store(values[output.value], binding.slot, place)
        }
      }
    }
    for (k, results) in partial.enumerated() {
      for (place, value) in results { store(value, part.outputs[k].slot, place) }
    }
  }

  private mutating func evaluate(
    _ part: Plan.Part, _ spec: KernelSpec, _ point: [Int]
  ) -> [UInt64] {
    var values: [UInt64] = []
    for index in spec.instructions.indices {
      values.append(evaluate(part, spec, index, point) { values[$0] })
    }
    return values
  }

  /// The value of one instruction at a point, where `operand` gives those of earlier ones.
  private mutating func evaluate(
    _ part: Plan.Part, _ spec: KernelSpec, _ index: Int, _ point: [Int],
    operand: (Int) -> UInt64
  ) -> UInt64 {
    switch spec.instructions[index] {
    // Only a gather reads it, elsewhere.
    case .input(let k) where spec.inputs[k].source == .gathered: return 0
    case .input(let k):
      let binding = part.inputs[k]
      return load(binding.slot, address(point, binding.offset, binding.strides))
    case .gather(let k, let index):
      let binding = part.inputs[k]
      guard let axis = binding.gathered else {
        complaints.append("a gather from an input that is not gathered in \(spec)")
        return 0
      }
      let place = HashArithmetic.place(operand(index), along: axis.extent)
      let first = address(point, binding.offset, binding.strides)
      return load(binding.slot, first + place * axis.stride)
    case .scalar(let k): return HashArithmetic.scalar(scalars[part.scalars[k]])
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

  /// How an operand moves that is not read in tiles.
  private func access(_ stride: Int) -> KernelSpec.Access {
    switch stride {
    case 1: .contiguous
    case 0: .uniform
    case -1: .reversed
    default: .strided
    }
  }

  /// What the lowering relies on.
  private mutating func check(_ part: Plan.Part, _ spec: KernelSpec) {
    func complain(_ text: String) { complaints.append("\(text) in \(spec)") }
    if spec.rank != part.extents.count || spec.rank < 1 { complain("wrong rank") }
    if part.extents.contains(where: { $0 < 1 }) { complain("empty extent") }
    if spec.family.runsAcross && spec.rank < 2 { complain("no column axis") }
    if spec.family == .reduceShort, part.extents[spec.rank - 2] > KernelSpec.laneCount {
      complain("more elements than lanes")
    }
    if spec.scalars != part.scalars.map({ scalars[$0].dtype }) { complain("wrong scalars") }
    for (input, binding) in zip(spec.inputs, part.inputs) {
      if (binding.slot == nil) != (input.source == .index) { complain("wrong source") }
      if (binding.gathered != nil) != (input.source == .gathered) { complain("wrong source") }
      if binding.strides.count != spec.rank { complain("wrong strides") }
      let stride = binding.strides[spec.rank - 1]
      let expected = access(stride)
      let isTile = expected == .strided && input.access == .transposed
      if input.access != expected, !isTile { complain("wrong access") }
      if input.access == .transposed,
        spec.family != .map && spec.family != .reduceShort || spec.rank < 2
          || binding.strides[spec.rank - 2] != 1
      {
        complain("not transposed")
      }
    }
    for (output, binding) in zip(spec.outputs, part.outputs) {
      let reduces = spec.family.leavesBlocks && !spec.family.findsPlaces
      if (output.reduction != nil) != reduces { complain("wrong output") }
      if (output.place != nil) != spec.family.findsPlaces { complain("wrong output") }
      if (output.scan != nil) != spec.family.isScan { complain("wrong output") }
      if output.access == .uniform, spec.family != .row { complain("uniform output") }
      if !spec.family.leavesBlocks {
        let stride = binding.strides[spec.rank - 1]
        if output.access != access(stride) { complain("wrong output access") }
      }
      if binding.strides.count != spec.rank { complain("wrong strides") }
    }
  }

  /// What running all parts at once relies on.
  private mutating func check(_ launch: Plan.Launch) {
    let step = Plan.Step.launch(launch)
    if launch.parts.isEmpty { complaints.append("a launch without parts: \(launch.spec)") }
    if !Set(step.reads).isDisjoint(with: step.writes) {
      complaints.append("a launch reads what it writes: \(launch.spec)")
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
