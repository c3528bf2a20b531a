// Which memory each array of a plan lies in: decided once for a plan, before anything is allocated.

import MartletFusion
import MartletIR
import MartletLowering

/// The memory of a plan's arrays: blocks to allocate, and leaves that are written over.
///
/// Intermediates share a block as soon as their readers are done, and a map may write over an input
/// that dies in it. The parts of a launch run at once: what one of them reads is written over by
/// none but itself, and what they write lies apart. All blocks are allocated before the first step
/// runs, so a run that found too little memory can be repeated.
struct MemoryPlan {
  /// A block, or the memory of a leaf.
  enum Place: Sendable, Hashable {
    case block(Int)
    case leaf(Int)
  }

  /// The bytes of each block.
  private(set) var blocks: [Int] = []
  /// Per node, then per temporary: where it lies; nil for views and for what a library step makes.
  private(set) var places: [Place?]
  /// Per step, part and output: the block of a reduction's block values, where they are not the
  /// result; then, where places are found, per output the block of the extremes.
  private(set) var partials: [Int: [[Place?]]] = [:]
  /// Per step: scratch memory for all participants.
  private(set) var scratch: [Int: Place] = [:]

  private let trace: Trace
  private let plan: Plan
  private let threads: Int
  /// Per node, temporary and leaf: the last step that reads it, or -1.
  private var lastRead: [Int]
  /// Whether the memory outlives the run.
  private var isPinned: [Bool]
  /// What a view node's memory is part of.
  private var aliases: [Int: Int] = [:]
  /// Memory whose contents are not needed any more.
  private var free: [Place] = []
  /// Leaves may be overwritten from this step on: no later step can fail.
  private var firstSafeStep = 0

  /// Finds memory for `plan` of a trace whose dying leaves start where their buffers start, and
  /// share them with no other leaf; `canOverwriteLeaves` allows those to be reused.
  init(
    _ plan: Plan, of trace: Trace, threads: Int, canOverwriteLeaves: Bool
  ) throws(TensorError) {
    self.trace = trace
    self.plan = plan
    self.threads = threads
    let owned = trace.nodes.count + plan.temporaries.count
    places = [Place?](repeating: nil, count: owned)
    lastRead = [Int](repeating: -1, count: owned + trace.leaves.count)
    isPinned = [Bool](repeating: false, count: owned + trace.leaves.count)
    for (node, index) in zip(trace.nodes, 0...) where node.isOutput { isPinned[index] = true }
    for leaf in trace.leaves.indices {
      isPinned[owned + leaf] = !(canOverwriteLeaves && trace.isLeafDying[leaf])
    }
    findLifetimes()
    for (step, index) in zip(plan.steps, 0...) {
      switch step {
      case .launch(let launch): try assign(launch, at: index)
      case .library(let node, _):
        if trace.nodes[node].op == .matmul {
          places[node] = try take(byteCount(.node(node)))
        }
      case .view: break
      }
      releaseInputs(of: step, at: index)
    }
  }

  /// The number of a slot in the tables.
  private func number(_ slot: Plan.Slot) -> Int {
    switch slot {
    case .node(let node): aliases[node] ?? node
    case .temporary(let temporary): trace.nodes.count + temporary
    case .leaf(let leaf): places.count + leaf
    }
  }

  private mutating func findLifetimes() {
    for (step, index) in zip(plan.steps, 0...) {
      for slot in step.reads { lastRead[number(slot)] = index }
      switch step {
      case .view(let node, let slot, _):
        aliases[node] = number(slot)
        if trace.nodes[node].isOutput { isPinned[number(slot)] = true }
      case .library(let node, let operands):
        let copiesNothing = trace.nodes[node].op == .matmul && isReadInPlace(operands, of: node)
        if !copiesNothing { firstSafeStep = index + 1 }
      case .launch(let launch):
        if launch.spec.mayFail { firstSafeStep = index + 1 }
      }
    }
  }

  /// Whether a matrix product needs no memory of its own.
  private func isReadInPlace(_ operands: [Plan.Operand], of node: Int) -> Bool {
    zip(operands, trace.nodes[node].operands).allSatisfy { operand, source in
      guard case .value(_, let layout) = operand else { return false }
      return layout.isRowMajor(for: trace.shape(of: source))
    }
  }

  // Memory.

  private func dtype(_ slot: Plan.Slot) -> DType {
    switch slot {
    case .node(let node): trace.nodes[node].dtype
    case .temporary(let temporary): plan.temporaries[temporary].dtype
    case .leaf(let leaf): trace.leaves[leaf].dtype
    }
  }

  private func elementCount(_ slot: Plan.Slot) -> Int {
    switch slot {
    case .node(let node): trace.nodes[node].shape.elementCount
    case .temporary(let temporary): plan.temporaries[temporary].elementCount
    case .leaf(let leaf): trace.leaves[leaf].shape.elementCount
    }
  }

  private func byteCount(_ slot: Plan.Slot) throws(TensorError) -> Int {
    try MemoryPlan.bytes(elementCount(slot), dtype(slot))
  }

  private static func bytes(_ count: Int, _ dtype: DType) throws(TensorError) -> Int {
    let (bytes, overflow) = count.multipliedReportingOverflow(by: dtype.byteCount)
    guard !overflow else {
      throw TensorError(
        .memory, op: "allocate", reason: "\(count) elements of \(dtype) do not fit in memory")
    }
    return bytes
  }

  /// Memory for an array: some that is free already, or a new block.
  private mutating func take(_ byteCount: Int) -> Place {
    let fitting = free.firstIndex { place in
      let capacity = capacity(place)
      return capacity >= byteCount && capacity &- byteCount <= 64 &+ byteCount / 4
    }
    if let fitting { return free.remove(at: fitting) }
    blocks.append(byteCount)
    return .block(blocks.count - 1)
  }

  /// The bytes that `place` is known to have.
  private func capacity(_ place: Place) -> Int {
    switch place {
    case .block(let block): BufferPool.capacity(blocks[block])
    case .leaf(let leaf): trace.leaves[leaf].buffer.capacity
    }
  }

  /// Frees what no later step reads.
  private mutating func releaseInputs(of step: Plan.Step, at index: Int) {
    for slot in step.reads.map(number) where slot < places.count {
      guard lastRead[slot] == index, !isPinned[slot], let place = places[slot] else { continue }
      if !free.contains(place) { free.append(place) }
    }
    for partial in (partials[index] ?? []).joined() { if let partial { free.append(partial) } }
    if let scratch = scratch[index] { free.append(scratch) }
  }

  private mutating func assign(_ launch: Plan.Launch, at index: Int) throws(TensorError) {
    let spec = launch.spec
    let shared = sharedPlaces(launch)
    for part in launch.parts {
      for (output, binding) in part.outputs.enumerated() {
        guard let slot = binding.slot, places[number(slot)] == nil else { continue }
        if spec.mayOverwriteInputs(with: output),
          let reused = reusableInput(part, for: binding, at: index, except: shared)
        {
          // Written over: it is neither free afterwards nor reusable for another output.
          lastRead[reused] = .max
          places[number(slot)] = place(number: reused)
        } else {
          places[number(slot)] = try take(byteCount(slot))
        }
      }
    }
    if spec.family.leavesBlocks {
      var lists: [[Place?]] = []
      for part in launch.parts { lists.append(try partials(of: part, spec)) }
      partials[index] = lists
    }
    let scratchByteCount = launch.scratchByteCount
    if scratchByteCount > 0 { scratch[index] = take(scratchByteCount &* threads) }
  }

  /// Memory for what a kernel leaves of each block.
  private mutating func partials(
    of part: Plan.Part, _ spec: KernelSpec
  ) throws(TensorError) -> [Place?] {
    let blocks = part.blockCount(spec)
    let (product, overflow) = part.resultCount(spec).multipliedReportingOverflow(by: blocks)
    let count = overflow ? .max : product
    var list = [Place?](repeating: nil, count: spec.outputs.count)
    if blocks > 1 {
      for (number, output) in spec.outputs.enumerated() {
        list[number] = try take(MemoryPlan.bytes(count, spec.dtype(of: output)))
      }
    }
    if spec.family.findsPlaces {
      for output in spec.outputs {
        list.append(try take(MemoryPlan.bytes(count, spec.dtypes[output.value])))
      }
    }
    return list
  }

  /// Memory that several parts read.
  private func sharedPlaces(_ launch: Plan.Launch) -> Set<Place> {
    guard launch.parts.count > 1 else { return [] }
    var readers: [Place: Int] = [:]
    var shared: Set<Place> = []
    for (number, part) in launch.parts.enumerated() {
      for case let slot? in part.inputs.map(\.slot) {
        guard let place = place(of: slot) else { continue }
        if readers.updateValue(number, forKey: place) ?? number != number { shared.insert(place) }
      }
    }
    return shared
  }

  /// An input that dies in `part` and whose element at each point is where the output's is.
  private func reusableInput(
    _ part: Plan.Part, for output: Plan.Binding, at index: Int, except shared: Set<Place>
  ) -> Int? {
    guard let target = output.slot, output.offset == 0,
      part.extents.reduce(1, &*) == elementCount(target),
      MemoryPlan.isRowMajor(output.strides, part.extents)
    else { return nil }
    let width = dtype(target).byteCount
    let needed = elementCount(target) &* width
    for binding in part.inputs {
      guard let slot = binding.slot, binding.gathered == nil else { continue }
      let candidate = number(slot)
      guard lastRead[candidate] == index, !isPinned[candidate] else { continue }
      let isLeaf = candidate >= places.count
      guard !isLeaf || index >= firstSafeStep, let place = place(number: candidate),
        !shared.contains(place)
      else { continue }
      let capacity = capacity(place)
      guard capacity >= needed, capacity &- needed <= 64 &+ needed / 2 else { continue }
      // Every array that lies there must be read at the point that is written.
      let isSafe = part.inputs.allSatisfy { other in
        guard let slot = other.slot, self.place(of: slot) == place else { return true }
        return other.gathered == nil && dtype(slot).byteCount == width && other.offset == 0
          && number(slot) == candidate
          && MemoryPlan.isRowMajor(other.strides, part.extents)
      }
      if isSafe { return candidate }
    }
    return nil
  }

  /// The memory that a slot lies in; nil for what a library step makes.
  func place(of slot: Plan.Slot) -> Place? { place(number: number(slot)) }

  private func place(number: Int) -> Place? {
    number < places.count ? places[number] : .leaf(number - places.count)
  }

  private static func isRowMajor(_ strides: [Int], _ extents: [Int]) -> Bool {
    var step = 1
    for axis in extents.indices.reversed() where extents[axis] != 1 {
      if strides[axis] != step { return false }
      step &*= extents[axis]
    }
    return true
  }
}

extension KernelSpec {
  /// Whether a run may raise a flag that is an error (R47).
  var mayFail: Bool {
    zip(instructions, dtypes).contains { instruction, dtype in
      switch instruction {
      case .elementwise(.pow, _): dtype.isInteger
      case .gather: true
      default: false
      }
    }
  }

  /// Whether `output` may be written over what the launch reads at the same points: no later sweep
  /// over the row reads it again.
  func mayOverwriteInputs(with output: Int) -> Bool {
    switch family {
    case .map, .scanInner, .scanOuter: return true
    case .reduceInner, .reduceOuter, .reduceShort, .placeInner, .placeOuter: return false
    case .row:
      let sweeps = RowSweeps(self)
      return sweeps.sweeps[outputs[output].value] == sweeps.count - 1
    }
  }

  /// The axis that is reduced, in the families that leave blocks.
  var reducedAxis: Int { family.runsAcross ? rank - 2 : rank - 1 }
}

extension Plan.Launch {
  /// The bytes of scratch memory that one thread needs: for one part after another.
  var scratchByteCount: Int {
    parts.reduce(0) { most, part in
      max(most, spec.scratchByteCount(rowLength: part.extents[spec.rank - 1]))
    }
  }
}

extension Plan.Part {
  /// The blocks of R14 along the reduced axis.
  func blockCount(_ spec: KernelSpec) -> Int {
    guard spec.family.leavesBlocks else { return 1 }
    return (extents[spec.reducedAxis] &- 1) / KernelSpec.blockLength &+ 1
  }

  /// The results of a reduction.
  func resultCount(_ spec: KernelSpec) -> Int {
    var count = 1
    for axis in extents.indices where axis != spec.reducedAxis { count &*= extents[axis] }
    return count
  }
}
