// The views between a kernel's space and a value, and the layouts they give what is in memory.

import MartletIR

/// Lists of views from the points of a kernel's space down to a value, each known by a number.
///
/// Elementwise ops commute with views: a view of a computed value is the same computation on views
/// of its operands. A path says under which views a node is wanted; path 0 is none at all.
struct AccessMap {
  static let identity: Int32 = 0

  /// The innermost view of a path.
  private enum Step: Hashable {
    /// Stretched from this shape (by its number) to the shape that the rest of the path starts
    /// from.
    case broadcast(Int32)
    /// The view that this node is.
    case view(Int)
    /// From the points of this gather to its indices.
    case indices(Int)
    /// From the points of this gather to the first elements along the axis of what it gathers from.
    case gathered(Int)
  }

  private struct Key: Hashable {
    let outer: Int32
    let step: Step
  }

  /// Entry p - 1 is path p.
  private var steps: [Key] = []
  private var numbers: [Key: Int32] = [:]

  mutating func removeAll() {
    if steps.isEmpty { return }
    steps.removeAll(keepingCapacity: true)
    numbers.removeAll(keepingCapacity: true)
  }

  private mutating func extend(_ path: Int32, by step: Step) -> Int32 {
    let key = Key(outer: path, step: step)
    if let known = numbers[key] { return known }
    steps.append(key)
    numbers[key] = Int32(steps.count)
    return Int32(steps.count)
  }

  /// The path to an operand of `node`, of a gather to its indices, where the node itself is wanted
  /// under `path`.
  mutating func path(
    to operand: Reference, of node: Int, under path: Int32, in graph: FusionGraph
  ) -> Int32 {
    guard let shape = graph.shapeNumber(operand) else { return path }
    let entry = graph.entries[node]
    if entry.kind == .gather {
      return shape == entry.shape ? path : extend(path, by: .indices(node))
    }
    if entry.kind != .view { return self.path(stretching: shape, to: entry.shape, under: path) }
    return extend(path, by: .view(node))
  }

  /// The path to what gather `node` gathers from.
  mutating func path(toSourceOf node: Int, under path: Int32) -> Int32 {
    extend(path, by: .gathered(node))
  }

  /// The path to a value of shape `shape` that is stretched to `target`, which is wanted under
  /// `path`.
  mutating func path(stretching shape: Int32, to target: Int32, under path: Int32) -> Int32 {
    shape == target ? path : extend(path, by: .broadcast(shape))
  }

  /// How the points of `space` lie in memory where a value of shape `shape`, wanted under `path`,
  /// lies as `layout` says.
  func layout(
    _ layout: Layout, of shape: Shape, under path: Int32, space: Shape, in graph: FusionGraph
  ) -> Layout {
    var layout = layout
    var shape = shape
    var path = path
    while path != AccessMap.identity {
      let key = steps[Int(path) - 1]
      let target = self.shape(under: key.outer, space: space, in: graph)
      let next: Layout?
      switch key.step {
      case .broadcast: next = layout.applying(.broadcast, from: shape, to: target)
      case .view(let node): next = layout.applying(graph.view(node), from: shape, to: target)
      case .indices(let node):
        let (axis, source) = (graph.gatheredAxis(node), graph.shape(graph.operand(node, 0)))
        let ones = [Int](repeating: 1, count: source.rank - axis - 1)
        let padded = Shape(shape.dimensions + ones)
        next = layout.applying(.reshape, from: shape, to: padded)?
          .applying(.broadcast, from: padded, to: target)
      case .gathered(let node):
        let (axis, strides) = (graph.gatheredAxis(node), layout.strides(for: shape))
        let zeros = [Int](repeating: 0, count: graph.shape(graph.operand(node, 1)).rank)
        next = Layout(
          offset: layout.offset, strides: Array(strides[..<axis] + zeros + strides[(axis + 1)...]))
      }
      guard let next else { internalError("a view that needs a copy was pushed down") }
      layout = next
      shape = target
      path = key.outer
    }
    return layout
  }

  /// The shape of the values that are wanted under a path.
  private func shape(under path: Int32, space: Shape, in graph: FusionGraph) -> Shape {
    guard path != AccessMap.identity else { return space }
    switch steps[Int(path) - 1].step {
    case .broadcast(let number): return graph.shapes[Int(number)]
    case .view(let node), .gathered(let node): return graph.shape(graph.operand(node, 0))
    case .indices(let node): return graph.shape(graph.operand(node, 1))
    }
  }
}

extension FusionGraph {
  /// The axis along which a node gathers.
  func gatheredAxis(_ node: Int) -> Int {
    guard case .gather(let axis) = trace.nodes[node].op else { internalError("node is no gather") }
    return axis
  }
}
