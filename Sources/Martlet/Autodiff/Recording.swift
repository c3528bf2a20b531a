// A function that ran under a tape: what it gave, and what cotangents and tangents become.

import MartletIR
import MartletRuntime

/// One run of a function under a tape of its own, which has ended.
struct Recording: Sendable {
  /// An argument or a result.
  struct Value: Sendable {
    /// Its number on the tape, or nil for a result that depends on nothing watched.
    let number: Int?
    let tensor: Tensor

    var zeros: Tensor { .zeros(of: tensor) }
  }

  let entries: [Tape.Entry]
  let inputs: [Value]
  let outputs: [Value]

  /// Ends `tape`, which watches `inputs`, with `outputs` as the results.
  init(closing tape: Tape, inputs: [Value], outputs: [Tensor]) {
    self.init(entries: tape.close(), tape, inputs: inputs, outputs: outputs)
  }

  init(entries: [Tape.Entry], _ tape: Tape, inputs: [Value], outputs: [Tensor]) {
    self.entries = entries
    self.inputs = inputs
    self.outputs = outputs.map { Value(number: $0.tracking?.number(on: tape), tensor: $0) }
  }

  /// Runs `body` on watched aliases of `arguments`, which are floating-point tensors or poisoned.
  init(of arguments: [Tensor], _ body: ([Tensor]) throws -> [Tensor]) rethrows {
    let tape = Tape()
    defer { _ = tape.close() }
    let inputs = arguments.map { argument in
      if argument.isPoisoned { return Value(number: nil, tensor: argument) }
      let watched = tape.watch(argument)
      return Value(number: watched.number, tensor: watched.tensor)
    }
    self.init(closing: tape, inputs: inputs, outputs: try body(inputs.map(\.tensor)))
  }

  /// The inputs' cotangents, given the outputs'; zeros for what no output depends on.
  func pulledBack(_ cotangents: [Tensor]) -> [Tensor] {
    collected(cotangents).map(\.dense)
  }

  /// The same, with what lookups give back as rows.
  private func collected(_ cotangents: [Tensor]) -> [Cotangent] {
    var seeds: [(number: Int, cotangent: Cotangent)] = []
    for (output, cotangent) in zip(outputs, cotangents) {
      if let number = output.number { seeds.append((number, Cotangent(cotangent))) }
    }
    let found = entries.cotangents(seeds: seeds, wanted: inputs.compactMap(\.number))
    return filling(inputs, with: found) { Cotangent($0.zeros) }
  }

  /// The outputs' tangents, given the inputs'; zeros for what depends on no input.
  func pushedForward(_ tangents: [Tensor]) -> [Tensor] {
    let seeds = zip(inputs, tangents).compactMap { input, tangent in
      input.number.map { ($0, tangent) }
    }
    let found = entries.tangents(seeds: seeds, wanted: outputs.compactMap(\.number))
    return filling(outputs, with: found, \.zeros)
  }

  /// What was found for those of `values` that the tape knows, else `zeros`.
  private func filling<Found>(
    _ values: [Value], with found: [Found?], _ zeros: (Value) -> Found
  ) -> [Found] {
    var rest = found.makeIterator()
    return values.map { value in
      guard value.number != nil else { return zeros(value) }
      return (rest.next() ?? nil) ?? zeros(value)
    }
  }

  /// The gradients of the only output, which must be one floating-point number.
  private func gradients(_ op: String) throws(TensorError) -> [Cotangent] {
    let value = outputs[0].tensor
    guard value.count == 1, value.dtype.isFloatingPoint else {
      throw TensorError(
        .shape, op: op, operands: [value.described],
        reason: "the function's result is not one floating-point number",
        hint: value.dtype.isFloatingPoint
          ? "reduce it first, for example with .sum()" : "compute in a floating-point dtype")
    }
    return collected([.filled(value.shape, with: Scalar(rounding: 1, as: value.dtype))])
  }
}

/// The value of `body` and its gradients at `arguments`.
func differentiate(
  _ op: String, at arguments: [Tensor], site: CallSite, _ body: ([Tensor]) throws -> Tensor
) rethrows -> (value: Tensor, gradients: [Tensor]) {
  let arguments = Tensor.differentiable(op, arguments, site)
  if let poisoned = arguments.first, poisoned.isPoisoned { return (poisoned, arguments) }
  let recording = try Recording(of: arguments) { [try body($0).asFloat] }
  let (value, gradients) = recording.valueAndGradients(op, site)
  return (value, gradients.map(\.dense))
}

extension Recording {
  /// The only output and its gradients, poisoned where it has none.
  func valueAndGradients(
    _ op: String, _ site: CallSite
  ) -> (value: Tensor, gradients: [Cotangent]) {
    let value = outputs[0].tensor
    if value.isPoisoned { return (value, inputs.map { _ in Cotangent(value) }) }
    do throws(TensorError) {
      return (value, try gradients(op))
    } catch {
      let failed = Tensor.failed(error, at: site)
      return (failed, inputs.map { _ in Cotangent(failed) })
    }
  }
}

/// The value of `body` with the recording of its run.
func record<Result: TensorStructure>(
  _ op: String, _ arguments: [Tensor], _ site: CallSite, _ body: ([Tensor]) throws -> Result
) rethrows -> (Result, Recording) {
  var value: Result?
  let recording = try Recording(of: Tensor.differentiable(op, arguments, site)) { watched in
    var result = try body(watched)
    result.updateTensors { $0 = $0.asFloat }
    value = result
    return result.tensors
  }
  guard let value else { internalError("a function ended without a value") }
  return (value, recording)
}

/// The value of `body` and its tangent along `tangents`.
func pushForward<Result: TensorStructure>(
  _ op: String, _ arguments: [Tensor], _ tangents: [Tensor], _ site: CallSite,
  _ body: ([Tensor]) throws -> Result
) rethrows -> (value: Result, tangent: Result) {
  let (value, recording) = try record(op, arguments, site, body)
  let directions = Tensor.directions(
    op, "tangent", tangents, of: recording.inputs.map(\.tensor), site)
  if let poisoned = directions.first(where: \.isPoisoned) {
    return (value, value.filled(with: poisoned))
  }
  return (value, value.replacing(with: recording.pushedForward(directions)))
}
