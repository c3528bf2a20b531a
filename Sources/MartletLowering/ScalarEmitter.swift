// Machine operations as vector instructions, bit for bit as `ScalarOp` documents them.

import CLLVM
import MartletIR

/// Emits operations on values of `lanes` elements, or on single elements where `lanes` is 1.
///
/// An instruction that is undefined for some operands (`sdiv`, `shl`, `fptosi`, ...) gets operands
/// that were replaced beforehand: LLVM deletes a repair that comes afterwards.
struct ScalarEmitter {
  let b: IRBuilder
  let lanes: Int
  let tables: [ScalarTable: Value]

  /// A value with its dtype; constants are known as numbers too.
  struct Operand {
    let value: Value
    let dtype: DType
    var constant: Scalar?
  }

  func type(_ dtype: DType) -> IRType { b.vector(b.register(dtype), lanes) }

  func constant(_ bits: UInt64, _ dtype: DType) -> Value {
    b.constant(bits, dtype, lanes: lanes)
  }

  func rounded(_ value: Double, _ dtype: DType) -> Value {
    constant(Scalar(rounding: value, as: dtype).bits, dtype)
  }

  /// `op` on `x`, a value of `dtype`; a check gives its value, and its flag is the caller's part.
  func emit(_ op: ScalarOp, _ x: [Operand], _ dtype: DType) -> Value {
    let a = x[0].value
    switch op {
    case .add, .subtract, .multiply, .divide, .and, .or, .xor, .remainderFloat:
      return binary(op, a, x[1].value, dtype)
    case .quotient: return quotient(x[0], x[1]).quotient
    case .remainder: return quotient(x[0], x[1]).remainder
    case .multiplyHigh: return highProduct(a, x[1].value, dtype)
    case .fma: return floating("llvm.fma", [a, x[1].value, x[2].value])
    case .negate:
      return dtype.isFloatingPoint ? b.fneg(a) : b.subtract(b.zero(type(dtype)), a)
    case .absolute: return absolute(a, dtype)
    case .squareRoot: return floating("llvm.sqrt", [a])
    case .floor: return floating("llvm.floor", [a])
    case .ceil: return floating("llvm.ceil", [a])
    case .truncate: return floating("llvm.trunc", [a])
    case .roundEven: return floating("llvm.roundeven", [a])
    case .not: return b.not(a)
    case .shiftLeft: return shiftLeft(x[0], x[1])
    case .shiftRight: return shiftRight(x[0], x[1])
    case .equal, .notEqual, .less, .lessEqual: return comparison(op, x[0], x[1])
    case .select:
      if dtype.isFloatingPoint, let first = x[1].constant, let second = x[2].constant {
        return choice(a, first, second)
      }
      return select(a, x[1].value, x[2].value, dtype)
    case .convert: return convert(x[0], to: dtype)
    case .bitcast: return b.bitcast(a, type(dtype))
    case .lookup(let table): return lookup(table, a)
    case .check: return x[1].value
    }
  }

  /// The values of `program` on `arguments`, for programs of one result.
  func emit(_ program: ScalarProgram, _ arguments: [Value]) -> Value {
    var operands: [Operand] = []
    for (instruction, dtype) in zip(program.instructions, program.dtypes) {
      switch instruction {
      case .argument(let k): operands.append(Operand(value: arguments[k], dtype: dtype))
      case .constant(let scalar):
        operands.append(
          Operand(value: constant(scalar.bits, dtype), dtype: dtype, constant: scalar))
      case .operation(let op, let sources):
        let value = emit(op, sources.map { operands[$0] }, dtype)
        operands.append(Operand(value: value, dtype: dtype))
      }
    }
    return operands[program.results[0]].value
  }

  private func binary(_ op: ScalarOp, _ x: Value, _ y: Value, _ dtype: DType) -> Value {
    switch (op, dtype.kind) {
    case (.add, .float): b.fadd(x, y)
    case (.add, .bool): b.or(x, y)
    case (.add, _): b.add(x, y)
    case (.subtract, .float): b.fsub(x, y)
    case (.subtract, _): b.subtract(x, y)
    case (.multiply, .float): b.fmul(x, y)
    case (.multiply, .bool): b.and(x, y)
    case (.multiply, _): b.multiply(x, y)
    case (.divide, .float): b.fdiv(x, y)
    case (.remainderFloat, .float): b.frem(x, y)
    case (.and, _): b.and(x, y)
    case (.or, _): b.or(x, y)
    case (.xor, _): b.xor(x, y)
    default: internalError("\(op) of \(dtype)")
    }
  }

  private func floating(_ name: String, _ operands: [Value]) -> Value {
    b.intrinsic(name, [b.type(of: operands[0])], operands)
  }

  private func absolute(_ x: Value, _ dtype: DType) -> Value {
    switch dtype.kind {
    case .float: return floating("llvm.fabs", [x])
    case .signed:
      let zero = b.zero(type(dtype))
      return b.select(b.compare(LLVMIntSLT, x, zero), b.subtract(zero, x), x)
    case .bool, .unsigned: return x
    }
  }

  /// The truncated quotient and its remainder (R2, R3).
  ///
  /// Integers of at most 32 bits divide as floats of twice the precision: a quotient that is not an
  /// integer differs from the nearest one by more than its rounding error, so truncation is exact.
  private func quotient(_ x: Operand, _ y: Operand) -> (quotient: Value, remainder: Value) {
    let dtype = x.dtype
    let zero = b.zero(type(dtype))
    let one = constant(1, dtype)
    let isZero = b.compare(LLVMIntEQ, y.value, zero)
    var isUnfit = isZero
    if dtype.isSigned {
      let isLeast = b.compare(LLVMIntEQ, x.value, constant(dtype.lowest.bits, dtype))
      let isMinusOne = b.compare(LLVMIntEQ, y.value, b.ones(type(dtype)))
      isUnfit = b.or(isZero, b.and(isLeast, isMinusOne))
    }
    // The least integer by 1 is what it shall be by -1; both remainders by 1 are 0.
    let divisor = b.select(isUnfit, one, y.value)
    if dtype.bitWidth <= 32 {
      let float = type(dtype.bitWidth <= 16 ? .float32 : .float64)
      let floats = [x.value, divisor].map {
        dtype.isSigned ? b.sitofp($0, float) : b.uitofp($0, float)
      }
      let ratio = b.fdiv(floats[0], floats[1])
      // Narrow quotients pass through 32 bits, for which there are vector instructions.
      let isNarrow = dtype.bitWidth <= 16
      let whole =
        dtype.isSigned || isNarrow ? b.fptosi(ratio, type(.int32)) : b.fptoui(ratio, type(dtype))
      let q = isNarrow ? b.trunc(whole, type(dtype)) : whole
      let remainder = b.subtract(x.value, b.multiply(q, divisor))
      return (b.select(isZero, zero, q), remainder)
    }
    let q = dtype.isSigned ? b.sdiv(x.value, divisor) : b.udiv(x.value, divisor)
    let remainder = b.subtract(x.value, b.multiply(q, divisor))
    return (b.select(isZero, zero, q), remainder)
  }

  private func highProduct(_ x: Value, _ y: Value, _ dtype: DType) -> Value {
    let half = constant(32, .uint64)
    guard dtype == .uint64 else {
      let wide = type(.uint64)
      return b.trunc(b.lshr(b.multiply(b.zext(x, wide), b.zext(y, wide)), half), type(dtype))
    }
    // x y = xh yh 2^64 + (xh yl + xl yh) 2^32 + xl yl, in sums that stay below 2^64.
    let low = constant(0xffff_ffff, .uint64)
    let (xl, xh, yl, yh) = (b.and(x, low), b.lshr(x, half), b.and(y, low), b.lshr(y, half))
    let first = b.add(b.multiply(xh, yl), b.lshr(b.multiply(xl, yl), half))
    let second = b.add(b.multiply(xl, yh), b.and(first, low))
    return b.add(b.multiply(xh, yh), b.add(b.lshr(first, half), b.lshr(second, half)))
  }

  /// The count, replaced by a legal one where it is not below the width, and where it was legal;
  /// nil for a constant that is.
  private func guarded(_ count: Operand) -> (count: Value, isLegal: Value)? {
    let width = UInt64(count.dtype.bitWidth)
    if let known = count.constant, known.bits < width { return nil }
    let isLegal = b.compare(LLVMIntULT, count.value, constant(width, count.dtype))
    return (b.select(isLegal, count.value, constant(width - 1, count.dtype)), isLegal)
  }

  private func shiftLeft(_ x: Operand, _ count: Operand) -> Value {
    guard let legal = guarded(count) else { return b.shl(x.value, count.value) }
    return b.select(legal.isLegal, b.shl(x.value, legal.count), b.zero(type(x.dtype)))
  }

  private func shiftRight(_ x: Operand, _ count: Operand) -> Value {
    let legal = guarded(count)
    let by = legal?.count ?? count.value
    // A signed value shifted by the width less one is all sign, as over-wide counts ask.
    if x.dtype.isSigned { return b.ashr(x.value, by) }
    let shifted = b.lshr(x.value, by)
    return legal.map { b.select($0.isLegal, shifted, b.zero(type(x.dtype))) } ?? shifted
  }

  private func comparison(_ op: ScalarOp, _ x: Operand, _ y: Operand) -> Value {
    let (u, v) = (x.value, y.value)
    switch (op, x.dtype.kind) {
    case (.equal, .float): return b.compare(LLVMRealOEQ, u, v)
    case (.notEqual, .float): return b.compare(LLVMRealUNE, u, v)
    case (.less, .float): return b.compare(LLVMRealOLT, u, v)
    case (.lessEqual, .float): return b.compare(LLVMRealOLE, u, v)
    case (.equal, .bool): return b.not(b.xor(u, v))
    case (.notEqual, .bool): return b.xor(u, v)
    case (.less, .bool): return b.and(b.not(u), v)
    case (.lessEqual, .bool): return b.or(b.not(u), v)
    case (.equal, _): return b.compare(LLVMIntEQ, u, v)
    case (.notEqual, _): return b.compare(LLVMIntNE, u, v)
    case (.less, .signed): return b.compare(LLVMIntSLT, u, v)
    case (.lessEqual, .signed): return b.compare(LLVMIntSLE, u, v)
    case (.less, _): return b.compare(LLVMIntULT, u, v)
    default: return b.compare(LLVMIntULE, u, v)
    }
  }

  func select(_ condition: Value, _ x: Value, _ y: Value, _ dtype: DType) -> Value {
    guard dtype == .bool else { return b.select(condition, x, y) }
    return b.or(b.and(condition, x), b.and(b.not(condition), y))
  }

  /// One of two floating constants, chosen as bit patterns.
  ///
  /// LLVM folds operations into a select of floating constants (0 / (c ? 1 : 0) is c ? 0 : NaN),
  /// and from version 15 on it may take that select of 0 and NaN for 0.
  func choice(_ condition: Value, _ x: Scalar, _ y: Scalar) -> Value {
    let bits = x.dtype.bits
    return b.bitcast(
      b.select(condition, constant(x.bits, bits), constant(y.bits, bits)), type(x.dtype))
  }

  private func lookup(_ table: ScalarTable, _ index: Value) -> Value {
    guard let global = tables[table] else { internalError("table \(table.name) is not defined") }
    let element = b.memory(table.dtype)
    let start = b.bitcast(global, b.pointer(to: element))
    let places = b.element(element, start, index)
    if lanes == 1 { return b.load(element, places, alignment: table.dtype.byteCount) }
    return b.gather(element, places, lanes: lanes, alignment: table.dtype.byteCount, mask: nil)
  }
}
