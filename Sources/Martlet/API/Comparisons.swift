// Comparisons: pointwise ones give a tensor, those of single numbers a Bool.

import MartletIR

// Pointwise comparisons and logic are spelled as those of SIMD vectors, with their precedence.
// There is no `==`: a tensor is neither Equatable nor Comparable. `.==` compares element by
// element, `arrayEqual` and `allClose` give one Bool.

extension Tensor {
  /// Whether the elements are equal: NaN equals nothing, -0 equals +0.
  ///
  /// One Bool for all of them is `arrayEqual`, or `allClose` with tolerances.
  public static func .== (a: Tensor, b: Tensor) -> Tensor {
    elementwise(.equal, a, b, site: .frame)
  }

  /// Whether the elements differ: NaN differs from everything.
  public static func .!= (a: Tensor, b: Tensor) -> Tensor {
    elementwise(.notEqual, a, b, site: .frame)
  }

  /// Whether the elements are less than the others'.
  public static func .< (a: Tensor, b: Tensor) -> Tensor {
    elementwise(.less, a, b, site: .frame)
  }

  /// Whether the elements are less than or equal to the others'.
  public static func .<= (a: Tensor, b: Tensor) -> Tensor {
    elementwise(.lessEqual, a, b, site: .frame)
  }

  /// Whether the elements are greater than the others'.
  public static func .> (a: Tensor, b: Tensor) -> Tensor {
    elementwise(.greater, a, b, site: .frame)
  }

  /// Whether the elements are greater than or equal to the others'.
  public static func .>= (a: Tensor, b: Tensor) -> Tensor {
    elementwise(.greaterEqual, a, b, site: .frame)
  }

  /// Whether both elements are true; numbers count as true unless they are 0.
  ///
  ///     let inside = x .> 0 .& x .< 1
  public static func .& (a: Tensor, b: Tensor) -> Tensor {
    elementwise(.logicalAnd, a, b, site: .frame)
  }

  /// Whether either element is true; numbers count as true unless they are 0.
  public static func .| (a: Tensor, b: Tensor) -> Tensor {
    elementwise(.logicalOr, a, b, site: .frame)
  }

  /// Whether exactly one element is true; numbers count as true unless they are 0.
  public static func .^ (a: Tensor, b: Tensor) -> Tensor {
    elementwise(.logicalXor, a, b, site: .frame)
  }

  /// Whether the elements are false, or 0.
  public static prefix func .! (x: Tensor) -> Tensor {
    elementwise(.logicalNot, x, site: .frame)
  }
}

/// Decisions of the host: these compare single numbers and look at the result.
extension Tensor {
  /// Whether this single number is less than the other.
  ///
  /// Runs what the operands depend on. More elements than one are an error: use `.<` or `all`.
  ///
  ///     if abs(error) <= 1 { loss = error * error / 2 }
  public static func < (a: Tensor, b: Tensor) -> Bool {
    Tensor.decide(.less, a, b)
  }

  /// Whether this single number is at most the other.
  public static func <= (a: Tensor, b: Tensor) -> Bool {
    Tensor.decide(.lessEqual, a, b)
  }

  /// Whether this single number is greater than the other.
  public static func > (a: Tensor, b: Tensor) -> Bool {
    Tensor.decide(.greater, a, b)
  }

  /// Whether this single number is at least the other.
  public static func >= (a: Tensor, b: Tensor) -> Bool {
    Tensor.decide(.greaterEqual, a, b)
  }

  fileprivate static func decide(_ op: ElementwiseOp, _ a: Tensor, _ b: Tensor) -> Bool {
    let result = elementwise(op, a, b, site: .frame)
    guard result.count == 1 || result.isPoisoned else {
      let symbols: [ElementwiseOp: String] = [
        .less: "<", .lessEqual: "<=", .greater: ">", .greaterEqual: ">=",
      ]
      let error = TensorError(
        .shape, op: op.description, operands: [a.described, b.described],
        reason: "an if needs one Bool, and this comparison has shape \(result.shape)",
        hint: "compare with .\(symbols[op] ?? "<") and reduce with .any() or .all()")
      trap(error.at(CallSite.frame.location))
    }
    return result.onlyElement(.frame, op.description).bits != 0
  }
}

// The other operand is a host number; see `TensorOperand` for why these are not members of
// `Tensor`.
extension TensorOperand {
  /// The comparison with a host number, which takes the tensor's dtype.
  @_disfavoredOverload
  public static func .== (a: Self, b: some TensorScalar) -> Tensor {
    Tensor.elementwise(.equal, a.asTensor, b.asTensor, site: .frame)
  }

  /// The comparison of a host number, which takes the tensor's dtype.
  @_disfavoredOverload
  public static func .== (a: some TensorScalar, b: Self) -> Tensor {
    Tensor.elementwise(.equal, a.asTensor, b.asTensor, site: .frame)
  }

  /// The comparison with a host number, which takes the tensor's dtype.
  @_disfavoredOverload
  public static func .!= (a: Self, b: some TensorScalar) -> Tensor {
    Tensor.elementwise(.notEqual, a.asTensor, b.asTensor, site: .frame)
  }

  /// The comparison of a host number, which takes the tensor's dtype.
  @_disfavoredOverload
  public static func .!= (a: some TensorScalar, b: Self) -> Tensor {
    Tensor.elementwise(.notEqual, a.asTensor, b.asTensor, site: .frame)
  }

  /// The comparison with a host number, which takes the tensor's dtype.
  @_disfavoredOverload
  public static func .< (a: Self, b: some TensorScalar) -> Tensor {
    Tensor.elementwise(.less, a.asTensor, b.asTensor, site: .frame)
  }

  /// The comparison of a host number, which takes the tensor's dtype.
  @_disfavoredOverload
  public static func .< (a: some TensorScalar, b: Self) -> Tensor {
    Tensor.elementwise(.less, a.asTensor, b.asTensor, site: .frame)
  }

  /// The comparison with a host number, which takes the tensor's dtype.
  @_disfavoredOverload
  public static func .<= (a: Self, b: some TensorScalar) -> Tensor {
    Tensor.elementwise(.lessEqual, a.asTensor, b.asTensor, site: .frame)
  }

  /// The comparison of a host number, which takes the tensor's dtype.
  @_disfavoredOverload
  public static func .<= (a: some TensorScalar, b: Self) -> Tensor {
    Tensor.elementwise(.lessEqual, a.asTensor, b.asTensor, site: .frame)
  }

  /// The comparison with a host number, which takes the tensor's dtype.
  @_disfavoredOverload
  public static func .> (a: Self, b: some TensorScalar) -> Tensor {
    Tensor.elementwise(.greater, a.asTensor, b.asTensor, site: .frame)
  }

  /// The comparison of a host number, which takes the tensor's dtype.
  @_disfavoredOverload
  public static func .> (a: some TensorScalar, b: Self) -> Tensor {
    Tensor.elementwise(.greater, a.asTensor, b.asTensor, site: .frame)
  }

  /// The comparison with a host number, which takes the tensor's dtype.
  @_disfavoredOverload
  public static func .>= (a: Self, b: some TensorScalar) -> Tensor {
    Tensor.elementwise(.greaterEqual, a.asTensor, b.asTensor, site: .frame)
  }

  /// The comparison of a host number, which takes the tensor's dtype.
  @_disfavoredOverload
  public static func .>= (a: some TensorScalar, b: Self) -> Tensor {
    Tensor.elementwise(.greaterEqual, a.asTensor, b.asTensor, site: .frame)
  }

  /// Whether this single number is less than the other, a host number.
  @_disfavoredOverload
  public static func < (a: Self, b: some TensorScalar) -> Bool {
    Tensor.decide(.less, a.asTensor, b.asTensor)
  }

  /// Whether this host number is less than the other, a single number.
  @_disfavoredOverload
  public static func < (a: some TensorScalar, b: Self) -> Bool {
    Tensor.decide(.less, a.asTensor, b.asTensor)
  }

  /// Whether this single number is at most the other, a host number.
  @_disfavoredOverload
  public static func <= (a: Self, b: some TensorScalar) -> Bool {
    Tensor.decide(.lessEqual, a.asTensor, b.asTensor)
  }

  /// Whether this host number is at most the other, a single number.
  @_disfavoredOverload
  public static func <= (a: some TensorScalar, b: Self) -> Bool {
    Tensor.decide(.lessEqual, a.asTensor, b.asTensor)
  }

  /// Whether this single number is greater than the other, a host number.
  @_disfavoredOverload
  public static func > (a: Self, b: some TensorScalar) -> Bool {
    Tensor.decide(.greater, a.asTensor, b.asTensor)
  }

  /// Whether this host number is greater than the other, a single number.
  @_disfavoredOverload
  public static func > (a: some TensorScalar, b: Self) -> Bool {
    Tensor.decide(.greater, a.asTensor, b.asTensor)
  }

  /// Whether this single number is at least the other, a host number.
  @_disfavoredOverload
  public static func >= (a: Self, b: some TensorScalar) -> Bool {
    Tensor.decide(.greaterEqual, a.asTensor, b.asTensor)
  }

  /// Whether this host number is at least the other, a single number.
  @_disfavoredOverload
  public static func >= (a: some TensorScalar, b: Self) -> Bool {
    Tensor.decide(.greaterEqual, a.asTensor, b.asTensor)
  }
}
