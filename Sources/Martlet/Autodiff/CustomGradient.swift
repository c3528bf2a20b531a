// Functions whose derivatives their authors know better.

import MartletIR
import MartletRuntime

/// The value of a function at a point, with its derivatives there.
public struct CustomGradient<
  Argument: TensorStructure & Sendable, Value: TensorStructure & Sendable
>:
  Sendable
{
  /// The function's value.
  public let value: Value
  /// From a cotangent of the value to one of the argument: linear.
  public let pullback: @Sendable (Value) -> Argument
  /// From a tangent of the argument to one of the value; nil: the transpose of the pullback.
  public let tangent: (@Sendable (Argument) -> Value)?

  /// A value with a pullback, and what pushes tangents forward if that is not its transpose.
  ///
  /// - Parameters:
  ///   - value: The function's value.
  ///   - pullback: From a cotangent of the value to one of the argument. Made of ordinary
  ///     operations it is differentiable itself, by the cotangent and by what it captures.
  ///   - tangent: The same in forward mode. Left out, it is found from the pullback, as the only
  ///     linear function whose transpose that is.
  public init(
    _ value: Value, pullback: @escaping @Sendable (Value) -> Argument,
    tangent: (@Sendable (Argument) -> Value)? = nil
  ) {
    (self.value, self.pullback, self.tangent) = (value, pullback, tangent)
  }
}

/// The value of a function whose derivatives are those that it states.
///
/// For derivatives that are more accurate, cheaper, or others than the function's own. Gradients
/// of gradients go through the pullback; what `body` takes from outside is a constant to it.
///
///     func log1pexp(_ x: Tensor) -> Tensor {
///       customGradient(at: x) { x in
///         let e = x.exp()
///         return CustomGradient(e.log1p(), pullback: { g in g * (1 - 1 / (1 + e)) })
///       }
///     }
///     gradient(at: 100) { log1pexp($0) }        // 1, where exp overflows
///
/// - Parameters:
///   - x: A tensor or a structure of tensors.
///   - file: The caller's file.
///   - line: The caller's line.
///   - body: Runs once, at `x`.
public func customGradient<Argument, Value>(
  at x: Argument, file: StaticString = #fileID, line: UInt = #line,
  of body: (Argument) throws -> CustomGradient<Argument, Value>
) rethrows -> Value {
  let custom = try body(x)
  let arguments = x.tensors
  let functions = TapeObserver.tapes(of: arguments).map { tape, numbers in
    Tracking.Function(
      tape: tape,
      inputs: zip(arguments, numbers).map { argument, number in
        Tape.Entry.Input(
          number: number, dtype: argument.dtype, shape: argument.shape, tensor: nil)
      },
      rule: custom.rule(like: x, .exact(file, line)))
  }
  return custom.value.replacing(with: Tracking.results(custom.value.tensors, of: functions))
}

extension CustomGradient {
  /// The rule keeps forms, dtypes and shapes: the tensors are the user's to hold or to let go.
  fileprivate func rule(like x: Argument, _ site: CallSite) -> CustomRule {
    let place = Tensor(weak: .double(0))
    let (argument, value) = (x.filled(with: place), value.filled(with: place))
    let (arguments, results) = (x.tensors.map(\.described), self.value.tensors.map(\.described))
    let (argumentForm, valueForm) = (StructureForm(argument), StructureForm(value))
    let pullBack: @Sendable ([Tensor]) -> [Tensor] = { [pullback] cotangents in
      Tensor.directions(
        "customGradient", "cotangent",
        Tensor.directions(
          "customGradient", "cotangent",
          [StructureForm(pullback(value.replacing(with: cotangents)))], of: [argumentForm], site),
        of: arguments, site)
    }
    return CustomRule(
      pullBack: { cotangents, _ in
        .shares(pullBack(results.indices.map { cotangents[$0] ?? .zeros(of: results[$0]) }))
      },
      pushForward: { [tangent] tangents in
        let tangents = zip(tangents, arguments).map { $0 ?? .zeros(of: $1) }
        guard let tangent else {
          // The pullback is linear: its own pullback, anywhere, is its transpose.
          let floats = results.indices.filter { results[$0].dtype.isFloatingPoint }
          let found = Recording(of: floats.map { .zeros(of: results[$0]) }) { cotangents in
            var all = results.map { Tensor.zeros(of: $0) }
            for (index, cotangent) in zip(floats, cotangents) { all[index] = cotangent }
            return pullBack(all)
          }.pulledBack(tangents)
          var pushed = [Tensor?](repeating: nil, count: results.count)
          for (index, tangent) in zip(floats, found) { pushed[index] = tangent }
          return pushed
        }
        return Tensor.directions(
          "customGradient", "tangent",
          Tensor.directions(
            "customGradient", "tangent",
            [StructureForm(tangent(argument.replacing(with: tangents)))], of: [valueForm], site),
          of: results, site)
      })
  }
}
