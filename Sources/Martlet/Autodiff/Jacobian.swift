// All derivatives of a function: Jacobians, Hessians and products with Hessians.

import MartletIR

/// The direction in which the chain rule is applied.
public enum DerivativeMode: Sendable, Hashable {
  /// From arguments to results: one sweep an element of the argument.
  case forward
  /// From results to arguments: one sweep an element of the result.
  case reverse
}

/// The derivatives of each element of the result of `body` by each element of `x`: the shape of the
/// result, then the shape of `x`; the dtype of `x`, as every gradient has.
///
///     jacobian(at: [1.0, 2]) { x in x * x.sum() }      // [[4, 1], [2, 5]]
///
/// Each row (or, in forward mode, column) is a sweep over what `body` recorded once; the sweeps are
/// recorded together and run together.
///
/// - Parameters:
///   - x: Where to differentiate; a floating-point tensor, or a literal.
///   - mode: Which sweeps; those of which there are fewer unless given.
///   - file: The caller's file.
///   - line: The caller's line.
///   - body: A function with a floating-point result of any shape.
public func jacobian(
  at x: Tensor, mode: DerivativeMode? = nil, file: StaticString = #fileID, line: UInt = #line,
  of body: (Tensor) throws -> Tensor
) rethrows -> Tensor {
  try derivatives("jacobian", at: x, mode, .exact(file, line), body)
}

/// The second derivatives of the one-element result of `body` by each two elements of `x`: the
/// shape of `x` twice.
///
///     hessian(at: [1.0, 2]) { x in x[0] * x[1] * x[1] }      // [[0, 4], [4, 2]]
///
/// Each column is a tangent of the gradient: forward mode over reverse mode.
///
/// - Parameters:
///   - x: Where to differentiate; a floating-point tensor, or a literal.
///   - file: The caller's file.
///   - line: The caller's line.
///   - body: A function with a one-element floating-point result.
public func hessian(
  at x: Tensor, file: StaticString = #fileID, line: UInt = #line,
  of body: (Tensor) throws -> Tensor
) rethrows -> Tensor {
  let site = CallSite.exact(file, line)
  return try derivatives("hessian", at: x, .forward, site) { x in
    try differentiate("hessian", at: [x], site: site) { try body($0[0]) }.gradients[0]
  }
}

/// The product of the Hessian of `body` at `x` with `vector`, without the Hessian: at about twice
/// the cost of a gradient.
///
///     hessianVectorProduct(at: [1.0, 2], along: [1, 0]) { x in x[0] * x[1] * x[1] }      // [0, 4]
///
/// - Parameters:
///   - x: Where to differentiate; a floating-point tensor, or a literal.
///   - vector: Of the shape and dtype of `x`, or a literal.
///   - file: The caller's file.
///   - line: The caller's line.
///   - body: A function with a one-element floating-point result.
public func hessianVectorProduct(
  at x: Tensor, along vector: Tensor, file: StaticString = #fileID, line: UInt = #line,
  of body: (Tensor) throws -> Tensor
) rethrows -> Tensor {
  try hessianProducts([x], [vector], .exact(file, line)) { try body($0[0]) }[0]
}

/// The product of the Hessian of `body` at structures of tensors with structures of the same form.
///
///     hessianVectorProduct(at: model, along: direction) { model in loss(model(x), y) }
public func hessianVectorProduct<each Argument: TensorStructure>(
  at x: repeat each Argument, along vector: repeat each Argument,
  file: StaticString = #fileID, line: UInt = #line,
  of body: (repeat each Argument) throws -> Tensor
) rethrows -> (repeat each Argument) {
  let products = try hessianProducts(
    tensors(repeat each x),
    Tensor.directions(
      "hessianVectorProduct", "tangent", forms(repeat each vector), of: forms(repeat each x),
      .exact(file, line)), .exact(file, line)
  ) {
    let arguments = rebuilt(repeat each x, from: $0)
    return try body(repeat each arguments)
  }
  return rebuilt(repeat each x, from: products)
}

/// Forward over reverse: the tangent of the gradient along `vectors`.
private func hessianProducts(
  _ arguments: [Tensor], _ vectors: [Tensor], _ site: CallSite,
  _ body: ([Tensor]) throws -> Tensor
) rethrows -> [Tensor] {
  let op = "hessianVectorProduct"
  return try pushForward(op, arguments, vectors, site) { arguments in
    try differentiate(op, at: arguments, site: site, body).gradients
  }.tangent
}

private func derivatives(
  _ op: String, at x: Tensor, _ mode: DerivativeMode?, _ site: CallSite,
  _ body: (Tensor) throws -> Tensor
) rethrows -> Tensor {
  let (value, recording) = try record(op, [x], site) { try body($0[0]) }
  let x = recording.inputs[0].tensor
  if let poisoned = [x, value].first(where: \.isPoisoned) { return poisoned }
  return Tensor.attempt(site) { () throws(TensorError) in
    guard value.dtype.isFloatingPoint else {
      throw TensorError(
        .dtype, op: op, operands: [value.described],
        reason: "the function's result is \(value.dtype), which has no gradient",
        hint: "compute in a floating-point dtype")
    }
    let result = try Tensor.shape(value.shape.dimensions + x.shape.dimensions, op)
    guard result.elementCount > 0 else {
      return .filled(result, with: Scalar(dtype: x.dtype, bits: 0))
    }
    let isForward = (mode ?? (x.count <= value.count ? .forward : .reverse)) == .forward
    let sweeps = (isForward ? x : value).basis.map { direction in
      isForward
        ? recording.pushedForward([direction])[0] : recording.pulledBack([direction])[0]
    }
    return try Tensor.stack(
      checked: sweeps.map { $0.converted(to: x.dtype) }, axis: isForward ? value.rank : 0,
      dtype: x.dtype
    ).reshaped(unchecked: result)
  }
}

extension Tensor {
  /// For each element a tensor of this shape with 1 at its place and 0 elsewhere.
  fileprivate var basis: [Tensor] {
    let numbers = Tensor.iota(shape)
    return (0..<count).map { (numbers .== $0).converted(to: dtype) }
  }
}
