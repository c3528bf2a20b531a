// Variables: named places for parameters, and the scopes that know which were read.

import MartletIR
import MartletRuntime
import Synchronization

/// A place that holds a tensor and can be given another: a parameter of a model.
///
///     let w = Variable(0), b = Variable(0)
///     let (loss, gradients) = valueWithGradients { (x * w.value + b.value - y).square().mean() }
///     w.value -= 0.01 * gradients[w]
///
/// A variable that is not trainable holds what is no parameter, a counter or a mask: its dtype may
/// be any, and to every gradient it is a constant.
///
///     let steps = Variable(0, isTrainable: false)     // int64
///     steps.value += 1
public final class Variable: Sendable {
  private let content: Mutex<Tensor>
  /// Whether `valueWithGradients` differentiates by this variable.
  public let isTrainable: Bool

  /// A variable that holds `value`; where it is trainable a literal becomes a floating-point
  /// number.
  ///
  /// Only floating-point numbers have gradients: a trainable variable of another dtype is an error.
  ///
  /// - Parameters:
  ///   - value: What it holds at first.
  ///   - isTrainable: Whether it is a parameter; else its dtype may be any.
  ///   - file: The caller's file.
  ///   - line: The caller's line.
  public init(
    _ value: Tensor, isTrainable: Bool = true, file: StaticString = #fileID, line: UInt = #line
  ) {
    let held = Tensor.attempt(.exact(file, line)) { () throws(TensorError) in
      if value.isPoisoned || !isTrainable { return Tensor(value.handle) }
      let parameter = value.asFloat
      guard parameter.dtype.isFloatingPoint else {
        throw value.error(
          .dtype, "Variable", "\(value.dtype) has no gradient",
          hint: "write float literals (1.0), use cast(to: .float32), or say isTrainable: false "
            + "for a counter")
      }
      return parameter
    }
    content = Mutex(held)
    self.isTrainable = isTrainable
  }

  /// The tensor held.
  ///
  /// Reading it inside `valueWithGradients` makes the gradient know this variable: the gradient is
  /// by what it held then, and what is assigned later in the scope is an ordinary tensor.
  ///
  /// What is assigned has the dtype and the shape of what is held, or is a literal, which takes the
  /// dtype; a tensor of another one is an error. A parameter of another shape is another variable.
  public var value: Tensor {
    get {
      let tensor = held
      TapeObserver.noteRead(self, holding: tensor)
      guard isTrainable, let scope = VariableScope.current else { return tensor }
      return scope.read(self, tensor)
    }
    set {
      let held = held
      let next = Tensor.attempt(.frame) { () throws(TensorError) in
        if held.isPoisoned || newValue.isPoisoned { return newValue }
        return try newValue.replacing(held)
      }
      guard !next.isPoisoned || !ErrorScope.isFailing else { return }
      if !TapeObserver.keeps(next, assignedTo: self) { content.withLock { $0 = next } }
    }
  }

  private var held: Tensor { TapeObserver.value(of: self) { content.withLock { $0 } } }
}

extension Tensor {
  /// This tensor as the next value of a variable that holds `held`.
  fileprivate func replacing(_ held: Tensor) throws(TensorError) -> Tensor {
    func error(_ kind: TensorError.Kind, _ hint: String) -> TensorError {
      TensorError(
        kind, op: "Variable assignment",
        operands: [held.described, described],
        reason: "the variable holds \(held.dtype)\(held.shape), not \(dtype)\(shape)", hint: hint)
    }
    guard shape == held.shape else {
      throw error(.shape, "make a new Variable for a value of another shape")
    }
    if isWeak { return try assignable(to: held, "Variable assignment") }
    guard dtype == held.dtype else {
      throw error(.dtype, "cast it with .cast(to: .\(held.dtype)), or make a new Variable")
    }
    return self
  }
}

/// The variables that were read in recordings of one tape, in the order of their first reading.
final class Parameters: Sendable {
  struct Parameter: Sendable {
    let variable: Variable
    /// What it held at the first reading, as its tape knows it.
    let watched: Tensor
    /// Its number on the tape, whatever it holds later: its gradient is one sum.
    let number: Int
  }

  private struct List {
    var all: [Parameter] = []
    var positions: [ObjectIdentifier: Int] = [:]
  }

  private let list = Mutex(List())

  var all: [Parameter] { list.withLock { $0.all } }

  /// `tensor`, which `variable` holds, as `tape` watches it; nil where the tape has been closed.
  func watch(_ tensor: Tensor, of variable: Variable, on tape: Tape) -> Tensor? {
    list.withLock { list in
      let id = ObjectIdentifier(variable)
      let known = list.positions[id].map { list.all[$0].number }
      let (watched, number) = tape.watch(tensor, as: known)
      guard let number else { return nil }
      if known == nil {
        list.positions[id] = list.all.count
        list.all.append(Parameter(variable: variable, watched: watched, number: number))
      }
      return watched
    }
  }
}

/// A scope that watches the variables that are read in it: each as what it held at the first
/// reading.
final class VariableScope: Sendable {
  @TaskLocal static var current: VariableScope?

  private struct Reading {
    /// The tensor as it was held.
    let original: Tensor
    let watched: Tensor
  }

  let tape: Tape
  private let parameters: Parameters
  /// The scope and the section that this one began in.
  private let enclosing = VariableScope.current
  private let observer = TapeObserver.here
  private let readings = Mutex<[ObjectIdentifier: Reading]>([:])
  private let hasEnded = Atomic(false)

  /// A scope that begins here, on a tape that may have had others: then with their parameters.
  init(_ tape: Tape = Tape(), _ parameters: Parameters = Parameters()) {
    (self.tape, self.parameters) = (tape, parameters)
  }

  var all: [Parameters.Parameter] { parameters.all }

  /// Whether a scope around this task, which has not ended, has `tape`.
  static func isInside(of tape: Tape) -> Bool {
    guard let current else { return false }
    return sequence(first: current, next: \.enclosing).contains {
      $0.tape === tape && !$0.hasEnded.load(ordering: .relaxed)
    }
  }

  /// Ends the scope for the tasks that outlive it, though its tape may get others.
  func end() { hasEnded.store(true, ordering: .relaxed) }

  /// The watched alias of what `variable` holds: one alias, whichever tasks of the scope ask for
  /// it.
  func read(_ variable: Variable, _ tensor: Tensor) -> Tensor {
    // Wherever in the scope it is read first, the parameter belongs to what is around the scope.
    let outer = enclosing.map { scope in asAround { scope.read(variable, tensor) } } ?? tensor
    // A task may outlive the scope that it began in.
    guard tape.isOpen, !hasEnded.load(ordering: .relaxed), !TapeObserver.pauses(tape) else {
      return outer
    }
    // A tensor assigned inside the scope carries its own history: it is not a parameter.
    if outer.tracking?.number(on: tape) != nil { return outer }
    let id = ObjectIdentifier(variable)
    return readings.withLock { readings in
      // The parameter is what the variable held at its first reading; what is assigned inside the
      // scope is an ordinary tensor.
      if let known = readings[id] {
        return known.original.isSame(as: tensor) ? known.watched : outer
      }
      guard outer.dtype.isFloatingPoint, !outer.isPoisoned,
        let watched = asAround({ parameters.watch(outer, of: variable, on: tape) })
      else { return outer }
      readings[id] = Reading(original: tensor, watched: watched)
      return watched
    }
  }

  /// Runs `body` in the section that the scope began in.
  private func asAround<Result>(_ body: () -> Result) -> Result {
    TapeObserver.isAnyActive
      ? TapeObserver.$current.withValue(observer, operation: body) : body()
  }
}

extension Tensor {
  /// Whether a variable that held this tensor holds the same one when it holds `other`.
  fileprivate func isSame(as other: Tensor) -> Bool {
    guard case .handle(let a) = storage, case .handle(let b) = other.storage else { return false }
    return a === b
  }
}
