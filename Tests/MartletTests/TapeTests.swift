// Tapes among scopes, in loops and in several tasks, and what a tape refuses.

import Dispatch
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

  @Test func aClosedTapeTakesNothing() {
    let tape = Tape()
    let x = tape.watch(Tensor(3.0))
    #expect(tape.close().count == 1)
    _ = tape.append(Tape.Entry(.watched, .float32, .scalar))
    #expect(tape.recorded.isEmpty)
    #expect(tape.watch(x.tensor).tensor.tracking?.number(on: tape) == x.number)
    #expect(tape.recorded.isEmpty && tape.close().isEmpty)
  }

  /// A result that is kept for a tape that has closed would hold the tape, and the tape it.
  @Test func closingIsSafeWhileOthersRecord() {
    weak var last: Tape?
    for _ in 0..<400 {
      let tape = Tape()
      let x = tape.watch(Tensor(0.5)).tensor
      DispatchQueue.concurrentPerform(iterations: 2) { part in
        if part == 0 { for _ in 0..<40 { _ = x.exp() } } else { _ = tape.close() }
      }
      #expect(tape.recorded.isEmpty)
      last = tape
    }
    #expect(last == nil)
  }
}
