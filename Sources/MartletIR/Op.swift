// The operations a trace records: elementwise ops as one case, structural ops with their payloads.

/// An operation of a trace; the node that carries it has the result's dtype and shape.
package enum Op: Sendable, Hashable {
  /// A row of the op table; the operands have the op's computing dtype (a choice's condition is
  /// bool) and broadcast to the node's shape (R42).
  case elementwise(ElementwiseOp)
  /// The operand in the node's dtype (R10-R13).
  case cast
  /// The row-major index of each element, as int64.
  case iota
  /// Another arrangement of the operand's elements.
  case view(View)
  /// A reduction by the fixed tree (R14); reduced axes keep extent 1.
  case reduce(Reduction, AxisSet)
  /// The index along the axis of the greatest or least element, as int64; the axis keeps extent 1.
  case argReduce(ArgReduction, Int)
  /// What the elements along the axis give together from the first one to each (R36).
  case scan(Scan, Int)
  /// The first operand with `low[i]` elements before and `high[i]` after on axis i, which take the
  /// value of the second, a single number.
  case pad(low: [Int], high: [Int])
  /// The operands one after another along the axis.
  case concatenate(Int)
  /// Slices of the first operand along the axis at the indices (int64) in the second, whose axes
  /// take the axis's place.
  case gather(Int)
  /// The first operand with the third added (or put) at the indices in the second along the axis;
  /// the third has the shape that `gather` gives.
  case scatter(Int, Scatter)
  /// The matrix product over the last two axes; both have the same rank of at least 2, and the axes
  /// before broadcast.
  case matmul

  /// What a scatter does where an index occurs.
  package enum Scatter: Sendable, Hashable {
    /// Adds all updates of an index in R14's order.
    case add
    /// The last update in logical order wins (R43).
    case replace
  }
}

/// The combining operations of `Op.reduce`.
package enum Reduction: UInt8, Sendable, Hashable, CaseIterable {
  case sum
  case product
  /// The sum divided by the count, which is rounded once; floats only.
  case mean
  case maximum
  case minimum
  /// Or over bool.
  case any
  /// And over bool.
  case all

  /// The row of the op table that combines two partial results.
  package var combine: ElementwiseOp {
    switch self {
    case .sum, .mean: .add
    case .product: .multiply
    case .maximum: .maximum
    case .minimum: .minimum
    case .any: .bitwiseOr
    case .all: .bitwiseAnd
    }
  }

  /// The element that changes nothing (R14), or nil where `dtype` is not reduced this way.
  package func identity(_ dtype: DType) -> Scalar {
    switch self {
    case .sum, .mean, .any: Scalar(dtype: dtype, bits: 0)
    case .product:
      dtype.isFloatingPoint ? Scalar(rounding: 1, as: dtype) : Scalar(dtype: dtype, bits: 1)
    case .all: Scalar(dtype: dtype, bits: 1)
    case .maximum: dtype.lowest
    case .minimum: dtype.highest
    }
  }
}

/// The combining operations of `Op.scan`.
package enum Scan: UInt8, Sendable, Hashable, CaseIterable {
  case sum
  case product
  case maximum
  case minimum

  /// The reduction that the last element of a scan is; it says how to combine, and the identity.
  package var reduction: Reduction {
    switch self {
    case .sum: .sum
    case .product: .product
    case .maximum: .maximum
    case .minimum: .minimum
    }
  }

  /// The dtype in which elements of `dtype` are combined before each result is rounded (R36).
  package func accumulator(_ dtype: DType) -> DType {
    switch self {
    case .sum, .product: dtype.isFloatingPoint ? .float64 : dtype
    case .maximum, .minimum: dtype
    }
  }
}

/// Which extreme element `Op.argReduce` looks for (R20).
package enum ArgReduction: UInt8, Sendable, Hashable, CaseIterable {
  case maximum
  case minimum
}

extension DType {
  /// The least value: -inf for floats.
  package var lowest: Scalar {
    switch kind {
    case .float: Scalar(rounding: -.infinity, as: self)
    case .signed: Scalar(dtype: self, bits: 1 << UInt64(bitWidth - 1))
    case .bool, .unsigned: Scalar(dtype: self, bits: 0)
    }
  }

  /// The greatest value: +inf for floats.
  package var highest: Scalar {
    switch kind {
    case .float: Scalar(rounding: .infinity, as: self)
    case .signed: Scalar(dtype: self, bits: (1 << UInt64(bitWidth - 1)) &- 1)
    case .unsigned: Scalar(dtype: self, bits: bitWidth == 64 ? .max : (1 << UInt64(bitWidth)) - 1)
    case .bool: Scalar(dtype: self, bits: 1)
    }
  }
}
