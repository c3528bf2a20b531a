// A trace as flat arrays: what the passes of the scheduler read and decide about each node.

import MartletIR

/// An operand of a node in one word.
struct Reference: Hashable {
  enum Kind: UInt32 {
    case node
    case leaf
    /// An entry of `FusionGraph.scalars`: one occurrence of an immediate.
    case scalar
  }

  private let word: UInt32

  init(_ kind: Kind, _ index: Int) { word = UInt32(truncatingIfNeeded: index) << 2 | kind.rawValue }

  var kind: Kind { Kind(rawValue: word & 3) ?? .node }
  var index: Int { Int(word >> 2) }
  /// The node, or nil for leaves and scalars.
  var node: Int? { word & 3 == 0 ? Int(word >> 2) : nil }
}

/// A view of something in memory, or of the index.
struct Alias {
  enum Base: Hashable {
    case leaf(Int)
    case node(Int)
    /// The virtual row-major buffer whose elements are their own addresses.
    case index
  }

  var base: Base
  var layout: Layout
}

/// The nodes of a trace with what is known and decided about them.
struct FusionGraph {
  enum Kind: UInt8 {
    /// Not needed by any output.
    case dead
    /// Without elements.
    case empty
    case elementwise
    case cast
    /// Elements in memory at places that the second operand, which may be computed, names.
    case gather
    /// A view of a computed value or of a scalar: it is pushed down to the operands.
    case view
    /// A view of memory or of the index: `aliases` says which.
    case alias
    /// A reshape that strides cannot express: its operand is stored under the node's name.
    case copy
    /// A reduction, the search for an extreme, or a scan.
    case reduce
    case concatenate
    case pad
    case library

    /// Whether the value is stored whoever asks.
    var isBoundary: Bool { rawValue >= Kind.copy.rawValue }
    /// Whether the value is computed in the kernels that use it unless it is decided to store it.
    var isComputed: Bool {
      self == .elementwise || self == .cast || self == .gather || self == .view
    }
  }

  struct Entry {
    var kind = Kind.dead
    var op = ElementwiseOp.add
    var dtype: DType
    var isOutput: Bool
    /// Whether a kernel stores the value.
    var isStored = false
    /// Whether a library step or a view reads the stored value: it may not be stored later than
    /// need be.
    var isPinned = false
    /// Whether to compute the value may be an error (R47).
    var mayFail = false
    /// Whether every array behind the value is read in row-major order, so that any reshape can be
    /// pushed down to them.
    var isRowMajor = true
    var shape: Int32 = 0
    var firstOperand: Int32 = 0
    var operandCount: Int32 = 0
    var alias: Int32 = -1
    /// What it takes to compute the value from what is stored: weight, instructions, arrays.
    var weight: Int32 = 0
    var count: Int32 = 0
    var inputs: Int32 = 0
    /// The first level at which the value can be computed in the kernel of its own space, and in
    /// any other kernel.
    var native: Int32 = 0
    var foreign: Int32 = 0
    /// The level to which storing the value has been put off, to where it is used.
    var lift: Int32 = 0
    /// The one kernel that uses the value, and the views under which it does.
    var context = FusionGraph.noContext
    var path: Int32 = 0
  }

  static let noContext: Int32 = -1
  static let manyContexts: Int32 = -2

  let trace: Trace
  let costs: CostModel
  let isFusing: Bool
  var entries: [Entry] = []
  var operands: [Reference] = []
  /// The dtypes of the immediates, whose values are no part of a plan.
  var scalars: [DType] = []
  var aliases: [Alias] = []
  private(set) var shapes: [Shape] = []
  private(set) var leafShapes: [Int32] = []
  private var shapeNumbers: [Shape: Int32] = [:]
  private var latestShape: Int32 = 0

  init(_ trace: Trace, fusion: Bool, costs: CostModel) {
    self.trace = trace
    self.costs = costs
    isFusing = fusion
    leafShapes.reserveCapacity(trace.leaves.count)
    for leaf in trace.leaves { leafShapes.append(number(of: leaf.shape)) }
    entries.reserveCapacity(trace.nodes.count)
    operands.reserveCapacity(2 * trace.nodes.count)
    for index in trace.nodes.indices { append(trace.nodes[index]) }
    markLive()
  }

  private mutating func append(_ node: Trace.Node) {
    var entry = Entry(dtype: node.dtype, isOutput: node.isOutput)
    entry.shape = number(of: node.shape)
    entry.firstOperand = Int32(operands.count)
    entry.operandCount = Int32(node.operands.count)
    for operand in node.operands {
      switch operand {
      case .node(let index): operands.append(Reference(.node, index))
      case .leaf(let index): operands.append(Reference(.leaf, index))
      case .scalar(let scalar):
        operands.append(Reference(.scalar, scalars.count))
        scalars.append(scalar.dtype)
      }
    }
    entries.append(entry)
  }

  /// Gives every node that an output needs a kind other than `.dead`.
  private mutating func markLive() {
    for index in entries.indices.reversed() {
      if entries[index].isOutput { entries[index].kind = .empty }
      guard entries[index].kind != .dead else { continue }
      for k in operandRange(index) {
        if let node = operands[k].node { entries[node].kind = .empty }
      }
    }
  }

  /// The number that stands for a shape.
  mutating func number(of shape: Shape) -> Int32 {
    if Int(latestShape) < shapes.count, shapes[Int(latestShape)] == shape { return latestShape }
    if let known = shapeNumbers[shape] {
      latestShape = known
      return known
    }
    latestShape = Int32(shapes.count)
    shapes.append(shape)
    shapeNumbers[shape] = latestShape
    return latestShape
  }

  func operandRange(_ node: Int) -> Range<Int> {
    let first = Int(entries[node].firstOperand)
    return first..<first + Int(entries[node].operandCount)
  }

  /// Operand `position` of a node.
  func operand(_ node: Int, _ position: Int) -> Reference {
    operands[Int(entries[node].firstOperand) + position]
  }

  func shape(_ node: Int) -> Shape { shapes[Int(entries[node].shape)] }

  /// The shape's number of an operand; scalars have none.
  func shapeNumber(_ reference: Reference) -> Int32? {
    switch reference.kind {
    case .node: entries[reference.index].shape
    case .leaf: leafShapes[reference.index]
    case .scalar: nil
    }
  }

  func shape(_ reference: Reference) -> Shape {
    shapeNumber(reference).map { shapes[Int($0)] } ?? .scalar
  }

  func dtype(_ reference: Reference) -> DType {
    switch reference.kind {
    case .node: entries[reference.index].dtype
    case .leaf: trace.leaves[reference.index].dtype
    case .scalar: scalars[reference.index]
    }
  }

  func view(_ node: Int) -> View {
    guard case .view(let view) = trace.nodes[node].op else { internalError("node is no view") }
    return view
  }
}
