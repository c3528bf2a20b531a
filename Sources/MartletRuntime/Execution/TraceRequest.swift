// What the executor is asked to run: a structure, what it reads, and the trace itself if need be.

import MartletIR

/// A trace to run.
///
/// A repeated trace is run from its key alone; only where there is no plan yet, or an error is to be
/// explained, is `trace` called for the nodes themselves.
struct TraceRequest {
  let key: PlanKey
  let leaves: [Value]
  /// The bits of the scalars, in the order of `Trace.scalars`.
  let scalars: [UInt64]
  let trace: () -> Trace
}

extension TraceRequest {
  /// A request for a trace that is there.
  init(_ trace: Trace, fusion: Bool, isStrict: Bool) {
    let trace = trace.normalized
    var key = PlanKey()
    key.begin(fusion: fusion, isStrict: isStrict)
    var knownLeaves = 0
    for node in trace.nodes {
      key.node(node.op, node.dtype, node.shape, operandCount: node.operands.count)
      for operand in node.operands {
        switch operand {
        case .node(let index): key.operand(.node, index)
        case .leaf(let index): key.operand(.leaf, index)
        case .scalar(let scalar): key.scalar(scalar.dtype)
        }
      }
      for case .leaf(let leaf) in node.operands where leaf >= knownLeaves {
        for leaf in knownLeaves...leaf {
          key.leaf(trace.leaves[leaf], isDying: trace.isLeafDying[leaf])
        }
        knownLeaves = leaf + 1
      }
    }
    for leaf in knownLeaves..<max(knownLeaves, trace.leaves.count) {
      key.leaf(trace.leaves[leaf], isDying: trace.isLeafDying[leaf])
    }
    key.outputs(trace.nodes.lazy.map(\.isOutput))
    self.init(
      key: key, leaves: trace.leaves, scalars: trace.scalars.map(\.bits), trace: { trace })
  }
}

extension Trace {
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
