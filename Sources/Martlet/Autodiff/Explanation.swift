// Why a result does not depend on an argument: where the paths of a gradient ended.

import MartletIR
import MartletRuntime
import Synchronization

/// What `explainGradient` found: whether a result depends on its argument, and where paths that
/// began at the argument ended.
public struct GradientExplanation: Sendable, CustomStringConvertible {
  /// Where a path from the argument ended.
  public struct End: Sendable, Hashable, CustomStringConvertible {
    /// The op that was applied to something that depends on the argument.
    public let op: String
    /// Why nothing flows back through it.
    public let reason: String
    /// The line that called it, as far as it is known.
    public let location: TensorError.Location?

    /// The place, the op and the reason.
    public var description: String {
      let place = location.map { "\($0.isExact ? "" : "near ")\($0.file):\($0.line): " } ?? ""
      return "\(place)\(op): \(reason)"
    }
  }

  /// Whether gradients flow from the result to the argument.
  public let isConnected: Bool
  /// The ends of paths in the order in which they were met; some may be there for good reason
  /// where other paths connect.
  public let ends: [End]

  /// One line of summary, and one an end.
  public var description: String {
    var lines = [
      isConnected
        ? "The result depends on the argument."
        : ends.isEmpty
          ? "The function does not use the argument."
          : "The result does not depend on the argument: every path ends."
    ]
    lines += ends.map { "  \($0)" }
    return lines.joined(separator: "\n")
  }
}

/// Why `gradient(at: x, of: body)` is zero, if it is: runs `body` once and says where the paths
/// from `x` end.
///
///     print(explainGradient(at: x) { x in (x .> 0).sum() * 2.0 })
///     // The result does not depend on the argument: every path ends.
///     //   App/main.swift:3: greater: its result is bool, which has no gradient
///
/// - Parameters:
///   - x: A tensor or a structure of tensors.
///   - file: The caller's file.
///   - line: The caller's line.
///   - body: The function that was differentiated.
public func explainGradient<Argument: TensorStructure, Result: TensorStructure>(
  at x: Argument, file: StaticString = #fileID, line: UInt = #line,
  of body: (Argument) throws -> Result
) rethrows -> GradientExplanation {
  let tape = Tape()
  defer { _ = tape.close() }
  let arguments = Tensor.differentiable("explainGradient", x.tensors, .exact(file, line))
  let watched = arguments.map { $0.isPoisoned ? $0 : tape.watch($0).tensor }
  let explanation = Explanation(of: tape)
  let result = try TapeObserver(.explaining(explanation)).observing {
    try body(x.replacing(with: watched))
  }
  return explanation.result(
    isConnected: result.tensors.contains { $0.tracking?.number(on: tape) != nil })
}

/// As for a tensor or a structure, for a literal too.
public func explainGradient(
  at x: Tensor, file: StaticString = #fileID, line: UInt = #line,
  of body: (Tensor) throws -> Tensor
) rethrows -> GradientExplanation {
  try explainGradient(at: [x], file: file, line: line) { [try body($0[0])] }
}

/// Why the gradient of `loss` by `variable` is zero, if it is.
///
///     print(explainGradient(by: w) { (x * w.value.round()).sum() })
public func explainGradient(
  by variable: Variable, file: StaticString = #fileID, line: UInt = #line,
  of loss: () throws -> Tensor
) rethrows -> GradientExplanation {
  let scope = VariableScope()
  defer { _ = scope.tape.close() }
  let explanation = Explanation(of: scope.tape)
  let result = try TapeObserver(.explaining(explanation)).observing {
    try VariableScope.$current.withValue(scope, operation: loss)
  }
  let number = scope.all.first { $0.variable === variable }?.number
  let recording = Recording(closing: scope.tape, inputs: [], outputs: [result.asFloat])
  let isConnected = recording.entries.isReachable(number, from: recording.outputs[0].number)
  return explanation.result(isConnected: isConnected)
}

/// Collects the ends of paths from what one tape knows.
final class Explanation: Sendable {
  /// Why a path ends.
  enum Cause: Sendable {
    case op(Op, DType)
    case stopped
    case paused
  }

  private let tape: Tape
  private let ends = Mutex<[GradientExplanation.End]>([])

  init(of tape: Tape) { self.tape = tape }

  func note(_ cause: Cause, of inputs: [Tensor]) {
    guard inputs.contains(where: { $0.tracking?.number(on: tape) != nil }) else { return }
    let end = GradientExplanation.End(
      op: cause.op, reason: cause.reason, location: CallStack.userLocation())
    ends.withLock { if !$0.contains(end) { $0.append(end) } }
  }

  func result(isConnected: Bool) -> GradientExplanation {
    GradientExplanation(isConnected: isConnected, ends: ends.withLock { $0 })
  }
}

extension Explanation.Cause {
  fileprivate var op: String {
    switch self {
    case .op(.elementwise(let op), _): "\(op)"
    case .op(.argReduce(.maximum, _), _): "argmax"
    case .op(.argReduce(.minimum, _), _): "argmin"
    case .op(.reduce(let reduction, _), _): "\(reduction)"
    case .op(.cast, let dtype): "cast(to: .\(dtype))"
    // What moves elements keeps the dtype: its operand is no float either.
    case .op(let op, _): "\(op)"
    case .stopped: "stopGradient"
    case .paused: "withoutGradient"
    }
  }

  fileprivate var reason: String {
    switch self {
    case .op(_, let dtype) where !dtype.isFloatingPoint:
      "its result is \(dtype), which has no gradient"
    case .op(.elementwise(let op), _): op.definition.noGradient?.rawValue ?? "it has no gradient"
    case .op: "it has no gradient"
    case .stopped: "the gradient was stopped"
    case .paused: "its ops are not recorded"
    }
  }
}

extension TapeObserver {
  /// Tells every explanation around this task that a path ends.
  static func note(_ cause: Explanation.Cause, of inputs: [Tensor]) {
    guard isAnyActive else { return }
    for observer in all {
      if case .explaining(let explanation) = observer.role { explanation.note(cause, of: inputs) }
    }
  }
}

extension Array where Element == Tape.Entry {
  /// Whether entry `target` is `result` or among what it was made from.
  fileprivate func isReachable(_ target: Int?, from result: Int?) -> Bool {
    guard let target, let result, target <= result else { return false }
    var reached = [Bool](repeating: false, count: result + 1)
    reached[result] = true
    for number in stride(from: result, to: target, by: -1) where reached[number] {
      for case let source? in self[number].inputs.map(\.number) { reached[source] = true }
    }
    return reached[target]
  }
}
