// Makes a failing trace small: fewer outputs, fewer ops, and what is left as text.

import CampaignSupport
import MartletIR

/// Shrinks a trace on which an engine differs from the interpreter, and prints it.
struct Shrinker {
  let engine: Runner
  private(set) var trace: Trace

  init(_ trace: Trace, _ engine: Runner) {
    self.trace = trace
    self.engine = engine
    trace.isLeafDying.indices.forEach { attempt(keepingLeaf: $0) }
    keepOneOutput()
    // From the front: a value that becomes a leaf takes everything before it away.
    for index in self.trace.nodes.indices.reversed() where !self.trace.nodes[index].isOutput {
      freeze(index)
    }
    self.trace = self.trace.compacted
  }

  /// The difference that is left.
  var difference: String? { Shrinker.difference(trace, engine) }

  static func difference(_ trace: Trace, _ engine: Runner) -> String? {
    Runner.difference(trace, Runner.interpreter.run(trace), engine.run(trace))
  }

  private mutating func attempt(_ change: (inout Trace) -> Void) -> Bool {
    var candidate = trace
    change(&candidate)
    guard Shrinker.difference(candidate, engine) != nil else { return false }
    trace = candidate
    return true
  }

  private mutating func attempt(keepingLeaf leaf: Int) {
    guard trace.isLeafDying[leaf] else { return }
    _ = attempt { $0.isLeafDying[leaf] = false }
  }

  private mutating func keepOneOutput() {
    for index in trace.nodes.indices where trace.nodes[index].isOutput {
      guard trace.nodes.count(where: { $0.isOutput }) > 1 else { return }
      _ = attempt { $0.nodes[index].isOutput = false }
    }
  }

  /// Replaces a node by what the interpreter computes for it.
  private mutating func freeze(_ index: Int) {
    var probe = trace
    probe.nodes[index].isOutput = true
    guard case .values(let values) = Runner.interpreter.run(probe), let value = values[index]
    else { return }
    let leaf = Trace.Operand.leaf(trace.leaves.count)
    _ = attempt { candidate in
      candidate.leaves.append(value)
      candidate.isLeafDying.append(false)
      for reader in candidate.nodes.indices {
        candidate.nodes[reader].operands = candidate.nodes[reader].operands.map {
          $0 == .node(index) ? leaf : $0
        }
      }
    }
  }
}

extension Trace {
  /// The trace without what no output needs.
  var compacted: Trace {
    var needed = nodes.map(\.isOutput)
    for index in nodes.indices.reversed() where needed[index] {
      for case .node(let source) in nodes[index].operands { needed[source] = true }
    }
    var result = Trace()
    var nodeNumbers: [Int: Int] = [:]
    var leafNumbers: [Int: Int] = [:]
    for index in nodes.indices where needed[index] {
      var node = nodes[index]
      node.operands = node.operands.map { operand in
        switch operand {
        case .scalar: return operand
        case .node(let source): return .node(nodeNumbers[source] ?? source)
        case .leaf(let leaf):
          if let number = leafNumbers[leaf] { return .leaf(number) }
          leafNumbers[leaf] = result.leaves.count
          result.leaves.append(leaves[leaf])
          result.isLeafDying.append(isLeafDying[leaf])
          return .leaf(result.leaves.count - 1)
        }
      }
      nodeNumbers[index] = result.nodes.count
      result.nodes.append(node)
    }
    return result
  }

  /// The program, one op a line; small leaves with their elements.
  var listing: String {
    var lines: [String] = []
    for (index, leaf) in leaves.enumerated() {
      var line =
        "leaf \(index): \(leaf.dtype)\(leaf.shape) strides "
        + "\(leaf.layout.strides(for: leaf.shape)) offset \(leaf.layout.offset)"
      if isLeafDying[index] { line += " dying" }
      if leaf.shape.elementCount <= 8 {
        line += " \((0..<leaf.shape.elementCount).map { leaf.scalar(at: $0) })"
      }
      lines.append(line)
    }
    for (index, node) in nodes.enumerated() {
      lines.append(
        "node \(index): \(node.dtype)\(node.shape) = \(node.op) \(node.operands)"
          + (node.isOutput ? " output" : ""))
    }
    return lines.joined(separator: "\n")
  }
}
