// Expressions over one element, as data: what ops mean, how they decompose, their gradients.

/// A typed expression over the operands of an elementwise op.
///
/// A row of the op table states its meaning and its gradient in this form; the interpreter runs it,
/// the compiler lowers it, autodiff records it. Expressions are graphs: a Swift `let` that is used
/// twice is evaluated once. A literal takes the dtype of the operand it meets.
///
///     let n = (x * 1.4426950408889634).roundedEven()
///     let r = fma(n, -0.693359375, x)
package struct ScalarExpr: Sendable {
  package indirect enum Kind: Sendable {
    /// Operand `index` of the op.
    case argument(Int)
    /// A constant of the node's dtype.
    case constant(Scalar)
    /// A literal that has met no typed operand yet.
    case literal(Double)
    /// A machine operation on the operands.
    case operation(ScalarOp, [ScalarExpr])
    /// Another row of the op table on the operands, which share a dtype (but for a condition).
    case apply(ElementwiseOp, [ScalarExpr])
  }

  /// The identity of a node is what makes sharing visible.
  package final class Node: Sendable {
    package let kind: Kind
    package let dtype: DType?

    init(_ kind: Kind, _ dtype: DType?) {
      self.kind = kind
      self.dtype = dtype
    }
  }

  package let node: Node

  init(_ kind: Kind, _ dtype: DType?) { node = Node(kind, dtype) }

  package var kind: Kind { node.kind }

  /// The dtype of the value; only a bare literal has none.
  package var dtype: DType {
    guard let dtype = node.dtype else { internalError("a literal met no typed operand") }
    return dtype
  }

  /// Operand `index`, of dtype `dtype`.
  package static func argument(_ index: Int, _ dtype: DType) -> ScalarExpr {
    ScalarExpr(.argument(index), dtype)
  }

  package static func constant(_ scalar: Scalar) -> ScalarExpr {
    ScalarExpr(.constant(scalar), scalar.dtype)
  }

  /// A constant given by its bit pattern: the way to write exact coefficients.
  package static func bits(_ bits: UInt64, _ dtype: DType) -> ScalarExpr {
    constant(Scalar(dtype: dtype, bits: bits))
  }

  /// The literal `value` as a constant of `dtype`, rounded once; integers wrap.
  package static func literal(_ value: Double, _ dtype: DType) -> ScalarExpr {
    if dtype.isFloatingPoint { return constant(Scalar(rounding: value, as: dtype)) }
    return constant(Scalar(wrapping: Int64(value), as: dtype))
  }

  /// `op` on `operands`: literals among them take the first typed operand's dtype.
  package static func operation(
    _ op: ScalarOp, _ operands: [ScalarExpr], result: DType? = nil
  ) -> ScalarExpr {
    let typed = resolve(operands)
    return ScalarExpr(.operation(op, typed), result ?? typed[typed.count - 1].dtype)
  }

  /// Another row of the table on `operands`, which have that row's operand dtype already.
  package static func apply(_ op: ElementwiseOp, _ operands: ScalarExpr...) -> ScalarExpr {
    let typed = resolve(operands)
    let dtype = typed[typed.count - 1].dtype
    return ScalarExpr(.apply(op, typed), op.resultDType(computingIn: dtype))
  }

  static func resolve(_ operands: [ScalarExpr]) -> [ScalarExpr] {
    guard operands.contains(where: { $0.node.dtype == nil }) else { return operands }
    let peer = operands.last { $0.node.dtype != nil && $0.node.dtype != .bool } ?? operands[0]
    return operands.map { operand in
      if case .literal(let value) = operand.kind { return .literal(value, peer.dtype) }
      return operand
    }
  }
}

extension ScalarExpr: ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
  package init(floatLiteral value: Double) { self.init(.literal(value), nil) }
  package init(integerLiteral value: Int) { self.init(.literal(Double(value)), nil) }
}

extension ScalarExpr {
  package static func + (a: Self, b: Self) -> Self { .operation(.add, [a, b]) }
  package static func - (a: Self, b: Self) -> Self { .operation(.subtract, [a, b]) }
  package static func * (a: Self, b: Self) -> Self { .operation(.multiply, [a, b]) }
  package static func / (a: Self, b: Self) -> Self { .operation(.divide, [a, b]) }
  package static prefix func - (a: Self) -> Self { .operation(.negate, [a]) }
  package static func & (a: Self, b: Self) -> Self { .operation(.and, [a, b]) }
  package static func | (a: Self, b: Self) -> Self { .operation(.or, [a, b]) }
  package static func ^ (a: Self, b: Self) -> Self { .operation(.xor, [a, b]) }
  package static prefix func ~ (a: Self) -> Self { .operation(.not, [a]) }
  // Disfavored, so that `1 << 20` stays an `Int` where this module is imported.
  @_disfavoredOverload
  package static func << (a: Self, b: Self) -> Self { .operation(.shiftLeft, [a, b]) }
  @_disfavoredOverload
  package static func >> (a: Self, b: Self) -> Self { .operation(.shiftRight, [a, b]) }

  package static func .== (a: Self, b: Self) -> Self {
    .operation(.equal, [a, b], result: .bool)
  }
  package static func .!= (a: Self, b: Self) -> Self {
    .operation(.notEqual, [a, b], result: .bool)
  }
  package static func .< (a: Self, b: Self) -> Self { .operation(.less, [a, b], result: .bool) }
  package static func .<= (a: Self, b: Self) -> Self {
    .operation(.lessEqual, [a, b], result: .bool)
  }
  package static func .> (a: Self, b: Self) -> Self { b .< a }
  package static func .>= (a: Self, b: Self) -> Self { b .<= a }

  package var absolute: Self { .operation(.absolute, [self]) }
  package var squareRoot: Self { .operation(.squareRoot, [self]) }
  package var floor: Self { .operation(.floor, [self]) }
  package var ceil: Self { .operation(.ceil, [self]) }
  package var truncated: Self { .operation(.truncate, [self]) }
  package var roundedEven: Self { .operation(.roundEven, [self]) }

  /// True where the value is NaN.
  package var isNaN: Self { self .!= self }

  package func convert(to dtype: DType) -> Self {
    self.dtype == dtype ? self : .operation(.convert, [self], result: dtype)
  }

  /// The same bits as `dtype`, which is as wide.
  package func bitcast(to dtype: DType) -> Self { .operation(.bitcast, [self], result: dtype) }

  /// The bit pattern as an unsigned integer of the same width.
  package var bitPattern: Self { bitcast(to: dtype.bits) }

  /// The elements of `table` at this int32 index.
  package func lookup(in table: ScalarTable) -> Self {
    .operation(.lookup(table), [self], result: table.dtype)
  }

  /// This value; raises `flag` where `condition` holds.
  package func raising(_ flag: ValueFlag, where condition: Self) -> Self {
    .operation(.check(flag), [condition, self])
  }
}

/// `a * b + c` with one rounding.
package func fma(_ a: ScalarExpr, _ b: ScalarExpr, _ c: ScalarExpr) -> ScalarExpr {
  .operation(.fma, [a, b, c])
}

/// `a` where `condition` holds, else `b`; both are evaluated.
package func select(_ condition: ScalarExpr, _ a: ScalarExpr, _ b: ScalarExpr) -> ScalarExpr {
  .operation(.select, [condition, a, b])
}

/// `c[0] + x (c[1] + x (c[2] + ...))` by Horner's rule with one rounding a step.
package func polynomial(_ x: ScalarExpr, _ coefficients: [ScalarExpr]) -> ScalarExpr {
  guard var sum = coefficients.last else { internalError("a polynomial without coefficients") }
  for c in coefficients.dropLast().reversed() { sum = fma(sum, x, c) }
  return sum
}
