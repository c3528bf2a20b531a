// Functions with rules of their own: entries of tapes that are no ops.

import MartletIR
import MartletRuntime

/// How cotangents and tangents pass through a function that a tape notes as a whole.
struct CustomRule: Sendable {
  /// What becomes of the inputs' cotangents.
  enum Shares: Sendable {
    /// To add to what was collected from other uses.
    case shares([Tensor?])
    /// What was collected is in them.
    case totals([Cotangent?])
  }

  /// From the results' cotangents, by position, and what was collected for the inputs so far.
  let pullBack: @Sendable (_ results: [Int: Tensor], _ collected: [Cotangent?]) -> Shares
  /// From the inputs' tangents to the results'.
  let pushForward: @Sendable (_ inputs: [Tensor?]) -> [Tensor?]
}

extension Tracking {
  /// A function on one tape: the numbers of its inputs there, and its rule.
  struct Function {
    let tape: Tape
    let inputs: [Tape.Entry.Input]
    let rule: CustomRule
  }

  /// `results` as what `functions`, one a tape, give; other tapes do not know them.
  static func results(_ results: [Tensor], of functions: [Function]) -> [Tensor] {
    let calls = functions.compactMap { function in
      let entry = Tape.Entry(.custom(function.rule), .defaultFloat, .scalar, Few(function.inputs))
      return function.tape.append(entry).map { (tape: function.tape, number: $0) }
    }
    return results.enumerated().map { position, result in
      guard result.dtype.isFloatingPoint, !result.isPoisoned, !result.isWeak else { return result }
      let (dtype, shape) = (result.dtype, result.shape)
      let tracks = calls.compactMap { tape, number in
        let call = Tape.Entry.Input(number: number, dtype: dtype, shape: shape, tensor: nil)
        let entry = Tape.Entry(.result(position), dtype, shape, Few(call))
        return tape.append(entry).map { Track(tape: tape, number: $0) }
      }
      return Tensor(replacing(result.handle, by: tracks))
    }
  }
}
