// The gradients of scans: closed forms, zeros, ties, differences, second derivatives.

import Martlet
import Testing

@Suite struct ScanGradientTests {
  private typealias Function = @Sendable (Tensor) -> Tensor

  /// Sum over k >= j of g[k] times the product of x[i] for i <= k, i != j.
  private static func slopes(ofProducts x: [Double], _ g: [Double]) -> [Double] {
    x.indices.map { j in
      (j..<x.count).reduce(0) { sum, k in
        sum + (0...k).filter { $0 != j }.reduce(g[k]) { $0 * x[$1] }
      }
    }
  }

  private static let factors: [[Double]] = [
    [], [3], [0], [2, 5], [0, 5], [5, 0], [0, 0], [2, 0, 4], [0, 2, 0], [0, 0, 0], [1, 2, 3, 4, 5],
    [1, 2, 0, 4, 5], [0, 2, 3, 4, 0], [2, -1, 4, 8, 0.5, 3, -2], [2, -1, 4, 8, 0.5, 3, 0, 2, 1],
    [1, 0, 2, 3, 0, 4, -1, 2, 5, 3, 2, 1, 2, -3, 1, 2, 1],
  ]

  /// Small integers and powers of two: everything is exact in any order.
  @Test(arguments: factors) func productsHaveTheirSlopes(x: [Double]) {
    let weights = x.indices.map { Double($0 * 5 % 7) - 2 }
    let found = gradient(at: Tensor(x)) { x in (x.cumulativeProduct() * Tensor(weights)).sum() }
    #expect(found.scalars(as: Double.self) == Self.slopes(ofProducts: x, weights))
  }

  @Test func sumsHaveSumsOfWhatComesAfter() {
    let weights = (0..<9).map { Double($0 * 5 % 7) - 2 }
    let found = gradient(at: Tensor.zeros([9], dtype: .float64)) { x in
      (x.cumulativeSum() * Tensor(weights)).sum()
    }
    #expect(found.scalars(as: Double.self) == weights.indices.map { weights[$0...].reduce(0, +) })
    let single = gradient(at: Tensor.zeros([9])) { $0.cumulativeSum(includeInitial: true)[3] }
    #expect(single.scalars(as: Float.self) == [1, 1, 1, 0, 0, 0, 0, 0, 0])
  }

  /// Along either axis the slopes are those of the rows.
  @Test func axesAreIndependent() {
    let x = (0..<12).map { Double($0 * 7 % 5) - 1 }
    let weights = (0..<12).map { Double($0 * 5 % 7) - 2 }
    let across = gradient(at: Tensor(x, shape: [3, 4])) { x in
      (x.cumulativeProduct(axis: 1) * Tensor(weights, shape: [3, 4])).sum()
    }
    let down = gradient(at: Tensor(x, shape: [3, 4]).T) { x in
      (x.cumulativeProduct(axis: 0) * Tensor(weights, shape: [3, 4]).T).sum()
    }
    let rows = (0..<3).flatMap { row -> [Double] in
      let places = 4 * row..<4 * row + 4
      return Self.slopes(ofProducts: Array(x[places]), Array(weights[places]))
    }
    #expect(across.scalars(as: Double.self) == rows)
    #expect(down.T.scalars(as: Double.self) == rows)
  }

  /// Row i of the second derivative of the last product: 0 at i, else the product without i and j.
  @Test(arguments: factors) func secondDerivatives(x: [Double]) {
    for i in x.indices {
      let row = gradient(at: Tensor(x)) { x in
        gradient(at: x) { $0.cumulativeProduct()[x.count - 1] }[i]
      }
      let expected = x.indices.map { j in
        i == j ? 0 : x.indices.filter { $0 != i && $0 != j }.reduce(1.0) { $0 * x[$1] }
      }
      #expect(row.scalars(as: Double.self) == expected)
    }
  }

  @Test func productsThatOverflowHaveFiniteSlopes() {
    let x: [Float] = [0x1p100, 0x1p100, 0x1p-100, 2]
    let found = gradient(at: Tensor(x)) { $0.cumulativeProduct()[3] }
    #expect(found.scalars(as: Float.self) == [2, 2, .infinity, 0x1p100])
  }

  @Test func zeroCotangentsContributeNothing() {
    let x: [Double] = [2, .infinity, 0, .nan, 3]
    let found = gradient(at: Tensor(x)) { $0.cumulativeProduct()[0] }
    #expect(found.scalars(as: Double.self) == [1, 0, 0, 0, 0])
  }

  /// Each weight goes to the first element that is the extreme so far.
  @Test(
    arguments: [
      ([3, 1, 4, 4, 5, 5, 2], [0, 0, 2, 2, 4, 4, 4], [0, 1, 1, 1, 1, 1, 1]),
      ([0, -0.0, 0, -1, 1, -1], [0, 0, 0, 0, 4, 4], [0, 0, 0, 3, 3, 3]),
      ([1, .nan, 2, .nan], [0, 1, 1, 1], [0, 1, 1, 1]),
      ([-.infinity, -.infinity, 1], [0, 0, 2], [0, 0, 0]), ([7], [0], [0]), ([], [], []),
    ] as [([Double], [Int], [Int])])
  func extremesGoToWhatSetThem(x: [Double], greatest: [Int], least: [Int]) {
    let weights = x.indices.map { Double(1 << $0) }
    func expected(_ places: [Int]) -> [Double] {
      x.indices.map { place in
        zip(places, weights).reduce(0) { $1.0 == place ? $0 + $1.1 : $0 }
      }
    }
    let highs = gradient(at: Tensor(x)) { ($0.cumulativeMax() * Tensor(weights)).sum() }
    let lows = gradient(at: Tensor(x)) { ($0.cumulativeMin() * Tensor(weights)).sum() }
    #expect(highs.scalars(as: Double.self) == expected(greatest))
    #expect(lows.scalars(as: Double.self) == expected(least))
    let columns = gradient(at: Tensor(x + x, shape: [2, x.count]).T) { x in
      (x.cumulativeMax(axis: 0) * Tensor(weights).reshape([-1, 1])).sum()
    }
    #expect(columns.T.scalars(as: Double.self) == expected(greatest) + expected(greatest))
  }

  private static let functions: [(name: String, apply: Function)] = [
    ("sum", { ($0.cumulativeSum().sin() * $0).sum() }),
    ("product", { $0.cumulativeProduct().log1p().sum() }),
    ("max", { ($0.cumulativeMax() * $0).square().sum() }),
    ("min", { ($0.cumulativeMin() * $0).square().sum() }),
    ("twice", { $0.cumulativeProduct().cumulativeSum().cumulativeMax().log().sum() }),
  ]

  /// First derivatives against differences of values, second ones against differences of first.
  @Test(arguments: 0..<5) func differences(number: Int) {
    let function = Self.functions[number].apply
    let x = (0..<23).map { 0.5 + Double($0 * 7 % 23) / 16 }
    let direction = Tensor((0..<23).map { Double($0 * 5 % 11) / 8 - 0.5 })
    let slope: Function = { x in gradient(at: x) { function($0) } }
    let curve = gradient(at: Tensor(x)) { (slope($0) * direction).sum() }
    func close(_ found: Tensor, _ expected: Double, _ place: Int) {
      let found = Double(found)
      let bound = 2e-6 * Swift.max(1, Swift.abs(expected))
      #expect(Swift.abs(found - expected) <= bound, "\(Self.functions[number].name) \(place)")
    }
    let slopes = slope(Tensor(x))
    for place in x.indices {
      var (high, low) = (x, x)
      high[place] += 1e-5
      low[place] -= 1e-5
      let values = (function(Tensor(high)) - function(Tensor(low))) / 2e-5
      close(slopes[place], Double(values), place)
      let first = ((slope(Tensor(high)) - slope(Tensor(low))) * direction).sum() / 2e-5
      close(curve[place], Double(first), place)
    }
  }

  @Test func nothingHasNoSlopes() {
    for axis in [0, 1] {
      for shape in [[0, 3], [3, 0]] {
        let x = Tensor.zeros(shape)
        #expect(gradient(at: x) { $0.cumulativeProduct(axis: axis).sum() }.shape == x.shape)
        #expect(gradient(at: x) { $0.cumulativeMax(axis: axis).sum() }.shape == x.shape)
        #expect(gradient(at: x) { $0.cumulativeSum(axis: axis).sum() }.shape == x.shape)
      }
    }
  }
}
