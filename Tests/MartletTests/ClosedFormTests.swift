// Derivatives against closed forms: Rosenbrock's function, implicit functions, fixed points.

import Martlet
import Testing

@Suite struct ClosedFormTests {
  /// Sum over i of 100 (x[i+1] - x[i]^2)^2 + (1 - x[i])^2.
  private static func rosenbrock(_ x: Tensor) -> Tensor {
    let (head, tail) = (x[..<(-1)], x[1...])
    return (100 * (tail - head.square()).square() + (1 - head).square()).sum()
  }

  /// Its gradient and Hessian, by hand.
  private static func derivatives(_ x: [Double]) -> (gradient: [Double], hessian: [[Double]]) {
    var gradient = [Double](repeating: 0, count: x.count)
    var hessian = [[Double]](repeating: gradient, count: x.count)
    for i in 0..<(x.count - 1) {
      let gap = x[i + 1] - x[i] * x[i]
      gradient[i] += -400 * x[i] * gap - 2 * (1 - x[i])
      gradient[i + 1] += 200 * gap
      hessian[i][i] += -400 * gap + 800 * x[i] * x[i] + 2
      hessian[i + 1][i + 1] += 200
      hessian[i][i + 1] -= 400 * x[i]
      hessian[i + 1][i] -= 400 * x[i]
    }
    return (gradient, hessian)
  }

  private static let dimensions = 100
  private static let random = (0..<dimensions).map {
    2 * (0.618034 * Double($0 + 1)).truncatingRemainder(dividingBy: 1) - 0.7
  }
  private static let minimum = [Double](repeating: 1, count: dimensions)

  private static func near(_ found: [Double], _ expected: [Double]) -> Bool {
    zip(found, expected).allSatisfy { abs($0 - $1) <= 1e-12 * max(1, abs($1)) }
  }

  /// At the minimum all cotangents of the squares are exactly 0, and the Hessian is not.
  @Test(arguments: [random, minimum]) func rosenbrockIn100Dimensions(point: [Double]) {
    let x = Tensor(point)
    let expected = Self.derivatives(point)
    let slope = gradient(at: x) { Self.rosenbrock($0) }.scalars(as: Double.self)
    #expect(Self.near(slope, expected.gradient))
    let curvature = hessian(at: x) { Self.rosenbrock($0) }
    #expect(curvature.shape == [Self.dimensions, Self.dimensions])
    #expect(Self.near(curvature.scalars(as: Double.self), expected.hessian.flatMap(\.self)))
    let direction = point.indices.map { Double($0 * 7 % 11) - 4 }
    let product = hessianVectorProduct(at: x, along: Tensor(direction)) { Self.rosenbrock($0) }
    let products = expected.hessian.map { row in zip(row, direction).reduce(0) { $0 + $1.0 * $1.1 }
    }
    #expect(Self.near(product.scalars(as: Double.self), products.map { $0 }))
    let twice = gradient(at: x) { x in
      (gradient(at: x) { Self.rosenbrock($0) } * Tensor(direction)).sum()
    }
    #expect(Self.near(twice.scalars(as: Double.self), products))
  }

  /// d2/dx2 of sin(x)^2 / 2 at 0 is cos(0) = 1, where every cotangent is exactly 0.
  @Test func secondDerivativesAtAMinimum() {
    let x = Tensor([0, 0, 0] as [Double])
    let identity = hessian(at: x) { ($0.sin().square() / 2).sum() }
    #expect(identity.arrayEqual(Tensor.eye(3, dtype: .float64)))
    let forward = jvp(at: x, along: [1, 2, 3]) { x in
      jvp(at: x, along: [1, 1, 1]) { $0.sin().square() / 2 }.tangent
    }.tangent
    #expect(forward.scalars(as: Double.self) == [1, 2, 3])
  }

  /// The square root by Newton's steps, as many as the values ask for.
  private static func root(_ a: Tensor) -> Tensor {
    var x = a
    while abs(x * x - a) > 1e-13 { x = (x + a / x) / 2 }
    // One more step gives the derivative that the value has.
    return (x + a / x) / 2
  }

  @Test func aFixedPointOfALoop() {
    for a in [0.3, 2, 9] {
      let x = Tensor(a)
      let slope = Double(gradient(at: x) { Self.root($0) })
      #expect(abs(slope - 0.5 / a.squareRoot()) < 1e-12)
      let tangent = Double(jvp(at: x, along: 1) { Self.root($0) }.tangent)
      #expect(abs(tangent - slope) < 1e-14)
      let second = Double(gradient(at: x) { a in gradient(at: a) { Self.root($0) } })
      #expect(abs(second + 0.25 / (a * a.squareRoot())) < 1e-9)
    }
  }

  /// y + y^3 = x: a loop finds y without gradients, and the implicit function theorem says
  /// dy/dx = 1 / (1 + 3 y^2).
  @Test func anImplicitFunctionByItsOwnRule() {
    func solution(_ x: Tensor) -> Tensor {
      customGradient(at: x) { x in
        let y = withoutGradient {
          var y = Tensor.zerosLike(x)
          while abs(y + y * y * y - x).max() > 1e-14 {
            y = y - (y + y * y * y - x) / (1 + 3 * y * y)
          }
          return y
        }
        // The same value as a function of x, for what differentiates the pullback: one step from
        // the solution has its derivatives.
        let fresh = y - (y + y * y * y - x) / (1 + 3 * y * y)
        return CustomGradient(y) { g in g / (1 + 3 * fresh * fresh) }
      }
    }
    let x = Tensor([0.5, 2, -10] as [Double])
    let y = solution(x).scalars(as: Double.self)
    for (x, y) in zip([0.5, 2, -10], y) { #expect(abs(y + y * y * y - x) < 1e-13) }
    let slope = gradient(at: x) { solution($0).sum() }.scalars(as: Double.self)
    let tangent = jvp(at: x, along: [1, 1, 1]) { solution($0) }.tangent.scalars(as: Double.self)
    let second = gradient(at: x) { x in gradient(at: x) { solution($0).sum() }.sum() }
      .scalars(as: Double.self)
    for index in y.indices {
      let first = 1 / (1 + 3 * y[index] * y[index])
      #expect(abs(slope[index] - first) < 1e-14 && abs(tangent[index] - first) < 1e-14)
      // y'' = -6 y y'^3.
      #expect(abs(second[index] + 6 * y[index] * first * first * first) < 1e-13)
    }
  }
}
