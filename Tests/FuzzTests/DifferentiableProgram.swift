// Random programs as functions of their inputs: one number, its gradient, tangent and differences.

import CampaignSupport
import Martlet
import MartletIR

extension TensorProgram {
  /// The program of `seed` with about 3 to 10 statements over floats.
  ///
  /// One in eight has float32 beside float64 and takes whatever runs, NaN included: what is asked
  /// of it is only that engines agree.
  static func differentiable(_ seed: UInt64) throws -> TensorProgram {
    var random = Generator(seed)
    let isSmooth = !random.chance(8)
    let base = (0..<1 + random.pick(3)).map { _ in
      random.chance(40) ? 0 : random.pick(from: [1, 2, 3, 4, 5, 8])
    }
    let isLarge = random.chance(24)
    var inputs: [(dtype: DType, shape: Shape)] = []
    for _ in 0..<1 + random.pick(3) {
      var dimensions = random.chance(3) ? Array(base.suffix(random.pick(base.count + 1))) : base
      for axis in dimensions.indices where random.chance(6) { dimensions[axis] = 1 }
      if isLarge { dimensions.append(67) }
      inputs.append((isSmooth ? .float64 : random.pick(from: DType.floating), Shape(dimensions)))
    }
    var program = TensorProgram(
      seed: seed, inputs: inputs, sampling: random.chance(3) ? .mixed : .moderate,
      acceptance: isSmooth ? .smooth : .anything)
    try program.grow(3 + random.pick(8), isLarge ? 10_000 : 1000, &random)
    return program
  }

  /// The bits of `count` numbers between 0.1 and 2 in size; one time in eight of few different
  /// ones, which tie: with each other, and not with constants. A clip between two bounds of 1 has
  /// the derivative 1 at 1 (R24), where differences of the constant that it is are 0.
  static func smooth(_ count: Int, _ random: inout Generator) -> [UInt64] {
    let hasTies = random.chance(8)
    let hasSigns = !random.chance(3)
    return (0..<count).map { _ in
      let size = hasTies ? random.pick(from: [0.6, 1.1, 1.7]) : 0.1 + 1.9 * random.unit()
      return (hasSigns && random.chance(2) ? -size : size).bitPattern
    }
  }

  /// A direction of `inputs` in which no element is much slower than another, and equal ones move
  /// alike, so that ties stay ties.
  func directions(_ inputs: [Tensor]) throws -> [Tensor] {
    try inputs.map { input in
      let numbers = try input.checkedScalars(as: Double.self).map { number in
        var random = Generator(seed ^ number.bitPattern)
        return (random.chance(2) ? 0.5 : -0.5) * (1 + random.unit())
      }
      return Tensor(numbers, shape: input.shape).cast(to: input.dtype)
    }
  }

  /// The program as a function: weighted means of all floats that no statement reads, added.
  func value(at inputs: [Tensor]) throws -> Tensor {
    var machine = Machine(inputs)
    for statement in statements {
      guard let statement else {
        machine.skip()
        continue
      }
      try machine.run(statement)
    }
    var total = Tensor(0.0 as Double)
    for index in results {
      guard let x = machine.registers[index], x.dtype.isFloatingPoint, x.count > 0 else { continue }
      total = total + (x.cast(to: .float64) * TensorProgram.weights(x.shape)).mean()
    }
    return total
  }

  /// The registers that are not read after they were written.
  private var results: [Int] {
    var isResult = [Bool](repeating: false, count: inputs.count + statements.count)
    for (index, statement) in statements.enumerated() {
      guard let statement else { continue }
      switch statement.action {
      case .inspect, .drop: continue
      default: for operand in statement.operands { isResult[operand] = false }
      }
      isResult[statement.isWriting ? statement.operands[0] : inputs.count + index] = true
    }
    return isResult.indices.filter { isResult[$0] }
  }

  /// Fixed numbers between 0 and 1, no two of which are equal.
  private static func weights(_ shape: Shape) -> Tensor {
    Tensor(
      (0..<shape.elementCount).map { 0.5 + (0.4142 * Double($0)).remainder(dividingBy: 1) },
      shape: shape)
  }

  /// The value, the gradients by all inputs, the value again, and its tangent.
  func derivatives(_ mode: ExecutionMode, isFusing: Bool = true) throws -> Result {
    try withTensorErrors {
      try withMode(mode) {
        try withFusion(isFusing) {
          let inputs = try tensors()
          let reverse = try valueWithGradient(at: inputs) { try value(at: $0) }
          let forward = try jvp(at: inputs, along: try directions(inputs)) { try value(at: $0) }
          let found = [reverse.value] + reverse.gradient + [forward.value, forward.tangent]
          // Mostly all at once, which shares kernels; else in runs of their own.
          if seed % 8 != 0 { materialize(found) }
          return Result(readings: [], registers: try found.map { try Elements($0) })
        }
      }
    }
  }
}

extension Statement {
  /// Whether the result takes the place of the first operand.
  var isWriting: Bool {
    switch action {
    case .assign, .assignLiteral, .assignMasked, .update: true
    default: false
    }
  }
}
