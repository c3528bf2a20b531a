// Runs traces: chooses the engine, finds the kernels, and turns raised flags into errors.

import CPlatform
import MartletFusion
package import MartletIR
import MartletInterpreter
import MartletLowering

/// Runs a trace in one of the modes; the results are the same bits in all of them.
package final class Executor: Sendable {
  package let pool: BufferPool
  package let threads: ThreadPool
  package let counters: CounterCells
  let matmul: Matmul
  let interpreter: Interpreter
  private let compiler: CompilerSource
  private let plans = PlanCache()

  package init(
    pool: BufferPool, threads: ThreadPool, blas: @escaping @Sendable () -> Blas?,
    compiler: CompilerSource, counters: CounterCells
  ) {
    self.pool = pool
    self.threads = threads
    self.counters = counters
    self.compiler = compiler
    let matmul = Matmul(blas: blas, threads: threads, pool: pool)
    self.matmul = matmul
    interpreter = Interpreter(allocator: pool) { a, b, c throws(TensorError) in
      try matmul.multiply(a, b, into: c)
    }
  }

  /// The values of the trace's output nodes, nil for the others.
  package func run(
    _ trace: Trace, mode: ExecutionMode, fusion: Bool = true, isStrict: Bool = false,
    printsPlan: Bool = false
  ) throws(TensorError) -> [Value?] {
    let choices = Choices(mode: mode, fusion: fusion, isStrict: isStrict, printsPlan: printsPlan)
    return try run(trace, choices)
  }

  /// The values of the trace's output nodes, nil for the others.
  func run(_ trace: Trace, _ choices: Choices) throws(TensorError) -> [Value?] {
    let trace = trace.normalized
    var values = [Value?](repeating: nil, count: trace.nodes.count)
    try ForkGuard.section { () throws(TensorError) in
      try trace.withRequest(fusion: choices.fusion, isStrict: choices.isStrict) {
        request throws(TensorError) in
        for (node, value) in try run(request, choices, trace: { trace }) { values[node] = value }
      }
    }
    return values
  }

  /// How a trace is run.
  struct Choices {
    var mode = ExecutionMode.automatic
    var fusion = true
    var isStrict = false
    var printsPlan = false
  }

  /// The output nodes and their values, inside a section; `trace` gives the nodes, which are asked
  /// for where there is no plan yet, or an error is to be explained.
  func run(
    _ request: TraceRequest, _ choices: Choices, trace makeTrace: () -> Trace
  ) throws(TensorError) -> [(node: Int, value: Value)] {
    let environment = martlet_fp_environment_save_default()
    defer { martlet_fp_environment_restore(environment) }
    counters.add(.traces)
    if choices.mode == .interpreter { return try interpret(makeTrace(), choices) }
    let hash = request.key.hash
    var prepared: PreparedPlan?
    let sightings: Int
    switch plans.find(request.key, hash: hash) {
    case .plan(let found, let kernels, let count):
      sightings = count
      if let kernels {
        counters.add(.planCacheHits)
        counters.add(.kernelCacheHits, kernels.count)
        return try run(found, kernels, request, choices, makeTrace)
      }
      prepared = found
    case .seen(let count): sightings = count
    }
    let trace = makeTrace()
    if choices.mode == .automatic {
      let isCompiled =
        Executor.isSmall(trace)
        ? sightings > 0 && sightings % Executor.fewRuns == 0
          && trace.nodes.count <= Executor.manyNodes
          && compiler.isWorthUsing(for: trace, runs: Executor.fewRuns)
        : compiler.isUsable
      if !isCompiled { return try interpret(trace, choices) }
    }
    let plan = if let prepared { prepared } else { try prepare(trace, choices) }
    var supply: CompilerSource.Supply
    do throws(TensorError) { supply = try kernels(of: plan, trace, choices.mode) } catch {
      // Code that the system refuses, where it allows no executable memory, say, ends no program.
      guard choices.mode == .automatic, error.kind == .backend else { throw error }
      compiler.warn("a kernel was not compiled and is interpreted, slowly: \(error.reason)")
      return try interpret(trace, choices)
    }
    // After the run, so that the compiler does not compete with it for the cores.
    defer { compiler.improve(supply.unfinished) }
    let kernelsToKeep = supply.unfinished.isEmpty ? supply.kernels : nil
    if sightings > 0, prepared == nil || kernelsToKeep != nil {
      plans.insert(plan, kernelsToKeep, for: request.key, hash: hash, count: sightings)
    }
    if supply.kernels == nil {
      do throws(TensorError) { return try interpret(trace, choices) } catch {
        // A fused run needs less memory, so it is worth the wait.
        guard error.kind == .memory, compiler.isAvailable else { throw error }
        supply = CompilerSource.Supply(kernels: try compiler.kernels(for: plan.specs))
      }
    }
    guard let kernels = supply.kernels else { internalError("a plan without kernels") }
    return try run(plan, kernels, request, choices) { trace }
  }

  private func prepare(
    _ trace: Trace, _ choices: Choices
  ) throws(TensorError) -> PreparedPlan {
    counters.add(.plansMade)
    let trace = trace.withoutOffsets
    let plan = Scheduler.plan(trace, fusion: choices.fusion)
    if choices.printsPlan { Settings.report("\(plan)\n") }
    return try PreparedPlan(
      plan, of: trace, threads: threads.width, isStrict: choices.isStrict)
  }

  private func run(
    _ plan: PreparedPlan, _ kernels: [CompiledKernel], _ request: TraceRequest,
    _ choices: Choices, _ trace: () -> Trace
  ) throws(TensorError) -> [(node: Int, value: Value)] {
    let errors = Executor.errors(choices.isStrict)
    let run = try PlanRun(plan, request, executor: self)
    do { try run.run(kernels, until: errors) } catch {
      throw error.error.at(trace().nodes[error.node].site)
    }
    if run.flags & errors != 0 {
      // The interpreter finds the op that is to blame, and its site.
      _ = try interpret(trace(), choices)
      internalError("a kernel raised a flag that the interpreter does not")
    }
    return run.outputs()
  }

  /// Code for the launches of `plan`.
  private func kernels(
    of plan: PreparedPlan, _ trace: Trace, _ mode: ExecutionMode
  ) throws(TensorError) -> CompilerSource.Supply {
    guard mode == .automatic, let costs = compiler.costs else {
      return CompilerSource.Supply(kernels: try compiler.kernels(for: plan.specs))
    }
    return try compiler.kernels(
      for: plan.specs, work: costs.interpreting(trace), costs: costs)
  }

  /// Forgets all plans; inside a section.
  func removeAllPlans() { plans.removeAll() }

  /// The flags that are errors: a bad index and a negative integer power always, a division by zero
  /// and an invalid cast in strict mode (R47).
  private static func errors(_ isStrict: Bool) -> UInt32 {
    let always = ValueFlag.badIndex.rawValue | ValueFlag.negativeIntegerPower.rawValue
    return isStrict
      ? always | ValueFlag.divideByZero.rawValue | ValueFlag.invalidCast.rawValue : always
  }

  private func interpret(
    _ trace: Trace, _ choices: Choices
  ) throws(TensorError) -> [(node: Int, value: Value)] {
    counters.add(.interpretedNodes, trace.nodes.count)
    let outcome = try interpreter.run(trace)
    if choices.isStrict, outcome.flags & Executor.errors(true) != 0 {
      throw try strictFailure(trace)
    }
    return outcome.values.enumerated().compactMap { node, value in value.map { (node, $0) } }
  }

  // The cost model.

  /// The runs of a small trace after which kernels of its own are asked for, and asked for again
  /// where they were not there yet: a loop that comes this far will as a rule go on.
  private static let fewRuns = 16
  /// The most ops of a small trace that is compiled.
  ///
  /// A longer one is the cut of a loop that nobody looks into: dozens of kernels, whose compilation
  /// takes hundreds of its runs.
  private static let manyNodes = 1024

  /// Work below this is done by the interpreter before a plan would be made: about 20 us of it.
  private static let smallWork = 16_384

  /// Whether the interpreter is the quickest way to a first result: few elements, counted with the
  /// ops' weights.
  ///
  /// One element of an addition is one unit, about a nanosecond of the interpreter; making a plan
  /// and looking its kernels up take ten microseconds or more, a compilation milliseconds.
  static func isSmall(_ trace: Trace) -> Bool {
    var work = 0
    for node in trace.nodes {
      let units = Work.units(node, trace)
      if units > smallWork - work { return false }
      work += units
    }
    return true
  }

  // Strict mode.

  /// The error of the first op whose values raise a flag, found by evaluating op by op.
  private func strictFailure(_ trace: Trace) throws(TensorError) -> TensorError {
    var values: [Value] = []
    for node in trace.nodes {
      var flags: UInt32 = 0
      let operands = node.operands.map { operand -> Interpreter.Operand in
        switch operand {
        case .node(let index): .value(values[index])
        case .leaf(let index): .value(trace.leaves[index])
        case .scalar(let scalar): .scalar(scalar)
        }
      }
      values.append(
        try interpreter.evaluate(
          op: node.op, dtype: node.dtype, shape: node.shape, operands: operands, site: node.site,
          flags: &flags))
      if flags & Executor.errors(true) != 0 {
        let isDivision = flags & ValueFlag.divideByZero.rawValue != 0
        return TensorError(
          .value, op: node.op.name,
          operands: node.operands.map {
            TensorError.Operand(trace.dtype(of: $0), trace.shape(of: $0))
          },
          reason: isDivision
            ? "an integer was divided by zero"
            : "a value does not fit in \(node.dtype)",
          hint: "strict mode reports what otherwise gives a defined value", location: node.site)
      }
    }
    internalError("a flag was raised once and not again")
  }
}

extension Op {
  /// The name in messages.
  fileprivate var name: String {
    if case .elementwise(let op) = self { return op.description }
    return self == .cast ? "cast" : "\(self)"
  }
}
