// Gradients of functions of tensors.

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
  _ body: (Tensor) throws -> Tensor
) rethrows -> Tensor {
  try differentiate("gradient", at: [x], site: .exact(file, line)) { try body($0[0]) }.gradients[0]
}

/// The gradients of `body` at `x` and `y`, zeros for one that the result does not depend on.
///
///     gradient(at: 3, 4) { x, y in x * y }       // (4, 3)
public func gradient(
  at x: Tensor, _ y: Tensor, file: StaticString = #fileID, line: UInt = #line,
  _ body: (Tensor, Tensor) throws -> Tensor
) rethrows -> (Tensor, Tensor) {
  let gradients = try differentiate("gradient", at: [x, y], site: .exact(file, line)) {
    try body($0[0], $0[1])
  }.gradients
  return (gradients[0], gradients[1])
}

/// The gradients of `body` at each tensor of `xs`, zeros where the result does not depend on one.
///
///     gradient(at: [w, b]) { p in ((x * p[0] + p[1] - y).square()).mean() }
public func gradient(
  at xs: [Tensor], file: StaticString = #fileID, line: UInt = #line,
  _ body: ([Tensor]) throws -> Tensor
) rethrows -> [Tensor] {
  try differentiate("gradient", at: xs, site: .exact(file, line), body).gradients
}

/// The value of `body` at `x` together with its gradient, which is zeros where the value does not
/// depend on `x`.
///
///     let (value, slope) = valueWithGradient(at: 3) { x in x * x }      // 9 and 6
public func valueWithGradient(
  at x: Tensor, file: StaticString = #fileID, line: UInt = #line,
  _ body: (Tensor) throws -> Tensor
) rethrows -> (value: Tensor, gradient: Tensor) {
  let (value, gradients) = try differentiate(
    "valueWithGradient", at: [x], site: .exact(file, line)
  ) { try body($0[0]) }
  return (value, gradients[0])
}

/// The value of `body` at `x` and `y` together with its gradients.
public func valueWithGradient(
  at x: Tensor, _ y: Tensor, file: StaticString = #fileID, line: UInt = #line,
  _ body: (Tensor, Tensor) throws -> Tensor
) rethrows -> (value: Tensor, gradient: (Tensor, Tensor)) {
  let (value, gradients) = try differentiate(
    "valueWithGradient", at: [x, y], site: .exact(file, line)
  ) { try body($0[0], $0[1]) }
  return (value, (gradients[0], gradients[1]))
}

/// The value of `body` at the tensors `xs` together with its gradients.
public func valueWithGradient(
  at xs: [Tensor], file: StaticString = #fileID, line: UInt = #line,
  _ body: ([Tensor]) throws -> Tensor
) rethrows -> (value: Tensor, gradients: [Tensor]) {
  try differentiate("valueWithGradient", at: xs, site: .exact(file, line), body)
}
