// Gradients of functions of tensors and of structures of tensors.

/// The gradient of `body` at `x`: the derivative of its one-element result by each element of `x`.
///
/// The function may branch and loop on values, and may take gradients itself. Derivatives at kinks
/// follow the usual conventions: `abs` and `relu` have 0 at 0, ties of `maximum` share. What the
/// result does not depend on has gradient zero, be it a constant result or a path through integers.
///
///     gradient(at: 3) { x in x * x }                                     // 6
///     gradient(at: 3) { x in x * gradient(at: 1) { y in x + y } }        // 1
///
/// - Parameters:
///   - x: Where to differentiate; a floating-point tensor, or a literal.
///   - file: The caller's file.
///   - line: The caller's line.
///   - body: A function with a one-element floating-point result.
/// - Returns: A tensor of the shape and dtype of `x`; zeros where the result does not depend on it.
public func gradient(
  at x: Tensor, file: StaticString = #fileID, line: UInt = #line,
  of body: (Tensor) throws -> Tensor
) rethrows -> Tensor {
  let (_, gradient) = try differentiate("gradient", at: x, site: .exact(file, line), body)
  return gradient
}

/// The gradients of `body` at `x` and `y`, zeros for one that the result does not depend on.
///
///     gradient(at: 3, 4) { x, y in x * y }       // (4, 3)
public func gradient(
  at x: Tensor, _ y: Tensor, file: StaticString = #fileID, line: UInt = #line,
  of body: (Tensor, Tensor) throws -> Tensor
) rethrows -> (Tensor, Tensor) {
  let (_, gradient) = try differentiate("gradient", at: x, y, site: .exact(file, line), body)
  return gradient
}

/// The gradient of `body` at a structure of tensors, in the form of the structure.
///
/// Structures are arrays and dictionaries of tensors, and what conforms to `TensorStructure`.
///
///     let w: Tensor = [1.0, 2], b: Tensor = 3
///     gradient(at: [w, b]) { p in (p[0] * p[1]).sum() }      // [[3, 3], 3]
public func gradient<Argument: TensorStructure>(
  at x: Argument, file: StaticString = #fileID, line: UInt = #line,
  of body: (Argument) throws -> Tensor
) rethrows -> Argument {
  let (_, gradient) = try differentiate("gradient", at: x, site: .exact(file, line), body)
  return gradient
}

/// The gradients of `body` at several structures of tensors, each in the form of its argument.
///
///     gradient(at: layers, b) { layers, b in (layers[0] * layers[1] * b).sum() }
public func gradient<each Argument: TensorStructure>(
  at x: repeat each Argument, file: StaticString = #fileID, line: UInt = #line,
  of body: (repeat each Argument) throws -> Tensor
) rethrows -> (repeat each Argument) {
  let (_, gradient) = try differentiate(
    "gradient", at: repeat each x, site: .exact(file, line), body)
  return gradient
}

/// The value of `body` at `x` together with its gradient, which is zeros where the value does not
/// depend on `x`.
///
///     let (value, slope) = valueWithGradient(at: 3) { x in x * x }      // 9 and 6
public func valueWithGradient(
  at x: Tensor, file: StaticString = #fileID, line: UInt = #line,
  of body: (Tensor) throws -> Tensor
) rethrows -> (value: Tensor, gradient: Tensor) {
  try differentiate("valueWithGradient", at: x, site: .exact(file, line), body)
}

/// The value of `body` at `x` and `y` together with its gradients.
public func valueWithGradient(
  at x: Tensor, _ y: Tensor, file: StaticString = #fileID, line: UInt = #line,
  of body: (Tensor, Tensor) throws -> Tensor
) rethrows -> (value: Tensor, gradient: (Tensor, Tensor)) {
  try differentiate("valueWithGradient", at: x, y, site: .exact(file, line), body)
}

/// The value of `body` at a structure of tensors together with its gradient, in the form of the
/// structure.
///
///     let (loss, slopes) = valueWithGradient(at: model) { model in loss(model(x), y) }
public func valueWithGradient<Argument: TensorStructure>(
  at x: Argument, file: StaticString = #fileID, line: UInt = #line,
  of body: (Argument) throws -> Tensor
) rethrows -> (value: Tensor, gradient: Argument) {
  try differentiate("valueWithGradient", at: x, site: .exact(file, line), body)
}

/// The value of `body` at several structures of tensors together with its gradients, each in the
/// form of its argument.
public func valueWithGradient<each Argument: TensorStructure>(
  at x: repeat each Argument, file: StaticString = #fileID, line: UInt = #line,
  of body: (repeat each Argument) throws -> Tensor
) rethrows -> (value: Tensor, gradient: (repeat each Argument)) {
  try differentiate("valueWithGradient", at: repeat each x, site: .exact(file, line), body)
}

/// The one way of all of the above: the tensors of the arguments are watched and rebuilt.
private func differentiate<each Argument: TensorStructure>(
  _ op: String, at x: repeat each Argument, site: CallSite,
  _ body: (repeat each Argument) throws -> Tensor
) rethrows -> (value: Tensor, gradient: (repeat each Argument)) {
  let (value, gradients) = try differentiate(op, at: tensors(repeat each x), site: site) {
    let arguments = rebuilt(repeat each x, from: $0)
    return try body(repeat each arguments)
  }
  return (value, rebuilt(repeat each x, from: gradients))
}
