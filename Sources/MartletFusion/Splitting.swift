// Cuts a body that is too large for one kernel where the fewest values cross.

import MartletIR

/// The parts of a body: runs of its instructions, and the values that are stored between them.
struct BodySplit {
  /// The first instruction of each part, and the number of instructions at the end.
  private(set) var bounds = [0]
  /// Per instruction: the last one that uses it.
  private let lastUses: [Int]
  /// Per instruction: whether it is stored where it crosses a cut.
  ///
  /// Other values are computed again: inputs, scalars, what is one cheap op away from them, and
  /// what has no place of its own.
  let isStorable: [Bool]

  /// Whether `body` with these outputs keeps within the budgets.
  static func fits(_ body: FusedBody, outputCount: Int, _ costs: CostModel) -> Bool {
    guard body.inputs.count <= costs.inputs, outputCount <= costs.outputs else { return false }
    var count = 0
    var weight = 0
    for code in body.codes where code.isComputed {
      count += 1
      weight += code.weight
    }
    return count <= costs.instructions && weight <= costs.weight
  }

  init(_ body: FusedBody, outputs: [Int], graph: FusionGraph) {
    let codes = body.codes
    isStorable = codes.indices.map { position in
      let code = codes[position]
      let node = Int(body.nodes[position])
      guard code.isComputed, node >= 0 else { return false }
      let entry = graph.entries[node]
      if entry.context == FusionGraph.manyContexts && !entry.isStored { return false }
      var isShallow = code.weight <= 2
      code.forEachOperand { if codes[$0].isComputed { isShallow = false } }
      return !isShallow
    }
    // What is computed again uses its operands wherever it is used itself.
    var lastUses = Array(codes.indices)
    for position in codes.indices.reversed() {
      let last = isStorable[position] ? position : lastUses[position]
      codes[position].forEachOperand { lastUses[$0] = Swift.max(lastUses[$0], last) }
    }
    self.lastUses = lastUses
    cut(codes, outputs, graph.costs)
  }

  /// Takes as many instructions as the budgets allow, and then the narrowest cut of their last
  /// half.
  private mutating func cut(_ codes: [FusedBody.Code], _ outputs: [Int], _ costs: CostModel) {
    var isOutput = [Bool](repeating: false, count: codes.count)
    for position in outputs { isOutput[position] = true }
    // Per cut: the stored values that are used on both sides; cut p is before instruction p.
    var widths = [Int](repeating: 0, count: codes.count + 2)
    for position in codes.indices where isStorable[position] {
      widths[position + 1] += 1
      widths[lastUses[position] + 1] -= 1
    }
    for cut in widths.indices.dropFirst() { widths[cut] += widths[cut - 1] }

    var readBy = [Int](repeating: -1, count: codes.count)
    var start = 0
    while start < codes.count {
      var (count, weight, inputs, outputs) = (0, 0, 0, 0)
      var end = start
      while end < codes.count {
        let code = codes[end]
        var newInputs = 0
        code.forEachOperand { operand in
          let isRead = codes[operand].kind == .input || (operand < start && isStorable[operand])
          if isRead, readBy[operand] != start {
            readBy[operand] = start
            newInputs += 1
          }
        }
        inputs += newInputs
        if code.isComputed { count += 1 }
        weight += code.weight
        if isOutput[end] { outputs += 1 }
        let isFull =
          count > costs.instructions || weight > costs.weight || inputs > costs.inputs
          || outputs > costs.outputs
        if isFull && end > start { break }
        end += 1
      }
      if end < codes.count {
        let earliest = start + (end - start) / 2 + 1
        var best = end
        for cut in stride(from: end, through: earliest, by: -1) where widths[cut] < widths[best] {
          best = cut
        }
        end = best
      }
      bounds.append(end)
      start = end
    }
  }

  /// The part that computes an instruction.
  func part(of position: Int) -> Int {
    var (low, high) = (0, bounds.count - 1)
    while high - low > 1 {
      let middle = (low + high) / 2
      if bounds[middle] <= position { low = middle } else { high = middle }
    }
    return low
  }

  /// The stored values that a later part uses, by part.
  func crossings(_ codes: [FusedBody.Code]) -> [[Int]] {
    var result = [[Int]](repeating: [], count: bounds.count - 1)
    for part in result.indices {
      let end = bounds[part + 1]
      for position in bounds[part]..<end where isStorable[position] && lastUses[position] >= end {
        result[part].append(position)
      }
    }
    return result
  }
}
