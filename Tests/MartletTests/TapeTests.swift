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

  @Test func aFailedCallDoesNotSpendATape() {
    let tape = GradientTape()
    let x = tape.watch(Tensor([2.0, 3.0]))
    let (y, total) = tape.record {
      let y = x * x
      return (y, y.sum())
    }
    #expect(
      tensorError { _ = tape.gradient(of: Tensor(1.0), by: x) }?.reason
        == "the result does not depend on anything that this tape watched")
    #expect(
      tensorError { _ = tape.gradient(of: y, by: x) }?.reason
        == "the function's result is not one floating-point number")
    #expect(tape.gradient(of: total, by: x).scalars(as: Float.self) == [4, 6])
    #expect(
      tensorError { _ = tape.gradient(of: total, by: x) }?.reason
        == "the tape has given its gradients")
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

  @Test func aSpentTapeRecordsNothing() {
    let tape = GradientTape()
    let w = Variable(2.0), x = tape.watch(3.0)
    _ = tape.gradient(of: tape.record { x * w.value }, by: x)
    let after = tape.record { x * x * w.value }
    #expect(after.tracking == nil)
    #expect(tape.watch(Tensor(1.0)).tracking == nil)
    #expect(
      tensorError { _ = tape.gradient(of: after, by: x) }?.reason
        == "the tape has given its gradients")
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
