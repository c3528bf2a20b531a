// The operators that replace a tensor by a result of its own shape and dtype.

import MartletIR

extension Tensor {
  /// Replaces the tensor by the sum.
  ///
  /// The shape and the dtype stay, as in NumPy: a sum of another shape, or of a higher kind of
  /// dtype, is an error. A literal has neither yet, and becomes the sum.
  ///
  ///     var x = Tensor([1, 2])
  ///     x += 1                         // [2, 3]
  ///     var total: Tensor = 0
  ///     total += x                     // [2, 3]
  public static func += (a: inout Tensor, b: Tensor) { a.update(.add, b, "+") }
  /// Replaces the tensor by the sum with a host number.
  @_disfavoredOverload
  public static func += (a: inout Tensor, b: some TensorScalar) {
    a.update(.add, b.asTensor, "+")
  }
  /// Replaces the tensor by the difference.
  public static func -= (a: inout Tensor, b: Tensor) { a.update(.subtract, b, "-") }
  /// Replaces the tensor by the difference with a host number.
  @_disfavoredOverload
  public static func -= (a: inout Tensor, b: some TensorScalar) {
    a.update(.subtract, b.asTensor, "-")
  }
  /// Replaces the tensor by the product.
  public static func *= (a: inout Tensor, b: Tensor) { a.update(.multiply, b, "*") }
  /// Replaces the tensor by the product with a host number.
  @_disfavoredOverload
  public static func *= (a: inout Tensor, b: some TensorScalar) {
    a.update(.multiply, b.asTensor, "*")
  }
  /// Replaces the tensor by the quotient.
  ///
  /// Integers have no quotient of their dtype, so for them it is an error: write `x = x / y`.
  public static func /= (a: inout Tensor, b: Tensor) { a.update(.divide, b, "/") }
  /// Replaces the tensor by the quotient by a host number.
  @_disfavoredOverload
  public static func /= (a: inout Tensor, b: some TensorScalar) {
    a.update(.divide, b.asTensor, "/")
  }

  /// Replaces this tensor by the result of an op whose operator is `symbol` (R49).
  ///
  /// A literal becomes the result, whatever that is: it has no shape or dtype to keep.
  private mutating func update(_ op: ElementwiseOp, _ other: Tensor, _ symbol: String) {
    let result = Tensor.elementwise(op, self, other, site: .frame)
    if result.isPoisoned {
      // The scope will throw: what a failed result was meant for stays as it is.
      if !ErrorScope.isFailing { self = result }
    } else if isWeak || (result.dtype == dtype && result.shape == shape) {
      self = result
    } else {
      let before = self
      let kept = Tensor.attempt(.frame) { () throws(TensorError) in
        try before.keeping(result, of: other, symbol)
      }
      if !kept.isPoisoned || !ErrorScope.isFailing { self = kept }
    }
  }

  /// `result` of this tensor and `other` in this tensor's dtype.
  private func keeping(
    _ result: Tensor, of other: Tensor, _ symbol: String
  ) throws(TensorError) -> Tensor {
    func error(_ kind: TensorError.Kind, _ reason: String) -> TensorError {
      TensorError(
        kind, op: symbol + "=", operands: [described, other.described], reason: reason,
        hint: "write x = x \(symbol) y for a tensor of another shape or dtype")
    }
    guard result.shape == shape else {
      throw error(.shape, "the result has shape \(result.shape), and x keeps \(shape)")
    }
    guard result.dtype.kind <= dtype.kind else {
      throw error(.dtype, "the result is \(result.dtype), and x stays \(dtype)")
    }
    return result.converted(to: dtype)
  }
}
