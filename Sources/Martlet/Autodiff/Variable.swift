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

/// The variables that a gradient scope has read, each watched as what it held at the first reading.
final class VariableScope: Sendable {
  @TaskLocal static var current: VariableScope?

  struct Reading: Sendable {
    let variable: Variable
    /// The tensor as the enclosing scopes know it.
    let original: Tensor
    let watched: Tensor
    let number: Int
  }

  private struct Readings {
    var first: [ObjectIdentifier: Reading] = [:]
    /// The variables in the order of their first reading.
    var order: [Variable] = []
  }

  let tape: Tape
  private let enclosing = VariableScope.current
  /// The section that the scope began in.
  private let observer = TapeObserver.here
  private let readings = Mutex(Readings())

  init(_ tape: Tape = Tape()) { self.tape = tape }

  /// The watched alias of what `variable` holds: one alias, whichever tasks of the scope ask for
  /// it.
  func read(_ variable: Variable, _ tensor: Tensor) -> Tensor {
    // A tensor assigned inside the scope carries its own history: it is not a parameter.
    guard tensor.tracking?.number(on: tape) == nil, tape.isOpen else { return tensor }
    let outer = enclosing.map { $0.read(variable, tensor) } ?? tensor
    let id = ObjectIdentifier(variable)
    return readings.withLock { readings in
      // The parameter is what the variable held at its first reading; what is assigned inside the
      // scope is an ordinary tensor.
      if let known = readings.first[id] { return known.isOf(tensor) ? known.watched : outer }
      // A task may outlive the scope that it began in.
      guard outer.dtype.isFloatingPoint, !outer.isPoisoned else { return outer }
      // Wherever in the scope it is read first, the parameter belongs to what is around the scope.
      let (watched, number) =
        TapeObserver.isAnyActive
        ? TapeObserver.$current.withValue(observer) { tape.watch(outer) } : tape.watch(outer)
      guard let number else { return outer }
      readings.first[id] = Reading(
        variable: variable, original: tensor, watched: watched, number: number)
      readings.order.append(variable)
      return watched
    }
  }

  var all: [Reading] {
    readings.withLock { readings in
      readings.order.compactMap { readings.first[ObjectIdentifier($0)] }
    }
  }
}

extension VariableScope.Reading {
  /// Whether the variable still held the same tensor when it was read.
  func isOf(_ tensor: Tensor) -> Bool {
    guard case .handle(let a) = original.storage, case .handle(let b) = tensor.storage else {
      return false
    }
    return a === b
  }
}
