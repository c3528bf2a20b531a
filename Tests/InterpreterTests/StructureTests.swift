// Padding, concatenation, gather, scatter, matrix products, and whole traces.

import MartletIR
import Testing

@testable import MartletInterpreter

@Suite struct IndexingTests {
  private let table = value((0..<12).map { Float($0) }, [4, 3])

  @Test func padding() throws {
    let padded = try evaluate(
      .pad(low: [1, 0], high: [0, 2]), .float32, [3, 4],
      [value([1, 2, 3, 4] as [Float], [2, 2]), value([9] as [Float], [])])
    #expect(elements(padded) == [9, 9, 9, 9, 1, 2, 9, 9, 3, 4, 9, 9] as [Float])
    let around = try evaluate(
      .pad(low: [1], high: [1]), .int64, [2], [value([Int64]()), value([7] as [Int64], [])])
    #expect(elements(around) == [7, 7] as [Int64])
  }

  @Test func concatenation() throws {
    let turned = Value(
      dtype: .float32, shape: [3, 4], layout: Layout(strides: [1, 3]), buffer: table.buffer)
    let both = try evaluate(
      .concatenate(1), .float32, [3, 6],
      [turned, value([-1, -2, -3, -4, -5, -6] as [Float], [3, 2])])
    #expect(
      elements(both)
        == [0, 3, 6, 9, -1, -2, 1, 4, 7, 10, -3, -4, 2, 5, 8, 11, -5, -6] as [Float])
    let rows = try evaluate(
      .concatenate(0), .int8, [4],
      [value([1, 2] as [Int8]), value([Int8]()), value([3, 4] as [Int8])])
    #expect(elements(rows) == [1, 2, 3, 4] as [Int8])
  }

  @Test func gathering() throws {
    let rows = try evaluate(
      .gather(0), .float32, [2, 2, 3], [table, value([3, 0, -1, -4] as [Int64], [2, 2])])
    #expect(elements(rows) == [9, 10, 11, 0, 1, 2, 9, 10, 11, 0, 1, 2] as [Float])
    let columns = try evaluate(.gather(1), .float32, [4], [table, value([-1] as [Int64], [])])
    #expect(elements(columns) == [2, 5, 8, 11] as [Float])
    let none = try evaluate(.gather(0), .float32, [0, 3], [table, value([Int64]())])
    #expect(none.shape == [0, 3])
  }

  @Test(arguments: [4, -5, .max, .min] as [Int64]) func anIndexOutOfRange(index: Int64) throws {
    let site = TensorError.Location(file: "b.swift", line: 3)
    for op in [Op.gather(0), .scatter(0, .add), .scatter(0, .replace)] {
      var flags: UInt32 = 0
      let updates = value((0..<12).map { Float($0) }, [2, 2, 3])
      let shape: Shape = op == .gather(0) ? [2, 2, 3] : [4, 3]
      let error = #expect(throws: TensorError.self) {
        try interpreter.evaluate(
          op: op, dtype: .float32, shape: shape,
          operands: [
            .value(table), .value(value([0, 1, index, -1] as [Int64], [2, 2])), .value(updates),
          ], site: site, flags: &flags)
      }
      #expect(error?.kind == .index)
      #expect(error?.location == site)
      let text = error?.reason ?? ""
      #expect(text.contains("\(index)") && text.contains("[1, 0]") && text.contains("extent 4"))
      #expect(flags == ValueFlag.badIndex.rawValue)
    }
  }

  @Test func scatterPutsTheLast() throws {
    let put = try evaluate(
      .scatter(0, .replace), .int32, [4],
      [
        value([1, 2, 3, 4] as [Int32]), value([0, -1, 0] as [Int64]), value([7, 8, 9] as [Int32]),
      ])
    #expect(elements(put) == [9, 2, 3, 8] as [Int32])
  }

  @Test func scatterAddsInTheTreesOrder() throws {
    var random = SplitMix(state: 5)
    let count = 10_000
    let updates = (0..<count).map { _ in Float.random(in: -1...1, using: &random) }
    let indices = (0..<count).map { _ in Int64.random(in: -3..<2, using: &random) }
    let base: [Float] = [0.1, -0.0, 5]
    let sums: [Float] = elements(
      try evaluate(
        .scatter(0, .add), .float32, [3], [value(base), value(indices), value(updates)]))
    for place in 0..<3 {
      let mine = updates.indices.filter { (indices[$0] + 3) % 3 == place }.map { updates[$0] }
      let sum: [Float] = elements(
        try evaluate(.reduce(.sum, AxisSet([0])), .float32, [1], [value(mine)]))
      #expect(same(sums[place], base[place] + sum[0]))
    }
    // Elements without updates keep their bits.
    let untouched: [Float] = elements(
      try evaluate(
        .scatter(1, .add), .float32, [2, 2],
        [
          value([-0.0, 1, -0.0, 2] as [Float], [2, 2]), value([1, 1] as [Int64]),
          value([1, 2, 3, 4] as [Float], [2, 2]),
        ]))
    #expect(same(untouched, [-0.0, 4, -0.0, 9]))
  }
}

@Suite struct MatmulTests {
  @Test func products() throws {
    let a = value([1, 2, 3, 4, 5, 6] as [Float], [2, 3])
    let turned = Value(
      dtype: .float32, shape: [3, 2], layout: Layout(strides: [1, 3]), buffer: a.buffer)
    let square = try evaluate(.matmul, .float32, [2, 2], [a, turned])
    #expect(elements(square) == [14, 32, 32, 77] as [Float])
    let bytes = value([100, 100] as [Int8], [1, 2])
    let column = value([2, 3] as [Int8], [2, 1])
    #expect(elements(try evaluate(.matmul, .int8, [1, 1], [bytes, column])) == [-12] as [Int8])
  }

  @Test func batchesBroadcast() throws {
    let a = value((0..<8).map { Int64($0) }, [2, 1, 2, 2])
    let b = value((0..<12).map { Int64($0) }, [3, 2, 2])
    let four = Value(dtype: .int64, shape: [1, 3, 2, 2], buffer: b.buffer)
    let product: [Int64] = elements(try evaluate(.matmul, .int64, [2, 3, 2, 2], [a, four]))
    let (x, y): ([Int64], [Int64]) = (elements(a), elements(b))
    var expected: [Int64] = []
    for i in 0..<2 {
      for j in 0..<3 {
        for r in 0..<2 {
          for c in 0..<2 {
            expected.append(
              (0..<2).reduce(0) { $0 + x[4 * i + 2 * r + $1] * y[4 * j + 2 * $1 + c] })
          }
        }
      }
    }
    #expect(product == expected)
  }

  @Test func emptyProducts() throws {
    let a = value([Float](), [2, 0])
    let b = value([Float](), [0, 3])
    #expect(
      elements(try evaluate(.matmul, .float32, [2, 3], [a, b])) == [Float](repeating: 0, count: 6))
    #expect(try evaluate(.matmul, .float32, [0, 0], [b, a]).shape.elementCount == 0)
  }

  @Test func notANumberPropagates() throws {
    let a = value([0, .infinity] as [Float], [1, 2])
    let b = value([.nan, 0] as [Float], [2, 1])
    #expect(elements(try evaluate(.matmul, .float32, [1, 1], [a, b]), as: Float.self)[0].isNaN)
  }
}

@Suite struct TraceTests {
  @Test func outputsStayAndIntermediatesGo() throws {
    let local = TestAllocator()
    let engine = Interpreter(allocator: local)
    let x = value([1, 2, 3] as [Float])
    var nodes = [
      Trace.Node(
        op: .elementwise(.add), dtype: .float32, shape: [3], operands: [.leaf(0), .leaf(0)])
    ]
    for i in 0..<50 {
      nodes.append(
        Trace.Node(
          op: .elementwise(.add), dtype: .float32, shape: [3],
          operands: [.node(i), .scalar(Scalar(Float(1)))], isOutput: i == 24 || i == 49))
    }
    let outcome = try engine.run(Trace(nodes: nodes, leaves: [x], isLeafDying: [false]))
    #expect(outcome.flags == 0)
    #expect(outcome.values.indices.filter { outcome.values[$0] != nil } == [25, 50])
    #expect(outcome.values[25].map { elements($0) } == [27, 29, 31] as [Float])
    #expect(outcome.values[50].map { elements($0) } == [52, 54, 56] as [Float])
    #expect(local.liveCount == 2)
    #expect(local.peakCount == 3)
  }

  @Test func flagsOfDeadNodesCount() throws {
    let x = value([1, 0] as [Int32])
    let nodes = [
      Trace.Node(
        op: .elementwise(.remainder), dtype: .int32, shape: [2], operands: [.leaf(0), .leaf(0)]),
      Trace.Node(op: .cast, dtype: .bool, shape: [2], operands: [.leaf(0)], isOutput: true),
    ]
    let outcome = try interpreter.run(Trace(nodes: nodes, leaves: [x], isLeafDying: [false]))
    #expect(outcome.flags == ValueFlag.divideByZero.rawValue)
    #expect(outcome.values[0] == nil)
  }

  @Test func librariesComputeProducts() throws {
    let engine = Interpreter(allocator: allocator) { (a, b, output) throws(TensorError) in
      throw TensorError(.backend, op: "matmul", reason: "no library")
    }
    let x = value([1, 2, 3, 4] as [Float], [2, 2])
    let site = TensorError.Location(file: "c.swift", line: 9)
    let node = Trace.Node(
      op: .matmul, dtype: .float32, shape: [2, 2], operands: [.leaf(0), .leaf(0)], isOutput: true,
      site: site)
    let error = #expect(throws: TensorError.self) {
      try engine.run(Trace(nodes: [node], leaves: [x], isLeafDying: [false]))
    }
    #expect(error?.location == site)
  }

  /// Every op of the table has a loop for each machine operation, on every dtype it computes in.
  @Test func everyRowRuns() throws {
    for op in ElementwiseOp.allCases {
      for dtype in DType.allCases where op.definition.computingDType(dtype) == dtype {
        let program = Program.of(op, dtype)
        #expect(!program.instructions.isEmpty)
        #expect(Program.of(op, dtype) === program)
      }
    }
  }
}
