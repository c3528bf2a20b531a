// First runs that do not wait for the compiler: which tier answers, what follows, and equal bits.

import Glibc
import MartletFusion
import MartletIR
import MartletLowering
import Synchronization
import Testing

@testable import MartletRuntime

@Suite struct TierTests {
  /// Estimates by which everything is worth a compilation, or nothing is.
  private static func costs(compiles: Bool) -> TierCosts {
    var costs = TierCosts()
    costs.unit = compiles ? 1 : 0
    return costs
  }

  @Test func largeWorkRunsFastCodeAndThenTheBest() throws {
    let bench = CacheBench(costs: Self.costs(compiles: true))
    guard bench.hasCompiler else { return }
    let expected = try bench.run(7, mode: .interpreter)
    let before = bench.counts
    bench.compiler.background.hold()
    for _ in 0..<3 { #expect(try bench.run(7, mode: .automatic) == expected) }
    var counts = bench.counts.since(before)
    #expect(counts.kernelsCompiled == 1 && counts.launches == 3 && counts.interpretedNodes == 0)
    #expect(counts.kernelsImproved == 0 && bench.compiler.background.totalCount == 1)
    bench.compiler.background.resume()
    bench.compiler.finishCompiling()
    #expect(try bench.run(7, mode: .automatic) == expected)
    counts = bench.counts.since(before)
    #expect(counts.kernelsCompiled == 2 && counts.kernelsImproved == 1 && counts.launches == 4)
    #expect(bench.compiler.kernelCount == 1, "the fast code has gone")
    #expect(bench.compiler.background.totalCount == 1)
  }

  @Test func smallWorkIsInterpretedUntilTheKernelIsThere() throws {
    // One of its own: the first run here is one before LLVM is loaded.
    guard CacheBench().hasCompiler else { return }
    let bench = CacheBench(costs: Self.costs(compiles: false))
    bench.compiler.background.hold()
    let first = try bench.run(8, mode: .automatic)
    #expect(try bench.run(8, mode: .automatic) == first)
    var counts = bench.counts
    #expect(counts.interpretedNodes == 14 && counts.launches == 0 && counts.kernelsCompiled == 0)
    #expect(bench.compiler.background.totalCount == 1)
    bench.compiler.background.resume()
    bench.compiler.finishCompiling()
    #expect(try bench.run(8, mode: .automatic) == first)
    counts = bench.counts
    #expect(counts.interpretedNodes == 14 && counts.launches == 1)
    #expect(counts.kernelsCompiled == 1 && counts.kernelsImproved == 1)
  }

  @Test(arguments: [ExecutionMode.automatic, .compiled])
  func withoutCostsNothingIsQueued(mode: ExecutionMode) throws {
    let bench = CacheBench()
    guard bench.hasCompiler else { return }
    let expected = try bench.run(9, mode: .interpreter)
    let before = bench.counts
    #expect(try bench.run(9, mode: mode) == expected)
    let counts = bench.counts.since(before)
    #expect(counts.kernelsCompiled == 1 && counts.launches == 1 && counts.interpretedNodes == 0)
    #expect(bench.compiler.background.totalCount == 0)
  }

  @Test func compiledModeIsNotContentWithFastCode() throws {
    let bench = CacheBench(costs: Self.costs(compiles: true))
    guard bench.hasCompiler else { return }
    bench.compiler.background.hold()
    let expected = try bench.run(10, mode: .automatic)
    #expect(try bench.run(10, mode: .compiled) == expected)
    #expect(bench.counts.kernelsCompiled == 2 && bench.counts.kernelsImproved == 0)
    bench.compiler.background.resume()
    bench.compiler.finishCompiling()
    #expect(bench.counts.kernelsCompiled == 2 && bench.compiler.kernelCount == 1)
  }

  @Test func whatIsOnDiskIsNotCompiledAtAll() throws {
    let directory = TemporaryDirectory()
    let path = directory.path + "/cache"
    let writer = CacheBench(path)
    guard writer.hasCompiler else { return }
    let expected = try writer.run(11)
    for compiles in [true, false] {
      let reader = CacheBench(path, costs: Self.costs(compiles: compiles))
      #expect(try reader.run(11, mode: .automatic) == expected)
      reader.compiler.finishCompiling()
      #expect(try reader.run(11, mode: .automatic) == expected)
      #expect(reader.counts.kernelsCompiled == 0 && reader.counts.kernelsLoaded == 1)
      #expect(reader.compiler.background.totalCount == (compiles ? 0 : 1))
    }
  }

  /// Only the best code goes to disk.
  @Test func fastCodeIsNotStored() throws {
    let directory = TemporaryDirectory()
    let bench = CacheBench(directory.path + "/cache", costs: Self.costs(compiles: true))
    guard bench.hasCompiler else { return }
    bench.compiler.background.hold()
    _ = try bench.run(12, mode: .automatic)
    #expect(bench.counts.kernelsStored == 0)
    bench.compiler.background.resume()
    bench.compiler.finishCompiling()
    #expect(bench.counts.kernelsStored == 1)
  }

  /// In a process of its own: other tests' forks would wait for the loading, and hold up the runs.
  @Test func noRunWaitsForTheLoading() async {
    await #expect(processExitsWith: .success) {
      let counters = CounterCells()
      let began = Atomic(false)
      let released = Atomic(false)
      let waited = Atomic(true)
      let compiler = CompilerSource(
        selection: nil, counters: counters, costs: Self.costs(compiles: false),
        open: { _ throws(LoweringError) in
          began.store(true, ordering: .sequentiallyConsistent)
          let deadline = ContinuousClock.now + .seconds(10)
          while !released.load(ordering: .sequentiallyConsistent), ContinuousClock.now < deadline {
            usleep(100)
          }
          waited.store(!released.load(ordering: .relaxed), ordering: .relaxed)
          throw LoweringError("not this time")
        })
      let bench = CacheBench()
      let executor = Executor(
        pool: bench.pool, threads: ThreadPool(width: 1), blas: { nil }, compiler: compiler,
        counters: counters)
      let loading = Task.detached { compiler.isAvailable }
      while !began.load(ordering: .sequentiallyConsistent) { usleep(100) }
      for number in 2..<5 {
        _ = try executor.run(try bench.trace(number, count: 3000), mode: .automatic)
      }
      released.store(true, ordering: .sequentiallyConsistent)
      let isAvailable = await loading.value
      let runsWaited = waited.load(ordering: .relaxed)
      #expect(!isAvailable && !runsWaited)
      #expect(counters.snapshot(bench.pool).interpretedNodes == 21)
    }
  }

  /// Never in the background, where the end of the process would meet it half-way.
  @Test func llvmIsLoadedByARunOnceItIsMissed() throws {
    let counters = CounterCells()
    let bench = CacheBench()
    let trace = try bench.trace(15, count: 3000)
    var costs = TierCosts()
    // 12 ms of work each; loading takes 20, which is a fifth of nine runs' work.
    costs.unit *= 12e-3 / costs.interpreting(trace)
    let attempts = Atomic(0)
    let compiler = CompilerSource(
      selection: nil, counters: counters, costs: costs,
      open: { _ throws(LoweringError) in
        attempts.add(1, ordering: .relaxed)
        throw LoweringError("not this time")
      })
    let executor = Executor(
      pool: bench.pool, threads: ThreadPool(width: 1), blas: { nil }, compiler: compiler,
      counters: counters)
    for run in 1...12 {
      _ = try executor.run(trace, mode: .automatic)
      #expect(attempts.load(ordering: .relaxed) == (run < 9 ? 0 : 1))
      #expect(run >= 9 || compiler.background.totalCount == 0)
    }
  }

  @Test func nothingIsQueuedBeforeTheInterpreterHasAnswered() throws {
    let counters = CounterCells()
    let pool = BufferPool(budget: 1 << 30)
    let compiler = CompilerSource(
      selection: nil, counters: counters, costs: Self.costs(compiles: false))
    guard compiler.isAvailable else { return }
    compiler.background.hold()
    let queued = Atomic(-1)
    let executor = Executor(
      pool: pool, threads: ThreadPool(width: 1),
      blas: {
        queued.store(compiler.background.totalCount, ordering: .relaxed)
        return nil
      }, compiler: compiler, counters: counters)
    let shape = Shape([64, 64])
    let buffer = try pool.allocate(byteCount: 64 * 64 * 4)
    buffer.pointer.initializeMemory(as: Float.self, repeating: 0.5, count: 64 * 64)
    var trace = Trace()
    trace.leaves = [Value(dtype: .float32, shape: shape, buffer: buffer)]
    trace.isLeafDying = [false]
    trace.nodes = [
      Trace.Node(op: .matmul, dtype: .float32, shape: shape, operands: [.leaf(0), .leaf(0)]),
      Trace.Node(
        op: .elementwise(.tanh), dtype: .float32, shape: shape, operands: [.node(0)], isOutput: true
      ),
    ]
    _ = try executor.run(trace, mode: .automatic)
    #expect(queued.load(ordering: .relaxed) == 0)
    #expect(compiler.background.totalCount == 1)
  }

  @Test func refusedKernelsAreNotAskedForAgain() throws {
    let counters = CounterCells()
    let pool = BufferPool(budget: 1 << 30)
    let attempts = Atomic(0)
    let compiler = CompilerSource(
      selection: nil, counters: counters, costs: Self.costs(compiles: false),
      generate: { _, _, _, _ throws(LoweringError) in
        attempts.add(1, ordering: .relaxed)
        throw LoweringError("no executable memory")
      })
    guard compiler.isAvailable else { return }
    let executor = Executor(
      pool: pool, threads: ThreadPool(width: 1), blas: { nil }, compiler: compiler,
      counters: counters)
    let trace = try CacheBench().trace(13, count: 3000)
    for _ in 0..<3 {
      _ = try executor.run(trace, mode: .automatic)
      compiler.finishCompiling()
    }
    #expect(attempts.load(ordering: .relaxed) == 1)
    #expect(counters.snapshot(pool).interpretedNodes == 21)
  }

  @Test func whatTheInterpreterHasNoMemoryForIsCompiled() throws {
    let bench = CacheBench(costs: Self.costs(compiles: false))
    guard bench.hasCompiler else { return }
    let count = 1 << 20
    let trace = try bench.trace(14, count: count)
    bench.pool.byteBudget = count * 10
    #expect(throws: TensorError.self) { try bench.executor.run(trace, mode: .interpreter) }
    let before = bench.counts.launches
    let values = try bench.executor.run(trace, mode: .automatic)
    #expect(values.last??.shape == Shape([count]) && bench.counts.launches == before + 1)
  }

  // The choice.

  @Test func theCallerWaitsOnlyForWhatPays() {
    let costs = TierCosts()
    func choice(_ work: Double, _ loading: Double, _ compiling: Double) -> TierCosts.Choice {
      costs.choice(work: work * 1e-3, loading: loading * 1e-3, compiling: compiling * 1e-3)
    }
    #expect(choice(2, 0, 3) == .interpret, "the interpreter is done sooner")
    #expect(choice(4, 0, 3) == .compile)
    #expect(choice(50, 0, 11) == .interpret, "more than 10 ms, and more than 15 % of the work")
    #expect(choice(80, 0, 11) == .compile)
    #expect(choice(20, 25, 3) == .interpret, "LLVM is not loaded yet")
    #expect(choice(30, 25, 3) == .compile)
  }

  // The queue.

  @Test func theQueueIsBoundedAndTakesNothingTwice() {
    let queue = BackgroundQueue(limit: 2)
    let ran = Atomic(0)
    func add(_ rank: Int) {
      queue.add(KernelSpec(family: .map, rank: rank)) { ran.add(1, ordering: .relaxed) }
    }
    queue.hold()
    for rank in [1, 1, 2, 1, 2, 3] { add(rank) }
    #expect(queue.totalCount == 2)
    #expect(queue.contains(KernelSpec(family: .map, rank: 2)))
    #expect(!queue.contains(KernelSpec(family: .map, rank: 3)))
    queue.resume()
    queue.drain()
    #expect(ran.load(ordering: .relaxed) == 2)
    for round in 0..<100 {
      add(round % 7)
      if round % 3 == 0 { queue.drain() }
    }
    queue.drain()
    #expect(ran.load(ordering: .relaxed) == queue.totalCount)
  }
}
