// Vectors to and from memory: whole, masked, and scattered over strides.

import CLLVM
import MartletIR

extension IRBuilder {
  /// The lanes at consecutive places from `pointer`, which points to an element; where `mask` is false
  /// nothing is read and the lane is 0.
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
