// Tapes among scopes, in loops and in several tasks, and what a tape refuses.

import Dispatch
import Martlet
import Synchronization
import Testing

@testable import Martlet

/// What another thread delivers.
private final class Delivery: Sendable {
  let tensor = Mutex<Tensor?>(nil)
}

@Suite struct TapeTests {
  // MARK: Scopes around a recording

  @Test func whatIsAroundARecordingSeesItsVariables() {
    let w = Variable(3.0)
    let tape = GradientTape(isPersistent: true)
    let (_, gradients) = valueWithGradients { tape.record { w.value * w.value } }
    #expect(Float(gradients[w]) == 6)
    // A tape that was made in a scope that has ended.
    var made: GradientTape?
    _ = valueWithGradients {
      made = GradientTape(isPersistent: true)
      return w.value
    }
    let second = valueWithGradients { made!.record { w.value * w.value } }
    #expect(Float(second.gradients[w]) == 6)
    // A tensor that only the inner tape knows is a parameter to the scope around.
    let x = tape.watch(5.0)
    tape.record { w.value = x * 2 }
    let third = valueWithGradients { tape.record { w.value * w.value } }
    #expect(Float(third.gradients[w]) == 20)
  }

  @Test func aScopeAroundARecordingSeesWhatTheTapePauses() {
    let w = Variable(3.0)
    let tape = GradientTape(isPersistent: true)
    let (_, gradients) = valueWithGradients {
      tape.record { tape.withoutRecording { w.value * w.value } }
    }
    #expect(Float(gradients[w]) == 6)
    // The first reading in a scope is the parameter of what is around it, whatever is paused there.
    let y = tape.record {
      let (value, gradients) = valueWithGradients {
        tape.withoutRecording { w.value } * 0 + w.value * w.value
      }
      #expect(Float(gradients[w]) == 6)
      return value
    }
    #expect(Float(tape.gradients(of: y)[w]) == 6)
  }

  @Test func theInnermostSectionDecides() {
    let tape = GradientTape(isPersistent: true)
    let w = Variable(3.0), x = tape.watch(3.0)
    let y = withoutGradient { tape.record { x * w.value } }
    #expect(Float(tape.gradient(of: y, by: x)) == 3 && Float(tape.gradients(of: y)[w]) == 3)
    let z = tape.record { tape.withoutRecording { tape.record { x * w.value } } }
    #expect(Float(tape.gradient(of: z, by: x)) == 3 && Float(tape.gradients(of: z)[w]) == 3)
  }

  // MARK: Loops

  @Test func aPersistentTapeTrains() {
    let w = Variable(3.0)
    let tape = GradientTape(isPersistent: true)
    var slopes: [Float] = []
    for _ in 0..<3 {
      let loss = tape.record { w.value * w.value }
      let slope = tape.gradients(of: loss)[w]
      slopes.append(Float(slope))
      w.value -= 0.25 * slope
    }
    #expect(slopes == [6, 3, 1.5] && Float(w.value) == 0.375)
  }

  @Test func aVariableThatWasReassignedIsReadAnew() {
    let w = Variable(3.0)
    let tape = GradientTape(isPersistent: true)
    let x = tape.watch(5.0)
    let first = tape.record { x * w.value * w.value }
    w.value = 4
    let second = tape.record { x * w.value * 2 }
    #expect(Float(tape.gradients(of: second)[w]) == 10)
    #expect(Float(tape.gradients(of: first)[w]) == 30)
    // What depends on both recordings has both shares.
    let both = tape.record { first + second + w.value }
    #expect(Float(tape.gradients(of: both)[w]) == 41)
    #expect(tape.gradients(of: both).variables.count == 1)
    // Inside of one recording an assigned tensor stays an ordinary one, in nested calls too.
    let inside = tape.record {
      let before = w.value
      w.value = 7
      return before * tape.record { w.value }
    }
    #expect(Float(inside) == 28 && Float(tape.gradients(of: inside)[w]) == 7)
  }

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

  /// The first reading says what the second run has, wherever it stands.
  @Test func recomputationKnowsAVariableThatWasReadInAPause() {
    let w = Variable(3.0)
    let (_, gradients) = valueWithGradients {
      rematerialize { withoutGradient { w.value * 2 } * w.value * w.value }
    }
    #expect(Float(gradients[w]) == 36)
    let tape = GradientTape(isPersistent: true)
    let y = tape.record {
      rematerialize { tape.withoutRecording { w.value * 2 } * w.value * w.value }
    }
    #expect(Float(tape.gradients(of: y)[w]) == 36)
  }

  // MARK: Tasks

  /// Runs `elsewhere` on another thread, which calls its argument and is held there during `body`.
  private func during<Result>(
    _ elsewhere: @escaping @Sendable (_ hold: () -> Void) -> Void, _ body: () -> Result
  ) -> Result {
    let (entered, left) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let ended = DispatchSemaphore(value: 0)
    DispatchQueue.global().async {
      elsewhere {
        entered.signal()
        left.wait()
      }
      ended.signal()
    }
    entered.wait()
    let result = body()
    left.signal()
    ended.wait()
    return result
  }

  @Test func aPauseIsThatOfItsTask() {
    let tape = GradientTape()
    let x = tape.watch(3.0)
    let y = tape.record {
      let square = x * x
      return square + during({ hold in tape.withoutRecording { hold() } }) { x * 7 }
    }
    #expect(Float(tape.gradient(of: y, by: x)) == 13)
  }

  @Test func recordingsThatOverlapKeepTheirHistories() {
    let tape = GradientTape(isPersistent: true)
    let w = Variable(2.0)
    let x = tape.watch(3.0)
    let delivery = Delivery()
    let (entered, left) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let ended = DispatchSemaphore(value: 0)
    let first = tape.record {
      DispatchQueue.global().async {
        let y = tape.record {
          entered.signal()
          left.wait()
          return x * x * w.value
        }
        delivery.tensor.withLock { $0 = y }
        ended.signal()
      }
      entered.wait()
      return x * 7 * w.value
    }
    left.signal()
    ended.wait()
    let second = delivery.tensor.withLock { $0 } ?? 0
    #expect(Float(tape.gradient(of: first, by: x)) == 14)
    #expect(Float(tape.gradient(of: second, by: x)) == 12)
    #expect(Float(tape.gradients(of: first)[w]) == 21)
    #expect(Float(tape.gradients(of: second)[w]) == 9)
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

  @Test func aTaskThatOutlivesARecordingReadsAnew() async {
    let w = Variable(3.0)
    let tape = GradientTape(isPersistent: true)
    let (gate, opener) = AsyncStream.makeStream(of: Void.self)
    let task = tape.record {
      _ = w.value
      return Task {
        for await _ in gate {}
        w.value = 4
        let loss = tape.record { w.value * w.value }
        return tape.gradients(of: loss)[w]
      }
    }
    opener.finish()
    #expect(Float(await task.value) == 8)
  }

  // MARK: Ends

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
