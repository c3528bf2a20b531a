// The gradient of a product: closed forms, zeros, overflow, differences, second derivatives.

import Martlet
import Testing

@Suite struct ProductGradientTests {
  /// The product of all elements but those at `places`.
  private static func product<T: BinaryFloatingPoint>(of x: [T], without places: Int...) -> T {
    x.indices.filter { !places.contains($0) }.reduce(1) { $0 * x[$1] }
  }

  private static let factors: [[Double]] = [
    [], [3], [0], [2, 5], [0, 5], [0, 0], [2, -3, 4], [2, 0, 4], [0, 2, 0], [0, 0, 0],
    [1, 2, 3, 4, 5], [1, 2, 0, 4, 5], [0, 2, 3, 4, 0], [2, -1, 4, 8, 0.5, 3, -2],
    [2, -1, 4, 8, 0.5, 3, 0, 2, 1, 1, -4],
  ]

  /// Small integers and powers of two: every product is exact in any order.
  @Test(arguments: factors)
  func eachSlopeIsTheProductOfTheOthers(x: [Double]) {
    let slopes = gradient(at: Tensor(x)) { $0.prod() }.scalars(as: Double.self)
    #expect(slopes == x.indices.map { Self.product(of: x, without: $0) })
    let flat = Tensor(x).reshape([1, x.count, 1])
    let column = gradient(at: flat) { $0.prod(axis: 1, keepDims: true).sum() }
    #expect(column.shape == [1, x.count, 1] && column.scalars(as: Double.self) == slopes)
  }

  /// Row i of the second derivative: 0 at i, else the product without i and j.
  @Test(arguments: factors)
  func secondDerivativesAreProductsToo(x: [Double]) {
    for i in x.indices {
      let row = gradient(at: Tensor(x)) { x in gradient(at: x) { $0.prod() }[i] }
      #expect(
        row.scalars(as: Double.self)
          == x.indices.map { $0 == i ? 0 : Self.product(of: x, without: i, $0) })
    }
  }

  @Test func thirdDerivativeWhereAllFactorsAreZero() {
    let x = Tensor([0, 0, 0] as [Double])
    let third = gradient(at: x) { x in
      gradient(at: x) { y in gradient(at: y) { $0.prod() }[0] }[1]
    }
    #expect(third.scalars(as: Double.self) == [0, 0, 1])
  }

  @Test func productsThatOverflowHaveFiniteSlopes() {
    let large = gradient(at: Tensor([0x1p100, 0x1p20, 0x1p20] as [Float])) { $0.prod() }
    #expect(large.scalars(as: Float.self) == [0x1p40, 0x1p120, 0x1p120])
    let small = gradient(at: Tensor([0x1p-100, 0x1p-40, 0x1p-20] as [Float])) { $0.prod() }
    #expect(small.scalars(as: Float.self) == [0x1p-60, 0x1p-120, 0x1p-140])
  }

  @Test func aZeroCotangentContributesNothing() {
    let slope = gradient(at: Tensor([.infinity, 2, 3] as [Double])) { x in
      Tensor.where(x.sum() .< 0, x.prod(), 0)
    }
    #expect(slope.scalars(as: Double.self) == [0, 0, 0])
  }

  @Test func axesAreReducedTogether() {
    let x = (0..<24).map { Double($0 % 5) - 1 }
    let slopes = gradient(at: Tensor(x, shape: [2, 3, 4])) { $0.prod(axis: [0, 2]).sum() }
    func places(_ row: Int) -> [Int] {
      (0..<2).flatMap { a in (0..<4).map { 12 * a + 4 * row + $0 } }
    }
    let expected = x.indices.map { place in
      places(place / 4 % 3).filter { $0 != place }.reduce(1) { $0 * x[$1] }
    }
    #expect(slopes.shape == [2, 3, 4] && slopes.scalars(as: Double.self) == expected)
    #expect(gradient(at: Tensor.zeros([0, 3])) { $0.prod(axis: 0).sum() }.shape == [0, 3])
    #expect(gradient(at: Tensor.zeros([3, 0])) { $0.prod(axis: 0).sum() }.shape == [3, 0])
  }

  @Test func slopesMatchCentralDifferences() {
    let x = (0..<37).map { 0.4 + Double($0 * 7 % 11) / 8 }
    let slopes = gradient(at: Tensor(x)) { $0.prod().log() + $0.prod() }
      .scalars(as: Double.self)
    func value(_ x: [Double]) -> Double {
      let product = Tensor(x).prod()
      return Double(product.log() + product)
    }
    for index in x.indices {
      var (high, low) = (x, x)
      high[index] += 1e-6
      low[index] -= 1e-6
      let expected = (value(high) - value(low)) / 2e-6
      #expect(Swift.abs(slopes[index] - expected) <= 1e-7 * Swift.max(1, Swift.abs(expected)))
    }
  }
}
