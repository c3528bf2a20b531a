// Structures of tensors: directions of another form, faulty conformances, pullbacks in other tasks.

import Martlet
import MartletRuntime
import Synchronization
import Testing

@testable import Martlet

/// Gives one tensor more, or one fewer, each time after the first.
private struct Faulty: TensorStructure {
  final class Times: Sendable {
    private let count = Atomic(0)
    var next: Int { count.wrappingAdd(1, ordering: .relaxed).oldValue }
  }

  let times = Times()
  let step: Int

  mutating func updateTensors(_ update: (inout Tensor) throws -> Void) rethrows {
    let count = times.next == 0 ? 2 : 2 + step
    for index in 0..<count {
      var tensor = Tensor(Float(index))
      try update(&tensor)
    }
  }
}

@Suite struct StructureTests {
  private static let (a, b) = (Tensor(2.0), Tensor(3.0))

  private static func product(_ p: [String: Tensor]) -> Tensor {
    p.values.reduce(Tensor(1.0)) { $0 * $1 }
  }

  /// The tensors fit one by one in all of these; what holds them does not.
  @Test func directionsHaveTheFormOfThePoint() {
    let (a, b) = (Self.a, Self.b)
    let point = ["a": a, "b": b]
    let errors = [
      tensorError { _ = jvp(at: point, along: ["b": 1, "c": 5], of: Self.product) },
      tensorError { _ = jvp(at: [a], [b], along: [a, b], []) { $0[0] * $1[0] } },
      tensorError {
        _ = hessianVectorProduct(at: [a], [b], along: [], [a, b]) { $0[0] * $1[0] }
      },
      tensorError { _ = vjp(at: point) { $0 }.pullback(["a": 1, "z": 1]) },
      tensorError {
        _ = jvp(at: [a, nil], along: [nil, a] as [Tensor?]) { $0[0] ?? 0 }
      },
      tensorError {
        _ = gradient(at: a) { x in
          customGradient(at: ["x": x]) { p in
            CustomGradient(Self.product(p), pullback: { g in ["y": g] })
          }
        }
      },
    ]
    #expect(
      errors.map { $0?.reason } == [
        #"the tangent has the keys ["b", "c"], not the keys ["a", "b"]"#,
        "the tangent has an array of 2 in argument 0, not an array of 1",
        "the tangent has an array of 0 in argument 0, not an array of 1",
        #"the cotangent has the keys ["a", "z"], not the keys ["a", "b"]"#,
        "the tangent has nil, not a value",
        #"the cotangent has the keys ["y"], not the keys ["x"]"#,
      ])
    let names = ["jvp", "jvp", "hessianVectorProduct", "pullback", "jvp", "customGradient"]
    #expect(errors.map { $0?.op } == names)
  }

  @Test func theSameFormIsOne() {
    let point: [String: [Tensor?]] = ["a": [Self.a], "b": [Self.b, nil]]
    let direction: [String: [Tensor?]] = ["b": [5, nil], "a": [1]]
    let tangent = jvp(at: point, [Self.a], along: direction, [10]) { p, q -> Tensor in
      let factors: [Tensor] = p.values.flatMap { $0.compactMap(\.self) } + q
      return factors.reduce(Tensor(1.0)) { $0 * $1 }
    }.tangent
    // d(a b q) = b q da + a q db + a b dq = 6 * 1 + 4 * 5 + 6 * 10
    #expect(Float(tangent) == 86)
  }

  @Test(arguments: [(1, "more"), (-1, "fewer")])
  func aFaultyConformanceIsAnError(step: Int, count: String) throws {
    let found = tensorError {
      _ = gradient(at: Faulty(step: step)) { _ in Tensor(1.0) }
    }
    let error = try #require(found)
    #expect(error.op == "updateTensors")
    #expect(error.reason == "Faulty gave \(count) tensors than it gave before")
    #expect(error.location?.file == "MartletTests/StructureTests.swift")
    #expect(error.hint?.hasPrefix("give the same tensors in the same order each time") == true)
  }

  /// The rule of a custom gradient keeps the shape of its argument alone.
  @Test func aCustomGradientLetsItsArgumentGo() {
    weak var argument: Handle?
    let (value, pullback) = vjp(at: 2) { s in
      customGradient(at: s * Tensor.ones([3])) { x in
        argument = x.handle
        return CustomGradient(x.sum(), pullback: { g in g * Tensor.full([3], 5.0) })
      }
    }
    #expect(Float(value) == 6 && argument == nil)
    #expect(Float(pullback(1)) == 15)
  }

  @Test func aPullbackGoesToAnotherTask() async {
    let (_, pullback) = vjp(at: Self.a, Self.b) { $0 * $1 }
    let (da, db) = await Task { pullback(10) }.value
    #expect(Float(da) == 30 && Float(db) == 20)
    let (_, other) = vjp(at: Self.a) { $0 * $0 }
    #expect(await Task { Float(other(1)) }.value == 4)
  }
}
