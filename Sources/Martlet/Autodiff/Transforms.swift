// Products with the Jacobian of a function: pullbacks of cotangents, tangents pushed forward.

/// What a cotangent of a function's result is by its arguments: the product with the transposed
/// Jacobian at the point of `vjp`.
///
/// It may be called any number of times, and differentiated. It keeps what the function computed
/// on its way, as long as it lives.
public struct Pullback<Result: TensorStructure, Arguments> {
  let recording: Recording
  /// The form of the result.
  let form: StructureForm
  /// The arguments, and how other tensors take their places in them: a function without captures.
  let arguments: Arguments
  let rebuild: (Arguments, [Tensor]) -> Arguments

  /// The arguments' cotangents, in the form of the arguments; zeros where the result does not
  /// depend on one.
  ///
  /// - Parameters:
  ///   - cotangent: Of the form of the result; each tensor has the shape and dtype of its
  ///     counterpart, or is a literal. What belongs to integers is not looked at.
  ///   - file: The caller's file.
  ///   - line: The caller's line.
  public func callAsFunction(
    _ cotangent: Result, file: StaticString = #fileID, line: UInt = #line
  ) -> Arguments {
    let site = CallSite.exact(file, line)
    let cotangents = Tensor.directions(
      "pullback", "cotangent",
      Tensor.directions(
        "pullback", "cotangent", [StructureForm(cotangent)], of: [form], site),
      of: recording.outputs.map(\.tensor), site)
    let poisoned = cotangents.first(where: \.isPoisoned)
    let found =
      poisoned.map { poisoned in recording.inputs.map { _ in poisoned } }
      ?? recording.pulledBack(cotangents)
    return rebuild(arguments, found)
  }
}

// Unchecked, because a function that captures the types of a pack cannot say that it is Sendable;
// it captures no values.
extension Pullback: @unchecked Sendable
where Result: SendableMetatype, Arguments: Sendable {}

/// The value of `body` at `x`, and the function that pulls a cotangent of it back to `x`.
///
/// The pullback costs about as much as the function, however many elements `x` has: so rows of the
/// Jacobian are cheap, and columns are `jvp`'s.
///
///     let (value, pullback) = vjp(at: [1.0, 2, 3]) { x in x * x }
///     print(pullback([1, 0, 0]), pullback([0, 1, 1]))     // [2, 0, 0] and [0, 4, 6]
///
/// - Parameters:
///   - x: Where to differentiate; a floating-point tensor, or a literal.
///   - file: The caller's file.
///   - line: The caller's line.
///   - body: A function with a tensor or a structure of tensors as its result.
public func vjp<Result: TensorStructure>(
  at x: Tensor, file: StaticString = #fileID, line: UInt = #line,
  of body: (Tensor) throws -> Result
) rethrows -> (value: Result, pullback: Pullback<Result, Tensor>) {
  let (value, recording) = try record("vjp", [x], .exact(file, line)) { try body($0[0]) }
  return (
    value,
    Pullback(recording: recording, form: StructureForm(value), arguments: x) { $1[0] }
  )
}

/// The value of `body` at structures of tensors, and the function that pulls a cotangent of it
/// back.
///
///     let (value, pullback) = vjp(at: a, b) { a, b in matmul(a, b) }
///     let (da, db) = pullback(Tensor.onesLike(value))
public func vjp<each Argument: TensorStructure, Result: TensorStructure>(
  at x: repeat each Argument, file: StaticString = #fileID, line: UInt = #line,
  of body: (repeat each Argument) throws -> Result
) rethrows -> (value: Result, pullback: Pullback<Result, (repeat each Argument)>) {
  let (value, recording) = try record("vjp", tensors(repeat each x), .exact(file, line)) {
    let arguments = rebuilt(repeat each x, from: $0)
    return try body(repeat each arguments)
  }
  return (
    value,
    Pullback(
      recording: recording, form: StructureForm(value), arguments: (repeat each x)
    ) { rebuilt(repeat each $0, from: $1) }
  )
}

/// The value of `body` at `x`, and its derivative in the direction `tangent`: the product of the
/// Jacobian with it.
///
/// This is forward mode: it costs about as much as the function, however many elements the result
/// has.
///
///     let (value, slope) = jvp(at: [1.0, 2, 3], along: [0, 1, 0]) { x in x * x.sum() }
///     // value [6, 12, 18], slope [1, 8, 3]
///
/// - Parameters:
///   - x: Where to differentiate; a floating-point tensor, or a literal.
///   - tangent: The direction, of the shape and dtype of `x`, or a literal.
///   - file: The caller's file.
///   - line: The caller's line.
///   - body: A function with a tensor or a structure of tensors as its result.
/// - Returns: The value, and a tangent of its form: zeros where it does not depend on `x`, and for
///   integers.
public func jvp<Result: TensorStructure>(
  at x: Tensor, along tangent: Tensor, file: StaticString = #fileID, line: UInt = #line,
  of body: (Tensor) throws -> Result
) rethrows -> (value: Result, tangent: Result) {
  try pushForward("jvp", [x], [tangent], .exact(file, line)) { try body($0[0]) }
}

/// The value of `body` at structures of tensors, and its derivative in the direction of structures
/// of the same form.
///
///     jvp(at: a, b, along: da, db) { a, b in matmul(a, b) }      // a b, and da b + a db
public func jvp<each Argument: TensorStructure, Result: TensorStructure>(
  at x: repeat each Argument, along tangent: repeat each Argument,
  file: StaticString = #fileID, line: UInt = #line,
  of body: (repeat each Argument) throws -> Result
) rethrows -> (value: Result, tangent: Result) {
  try pushForward(
    "jvp", tensors(repeat each x),
    Tensor.directions(
      "jvp", "tangent", forms(repeat each tangent), of: forms(repeat each x), .exact(file, line)),
    .exact(file, line)
  ) {
    let arguments = rebuilt(repeat each x, from: $0)
    return try body(repeat each arguments)
  }
}
