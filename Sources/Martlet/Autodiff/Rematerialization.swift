// Recomputing in the backward pass what is large to keep and cheap to compute.

import MartletIR
import MartletRuntime
import Synchronization

/// The result of `body`, whose way there no tape keeps: the backward pass runs `body` again.
///
/// Values and gradients have the same bits as without; memory is exchanged for time. The second run
/// sees what the first one saw: the values that variables had, and the same random numbers. What it
/// assigns to variables is dropped, for it was assigned before; gradients through what was assigned
/// are the same as without.
///
///     let y = rematerialize { block(x) }     // of block's values y alone is kept
///
/// - Parameter body: A function of what it captures, with a tensor or a structure of tensors as its
///   result. Other effects than on variables happen twice.
public func rematerialize<Result: TensorStructure & Sendable>(
  _ body: @escaping @Sendable () -> Result
) -> Result {
  let function = Rematerialization { body().tensors }
  let (result, assigned) = TapeObserver(.collecting(function)).observing {
    let result = body()
    let assigned = function.endOfAssignments()
    // A result may be what was captured, without an op in between.
    _ = TapeObserver.tapes(of: result.tensors + assigned.map(\.tensor))
    return (result, assigned)
  }
  let functions = function.functions()
  if functions.isEmpty { return result }
  // What variables hold afterwards is a result too.
  let tensors = result.tensors
  let tracked = Tracking.results(tensors + assigned.map(\.tensor), of: functions)
  for ((variable, _), tensor) in zip(assigned, tracked[tensors.count...]) {
    variable.value = tensor
  }
  return result.replacing(with: Array(tracked[..<tensors.count]))
}

/// A function to run again, with what its first run took from outside.
final class Rematerialization: Sendable {
  private struct Record {
    /// Per tape the numbers that the function reads, in the order of the first reading.
    var needs: [(tape: Tape, numbers: [Int])] = []
    var variables: [ObjectIdentifier: Tensor] = [:]
    var draws: [RandomDraw] = []
    /// The variables that the function assigned to, and until it ends what it assigned last.
    var assigned: [Variable] = []
    var last: [ObjectIdentifier: Tensor] = [:]
  }

  private let record = Mutex(Record())
  private let scope = VariableScope.current
  private let body: @Sendable () -> [Tensor]

  init(_ body: @escaping @Sendable () -> [Tensor]) { self.body = body }

  func needs(_ number: Int, on tape: Tape) {
    record.withLock { record in
      guard let index = record.needs.firstIndex(where: { $0.tape === tape }) else {
        record.needs.append((tape, [number]))
        return
      }
      if !record.needs[index].numbers.contains(number) {
        record.needs[index].numbers.append(number)
      }
    }
  }

  /// Notes that the function read `variable`, which held `tensor`.
  func noteRead(_ variable: Variable, holding tensor: Tensor) {
    let seen = variable.isTrainable ? scope?.read(variable, tensor) ?? tensor : tensor
    record.withLock { record in
      let id = ObjectIdentifier(variable)
      // What the function assigned it will assign again.
      if record.variables[id] == nil, record.last[id] == nil { record.variables[id] = seen }
    }
  }

  func noteAssigned(_ tensor: Tensor, to variable: Variable) {
    record.withLock { record in
      if record.last.updateValue(tensor, forKey: ObjectIdentifier(variable)) == nil {
        record.assigned.append(variable)
      }
    }
  }

  /// What the function assigned last, in the order of first assignments; it is let go here.
  func endOfAssignments() -> [(variable: Variable, tensor: Tensor)] {
    record.withLock { record in
      let last = exchange(&record.last, with: [:])
      return record.assigned.compactMap { variable in
        last[ObjectIdentifier(variable)].map { (variable, $0) }
      }
    }
  }

  func note(_ draw: RandomDraw) { record.withLock { $0.draws.append(draw) } }

  /// The function on every tape that records here and knows what it reads.
  func functions() -> [Tracking.Function] {
    let repetitions = TapeObserver.all.compactMap(\.repetition)
    return record.withLock { $0.needs }.filter { tape, numbers in
      tape.isOpen && !numbers.contains { TapeObserver.isPaused(tape, at: $0) }
    }.map { tape, numbers in
      let parent = repetitions.first { $0.target === tape }
      let again: @Sendable () -> Repetition.Run = {
        let seen = self.record.withLock { ($0.variables, $0.draws) }
        return Repetition(of: tape, inside: parent, seen)
          .run(self.body, reading: numbers, assigning: self.record.withLock { $0.assigned })
      }
      return Tracking.Function(
        tape: tape,
        inputs: numbers.map {
          Tape.Entry.Input(number: $0, dtype: .defaultFloat, shape: .scalar, tensor: nil)
        },
        rule: CustomRule(
          pullBack: { again().pulledBack($0, onto: $1) }, pushForward: { again().pushedForward($0) }
        ))
    }
  }
}

/// A second run of a function, recorded on a tape of its own.
final class Repetition: Sendable {
  private struct State {
    var inputs: [Int: Int] = [:]
    var variables: [ObjectIdentifier: Tensor]
    var draws: ArraySlice<RandomDraw>
  }

  /// The tape that the function stands on, and the one that its ops go to now.
  let source: Tape
  let target = Tape()
  /// The repetition whose target the source is.
  private let parent: Repetition?
  private let state: Mutex<State>

  init(
    of source: Tape, inside parent: Repetition?,
    _ seen: (variables: [ObjectIdentifier: Tensor], draws: [RandomDraw])
  ) {
    (self.source, self.parent) = (source, parent)
    state = Mutex(State(variables: seen.variables, draws: seen.draws[...]))
  }

  /// The number on the target of a tensor that the source knows.
  func number(of tracking: Tracking) -> Int? {
    if let number = tracking.number(on: target) { return number }
    guard let number = tracking.number(on: source) ?? parent?.number(of: tracking) else {
      return nil
    }
    return input(number)
  }

  /// The number on the target of number `source` of the source.
  private func input(_ source: Int) -> Int? {
    state.withLock { state in
      if let known = state.inputs[source] { return known }
      guard target.isOpen else { return nil }
      // Nobody asks for the dtype and shape of a watched entry.
      let number = target.append(Tape.Entry(.watched, .defaultFloat, .scalar))
      state.inputs[source] = number
      return number
    }
  }

  /// What `variable` holds in this run; nil where the first run did not read it.
  func value(of variable: Variable) -> Tensor? {
    state.withLock { $0.variables[ObjectIdentifier(variable)] }
  }

  func assign(_ tensor: Tensor, to variable: Variable) {
    state.withLock { $0.variables[ObjectIdentifier(variable)] = tensor }
  }

  func nextDraw() -> RandomDraw? { state.withLock { $0.draws.popFirst() } }

  /// A run that has ended.
  struct Run {
    let entries: [Tape.Entry]
    /// The numbers of what was read, and of the results.
    let inputs: [Int?]
    let results: [Int?]

    func pulledBack(
      _ cotangents: [Int: Tensor], onto collected: [Cotangent?]
    ) -> CustomRule.Shares {
      // What was collected comes first, so that sums have the order that they have without.
      var seeds: [(number: Int, cotangent: Cotangent)] = []
      for case (let input?, let cotangent?) in zip(inputs, collected) {
        seeds.append((input, cotangent))
      }
      for (position, cotangent) in cotangents.sorted(by: { $0.key < $1.key }) {
        if let result = results[position] { seeds.append((result, Cotangent(cotangent))) }
      }
      var found = entries.cotangents(seeds: seeds, wanted: inputs.compactMap(\.self))
        .makeIterator()
      return .totals(
        zip(inputs, collected).map { input, collected in
          input == nil ? collected : found.next() ?? nil
        })
    }

    func pushedForward(_ tangents: [Tensor?]) -> [Tensor?] {
      var seeds: [(number: Int, tangent: Tensor)] = []
      for case (let input?, let tangent?) in zip(inputs, tangents) {
        seeds.append((input, tangent))
      }
      var found = entries.tangents(seeds: seeds, wanted: results.compactMap(\.self))
        .makeIterator()
      return results.map { $0 == nil ? nil : found.next() ?? nil }
    }
  }

  func run(
    _ body: @Sendable () -> [Tensor], reading numbers: [Int], assigning variables: [Variable]
  ) -> Run {
    let results = TapeObserver(.repeating(self)).observing {
      VariableScope.$current.withValue(nil) { body() }
    }
    let assigned = variables.map { value(of: $0) }
    let found = (results + assigned).map { $0?.tracking.flatMap(number) }
    let inputs = state.withLock { state in numbers.map { state.inputs[$0] } }
    return Run(entries: target.close(), inputs: inputs, results: found)
  }
}
