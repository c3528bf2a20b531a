// One run of a plan: launches over the thread pool, library steps, and the values that remain.

import MartletFusion
import MartletIR
import MartletInterpreter
import MartletLowering

/// The state of a plan that is being run.
struct PlanRun {
  let trace: Trace
  let plan: Plan
  let executor: Executor
  private let memory: MemoryPlan
  /// The nodes that a library step or a view gave a value.
  private var values: [Value?]
  private(set) var flags: UInt32 = 0

  init(
    _ plan: Plan, of trace: Trace, executor: Executor, isStrict: Bool
  ) throws(TensorError) {
    self.trace = trace
    self.plan = plan
    self.executor = executor
    memory = try MemoryPlan(
      plan, of: trace, pool: executor.pool, threads: executor.threads.width,
      canOverwriteLeaves: !isStrict)
    values = [Value?](repeating: nil, count: trace.nodes.count)
  }

  /// Runs the steps up to the first that raises a flag of `errors`; `kernels` are those of the
  /// launches, in order.
  ///
  /// Whoever looks for the op that is to blame, or computes the other outputs by themselves, reads
  /// the leaves again, and later steps might write over some.
  mutating func run(
    _ kernels: [CompiledKernel], until errors: UInt32
  ) throws(TensorError) {
    var nextKernel = 0
    for (index, step) in plan.steps.enumerated() {
      switch step {
      case .launch(let launch):
        run(launch, kernels[nextKernel], at: index)
        nextKernel += 1
        if flags & errors != 0 { return }
      case .library(let node, let operands): try runLibrary(node, operands)
      case .view(let node, let slot, let layout):
        let (dtype, shape) = (trace.nodes[node].dtype, trace.nodes[node].shape)
        if let buffer = buffer(of: slot) {
          values[node] = Value(dtype: dtype, shape: shape, layout: layout, buffer: buffer)
        }
      }
    }
  }

  /// The values of the trace's outputs.
  func outputs() throws(TensorError) -> [Value?] {
    var outputs = [Value?](repeating: nil, count: trace.nodes.count)
    for (index, node) in trace.nodes.enumerated() where node.isOutput {
      if let value = values[index] {
        outputs[index] = value
      } else if let buffer = memory.buffers[index] {
        outputs[index] = Value(dtype: node.dtype, shape: node.shape, buffer: buffer)
      } else if node.shape.elementCount == 0 {
        outputs[index] = Value(
          dtype: node.dtype, shape: node.shape, buffer: try executor.pool.allocate(byteCount: 0))
      } else {
        internalError("a plan left out node \(index) (\(node.op))")
      }
    }
    return outputs
  }

  private func buffer(of slot: Plan.Slot) -> Buffer? {
    if let buffer = memory.buffer(of: slot) { return buffer }
    if case .node(let node) = slot { return values[node]?.buffer }
    return nil
  }

  private func address(_ slot: Plan.Slot) -> UnsafeMutableRawPointer {
    guard let buffer = buffer(of: slot) else { internalError("\(slot) has no memory") }
    return buffer.pointer
  }

  // Launches.

  private mutating func run(_ launch: Plan.Launch, _ kernel: CompiledKernel, at index: Int) {
    let partials = memory.partials[index] ?? []
    let arguments = LaunchArguments(launch, partials: partials, address: address)
    let work = LaunchWork(launch)
    let counters = executor.counters
    counters.add(.launches)
    counters.add(.bytesLoaded, work.bytesLoaded)
    counters.add(.bytesStored, work.bytesStored)
    flags |= call(kernel, arguments, work, scratch: memory.scratch[index]?.pointer)
    if launch.spec.family.leavesBlocks { combineBlocks(of: launch, partials) }
  }

  /// Makes results of what a kernel left for each block.
  private func combineBlocks(of launch: Plan.Launch, _ partials: [Buffer?]) {
    let spec = launch.spec
    let columns = spec.family.reducesAcross ? launch.extents[spec.rank - 1] : 1
    let rows = launch.resultCount / columns
    for (number, output) in spec.outputs.enumerated() {
      guard let slot = launch.outputs[number].slot else {
        internalError("a reduction without a result")
      }
      let dtype = spec.dtypes[output.value]
      let offset = launch.outputs[number].offset &* spec.dtype(of: output).byteCount
      let results = address(slot) + offset
      if let reduction = output.reduction {
        BlockCombination(
          reduction: reduction, dtype: dtype, rows: rows, blocks: launch.blockCount,
          columns: columns, elementCount: launch.extents[launch.reducedAxis]
        ).run(partials[number]?.pointer ?? results, into: results)
      } else if let extreme = output.place, let places = partials[number]?.pointer,
        let extremes = partials[spec.outputs.count + number]?.pointer
      {
        PlaceCombination(
          extreme: extreme, dtype: dtype, rows: rows, blocks: launch.blockCount, columns: columns
        ).run(places, extremes, into: results)
      }
    }
  }

  /// Calls the kernel on shares of its work and returns the flags that any of them raised.
  private func call(
    _ kernel: CompiledKernel, _ arguments: LaunchArguments, _ work: LaunchWork,
    scratch: UnsafeMutableRawPointer?
  ) -> UInt32 {
    let function = kernel.function
    let scratchByteCount = arguments.launch.scratchByteCount
    // The kernel's code must not be unmapped before the last share returns.
    return withExtendedLifetime(kernel) {
      arguments.buffers.withUnsafeBufferPointer { buffers in
        arguments.integers.withUnsafeBufferPointer { integers in
          arguments.scalars.withUnsafeBufferPointer { scalars in
            guard let buffers = buffers.baseAddress, let integers = integers.baseAddress else {
              internalError("a launch without operands")
            }
            // A kernel without scalars never reads their address.
            let scalars =
              scalars.baseAddress
              ?? UnsafeRawPointer(integers).assumingMemoryBound(to: UInt64.self)
            if !work.isParallel {
              return function(buffers, integers, scalars, scratch, 0, Int64(work.items))
            }
            let threads = executor.threads
            return withUnsafeTemporaryAllocation(of: UInt32.self, capacity: threads.width) {
              raised in
              raised.initialize(repeating: 0)
              threads.parallel(items: work.items, grain: work.grain) { worker, begin, end in
                let scratch = scratch.map { $0 + worker &* scratchByteCount }
                raised[worker] |= function(
                  buffers, integers, scalars, scratch, Int64(begin), Int64(end))
              }
              return raised.reduce(0, |)
            }
          }
        }
      }
    }
  }

  // Library steps.

  private mutating func runLibrary(
    _ node: Int, _ operands: [Plan.Operand]
  ) throws(TensorError) {
    let (op, dtype) = (trace.nodes[node].op, trace.nodes[node].dtype)
    let shape = trace.nodes[node].shape
    var arguments: [Interpreter.Operand] = []
    for (operand, source) in zip(operands, trace.nodes[node].operands) {
      switch operand {
      case .scalar(let scalar): arguments.append(.scalar(scalar))
      case .value(let slot, let layout):
        let shape = trace.shape(of: source)
        var buffer = buffer(of: slot)
        // What has no elements is not computed and has no memory of its own.
        if buffer == nil, shape.elementCount == 0 {
          buffer = try executor.pool.allocate(byteCount: 0)
        }
        guard let buffer else { internalError("\(slot) has no memory") }
        arguments.append(
          .value(
            Value(dtype: trace.dtype(of: source), shape: shape, layout: layout, buffer: buffer)))
      }
    }
    if op == .matmul, case .value(let a)? = arguments.first, case .value(let b)? = arguments.last,
      let buffer = memory.buffers[node]
    {
      let result = Value(dtype: dtype, shape: shape, buffer: buffer)
      do {
        try executor.matmul.multiply(a, b, into: result)
      } catch {
        throw error.at(trace.nodes[node].site)
      }
      return
    }
    if case .scatter(let axis, .add) = op,
      let sum = try scatterAdd(arguments, axis, shape, site: trace.nodes[node].site)
    {
      values[node] = sum
      return
    }
    executor.counters.add(.interpretedNodes)
    values[node] = try executor.interpreter.evaluate(
      op: op, dtype: dtype, shape: shape, operands: arguments, site: trace.nodes[node].site,
      flags: &flags)
  }
  /// The first operand with the third added at the indices in the second; nil where that is left to
  /// the interpreter: an index that is out of range, bools, and scalars.
  private func scatterAdd(
    _ operands: [Interpreter.Operand], _ axis: Int, _ shape: Shape, site: TensorError.Location?
  ) throws(TensorError) -> Value? {
    guard case .value(let base) = operands[0], case .value(let indices) = operands[1],
      case .value(let updates) = operands[2], base.dtype != .bool,
      indices.layout.isRowMajor(for: indices.shape), base.shape == shape,
      let sum = ScatterSum(
        shape, axis,
        indices: UnsafeBufferPointer(
          start: indices.base.assumingMemoryBound(to: Int64.self),
          count: indices.shape.elementCount))
    else { return nil }
    let slices = Shape(shape[..<axis] + indices.shape.dimensions + shape[(axis + 1)...])
    guard updates.shape == slices else { return nil }
    var flags: UInt32 = 0
    /// A value of the operand's own, row-major.
    func copy(_ value: Value) throws(TensorError) -> Value {
      try executor.interpreter.evaluate(
        op: .concatenate(0), dtype: value.dtype, shape: value.shape, operands: [.value(value)],
        site: site, flags: &flags)
    }
    let result = try copy(base)
    let source = updates.layout.isRowMajor(for: slices) ? updates : try copy(updates)
    sum.add(source.base, to: result.base, base.dtype, executor.threads)
    return result
  }
}
