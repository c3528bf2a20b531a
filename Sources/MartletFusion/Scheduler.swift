// From a trace to a plan: the passes in their order, and the order of the steps.

package import MartletIR

/// Splits traces into kernels.
///
/// The passes: classify each node (`Classification`), decide what is stored and when (`Grouping`),
/// make kernels of what is stored together (`Assembler`), put them in order, launch equal kernels
/// that do not need each other at once (`Merging`). All are linear in the size of the trace and
/// depend on nothing else, so equal traces have equal plans.
package enum Scheduler {
  /// The steps that compute the outputs of `trace`; without `fusion`, one kernel an op.
  package static func plan(
    _ trace: Trace, fusion: Bool = true, costs: CostModel = .default
  ) -> Plan {
    var graph = FusionGraph(trace, fusion: fusion, costs: costs)
    graph.classify()
    graph.group()
    var assembler = Assembler(graph)
    assembler.run()
    let items = assembler.items
    var plan = Plan(temporaries: assembler.temporaries)
    for index in graph.entries.indices where graph.entries[index].kind == .empty {
      let isRead = graph.entries[index].isOutput || graph.entries[index].isPinned
      if isRead { plan.steps.append(.view(node: index, of: .node(index), layout: .rowMajor)) }
    }
    for number in order(items) { plan.steps += items[number].steps }
    if fusion { plan.mergeLaunches(costs) }
    for index in graph.entries.indices where graph.entries[index].isOutput {
      let entry = graph.entries[index]
      guard entry.kind == .alias || entry.kind == .view, !entry.isStored else { continue }
      let (base, layout) = graph.location(Reference(.node, index))
      guard let slot = Plan.Slot(base) else { internalError("an index was not stored") }
      plan.steps.append(.view(node: index, of: slot, layout: layout))
    }
    return plan
  }

  /// An order in which every item comes after those that write what it reads: as recorded, but with
  /// the producers of an item right before it, so that their results are used while they are near.
  private static func order(_ items: [WorkItem]) -> [Int] {
    var producers: [Int: [Int]] = [:]
    for (number, item) in items.enumerated() {
      for node in item.writes where producers[node]?.last != number {
        producers[node, default: []].append(number)
      }
    }
    var result: [Int] = []
    result.reserveCapacity(items.count)
    var isDone = [Bool](repeating: false, count: items.count)
    var isOpen = isDone
    for start in items.indices {
      var pending = [start]
      while let number = pending.last {
        if isDone[number] {
          pending.removeLast()
          continue
        }
        if isOpen[number] {
          isDone[number] = true
          result.append(number)
          pending.removeLast()
          continue
        }
        isOpen[number] = true
        for node in items[number].reads.reversed() {
          for producer in (producers[node] ?? []).reversed() where !isDone[producer] {
            if isOpen[producer] { internalError("kernels that need each other") }
            pending.append(producer)
          }
        }
      }
    }
    return result
  }
}
