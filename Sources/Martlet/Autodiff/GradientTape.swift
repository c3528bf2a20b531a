// Tapes in the hands of users: what to record, and which gradients to take, said one by one.

import MartletIR
import Synchronization

/// A recording from which gradients are taken afterwards.
///
/// `gradient(at:)` and `valueWithGradients` say more with less. A tape is for programs that compute
/// first and decide later what to differentiate by what.
///
///     let tape = GradientTape()
///     let x = tape.watch(3.0)
///     let y = tape.record { x * x }
///     tape.gradient(of: y, by: x)               // 6
///
/// Inside `record` every variable that is read is watched; other tensors are watched under a new
/// name. Tapes nest: a gradient that one tape takes inside `record` of another is differentiable.
///
/// A persistent tape may record again and again, and in several tasks at once. Each recording reads
/// variables anew: the gradient by one adds up what flows to all that it held when first read.
public final class GradientTape: Sendable {
  private let tape = Tape(isRecording: false)
  private let parameters = Parameters()
  private let isPersistent: Bool
  private let isSpent = Atomic(false)

  /// A tape without records.
  ///
  /// - Parameter isPersistent: Whether it can be asked for more than one gradient; then it keeps
  ///   what it recorded as long as it lives.
  public init(isPersistent: Bool = false) {
    self.isPersistent = isPersistent
  }

  deinit { _ = tape.close() }

  /// The tensors of `structure` as this tape knows them: gradients are by these.
  ///
  /// - Parameters:
  ///   - structure: A floating-point tensor, or a structure of such tensors.
  ///   - file: The caller's file.
  ///   - line: The caller's line.
  public func watch<Structure: TensorStructure>(
    _ structure: Structure, file: StaticString = #fileID, line: UInt = #line
  ) -> Structure {
    let watched = Tensor.differentiable("watch", structure.tensors, .exact(file, line)).map {
      $0.isPoisoned ? $0 : tape.watch($0).tensor
    }
    var rest = watched.makeIterator()
    return structure.replacing(with: &rest)
  }

  /// As the general form, for a literal too.
  public func watch(
    _ tensor: Tensor, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    watch([tensor], file: file, line: line)[0]
  }

  /// Runs `body`, and records the ops on what the tape watches.
  public func record<Result>(_ body: () throws -> Result) rethrows -> Result {
    tape.beginRecording()
    defer { tape.endRecording() }
    // The innermost section decides.
    if TapeObserver.pauses(tape) {
      return try TapeObserver(.recording(tape)).observing { try reading(body) }
    }
    return try reading(body)
  }

  /// Runs `body` in a scope that watches variables: in the one of a `record` around this one, or in
  /// a new one.
  private func reading<Result>(_ body: () throws -> Result) rethrows -> Result {
    if VariableScope.isInside(of: tape) { return try body() }
    let scope = VariableScope(tape, parameters)
    defer { scope.end() }
    return try VariableScope.$current.withValue(scope, operation: body)
  }

  /// Runs `body` inside of `record` without recording on this tape in this task.
  public func withoutRecording<Result>(_ body: () throws -> Result) rethrows -> Result {
    try TapeObserver(.pauseOf(tape)).observing(body)
  }

  /// The gradient of `y`, one floating-point number, by `x`, which `watch` gave; zeros where `y`
  /// does not depend on it.
  ///
  /// - Parameters:
  ///   - y: What was computed inside of `record`.
  ///   - x: A tensor or a structure that `watch` gave.
  ///   - file: The caller's file.
  ///   - line: The caller's line.
  public func gradient<Structure: TensorStructure>(
    of y: Tensor, by x: Structure, file: StaticString = #fileID, line: UInt = #line
  ) -> Structure {
    let tensors = x.tensors
    var found = gradients(
      of: y, by: tensors.map { ($0.tracking?.number(on: tape), $0) }, .exact(file, line)
    ).map(\.dense).makeIterator()
    return x.replacing(with: &found)
  }

  /// The gradients of `y`, one floating-point number, by every variable that was read inside of
  /// `record`.
  public func gradients(
    of y: Tensor, file: StaticString = #fileID, line: UInt = #line
  ) -> VariableGradients {
    let parameters = parameters.all
    let found = gradients(
      of: y, by: parameters.map { ($0.number, $0.watched) }, .exact(file, line))
    return VariableGradients(parameters, found)
  }

  private func gradients(
    of y: Tensor, by x: [(number: Int?, tensor: Tensor)], _ site: CallSite
  ) -> [Cotangent] {
    if let poisoned = ([y] + x.map(\.tensor)).first(where: \.isPoisoned) {
      return x.map { _ in Cotangent(poisoned) }
    }
    func fail(_ reason: String, _ hint: String) -> [Cotangent] {
      let failed = Tensor.failed(
        TensorError(
          .value, op: "GradientTape.gradient", operands: [y.described], reason: reason, hint: hint),
        at: site)
      return x.map { _ in Cotangent(failed) }
    }
    func failSpent() -> [Cotangent] {
      fail("the tape has given its gradients", "make it GradientTape(isPersistent: true)")
    }
    if isSpent.load(ordering: .relaxed) { return failSpent() }
    guard x.allSatisfy({ $0.number != nil }) else {
      return fail(
        "it is asked for by a tensor that this tape does not watch",
        "differentiate by what watch(_:) returned")
    }
    guard y.tracking?.number(on: tape) != nil else {
      return fail(
        "the result does not depend on anything that this tape watched",
        "compute it inside of record { }, from what watch(_:) returned or from variables")
    }
    // Only what has a gradient spends the tape; of anything else it is said below what it lacks.
    let spends = !isPersistent && y.count == 1
    if spends, isSpent.exchange(true, ordering: .relaxed) { return failSpent() }
    // The gradient's own ops are for other tapes.
    return withoutRecording {
      let recording = Recording(
        entries: spends ? tape.close() : tape.recorded, tape,
        inputs: x.map { Recording.Value(number: $0.number, tensor: $0.tensor) }, outputs: [y])
      return recording.valueAndGradients("GradientTape.gradient", site).gradients
    }
  }
}
