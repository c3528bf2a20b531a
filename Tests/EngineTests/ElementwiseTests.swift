// Every elementwise op on every dtype and layout: compiled code gives the interpreter's bits.

import CampaignSupport
import MartletIR
import Testing

/// The ops of an arity that compute in `dtype`.
private func ops(_ arity: Int, _ dtype: DType) -> [ElementwiseOp] {
  ElementwiseOp.allCases.filter { op in
    op.arity == arity && op.definition.computingDType(dtype) == dtype
  }
}

extension TraceBuilder {
  /// All ops of one arity on the same operands, each an output.
  ///
  /// A negative exponent of an integer power is an error, which `IntegerPowerTests` looks at; here
  /// its sign bit is taken off.
  fileprivate mutating func applyAll(_ ops: [ElementwiseOp], _ operands: [Operand]) {
    let dtype = dtype(operands[operands.count - 1])
    for op in ops {
      var operands = operands
      if op == .pow, dtype.kind == .signed {
        operands[1] = apply(.bitwiseAnd, operands[1], .scalar(dtype.highest))
      }
      output(apply(op, operands))
    }
  }
}

/// Lengths with every kind of tail, and shapes of several axes with broadcast and empty ones.
private let vectors: [Shape] = [[], [0], [1], [15], [17], [67], [1000]]
private let arrays: [Shape] = [[0, 3], [3, 0], [5, 1], [1, 5], [3, 5], [9, 67], [2, 3, 4]]

private func shapes(_ arrangement: Arrangement) -> [Shape] {
  switch arrangement {
  case .contiguous, .offset, .stepped, .reversed, .stretched: vectors + arrays
  case .transposed, .outerStepped, .innerReversed, .row, .column: arrays
  case .single: [[0], [17], [9, 67]]
  }
}

@Suite struct ElementwiseTests {
  @Test(arguments: DType.allCases) func unary(_ dtype: DType) throws {
    var campaign = Campaign()
    guard campaign.isActive else { return }
    var random = Generator(1)
    for arrangement in Arrangement.allCases {
      for shape in shapes(arrangement) {
        var builder = TraceBuilder()
        builder.applyAll(ops(1, dtype), [try builder.leaf(arrangement, dtype, shape, &random)])
        campaign.check(builder.trace, "\(arrangement) \(shape)")
      }
    }
    campaign.report("unary \(dtype)")
  }

  @Test(arguments: DType.allCases) func binary(_ dtype: DType) throws {
    var campaign = Campaign()
    guard campaign.isActive else { return }
    var random = Generator(2)
    for arrangement in Arrangement.allCases {
      let pairs: [(Arrangement, Arrangement)] = [
        (arrangement, .contiguous), (.contiguous, arrangement), (arrangement, arrangement),
      ]
      for (first, second) in arrangement == .contiguous ? [pairs[0]] : pairs {
        for shape in shapes(arrangement) {
          var builder = TraceBuilder()
          let a = try builder.leaf(first, dtype, shape, &random)
          let b = try builder.leaf(second, dtype, shape, &random)
          builder.applyAll(ops(2, dtype), [a, b])
          campaign.check(
            builder.trace, onlyFused: second != .contiguous, "\(first), \(second) \(shape)")
        }
      }
    }
    campaign.report("binary \(dtype)")
  }

  /// An immediate in either place, and the same array in both.
  @Test(arguments: DType.allCases) func immediates(_ dtype: DType) throws {
    var campaign = Campaign()
    guard campaign.isActive else { return }
    var random = Generator(3)
    for _ in 0..<12 {
      for shape in [[], [1], [67]] as [Shape] {
        var builder = TraceBuilder()
        let x = try builder.leaf(.contiguous, dtype, shape, &random)
        let number = builder.immediate(dtype, &random)
        builder.applyAll(ops(2, dtype), [x, number])
        builder.applyAll(ops(2, dtype), [number, x])
        builder.applyAll(ops(2, dtype), [x, x])
        campaign.check(builder.trace, "\(number) \(shape)")
      }
    }
    campaign.report("immediates \(dtype)")
  }

  @Test(arguments: DType.allCases) func ternary(_ dtype: DType) throws {
    var campaign = Campaign()
    guard campaign.isActive else { return }
    var random = Generator(4)
    for arrangement in Arrangement.allCases {
      for place in arrangement == .contiguous ? 3..<4 : 0..<4 {
        for shape in shapes(arrangement) {
          var builder = TraceBuilder()
          let operands = try (0..<3).map { index in
            try builder.leaf(
              index == place || place == 3 ? arrangement : .contiguous, dtype, shape, &random)
          }
          let condition = try builder.leaf(
            place == 0 ? arrangement : .contiguous, .bool, shape, &random)
          for op in ops(3, dtype) {
            builder.output(
              builder.apply(
                op, op == .select ? [condition, operands[1], operands[2]] : operands))
          }
          campaign.check(builder.trace, "\(arrangement) at \(place) \(shape)")
        }
      }
    }
    campaign.report("ternary \(dtype)")
  }

  @Test func castsFromEveryDTypeToEveryDType() throws {
    var campaign = Campaign()
    guard campaign.isActive else { return }
    var random = Generator(5)
    for source in DType.allCases {
      for arrangement in Arrangement.allCases {
        for shape in shapes(arrangement) {
          var builder = TraceBuilder()
          let x = try builder.leaf(arrangement, source, shape, &random)
          for target in DType.allCases { builder.output(builder.cast(x, target)) }
          campaign.check(builder.trace, "\(source) \(arrangement) \(shape)")
        }
      }
    }
    campaign.report("casts")
  }
}

/// All pairs of 8-bit integers, and the edges of the wider ones with each other.
@Suite struct IntegerPairTests {
  @Test(arguments: DType.integers) func pairs(_ dtype: DType) throws {
    var campaign = Campaign(Array(Runner.compiled.prefix(1)))
    guard campaign.isActive else { return }
    let numbers =
      dtype.byteCount == 1 ? (0..<256).map { UInt64($0) } : Array(Set(dtype.edges)).sorted()
    var random = Generator(6)
    let column = try Arrangement.contiguous.value(dtype, [numbers.count, 1], .mixed, &random)
    for (k, bits) in numbers.enumerated() {
      withUnsafeBytes(of: bits.littleEndian) { bytes in
        (column.base + k * dtype.byteCount).copyMemory(
          from: bytes.baseAddress ?? UnsafeRawPointer(column.base), byteCount: dtype.byteCount)
      }
    }
    var row = column
    row.shape = [1, numbers.count]
    var builder = TraceBuilder()
    let operands = [builder.leaf(column), builder.leaf(row)]
    builder.applyAll(ops(2, dtype), operands)
    campaign.check(builder.trace, "pairs")
    campaign.report("all pairs \(dtype)")
  }

  /// A negative exponent is an error in every engine, wherever it is; no other op is one.
  @Test(arguments: [DType.int8, .int16, .int32, .int64]) func negativePowers(_ dtype: DType) throws
  {
    var random = Generator(7)
    for engine in [.interpreter] + Runner.compiled {
      for place in [0, 16, 99] {
        var builder = TraceBuilder()
        let x = try builder.leaf(.contiguous, dtype, [100], &random)
        let exponents = try Arrangement.contiguous.value(dtype, [100], .moderate, &random)
        (exponents.base).initializeMemory(
          as: UInt8.self, repeating: 0, count: 100 * dtype.byteCount)
        (exponents.base + place * dtype.byteCount).initializeMemory(
          as: UInt8.self, repeating: 0xFF, count: dtype.byteCount)
        builder.output(builder.apply(.pow, x, builder.leaf(exponents)))
        guard case .failure(let error) = engine.run(builder.trace) else {
          Issue.record("\(engine): a power of -1 at \(place) is no error")
          continue
        }
        #expect(error.kind == .value && error.op == "pow", "\(engine): \(error)")
      }
    }
  }
}
