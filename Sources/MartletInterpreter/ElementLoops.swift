// One plain loop for each machine operation and dtype.

import MartletIR

/// A machine operation over `count` elements: three operand registers, of which it reads as many as
/// it has operands, into a result register that overlaps none of them.
typealias ElementLoop =
  @Sendable (
    _ result: UnsafeMutableRawPointer, _ a: UnsafeMutableRawPointer, _ b: UnsafeMutableRawPointer,
    _ c: UnsafeMutableRawPointer, _ count: Int, _ flags: inout UInt32
  ) -> Void

/// A loop of one operand.
@inline(__always)
func unary<T: Sendable, R: Sendable>(_ body: @escaping @Sendable (T) -> R) -> ElementLoop {
  { result, a, _, _, count, _ in
    let result = result.assumingMemoryBound(to: R.self)
    let a = a.assumingMemoryBound(to: T.self)
    for i in 0..<count { result[i] = body(a[i]) }
  }
}

/// A loop of two operands of one dtype.
@inline(__always)
private func binary<T: Sendable, R: Sendable>(
  _ body: @escaping @Sendable (T, T) -> R
) -> ElementLoop {
  { result, a, b, _, count, _ in
    let result = result.assumingMemoryBound(to: R.self)
    let a = a.assumingMemoryBound(to: T.self)
    let b = b.assumingMemoryBound(to: T.self)
    for i in 0..<count { result[i] = body(a[i], b[i]) }
  }
}

/// The loop of `op`, where `dtype` is that of the last operand and `result` that of the value; nil
/// where the operation is not defined for them.
func elementLoop(_ op: ScalarOp, dtype: DType, result: DType) -> ElementLoop? {
  switch op {
  case .select: bitsLoop(.select, dtype)
  case .bitcast: bitsLoop(.copy, dtype)
  case .check(let flag): bitsLoop(.check(flag), dtype)
  case .lookup(let table): lookupLoop(table)
  case .convert: conversionLoop(from: dtype, to: result).map(silent)
  default: arithmeticLoop(op, dtype)
  }
}

/// The conversion without its flag: the expressions of the op table know what they convert, only
/// `Op.cast` reports values.
private func silent(_ convert: @escaping ElementLoop) -> ElementLoop {
  { result, a, b, c, count, _ in
    var ignored: UInt32 = 0
    convert(result, a, b, c, count, &ignored)
  }
}

private func arithmeticLoop(_ op: ScalarOp, _ dtype: DType) -> ElementLoop? {
  switch dtype {
  case .bool: truthLoop(op)
  case .int8: integerLoop(op, Int8.self)
  case .int16: integerLoop(op, Int16.self)
  case .int32: integerLoop(op, Int32.self)
  case .int64: integerLoop(op, Int64.self)
  case .uint8: integerLoop(op, UInt8.self)
  case .uint16: integerLoop(op, UInt16.self)
  case .uint32: op == .multiplyHigh ? highProductLoop(UInt32.self) : integerLoop(op, UInt32.self)
  case .uint64: op == .multiplyHigh ? highProductLoop(UInt64.self) : integerLoop(op, UInt64.self)
  case .float32: floatLoop(op, Float.self)
  case .float64: floatLoop(op, Double.self)
  }
}

private func comparisonLoop<T: Element>(_ op: ScalarOp, _: T.Type) -> ElementLoop? {
  switch op {
  case .equal: binary { (a: T, b: T) in Truth(a == b) }
  case .notEqual: binary { (a: T, b: T) in Truth(a != b) }
  case .less: binary { (a: T, b: T) in Truth(a < b) }
  case .lessEqual: binary { (a: T, b: T) in Truth(a <= b) }
  default: nil
  }
}

private func truthLoop(_ op: ScalarOp) -> ElementLoop? {
  switch op {
  case .add, .or: binary { (a: UInt8, b: UInt8) in a | b }
  case .multiply, .and: binary { (a: UInt8, b: UInt8) in a & b }
  case .xor: binary { (a: UInt8, b: UInt8) in a ^ b }
  case .not: unary { (a: UInt8) in a ^ 1 }
  default: comparisonLoop(op, UInt8.self)
  }
}

private func integerLoop<T: IntegerElement>(_ op: ScalarOp, _: T.Type) -> ElementLoop? {
  switch op {
  case .add: binary { (a: T, b: T) in a &+ b }
  case .subtract: binary { (a: T, b: T) in a &- b }
  case .multiply: binary { (a: T, b: T) in a &* b }
  case .negate: unary { (a: T) in 0 &- a }
  case .absolute: unary { (a: T) in a < 0 ? 0 &- a : a }
  case .quotient:
    // The quotient that overflows, of the least integer by -1, is the least integer again.
    binary { (a: T, b: T) in b == 0 ? 0 : a.dividedReportingOverflow(by: b).partialValue }
  case .remainder:
    binary { (a: T, b: T) in b == 0 ? 0 : a.remainderReportingOverflow(dividingBy: b).partialValue }
  case .and: binary { (a: T, b: T) in a & b }
  case .or: binary { (a: T, b: T) in a | b }
  case .xor: binary { (a: T, b: T) in a ^ b }
  case .not: unary { (a: T) in ~a }
  case .shiftLeft:
    binary { (a: T, b: T) in b >= 0 && b < T(T.bitWidth) ? a &<< b : 0 }
  case .shiftRight:
    binary { (a: T, b: T) in b >= 0 && b < T(T.bitWidth) ? a &>> b : (a < 0 ? ~0 : 0) }
  default: comparisonLoop(op, T.self)
  }
}

private func highProductLoop<T: IntegerElement>(_: T.Type) -> ElementLoop {
  binary { (a: T, b: T) in a.multipliedFullWidth(by: b).high }
}

private func floatLoop<T: FloatElement>(_ op: ScalarOp, _: T.Type) -> ElementLoop? {
  switch op {
  case .add: binary { (a: T, b: T) in a + b }
  case .subtract: binary { (a: T, b: T) in a - b }
  case .multiply: binary { (a: T, b: T) in a * b }
  case .divide: binary { (a: T, b: T) in a / b }
  case .fma: fmaLoop(T.self)
  case .negate: unary { (a: T) in -a }
  case .absolute: unary { (a: T) in a.magnitude }
  case .squareRoot: unary { (a: T) in a.squareRoot() }
  case .floor: unary { (a: T) in a.rounded(.down) }
  case .ceil: unary { (a: T) in a.rounded(.up) }
  case .truncate: unary { (a: T) in a.rounded(.towardZero) }
  case .roundEven: unary { (a: T) in a.rounded(.toNearestOrEven) }
  case .remainderFloat: binary { (a: T, b: T) in a.truncatingRemainder(dividingBy: b) }
  default: comparisonLoop(op, T.self)
  }
}

private func fmaLoop<T: FloatElement>(_: T.Type) -> ElementLoop {
  { result, a, b, c, count, _ in
    let result = result.assumingMemoryBound(to: T.self)
    let a = a.assumingMemoryBound(to: T.self)
    let b = b.assumingMemoryBound(to: T.self)
    let c = c.assumingMemoryBound(to: T.self)
    for i in 0..<count { result[i] = c[i].addingProduct(a[i], b[i]) }
  }
}

/// What moves bit patterns, whatever they mean.
private enum Move {
  case copy
  case select
  case check(ValueFlag)
}

private func bitsLoop(_ move: Move, _ dtype: DType) -> ElementLoop {
  switch dtype.bits {
  case .uint8: bitsLoop(move, UInt8.self)
  case .uint16: bitsLoop(move, UInt16.self)
  case .uint32: bitsLoop(move, UInt32.self)
  default: bitsLoop(move, UInt64.self)
  }
}

private func bitsLoop<T: IntegerElement>(_ move: Move, _: T.Type) -> ElementLoop {
  switch move {
  case .copy: unary { (a: T) in a }
  case .select:
    { result, condition, a, b, count, _ in
      let result = result.assumingMemoryBound(to: T.self)
      let condition = condition.assumingMemoryBound(to: UInt8.self)
      let a = a.assumingMemoryBound(to: T.self)
      let b = b.assumingMemoryBound(to: T.self)
      for i in 0..<count {
        // Both are read before the choice, which lets the loop run in vectors.
        let (x, y) = (a[i], b[i])
        result[i] = condition[i] != 0 ? x : y
      }
    }
  case .check(let flag):
    { result, condition, value, _, count, flags in
      let result = result.assumingMemoryBound(to: T.self)
      let condition = condition.assumingMemoryBound(to: UInt8.self)
      let value = value.assumingMemoryBound(to: T.self)
      var raised: UInt8 = 0
      for i in 0..<count { raised |= condition[i] }
      for i in 0..<count { result[i] = value[i] }
      if raised != 0 { flags |= flag.rawValue }
    }
  }
}

private func lookupLoop(_ table: ScalarTable) -> ElementLoop {
  switch table.dtype.bits {
  case .uint8: lookupLoop(table, UInt8.self)
  case .uint16: lookupLoop(table, UInt16.self)
  case .uint32: lookupLoop(table, UInt32.self)
  default: lookupLoop(table, UInt64.self)
  }
}

private func lookupLoop<T: IntegerElement>(_ table: ScalarTable, _: T.Type) -> ElementLoop {
  let elements = table.elements.map { T(truncatingIfNeeded: $0) }
  return { result, a, _, _, count, _ in
    let result = result.assumingMemoryBound(to: T.self)
    let a = a.assumingMemoryBound(to: Int32.self)
    for i in 0..<count { result[i] = elements[Int(a[i])] }
  }
}
