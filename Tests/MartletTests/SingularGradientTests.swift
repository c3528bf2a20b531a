// Functions that are singular where a mask hides them: finite and right gradients, in both modes.

import Glibc
import Martlet
import Testing

@Suite struct SingularGradientTests {
  /// A function, its domain, and its derivative there; each is infinite or NaN at a hidden point.
  struct Masked: Sendable, CustomTestStringConvertible {
    let name: String
    /// A point where only the other branch is smooth, and one where this one is.
    let hidden: Double
    let shown: Double
    let function: @Sendable (Tensor) -> Tensor
    let derivative: @Sendable (Double) -> Double

    var testDescription: String { name }
  }

  static let functions: [Masked] = [
    Masked(name: "sqrt", hidden: 0, shown: 4, function: { $0.sqrt() }) { 0.5 / sqrt($0) },
    Masked(name: "sqrt of negative", hidden: -1, shown: 4, function: { $0.sqrt() }) {
      0.5 / sqrt($0)
    },
    Masked(name: "rsqrt", hidden: 0, shown: 4, function: { $0.rsqrt() }) {
      -0.5 * pow($0, -1.5)
    },
    Masked(name: "cbrt", hidden: 0, shown: 8, function: { $0.cbrt() }) { pow($0, -2 / 3.0) / 3 },
    Masked(name: "reciprocal", hidden: 0, shown: 2, function: { $0.reciprocal() }) {
      -1 / ($0 * $0)
    },
    Masked(name: "1 / x", hidden: 0, shown: 2, function: { 1 / $0 }) { -1 / ($0 * $0) },
    Masked(name: "x / x", hidden: 0, shown: 2, function: { $0 / $0 }) { _ in 0 },
    Masked(name: "sin(x) / x", hidden: 0, shown: 2, function: { $0.sin() / $0 }) {
      (cos($0) * $0 - sin($0)) / ($0 * $0)
    },
    Masked(name: "log", hidden: 0, shown: 2, function: { $0.log() }) { 1 / $0 },
    Masked(name: "log2", hidden: 0, shown: 2, function: { $0.log2() }) { 1 / ($0 * log(2)) },
    Masked(name: "log10", hidden: -1, shown: 2, function: { $0.log10() }) { 1 / ($0 * log(10)) },
    Masked(name: "log1p", hidden: -1, shown: 1, function: { $0.log1p() }) { 1 / (1 + $0) },
    Masked(name: "x log x", hidden: 0, shown: 2, function: { $0 * $0.log() }) { log($0) + 1 },
    Masked(name: "pow", hidden: 0, shown: 4, function: { $0.pow(0.25) }) {
      0.25 * pow($0, -0.75)
    },
    Masked(name: "negative pow", hidden: 0, shown: 2, function: { $0.pow(-1.5) }) {
      -1.5 * pow($0, -2.5)
    },
    Masked(name: "pow of x by x", hidden: -0.5, shown: 2, function: { pow($0, $0) }) {
      pow($0, $0) * (log($0) + 1)
    },
    Masked(name: "asin", hidden: 1, shown: 0.5, function: { $0.asin() }) {
      1 / sqrt(1 - $0 * $0)
    },
    Masked(name: "acosh", hidden: 1, shown: 2, function: { $0.acosh() }) {
      1 / sqrt($0 * $0 - 1)
    },
    Masked(name: "atanh", hidden: -1, shown: 0.5, function: { $0.atanh() }) {
      1 / (1 - $0 * $0)
    },
    Masked(name: "norm", hidden: 0, shown: 3, function: { ($0 * $0 + 0 * $0).sqrt() }) { _ in 1 },
    Masked(name: "hypot", hidden: 0, shown: 3, function: { hypot($0, 0 * $0) }) { _ in 1 },
    Masked(name: "atan2", hidden: 0, shown: 3, function: { atan2($0, 2 * $0 * $0) }) {
      // atan(1 / (2 x)).
      -2 / (4 * $0 * $0 + 1)
    },
    Masked(name: "exp that overflows", hidden: 1e3, shown: 1, function: { $0.exp() - $0.exp() }) {
      _ in 0
    },
    Masked(name: "log of softmax", hidden: -.infinity, shown: 1, function: { ($0 - $0).exp() }) {
      _ in 0
    },
  ]

  @Test(arguments: functions) func whatAMaskHidesContributesNothing(to masked: Masked) {
    let x = Tensor([masked.hidden, masked.shown])
    let mask = Tensor([false, true])
    let expected = masked.derivative(masked.shown)
    func loss(_ x: Tensor) -> Tensor { Tensor.where(mask, masked.function(x), 3 * x) }
    func near(_ found: Tensor, _ values: [Double]) {
      for (found, value) in zip(found.scalars(as: Double.self), values) {
        #expect(abs(found - value) <= 1e-14 * max(1, abs(value)), "\(found), expected \(value)")
      }
    }
    near(gradient(at: x) { loss($0).sum() }, [3, expected])
    near(jvp(at: x, along: [1, 1]) { loss($0) }.tangent, [3, expected])
    // Where the slope is a constant the second derivative is 0, whatever is hidden.
    let second = gradient(at: x) { x in gradient(at: x) { loss($0).sum() }.sum() }
    #expect(Double(second[0]) == 0 && Double(second[1]).isFinite)
    let product = hessianVectorProduct(at: x, along: [1, 1]) { loss($0).sum() }
    #expect(Double(product[0]) == 0)
    near(product[1], [Double(second[1])])
  }

  /// A mask around a gradient that is singular itself: log(sqrt(x)) has the slope 1 / (2 x).
  @Test func masksAroundGradients() {
    let x = Tensor([0, 2] as [Double])
    func masked(_ x: Tensor) -> Tensor {
      Tensor.where(x .> 0, gradient(at: x) { $0.sqrt().log().sum() }, 3 * x)
    }
    #expect(gradient(at: x) { masked($0).sum() }.allClose(Tensor([3, -0.125] as [Double])))
    let tangent = jvp(at: x, along: [1, 1]) { masked($0) }.tangent
    #expect(tangent.allClose(Tensor([3, -0.125] as [Double])))
  }

  @Test func extremesOfNaNsAreHidden() {
    let x = Tensor([.nan, 1, 2] as [Double])
    for function in [{ $0.max() }, { $0.min() }, { $0.prod() }] as [@Sendable (Tensor) -> Tensor] {
      let slope = gradient(at: x) { x in Tensor.where(x[1] .< 0, function(x), x[2]) }
      #expect(slope.scalars(as: Double.self) == [0, 0, 1])
    }
  }
}
