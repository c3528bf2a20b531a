// Products of matrices and vectors through the users' API, against loops over their elements.

import Glibc
import Martlet
import Testing

/// Two factors of a matrix product.
struct Factors: Sendable, CustomTestStringConvertible {
  let left: [Int]
  let right: [Int]

  var testDescription: String { "\(left) @ \(right)" }
}

@Suite struct ProductTests {
  static let factors: [Factors] = [
    Factors(left: [7], right: [7]),
    Factors(left: [5, 70], right: [70]), Factors(left: [70], right: [70, 5]),
    Factors(left: [1, 70], right: [70, 5]), Factors(left: [5, 70], right: [70, 1]),
    Factors(left: [6, 1], right: [1, 9]), Factors(left: [1, 1], right: [1, 1]),
    Factors(left: [5, 0], right: [0]), Factors(left: [0, 5], right: [5]),
    Factors(left: [3, 4, 6], right: [6]), Factors(left: [6], right: [3, 6, 4]),
    Factors(left: [3, 1, 6], right: [3, 6, 4]), Factors(left: [3, 4, 6], right: [3, 6, 1]),
    // The matrix is stretched over the batch of vectors.
    Factors(left: [4, 6], right: [3, 6, 1]), Factors(left: [3, 1, 6], right: [6, 4]),
    Factors(left: [2, 1, 4, 6], right: [3, 6, 1]), Factors(left: [2, 3, 1, 6], right: [3, 6, 4]),
    Factors(left: [2, 1, 4, 6], right: [3, 6, 5]),
    // One matrix for the whole batch.
    Factors(left: [3, 4, 6], right: [6, 5]), Factors(left: [2, 3, 4, 6], right: [1, 6, 5]),
    Factors(left: [3, 0, 6], right: [6, 5]), Factors(left: [4, 6], right: [3, 6, 5]),
  ]

  /// Small whole numbers, whose sums are exact in every dtype that is wide enough.
  private func tensor(_ shape: [Int], _ dtype: DType, seed: Int) -> Tensor {
    let count = shape.reduce(1, *)
    let numbers = (0..<count).map { ($0 * 37 + seed * 11) % 13 - 6 }
    return Tensor(numbers, shape: shape).cast(to: dtype)
  }

  /// The product of the elements by the definition, for factors as `matmul` takes them.
  private func product(_ a: [Int], _ b: [Int], _ factors: Factors) -> [Int] {
    let left = factors.left.count == 1 ? [1] + factors.left : factors.left
    let right = factors.right.count == 1 ? factors.right + [1] : factors.right
    let rank = max(left.count, right.count)
    func padded(_ shape: [Int]) -> [Int] {
      [Int](repeating: 1, count: rank - shape.count) + shape
    }
    let (x, y) = (padded(left), padded(right))
    let batch = zip(x, y).dropLast(2).map { max($0, $1) }
    let (rows, inner, columns) = (x[rank - 2], x[rank - 1], y[rank - 1])
    func start(_ index: Int, _ shape: [Int]) -> Int {
      var (rest, offset, step) = (index, 0, shape[rank - 1] * shape[rank - 2])
      for axis in batch.indices.reversed() {
        if shape[axis] > 1 { offset += rest % batch[axis] * step }
        rest /= batch[axis]
        step *= shape[axis]
      }
      return offset
    }
    var result: [Int] = []
    for index in 0..<batch.reduce(1, *) {
      for i in 0..<rows {
        for j in 0..<columns {
          let terms = (0..<inner).map {
            a[start(index, x) + i * inner + $0] * b[start(index, y) + $0 * columns + j]
          }
          result.append(terms.reduce(0, +))
        }
      }
    }
    return result
  }

  @Test(arguments: factors)
  func wholeNumbersAreExact(factors: Factors) {
    for dtype in [DType.float32, .float64, .int64, .int32] {
      let a = tensor(factors.left, dtype, seed: 1)
      let b = tensor(factors.right, dtype, seed: 2)
      let expected = product(a.scalars(as: Int.self), b.scalars(as: Int.self), factors)
      let c = matmul(a, b)
      #expect(c.dtype == dtype && c.scalars(as: Int.self) == expected)
      // The layout of a factor is no part of its value.
      let turned = Tensor(
        a.transpose().scalars(as: Int.self), shape: Array(a.shape.reversed())
      ).cast(to: dtype).transpose()
      #expect(matmul(turned, b).scalars(as: Int.self) == expected)
    }
  }

  @Test(arguments: factors)
  func narrowIntegersWrapAndBoolsAreOred(factors: Factors) {
    let a = tensor(factors.left, .int8, seed: 1) * 21
    let b = tensor(factors.right, .int8, seed: 2) * 17
    let whole = product(a.scalars(as: Int.self), b.scalars(as: Int.self), factors)
    let c = matmul(a, b)
    #expect(c.dtype == .int8)
    #expect(c.scalars(as: Int8.self) == whole.map { Int8(truncatingIfNeeded: $0) })
    let (p, q) = (a .> 30, b .> 30)
    let counts = product(p.scalars(as: Int.self), q.scalars(as: Int.self), factors)
    #expect(matmul(p, q).dtype == .bool)
    #expect(matmul(p, q).scalars(as: Bool.self) == counts.map { $0 > 0 })
  }

  @Test(arguments: factors)
  func gradientsAreThoseOfTheDefinition(factors: Factors) {
    let a = tensor(factors.left, .float64, seed: 1)
    let b = tensor(factors.right, .float64, seed: 2)
    // The sum of the product is linear in each factor, so a difference is its slope exactly.
    func total(_ a: Tensor, _ b: Tensor) -> Int { matmul(a, b).sum().item(as: Int.self) }
    func slopes(_ x: Tensor, _ f: (Tensor) -> Int) -> [Int] {
      let start = f(x)
      let elements = x.scalars(as: Int.self)
      return elements.indices.map { index in
        var moved = elements
        moved[index] += 1
        return f(Tensor(moved, shape: Array(x.shape)).cast(to: .float64)) - start
      }
    }
    let byLeft = gradient(at: a) { matmul($0, b).sum() }
    #expect(byLeft.scalars(as: Int.self) == slopes(a) { total($0, b) })
    let byRight = gradient(at: b) { matmul(a, $0).sum() }
    #expect(byRight.scalars(as: Int.self) == slopes(b) { total(a, $0) })
  }

  @Test func vectorProductsAreOneKernelWithTheirNeighbours() async {
    await #expect(processExitsWith: .success) {
      guard Engine.backends.llvm != nil else { exit(EXIT_SUCCESS) }
      Engine.mode = .compiled
      let matrix = Tensor.random([300, 200], seed: 1)
      let vector = Tensor.random([200], seed: 2)
      materialize(matrix, vector)
      let before = Engine.counters
      let y = tanh(matmul(matrix, vector) + 1)
      materialize(y)
      let run = Engine.counters - before
      exit(run.launches == 1 && run.interpretedNodes == 0 ? EXIT_SUCCESS : EXIT_FAILURE)
    }
  }

  @Test func vecdotKeepsTheDtypeAndTakesEachTensorsOwnAxis() {
    let a = Tensor([[1, 2, 3], [4, 5, 6]])
    #expect(vecdot(a, a).scalars(as: Int.self) == [14, 77])
    #expect(vecdot(a, a, axis: 0).scalars(as: Int.self) == [17, 29, 45])
    #expect(vecdot(a, Tensor([1, 10, 100])).scalars(as: Int.self) == [321, 654])
    #expect(vecdot(Tensor([1, 10]), a, axis: 0).scalars(as: Int.self) == [41, 52, 63])
    let bytes = Tensor([[100, 100]], dtype: .int8)
    #expect(vecdot(bytes, bytes).dtype == .int8)
    #expect(vecdot(bytes, bytes).scalars(as: Int.self) == [32])
    #expect(vecdot(bytes, Tensor([0.5, 0.25])).scalars(as: Double.self) == [75])
    let truth = Tensor([[true, false], [true, true]])
    #expect(vecdot(truth, Tensor([false, true])).scalars(as: Bool.self) == [false, true])
    let empty = Tensor.zeros([3, 0])
    #expect(vecdot(empty, empty).scalars(as: Float.self) == [0, 0, 0])
    #expect(vecdot(Tensor.zeros([4, 1, 3]), Tensor.zeros([5, 3])).shape == [4, 5])
    #expect(
      a.vecdot(a, axis: -2).scalars(as: Int.self) == vecdot(a, a, axis: 0).scalars(as: Int.self))
  }

  @Test func innerIsTheProductOverTheLastAxes() {
    let a = Tensor.arange(24).reshape([2, 3, 4])
    let b = Tensor.arange(20).reshape([5, 4])
    let expected = (0..<6).flatMap { row in
      (0..<5).map { column in (0..<4).reduce(0) { $0 + (4 * row + $1) * (4 * column + $1) } }
    }
    #expect(inner(a, b).shape == [2, 3, 5])
    #expect(inner(a, b).scalars(as: Int.self) == expected)
    #expect(inner(Tensor([1, 2]), Tensor([3, 4])).item(as: Int.self) == 11)
    #expect(inner(b, 2).scalars(as: Int.self) == (0..<20).map { 2 * $0 })
  }

  @Test func errorsNameOpAndShapes() {
    let (a, b) = (Tensor.zeros([2, 3]), Tensor.zeros([2, 4]))
    func message(_ body: () -> Tensor) -> String {
      do {
        try withTensorErrors { _ = body() }
        return ""
      } catch { return "\(error)" }
    }
    #expect(
      message { vecdot(a, b) }.contains(
        "vecdot(float32[2, 3], float32[2, 4]): the extents 3 and 4 of axis -1 differ"))
    #expect(
      message { vecdot(a, Tensor.zeros([5, 3])) }.contains(
        "vecdot(float32[2, 3], float32[5, 3]): the other axes do not broadcast"))
    #expect(message { vecdot(a, a, axis: 2) }.contains("vecdot(float32[2, 3]): axis 2 is out of"))
    #expect(message { inner(a, b) }.contains("inner(float32[2, 3], float32[2, 4]): the extents"))
  }
}
