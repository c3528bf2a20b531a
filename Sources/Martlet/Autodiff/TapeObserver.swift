// What changes how ops are noted on tapes, in a task and for a while: pauses, recomputations.

import MartletIR
import Synchronization

/// A section of a task in which tapes record in another way.
///
/// Sections nest. Few programs have any: recording asks one atomic counter first. A task that is
/// begun in a section stays in it for as long as it runs, even where the section has ended.
final class TapeObserver: Sendable {
  enum Role: Sendable {
    /// Tapes that were there before record nothing.
    case pause
    /// This tape records nothing.
    case pauseOf(Tape)
    /// This tape records, whatever pauses are around.
    case recording(Tape)
    /// They record nothing either, but what they know of the operands is collected.
    case collecting(Rematerialization)
    /// What a closed tape knows is recorded on another one.
    case repeating(Repetition)
    /// Where paths end is noted.
    case explaining(Explanation)
  }

  @TaskLocal static var current: TapeObserver?
  /// How many sections there are, or tasks that began in one: while either lasts it is referred to.
  private static let active = Atomic<Int>(0)

  static var isAnyActive: Bool { active.load(ordering: .relaxed) != 0 }

  /// The section of the current task; asked for first, as tasks are slower to ask.
  static var here: TapeObserver? { isAnyActive ? current : nil }

  let role: Role
  let enclosing = TapeObserver.here
  /// Tapes with a smaller number were there before.
  private let serial = Tape.nextSerial

  init(_ role: Role) {
    self.role = role
    TapeObserver.active.wrappingAdd(1, ordering: .relaxed)
  }

  deinit { TapeObserver.active.wrappingSubtract(1, ordering: .relaxed) }

  func observing<Result>(_ body: () throws -> Result) rethrows -> Result {
    try TapeObserver.$current.withValue(self, operation: body)
  }

  /// This observer and those around it, from the inside out.
  var chain: some Sequence<TapeObserver> { sequence(first: self) { $0.enclosing } }

  /// The chain of the current task.
  static var all: [TapeObserver] {
    here.map { Array($0.chain) } ?? []
  }

  /// The number of a tensor on `tape`, where it is known to it or to one that it repeats.
  private func number(_ tracking: Tracking, on tape: Tape) -> Int? {
    tracking.number(on: tape)
      ?? chain.lazy.compactMap(\.repetition).first { $0.target === tape }?.number(of: tracking)
  }

  private var isPause: Bool {
    if case .pause = role { return true }
    return false
  }

  var repetition: Repetition? {
    if case .repeating(let repetition) = role { return repetition }
    return nil
  }

  /// The open tapes on which ops on a tensor are to be recorded; what pauses them is told.
  func tapes(of tracking: Tracking) -> [Tape] {
    var tapes: [Tape] = []
    tracking.forEachTrack { if $0.tape.isOpen { tapes.append($0.tape) } }
    for repetition in chain.compactMap(\.repetition) {
      let target = repetition.target
      if target.isOpen, !tapes.contains(where: { $0 === target }),
        repetition.number(of: tracking) != nil
      {
        tapes.append(target)
      }
    }
    return tapes.filter { tape in
      guard let number = number(tracking, on: tape) else { return false }
      return !isPaused(tape, at: number)
    }
  }

  private func isPaused(_ tape: Tape, at number: Int) -> Bool {
    var isPaused = pauses(tape)
    for observer in chain where tape.serial < observer.serial {
      guard case .collecting(let function) = observer.role else { continue }
      function.needs(number, on: tape)
      isPaused = true
    }
    return isPaused
  }

  /// Whether the innermost section that says so keeps `tape` from recording; a first run of a
  /// function that is to be repeated does not.
  private func pauses(_ tape: Tape) -> Bool {
    for observer in chain where tape.serial < observer.serial {
      switch observer.role {
      case .recording(let other): if isSame(tape, as: other) { return false }
      case .pause: return true
      case .pauseOf(let other): if isSame(tape, as: other) { return true }
      case .collecting, .repeating, .explaining: continue
      }
    }
    return false
  }

  /// Whether `tape` is `other`, or records in its place in a second run.
  private func isSame(_ tape: Tape, as other: Tape) -> Bool {
    if tape === other { return true }
    let repetition = chain.lazy.compactMap(\.repetition).first { $0.target === tape }
    return repetition.map { isSame($0.source, as: other) } ?? false
  }

  static func pauses(_ tape: Tape) -> Bool { here?.pauses(tape) ?? false }

  /// Whether a section of the current task keeps `tape` from recording; what pauses it is told.
  static func isPaused(_ tape: Tape, at number: Int) -> Bool {
    here?.isPaused(tape, at: number) ?? false
  }

  /// As `Tracking.extend`, inside of this section.
  func extend(
    _ op: Op, dtype: DType, shape: Shape, _ inputs: Few<Tensor>, origin: Tape.Entry.Origin?
  ) -> Tracking? {
    guard dtype.isFloatingPoint, op.hasGradient else {
      TapeObserver.note(.op(op, dtype), of: Array(inputs))
      return nil
    }
    var tapes: [Tape] = []
    for input in inputs {
      guard let tracking = input.tracking else { continue }
      for tape in self.tapes(of: tracking) where !tapes.contains(where: { $0 === tape }) {
        tapes.append(tape)
      }
    }
    if chain.contains(where: \.isPause) { TapeObserver.note(.paused, of: Array(inputs)) }
    return Tracking.extend(tapes, op, dtype: dtype, shape: shape, inputs, origin: origin) {
      tracking, tape in tracking.flatMap { number($0, on: tape) }
    }
  }

  /// The tapes that record what is made of `tensors` here, with the numbers they have there.
  static func tapes(of tensors: [Tensor]) -> [(tape: Tape, numbers: [Int?])] {
    var tapes: [Tape] = []
    let observer = here
    for case let tracking? in tensors.map(\.tracking) {
      var known: [Tape] = []
      if let observer {
        known = observer.tapes(of: tracking)
      } else {
        tracking.forEachTrack { if $0.tape.isOpen { known.append($0.tape) } }
      }
      for tape in known where !tapes.contains(where: { $0 === tape }) { tapes.append(tape) }
    }
    return tapes.map { tape in
      (
        tape,
        tensors.map { tensor in
          tensor.tracking.flatMap { tracking in
            if let observer { return observer.number(tracking, on: tape) }
            return tracking.number(on: tape)
          }
        }
      )
    }
  }
}

// What a second run sees in the place of the world.
extension TapeObserver {
  /// What `variable` holds here, given what it holds outside.
  static func value(of variable: Variable, _ outside: () -> Tensor) -> Tensor {
    guard isAnyActive, let repeated = section.repetition?.value(of: variable) else {
      return outside()
    }
    // In the first run a pause hands out what no tape watches.
    return isPausedInSecondRun ? Tensor(Tracking.replacing(repeated.handle, by: [])) : repeated
  }

  /// Whether there is a pause inside of the innermost second run.
  private static var isPausedInSecondRun: Bool {
    for observer in all {
      if case .pause = observer.role { return true }
      if case .repeating = observer.role { return false }
    }
    return false
  }

  /// Tells every first run around this task that it reads `variable`, which holds `tensor`.
  static func noteRead(_ variable: Variable, holding tensor: Tensor) {
    guard isAnyActive else { return }
    for (function, around) in section.collecting {
      // However it is read in the first run, the second one has it as it is around the function.
      TapeObserver.$current.withValue(around) { function.noteRead(variable, holding: tensor) }
    }
  }

  /// Whether an assignment to a variable stays inside of a second run.
  static func keeps(_ tensor: Tensor, assignedTo variable: Variable) -> Bool {
    guard isAnyActive else { return false }
    let (repetition, collecting) = section
    for (function, _) in collecting { function.noteAssigned(tensor, to: variable) }
    repetition?.assign(tensor, to: variable)
    return repetition != nil
  }

  /// The next random numbers here, given what draws them outside.
  static func draw(_ outside: () -> RandomDraw) -> RandomDraw {
    guard isAnyActive else { return outside() }
    let (repetition, collecting) = section
    let draw = repetition?.nextDraw() ?? outside()
    for (function, _) in collecting { function.note(draw) }
    return draw
  }

  /// The innermost second run, and the first runs inside of it with the sections around them.
  private static var section:
    (
      repetition: Repetition?, collecting: [(function: Rematerialization, around: TapeObserver?)]
    )
  {
    var collecting: [(function: Rematerialization, around: TapeObserver?)] = []
    for observer in all {
      switch observer.role {
      case .repeating(let repetition): return (repetition, collecting)
      case .collecting(let function): collecting.append((function, observer.enclosing))
      case .pause, .pauseOf, .recording, .explaining: continue
      }
    }
    return (nil, collecting)
  }
}

/// Runs `body` without gradients: to tapes around it, what it computes is constant, and costs no
/// more than outside of any.
///
/// Gradients that are taken inside work as always, and a `GradientTape` records what its `record`
/// inside runs. A task that is begun inside stays without gradients for as long as it runs, whether
/// or not it outlives the call.
///
///     let (loss, gradients) = valueWithGradients {
///       let scale = withoutGradient { w.value.abs().max() }        // a constant
///       return (w.value / scale).square().sum()
///     }
public func withoutGradient<Result>(_ body: () throws -> Result) rethrows -> Result {
  try TapeObserver(.pause).observing {
    try VariableScope.$current.withValue(nil, operation: body)
  }
}
