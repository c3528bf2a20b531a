// An engine for tests of caches and tiers: counts of its own, and kernels by number.

import Glibc
import MartletFusion
import MartletIR
import MartletLowering
import Testing

@testable import MartletRuntime

/// An engine with counts of its own, and its cache on disk if it has one.
struct CacheBench {
  let counters = CounterCells()
  let pool = BufferPool(budget: 1 << 31)
  let compiler: CompilerSource
  let executor: Executor

  /// Which program this is to the aliases of the cache.
  enum Program {
    /// One without aliases.
    case unknown
    /// The one that runs.
    case this
    /// A build with a name.
    case build(String)
  }

  init(
    _ path: String? = nil, limit: Int = ObjectCache.defaultLimit, costs: TierCosts? = nil,
    threads: Int = 1, program: Program = .unknown, loads: Bool = true,
    report: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    let cache = path.map { [counters] in
      ObjectCache(path: $0, limit: limit, counters: counters, report: report)
    }
    let selection = getenv("MARTLET_LLVM").map { String(cString: $0) }
    let aliases: KernelAliases? = cache.flatMap { cache in
      switch program {
      case .unknown: nil
      case .this: KernelAliases(cache, selection: selection)
      case .build(let name): KernelAliases(cache, selection: selection) { Array(name.utf8) }
      }
    }
    compiler = CompilerSource(
      selection: selection, counters: counters, store: cache, aliases: aliases, costs: costs)
    executor = Executor(
      pool: pool, threads: ThreadPool(width: threads), blas: { nil }, compiler: compiler,
      counters: counters)
    // Runs that do not wait ask for no kernels before LLVM is there.
    if costs != nil, loads { _ = compiler.isAvailable }
  }

  var counts: Counters { counters.snapshot(pool) }

  /// Whether there is a compiler to test with.
  var hasCompiler: Bool { compiler.compiler != nil }

  /// The result of trace `number`, as bytes.
  func run(_ number: Int, count: Int = 3000, mode: ExecutionMode = .compiled) throws -> [UInt8] {
    let trace = try self.trace(number, count: count)
    guard let result = try executor.run(trace, mode: mode).last, let result else { return [] }
    return (0..<count * 4).map { result.base.load(fromByteOffset: $0, as: UInt8.self) }
  }

  /// A chain of ops on one array; each of the first 4096 numbers is another kernel.
  func trace(_ number: Int, count: Int) throws -> Trace {
    let shape = Shape([count])
    var trace = Trace()
    let buffer = try pool.allocate(byteCount: count * 4)
    for i in 0..<count {
      (buffer.pointer + i * 4).storeBytes(of: Float(i % 97) * 0.03 - 1, as: Float.self)
    }
    trace.leaves = [Value(dtype: .float32, shape: shape, buffer: buffer)]
    trace.isLeafDying = [false]
    let ops: [ElementwiseOp] = [.add, .multiply, .subtract, .maximum]
    var last = Trace.Operand.leaf(0)
    for step in 0..<6 {
      let op = ops[number >> (2 * step) & 3]
      trace.nodes.append(
        Trace.Node(
          op: .elementwise(op), dtype: .float32, shape: shape,
          operands: [last, .scalar(Scalar(Float(step) * 0.3 + 0.1))]))
      last = .node(step)
    }
    trace.nodes.append(
      Trace.Node(
        op: .elementwise(.tanh), dtype: .float32, shape: shape, operands: [last], isOutput: true))
    return trace
  }

  /// The kernel of trace `number`.
  func spec(_ number: Int) throws -> KernelSpec {
    try #require(Scheduler.plan(try trace(number, count: 3000)).kernels.first)
  }
}
