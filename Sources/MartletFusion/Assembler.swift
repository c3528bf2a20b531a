// Turns stored values into kernels: which of a level go together, and the steps that run them.

import MartletIR

/// One stored value, or a part of one: what a kernel writes.
struct Root {
  /// The node whose slot is written.
  var node: Int
  /// The value, at the points of the kernel's space.
  var value: Reference
  /// How the space's points lie in the slot.
  var layout = Layout.rowMajor
  var reduction: Reduction?
  /// The extreme whose place is looked for.
  var place: ArgReduction?
  var scan: Scan?

  var passage: Passage { scan != nil ? .scan : place != nil ? .search : .reduction }
}

/// Steps that belong together, and the nodes they read and write.
struct WorkItem {
  var steps: [Plan.Step]
  var reads: [Int] = []
  var writes: [Int] = []

  init(_ steps: [Plan.Step]) {
    self.steps = steps
    for step in steps {
      for case .node(let node) in step.reads { reads.append(node) }
      for case .node(let node) in step.writes { writes.append(node) }
    }
  }
}

/// Makes the kernels of a graph whose stores are decided.
struct Assembler {
  private(set) var graph: FusionGraph
  private(set) var items: [WorkItem] = []
  private var work: [Draftwork] = []
  private(set) var temporaries: [Plan.Temporary] = []
  private var builder: BodyBuilder
  private var groups: [(context: KernelContext, roots: [Root])] = []
  private var groupNumbers: [KernelContext: Int] = [:]
  private var connections: Connections

  init(_ graph: FusionGraph) {
    self.graph = graph
    builder = BodyBuilder(graph)
    connections = Connections(graph)
  }

  /// Makes all kernels and library steps, in the order of what they write.
  mutating func run() {
    for index in graph.entries.indices { addRoots(index) }
    for group in groups {
      for roots in connections.split(group.roots, level: group.context.level, graph) {
        assemble(roots, group.context)
      }
    }
    if graph.isFusing { work = RowFusion.run(work, graph) }
    for item in work {
      switch item {
      case .kernel(let draft): items.append(WorkItem(draft.steps(graph, &temporaries)))
      case .library(let step): items.append(WorkItem([step]))
      }
    }
  }

  private mutating func addRoots(_ index: Int) {
    let entry = graph.entries[index]
    switch entry.kind {
    case .dead, .empty: break
    case .elementwise, .cast, .gather, .view, .alias:
      if entry.isStored { add(Root(node: index, value: Reference(.node, index)), entry.native) }
    case .copy: add(Root(node: index, value: graph.operand(index, 0)), entry.native)
    case .reduce:
      var root = Root(node: index, value: graph.operand(index, 0))
      switch graph.trace.nodes[index].op {
      case .reduce(let reduction, _): root.reduction = reduction
      case .argReduce(let extreme, _): root.place = extreme
      case .scan(let scan, _): root.scan = scan
      default: internalError("a reduction without an operation")
      }
      add(root, entry.native, reducing: graph.reducedAxes(index))
    case .concatenate:
      guard case .concatenate(let axis) = graph.trace.nodes[index].op else { break }
      let strides = Layout.rowMajorStrides(graph.shape(index))
      var start = 0
      for k in graph.operandRange(index) {
        let layout = Layout(offset: start &* strides[axis], strides: strides)
        add(Root(node: index, value: graph.operands[k], layout: layout), entry.native)
        start += graph.shape(graph.operands[k])[axis]
      }
    case .pad: addPad(index)
    case .library:
      let operands = graph.operandRange(index).map { k -> Plan.Operand in
        let operand = graph.operands[k]
        if operand.kind == .scalar { return .scalar(operand.index) }
        let (base, layout) = graph.location(operand)
        guard let slot = Plan.Slot(base) else { internalError("an index was not stored") }
        return .value(slot, layout)
      }
      work.append(.library(.library(node: index, operands: operands)))
    }
  }

  /// The copy of the operand, and a fill of the border: one box below and one above on each axis,
  /// within the operand's range on the axes before it.
  private mutating func addPad(_ index: Int) {
    guard case .pad(let low, let high) = graph.trace.nodes[index].op else { return }
    let result = graph.shape(index)
    let value = graph.operand(index, 0)
    let fill = graph.operand(index, 1)
    let inner = graph.shape(value)
    let strides = Layout.rowMajorStrides(result)
    let level = graph.entries[index].native
    let offset = zip(low, strides).reduce(0) { $0 &+ $1.0 &* $1.1 }
    add(Root(node: index, value: value, layout: Layout(offset: offset, strides: strides)), level)
    var start = 0
    var box = result.dimensions
    for axis in 0..<result.rank {
      for (extent, first) in [(low[axis], 0), (high[axis], low[axis] &+ inner[axis])] {
        box[axis] = extent
        let layout = Layout(offset: start &+ first &* strides[axis], strides: strides)
        let space = graph.number(of: Shape(box))
        add(Root(node: index, value: fill, layout: layout), level, space: space)
      }
      box[axis] = inner[axis]
      start &+= low[axis] &* strides[axis]
    }
  }

  private mutating func add(
    _ root: Root, _ level: Int32, reducing axes: AxisSet? = nil, space: Int32? = nil
  ) {
    guard let space = space ?? graph.shapeNumber(root.value) ?? Optional(scalarSpace()),
      graph.shapes[Int(space)].elementCount > 0
    else { return }
    let context = KernelContext(
      space: space, reducedAxes: axes, passage: root.passage, level: level)
    if graph.isFusing, let known = groupNumbers[context] {
      groups[known].roots.append(root)
    } else {
      groupNumbers[context] = groups.count
      groups.append((context, [root]))
    }
  }

  private mutating func scalarSpace() -> Int32 { graph.number(of: .scalar) }

  /// Makes one kernel of `roots`, or several where the budgets ask for it.
  private mutating func assemble(_ roots: [Root], _ context: KernelContext) {
    builder.begin(space: context.space, level: context.level, in: graph)
    let positions = roots.map { Int(builder.value(of: $0.value, in: graph)) }
    if BodySplit.fits(builder.body, outputCount: roots.count, graph.costs),
      !isStoredFirst(positions, context)
    {
      finish(builder.body, Array(zip(positions, roots)), context)
      return
    }
    let body = builder.body
    let split = BodySplit(body, outputs: positions, graph: graph)
    let crossings = split.crossings(body.codes)
    var extraction = BodyExtraction(body)
    let mapped = context.reducedAxes == nil ? Array(zip(positions, roots)) : []
    for (position, root) in mapped where root.layout == .rowMajor {
      if extraction.slots[position] < 0 { extraction.slots[position] = Int32(root.node) }
    }
    var rootsOfPart = [[Int]](repeating: [], count: crossings.count)
    for (index, (position, _)) in mapped.enumerated() {
      rootsOfPart[split.part(of: position)].append(index)
    }
    // What is reduced is stored as well: the reductions of a body that was cut read it.
    var stored = crossings
    if context.reducedAxes != nil {
      for position in Set(positions).sorted() where body.codes[position].isComputed {
        let part = split.part(of: position)
        if !stored[part].contains(position) { stored[part].append(position) }
      }
    }
    for part in crossings.indices {
      var outputs = rootsOfPart[part].map { mapped[$0] }
      for position in stored[part] where extraction.slots[position] < 0 {
        let node = Int(body.nodes[position])
        extraction.slots[position] = Int32(node)
        outputs.append((position, Root(node: node, value: Reference(.node, node))))
      }
      if outputs.isEmpty { continue }
      extraction.begin(part: part, start: split.bounds[part])
      finish(extraction.extract(outputs), KernelContext(space: context.space, level: context.level))
    }
    if context.reducedAxes != nil {
      extraction.begin(part: crossings.count, start: body.codes.count)
      finish(extraction.extract(Array(zip(positions, roots))), context)
    }
  }

  /// Whether what is reduced is stored by a kernel of its own: its operands do not pass the reduced
  /// axes as one, and what is stored does.
  ///
  /// A draft that is a map may join others over its space; the copy that a reduction makes for
  /// itself joins nothing.
  private func isStoredFirst(_ positions: [Int], _ context: KernelContext) -> Bool {
    guard graph.isFusing, let axes = context.reducedAxes, context.passage == .reduction else {
      return false
    }
    let (body, space) = (builder.body, graph.shapes[Int(context.space)])
    let isStorable = positions.allSatisfy { position in
      let node = Int(body.nodes[position])
      return body.codes[position].isComputed && node >= 0
        && graph.entries[node].context != FusionGraph.manyContexts
    }
    guard isStorable, axes == AxisSet((space.rank - axes.axes.count)..<space.rank),
      case .copy = ReductionSpace(
        space, reducing: axes, inputs: body.inputs.map(\.layout), costs: graph.costs)
    else { return false }
    return true
  }

  private mutating func finish(
    _ extracted: (body: FusedBody, outputs: [(Int, Root)]), _ context: KernelContext
  ) {
    finish(extracted.body, extracted.outputs, context)
  }

  private mutating func finish(
    _ body: FusedBody, _ outputs: [(Int, Root)], _ context: KernelContext
  ) {
    work.append(
      .kernel(
        Draft(
          body: body, outputs: outputs.map { (position: $0.0, root: $0.1) },
          space: graph.shapes[Int(context.space)], reducedAxes: context.reducedAxes,
          level: context.level)))
  }
}

extension Plan.Slot {
  /// The slot of what a view starts from; the index has none.
  init?(_ base: Alias.Base) {
    switch base {
    case .leaf(let index): self = .leaf(index)
    case .node(let index): self = .node(index)
    case .index: return nil
    }
  }
}
