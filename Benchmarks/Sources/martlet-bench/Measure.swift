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
    var data = HashedData()
    let body = workload.prepare(&data, effort.sizes)

    progress("first call")
    Engine.clearCaches()
    first = milliseconds { materialize(body()) }
    Engine.finishCompiling()

    progress("fused")
    let outputs: [Tensor]
    (fused, outputs) = median(of: body, effort)
    let before = Engine.counters
    materialize(body())
    let run = Engine.counters - before
    kernels = run.launches
    bytes = run.bytesLoaded + run.bytesStored
    if !effort.isQuick { check = meanOfFirst(1000, of: outputs[0]) }
    if effort.isFusedOnly { return }

    progress("unfused")
    // Without a compiler there is only one engine to compare.
    let mode = Engine.backends.llvm == nil ? ExecutionMode.automatic : .compiled
    unfused = withMode(mode) { withFusion(false) { median(of: body, effort).0 } }

    progress("interpreter")
    var expected: [Tensor] = []
    interpreter = withMode(.interpreter) {
      milliseconds {
        expected = body()
        materialize(expected)
      }
    }

    progress("comparison")
    isBitwiseEqual = zip(outputs, expected).allSatisfy(haveEqualBits)
  }
}

/// The middle one of times of `body`, after two that do not count, and its last results.
///
/// Results of one run live until those of the next are there, as they do in a program's loop.
private func median(of body: Workload.Body, _ effort: Effort) -> (Double, [Tensor]) {
  var outputs: [Tensor] = []
  func run() -> Double {
    milliseconds {
      let next = body()
      materialize(next)
      outputs = next
    }
  }
  for _ in 0..<2 { _ = run() }
  var times: [Double] = []
  let end = ContinuousClock.now + .seconds(effort.budget)
  while times.count < effort.minimumRuns || (times.count < 200 && ContinuousClock.now < end) {
    times.append(run())
  }
  return (middle(times), outputs)
}

/// The median.
func middle(_ times: [Double]) -> Double { times.sorted()[times.count / 2] }

func milliseconds(_ body: () -> Void) -> Double {
  ContinuousClock().measure(body) / .milliseconds(1)
}

/// The mean, in float64, of the first elements in row-major order.
private func meanOfFirst(_ count: Int, of tensor: Tensor) -> Double {
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
