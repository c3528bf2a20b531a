// Vectors to and from memory: whole, masked, and scattered over strides.

import CLLVM
import MartletIR

extension IRBuilder {
  /// The lanes at consecutive places from `pointer`, which points to an element; where `mask` is
  /// false nothing is read and the lane is 0.
  func vectorLoad(
    _ element: IRType, _ pointer: Value, lanes: Int, alignment: Int, mask: Value?
  ) -> Value {
    let type = vector(element, lanes)
    let place = bitcast(pointer, self.pointer(to: type))
    guard let mask else { return load(type, place, alignment: alignment) }
    return intrinsic(
      "llvm.masked.load", [type, self.pointer(to: type)],
      [place, constant(alignment, 32), mask, zero(type)])
  }

  /// Stores the lanes where `mask` is true at consecutive places from `pointer`.
  func vectorStore(_ value: Value, _ pointer: Value, alignment: Int, mask: Value?) {
    let type = type(of: value)
    let place = bitcast(pointer, self.pointer(to: type))
    guard let mask else { return store(value, place, alignment: alignment) }
    intrinsic(
      "llvm.masked.store", [type, self.pointer(to: type)],
      [value, place, constant(alignment, 32), mask])
  }

  /// Asks for the cache line at `pointer`, which may be any address, to be read or written soon.
  ///
  /// It goes to the second-level cache: the first is small, and lines of one column of a matrix may
  /// compete for the same few places in it (the transposed operand of a 2048 x 2048 sum: 4.5 to 3.2
  /// ms).
  func prefetch(_ pointer: Value, forWriting isWritten: Bool = false) {
    let byte = self.pointer(to: integer(8))
    intrinsic(
      "llvm.prefetch", [byte],
      [bitcast(pointer, byte), constant(isWritten ? 1 : 0, 32), constant(2, 32), constant(1, 32)])
  }

  /// The lanes at `places`, a vector of pointers; 0 where `mask` is false.
  func gather(
    _ element: IRType, _ places: Value, lanes: Int, alignment: Int, mask: Value?
  ) -> Value {
    let type = vector(element, lanes)
    return intrinsic(
      "llvm.masked.gather", [type, self.type(of: places)],
      [places, constant(alignment, 32), mask ?? ones(vector(integer(1), lanes)), zero(type)])
  }

  /// Stores the lanes where `mask` is true at `places`.
  func scatter(_ value: Value, _ places: Value, lanes: Int, alignment: Int, mask: Value?) {
    intrinsic(
      "llvm.masked.scatter", [type(of: value), type(of: places)],
      [value, places, constant(alignment, 32), mask ?? ones(vector(integer(1), lanes))])
  }
}

extension ScalarEmitter {
  /// A value as it lies in memory: bool as a byte 0 or 1.
  func toMemory(_ value: Value, _ dtype: DType) -> Value {
    dtype == .bool ? b.zext(value, b.vector(b.integer(8), lanes)) : value
  }

  /// A value as it is held in registers.
  func toRegister(_ value: Value, _ dtype: DType) -> Value {
    guard dtype == .bool else { return value }
    return b.compare(LLVMIntNE, value, b.zero(b.vector(b.integer(8), lanes)))
  }
}
