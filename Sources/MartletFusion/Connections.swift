// Which stored values of one space and level share anything, and so may share a kernel.

import MartletIR

/// Splits roots into connected components by walking down to what is in memory.
///
/// Values that share nothing stay apart: that they happen to have one shape should not make a
/// kernel of its own out of them. Nor does a single number that both use, as a scalar would not.
struct Connections {
  private var owners: [Int32]
  private var stamps: [Int32]
  private var leafOwners: [Int32]
  private var leafStamps: [Int32]
  private var walk: Int32 = 0
  /// Whether the values are single numbers themselves.
  private var isOfNumbers = false
  private var parents: [Int32] = []
  private var pending: [Int] = []

  init(_ graph: FusionGraph) {
    owners = [Int32](repeating: 0, count: graph.entries.count)
    stamps = owners
    leafOwners = [Int32](repeating: 0, count: graph.leafShapes.count)
    leafStamps = leafOwners
  }

  /// The components of `roots` in the order of their first roots.
  mutating func split(_ roots: [Root], level: Int32, _ graph: FusionGraph) -> [[Root]] {
    if roots.count == 1 { return [roots] }
    walk += 1
    isOfNumbers = graph.shape(roots[0].value).elementCount == 1
    parents = (0..<Int32(roots.count)).map { $0 }
    for (number, root) in roots.enumerated() { visit(root.value, Int32(number), level, graph) }
    var components: [[Root]] = []
    var places: [Int32: Int] = [:]
    for (number, root) in roots.enumerated() {
      let representative = find(Int32(number))
      if let place = places[representative] {
        components[place].append(root)
      } else {
        places[representative] = components.count
        components.append([root])
      }
    }
    return components
  }

  private mutating func visit(
    _ root: Reference, _ number: Int32, _ level: Int32, _ graph: FusionGraph
  ) {
    touch(root, number, graph)
    while let node = pending.popLast() {
      let entry = graph.entries[node]
      guard entry.kind.isComputed else {
        guard entry.kind == .alias else { continue }
        switch graph.aliases[Int(entry.alias)].base {
        case .leaf(let leaf): touch(Reference(.leaf, leaf), number, graph)
        case .node(let base): touch(Reference(.node, base), number, graph)
        case .index: break
        }
        continue
      }
      if entry.isStored && entry.native < level { continue }
      for k in graph.operandRange(node) {
        touch(graph.operands[k], number, graph)
      }
    }
  }

  /// Joins `number` with whoever came by before, or goes on from here.
  private mutating func touch(_ reference: Reference, _ number: Int32, _ graph: FusionGraph) {
    if !isOfNumbers && graph.isNumber(reference) { return }
    let index = reference.index
    switch reference.kind {
    case .scalar: break
    case .node:
      if stamps[index] == walk {
        join(number, owners[index])
      } else {
        stamps[index] = walk
        owners[index] = number
        pending.append(index)
      }
    case .leaf:
      if leafStamps[index] == walk {
        join(number, leafOwners[index])
      } else {
        leafStamps[index] = walk
        leafOwners[index] = number
      }
    }
  }

  private mutating func find(_ number: Int32) -> Int32 {
    var root = number
    while parents[Int(root)] != root {
      parents[Int(root)] = parents[Int(parents[Int(root)])]
      root = parents[Int(root)]
    }
    return root
  }

  private mutating func join(_ a: Int32, _ b: Int32) {
    let (x, y) = (find(a), find(b))
    parents[Int(max(x, y))] = min(x, y)
  }
}

extension FusionGraph {
  /// Whether an operand is a single number in memory or computed, or that number broadcast.
  fileprivate func isNumber(_ reference: Reference) -> Bool {
    if let node = reference.node, entries[node].kind == .alias {
      switch aliases[Int(entries[node].alias)].base {
      case .leaf(let leaf): return shape(Reference(.leaf, leaf)).elementCount == 1
      case .node(let base): return shape(base).elementCount == 1
      case .index: return false
      }
    }
    return shape(reference).elementCount == 1
  }
}
