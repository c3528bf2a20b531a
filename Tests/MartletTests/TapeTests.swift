// Tapes among scopes, in loops and in several tasks, and what a tape refuses.

import Martlet
import Testing

@testable import Martlet

@Suite struct TapeTests {
  @Test func anAssignmentIsNoReading() {
    let (w, v) = (Variable(3.0), Variable(5.0))
    let (_, gradients) = valueWithGradients {
      rematerialize {
        v.value = 6
        return w.value * w.value
      }
    }
    #expect(gradients.variables.count == 1 && gradients.variables[0] === w)
    #expect(Float(gradients[w]) == 6 && Float(v.value) == 6)
  }

  @Test(arguments: [false, true])
  func aTaskBegunWithoutGradientStaysWithout(isAnotherOpen: Bool) async {
    let tape = Tape()
    let x = tape.watch(Tensor(3.0)).tensor
    let (gate, opener) = AsyncStream.makeStream(of: Void.self)
    let task = withoutGradient {
      Task {
        for await _ in gate {}
        return x * x
      }
    }
    // The section has ended before the task does anything.
    let other = isAnotherOpen ? TapeObserver(.pause) : nil
    opener.finish()
    let y = await task.value
    withExtendedLifetime(other) {}
    #expect(y.tracking == nil && (x * x).tracking?.number(on: tape) != nil)
    _ = tape.close()
  }
}
