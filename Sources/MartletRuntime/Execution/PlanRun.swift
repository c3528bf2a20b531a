// One run of a prepared plan: launches over the thread pool, library steps, and what remains.

import MartletFusion
import MartletIR
import MartletInterpreter
import MartletLowering

/// The state of a prepared plan that is being run.
///
/// A class, for its loops hand it to closures: a struct would be copied for each.
final class PlanRun {
  private let plan: PreparedPlan
  private let executor: Executor
  private let leaves: UnsafeBufferPointer<Leaf>
  private let scalars: UnsafeBufferPointer<UInt64>
  private let blocks: [Buffer]
  /// Of what has no elements and is made by nothing.
  private let empty: Buffer?
  /// The values that steps made so far.
  private var made: [Value?]
  private(set) var flags: UInt32 = 0

  /// Allocates all memory of the run, so that one which finds too little has changed nothing.
  init(
    _ plan: PreparedPlan, _ request: TraceRequest, executor: Executor
  ) throws(TensorError) {
    self.plan = plan
    self.executor = executor
    leaves = request.leaves
    scalars = request.scalars
    var blocks: [Buffer] = []
    blocks.reserveCapacity(plan.blocks.count)
    for byteCount in plan.blocks {
      blocks.append(try executor.pool.allocate(byteCount: byteCount))
    }
    self.blocks = blocks
    empty = plan.needsEmptyBuffer ? try executor.pool.allocate(byteCount: 0) : nil
    made = plan.madeCount == 0 ? [] : [Value?](repeating: nil, count: plan.madeCount)
  }

  /// Runs the steps up to the first that raises a flag of `errors`; an error of a library step is
  /// thrown with the node that is to blame.
  ///
  /// Whoever looks for the op that raised a flag, or computes the other outputs by themselves,
  /// reads the leaves again, and later steps might write over some.
  func run(_ kernels: [CompiledKernel], until errors: UInt32) throws(Failure) {
    let counters = executor.counters
    counters.add(.launches, plan.launchCount)
    counters.add(.bytesLoaded, plan.bytesLoaded)
    counters.add(.bytesStored, plan.bytesStored)
    var next = 0
    for step in plan.steps {
      switch step {
      case .launch(let launch):
        run(launch, kernels[next])
        next += 1
        if flags & errors != 0 { return }
      case .library(let call):
        do { try run(call) } catch { throw Failure(node: call.node, error: error) }
      case .view(let source, let place, let dtype, let shape, var layout):
        // Where the leaf begins is no part of the plan.
        layout.offset &+= firstElement(source)
        made[place &- plan.firstMade] = Value(
          dtype: dtype, shape: shape, layout: layout, buffer: buffer(source))
      }
    }
  }

  /// An error, and the node in whose computation it arose.
  struct Failure: Error {
    let node: Int
    let error: TensorError
  }

  /// The output nodes and their values.
  func outputs() -> [(node: Int, value: Value)] {
    var values: [(node: Int, value: Value)] = []
    values.reserveCapacity(plan.outputs.count)
    for output in plan.outputs {
      if let place = output.place, place >= plan.firstMade {
        guard let value = made[place &- plan.firstMade] else {
          internalError("a step made no value of node \(output.node)")
        }
        values.append((output.node, value))
      } else {
        values.append(
          (
            output.node,
            Value(dtype: output.dtype, shape: output.shape, buffer: buffer(output.place))
          ))
      }
    }
    return values
  }

  // Memory.

  /// The memory of a place; what has no elements is not computed and may have no place.
  private func buffer(_ place: PreparedPlan.Place?) -> Buffer {
    if let place { return buffer(place) }
    guard let empty else { internalError("elements without a place") }
    return empty
  }

  private func buffer(_ place: PreparedPlan.Place) -> Buffer {
    if place < plan.firstLeaf { return blocks[place] }
    if place < plan.firstMade { return leaves[place &- plan.firstLeaf].retainedBuffer() }
    guard let value = made[place &- plan.firstMade] else {
      internalError("a value is read before it is made")
    }
    return value.buffer
  }

  /// Where in its buffer a place begins, in elements.
  private func firstElement(_ place: PreparedPlan.Place) -> Int {
    guard place >= plan.firstLeaf, place < plan.firstMade else { return 0 }
    return leaves[place &- plan.firstLeaf].offset
  }

  private func address(_ place: PreparedPlan.Place) -> UnsafeMutableRawPointer {
    if place < plan.firstLeaf { return blocks[place].pointer }
    if place < plan.firstMade { return leaves[place &- plan.firstLeaf].base }
    return buffer(place).pointer
  }

  private func address(_ pointer: PreparedLaunch.Pointer) -> UnsafeMutableRawPointer? {
    pointer.place.map { address($0) + pointer.byteOffset }
  }

  // Launches.

  private func run(_ launch: PreparedLaunch, _ kernel: CompiledKernel) {
    let raised = withUnsafeTemporaryAllocation(
      of: UnsafeMutableRawPointer?.self, capacity: launch.pointers.count
    ) { pointers in
      for index in launch.pointers.indices {
        pointers.initializeElement(at: index, to: address(launch.pointers[index]))
      }
      return withUnsafeTemporaryAllocation(
        of: UInt64.self, capacity: max(1, launch.scalars.count)
      ) { values in
        for (index, number) in launch.scalars.enumerated() {
          values.initializeElement(at: index, to: scalars[number])
        }
        guard let pointers = pointers.baseAddress, let values = values.baseAddress else {
          internalError("a launch without operands")
        }
        return call(kernel, launch, pointers, values)
      }
    }
    flags |= raised
    for combination in launch.combinations { run(combination) }
  }

  /// Makes results of what a kernel left for each block.
  private func run(_ combination: PreparedLaunch.Combination) {
    switch combination {
    case .reduction(let blocks, let partials, let result):
      let result = resultAddress(result)
      blocks.run(partials.map(address) ?? result, into: result)
    case .place(let blocks, let places, let extremes, let result):
      blocks.run(address(places), address(extremes), into: resultAddress(result))
    }
  }

  private func resultAddress(_ pointer: PreparedLaunch.Pointer) -> UnsafeMutableRawPointer {
    guard let result = address(pointer) else { internalError("a reduction without a result") }
    return result
  }

  /// Calls the kernel on shares of its work and returns the flags that any of them raised.
  private func call(
    _ kernel: CompiledKernel, _ launch: PreparedLaunch,
    _ buffers: UnsafePointer<UnsafeMutableRawPointer?>, _ scalars: UnsafePointer<UInt64>
  ) -> UInt32 {
    let function = kernel.function
    let scratch = launch.scratch.map(address)
    // The kernel's code must not be unmapped before the last share returns.
    return withExtendedLifetime(kernel) {
      launch.integers.withUnsafeBufferPointer { integers in
        guard let integers = integers.baseAddress else {
          internalError("a launch without extents")
        }
        if launch.partCount > 1 {
          return call(
            function, launch, Arguments(buffers: buffers, integers: integers, scalars: scalars),
            scratch)
        }
        if !launch.work.isParallel {
          return function(buffers, integers, scalars, scratch, 0, Int64(launch.work.items))
        }
        let threads = executor.threads
        return withUnsafeTemporaryAllocation(of: UInt32.self, capacity: threads.width) { raised in
          raised.initialize(repeating: 0)
          threads.parallel(items: launch.work.items, grain: launch.work.grain) {
            worker, begin, end in
            let scratch = scratch.map { $0 + worker &* launch.scratchByteCount }
            raised[worker] |= function(
              buffers, integers, scalars, scratch, Int64(begin), Int64(end))
          }
          return raised.reduce(0, |)
        }
      }
    }
  }

  /// The arguments of all parts of a launch.
  private struct Arguments {
    let buffers: UnsafePointer<UnsafeMutableRawPointer?>
    let integers: UnsafePointer<Int64>
    let scalars: UnsafePointer<UInt64>
  }

  /// Calls the kernel of a launch with several parts on shares of the work of all.
  private func call(
    _ function: KernelFunction, _ launch: PreparedLaunch, _ arguments: Arguments,
    _ scratch: UnsafeMutableRawPointer?
  ) -> UInt32 {
    let steps = (
      launch.pointers.count / launch.partCount, launch.integers.count / launch.partCount,
      launch.scalars.count / launch.partCount
    )
    func run(_ share: Range<Int>, _ scratch: UnsafeMutableRawPointer?) -> UInt32 {
      var raised: UInt32 = 0
      for (part, cut) in launch.work.cuts.enumerated() {
        let items = cut.items(in: share)
        if items.isEmpty { continue }
        raised |= function(
          arguments.buffers + part &* steps.0, arguments.integers + part &* steps.1,
          arguments.scalars + part &* steps.2, scratch, Int64(items.lowerBound),
          Int64(items.upperBound))
      }
      return raised
    }
    guard launch.work.isParallel else { return run(0..<launch.work.items, scratch) }
    let threads = executor.threads
    return withUnsafeTemporaryAllocation(of: UInt32.self, capacity: threads.width) { raised in
      raised.initialize(repeating: 0)
      threads.parallel(items: launch.work.items, grain: launch.work.grain) { worker, begin, end in
        raised[worker] |= run(begin..<end, scratch.map { $0 + worker &* launch.scratchByteCount })
      }
      return raised.reduce(0, |)
    }
  }

  // Library steps.

  private func run(_ call: PreparedCall) throws(TensorError) {
    var operands: [Interpreter.Operand] = []
    for operand in call.operands {
      switch operand {
      case .scalar(let number, let dtype):
        operands.append(.scalar(Scalar(dtype: dtype, bits: scalars[number])))
      case .value(let place, let dtype, let shape, var layout):
        if let place { layout.offset &+= firstElement(place) }
        operands.append(
          .value(Value(dtype: dtype, shape: shape, layout: layout, buffer: buffer(place))))
      }
    }
    if let product = call.product, case .value(let a)? = operands.first,
      case .value(let b)? = operands.last
    {
      let result = Value(dtype: call.dtype, shape: call.shape, buffer: buffer(product))
      return try executor.matmul.multiply(a, b, into: result)
    }
    guard let place = call.made else { internalError("a library step without a result") }
    if case .scatter(let axis, .add) = call.op,
      let sum = try ScatterSum.add(operands, axis, call.shape, executor)
    {
      made[place &- plan.firstMade] = sum
      return
    }
    executor.counters.add(.interpretedNodes)
    made[place &- plan.firstMade] = try executor.interpreter.evaluate(
      op: call.op, dtype: call.dtype, shape: call.shape, operands: operands, site: nil,
      flags: &flags)
  }
}
