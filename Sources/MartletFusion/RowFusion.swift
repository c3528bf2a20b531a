// Joins reductions of rows with the kernels that use their results, while a row stays in the cache.

import MartletIR

/// Merges drafts over one space into row kernels: softmax is one, and so is layer norm.
///
/// A reduction ends a kernel, because nobody can use its result before the last element is in.
/// Along short rows this costs more than it must: a row that was just reduced is still in the cache
/// when the next kernel wants it. So a reduction and what reads its results, or what it reads,
/// become one kernel that runs through each row several times (`RowSweeps`), as long as the row is
/// short enough (`CostModel.rowByteCount`) and no other step needs to run in between.
struct RowFusion {
  private let graph: FusionGraph
  /// The drafts; those that were merged into others are nil.
  private var work: [Draftwork?]
  /// Per entry of `work`: the nodes that it reads.
  private var reads: [Set<Int>] = []
  /// Per node: the entries of `work` that write and that read it.
  private var writers: [Int: Set<Int>] = [:]
  private var readers: [Int: Set<Int>] = [:]

  /// The drafts that remain of `work`, in its order.
  static func run(_ work: [Draftwork], _ graph: FusionGraph) -> [Draftwork] {
    let isReducing = work.contains { item in
      if case .kernel(let draft) = item { return draft.reducedAxes != nil }
      return false
    }
    guard isReducing, work.count > 1 else { return work }
    var fusion = RowFusion(work, graph)
    for number in fusion.byLevel() { fusion.merge(number) }
    fusion.dropUnreadStores()
    return fusion.work.compactMap { $0 }
  }

  private init(_ work: [Draftwork], _ graph: FusionGraph) {
    self.graph = graph
    self.work = work
    for (number, item) in work.enumerated() {
      switch item {
      case .kernel(let draft):
        reads.append(draft.reads)
        for output in draft.outputs { writers[output.root.node, default: []].insert(number) }
      case .library(let step):
        let item = WorkItem([step])
        reads.append(Set(item.reads))
        for node in item.writes { writers[node, default: []].insert(number) }
      }
      for node in reads[number] { readers[node, default: []].insert(number) }
    }
  }

  /// The drafts, each after those whose results it reads.
  private func byLevel() -> [Int] {
    work.indices.filter { draft($0) != nil }.sorted {
      (draft($0)?.level ?? 0, $0) < (draft($1)?.level ?? 0, $1)
    }
  }

  private func draft(_ number: Int) -> Draft? {
    if case .kernel(let draft)? = work[number] { return draft }
    return nil
  }

  /// Merges draft `number` with all that write what it reads, where that is possible.
  private mutating func merge(_ number: Int) {
    let producers = Set(reads[number].flatMap { writers[$0] ?? [] }).subtracting([number])
    for producer in producers.sorted() {
      guard let consumer = draft(number), let first = draft(producer),
        let (space, axes) = rows(first, consumer), isWorth(consumer, after: first),
        !isReached(number, from: producer, before: consumer.level),
        let merged = merge(first, consumer, space, axes)
      else { continue }
      replace(producer, and: number, by: merged)
    }
  }

  /// Whether a map over the results of `producer` should become part of it.
  ///
  /// One value a row is computed by itself, not as part of a vector: where rows are short and no
  /// later sweep over them waits for the value, a kernel of its own is faster.
  private func isWorth(_ consumer: Draft, after producer: Draft) -> Bool {
    guard let axes = producer.reducedAxes, consumer.space != producer.space,
      RowFusion.length(producer.space, axes) < KernelSpec.laneCount
    else { return true }
    return consumer.outputs.contains { output in
      (readers[output.root.node] ?? []).contains { draft($0)?.space == producer.space }
    }
  }

  private static func length(_ space: Shape, _ axes: AxisSet) -> Int {
    (0..<space.rank).filter(axes.contains).reduce(1) { $0 &* space[$1] }
  }

  private mutating func replace(_ producer: Int, and consumer: Int, by merged: Draft) {
    for node in reads[producer] { readers[node]?.remove(producer) }
    for node in reads[consumer] { readers[node]?.remove(consumer) }
    for output in merged.outputs {
      writers[output.root.node]?.remove(producer)
      writers[output.root.node, default: []].insert(consumer)
    }
    reads[producer] = []
    reads[consumer] = merged.reads
    for node in merged.reads { readers[node, default: []].insert(consumer) }
    work[producer] = nil
    work[consumer] = .kernel(merged)
  }

  /// Whether something between `producer` and `consumer` needs the one and is needed by the other.
  ///
  /// Drafts are merged in the order of their levels, so nothing of a higher level than the
  /// consumer's, which is not merged yet, can lead back to it.
  private func isReached(_ consumer: Int, from producer: Int, before level: Int32) -> Bool {
    var pending = [producer]
    var seen: Set<Int> = [producer, consumer]
    while let number = pending.popLast() {
      for node in written(number) {
        if number != producer, reads[consumer].contains(node) { return true }
        for reader in readers[node] ?? [] where seen.insert(reader).inserted {
          if let draft = draft(reader), draft.level > level { continue }
          pending.append(reader)
        }
      }
    }
    return false
  }

  private func written(_ number: Int) -> [Int] {
    switch work[number] {
    case .kernel(let draft)?: draft.outputs.map(\.root.node)
    case .library(let step)?: WorkItem([step]).writes
    case nil: []
    }
  }

  /// The two as one row kernel, or nil where they do not make one.
  private func merge(
    _ producer: Draft, _ consumer: Draft, _ space: Shape, _ axes: AxisSet
  ) -> Draft? {
    guard let first = row(producer, space, axes), let second = row(consumer, space, axes) else {
      return nil
    }
    var merged = first
    merged.reducedAxes = axes
    merged.isRow = true
    merged.level = consumer.level
    var positions: [Int32] = []
    for code in second.body.codes {
      guard code.kind == .input else {
        positions.append(merged.body.emit(code.moved(positions)))
        continue
      }
      let input = second.body.inputs[Int(code.a)]
      let written = first.outputs.filter { input.base == .node($0.root.node) }
      if input.gathered != nil && !written.isEmpty { return nil }
      guard !written.isEmpty else {
        positions.append(merged.body.emit(input))
        continue
      }
      // What is written at another point than it is read at is not there yet.
      guard written.count == 1, written[0].root.layout.isSame(as: input.layout, over: space) else {
        return nil
      }
      positions.append(Int32(written[0].position))
    }
    merged.outputs += second.outputs.map { (Int(positions[$0.position]), $0.root) }
    let layouts = merged.body.inputs.map(\.layout) + merged.outputs.map(\.root.layout)
    guard BodySplit.fits(merged.body, outputCount: merged.outputs.count, graph.costs),
      ReductionSpace.hasRows(space, reducing: axes, operands: layouts, costs: graph.costs)
    else { return nil }
    return merged
  }

  /// The rows that the two drafts would share, where there are any and they are short enough.
  private func rows(_ producer: Draft, _ consumer: Draft) -> (space: Shape, axes: AxisSet)? {
    guard let axes = producer.reducedAxes ?? consumer.reducedAxes else { return nil }
    let space = producer.reducedAxes == nil ? consumer.space : producer.space
    let length = RowFusion.length(space, axes)
    // Every dtype counts as eight bytes, so that a kernel does not depend on it.
    guard length > 1, length <= graph.costs.rowByteCount / 8 else { return nil }
    return (space, axes)
  }

  /// `draft` as a row kernel over `space` and `axes`, or nil where it has another space.
  private func row(_ draft: Draft, _ space: Shape, _ axes: AxisSet) -> Draft? {
    if draft.passage != .reduction { return nil }
    if draft.space == space {
      if draft.isRow || draft.reducedAxes == nil {
        return (draft.reducedAxes ?? axes) == axes ? draft : nil
      }
      guard draft.reducedAxes == axes else { return nil }
      return reducing(draft, axes)
    }
    return draft.reducedAxes == nil ? lifted(draft, space, axes) : nil
  }

  /// A draft that leaves its reductions to the launch, with the reductions as instructions.
  private func reducing(_ draft: Draft, _ axes: AxisSet) -> Draft {
    var result = draft
    result.isRow = true
    for (index, output) in draft.outputs.enumerated() {
      guard let reduction = output.root.reduction else {
        internalError("a reduction without an operation")
      }
      var code = FusedBody.Code(kind: .reduce, dtype: draft.body.codes[output.position].dtype)
      code.reduction = reduction
      code.a = Int32(output.position)
      result.outputs[index].position = Int(result.body.emit(code))
      result.outputs[index].root.reduction = nil
      let kept = Shape((0..<draft.space.rank).map { axes.contains($0) ? 1 : draft.space[$0] })
      result.outputs[index].root.layout =
        Layout.rowMajor.applying(.broadcast, from: kept, to: draft.space) ?? .rowMajor
    }
    return result
  }

  /// A map over what the reductions leave, as one over `space` whose values are the same along a
  /// row.
  ///
  /// An operation that may raise a flag is one of elements (`KernelBody`), so integers stay out.
  private func lifted(_ draft: Draft, _ space: Shape, _ axes: AxisSet) -> Draft? {
    let mayRaise = draft.body.codes.contains {
      $0.kind == .gather || ($0.isComputed && $0.dtype.isInteger)
    }
    if mayRaise { return nil }
    let kept = (0..<space.rank).filter { !axes.contains($0) && space[$0] != 1 }
    let own = (0..<draft.space.rank).filter { draft.space[$0] != 1 }
    guard kept.map({ space[$0] }) == own.map({ draft.space[$0] }) else { return nil }
    func lifted(_ layout: Layout) -> Layout {
      let strides = layout.strides(for: draft.space)
      var result = [Int](repeating: 0, count: space.rank)
      for (axis, source) in zip(kept, own) { result[axis] = strides[source] }
      return Layout(offset: layout.offset, strides: result)
    }
    var result = draft
    (result.body, result.outputs, result.space) = (FusedBody(), [], space)
    (result.reducedAxes, result.isRow) = (axes, true)
    var positions: [Int32] = []
    for code in draft.body.codes {
      guard code.kind == .input else {
        positions.append(result.body.emit(code.moved(positions)))
        continue
      }
      var input = draft.body.inputs[Int(code.a)]
      input.layout = lifted(input.layout)
      positions.append(result.body.emit(input))
    }
    for output in draft.outputs {
      var root = output.root
      root.layout = lifted(root.layout)
      result.outputs.append((Int(positions[output.position]), root))
    }
    return result
  }

  /// Leaves out what row kernels store and nobody reads any more.
  private mutating func dropUnreadStores() {
    var needed: Set<Int> = []
    for (index, entry) in graph.entries.enumerated() {
      if entry.isOutput { needed.insert(index) }
      if entry.isOutput, entry.kind == .alias || entry.kind == .view, !entry.isStored,
        case .node(let base) = graph.location(Reference(.node, index)).base
      {
        needed.insert(base)
      }
    }
    for (number, item) in work.enumerated() {
      guard case .kernel(var draft)? = item, draft.isRow else { continue }
      let read = draft.outputs.filter { output in
        needed.contains(output.root.node) || !(readers[output.root.node] ?? []).isEmpty
      }
      // The passes before may leave a stored value that nobody reads; it costs time, and no result.
      if !read.isEmpty { draft.outputs = read }
      draft.dropUnusedCode()
      work[number] = .kernel(draft)
    }
  }
}

extension Layout {
  /// Whether the points of `space` lie at the same places under both.
  fileprivate func isSame(as other: Layout, over space: Shape) -> Bool {
    guard offset == other.offset else { return false }
    let (a, b) = (strides(for: space), other.strides(for: space))
    return (0..<space.rank).allSatisfy { space[$0] == 1 || a[$0] == b[$0] }
  }
}
