// The executor on hand-made traces: every mode gives the interpreter's bits, and counts what it
// did.

import MartletIR
import MartletInterpreter
import MartletLowering
import Testing

@testable import MartletRuntime

/// Builds traces and runs them on an executor of its own.
private struct Rig {
  let executor: Executor
  let counters = CounterCells()
  let compiler: CompilerSource
  var trace = Trace()

  init(
    threads: Int = 2, llvm: String? = nil,
    generate: @escaping CompilerSource.Generator = {
      compiler, spec, level, store throws(LoweringError) in
      try compiler.compile(spec, level: level, store: store)
    }
  ) {
    compiler = CompilerSource(selection: llvm, counters: counters, generate: generate)
    executor = Executor(
      pool: BufferPool(budget: 1 << 31), threads: ThreadPool(width: threads),
      blas: { Blas.load(nil).blas }, compiler: compiler, counters: counters)
  }

  /// A leaf with pseudo-random elements: floats in [-1, 1), integers in -50..<50.
  mutating func leaf(
    _ dtype: DType, _ shape: Shape, layout: Layout = .rowMajor, storage: Int? = nil,
    isDying: Bool = false
  ) throws -> Trace.Operand {
    let count = storage ?? shape.elementCount
    let value = Value(
      dtype: dtype, shape: shape, layout: layout,
      buffer: try executor.pool.allocate(byteCount: count * dtype.byteCount))
    var state = UInt64(trace.leaves.count + 1)
    for i in 0..<count {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let random = Double(Int64(bitPattern: state) >> 11) / Double(1 << 52 as Int)
      let scalar =
        dtype.isFloatingPoint
        ? Scalar(rounding: random, as: dtype)
        : Scalar(wrapping: dtype == .bool ? Int64(state >> 63) : Int64(random * 50), as: dtype)
      withUnsafeBytes(of: scalar.bits) { bits in
        (value.buffer.pointer + i * dtype.byteCount).copyMemory(
          from: bits.baseAddress ?? UnsafeRawPointer(value.buffer.pointer),
          byteCount: dtype.byteCount)
      }
    }
    trace.leaves.append(value)
    trace.isLeafDying.append(isDying)
    return .leaf(trace.leaves.count - 1)
  }

  mutating func node(
    _ op: Op, _ dtype: DType, _ shape: Shape, _ operands: Trace.Operand..., isOutput: Bool = false
  ) -> Trace.Operand {
    trace.nodes.append(
      Trace.Node(op: op, dtype: dtype, shape: shape, operands: operands, isOutput: isOutput))
    return .node(trace.nodes.count - 1)
  }

  /// The elements of the outputs in row-major order, as bytes.
  func run(_ mode: ExecutionMode, fusion: Bool = true) throws -> [[UInt8]] {
    let values = try executor.run(trace, mode: mode, fusion: fusion)
    #expect(values.count == trace.nodes.count)
    return try zip(values, trace.nodes).compactMap { value, node in
      guard node.isOutput else { return nil }
      let value = try #require(value)
      #expect(value.shape == node.shape && value.dtype == node.dtype)
      return bytes(value)
    }
  }

  func bytes(_ value: Value) -> [UInt8] {
    let strides = value.layout.strides(for: value.shape)
    var result: [UInt8] = []
    for index in 0..<value.shape.elementCount {
      var rest = index
      var offset = 0
      for axis in stride(from: value.shape.rank - 1, through: 0, by: -1) {
        offset += rest % value.shape[axis] * strides[axis]
        rest /= value.shape[axis]
      }
      let start = value.base + offset * value.dtype.byteCount
      for byte in 0..<value.dtype.byteCount {
        result.append(start.load(fromByteOffset: byte, as: UInt8.self))
      }
    }
    return result
  }

  /// Expects the interpreter's bits from the compiler, fused and not.
  func expectEqualModes(_ comment: Comment? = nil) throws {
    let expected = try run(.interpreter)
    #expect(try run(.compiled) == expected, comment)
    #expect(try run(.compiled, fusion: false) == expected, comment)
    #expect(try run(.automatic) == expected, comment)
  }
}

@Suite struct ExecutorTests {
  @Test(arguments: [1, 5, 4096, 4097, 100_003, 300_000])
  func mapsEqualTheInterpreter(count: Int) throws {
    var rig = Rig()
    let shape = Shape([count])
    let (a, b) = (try rig.leaf(.float32, shape), try rig.leaf(.float32, shape))
    let sum = rig.node(.elementwise(.add), .float32, shape, a, b)
    let product = rig.node(
      .elementwise(.multiply), .float32, shape, sum, .scalar(Scalar(Float(0.37))), isOutput: true)
    _ = rig.node(.elementwise(.less), .bool, shape, product, b, isOutput: true)
    try rig.expectEqualModes()
  }

  @Test(arguments: [DType.float32, .float64, .int32, .int64, .uint8, .bool])
  func reductionsEqualTheInterpreter(dtype: DType) throws {
    let reductions: [Reduction] =
      dtype == .bool
      ? [.any, .all]
      : [.sum, .product, .maximum, .minimum] + (dtype.isFloatingPoint ? [.mean] : [])
    for (shape, axes) in [
      ([9000], [0]), ([3, 13_000], [1]), ([13_000, 3], [0]), ([4100, 600], [0]),
      ([20, 30, 40], [0, 2]), ([20, 30, 40], [1]), ([7, 9], [0, 1]), ([1, 5], [0]),
    ] as [([Int], [Int])] {
      var rig = Rig(threads: 3)
      let source = try rig.leaf(dtype, Shape(shape))
      let result = Shape(shape.indices.map { axes.contains($0) ? 1 : shape[$0] })
      for reduction in reductions {
        _ = rig.node(.reduce(reduction, AxisSet(axes)), dtype, result, source, isOutput: true)
      }
      try rig.expectEqualModes("\(dtype) \(shape) over \(axes)")
    }
  }

  @Test func emptyReductionsGiveTheirIdentity() throws {
    var rig = Rig()
    let source = try rig.leaf(.float32, [3, 0])
    for reduction in [Reduction.sum, .product, .maximum, .mean] {
      _ = rig.node(
        .reduce(reduction, AxisSet([1])), .float32, [3, 1], source, isOutput: true)
    }
    _ = rig.node(.elementwise(.negative), .float32, [3, 0], source, isOutput: true)
    try rig.expectEqualModes()
  }

  @Test func matrixProductsAndViewsJoinIn() throws {
    var rig = Rig()
    let x = try rig.leaf(.float32, [60, 40])
    let w = try rig.leaf(.float32, [30, 40])
    let turned = rig.node(.view(.permute([1, 0])), .float32, [40, 30], w)
    let y = rig.node(.matmul, .float32, [60, 30], x, turned)
    let zero = Trace.Operand.scalar(Scalar(Float(0)))
    let z = rig.node(.elementwise(.maximum), .float32, [60, 30], y, zero, isOutput: true)
    let column = rig.node(.reduce(.sum, AxisSet([0])), .float32, [1, 30], z, isOutput: true)
    let wide = rig.node(.view(.broadcast), .float32, [60, 30], column)
    _ = rig.node(.elementwise(.subtract), .float32, [60, 30], z, wide, isOutput: true)
    _ = rig.node(.view(.flip(AxisSet([1]))), .float32, [60, 30], z, isOutput: true)
    try rig.expectEqualModes()
  }

  /// A layer is one product and one launch over it, in the product's own memory.
  @Test func epiloguesOfProductsRunInPlace() throws {
    var rig = Rig()
    guard rig.compiler.isAvailable else { return }
    let x = try rig.leaf(.float32, [256, 300])
    let w = try rig.leaf(.float32, [300, 200])
    let b = try rig.leaf(.float32, [1, 200])
    let product = rig.node(.matmul, .float32, [256, 200], x, w)
    let wide = rig.node(.view(.broadcast), .float32, [256, 200], b)
    let sum = rig.node(.elementwise(.add), .float32, [256, 200], product, wide)
    let zero = Trace.Operand.scalar(Scalar(Float(0)))
    _ = rig.node(.elementwise(.maximum), .float32, [256, 200], sum, zero, isOutput: true)
    let before = rig.executor.pool.statistics.newBlocks
    let values = try rig.executor.run(rig.trace, mode: .compiled)
    #expect(values.compactMap { $0 }.count == 1)
    #expect(rig.executor.pool.statistics.newBlocks == before + 1)
    #expect(rig.counters.snapshot(rig.executor.pool).launches == 1)
    try rig.expectEqualModes()
  }

  @Test func stridedLeavesAreRead() throws {
    var rig = Rig()
    let shape: Shape = [50, 70]
    let layout = Layout(offset: 3, strides: [1, 60])
    let a = try rig.leaf(.float64, shape, layout: layout, storage: 60 * 80)
    let b = try rig.leaf(.float64, [70])
    let wide = rig.node(.view(.broadcast), .float64, shape, b)
    _ = rig.node(.elementwise(.add), .float64, shape, a, wide, isOutput: true)
    _ = rig.node(.reduce(.sum, AxisSet([1])), .float64, [50, 1], a, isOutput: true)
    try rig.expectEqualModes()
  }

  @Test func threadsDoNotChangeABit() throws {
    var results: [[[UInt8]]] = []
    for threads in [1, 2, 5] {
      var rig = Rig(threads: threads)
      let a = try rig.leaf(.float32, [1000, 1100])
      let b = rig.node(.elementwise(.square), .float32, [1000, 1100], a, isOutput: true)
      _ = rig.node(.reduce(.sum, AxisSet([0])), .float32, [1, 1100], b, isOutput: true)
      _ = rig.node(.reduce(.sum, AxisSet([1])), .float32, [1000, 1], b, isOutput: true)
      _ = rig.node(.reduce(.sum, AxisSet([0, 1])), .float32, [1, 1], b, isOutput: true)
      results.append(try rig.run(.compiled))
    }
    #expect(results[1] == results[0] && results[2] == results[0])
  }

  @Test func dyingInputsAreWrittenOver() throws {
    for isDying in [false, true] {
      var rig = Rig()
      let shape: Shape = [100_000]
      let w = try rig.leaf(.float32, shape, isDying: isDying)
      let g = try rig.leaf(.float32, shape)
      let step = rig.node(
        .elementwise(.multiply), .float32, shape, g, .scalar(Scalar(Float(0.1))))
      _ = rig.node(.elementwise(.subtract), .float32, shape, w, step, isOutput: true)
      let expected = try rig.run(.interpreter)
      let values = try rig.executor.run(rig.trace, mode: .compiled)
      let result = try #require(values[1])
      #expect(rig.bytes(result) == expected[0])
      #expect((result.buffer === rig.trace.leaves[0].buffer) == isDying)
    }
  }

  @Test func aLeafThatIsReadElsewhereInTheKernelIsKept() throws {
    var rig = Rig()
    let shape: Shape = [300, 300]
    let w = try rig.leaf(.float32, shape, isDying: true)
    let turned = rig.node(.view(.permute([1, 0])), .float32, shape, w)
    _ = rig.node(.elementwise(.add), .float32, shape, w, turned, isOutput: true)
    let expected = try rig.run(.interpreter)
    #expect(try rig.run(.compiled) == expected)
  }

  @Test func memoryIsReleased() throws {
    var rig = Rig()
    let shape: Shape = [50_000]
    let a = try rig.leaf(.float32, shape)
    var x = a
    for index in 0..<20 {
      x = rig.node(.elementwise(.sqrt), .float32, shape, x)
      x = rig.node(.reduce(.sum, AxisSet([0])), .float32, [1], x)
      let wide = rig.node(.view(.broadcast), .float32, shape, x)
      x = rig.node(.elementwise(.add), .float32, shape, a, wide, isOutput: index == 19)
    }
    for mode in ExecutionMode.allCases {
      do {
        let values = try rig.executor.run(rig.trace, mode: mode)
        #expect(rig.executor.pool.statistics.liveBuffers == 2)
        withExtendedLifetime(values) {}
      }
      #expect(rig.executor.pool.statistics.liveBuffers == 1)
    }
  }

  @Test func failedAllocationsLeaveNothingBehind() throws {
    var rig = Rig()
    let shape: Shape = [100_000]
    let a = try rig.leaf(.float32, shape, isDying: true)
    _ = rig.node(.elementwise(.negative), .float32, shape, a, isOutput: true)
    _ = rig.node(.iota, .int64, [2_000_000], isOutput: true)
    let before = rig.bytes(rig.trace.leaves[0])
    rig.executor.pool.byteBudget = 6 << 20
    for mode in ExecutionMode.allCases {
      let error = #expect(throws: TensorError.self) {
        try rig.executor.run(rig.trace, mode: mode)
      }
      #expect(error?.kind == .memory)
    }
    #expect(rig.bytes(rig.trace.leaves[0]) == before)
    #expect(rig.executor.pool.statistics.liveBuffers == 1)
    rig.executor.pool.byteBudget = 1 << 31
    #expect(try rig.run(.compiled).count == 2)
  }

  @Test func refusedCodeIsInterpretedUnlessCompiledModeAsksForIt() throws {
    var rig = Rig { _, _, _, _ throws(LoweringError) in throw LoweringError("no executable memory")
    }
    let x = try rig.leaf(.float32, [100_000])
    let one = Trace.Operand.scalar(Scalar(Float(1)))
    _ = rig.node(.elementwise(.add), .float32, [100_000], x, one, isOutput: true)
    guard rig.compiler.isAvailable else {
      print("refused code is skipped: \(rig.compiler.failure ?? "")")
      return
    }
    let error = #expect(throws: TensorError.self) { try rig.run(.compiled) }
    #expect(error?.kind == .backend)
    #expect(error?.reason.contains("no executable memory") == true)
    #expect(try rig.run(.automatic) == rig.run(.interpreter))
  }

  @Test func newSizesAndScalarsNeedNoNewKernel() throws {
    let counters = CounterCells()
    let compiler = CompilerSource(selection: nil, counters: counters)
    let pool = BufferPool(budget: 1 << 31)
    let executor = Executor(
      pool: pool, threads: ThreadPool(width: 1), blas: { nil }, compiler: compiler,
      counters: counters)
    for count in 1...40 {
      var trace = Trace()
      let shape = Shape([count * 100])
      let buffer = try pool.allocate(byteCount: count * 400)
      buffer.pointer.initializeMemory(as: UInt8.self, repeating: 0, count: count * 400)
      trace.leaves = [Value(dtype: .float32, shape: shape, buffer: buffer)]
      trace.isLeafDying = [false]
      trace.nodes = [
        Trace.Node(
          op: .elementwise(.add), dtype: .float32, shape: shape,
          operands: [.leaf(0), .scalar(Scalar(Float(count)))], isOutput: true)
      ]
      let values = try executor.run(trace, mode: .compiled)
      #expect(values[0]?.base.load(as: Float.self) == Float(count))
    }
    let counts = counters.snapshot(pool)
    #expect(counts.kernelsCompiled == 1 && counts.kernelCacheHits == 39 && counts.launches == 40)
    #expect(counts.bytesLoaded == (1...40).reduce(0) { $0 + $1 * 400 })
    #expect(counts.bytesStored == counts.bytesLoaded)
  }

  @Test func negativeIntegerPowersAreErrorsInEveryMode() throws {
    var rig = Rig()
    let a = try rig.leaf(.int32, [1000])
    _ = rig.node(.elementwise(.pow), .int32, [1000], a, a, isOutput: true)
    for mode in ExecutionMode.allCases {
      let error = #expect(throws: TensorError.self) {
        try rig.executor.run(rig.trace, mode: mode)
      }
      #expect(error?.kind == .value && error?.op == "pow")
    }
  }

  @Test func strictModeReportsDivisionByZero() throws {
    var rig = Rig()
    let a = try rig.leaf(.int32, [1000])
    _ = rig.node(
      .elementwise(.floorDivide), .int32, [1000], a, .scalar(Scalar(wrapping: 0, as: .int32)),
      isOutput: true)
    try rig.expectEqualModes()
    for mode in ExecutionMode.allCases {
      let error = #expect(throws: TensorError.self) {
        try rig.executor.run(rig.trace, mode: mode, isStrict: true)
      }
      #expect(error?.kind == .value && error?.reason.contains("zero") == true)
    }
  }

  @Test func withoutLLVMTheInterpreterAnswers() throws {
    var rig = Rig(llvm: "off")
    let a = try rig.leaf(.float32, [100_000])
    _ = rig.node(.elementwise(.sqrt), .float32, [100_000], a, isOutput: true)
    #expect(try rig.run(.automatic) == rig.run(.interpreter))
    let error = #expect(throws: TensorError.self) { try rig.run(.compiled) }
    #expect(error?.kind == .backend && error?.hint?.contains("libllvm14") == true)
  }
}
