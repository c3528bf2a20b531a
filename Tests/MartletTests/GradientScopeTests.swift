// Tapes, sections without gradients, functions with rules of their own, recomputation,
// explanations.

import Glibc
import Martlet
import Synchronization
import Testing

@testable import Martlet

/// Counts the runs of a closure.
private final class Counter: Sendable {
  private let count = Atomic(0)

  func increment() { count.wrappingAdd(1, ordering: .relaxed) }

  var value: Int { count.load(ordering: .relaxed) }
}

@Suite struct GradientScopeTests {
  // MARK: Tapes

  @Test func aTapeGivesGradientsAfterwards() {
    let tape = GradientTape()
    let x = tape.watch(3.0)
    let y = tape.record { x * x }
    #expect(Float(tape.gradient(of: y, by: x)) == 6)
  }

  @Test func aPersistentTapeGivesMany() {
    let tape = GradientTape(isPersistent: true)
    let p = tape.watch(["a": Tensor(2.0), "b": Tensor(5.0)])
    let w = Variable(3.0)
    let (y, z) = tape.record { (p["a"]! * w.value, p["b"]! * p["a"]! * w.value) }
    #expect(tape.gradient(of: y, by: p).mapValues { Float($0) } == ["a": 3, "b": 0])
    #expect(tape.gradient(of: z, by: p).mapValues { Float($0) } == ["a": 15, "b": 6])
    #expect(Float(tape.gradients(of: z)[w]) == 10)
    let more = tape.record { y * p["b"]! }
    #expect(Float(tape.gradient(of: more, by: p)["b"]!) == 6)
  }

  @Test func tapesNest() {
    let (outer, inner) = (GradientTape(), GradientTape())
    let x = outer.watch(2.0)
    let slope = outer.record {
      let inside = inner.watch(x)
      let y = inner.record { inside * inside * inside }
      return inner.gradient(of: y, by: inside)
    }
    #expect(Float(slope) == 12 && Float(outer.gradient(of: slope, by: x)) == 12)
  }

  @Test func aTapeSaysWhatIsMissing() {
    let tape = GradientTape()
    let x = tape.watch(2.0)
    let y = tape.record { x * x }
    let after = x * x
    #expect(
      tensorError { _ = tape.gradient(of: y, by: Tensor(2.0)) }?.reason
        == "it is asked for by a tensor that this tape does not watch")
    #expect(Float(tape.gradient(of: y, by: x)) == 4)
    let again = tensorError { _ = tape.gradient(of: y, by: x) }
    #expect(again?.reason == "the tape has given its gradients")
    #expect(again?.hint == "make it GradientTape(isPersistent: true)")
    let persistent = GradientTape(isPersistent: true)
    let z = persistent.watch(2.0)
    let error = tensorError { _ = persistent.gradient(of: after, by: z) }
    #expect(error?.reason == "the result does not depend on anything that this tape watched")
    #expect(tensorError { _ = persistent.watch(Tensor([1, 2])) }?.kind == .dtype)
    let skipped = persistent.record { persistent.withoutRecording { z * z } }
    #expect(tensorError { _ = persistent.gradient(of: skipped, by: z) } != nil)
  }

  // MARK: Without gradients

  @Test func whatIsComputedWithoutGradientIsConstant() {
    let w = Variable([3.0, 4.0])
    let (_, gradients) = valueWithGradients {
      let length = withoutGradient { w.value.square().sum().sqrt() }
      return (w.value / length).sum()
    }
    #expect(gradients[w].allClose(Tensor([0.2, 0.2])))
    let slope = gradient(at: 3) { x in x * withoutGradient { x * x } }
    #expect(Float(slope) == 9)
    // Gradients that are taken inside are gradients.
    let inner = gradient(at: 3) { x in x * withoutGradient { gradient(at: 5) { $0 * $0 * x } } }
    #expect(Float(inner) == 30)
  }

  @Test func nothingIsRecordedWithoutGradient() {
    let tape = Tape()
    let x = tape.watch(Tensor([1.0, 2])).tensor
    withoutGradient { for _ in 0..<10 { _ = (x * 2).exp().sum() } }
    #expect(tape.close().count == 1)
  }

  // MARK: Own rules

  /// log(1 + exp x), whose own derivative is inf / inf where exp overflows.
  private static func log1pexp(_ x: Tensor) -> Tensor {
    customGradient(at: x) { x in
      let e = x.exp()
      return CustomGradient(e.log1p(), pullback: { g in g * (1 - 1 / (1 + e)) })
    }
  }

  @Test func aFunctionStatesItsDerivative() {
    #expect(Float(gradient(at: 100) { Self.log1pexp($0) }) == 1)
    let x = Tensor(0.3 as Double)
    let s = Double(x.sigmoid())
    #expect(abs(Double(gradient(at: x) { Self.log1pexp($0) }) - s) < 1e-15)
    // Its derivatives are those of the pullback, in every mode.
    let second = s * (1 - s)
    let found = [
      gradient(at: x) { x in gradient(at: x) { Self.log1pexp($0) } },
      jvp(at: x, along: 1) { x in gradient(at: x) { Self.log1pexp($0) } }.tangent,
      gradient(at: x) { x in jvp(at: x, along: 1) { Self.log1pexp($0) }.tangent },
      jvp(at: x, along: 1) { x in jvp(at: x, along: 1) { Self.log1pexp($0) }.tangent }.tangent,
    ]
    for value in found { #expect(abs(Double(value) - second) < 1e-15) }
  }

  @Test func aStatedTangentIsUsed() {
    func odd(_ x: Tensor) -> Tensor {
      customGradient(at: x) { x in
        CustomGradient(x * 2, pullback: { g in g * 10 }, tangent: { t in t * 100 })
      }
    }
    #expect(Float(gradient(at: 1) { odd($0) }) == 10)
    #expect(Float(jvp(at: 1, along: 1) { odd($0) }.tangent) == 100)
  }

  @Test func structuresGoThroughOwnRules() {
    let a = Tensor([1, 2] as [Double]), b = Tensor([3, 4] as [Double])
    func swap(_ p: [String: Tensor]) -> [Tensor] {
      customGradient(at: p) { p in
        CustomGradient([p["b"]! * 2, p["a"]!.argmax(), p["a"]!]) { g in ["a": g[2], "b": g[0] * 2] }
      }
    }
    let slopes = gradient(at: ["a": a, "b": b]) { p in
      let parts = swap(p)
      return (parts[0] * parts[2]).sum()
    }
    #expect(slopes["a"]!.arrayEqual(b * 2) && slopes["b"]!.arrayEqual(a * 2))
    let tangent = jvp(at: ["a": a, "b": b], along: ["a": b, "b": a]) { swap($0) }.tangent
    #expect(tangent[0].arrayEqual(a * 2) && tangent[2].arrayEqual(b) && Int(tangent[1]) == 0)
    // One argument twice.
    let twice = gradient(at: a) { a in swap(["a": a, "b": a])[0].sum() }
    #expect(twice.arrayEqual(Tensor([2, 2] as [Double])))
  }

  @Test func aWrongCotangentNamesTheForwardLine() {
    var line: UInt = 0
    let error = tensorError {
      _ = gradient(at: Tensor([1.0, 2])) { x in
        line = #line + 1
        let y = customGradient(at: x) { x in CustomGradient(x * 2, pullback: { $0.sum() }) }
        return y.sum()
      }
    }
    #expect(error?.reason == "the cotangent is float32[], not float32[2]")
    #expect(error?.location?.line == Int(line) && error?.op == "customGradient")
  }

  /// The table's values are not asked for: the index is met in the backward pass.
  @Test func anErrorInTheBackwardPassNamesTheForwardLine() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let slope = gradient(at: Tensor.zeros([3, 2])) { table in
        table.take(Tensor([1, 7]), axis: 0).sum()
      }
      print(slope)
    }
    let line = #line - 8
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.hasPrefix("MartletTests/GradientScopeTests.swift:\(line): Fatal error: "))
    #expect(text.contains("index 7 at position [1] of the indices is out of range"))
  }

  // MARK: Recomputation

  private static func block(_ x: Tensor, _ w: Tensor) -> Tensor {
    var y = x
    for _ in 0..<4 { y = (matmul(y, w) * x.sin()).tanh() + x }
    return y
  }

  @Test func recomputationHasTheSameBits() {
    let x = Tensor.random([4, 4], seed: 1), w = Tensor.random([4, 4], seed: 2) - 0.5
    func loss(_ x: Tensor, _ w: Tensor, _ isRepeated: Bool) -> Tensor {
      let y = isRepeated ? rematerialize { Self.block(x, w) } : Self.block(x, w)
      return (y * x * y.exp()).sum() * w.sum()
    }
    let kept = valueWithGradient(at: x, w) { loss($0, $1, false) }
    let repeated = valueWithGradient(at: x, w) { loss($0, $1, true) }
    #expect(kept.value.arrayEqual(repeated.value))
    #expect(kept.gradient.0.arrayEqual(repeated.gradient.0))
    #expect(kept.gradient.1.arrayEqual(repeated.gradient.1))
    let tangents = [false, true].map { isRepeated in
      jvp(at: x, w, along: w, x) { loss($0, $1, isRepeated) }.tangent
    }
    #expect(tangents[0].arrayEqual(tangents[1]))
    let curvatures = [false, true].map { isRepeated in
      gradient(at: x) { x in gradient(at: x) { loss($0, w, isRepeated) }.square().sum() }
    }
    #expect(curvatures[0].allClose(curvatures[1], rtol: 1e-5))
    let products = [false, true].map { isRepeated in
      hessianVectorProduct(at: x, along: w) { loss($0, w, isRepeated) }
    }
    #expect(products[0].allClose(products[1], rtol: 1e-5))
  }

  @Test func recomputationKeepsOnlyTheResult() {
    let tape = Tape()
    let x = tape.watch(Tensor([[1.0, 2], [3, 4]])).tensor
    let y = rematerialize { Self.block(x, x) }
    // The argument, the function and its result.
    #expect(y.tracking?.number(on: tape) == 2 && tape.close().count == 3)
  }

  @Test func recomputationNests() {
    let x = Tensor([0.3, -0.7] as [Double])
    let runs = Counter()
    let slope = gradient(at: x) { x in
      rematerialize {
        let y = x.sin()
        let z = rematerialize {
          runs.increment()
          return (y * x).exp()
        }
        return (z * y).sum()
      }
    }
    let expected = gradient(at: x) { x in
      let y = x.sin()
      return ((y * x).exp() * y).sum()
    }
    #expect(slope.arrayEqual(expected) && runs.value == 3)
    let third = gradient(at: x) { x in
      gradient(at: x) { x in
        rematerialize { gradient(at: x) { x in (x * rematerialize { x.sin() * x }).sum() }[0] }
      }[0]
    }
    let plain = gradient(at: x) { x in
      gradient(at: x) { x in gradient(at: x) { x in (x * x.sin() * x).sum() }[0] }[0]
    }
    #expect(third.allClose(plain, rtol: 1e-14))
  }

  @Test func recomputationReadsWhatVariablesHeld() {
    let w = Variable(Tensor([2.0, 3.0]))
    let steps = Variable(0, isTrainable: false)
    let (value, gradients) = valueWithGradients {
      let y = rematerialize {
        steps.value += 1
        return w.value * w.value * steps.value.cast(to: .float32)
      }
      // Neither this nor the second run's count is to be seen by the second run.
      w.value = Tensor([100.0, 100.0])
      steps.value += 10
      return y.sum()
    }
    #expect(Float(value) == 13 && gradients[w].scalars(as: Float.self) == [4, 6])
    #expect(Int(steps.value) == 11 && w.value.scalars(as: Float.self) == [100, 100])
  }

  @Test func recomputationDrawsTheSameNumbers() {
    let x = Tensor.ones([50])
    let slope = gradient(at: x) { x in
      rematerialize {
        let mask = Tensor.random([50]) .< 0.5
        return Tensor.where(mask, x * x, 0)
      }.sum()
    }
    var kept = Tensor(0.0)
    let other = gradient(at: x) { x in
      let y = rematerialize { Tensor.random([50]) * x * x }
      kept = stopGradient(y)
      return y.sum()
    }
    #expect(other.arrayEqual(2 * kept))
    #expect(Set(slope.scalars(as: Float.self)) == [0, 2])
  }

  @Test func aCapturedResultIsAResult() {
    let x = Tensor(3.0)
    #expect(Float(gradient(at: x) { x in rematerialize { x } * x }) == 6)
    #expect(Float(gradient(at: x) { x in rematerialize { Tensor(2.0) } * x }) == 2)
    #expect(Float(rematerialize { x * x }) == 9)
  }

  @Test func ownRulesAndRecomputationNest() {
    let x = Tensor([0.3, -0.7] as [Double])
    let expected = gradient(at: x) { x in (x.exp().log1p() * x).sum() }
    let inside = gradient(at: x) { x in rematerialize { (Self.log1pexp(x) * x).sum() } }
    let outside = gradient(at: x) { x in
      customGradient(at: x) { x in
        let (value, pullback) = vjp(at: x) { x in rematerialize { (x.exp().log1p() * x).sum() } }
        return CustomGradient(value, pullback: { [slope = pullback(1)] g in g * slope })
      }
    }
    #expect(inside.allClose(expected, rtol: 1e-14) && outside.allClose(expected, rtol: 1e-14))
  }

  @Test func nothingOutlivesAnyScope() async {
    // In a process of its own: the count is the process's.
    await #expect(processExitsWith: .success) {
      let before = Engine.counters.liveBuffers
      do {
        let x = Tensor([Float](repeating: 1, count: 1000))
        let w = Variable(x)
        let tape = GradientTape(isPersistent: true)
        let y = tape.record { rematerialize { (w.value * x).exp() }.sum() }
        _ = tape.gradients(of: y)[w].scalars(as: Float.self)
        let (_, pullback) = vjp(at: x) { x in Self.log1pexp(x) * x }
        _ = pullback(x).scalars(as: Float.self)
        _ = hessianVectorProduct(at: x, along: x) { x in
          rematerialize { Self.log1pexp(x) * x }.sum()
        }.scalars(as: Float.self)
        _ = explainGradient(at: x) { $0.round().sum() }
      }
      exit(Engine.counters.liveBuffers == before ? EXIT_SUCCESS : EXIT_FAILURE)
    }
  }

  // MARK: Explanations

  @Test func explanationsNameTheEndOfThePath() {
    let x = Tensor([1.5, -2])
    let line = #line + 1
    let found = explainGradient(at: x) { x in (x .> 0).sum() * 2.0 }
    #expect(!found.isConnected && found.ends.count == 1)
    #expect(found.ends.first?.op == "greater")
    #expect(found.ends.first?.reason == "its result is bool, which has no gradient")
    #expect(found.ends.first?.location?.line == line)
    #expect(
      found.description.hasPrefix("The result does not depend on the argument: every path ends.\n"))
    let ends: [(GradientExplanation, String)] = [
      (explainGradient(at: x) { $0.round().sum() }, "round: its derivative is 0 between jumps"),
      (explainGradient(at: x) { stopGradient($0).sum() }, "stopGradient: the gradient was stopped"),
      (
        explainGradient(at: x) { x in withoutGradient { x * 2 }.sum() },
        "withoutGradient: its ops are not recorded"
      ),
      (
        explainGradient(at: x) { $0.argmax().cast(to: .float32) },
        "argmax: its result is int64, which has no gradient"
      ),
      (
        explainGradient(at: x) { $0.cast(to: .int32).sum() },
        "cast(to: .int32): its result is int32, which has no gradient"
      ),
    ]
    for (explanation, text) in ends {
      #expect(!explanation.isConnected)
      #expect(explanation.ends.first.map { "\($0.op): \($0.reason)" } == text)
    }
    let unused = explainGradient(at: x) { _ in 1.0 }
    #expect(unused.description == "The function does not use the argument.")
    let repeated = explainGradient(at: x) { x in rematerialize { x * x.floor() }.sum() }
    #expect(repeated.isConnected && repeated.ends.map(\.op) == ["floor"])
    let partly = explainGradient(at: x) { x in Tensor.where(x .> 0, x, 0).sum() }
    #expect(partly.isConnected && partly.ends.map(\.op) == ["greater"])
  }

  @Test func explanationsOfVariables() {
    let (w, v) = (Variable([1.5, 2.5]), Variable(2.0))
    let loss = { (w.value.floor() * v.value).sum() }
    let found = explainGradient(by: w, of: loss)
    #expect(!found.isConnected && found.ends.first?.op == "floor")
    #expect(explainGradient(by: v, of: loss).isConnected)
  }
}
