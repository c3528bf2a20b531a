// The passes that decide which values are stored, and at which level of kernels each is computed.

import MartletIR

/// What kernels have in common that may become one: the space, and how it is run through.
struct KernelContext: Hashable {
  /// The number of the space's shape.
  var space: Int32
  /// The axes that are reduced, searched or scanned; a map has none.
  var reducedAxes: AxisSet?
  /// What is done along these axes.
  var passage: Passage
  /// Kernels read what kernels of lower levels stored.
  var level: Int32

  init(
    space: Int32, reducedAxes: AxisSet? = nil, passage: Passage = .reduction, level: Int32
  ) {
    self.space = space
    self.reducedAxes = reducedAxes
    self.passage = passage
    self.level = level
  }
}

/// What a kernel does along the axes that it does not run through point by point.
enum Passage: Hashable {
  case reduction
  /// Looks for the place of an extreme.
  case search
  case scan

  init(_ op: Op) {
    switch op {
    case .argReduce: self = .search
    case .scan: self = .scan
    default: self = .reduction
    }
  }
}

/// The uses of one round of decisions.
private struct Uses {
  var contexts: [KernelContext] = []
  var numbers: [KernelContext: Int32] = [:]
  var paths = AccessMap()

  mutating func number(of context: KernelContext) -> Int32 {
    if let last = contexts.last, last == context { return Int32(contexts.count - 1) }
    if let known = numbers[context] { return known }
    contexts.append(context)
    numbers[context] = Int32(contexts.count - 1)
    return Int32(contexts.count - 1)
  }
}

extension FusionGraph {
  /// Decides what is stored.
  ///
  /// Storing a value moves those who read it from other kernels to a later level, which may part
  /// what was thought one kernel; so levels and uses are looked at in turns until nothing changes.
  /// What is left after the last turn costs a recomputation, never a wrong result.
  mutating func group() {
    assignLevels()
    guard isFusing else { return }
    for _ in 0..<FusionGraph.rounds where decideStores() { assignLevels() }
  }

  private static let rounds = 4

  /// One forward pass: a value of the same space is used where it is computed, at its own level;
  /// anything else is read one level after it was stored.
  private mutating func assignLevels() {
    for index in entries.indices {
      let kind = entries[index].kind
      var native: Int32 = 0
      var foreign: Int32 = 0
      switch kind {
      case .dead, .empty: continue
      case .alias:
        if case .node(let base) = aliases[Int(entries[index].alias)].base {
          native = entries[base].foreign
        }
        foreign = native
      case .elementwise, .cast, .gather, .view:
        for k in operandRange(index) {
          guard let x = operands[k].node else { continue }
          if kind == .gather && k == Int(entries[index].firstOperand) {
            native = Swift.max(native, level(reading: x))
            foreign = Swift.max(foreign, level(reading: x))
            continue
          }
          let isNative = kind != .view && entries[x].shape == entries[index].shape
          native = Swift.max(native, level(using: x, natively: isNative))
          foreign = Swift.max(foreign, entries[x].foreign)
        }
        native = Swift.max(native, entries[index].lift)
        if entries[index].isStored { foreign = native + 1 }
      case .copy, .concatenate, .pad:
        for k in operandRange(index) {
          guard let x = operands[k].node else { continue }
          let isNative = kind != .pad || k == Int(entries[index].firstOperand)
          native = Swift.max(native, level(using: x, natively: isNative))
        }
        foreign = native + 1
      case .reduce, .library:
        for k in operandRange(index) {
          guard let x = operands[k].node else { continue }
          native = Swift.max(native, kind == .library ? level(reading: x) : entries[x].foreign)
        }
        foreign = native + 1
      }
      entries[index].native = native
      entries[index].foreign = foreign
    }
  }

  /// The first level at which a kernel can use node `x`; `natively` where it is of x's own space.
  ///
  /// Without fusion no op uses another's value before it was stored.
  private func level(using x: Int, natively isNative: Bool) -> Int32 {
    isFusing && isNative && entries[x].kind.isComputed ? entries[x].native : entries[x].foreign
  }

  /// The first level at which node `x` can be read in memory.
  ///
  /// The index under a view, which other kernels need not read, is stored for library steps and
  /// gathers.
  private func level(reading x: Int) -> Int32 {
    entries[x].isStored ? Swift.max(entries[x].foreign, entries[x].native + 1) : entries[x].foreign
  }

  /// One backward pass; returns whether anything changed.
  ///
  /// A value that several kernels use, or one kernel under several views, is stored unless it is
  /// cheap to compute again.
  private mutating func decideStores() -> Bool {
    var uses = Uses()
    var isChanged = false
    for index in entries.indices { entries[index].context = FusionGraph.noContext }
    for index in entries.indices.reversed() {
      switch entries[index].kind {
      case .dead, .empty, .alias, .library: break
      case .elementwise, .cast, .gather, .view:
        if decideStore(index, &uses) { isChanged = true }
        pushUses(index, &uses)
      case .copy: use(operand(index, 0), by: index, &uses)
      case .reduce:
        use(operand(index, 0), by: index, reducing: reducedAxes(index), &uses)
      case .concatenate:
        for k in operandRange(index) { use(operands[k], by: index, &uses) }
      case .pad:
        use(operand(index, 0), by: index, &uses)
        use(operand(index, 1), FusionGraph.manyContexts, AccessMap.identity)
      }
    }
    return isChanged
  }

  /// Stores node `x` where that is better than to compute it again, or puts storing it off to the
  /// kernel that uses it; returns whether anything changed.
  private mutating func decideStore(_ x: Int, _ uses: inout Uses) -> Bool {
    let entry = entries[x]
    if !entry.isStored {
      let isCheap =
        Int(entry.weight) <= costs.recomputedWeight && Int(entry.inputs) <= costs.recomputedInputs
      if entry.context == FusionGraph.manyContexts && !isCheap { entries[x].isStored = true }
      return entries[x].isStored
    }
    guard entry.context >= 0, entry.path == AccessMap.identity, !entry.isPinned else {
      return false
    }
    let user = uses.contexts[Int(entry.context)]
    guard user.reducedAxes == nil, user.space == entry.shape, user.level > entry.native else {
      return false
    }
    entries[x].lift = user.level
    entries[x].native = user.level
    return true
  }

  /// Tells the operands of computed node `y` where they are used.
  private mutating func pushUses(_ y: Int, _ uses: inout Uses) {
    var context = entries[y].context
    var path = entries[y].path
    if entries[y].isStored {
      let own = KernelContext(space: entries[y].shape, reducedAxes: nil, level: entries[y].native)
      context = uses.number(of: own)
      path = AccessMap.identity
    }
    guard context != FusionGraph.noContext else { return }
    for k in operandRange(y) {
      guard let x = operands[k].node, entries[x].kind.isComputed else { continue }
      // What is gathered from is in memory.
      if entries[y].kind == .gather && k == Int(entries[y].firstOperand) { continue }
      let isSame = entries[y].kind != .view && entries[x].shape == entries[y].shape
      if context == FusionGraph.manyContexts || isSame {
        use(operands[k], context, path)
      } else {
        use(operands[k], context, uses.paths.path(to: operands[k], of: y, under: path, in: self))
      }
    }
  }

  /// The axes of a node that reduces, searches or scans.
  func reducedAxes(_ node: Int) -> AxisSet? {
    switch trace.nodes[node].op {
    case .reduce(_, let axes): axes
    case .argReduce(_, let axis), .scan(_, let axis): AxisSet([axis])
    default: nil
    }
  }

  /// Notes that an operand is used at the points of its own space by the kernel of node `user`.
  private mutating func use(
    _ operand: Reference, by user: Int, reducing axes: AxisSet? = nil, _ uses: inout Uses
  ) {
    guard let x = operand.node, entries[x].kind.isComputed else { return }
    let context = KernelContext(
      space: entries[x].shape, reducedAxes: axes, passage: Passage(trace.nodes[user].op),
      level: entries[user].native)
    use(operand, uses.number(of: context), AccessMap.identity)
  }

  private mutating func use(_ operand: Reference, _ context: Int32, _ path: Int32) {
    guard let x = operand.node else { return }
    if entries[x].context == FusionGraph.noContext {
      entries[x].context = context
      entries[x].path = path
    } else if entries[x].context != context || entries[x].path != path {
      entries[x].context = FusionGraph.manyContexts
    }
  }
}
