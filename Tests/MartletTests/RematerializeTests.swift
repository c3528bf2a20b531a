// Recomputation and variables: what the body assigns has the gradients that it has without.

import Martlet
import Testing

@Suite struct RematerializeTests {
  private static func isRepeated<Result: TensorStructure & Sendable>(
    _ isRepeated: Bool, _ body: @escaping @Sendable () -> Result
  ) -> Result { isRepeated ? rematerialize(body) : body() }

  /// x = 2: z = x^2, and z + s has the slope 4 + 4 where s holds z.
  @Test(arguments: [false, true], [true, false])
  func gradientsGoThroughAssignedVariables(isRepeated: Bool, isTrainable: Bool) {
    let s = Variable(Tensor(1.0), isTrainable: isTrainable)
    let slope = gradient(at: 2) { x in
      let z = Self.isRepeated(isRepeated) {
        let z = x * x
        s.value = z
        return z
      }
      return z + s.value
    }
    #expect(Float(slope) == 8 && Float(s.value) == 4)
    let tangent = jvp(at: 2, along: 1) { x in
      let z = Self.isRepeated(isRepeated) {
        s.value = x * x
        return s.value * x
      }
      return z + s.value * 10
    }.tangent
    // d(x^3 + 10 x^2)
    #expect(Float(tangent) == 52)
  }

  /// The last assignment counts, and what it was computed from the variable itself.
  @Test(arguments: [false, true])
  func assignmentsFollowEachOther(isRepeated: Bool) {
    let (w, s) = (Variable(Tensor(3.0)), Variable(Tensor(5.0)))
    let (value, gradients) = valueWithGradients {
      for _ in 0..<2 {
        _ = Self.isRepeated(isRepeated) {
          s.value *= w.value
          s.value += w.value
          return w.value
        }
      }
      return s.value
    }
    // (5 w + w) w + w, whose slope by w is 12 w + 1 and by s w^2.
    #expect(Float(value) == 57 && Float(gradients[w]) == 37 && Float(gradients[s]) == 9)
  }

  @Test(arguments: [false, true], [false, true])
  func assignmentsNest(outer: Bool, inner: Bool) {
    let s = Variable(Tensor(1.0), isTrainable: false)
    let second = gradient(at: 2) { x in
      gradient(at: x) { x in
        let y = Self.isRepeated(outer) {
          let y = Self.isRepeated(inner) {
            s.value = x * x * x
            return x
          }
          return y * s.value
        }
        return y + s.value
      }
    }
    // (x^4 + x^3)'' = 12 x^2 + 6 x
    #expect(Float(second) == 60)
  }

  /// What is captured and assigned as it is, and what depends on nothing.
  @Test(arguments: [false, true])
  func assignedWithoutAnOp(isRepeated: Bool) {
    let (s, t) = (Variable(0.0, isTrainable: false), Variable(0, isTrainable: false))
    let slope = gradient(at: 3) { x in
      let y = Self.isRepeated(isRepeated) {
        s.value = x
        t.value = 7
        return x * 2
      }
      return y * s.value
    }
    #expect(Float(slope) == 12 && Int(t.value) == 7)
  }

  /// What a pause reads is a constant in the second run as well: (c w^2)' at 3, with c = w.
  @Test func aPauseReadsConstants() {
    let w = Variable(3.0)
    let (_, gradients) = valueWithGradients {
      rematerialize { withoutGradient { w.value } * w.value * w.value }
    }
    #expect(Double(gradients[w]) == 18)
  }
}
