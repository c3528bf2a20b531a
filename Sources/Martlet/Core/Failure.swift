// What happens to an error of an op: it is thrown by the enclosing scope, or it stops the process.

import MartletIR
import MartletRuntime
import Synchronization

/// Where an op was called.
enum CallSite {
  /// A function, method or subscript: its default arguments say.
  case exact(StaticString, UInt)
  /// An operator, which cannot take such arguments: the stack says, if an error asks.
  case frame
  /// Where the op was called whose gradient this is.
  case forward(TensorError.Location?)

  var location: TensorError.Location? {
    switch self {
    case .exact(let file, let line):
      TensorError.Location(file: "\(file)", line: Int(clamping: line))
    case .frame: CallStack.userLocation()
    case .forward(let location): location ?? CallStack.userLocation()
    }
  }
}

/// The scope of a `withTensorErrors`: it keeps the first error.
final class ErrorScope: Sendable {
  @TaskLocal static var current: ErrorScope?

  private let first = Mutex<TensorError?>(nil)

  func note(_ error: TensorError) { first.withLock { $0 = $0 ?? error } }

  var error: TensorError? { first.withLock { $0 } }

  /// Whether the current scope will throw: then what a failed op was to be assigned to stays as it
  /// is.
  static var isFailing: Bool { current?.error != nil }
}

/// Runs `body` so that a failing tensor operation becomes a thrown `TensorError`.
///
/// Inside, a bad op returns a poisoned tensor, every op on it is poisoned with the same error, and
/// the scope throws the first error however `body` returns. What a failed result was meant for, a
/// `Variable`, a subscript or the left side of `+=`, keeps its value. Ops that can fail on values
/// (index tensors, negative integer powers) are checked when they are called. Outside such a scope
/// a bad op stops the process with the same message.
///
///     do {
///       try withTensorErrors { _ = Tensor.zeros([2]) + Tensor.zeros([3]) }
///     } catch {
///       print(error)     // App/main.swift:2: add(float32[2], float32[3]): the shapes do not...
///     }
///
/// - Returns: What `body` returns.
/// - Throws: The first `TensorError`, or else what `body` throws.
public func withTensorErrors<Result>(_ body: () throws -> Result) throws -> Result {
  let scope = ErrorScope()
  let result = Swift.Result { try ErrorScope.$current.withValue(scope, operation: body) }
  if let error = scope.error { throw error }
  return try result.get()
}

extension Tensor {
  /// The poisoned tensor that stands for a failed op, or the end of the process.
  @inline(never)
  static func failed(_ error: TensorError, at site: CallSite) -> Tensor {
    let error = error.at(site.location)
    guard let scope = ErrorScope.current else { trap(error) }
    scope.note(error)
    return Tensor(Handle(poisoned: error))
  }

  /// Runs a recording that may fail.
  @inline(__always)
  static func attempt(_ site: CallSite, _ body: () throws(TensorError) -> Tensor) -> Tensor {
    do throws(TensorError) { return try body() } catch { return failed(error, at: site) }
  }
}

extension Tensor {
  /// An op of a module above this one, which `body` makes of ops of this one.
  ///
  /// Poison passes through, and where `problem` answers, with a reason and what to do, the op fails
  /// as any other does.
  package static func composed(
    _ op: String, of operands: [Tensor], file: StaticString, line: UInt,
    problem: () -> (reason: String, hint: String)?, _ body: () -> Tensor
  ) -> Tensor {
    if let poisoned = operands.first(where: \.isPoisoned) { return poisoned }
    return attempt(.exact(file, line)) { () throws(TensorError) in
      if let problem = problem() {
        throw TensorError(
          .shape, op: op, operands: operands.map(\.described), reason: problem.reason,
          hint: problem.hint)
      }
      return body()
    }
  }
}

/// The one way in which a user's mistake stops the process: his own line comes first.
func trap(_ error: TensorError) -> Never { Settings.stop(error.lastWords) }
