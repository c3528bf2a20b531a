// The first pass: which nodes are computed, which are views of memory, which must be stored.

import MartletIR

extension FusionGraph {
  /// Gives every live node its kind, its cost and the reasons to store it that one node shows.
  mutating func classify() {
    for index in entries.indices where entries[index].kind != .dead {
      let isEmpty = shape(index).elementCount == 0
      switch trace.nodes[index].op {
      // Indices at which nothing is read may be out of range nevertheless.
      case .gather where isEmpty && hasIndices(index), .scatter where isEmpty && hasIndices(index):
        entries[index].kind = .library
      case _ where isEmpty: addAlias(index, Alias(base: .node(index), layout: .rowMajor), .empty)
      case .elementwise(let op): classifyMap(index, .elementwise, op, weight: CostModel.weight(op))
      case .cast: classifyMap(index, .cast, .add, weight: CostModel.castWeight)
      case .iota:
        addAlias(index, Alias(base: .index, layout: .rowMajor), .alias)
        if entries[index].isOutput { entries[index].isStored = true }
      case .view(let view): classifyView(index, view)
      case .reduce, .argReduce, .scan:
        let isOverNothing = shape(operand(index, 0)).elementCount == 0
        entries[index].kind = isOverNothing ? .library : .reduce
      case .concatenate: entries[index].kind = .concatenate
      case .pad: entries[index].kind = .pad
      case .gather: classifyGather(index)
      case .scatter, .matmul: entries[index].kind = .library
      }
      if entries[index].kind == .library {
        for k in operandRange(index) { operands[k].node.map { realize($0) } }
      }
    }
  }

  /// Whether a gather or scatter names any place.
  private func hasIndices(_ index: Int) -> Bool { shape(operand(index, 1)).elementCount > 0 }

  private mutating func addAlias(_ index: Int, _ alias: Alias, _ kind: Kind) {
    entries[index].kind = kind
    entries[index].alias = Int32(aliases.count)
    entries[index].isRowMajor = alias.layout.isRowMajor(for: shape(index))
    aliases.append(alias)
  }

  private mutating func classifyMap(
    _ index: Int, _ kind: Kind, _ op: ElementwiseOp, weight: Int
  ) {
    entries[index].kind = kind
    entries[index].op = op
    entries[index].weight = Int32(weight)
    entries[index].count = 1
    entries[index].isStored = entries[index].isOutput || !isFusing
    entries[index].mayFail = op == .pow && entries[index].dtype.isInteger
    for k in operandRange(index) { absorb(operands[k], into: index) }
  }

  /// A gather is computed where it is used, from an operand in memory.
  private mutating func classifyGather(_ index: Int) {
    // There is nothing that a kernel could read in place of a bad index.
    guard shape(operand(index, 0)).elementCount > 0 else {
      entries[index].kind = .library
      return
    }
    entries[index].kind = .gather
    entries[index].weight = Int32(CostModel.gatherWeight)
    entries[index].count = 1
    entries[index].inputs = 1
    entries[index].isStored = entries[index].isOutput || !isFusing
    entries[index].mayFail = true
    entries[index].isRowMajor = false
    operand(index, 0).node.map { realize($0) }
    absorb(operand(index, 1), into: index)
  }

  private mutating func classifyView(_ index: Int, _ view: View) {
    let operand = operand(index, 0)
    let from = shape(operand)
    let to = shape(index)
    let source: Alias?
    switch operand.kind {
    case .scalar: source = nil
    case .leaf:
      source = Alias(base: .leaf(operand.index), layout: trace.leaves[operand.index].layout)
    case .node: source = alias(ofOperand: operand.index, under: index, view)
    }
    if let source {
      if let layout = source.layout.applying(view, from: from, to: to) {
        let canonical = layout.canonical(for: to)
        addAlias(index, Alias(base: source.base, layout: canonical), .alias)
        if entries[index].isOutput, source.base == .index { entries[index].isStored = true }
      } else {
        entries[index].kind = .copy
      }
      return
    }
    if operand.node != nil, view == .reshape, !FusionGraph.keepsAxes(from, to) {
      guard let node = operand.node, entries[node].isRowMajor else {
        entries[index].kind = .copy
        return
      }
    }
    entries[index].kind = .view
    entries[index].count = 1
    absorb(operand, into: index)
    if view != .reshape { entries[index].isRowMajor = operand.kind == .scalar }
    if entries[index].isOutput { realize(index) }
  }

  /// The alias that a view of node `x` can start from, or nil where it is pushed down through `x`.
  private mutating func alias(ofOperand x: Int, under index: Int, _ view: View) -> Alias? {
    let entry = entries[x]
    if entry.kind == .alias || entry.kind == .empty { return aliases[Int(entry.alias)] }
    if entry.kind.isBoundary { return Alias(base: .node(x), layout: .rowMajor) }
    let expands = shape(index).elementCount > shape(x).elementCount
    let shrinks = shape(index).elementCount < shape(x).elementCount
    // An error in a part that the view leaves out is an error too.
    if (expands && Int(entry.weight) > costs.broadcastWeight) || (shrinks && entry.mayFail)
      || Int(entry.count) > costs.pushedInstructions
    {
      entries[x].isStored = true
    }
    guard entries[x].isStored else { return nil }
    entries[x].isPinned = true
    return Alias(base: .node(x), layout: .rowMajor)
  }

  /// Adds what it takes to compute an operand to what it takes to compute node `y`.
  private mutating func absorb(_ operand: Reference, into y: Int) {
    guard let number = shapeNumber(operand) else { return }
    let isSameSpace = number == entries[y].shape || entries[y].kind == .view
    let isSingle = shapes[Int(number)].elementCount == 1
    guard let x = operand.node else {
      entries[y].inputs += 1
      let layout = trace.leaves[operand.index].layout
      let isDense = isSameSpace && layout.isRowMajor(for: shapes[Int(number)])
      if !isDense && !isSingle { entries[y].isRowMajor = false }
      return
    }
    if entries[x].kind.isComputed, !isSameSpace {
      let expands = shape(y).elementCount > shape(x).elementCount
      if (expands && Int(entries[x].weight) > costs.broadcastWeight)
        || Int(entries[x].count) > costs.pushedInstructions
      {
        entries[x].isStored = true
      }
    }
    let entry = entries[x]
    if entry.kind.isComputed && !entry.isStored {
      if entry.mayFail { entries[y].mayFail = true }
      // Shared operands count once a use, so the sums may grow fast; they only matter while small.
      entries[y].weight = Swift.min(entries[y].weight &+ entry.weight, FusionGraph.saturation)
      entries[y].count = Swift.min(entries[y].count &+ entry.count, FusionGraph.saturation)
      entries[y].inputs = Swift.min(entries[y].inputs &+ entry.inputs, FusionGraph.saturation)
    } else {
      entries[y].inputs += 1
    }
    let isDense = isSameSpace && (entry.isRowMajor || entry.isStored)
    if !isDense && !isSingle { entries[y].isRowMajor = false }
  }

  private static let saturation: Int32 = 1 << 20

  /// Whether a reshape only adds or drops axes of extent 1, which every layout allows.
  private static func keepsAxes(_ from: Shape, _ to: Shape) -> Bool {
    from.lazy.filter { $0 != 1 }.elementsEqual(to.lazy.filter { $0 != 1 })
  }

  /// Sees to it that node `x` is in memory, by itself or as a view of what is.
  private mutating func realize(_ x: Int) {
    entries[x].isPinned = true
    switch entries[x].kind {
    case .elementwise, .cast, .gather: entries[x].isStored = true
    case .alias:
      switch aliases[Int(entries[x].alias)].base {
      case .index: entries[x].isStored = true
      case .node(let base): entries[base].isPinned = true
      case .leaf: break
      }
    case .view:
      // A view with as many elements as its base is a view of the stored base; a smaller one is
      // stored instead of the base.
      var base = x
      while entries[base].kind == .view, !entries[base].isStored {
        guard let next = operand(base, 0).node else { break }
        base = next
      }
      let isWhole = shape(x).elementCount >= shape(base).elementCount
      let isScalar = entries[base].kind == .view && !entries[base].isStored
      if !isScalar && (isWhole || entries[base].isStored) {
        entries[base].isStored = true
        entries[base].isPinned = true
      } else {
        entries[x].isStored = true
      }
    case .dead, .empty, .copy, .reduce, .concatenate, .pad, .library: break
    }
  }

  /// Where the value of an operand lies once everything that is stored has been.
  func location(_ operand: Reference) -> (base: Alias.Base, layout: Layout) {
    guard var x = operand.node else {
      return (.leaf(operand.index), trace.leaves[operand.index].layout)
    }
    var views: [Int] = []
    while entries[x].kind == .view, !entries[x].isStored {
      views.append(x)
      guard let next = self.operand(x, 0).node else {
        internalError("a view of a scalar is stored")
      }
      x = next
    }
    var result: (base: Alias.Base, layout: Layout) = (.node(x), .rowMajor)
    if !entries[x].isStored, entries[x].alias >= 0 {
      let alias = aliases[Int(entries[x].alias)]
      result = (alias.base, alias.layout)
    }
    for index in views.reversed() {
      let from = shape(self.operand(index, 0))
      guard let layout = result.layout.applying(view(index), from: from, to: shape(index)) else {
        internalError("a reshape that needs a copy was taken for a view")
      }
      result.layout = layout.canonical(for: shape(index))
    }
    return result
  }
}
