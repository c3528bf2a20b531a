// Every differentiable op against differences, forward against reverse mode, and that none is
// missing.

import Martlet
import MartletIR
import Testing

@testable import Martlet

@Suite struct GradientAuditTests {
  typealias Variant = AuditCase.Variant

  /// Whoever adds an op gives it a rule, or says why it has none.
  @Test(arguments: ElementwiseOp.allCases) func everyRowHasARuleOrAReason(op: ElementwiseOp) {
    let row = op.definition
    if row.rule.yieldsFloats {
      #expect((row.gradient == nil) != (row.noGradient == nil), "\(op)")
    } else {
      #expect(row.gradient == nil && row.noGradient == nil, "\(op) yields no floats")
    }
  }

  /// Every op that has gradients is on the tape of some case below.
  @Test func everyOpIsAudited() {
    var rows = Set<ElementwiseOp>()
    // Casts have no differences in float64; their gradient has a test of its own.
    var kinds: Set<OpKind> = [.cast]
    for audited in AuditCase.all {
      let arguments = Point(audited, .contiguous).tensors()
      let recording = Recording(of: arguments) { [audited.function($0)] }
      for case .op(let op) in recording.entries.map(\.kind) {
        kinds.insert(OpKind(op))
        if case .elementwise(let row) = op { rows.insert(row) }
      }
    }
    let differentiable = ElementwiseOp.allCases.filter { $0.definition.gradient != nil }
    #expect(Set(differentiable).subtracting(rows) == [])
    #expect(Set(OpKind.allCases).subtracting(kinds) == OpKind.withoutGradient)
  }

  @Test func castsConvertTheirGradientsBack() {
    let x = Tensor([1.5, -2] as [Float])
    let w = Tensor([0.1, 1 / 3] as [Double])
    let (value, pullback) = vjp(at: x) { $0.cast(to: .float64) * w }
    #expect(value.dtype == .float64)
    #expect(pullback(Tensor.ones([2], dtype: .float64)).arrayEqual(w.cast(to: .float32)))
    let (_, tangent) = jvp(at: x, along: Tensor([2, 4] as [Float])) { $0.cast(to: .float64) * w }
    #expect(tangent.scalars(as: Double.self) == [0.2, 4 / 3.0])
  }

  @Test(arguments: AuditCase.all) func firstDerivatives(of audited: AuditCase) {
    // That engines agree is tested elsewhere; the interpreter answers small questions soonest.
    withMode(.interpreter) { checkFirstDerivatives(of: audited) }
  }

  private func checkFirstDerivatives(of audited: AuditCase) {
    for variant in Variant.allCases {
      guard let point = Point(ifAny: audited, variant) else { continue }
      let arguments: [Tensor] = point.tensors()
      let (value, pullback) = vjp(at: arguments, of: audited.function)
      let weights = Point.weights(value.shape)
      let slopes = pullback(weights)
      for (slope, argument) in zip(slopes, arguments) {
        #expect(slope.shape == argument.shape && slope.dtype == .float64)
      }
      for along in [point.mixed, point.allTogether].map(point.tensors) {
        let (_, tangent) = jvp(at: arguments, along: along, of: audited.function)
        #expect(tangent.shape == value.shape)
        let (forward, reverse) = (Sum([tangent], [weights]), Sum(slopes, along))
        #expect(forward.isEqual(to: reverse), "\(variant): \(forward) and \(reverse)")
      }
      for direction in point.directions {
        let slope = Sum(slopes, point.tensors(direction))
        let expected = point.difference(direction) { x in
          Sum([audited.function(x)], [weights]).value
        }
        #expect(slope.isNear(expected), "\(variant) \(direction): \(slope), expected \(expected)")
      }
    }
  }

  @Test(arguments: AuditCase.all) func secondDerivatives(of audited: AuditCase) {
    withMode(.interpreter) { checkSecondDerivatives(of: audited) }
  }

  private func checkSecondDerivatives(of audited: AuditCase) {
    for variant in [.contiguous, .broadcast, .empty, .ties] as [Variant] {
      guard let point = Point(ifAny: audited, variant) else { continue }
      let arguments = point.tensors()
      let inner = point.tensors(point.mixed)
      /// The first derivative in a fixed direction.
      func slope(_ x: [Tensor]) -> Tensor {
        let (value, pullback) = vjp(at: x, of: audited.function)
        return zip(pullback(Point.weights(value.shape)), inner).map { ($0 * $1).sum() }
          .reduce(0, +)
      }
      let curvature = gradient(at: arguments, of: slope)
      for direction in variant == .ties ? [point.allTogether] : [point.mixed, point.allTogether] {
        let along = point.tensors(direction)
        let reverse = Sum(curvature, along)
        let forward = Sum([jvp(at: arguments, along: along, of: slope).tangent], [1])
        #expect(forward.isEqual(to: reverse), "\(variant): \(forward) and \(reverse)")
        let twice = jvp(at: arguments, along: inner) { x in
          jvp(at: x, along: along, of: audited.function).tangent
        }.tangent
        let both = Sum([twice], [Point.weights(twice.shape)])
        #expect(both.isEqual(to: reverse), "\(variant): \(both) and \(reverse)")
        let expected = point.difference(direction) { Double(slope($0)) }
        #expect(reverse.isNear(expected), "\(variant): \(reverse), expected \(expected)")
      }
    }
  }
}

/// The sum of products of numbers, with the sum of their sizes, to which errors are relative.
private struct Sum: CustomStringConvertible {
  var value = 0.0
  var size = 0.0

  init(_ a: [Tensor], _ b: [Tensor]) {
    for (a, b) in zip(a, b) {
      let products = (a * b).scalars(as: Double.self)
      value += products.reduce(0, +)
      size += products.reduce(0) { $0 + $1.magnitude }
    }
  }

  var description: String { "\(value)" }

  func isEqual(to other: Sum) -> Bool {
    // Where terms of size 1 cancel inside the function, a rounding error is all that is left.
    (value - other.value).magnitude <= 1e-12 * max(size, other.size, 0.01)
  }

  func isNear(_ expected: Double) -> Bool {
    (value - expected).magnitude <= 1e-6 * expected.magnitude + 1e-8
  }
}

/// Where a case is looked at: the numbers of its arguments, and how they lie in memory.
private struct Point {
  typealias Numbers = [[Double]]

  let variant: AuditCase.Variant
  let stretches: Bool
  let shapes: [[Int]]
  let numbers: Numbers

  init(_ audited: AuditCase, _ variant: AuditCase.Variant) {
    self.variant = variant
    stretches = audited.stretches && variant == .broadcast
    shapes = audited.shapes(variant)
    numbers = shapes.enumerated().map { operand, shape in
      (0..<shape.reduce(1, *)).map { place in
        if variant == .ties { return audited.point(0, 0.62) }
        // Steps by the golden section: no two elements of an argument are near each other.
        let unit = (0.13 + 0.6180339887 * Double(place) + 0.37 * Double(operand))
          .truncatingRemainder(dividingBy: 1)
        return audited.point(operand, unit)
      }
    }
  }

  init?(ifAny audited: AuditCase, _ variant: AuditCase.Variant) {
    self.init(audited, variant)
    if shapes.isEmpty { return nil }
  }

  /// The arguments, or what moves them in a direction: a linear function of the numbers.
  func tensors(_ numbers: Numbers? = nil) -> [Tensor] {
    let numbers: Numbers = numbers ?? self.numbers
    return zip(numbers, shapes).map { (numbers: [Double], shape: [Int]) -> Tensor in
      if variant == .strided {
        let spread: [Double] = numbers.flatMap { [99.0, $0] }
        return Tensor(spread, shape: Array(shape.dropLast()) + [2 * (shape.last ?? 1)])[
          ..., TensorSlice(1, step: 2)]
      }
      let tensor = Tensor(numbers, shape: shape)
      return stretches ? tensor.broadcast(to: [3] + shape.dropFirst()) : tensor
    }
  }

  private func numbers(_ body: (_ operand: Int, _ place: Int) -> Double) -> Numbers {
    numbers.enumerated().map { operand, numbers in numbers.indices.map { body(operand, $0) } }
  }

  /// Each element by itself; where they are tied all together, so that they stay so.
  var directions: [Numbers] {
    if variant == .ties || numbers.allSatisfy(\.isEmpty) { return [allTogether] }
    return numbers.enumerated().flatMap { operand, list in
      list.indices.map { place in numbers { $0 == operand && $1 == place ? 1 : 0 } }
    }
  }

  var allTogether: Numbers { numbers { _, _ in 1 } }

  var mixed: Numbers {
    variant == .ties
      ? allTogether : numbers { (1.3 * Double($1) + Double($0)).remainder(dividingBy: 1) }
  }

  /// The derivative of `body` in a direction, from differences of fourth order.
  func difference(_ direction: Numbers, of body: ([Tensor]) -> Double) -> Double {
    func value(_ step: Double) -> Double {
      body(
        tensors(
          zip(numbers, direction).map { numbers, direction in
            zip(numbers, direction).map { $0 + step * $1 }
          }))
    }
    let step = 1e-4
    let (near, far) = (value(step) - value(-step), value(2 * step) - value(-2 * step))
    return (8 * near - far) / (12 * step)
  }

  /// Fixed numbers, no two of which are equal.
  static func weights(_ shape: Shape) -> Tensor {
    let numbers = (0..<shape.elementCount).map {
      0.5 + (0.41 * Double($0)).remainder(dividingBy: 1)
    }
    return Tensor(numbers, shape: Array(shape))
  }
}
