// Reverse accumulation: cotangents flow from a result back over the entries of a tape.

import MartletIR
import MartletRuntime

extension Array where Element == Tape.Entry {
  /// The cotangents of the entries `wanted`, where `result` (a number on this tape) has cotangent
  /// `seed`; nil for an entry that the result does not depend on.
  ///
  /// The walk goes from the last entry to the first, once; a cotangent is let go as soon as the
  /// entry's operands have their shares of it.
  func cotangents(of result: Int, seed: Tensor, wanted: [Int]) -> [Tensor?] {
    var cotangents = [Tensor?](repeating: nil, count: result + 1)
    cotangents[result] = seed
    var isWanted = [Bool](repeating: false, count: result + 1)
    for number in wanted where number <= result { isWanted[number] = true }
    for number in stride(from: result, through: 0, by: -1) {
      guard let cotangent = cotangents[number] else { continue }
      if !isWanted[number] { cotangents[number] = nil }
      let entry = self[number]
      guard entry.op != nil else { continue }
      for (input, share) in zip(entry.inputs, entry.cotangents(of: cotangent)) {
        guard let share, let source = input.number else { continue }
        cotangents[source] = cotangents[source].map { $0 + share } ?? share
      }
    }
    return wanted.map { $0 <= result ? cotangents[$0] : nil }
  }
}

/// One run of a function under a tape: its value and how to pull a cotangent back.
struct Recording {
  let entries: [Tape.Entry]
  /// The number of the result on the tape, or nil where it does not depend on anything watched.
  let result: Int?
  let value: Tensor

  /// Ends the tape with `output` as the result.
  init(closing tape: Tape, output: Tensor) {
    result = output.tracking?.number(on: tape)
    entries = tape.close()
    value = output
  }

  /// The gradients at the watched `numbers`, zero where the result does not depend on them.
  func gradients(
    of op: String, at inputs: [(number: Int, tensor: Tensor)], site: CallSite
  ) throws(TensorError) -> [Tensor] {
    guard value.count == 1, value.dtype.isFloatingPoint else {
      throw TensorError(
        .shape, op: op, operands: [value.described],
        reason: "the function's result is not one floating-point number",
        hint: value.dtype.isFloatingPoint
          ? "reduce it first, for example with .sum()" : "compute in a floating-point dtype")
    }
    let seed = Tensor.filled(value.shape, with: Scalar(rounding: 1, as: value.dtype))
    let found =
      result.map { entries.cotangents(of: $0, seed: seed, wanted: inputs.map(\.number)) }
      ?? inputs.map { _ in nil }
    return zip(found, inputs).map { gradient, input in
      gradient
        ?? Tensor.filled(input.tensor.shape, with: Scalar(dtype: input.tensor.dtype, bits: 0))
    }
  }
}

/// Runs `body` on watched aliases of `inputs` and pulls 1 back from its result.
func differentiate(
  _ op: String, at inputs: [Tensor], site: CallSite, _ body: ([Tensor]) throws -> Tensor
) rethrows -> (value: Tensor, gradients: [Tensor]) {
  if let poisoned = inputs.first(where: \.isPoisoned) {
    return (poisoned, inputs.map { _ in poisoned })
  }
  let floats = inputs.map(\.asFloat)
  if let index = floats.firstIndex(where: { !$0.dtype.isFloatingPoint }) {
    let failed = Tensor.failed(
      TensorError(
        .dtype, op: op, operands: inputs.map(\.described),
        reason: "argument \(index) is \(inputs[index].dtype), which has no gradient",
        hint: "cast it to a floating-point dtype"), at: site)
    return (failed, inputs.map { _ in failed })
  }
  let tape = Tape()
  defer { _ = tape.close() }
  let watched = floats.compactMap(tape.watch)
  let output = try body(watched.map(\.tensor)).asFloat
  if output.isPoisoned { return (output, inputs.map { _ in output }) }
  let recording = Recording(closing: tape, output: output)
  do throws(TensorError) {
    let gradients = try recording.gradients(
      of: op, at: watched.map { ($0.number, $0.tensor) }, site: site)
    return (recording.value, gradients)
  } catch {
    let failed = Tensor.failed(error, at: site)
    return (failed, inputs.map { _ in failed })
  }
}

extension Tensor {
  /// A literal integer as a float, which is what a gradient is taken at; anything else as it is.
  var asFloat: Tensor {
    guard case .weak(let weak) = storage else { return self }
    return Tensor(Handle(Values.scalar(Scalar(rounding: weak.asDouble, as: .defaultFloat))))
  }
}
