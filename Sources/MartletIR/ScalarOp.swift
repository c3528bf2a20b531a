// The machine operations: the closed set of element operations that both engines execute.

/// An operation on elements that the interpreter runs as a loop and the compiler as instructions.
///
/// Everything an elementwise op means is written in these (`ScalarExpr`), so a new op needs no new
/// code in either engine. Unless a case says otherwise the operands and the result share one dtype.
package enum ScalarOp: Sendable, Hashable {
  /// Wrapping for integers (R1), IEEE for floats; for bool `add` is or, `multiply` is and (R38).
  case add
  case subtract
  case multiply
  /// IEEE division; floats only.
  case divide
  /// `a * b + c` with one rounding; floats only.
  case fma
  case negate
  /// The absolute value; the least signed integer is its own.
  case absolute
  /// Correctly rounded; floats only, as are the next five.
  case squareRoot
  case floor
  case ceil
  case truncate
  /// To the nearest integer, ties to even, keeping -0.
  case roundEven
  /// The exact remainder of the truncated quotient, with the sign of the dividend (C's fmod).
  case remainderFloat
  /// Truncated integer quotient; by 0 it is 0, and the least integer by -1 is itself (R2).
  case quotient
  /// The remainder of `quotient`; by 0 and by -1 it is 0 (R3).
  case remainder
  /// The high half of the double-width product; uint32 and uint64 only.
  case multiplyHigh
  /// Bitwise on integers, logical on bool.
  case and
  case or
  case xor
  case not
  /// 0 where the count is negative or not below the width (R7).
  case shiftLeft
  /// Arithmetic on signed integers; over-wide and negative counts give 0, or -1 for x < 0 (R8).
  case shiftRight
  /// IEEE comparisons: the result is bool.
  case equal
  case notEqual
  case less
  case lessEqual
  /// `(bool, a, b)`: a where the first is true, else b, bit for bit.
  case select
  /// From the operand's dtype to the node's (R10-R13): saturating from float to integer, NaN to 0.
  case convert
  /// The operand's bits in a dtype of the same width.
  case bitcast
  /// The element of a constant table at an int32 index, which the expression keeps in range.
  case lookup(ScalarTable)
  /// `(condition, value)`: the value; the kernel raises the flag if any element's condition holds.
  case check(ValueFlag)

  /// How many operands the operation takes.
  package var arity: Int {
    switch self {
    case .negate, .absolute, .squareRoot, .floor, .ceil, .truncate, .roundEven, .not, .convert,
      .bitcast, .lookup:
      1
    case .fma, .select: 3
    case .add, .subtract, .multiply, .divide, .remainderFloat, .quotient, .remainder,
      .multiplyHigh, .and, .or, .xor, .shiftLeft, .shiftRight, .equal, .notEqual, .less,
      .lessEqual, .check:
      2
    }
  }
}

/// A constant table that expressions look elements up in; equal tables are one table.
package struct ScalarTable: Sendable, Hashable {
  /// The name in dumps and in the object code.
  package let name: String
  package let dtype: DType
  /// The elements' bit patterns, zero-extended.
  package let elements: [UInt64]

  package init(_ name: String, _ dtype: DType, _ elements: [UInt64]) {
    self.name = name
    self.dtype = dtype
    self.elements = elements
  }
}

/// What a run may report about values (R47); a kernel returns the flags it raised, or-ed together.
package enum ValueFlag: UInt32, Sendable, Hashable, CaseIterable {
  case divideByZero = 1
  case invalidCast = 2
  case badIndex = 4
  case negativeIntegerPower = 8
}
