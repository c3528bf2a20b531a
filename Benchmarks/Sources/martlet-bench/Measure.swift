// Measurements: times of one workload on each engine, what it moves, and whether the bits agree.

import Martlet

/// What is to be measured, and how long.
struct Effort {
  let sizes: Sizes
  /// The seconds that runs of one kind take together, and the fewest runs.
  let budget: Double
  let minimumRuns: Int
  /// Whether the other engines are left out.
  let isFusedOnly: Bool
  let isQuick: Bool

  init(isQuick: Bool, isFusedOnly: Bool) {
    sizes = isQuick ? .quick : .full
    budget = isQuick ? 0.05 : 1
    minimumRuns = isQuick ? 3 : 5
    self.isFusedOnly = isFusedOnly
    self.isQuick = isQuick
  }
}

/// What was measured of one workload; times in milliseconds, nil for what was left out.
struct Measurement {
  let name: String
  var first = 0.0
  var fused = 0.0
  var unfused: Double?
  var interpreter: Double?
  var kernels = 0
  var steady: Steady?
  /// The bytes that the kernels of one run load and store, each element of an operand once.
  var bytes = 0
  var check: Double?
  var isBitwiseEqual: Bool?

  var gigabytesPerSecond: Double { Double(bytes) / fused * 1e-6 }
  var speedUp: Double? { unfused.map { $0 / fused } }
}

extension Measurement {
  /// Measures `workload`; `progress` is told what comes next.
  init(_ workload: Workload, _ effort: Effort, progress: (String) -> Void) {
    name = workload.name
    progress("inputs")
    let body = workload.body(effort.sizes)

    progress("first call")
    Engine.clearCaches()
    first = milliseconds { materialize(body()) }
    Engine.finishCompiling()

    progress("fused")
    fused = middle(effort.times(of: body, workload))
    steady = Steady(of: body, workload)
    let before = Engine.counters
    materialize(body())
    let run = Engine.counters - before
    kernels = run.launches
    bytes = run.bytesLoaded + run.bytesStored
    // From inputs of their own: a computation in place has changed those that were timed.
    let outputs = workload.body(effort.sizes)()
    materialize(outputs)
    if !effort.isQuick { check = meanOfFirst(1000, of: outputs[0]) }
    if effort.isFusedOnly { return }

    progress("unfused")
    // Without a compiler there is only one engine to compare.
    let mode = Engine.backends.llvm == nil ? ExecutionMode.automatic : .compiled
    unfused = withMode(mode) { withFusion(false) { middle(effort.times(of: body, workload)) } }

    progress("interpreter")
    let reference = workload.body(effort.sizes)
    var expected: [Tensor] = []
    interpreter = withMode(.interpreter) {
      milliseconds {
        expected = reference()
        materialize(expected)
      }
    }

    progress("comparison")
    isBitwiseEqual = zip(outputs, expected).allSatisfy(haveEqualBits)
  }
}

extension Effort {
  /// Times of `body`.
  fileprivate func times(of body: Workload.Body, _ workload: Workload) -> [Double] {
    samples(of: body, workload, seconds: budget, atLeast: minimumRuns, after: 2)
  }
}

/// Times of `body` in milliseconds, for about `seconds`, after runs that do not count.
///
/// Results of one run live until those of the next are there, as they do in a program's loop.
func samples(
  of body: Workload.Body, _ workload: Workload, seconds: Double, atLeast minimum: Int,
  after warmUps: Int
) -> [Double] {
  var outputs: [Tensor] = []
  func run() -> Double {
    if workload.isInPlace { outputs = [] }
    return milliseconds {
      let next = body()
      materialize(next)
      outputs = next
    }
  }
  for _ in 0..<warmUps { _ = run() }
  var times: [Double] = []
  let end = ContinuousClock.now + .seconds(seconds)
  while times.count < minimum || (times.count < 200 && ContinuousClock.now < end) {
    times.append(run())
  }
  withExtendedLifetime(outputs) {}
  return times
}

/// The median.
func middle(_ times: [Double]) -> Double { times.sorted()[times.count / 2] }

func milliseconds(_ body: () -> Void) -> Double {
  ContinuousClock().measure(body) / .milliseconds(1)
}

/// The mean, in float64, of the first elements in row-major order.
func meanOfFirst(_ count: Int, of tensor: Tensor) -> Double {
  tensor.withUnsafeBuffer(as: Float.self) { elements in
    let first = elements.prefix(count)
    return first.reduce(0) { $0 + Double($1) } / Double(first.count)
  }
}

/// Whether two tensors have the same elements bit for bit, where any NaN equals any NaN.
private func haveEqualBits(_ a: Tensor, _ b: Tensor) -> Bool {
  guard a.shape == b.shape, a.dtype == b.dtype else { return false }
  return a.withUnsafeBuffer(as: Float.self) { a in
    b.withUnsafeBuffer(as: Float.self) { b in
      a.indices.allSatisfy { a[$0].bitPattern == b[$0].bitPattern || (a[$0].isNaN && b[$0].isNaN) }
    }
  }
}
