// Evaluates nodes symbolically at the points of a kernel's space, down to what is in memory.

import MartletIR

/// Collects the body of one kernel after another; the arrays as long as the trace are reused.
struct BodyBuilder {
  var body = FusedBody()
  private var paths = AccessMap()
  /// The instruction of each node under the identity; valid where `stamps` has the kernel's number.
  private var values: [Int32]
  private var stamps: [Int32]
  private var leafValues: [Int32]
  private var leafStamps: [Int32]
  private var kernel: Int32 = 0
  private var pathValues: [Wanted: Int32] = [:]
  private var space = Shape.scalar
  private var spaceNumber: Int32 = 0
  private var level: Int32 = 0
  private var pending: [Wanted] = []

  /// A node under a path.
  private struct Wanted: Hashable {
    let node: Int32
    let path: Int32
  }

  init(_ graph: FusionGraph) {
    values = [Int32](repeating: 0, count: graph.entries.count)
    stamps = values
    leafValues = [Int32](repeating: 0, count: graph.leafShapes.count)
    leafStamps = leafValues
  }

  /// Begins the body of a kernel.
  mutating func begin(space number: Int32, level: Int32, in graph: FusionGraph) {
    body.removeAll()
    paths.removeAll()
    pathValues.removeAll(keepingCapacity: true)
    kernel += 1
    spaceNumber = number
    space = graph.shapes[Int(number)]
    self.level = level
  }

  /// The instruction that is the value of `reference`, stretched to the kernel's space.
  mutating func value(of reference: Reference, in graph: FusionGraph) -> Int32 {
    var path = AccessMap.identity
    if let shape = graph.shapeNumber(reference) {
      path = paths.path(stretching: shape, to: spaceNumber, under: path)
    }
    guard let root = reference.node else { return immediate(reference, path, graph) }
    pending.append(Wanted(node: Int32(root), path: path))
    while let wanted = pending.last {
      if known(wanted) != nil {
        pending.removeLast()
      } else if let position = evaluate(wanted, graph) {
        pending.removeLast()
        note(wanted, position)
      }
    }
    guard let result = known(Wanted(node: Int32(root), path: path)) else {
      internalError("a node was not evaluated")
    }
    return result
  }

  private func known(_ wanted: Wanted) -> Int32? {
    guard wanted.path == AccessMap.identity else { return pathValues[wanted] }
    return stamps[Int(wanted.node)] == kernel ? values[Int(wanted.node)] : nil
  }

  private mutating func note(_ wanted: Wanted, _ position: Int32) {
    guard wanted.path == AccessMap.identity else {
      pathValues[wanted] = position
      return
    }
    let node = Int(wanted.node)
    values[node] = position
    stamps[node] = kernel
    if body.nodes[Int(position)] < 0 { body.nodes[Int(position)] = wanted.node }
  }

  /// The instruction of a node whose computed operands are known; else puts those on the stack.
  private mutating func evaluate(_ wanted: Wanted, _ graph: FusionGraph) -> Int32? {
    let node = Int(wanted.node)
    let entry = graph.entries[node]
    if let alias = readable(node, entry, graph) {
      return read(alias.base, alias.layout, entry.dtype, entry.shape, wanted.path, graph)
    }
    var range = graph.operandRange(node)
    // What is gathered from is in memory.
    let first = range.lowerBound
    if entry.kind == .gather { range.removeFirst() }
    var operands = FusedBody.Code(kind: .cast, dtype: entry.dtype)
    var isMissing = false
    for k in range.reversed() {
      let operand = graph.operands[k]
      guard let x = operand.node, graph.entries[x].kind.isComputed else { continue }
      let path = paths.path(to: operand, of: node, under: wanted.path, in: graph)
      let inner = Wanted(node: Int32(x), path: path)
      if let position = known(inner) {
        operands.set(k - first, position)
      } else {
        pending.append(inner)
        isMissing = true
      }
    }
    if isMissing { return nil }
    // What is read follows in the order of the operands, whether it is a leaf or a view.
    for k in range {
      let operand = graph.operands[k]
      if let x = operand.node, graph.entries[x].kind.isComputed { continue }
      let path = paths.path(to: operand, of: node, under: wanted.path, in: graph)
      operands.set(k - first, immediate(operand, path, graph))
    }
    switch entry.kind {
    case .view: return operands.a
    case .gather:
      operands.kind = .gather
      operands.a = source(of: node, wanted.path, graph)
      return body.emit(operands)
    case .cast:
      if body.codes[Int(operands.a)].dtype == entry.dtype { return operands.a }
      return body.emit(operands)
    default:
      operands.kind = .elementwise
      operands.op = entry.op
      return body.emit(operands)
    }
  }

  /// Where a node's value can be read by this kernel, or nil where the kernel computes it.
  private func readable(_ node: Int, _ entry: FusionGraph.Entry, _ graph: FusionGraph) -> Alias? {
    switch entry.kind {
    case .alias: return graph.aliases[Int(entry.alias)]
    case .copy, .reduce, .concatenate, .pad, .library:
      return Alias(base: .node(node), layout: .rowMajor)
    case .elementwise, .cast, .gather, .view:
      guard entry.isStored, entry.native < level else { return nil }
      return Alias(base: .node(node), layout: .rowMajor)
    case .dead, .empty: internalError("a kernel reads a node without elements")
    }
  }

  private mutating func immediate(
    _ reference: Reference, _ path: Int32, _ graph: FusionGraph
  ) -> Int32 {
    if let node = reference.node {
      let wanted = Wanted(node: Int32(node), path: path)
      if let position = known(wanted) { return position }
      let entry = graph.entries[node]
      guard let alias = readable(node, entry, graph) else {
        internalError("a computed node was taken for one in memory")
      }
      let position = read(alias.base, alias.layout, entry.dtype, entry.shape, path, graph)
      note(wanted, position)
      return position
    }
    let dtype = graph.dtype(reference)
    guard let shape = graph.shapeNumber(reference) else {
      return body.emit(.init(kind: .scalar, dtype: dtype, a: Int32(reference.index)))
    }
    let leaf = reference.index
    if path == AccessMap.identity, leafStamps[leaf] == kernel { return leafValues[leaf] }
    let layout = graph.trace.leaves[leaf].layout
    let position = read(.leaf(leaf), layout, dtype, shape, path, graph)
    if path == AccessMap.identity {
      leafValues[leaf] = position
      leafStamps[leaf] = kernel
    }
    return position
  }

  /// What a gather that is wanted under `path` gathers from.
  private mutating func source(
    of node: Int, _ path: Int32, _ graph: FusionGraph
  ) -> Int32 {
    let operand = graph.operand(node, 0)
    let (base, layout) = graph.location(operand)
    let (shape, axis) = (graph.shape(operand), graph.gatheredAxis(node))
    let outer = paths.path(toSourceOf: node, under: path)
    let seen = paths.layout(layout, of: shape, under: outer, space: space, in: graph)
    return body.emit(
      BodyInput(
        base: base, layout: seen.canonical(for: space), dtype: graph.dtype(operand),
        gathered: GatheredAxis(extent: shape[axis], stride: layout.strides(for: shape)[axis])))
  }

  private mutating func read(
    _ base: Alias.Base, _ layout: Layout, _ dtype: DType, _ shape: Int32, _ path: Int32,
    _ graph: FusionGraph
  ) -> Int32 {
    let seen = paths.layout(
      layout, of: graph.shapes[Int(shape)], under: path, space: space, in: graph)
    return body.emit(BodyInput(base: base, layout: seen.canonical(for: space), dtype: dtype))
  }
}

extension FusedBody.Code {
  /// Sets operand `index`.
  mutating func set(_ index: Int, _ position: Int32) {
    switch index {
    case 0: a = position
    case 1: b = position
    default: c = position
    }
  }
}
