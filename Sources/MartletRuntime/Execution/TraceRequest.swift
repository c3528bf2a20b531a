// What the executor is asked to run: the structure of a trace, and what it reads.

import MartletIR

/// A trace to run: a repeated one is run without its nodes.
///
/// It refers to what its maker keeps alive.
struct TraceRequest {
  let key: PlanKey
  let leaves: UnsafeBufferPointer<Leaf>
  /// The bits of the scalars, in the order of `Trace.scalars`.
  let scalars: UnsafeBufferPointer<UInt64>
}

extension Trace {
  /// Calls `body` with a request for this trace, which is normalized.
  func withRequest<Result>(
    fusion: Bool, isStrict: Bool, _ body: (TraceRequest) throws(TensorError) -> Result
  ) throws(TensorError) -> Result {
    var key = PlanKey()
    defer { key.destroy() }
    key.begin(fusion: fusion, isStrict: isStrict)
    var knownLeaves = 0
    func addLeaves(upTo end: Int) {
      while knownLeaves < end {
        key.leaf(self.leaves[knownLeaves], isDying: isLeafDying[knownLeaves])
        knownLeaves += 1
      }
    }
    for node in nodes {
      key.node(node.op, node.dtype, node.shape, operandCount: node.operands.count)
      var end = 0
      for operand in node.operands {
        switch operand {
        case .node(let index): key.operand(.node, index)
        case .leaf(let index):
          key.operand(.leaf, index)
          end = max(end, index + 1)
        case .scalar(let scalar): key.scalar(scalar.dtype)
        }
      }
      addLeaves(upTo: end)
    }
    addLeaves(upTo: self.leaves.count)
    key.outputs(nodes.lazy.map(\.isOutput))
    let (leaves, scalars) = (PlainArray<Leaf>(), PlainArray<UInt64>())
    defer {
      leaves.destroy()
      scalars.destroy()
    }
    for leaf in self.leaves { leaves.append(Leaf(leaf)) }
    for scalar in self.scalars { scalars.append(scalar.bits) }
    return try withExtendedLifetime(self) { () throws(TensorError) in
      try body(TraceRequest(key: key, leaves: leaves.elements, scalars: scalars.elements))
    }
  }

  /// The trace with only those leaves marked as dying whose memory a plan may write over.
  ///
  /// They are all of their buffers: a plan neither knows where in its buffer a leaf begins, nor
  /// which other leaves share it.
  var normalized: Trace {
    var result = self
    for leaf in leaves.indices where isLeafDying[leaf] {
      let isAlone = leaves.indices.allSatisfy { other in
        other == leaf || leaves[other].buffer !== leaves[leaf].buffer
      }
      result.isLeafDying[leaf] = isAlone && leaves[leaf].layout.offset == 0
    }
    return result
  }

  /// The trace with every leaf at the start of its buffer, as plans see it.
  var withoutOffsets: Trace {
    var result = self
    for leaf in leaves.indices { result.leaves[leaf].layout.offset = 0 }
    return result
  }
}
