// A forced set of recorded ops in topological order: the input of both engines.

/// Recorded ops that are to be run, with the realized values they read.
package struct Trace: Sendable {
  /// Where an operand of a node comes from.
  package enum Operand: Sendable, Hashable {
    /// The result of an earlier node.
    case node(Int)
    /// A realized value.
    case leaf(Int)
    /// An immediate single number.
    case scalar(Scalar)
  }

  /// One recorded op.
  package struct Node: Sendable {
    package var op: Op
    package var dtype: DType
    package var shape: Shape
    package var operands: [Operand]
    /// Whether the result outlives the run: its handle is alive, or a pending op reads it.
    package var isOutput: Bool
    /// Where the op was called, for errors that depend on values.
    package var site: TensorError.Location?

    package init(
      op: Op, dtype: DType, shape: Shape, operands: [Operand], isOutput: Bool = false,
      site: TensorError.Location? = nil
    ) {
      self.op = op
      self.dtype = dtype
      self.shape = shape
      self.operands = operands
      self.isOutput = isOutput
      self.site = site
    }
  }

  package var nodes: [Node]
  package var leaves: [Value]
  /// Per leaf: whether nothing but this run refers to the value, so that its buffer may be reused.
  package var isLeafDying: [Bool]

  package init(nodes: [Node] = [], leaves: [Value] = [], isLeafDying: [Bool] = []) {
    self.nodes = nodes
    self.leaves = leaves
    self.isLeafDying = isLeafDying
  }

  /// The immediate numbers in the order in which the nodes' operands name them, each as often.
  package var scalars: [Scalar] {
    nodes.flatMap { node in
      node.operands.lazy.compactMap { if case .scalar(let scalar) = $0 { scalar } else { nil } }
    }
  }

  package func shape(of operand: Operand) -> Shape {
    switch operand {
    case .node(let index): nodes[index].shape
    case .leaf(let index): leaves[index].shape
    case .scalar: .scalar
    }
  }

  package func dtype(of operand: Operand) -> DType {
    switch operand {
    case .node(let index): nodes[index].dtype
    case .leaf(let index): leaves[index].dtype
    case .scalar(let scalar): scalar.dtype
    }
  }
}
