// How many kernels are compiled: new sizes and new scalars make none, a fused chain makes one.

import CampaignSupport
import Glibc
import MartletFusion
import MartletIR
import MartletRuntime
import Testing

/// An engine of its own, with an empty kernel cache and counts that no other test touches.
private struct Bench {
  let counters = CounterCells()
  let compiler: CompilerSource
  let executor: Executor

  init(threads: ThreadPool = Runtime.threads) {
    compiler = CompilerSource(
      selection: getenv("MARTLET_LLVM").map { String(cString: $0) }, counters: counters)
    executor = Executor(
      pool: Runtime.pool, threads: threads, blas: { nil }, compiler: compiler, counters: counters)
  }

  var kernelsCompiled: Int { counters.snapshot(Runtime.pool).kernelsCompiled }

  func run(_ trace: Trace, _ mode: ExecutionMode = .compiled) throws -> [Value?] {
    try executor.run(trace, mode: mode)
  }
}

/// `tanh(x * scalar + y) / (1 + x * x)` over vectors.
private func expression(_ count: Int, _ scalar: Float, _ random: inout Generator) throws -> Trace {
  var builder = TraceBuilder()
  let x = try builder.leaf(.contiguous, .float32, [count], &random, .moderate)
  let y = try builder.leaf(.contiguous, .float32, [count], &random, .moderate)
  let sum = builder.apply(.add, builder.apply(.multiply, x, .scalar(Scalar(scalar))), y)
  let square = builder.apply(.add, .scalar(Scalar(Float(1))), builder.apply(.multiply, x, x))
  builder.output(builder.apply(.divide, builder.apply(.tanh, sum), square))
  return builder.trace
}

@Suite(.serialized) struct CompilationTests {
  @Test func aThousandSizesAreOneKernel() throws {
    guard !Runner.compiled.isEmpty else { return }
    let bench = Bench()
    var random = Generator(31)
    // From 2 to a million, evenly on a logarithmic scale, all different.
    var sizes: Set<Int> = [2, 1_000_000]
    while sizes.count < 1000 { sizes.insert(Int(exp(log(2) + random.unit() * log(5e5)))) }
    for size in sizes.sorted() { _ = try bench.run(try expression(size, 0.5, &random)) }
    #expect(bench.kernelsCompiled == 1)
  }

  @Test func aThousandScalarsAreOneKernel() throws {
    guard !Runner.compiled.isEmpty else { return }
    let bench = Bench()
    var random = Generator(32)
    let specials: [Float] = [
      0, -0.0, 1, -1, 2, 0.5, .infinity, -.infinity, .nan, .leastNonzeroMagnitude,
    ]
    for k in 0..<1000 {
      let scalar = k < specials.count ? specials[k] : Float(k) * 0.37 - 100
      let trace = try expression(100, scalar, &random)
      let found = try bench.run(trace)
      if k % 50 < specials.count {
        let expected = Runner.interpreter.run(trace)
        #expect(Runner.difference(trace, expected, .values(found)) == nil, "scalar \(scalar)")
      }
    }
    #expect(bench.kernelsCompiled == 1)
  }

  @Test func aThousandShapesOfReductionsAreFewKernels() throws {
    guard !Runner.compiled.isEmpty else { return }
    let bench = Bench()
    var random = Generator(33)
    for _ in 0..<300 {
      let shape: Shape = [2 + random.pick(40), 8 + random.pick(300)]
      var builder = TraceBuilder()
      let x = try builder.leaf(.contiguous, .float32, shape, &random, .moderate)
      builder.output(builder.reduce(.sum, x, [0]), builder.reduce(.sum, x, [1]))
      _ = try bench.run(builder.trace)
    }
    #expect(bench.kernelsCompiled == 2)
  }

  /// Twelve cheap and costly ops on one array become one loop.
  @Test func aChainIsOneKernel() throws {
    var random = Generator(34)
    var builder = TraceBuilder()
    let x = try builder.leaf(.contiguous, .float32, [4096], &random, .moderate)
    var y = x
    for step in 0..<4 {
      y = builder.apply(.multiply, y, .scalar(Scalar(Float(step) + 0.5)))
      y = builder.apply(.add, y, x)
      y = builder.apply([.tanh, .exp, .sin, .abs][step], y)
    }
    builder.output(y)
    #expect(Scheduler.plan(builder.trace).kernels.count == 1)
    guard !Runner.compiled.isEmpty else { return }
    let bench = Bench()
    let found = try bench.run(builder.trace)
    #expect(bench.kernelsCompiled == 1)
    let expected = Runner.interpreter.run(builder.trace)
    #expect(Runner.difference(builder.trace, expected, .values(found)) == nil)
  }

  /// The bits do not depend on how many threads share the work.
  @Test func threadsChangeNothing() throws {
    guard !Runner.compiled.isEmpty else { return }
    var random = Generator(35)
    for shape in [[300_001], [700, 501], [3, 90_001], [90_001, 3]] as [Shape] {
      var builder = TraceBuilder()
      let x = try builder.leaf(.contiguous, .float32, shape, &random, .moderate)
      let y = builder.apply(.sin, builder.apply(.multiply, x, x))
      builder.output(y, builder.reduce(.sum, y, Array(0..<shape.rank)))
      for axis in 0..<shape.rank { builder.output(builder.reduce(.mean, y, [axis])) }
      var expected: [Value?]?
      for width in [1, 2, 3, 8] {
        let found = try Bench(threads: ThreadPool(width: width)).run(builder.trace)
        if let expected {
          let difference = Runner.difference(builder.trace, .values(expected), .values(found))
          #expect(difference == nil, "\(width) threads")
        } else {
          expected = found
        }
      }
    }
  }
}
