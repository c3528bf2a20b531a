// Draws programs over the users' API; what the API rejects is left out.

import CampaignSupport
import Martlet
import MartletIR

/// A program, and what the interpreter gives for it one statement at a time.
struct TensorProgram {
  /// The inputs' dtypes and shapes; their elements follow from the seed.
  let seed: UInt64
  let inputs: [(dtype: DType, shape: Shape)]
  let sampling: Sampling
  /// What statements must give to be in the program.
  var acceptance = Acceptance.anything
  /// Nil where shrinking left a statement out.
  var statements: [Statement?] = []

  /// The program of `seed` with 2 to 40 statements.
  static func make(_ seed: UInt64) throws -> TensorProgram {
    var random = Generator(seed)
    let base = (0..<1 + random.pick(3)).map { _ in
      random.chance(40) ? 0 : random.pick(from: [1, 2, 3, 4, 5, 8, 13])
    }
    let dtypes = (0..<2).map { _ in
      random.chance(2) ? random.pick(from: DType.floating) : random.pick(from: DType.allCases)
    }
    let isLarge = random.chance(12)
    var inputs: [(dtype: DType, shape: Shape)] = []
    for _ in 0..<1 + random.pick(4) {
      var dimensions = random.chance(3) ? Array(base.suffix(random.pick(base.count + 1))) : base
      for axis in dimensions.indices where random.chance(6) { dimensions[axis] = 1 }
      if isLarge { dimensions.append(257) }
      inputs.append((random.pick(from: dtypes), Shape(dimensions)))
    }
    var program = TensorProgram(
      seed: seed, inputs: inputs, sampling: random.chance(3) ? .mixed : .moderate)
    try program.grow(2 + random.pick(39), isLarge ? 60_000 : 2000, &random)
    return program
  }

  /// Draws statements until there are `count`, and none that gives more than `largest` elements.
  mutating func grow(_ count: Int, _ largest: Int, _ random: inout Generator) throws {
    var machine = Machine(try tensors())
    var attempts = 0
    while statements.count < count, attempts < 8 * count {
      attempts += 1
      guard let drawn = Draw(machine, largest).statement(&random) else { continue }
      // A rejected statement leaves the registers as they were.
      var next = machine
      let steps: [Statement]
      do {
        steps = try withTensorErrors {
          try withMode(.interpreter) {
            let steps = try acceptance.steps(to: drawn, machine)
            for step in steps {
              try next.run(step)
              // A read that throws: the statement may have failed.
              for case let x? in [next.registers[step.operands[0]], next.registers.last ?? nil] {
                try acceptance.check(x)
              }
            }
            return steps
          }
        }
      } catch {
        continue
      }
      if let result = next.registers.last ?? nil {
        guard result.shape.elementCount <= largest, acceptance.wants(result, &random) else {
          continue
        }
      }
      statements += steps
      machine = next
    }
  }

  /// The inputs with their elements.
  func tensors() throws -> [Tensor] {
    var random = Generator(seed &+ 1)
    return try inputs.map { input in
      let bits =
        acceptance == .smooth
        ? TensorProgram.smooth(input.shape.elementCount, &random)
        : (0..<input.shape.elementCount).map { _ in input.dtype.sample(sampling, &random) }
      return try TensorProgram.tensor(bits, input.dtype, input.shape)
    }
  }

  private static func tensor(_ bits: [UInt64], _ dtype: DType, _ shape: Shape) throws -> Tensor {
    func make<S: TensorScalar>(_ convert: (UInt64) -> S) -> Tensor {
      Tensor(bits.map(convert), shape: shape)
    }
    return switch dtype {
    case .bool: make { $0 != 0 }
    case .int8: make { Int8(truncatingIfNeeded: $0) }
    case .int16: make { Int16(truncatingIfNeeded: $0) }
    case .int32: make { Int32(truncatingIfNeeded: $0) }
    case .int64: make { Int64(truncatingIfNeeded: $0) }
    case .uint8: make { UInt8(truncatingIfNeeded: $0) }
    case .uint16: make { UInt16(truncatingIfNeeded: $0) }
    case .uint32: make { UInt32(truncatingIfNeeded: $0) }
    case .uint64: make { $0 }
    case .float32: make { Float(bitPattern: UInt32(truncatingIfNeeded: $0)) }
    case .float64: make { Double(bitPattern: $0) }
    }
  }

  /// Everything that a run reads: on the way, and at the end.
  struct Result: Sendable {
    let readings: [Elements]
    let registers: [Elements?]
  }

  /// Runs the program; `isEager` computes every statement before the next one.
  func run(
    _ mode: ExecutionMode, isFusing: Bool = true, isEager: Bool = false
  ) throws -> Result {
    try withMode(mode) {
      try withFusion(isFusing) {
        var machine = Machine(try tensors())
        for statement in statements {
          guard let statement else {
            machine.skip()
            continue
          }
          try machine.run(statement)
          if isEager { materialize(machine.registers.compactMap { $0 }) }
        }
        return Result(readings: machine.readings, registers: try machine.finish())
      }
    }
  }

  /// The first difference of two results, in words.
  static func difference(_ found: Result, _ expected: Result) -> String? {
    for (number, pair) in zip(found.readings, expected.readings).enumerated() {
      if let text = pair.0.difference(from: pair.1) { return "reading \(number): \(text)" }
    }
    for (number, pair) in zip(found.registers, expected.registers).enumerated() {
      guard let a = pair.0, let b = pair.1 else { continue }
      if let text = a.difference(from: b) { return "r\(number): \(text)" }
    }
    return nil
  }

  /// The program without a statement and all that needs its result.
  func removing(_ index: Int) -> TensorProgram {
    var result = self
    var gone: Set<Int> = [inputs.count + index]
    result.statements[index] = nil
    for later in statements.indices where later > index {
      guard let statement = result.statements[later] else { continue }
      if statement.operands.contains(where: { gone.contains($0) }) {
        result.statements[later] = nil
        gone.insert(inputs.count + later)
      }
    }
    return result
  }

  /// The program with as few statements as still fail.
  func shrunk(while fails: (TensorProgram) -> Bool) -> TensorProgram {
    var best = self
    for index in statements.indices.reversed() where best.statements[index] != nil {
      let candidate = best.removing(index)
      if fails(candidate) { best = candidate }
    }
    return best
  }

  /// The program as text, one statement a line.
  var listing: String {
    var lines = inputs.enumerated().map { "r\($0.offset) = \($0.element.dtype)\($0.element.shape)" }
    for (index, statement) in statements.enumerated() {
      if let statement { lines.append("r\(inputs.count + index) = \(statement)") }
    }
    return lines.joined(separator: "\n")
  }
}

/// Draws one statement over the registers of a machine.
private struct Draw {
  let registers: [(index: Int, tensor: Tensor)]
  let largest: Int

  init(_ machine: Machine, _ largest: Int) {
    registers = machine.registers.enumerated().compactMap { index, tensor in
      tensor.map { (index, $0) }
    }
    self.largest = largest
  }

  func statement(_ random: inout Generator) -> Statement? {
    guard !registers.isEmpty else { return nil }
    let x = registers[max(0, registers.count - 1 - random.pick(min(registers.count, 6)))]
    let y = partner(of: x.tensor, &random)
    let z = partner(of: x.tensor, &random)
    let rank = x.tensor.rank
    func one(_ action: Statement.Action) -> Statement {
      Statement(action: action, operands: [x.index])
    }
    func two(_ action: Statement.Action) -> Statement {
      Statement(action: action, operands: [x.index, y.index])
    }
    switch random.pick(36) {
    case 0..<5: return one(.unary(random.pick(Functions.unary.count)))
    case 5..<12: return two(.binary(random.pick(Functions.binary.count)))
    case 12..<14:
      let value = random.pick(from: [0, 1, 2, -1, 3, 0.5, 100, 1e30, -0.0])
      let isInteger = value == value.rounded() && abs(value) < 1e9 && random.chance(2)
      return one(
        .literal(
          random.pick(Functions.binary.count), value, isInteger: isInteger,
          isLeft: random.chance(3)))
    case 14:
      let masks = registers.filter { $0.tensor.dtype == .bool }
      let mask = masks.isEmpty ? y : random.pick(from: masks)
      return Statement(action: .choice, operands: [mask.index, x.index, z.index])
    case 15: return one(.cast(random.pick(from: DType.allCases)))
    case 16 where rank > 0 && random.chance(2):
      return one(
        .scan(
          random.pick(Functions.scans.count), axis: random.pick(rank),
          includeInitial: random.chance(3)))
    case 16..<19:
      let axes = (0..<rank).filter { _ in random.chance(2) }
      return one(
        .reduce(random.pick(Functions.reductions.count), axes, keepDims: random.chance(2)))
    case 19..<22: return rank > 0 ? one(.slice(slices(x.tensor, &random))) : nil
    case 22: return one(.permute(Array(0..<rank).shuffled(using: &random)))
    case 23:
      return random.chance(2)
        ? one(.reshape([-1])) : one(.broadcast([2] + x.tensor.shape.dimensions))
    case 24: return rank > 0 ? one(.flip([random.pick(rank)])) : nil
    case 25: return rank > 0 ? two(.concatenate(random.pick(rank))) : nil
    case 26: return random.chance(2) ? two(.stack) : one(.pad(1 + random.pick(2)))
    case 27:
      guard rank > 0 else { return nil }
      let axis = random.pick(rank)
      let extent = max(1, x.tensor.shape[axis])
      let indices = (0..<random.pick(7)).map { _ in Int64(random.pick(2 * extent) - extent) }
      return one(.take(indices, axis: axis))
    case 28:
      guard x.tensor.count * (x.tensor.shape.last ?? 1) < 20 * largest else { return nil }
      return two(.matmul)
    case 29: return rank > 0 ? two(.assign(slices(x.tensor, &random))) : nil
    case 30:
      guard rank > 0 else { return nil }
      return random.chance(2)
        ? two(.assignMasked(Double(random.pick(9))))
        : one(.assignLiteral(slices(x.tensor, &random), Double(random.pick(9))))
    case 31: return two(.update(random.pick(4)))
    case 32: return one(.inspect)
    case 33:
      return Statement(
        action: .ternary(random.pick(Functions.ternary.count)),
        operands: [x.index, y.index, z.index])
    case 34:
      let number = random.pick(Functions.unary.count)
      return random.chance(2)
        ? one(.loop(number)) : one(.branch(number, random.pick(Functions.unary.count)))
    default: return registers.count > 3 && random.chance(2) ? one(.drop) : nil
    }
  }

  /// A register that is likely to fit: one that broadcasts with `x`.
  private func partner(
    of x: Tensor, _ random: inout Generator
  ) -> (index: Int, tensor: Tensor) {
    let fitting = registers.filter { $0.tensor.shape.broadcast(with: x.shape) != nil }
    return random.pick(from: fitting.isEmpty || random.chance(10) ? registers : fitting)
  }

  private func slices(_ x: Tensor, _ random: inout Generator) -> [TensorSlice] {
    x.shape.dimensions.prefix(1 + random.pick(3)).map { extent in
      let step = random.pick(from: [1, 1, 1, 2, -1, -2])
      let start = random.chance(3) ? nil : random.pick(extent + 2) - 1
      let stop = random.chance(3) ? nil : random.pick(extent + 3) - 2
      return TensorSlice(start, stop, step: step)
    }
  }
}
