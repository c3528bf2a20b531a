// Gradients by every variable that a closure read.

import MartletIR

/// Gradients by variable; zeros for a variable that the result does not depend on, that was not
/// read, or that is not trainable.
public struct VariableGradients: Sendable {
  private let gradients: [ObjectIdentifier: Cotangent]
  /// The variables that were read, in the order of their first reading.
  public let variables: [Variable]

  init(_ parameters: [Parameters.Parameter], _ found: [Cotangent]) {
    variables = parameters.map(\.variable)
    let pairs = zip(variables.map(ObjectIdentifier.init), found)
    gradients = Dictionary(pairs, uniquingKeysWith: { first, _ in first })
  }

  /// The gradient by `variable`, with its shape and dtype.
  public subscript(variable: Variable) -> Tensor {
    gradients[ObjectIdentifier(variable)]?.dense
      ?? Tensor.filled(
        variable.value.shape, with: Scalar(dtype: variable.value.dtype, bits: 0))
  }

  /// The gradient by `variable` as rows, where lookups of rows are all that the result depends on
  /// it by; else nil.
  ///
  /// A table of a million rows, eight of which were looked up, has a gradient of eight rows.
  ///
  ///     let (loss, gradients) = valueWithGradients { table.value.take(words).square().sum() }
  ///     if let rows = gradients.rows(of: table) {
  ///       table.value = table.value.adding(rows.scaled(by: -0.1))
  ///     }
  public func rows(of variable: Variable) -> SparseRows? {
    gradients[ObjectIdentifier(variable)]?.rows
  }
}

/// The value of `loss` and its gradients by every `Variable` it read.
///
/// A variable that the loss does not depend on has gradient zero: one that was not read, that was
/// read and not used, or that reaches the loss through integers or comparisons only. To find one
/// that was left out by mistake, look for it in `variables` of the gradients.
///
///     let (loss, gradients) = valueWithGradients { (prediction(x) - y).square().mean() }
///     for variable in gradients.variables { variable.value -= 0.1 * gradients[variable] }
///
/// - Parameters:
///   - file: The caller's file.
///   - line: The caller's line.
///   - loss: A function with a one-element floating-point result.
public func valueWithGradients(
  file: StaticString = #fileID, line: UInt = #line, _ loss: () throws -> Tensor
) rethrows -> (value: Tensor, gradients: VariableGradients) {
  let scope = VariableScope()
  defer { _ = scope.tape.close() }
  let output = try VariableScope.$current.withValue(scope, operation: loss).asFloat
  let parameters = scope.all
  let recording = Recording(
    closing: scope.tape,
    inputs: parameters.map { Recording.Value(number: $0.number, tensor: $0.watched) },
    outputs: [output])
  let (value, found) = recording.valueAndGradients("valueWithGradients", .exact(file, line))
  return (value, VariableGradients(parameters, found))
}
