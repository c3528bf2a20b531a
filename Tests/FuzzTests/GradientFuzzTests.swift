// Gradients of random programs: the same bits on every engine, and the slopes that differences
// have.

import CampaignSupport
import Martlet
import MartletIR
import Testing

@Suite struct GradientFuzzTests {
  /// A bounded number that depends on every register: the sum of what is finite, through tanh.
  private static func loss(_ program: TensorProgram, _ inputs: [Tensor]) throws -> Tensor {
    var sum = Tensor(0.0 as Double)
    for case let x? in try program.machine(on: inputs).registers where x.dtype.isFloatingPoint {
      let bounded = x.cast(to: .float64).tanh()
      sum = sum + Tensor.where(bounded.isFinite(), bounded, 0).sum()
    }
    return sum
  }

  /// The slopes by the floating-point inputs.
  private static func slopes(
    _ program: TensorProgram, _ mode: ExecutionMode
  ) throws -> [Elements] {
    try withMode(mode) {
      let inputs = try program.tensors()
      let floats = inputs.indices.filter { inputs[$0].dtype.isFloatingPoint }
      return try gradient(at: floats.map { inputs[$0] }) { x in
        var all = inputs
        for (index, x) in zip(floats, x) { all[index] = x }
        return try loss(program, all)
      }.map { try Elements($0) }
    }
  }

  @Test(arguments: 0..<FuzzSettings.shares) func enginesAgree(_ share: Int) throws {
    let modes: [ExecutionMode] = Runner.compiled.isEmpty ? [.automatic] : [.compiled, .automatic]
    for number in FuzzSettings.seeds(share) where number % 4 == 1 {
      let seed = FuzzSettings.seed &+ UInt64(number)
      let program = try TensorProgram.make(seed)
      let expected = try Self.slopes(program, .interpreter)
      for mode in modes {
        let found = try Self.slopes(program, mode)
        for (input, (found, expected)) in zip(found, expected).enumerated() {
          guard let text = found.difference(from: expected) else { continue }
          Issue.record("seed \(seed), \(mode), input \(input): \(text)\n\(program.listing)")
          return
        }
      }
    }
  }

  /// Where differences of two step sizes agree, and so there is a slope, it is the gradient's.
  @Test func differencesAgree() throws {
    var (seen, skipped) = (0, 0)
    for number in 0..<FuzzSettings.count where number % 4 == 1 {
      let seed = FuzzSettings.seed &+ UInt64(number)
      let program = try TensorProgram.make(seed, of: [.float64])
      guard try Self.isInFloat64(program) else { continue }
      seen += 1
      guard let slope = try withMode(.interpreter, { try Self.compare(program) }) else {
        skipped += 1
        continue
      }
      let (scale, bound) = (Swift.max(1, abs(slope.expected)), 1e-4)
      #expect(
        abs(slope.reverse - slope.expected) <= bound * scale,
        "seed \(seed): \(slope.reverse), expected \(slope.expected)\n\(program.listing)")
      #expect(
        abs(slope.forward - slope.reverse) <= 1e-9 * Swift.max(1, slope.size),
        "seed \(seed): \(slope.forward) forward, \(slope.reverse) back\n\(program.listing)")
    }
    #expect(seen > 0 && skipped * 10 <= seen * 3, "\(skipped) of \(seen) skipped")
  }

  /// Whether differences mean something: no float32 on the way, and no literal beside which the
  /// others vanish.
  private static func isInFloat64(_ program: TensorProgram) throws -> Bool {
    for case .literal(_, let value, _, _)? in program.statements.map({ $0?.action })
    where abs(value) > 1e9 { return false }
    return try withMode(.interpreter) {
      try program.machine(on: try program.tensors()).registers.allSatisfy { $0?.dtype != .float32 }
    }
  }

  private struct Slope {
    var expected = 0.0
    var reverse = 0.0
    var forward = 0.0
    /// The sum of the sizes of what the slope is the sum of.
    var size = 0.0
  }

  /// Slopes in a random direction; nil where there is none.
  private static func compare(_ program: TensorProgram) throws -> Slope? {
    var random = Generator(program.seed &+ 2)
    let inputs = try program.tensors()
    let direction = inputs.map { x in
      Tensor((0..<x.count).map { _ in 2 * random.unit() - 1 }, shape: x.shape)
    }
    func value(_ step: Double) throws -> Double {
      try Double(loss(program, zip(inputs, direction).map { $0 + step * $1 }))
    }
    func difference(_ step: Double) throws -> Double {
      (try value(step) - value(-step)) / (2 * step)
    }
    var slope = Slope()
    do {
      // A step may take an integer where the program's ops do not go.
      let (wide, narrow) = try withTensorErrors { (try difference(1e-5), try difference(2e-6)) }
      guard abs(wide - narrow) <= 1e-4 * Swift.max(1, abs(wide)) else { return nil }
      slope.expected = narrow
    } catch is TensorError {
      return nil
    }
    let slopes = try gradient(at: inputs) { try loss(program, $0) }
    for (slopes, direction) in zip(slopes, direction) {
      let products = (slopes * direction).scalars(as: Double.self)
      slope.reverse += products.reduce(0, +)
      slope.size += products.reduce(0) { $0 + abs($1) }
    }
    slope.forward = Double(
      try jvp(at: inputs, along: direction) { try loss(program, $0) }.tangent)
    return slope.reverse.isFinite && slope.forward.isFinite ? slope : nil
  }
}
