// Gradients of functions and by variables: the laws of scopes.

import Dispatch
import Glibc
import Martlet
import Synchronization
import Testing

@testable import Martlet

/// What several tasks deliver.
private final class Parts: Sendable {
  let list = Mutex<[Tensor]>([])
}

@Suite struct GradientTests {
  @Test func nestedGradientsDoNotConfusePerturbations() {
    let slope = gradient(at: 3) { x in x * gradient(at: 1) { y in x + y } }
    #expect(slope.item(as: Float.self) == 1)
  }

  @Test func secondDerivativeOfCube() {
    let second = gradient(at: 2) { x in gradient(at: x) { y in y * y * y } }
    #expect(second.item(as: Float.self) == 12)
  }

  @Test func capturedTensorIsNotTheArgument() {
    let a = Tensor(Float(5))
    #expect(gradient(at: a) { x in x * a }.item(as: Float.self) == 5)
  }

  @Test(arguments: [(Float(0.5), Float(1)), (3, 2), (-3, -2)])
  func gradientFollowsHostControlFlow(point: Float, expected: Float) {
    let slope = gradient(at: Tensor(point)) { t in
      if abs(t) <= 1 { return t * t }
      return 2 * abs(t) - 1
    }
    #expect(slope.item(as: Float.self) == expected)
  }

  @Test func inspectionHalfWayChangesNothing() {
    func f(_ x: Tensor, inspecting: Bool) -> Tensor {
      let y = x.exp() * x
      if inspecting { _ = y.scalars(as: Float.self) }
      return (y + x.sin()).sum()
    }
    let x = Tensor([Float(0.1), 0.7, 2])
    let plain = gradient(at: x) { f($0, inspecting: false) }.scalars(as: Float.self)
    let inspected = gradient(at: x) { f($0, inspecting: true) }.scalars(as: Float.self)
    #expect(plain.map(\.bitPattern) == inspected.map(\.bitPattern))
  }

  @Test func zeroCotangentContributesZero() {
    let x = Tensor([Float(0), 4])
    let slope = gradient(at: x) { x in Tensor.where(x .> 0, x.sqrt(), 0).sum() }
    #expect(slope.scalars(as: Float.self) == [0, 0.25])
  }

  @Test func secondDerivativeWhereTheCotangentIsZero() {
    // d2/dx2 of sin(x)^2 / 2 at 0 is cos(0) = 1, where the cotangent of sin is exactly 0.
    let second = gradient(at: Tensor(0.0 as Double)) { x in
      gradient(at: x) { y in y.sin().square() / 2 }
    }
    #expect(second.item(as: Double.self) == 1)
  }

  @Test func broadcastOperandsSumTheirGradients() {
    let (dx, db) = gradient(at: Tensor.ones([2, 3]), Tensor([Float(1), 2, 3])) { x, b in
      (x * b).sum()
    }
    #expect(dx.scalars(as: Float.self) == [1, 2, 3, 1, 2, 3])
    #expect(db.scalars(as: Float.self) == [2, 2, 2])
  }

  @Test func unusedArgumentHasZeroGradient() {
    let (dx, dy) = gradient(at: Tensor(Float(2)), Tensor([Float(1), 2])) { x, _ in x * x }
    #expect(dx.item(as: Float.self) == 4)
    #expect(dy.scalars(as: Float.self) == [0, 0])
  }

  @Test func variablesAreFoundByReading() {
    let w = Variable(2)
    let b = Variable(1)
    let unused = Variable(7)
    let (value, gradients) = valueWithGradients { (w.value * 3 + b.value).square() }
    #expect(value.item(as: Float.self) == 49)
    #expect(gradients[w].item(as: Float.self) == 42)
    #expect(gradients[b].item(as: Float.self) == 14)
    #expect(gradients[unused].item(as: Float.self) == 0)
    #expect(gradients.variables.count == 2)
  }

  @Test func whatIsAssignedInsideAScopeIsNotTheParameter() {
    let u = Variable(2)
    let (value, gradients) = valueWithGradients {
      let a = u.value
      u.value = Tensor(Float(5))
      return a * u.value
    }
    #expect(Float(value) == 10 && Float(gradients[u]) == 5)
    let w = Variable(3)
    let (_, slopes) = valueWithGradients {
      w.value = w.value * 2
      return w.value * w.value
    }
    // (2 w)^2 by w at 3.
    #expect(Float(slopes[w]) == 24)
  }

  @Test func aLiteralResultHasGradientZero() {
    let slope = gradient(at: -1.0) { x in
      if x < 0 { return 0 }
      return x
    }
    #expect(Float(slope) == 0)
  }

  /// Documented at `gradient(at:)` and `valueWithGradients`: zeros, of the shape and dtype.
  @Test func whatTheResultDoesNotDependOnHasGradientZero() {
    let x = Tensor([1.5, -2.5] as [Double])
    let (a, b) = gradient(at: x, 3) { x, y in (x .> 0).sum() * y }
    #expect(a.dtype == .float64 && a.scalars(as: Double.self) == [0, 0] && Float(b) == 1)
    let (read, unread) = (Variable([1.0, 1.0]), Variable(x))
    let (_, gradients) = valueWithGradients { () -> Tensor in
      _ = read.value
      return 1.0
    }
    #expect(gradients[read].arrayEqual(Tensor.zeros([2])))
    #expect(gradients[unread].dtype == .float64 && gradients[unread].shape == [2])
    #expect(gradients.variables.count == 1 && gradients.variables[0] === read)
  }

  @Test func nothingOutlivesItsScope() async {
    // In a process of its own: the count is the process's.
    await #expect(processExitsWith: .success) {
      let before = Engine.counters.liveBuffers
      do {
        let x = Tensor([Float](repeating: 1, count: 1000))
        let slope = gradient(at: x) { x in
          var y = x
          for _ in 0..<10 { y = y * x }
          return y.sum()
        }
        guard slope.scalars(as: Float.self)[0] == 11 else { exit(EXIT_FAILURE) }
      }
      exit(Engine.counters.liveBuffers == before ? EXIT_SUCCESS : EXIT_FAILURE)
    }
  }

  @Test func nonScalarResultIsAnError() throws {
    let error = #expect(throws: TensorError.self) {
      try withTensorErrors { _ = gradient(at: Tensor.ones([2])) { $0 * 2 } }
    }
    #expect(error?.reason.contains("one floating-point number") == true)
    #expect(error?.operands.first?.shape == [2])
  }

  /// Whoever reads a parameter in a scope gets the same one: no task's share of the gradient is
  /// lost.
  @Test func tasksOfAScopeReadOneParameter() {
    for _ in 0..<200 {
      let w = Variable(2)
      let (value, gradients) = valueWithGradients {
        let scope = VariableScope.current
        let parts = Parts()
        DispatchQueue.concurrentPerform(iterations: 4) { _ in
          VariableScope.$current.withValue(scope) {
            let part = w.value * 3
            parts.list.withLock { $0.append(part) }
          }
        }
        return parts.list.withLock { $0 }.reduce(0, +)
      }
      #expect(Float(value) == 24 && Float(gradients[w]) == 12)
      #expect(gradients.variables.count == 1)
    }
  }

  /// Exponents that float32 does not hold, and a logarithm that it holds to seven digits.
  @Test func literalsKeepTheDtypeOfTheGradient() {
    let slope = gradient(at: Tensor(3.0 as Double)) { pow(2.0, $0) }
    #expect(abs(Double(slope) - 5.545177444479562) < 1e-14)
    let tiny = gradient(at: Tensor(1.0 as Double)) { $0.pow(1e-50) }
    #expect(Double(tiny) == 1e-50)
    let flat = gradient(at: Tensor(2.0 as Double)) { pow(1e-50, $0) }
    #expect(Double(flat) < 0)
  }

  @Test func structuralOpsMatchClosedForms() {
    let x = Tensor((0..<12).map { Double($0) }, shape: [3, 4])
    let weights = Tensor((0..<12).map { Double($0 * $0 % 7) }, shape: [3, 4])
    func slope(_ f: (Tensor) -> Tensor) -> [Double] {
      gradient(at: x) { f($0).sum() }.scalars(as: Double.self)
    }
    let w = weights.scalars(as: Double.self)
    #expect(slope { $0.transpose() * weights.transpose() } == w)
    #expect(slope { $0.reshape([2, 6]) * weights.reshape([2, 6]) } == w)
    #expect(slope { $0.flip(axis: 1) * weights.flip(axis: 1) } == w)
    #expect(slope { $0[1..., 2] } == [0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0])
    #expect(slope { $0[(0..<3).by(2), (0..<4).by(3)] } == [1, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 1])
    #expect(slope { $0.max(axis: 1) } == [0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1])
    #expect(slope { $0.mean(axis: 0) * 3 } == [Double](repeating: 1, count: 12))
    let twice = Tensor.concatenate([weights, weights])
    #expect(slope { Tensor.concatenate([$0, $0 * 2]) * twice } == w.map { 3 * $0 })
    let other = Tensor((0..<8).map { Double($0 - 3) }, shape: [4, 2])
    let rows = (0..<4).map { Double(2 * (2 * $0 - 3) + 1) }
    #expect(slope { matmul($0, other) } == rows + rows + rows)
  }

  /// What is inside does not reach the fill value: neither as rounding nor as infinity.
  @Test(arguments: [[1e10, -3e9], [.infinity, 1], [.nan, 0]] as [[Float]])
  func theFillOfAPadHasTheSlopeOfTheBorder(inner: [Float]) {
    let weights = Tensor([1, inner[0], inner[1], 1])
    let slope = gradient(at: 5) { fill in (Tensor.ones([2]).pad(1, value: fill) * weights).sum() }
    #expect(Float(slope) == 2)
  }

  @Test func theFillOfAPadOfRankTwo() {
    let weights = Tensor((0..<20).map { Double($0) }, shape: [4, 5])
    let x = Tensor.ones([2, 2], dtype: .float64)
    func padded(_ fill: Tensor) -> Tensor {
      (x.pad([(0, 2), (1, 2)], value: fill).square() * weights).sum()
    }
    // Inside are 1, 2, 6 and 7, of all 190.
    let fill = Tensor(3.0 as Double)
    #expect(Double(gradient(at: fill, of: padded)) == 2 * 3 * 174)
    #expect(Double(gradient(at: fill) { gradient(at: $0, of: padded) }) == 2 * 174)
    #expect(Double(gradient(at: fill) { x.pad(0, value: $0).sum() }) == 0)
  }
}
