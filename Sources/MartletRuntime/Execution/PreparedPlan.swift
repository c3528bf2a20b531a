// A plan made ready to be run any number of times: memory decided, arguments packed, kernels found.

import MartletFusion
import MartletIR
import MartletLowering

/// All that the runs of one trace structure share.
///
/// What differs from run to run is left open: the leaves' buffers and where in them the leaves
/// begin, the values of the scalars, and the sites for errors. A run looks all memory up in one
/// table: first the blocks that it allocates, then the leaves, then what steps make.
final class PreparedPlan: Sendable {
  /// An entry in the table of a run.
  typealias Place = Int

  enum Step: Sendable {
    case launch(PreparedLaunch)
    /// Makes a value by a library routine.
    case library(PreparedCall)
    /// Makes `made` a view of what lies at `source`.
    case view(source: Place, made: Place, dtype: DType, shape: Shape, layout: Layout)
  }

  /// A value that outlives the run.
  struct Output: Sendable {
    let node: Int
    /// Nil where there are no elements and nothing makes the value.
    let place: Place?
    let dtype: DType
    let shape: Shape
  }

  /// The kernels of the launches, in order.
  let specs: [KernelSpec]
  let steps: [Step]
  let outputs: [Output]
  /// The bytes of each block.
  let blocks: [Int]
  let leafCount: Int
  /// The values that library steps and views make.
  let madeCount: Int
  /// Whether something without elements is read or kept that nothing makes.
  let needsEmptyBuffer: Bool
  /// What a whole run adds to the counters.
  let bytesLoaded: Int
  let bytesStored: Int

  var firstLeaf: Place { blocks.count }
  var firstMade: Place { blocks.count &+ leafCount }
  var launchCount: Int { specs.count }

  /// Readies `plan` for runs by `threads` participants; the trace is one that `PlanKey` normalized.
  init(_ plan: Plan, of trace: Trace, threads: Int, isStrict: Bool) throws(TensorError) {
    let memory = try MemoryPlan(
      plan, of: trace, threads: threads, canOverwriteLeaves: !isStrict)
    var places = PlaceNumbers(memory, leafCount: trace.leaves.count)
    var steps: [Step] = []
    steps.reserveCapacity(plan.steps.count)
    for (index, step) in plan.steps.enumerated() {
      switch step {
      case .launch(let launch):
        steps.append(
          .launch(
            PreparedLaunch(
              launch,
              partials: (memory.partials[index] ?? []).map { $0.map { $0.map(places.number) } },
              scratch: memory.scratch[index].map(places.number), places: places)))
      case .library(let node, let operands):
        let product = memory.place(of: .node(node)).map(places.number)
        steps.append(
          .library(
            PreparedCall(
              trace, node, operands, product: product,
              made: product == nil ? places.make(node) : nil, places: places)))
      case .view(let node, let slot, let layout):
        guard let source = places.number(slot) else { continue }
        steps.append(
          .view(
            source: source, made: places.make(node), dtype: trace.nodes[node].dtype,
            shape: trace.nodes[node].shape, layout: layout))
      }
    }
    self.steps = steps
    outputs = trace.nodes.indices.compactMap { node in
      guard trace.nodes[node].isOutput else { return nil }
      let place = places.number(ofOutput: node)
      if place == nil, trace.nodes[node].shape.elementCount > 0 {
        internalError("a plan left out node \(node) (\(trace.nodes[node].op))")
      }
      return Output(
        node: node, place: place, dtype: trace.nodes[node].dtype, shape: trace.nodes[node].shape)
    }
    specs = plan.kernels
    blocks = memory.blocks
    leafCount = trace.leaves.count
    madeCount = places.madeCount
    needsEmptyBuffer =
      outputs.contains { $0.place == nil }
      || steps.contains { if case .library(let call) = $0 { call.readsNothing } else { false } }
    var (loaded, stored) = (0, 0)
    for case .launch(let launch) in steps {
      loaded &+= launch.work.bytesLoaded
      stored &+= launch.work.bytesStored
    }
    bytesLoaded = loaded
    bytesStored = stored
  }
}

/// The numbers of memory in the table of a run.
struct PlaceNumbers {
  private let memory: MemoryPlan
  private let leafCount: Int
  private var made: [Int: PreparedPlan.Place] = [:]
  private(set) var madeCount = 0

  init(_ memory: MemoryPlan, leafCount: Int) {
    self.memory = memory
    self.leafCount = leafCount
  }

  func number(_ place: MemoryPlan.Place) -> PreparedPlan.Place {
    switch place {
    case .block(let block): block
    case .leaf(let leaf): memory.blocks.count + leaf
    }
  }

  /// Where a slot lies; nil where it has no elements and no memory.
  func number(_ slot: Plan.Slot) -> PreparedPlan.Place? {
    if let place = memory.place(of: slot) { return number(place) }
    if case .node(let node) = slot { return made[node] }
    return nil
  }

  /// Where the value of an output is.
  func number(ofOutput node: Int) -> PreparedPlan.Place? { made[node] ?? number(.node(node)) }

  /// The number of the value that a step makes of `node`.
  mutating func make(_ node: Int) -> PreparedPlan.Place {
    let place = memory.blocks.count + leafCount + madeCount
    made[node] = place
    madeCount += 1
    return place
  }
}

/// A library step with its operands.
struct PreparedCall: Sendable {
  enum Operand: Sendable {
    /// Elements at a place; nil for an operand without elements that nothing makes.
    case value(PreparedPlan.Place?, DType, Shape, Layout)
    /// A number of the trace's scalars.
    case scalar(Int, DType)
  }

  let node: Int
  let op: Op
  let dtype: DType
  let shape: Shape
  let operands: [Operand]
  /// Where the result of a matrix product goes.
  let product: PreparedPlan.Place?
  /// The value that another routine makes.
  let made: PreparedPlan.Place?

  /// Whether an operand has no elements and lies nowhere.
  var readsNothing: Bool {
    operands.contains { if case .value(nil, _, _, _) = $0 { true } else { false } }
  }

  init(
    _ trace: Trace, _ node: Int, _ operands: [Plan.Operand], product: PreparedPlan.Place?,
    made: PreparedPlan.Place?, places: PlaceNumbers
  ) {
    self.node = node
    self.product = product
    self.made = made
    let own = trace.nodes[node]
    (op, dtype, shape) = (own.op, own.dtype, own.shape)
    self.operands = zip(operands, own.operands).map { operand, source in
      switch operand {
      case .scalar(let number): .scalar(number, trace.dtype(of: source))
      case .value(let slot, let layout):
        .value(places.number(slot), trace.dtype(of: source), trace.shape(of: source), layout)
      }
    }
  }
}
