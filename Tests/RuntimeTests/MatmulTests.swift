// Matrix products against a plain triple loop: layouts, batches, empty factors, equal bits.

import Glibc
import MartletIR
import MartletInterpreter
import Testing

@testable import MartletRuntime

/// Values and products for the tests of this file.
private struct Bench {
  let pool = BufferPool(budget: 1 << 32)
  let threads: ThreadPool
  let blas: Blas?

  init(threads: Int = 2, blas: String? = nil) {
    self.threads = ThreadPool(width: threads)
    self.blas = Blas.load(blas).blas
  }

  var matmul: Matmul { Matmul(blas: { [blas] in blas }, threads: threads, pool: pool) }

  /// Pseudo-random elements in [-1, 1), or all bytes for integers.
  func value(_ dtype: DType, _ shape: Shape, seed: UInt64 = 1) throws -> Value {
    let value = Value(
      dtype: dtype, shape: shape,
      buffer: try pool.allocate(byteCount: shape.elementCount * dtype.byteCount))
    var state = seed
    for i in 0..<shape.elementCount {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let random = Double(Int64(bitPattern: state) >> 11) / Double(1 << 52)
      switch dtype {
      case .float32: value.base.storeBytes(of: Float(random), toByteOffset: 4 * i, as: Float.self)
      case .float64: value.base.storeBytes(of: random, toByteOffset: 8 * i, as: Double.self)
      case .bool: value.base.storeBytes(of: UInt8(state >> 63), toByteOffset: i, as: UInt8.self)
      case .int32:
        value.base.storeBytes(of: UInt32(state >> 32), toByteOffset: 4 * i, as: UInt32.self)
      case .int64: value.base.storeBytes(of: state, toByteOffset: 8 * i, as: UInt64.self)
      default:
        value.base.storeBytes(
          of: UInt8(state >> 56), toByteOffset: i * dtype.byteCount, as: UInt8.self)
      }
    }
    return value
  }

  /// The same elements with the last two axes stored the other way round.
  func transposed(_ value: Value) throws -> Value {
    let rank = value.shape.rank
    var axes = Array(0..<rank)
    axes.swapAt(rank - 1, rank - 2)
    let turned = Shape(axes.map { value.shape[$0] })
    let copy = Value(
      dtype: value.dtype, shape: turned,
      buffer: try pool.allocate(byteCount: turned.elementCount * value.dtype.byteCount))
    let (rows, columns, width) = (
      value.shape[rank - 2], value.shape[rank - 1], value.dtype.byteCount
    )
    for batch in 0..<(value.shape.elementCount / max(1, rows * columns)) {
      for i in 0..<rows {
        for j in 0..<columns {
          (copy.base + ((batch * columns + j) * rows + i) * width).copyMemory(
            from: value.base + ((batch * rows + i) * columns + j) * width, byteCount: width)
        }
      }
    }
    let layout = try #require(
      Layout.rowMajor.applying(.permute(axes), from: turned, to: value.shape))
    return Value(dtype: value.dtype, shape: value.shape, layout: layout, buffer: copy.buffer)
  }

  func empty(_ a: Value, _ b: Value) throws -> Value {
    var shape = Array(a.shape.dimensions)
    for axis in 0..<(a.shape.rank - 2) { shape[axis] = max(shape[axis], b.shape[axis]) }
    shape[a.shape.rank - 1] = b.shape[b.shape.rank - 1]
    return try value(a.dtype, Shape(shape), seed: 99)
  }

  func product(_ a: Value, _ b: Value) throws -> [UInt8] {
    let c = try empty(a, b)
    try matmul.multiply(a, b, into: c)
    return bytes(c)
  }

  func reference(_ a: Value, _ b: Value) throws -> Value {
    let c = try empty(a, b)
    try Interpreter.referenceMatmul(a, b, c)
    return c
  }

  func bytes(_ value: Value) -> [UInt8] {
    Array(
      UnsafeRawBufferPointer(
        start: value.base, count: value.shape.elementCount * value.dtype.byteCount))
  }
}

@Suite struct MatmulTests {
  /// Plans count on it that a single column is not copied, whatever its stride.
  @Test func aSingleColumnNeedsNoMemory() throws {
    let bench = Bench()
    let a = try bench.value(.int32, [200, 200])
    var column = try bench.value(.int32, [200, 1], seed: 2)
    let expected = Value(
      dtype: .int32, shape: [200, 1], buffer: try bench.pool.allocate(byteCount: 800))
    try bench.matmul.multiply(a, column, into: expected)
    column.layout.strides = [1, 200]
    let result = Value(
      dtype: .int32, shape: [200, 1], buffer: try bench.pool.allocate(byteCount: 800))
    bench.pool.trim()
    bench.pool.byteBudget = bench.pool.statistics.liveBytes
    try bench.matmul.multiply(a, column, into: result)
    #expect(memcmp(expected.base, result.base, 800) == 0)
  }

  @Test(arguments: [
    (1, 1, 1), (3, 4, 5), (16, 16, 16), (17, 33, 65), (64, 10, 784), (128, 128, 128), (300, 7, 511),
    (1, 700, 900), (900, 1, 700), (600, 520, 130),
  ])
  func floatsStayWithinTheBound(m: Int, n: Int, k: Int) throws {
    let bench = Bench()
    let a = try bench.value(.float32, [m, k])
    let b = try bench.value(.float32, [k, n], seed: 7)
    let c = try bench.empty(a, b)
    try bench.matmul.multiply(a, b, into: c)
    let x = a.base.assumingMemoryBound(to: Float.self)
    let y = b.base.assumingMemoryBound(to: Float.self)
    let z = c.base.assumingMemoryBound(to: Float.self)
    for i in stride(from: 0, to: m, by: max(1, m / 40)) {
      for j in stride(from: 0, to: n, by: max(1, n / 40)) {
        var sum = 0.0
        var magnitude = 0.0
        for l in 0..<k {
          sum += Double(x[i * k + l]) * Double(y[l * n + j])
          magnitude += abs(Double(x[i * k + l]) * Double(y[l * n + j]))
        }
        // R45: K units in the last place of the sum of magnitudes.
        let bound = Double(k) * Double(Float.ulpOfOne) * magnitude
        #expect(abs(Double(z[i * n + j]) - sum) <= bound)
      }
    }
  }

  @Test(arguments: [(5, 6, 7), (40, 50, 60), (100, 100, 100), (130, 90, 110), (260, 200, 300)])
  func layoutsDoNotChangeABit(m: Int, n: Int, k: Int) throws {
    for dtype in [DType.float32, .float64] {
      let bench = Bench()
      let a = try bench.value(dtype, [m, k])
      let b = try bench.value(dtype, [k, n], seed: 7)
      let (at, bt) = (try bench.transposed(a), try bench.transposed(b))
      let expected = try bench.product(a, b)
      #expect(try bench.product(at, b) == expected)
      #expect(try bench.product(a, bt) == expected)
      #expect(try bench.product(at, bt) == expected)
      // A reversed factor has negative strides.
      var flipped = a
      let layout = try #require(
        a.layout.applying(.flip(AxisSet([0, 1])), from: a.shape, to: a.shape))
      flipped.layout = layout
      let copy = try bench.value(dtype, [m, k])
      let width = dtype.byteCount
      for i in 0..<(m * k) {
        (copy.base + i * width).copyMemory(
          from: a.base + (m * k - 1 - i) * width, byteCount: width)
      }
      #expect(try bench.product(flipped, b) == bench.product(copy, b))
    }
  }

  @Test(arguments: [(64, 64, 64), (513, 130, 70), (200, 1000, 90), (20, 3000, 40), (1025, 64, 64)])
  func threadsDoNotChangeABit(m: Int, n: Int, k: Int) throws {
    for blas in [nil, "off"] {
      let one = Bench(threads: 1, blas: blas)
      let a = try one.value(.float32, [m, k])
      let b = try one.value(.float32, [k, n], seed: 7)
      let expected = try one.product(a, b)
      for threads in [2, 3, 5] {
        #expect(try Bench(threads: threads, blas: blas).product(a, b) == expected)
      }
    }
  }

  @Test func loopsEqualTheReferenceBitForBit() throws {
    for dtype in [DType.bool, .int8, .uint16, .int32, .int64, .float32, .float64] {
      let bench = Bench(blas: "off")
      // Rows, columns and inner extents around the sizes of vectors, tiles and blocks.
      for (m, n, k) in [
        (1, 1, 1), (3, 5, 2), (4, 16, 8), (7, 31, 65), (2, 33, 64), (5, 12, 129), (40, 70, 300),
        (9, 600, 17),
      ] {
        let a = try bench.value(dtype, [m, k])
        let b = try bench.value(dtype, [k, n], seed: 3)
        let (at, bt) = (try bench.transposed(a), try bench.transposed(b))
        let expected = bench.bytes(try bench.reference(a, b))
        for (x, y) in [(a, b), (at, b), (a, bt), (at, bt)] {
          #expect(try bench.product(x, y) == expected)
        }
      }
    }
  }

  @Test func batchesBroadcast() throws {
    for blas in [nil, "off"] {
      let bench = Bench(blas: blas)
      let a = try bench.value(.float64, [3, 1, 20, 30])
      let b = try bench.value(.float64, [1, 4, 30, 25], seed: 5)
      let expected = try bench.reference(a, b)
      for factor in [b, try bench.transposed(b)] {
        let c = try bench.empty(a, factor)
        try bench.matmul.multiply(a, factor, into: c)
        let (x, y) = (
          c.base.assumingMemoryBound(to: Double.self),
          expected.base.assumingMemoryBound(to: Double.self)
        )
        for i in 0..<c.shape.elementCount { #expect(abs(x[i] - y[i]) < 1e-12) }
      }
    }
  }

  /// Batches whose axes are stored in another order, stretched, or transposed within; each product
  /// is that of its two matrices alone.
  @Test(arguments: [(3, 5, 7), (16, 16, 16), (20, 40, 33), (64, 64, 64), (130, 90, 110)])
  func aBatchIsItsProducts(m: Int, n: Int, k: Int) throws {
    let kinds: [(DType, String?)] = [
      (.float32, nil), (.float64, nil), (.float32, "off"), (.int32, nil),
    ]
    for (dtype, blas) in kinds {
      let bench = Bench(blas: blas)
      let single = Bench(threads: 1, blas: blas)
      let stored = try bench.value(dtype, [4, m, 3, k])
      let layout = try #require(
        Layout.rowMajor.applying(.permute([0, 2, 1, 3]), from: stored.shape, to: [4, 3, m, k]))
      let a = Value(dtype: dtype, shape: [4, 3, m, k], layout: layout, buffer: stored.buffer)
      let b = try bench.value(dtype, [1, 3, k, n], seed: 5)
      for right in [b, try bench.transposed(b)] {
        let c = try bench.product(a, right)
        let size = m * n * dtype.byteCount
        for (index, place) in (0..<4).flatMap({ i in (0..<3).map { (i, $0) } }).enumerated() {
          let x = try matrix(a, place.0, place.1)
          let y = try matrix(right, 0, place.1)
          #expect(try Array(c[(index * size)..<((index + 1) * size)]) == single.product(x, y))
        }
      }
    }
  }

  /// One matrix of a batch with two axes, as a view.
  private func matrix(_ value: Value, _ i: Int, _ j: Int) throws -> Value {
    let shape = value.shape
    let strides = value.layout.strides(for: shape)
    let layout = Layout(
      offset: value.layout.offset + i * strides[0] + j * strides[1], strides: Array(strides[2...]))
    return Value(
      dtype: value.dtype, shape: [shape[2], shape[3]], layout: layout, buffer: value.buffer)
  }

  /// Transposes and rows that lie apart are read where they are: a product takes no memory.
  @Test func regularFactorsAreNotCopied() throws {
    let bench = Bench()
    let a = try bench.value(.float32, [300, 400])
    let b = try bench.value(.float32, [400, 260])
    let wide = try bench.value(.float32, [300, 1000])
    let slice = Value(
      dtype: .float32, shape: [300, 400], layout: Layout(offset: 100, strides: [1000, 1]),
      buffer: wide.buffer)
    let c = try bench.empty(a, b)
    let factors = [
      (a, b), (try bench.transposed(a), b), (a, try bench.transposed(b)), (slice, b),
    ]
    // Not even for the length of the product: that would leave a block behind.
    bench.pool.trim()
    let before = bench.pool.statistics
    for (x, y) in factors { try bench.matmul.multiply(x, y, into: c) }
    let after = bench.pool.statistics
    #expect(after.newBlocks == before.newBlocks && after.cachedBytes == before.cachedBytes)
  }

  @Test func emptyFactorsGiveZeros() throws {
    let bench = Bench()
    let a = try bench.value(.float32, [3, 0])
    let b = try bench.value(.float32, [0, 4])
    #expect(try bench.product(a, b).allSatisfy { $0 == 0 })
    let none = try bench.value(.float32, [0, 5])
    #expect(try bench.product(none, bench.value(.float32, [5, 4])).isEmpty)
  }

  @Test func nanAndInfinityPropagate() throws {
    let bench = Bench()
    let a = try bench.value(.float32, [20, 20])
    let b = try bench.value(.float32, [20, 20])
    a.base.storeBytes(of: Float.nan, as: Float.self)
    b.base.storeBytes(of: Float.infinity, toByteOffset: 4 * 25, as: Float.self)
    let c = try bench.empty(a, b)
    // What the result's memory held before is never read.
    c.base.storeBytes(of: Float.nan, toByteOffset: 4 * 399, as: Float.self)
    try bench.matmul.multiply(a, b, into: c)
    let z = c.base.assumingMemoryBound(to: Float.self)
    #expect((0..<20).allSatisfy { z[$0].isNaN })
    #expect(!z[25].isFinite && z[399].isFinite)
  }
}
