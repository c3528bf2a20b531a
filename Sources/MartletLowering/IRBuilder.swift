// Instructions, types and constants of LLVM in the few forms that kernels are made of.

import CLLVM
import MartletIR

typealias Value = LLVMValueRef
typealias IRType = LLVMTypeRef
typealias Block = LLVMBasicBlockRef

/// Appends instructions to a function; the handles belong to the module's owner.
///
/// It offers neither fast-math flags nor `nsw`/`nuw`, so no kernel can have them. Pointers keep
/// their element type, as LLVM 14 asks; under opaque pointers the bitcasts vanish.
struct IRBuilder {
  let table: UnsafePointer<martlet_llvm>
  let context: LLVMContextRef
  let module: LLVMModuleRef
  let builder: LLVMBuilderRef
  let function: Value

  // Types.

  func integer(_ width: Int) -> IRType {
    table.pointee.LLVMIntTypeInContext(context, UInt32(width))
  }

  /// The type of an element in a register: bool is one bit.
  func register(_ dtype: DType) -> IRType { dtype == .bool ? integer(1) : memory(dtype) }

  /// The type of an element in memory: bool is one byte.
  func memory(_ dtype: DType) -> IRType {
    switch dtype {
    case .float32: table.pointee.LLVMFloatTypeInContext(context)
    case .float64: table.pointee.LLVMDoubleTypeInContext(context)
    default: integer(dtype.bitWidth)
    }
  }

  /// `lanes` elements; one lane is the element itself.
  func vector(_ element: IRType, _ lanes: Int) -> IRType {
    lanes == 1 ? element : table.pointee.LLVMVectorType(element, UInt32(lanes))
  }

  func pointer(to type: IRType) -> IRType { table.pointee.LLVMPointerType(type, 0) }

  func type(of value: Value) -> IRType { table.pointee.LLVMTypeOf(value) }

  // Constants.

  func constant(_ value: Int, _ width: Int = 64) -> Value {
    table.pointee.LLVMConstInt(integer(width), UInt64(bitPattern: Int64(value)), 0)
  }

  func constants(_ elements: [Value]) -> Value {
    var elements = elements
    return table.pointee.LLVMConstVector(&elements, UInt32(elements.count))
  }

  func zero(_ type: IRType) -> Value { table.pointee.LLVMConstNull(type) }
  func ones(_ type: IRType) -> Value { table.pointee.LLVMConstAllOnes(type) }
  func undefined(_ type: IRType) -> Value { table.pointee.LLVMGetUndef(type) }

  /// The element `bits` of `dtype`, in every one of `lanes` lanes.
  func constant(_ bits: UInt64, _ dtype: DType, lanes: Int) -> Value {
    let type = integer(dtype == .bool ? 1 : dtype.bitWidth)
    let element = table.pointee.LLVMConstInt(type, bits, 0)
    let pattern = lanes == 1 ? element : constants([Value](repeating: element, count: lanes))
    return dtype.isFloatingPoint ? bitcast(pattern, vector(memory(dtype), lanes)) : pattern
  }

  /// The lanes' numbers from 0 on, as integers of `width` bits.
  func iota(_ lanes: Int, _ width: Int) -> Value {
    lanes == 1 ? constant(0, width) : constants((0..<lanes).map { constant($0, width) })
  }

  // Arithmetic.

  func add(_ a: Value, _ b: Value) -> Value { table.pointee.LLVMBuildAdd(builder, a, b, "") }
  func subtract(_ a: Value, _ b: Value) -> Value { table.pointee.LLVMBuildSub(builder, a, b, "") }
  func multiply(_ a: Value, _ b: Value) -> Value { table.pointee.LLVMBuildMul(builder, a, b, "") }
  func sdiv(_ a: Value, _ b: Value) -> Value { table.pointee.LLVMBuildSDiv(builder, a, b, "") }
  func udiv(_ a: Value, _ b: Value) -> Value { table.pointee.LLVMBuildUDiv(builder, a, b, "") }
  func srem(_ a: Value, _ b: Value) -> Value { table.pointee.LLVMBuildSRem(builder, a, b, "") }
  func urem(_ a: Value, _ b: Value) -> Value { table.pointee.LLVMBuildURem(builder, a, b, "") }
  func fadd(_ a: Value, _ b: Value) -> Value { table.pointee.LLVMBuildFAdd(builder, a, b, "") }
  func fsub(_ a: Value, _ b: Value) -> Value { table.pointee.LLVMBuildFSub(builder, a, b, "") }
  func fmul(_ a: Value, _ b: Value) -> Value { table.pointee.LLVMBuildFMul(builder, a, b, "") }
  func fdiv(_ a: Value, _ b: Value) -> Value { table.pointee.LLVMBuildFDiv(builder, a, b, "") }
  func frem(_ a: Value, _ b: Value) -> Value { table.pointee.LLVMBuildFRem(builder, a, b, "") }
  func fneg(_ a: Value) -> Value { table.pointee.LLVMBuildFNeg(builder, a, "") }
  func and(_ a: Value, _ b: Value) -> Value { table.pointee.LLVMBuildAnd(builder, a, b, "") }
  func or(_ a: Value, _ b: Value) -> Value { table.pointee.LLVMBuildOr(builder, a, b, "") }
  func xor(_ a: Value, _ b: Value) -> Value { table.pointee.LLVMBuildXor(builder, a, b, "") }
  func not(_ a: Value) -> Value { table.pointee.LLVMBuildNot(builder, a, "") }
  func shl(_ a: Value, _ b: Value) -> Value { table.pointee.LLVMBuildShl(builder, a, b, "") }
  func lshr(_ a: Value, _ b: Value) -> Value { table.pointee.LLVMBuildLShr(builder, a, b, "") }
  func ashr(_ a: Value, _ b: Value) -> Value { table.pointee.LLVMBuildAShr(builder, a, b, "") }

  func compare(_ predicate: LLVMIntPredicate, _ a: Value, _ b: Value) -> Value {
    table.pointee.LLVMBuildICmp(builder, predicate, a, b, "")
  }

  func compare(_ predicate: LLVMRealPredicate, _ a: Value, _ b: Value) -> Value {
    table.pointee.LLVMBuildFCmp(builder, predicate, a, b, "")
  }

  func select(_ condition: Value, _ a: Value, _ b: Value) -> Value {
    table.pointee.LLVMBuildSelect(builder, condition, a, b, "")
  }

  /// The lesser of two signed integers.
  func least(_ a: Value, _ b: Value) -> Value { select(compare(LLVMIntSLT, a, b), a, b) }

  // Casts.

  func bitcast(_ a: Value, _ type: IRType) -> Value {
    table.pointee.LLVMBuildBitCast(builder, a, type, "")
  }
  func trunc(_ a: Value, _ type: IRType) -> Value {
    table.pointee.LLVMBuildTrunc(builder, a, type, "")
  }
  func zext(_ a: Value, _ type: IRType) -> Value {
    table.pointee.LLVMBuildZExt(builder, a, type, "")
  }
  func sext(_ a: Value, _ type: IRType) -> Value {
    table.pointee.LLVMBuildSExt(builder, a, type, "")
  }
  func sitofp(_ a: Value, _ type: IRType) -> Value {
    table.pointee.LLVMBuildSIToFP(builder, a, type, "")
  }
  func uitofp(_ a: Value, _ type: IRType) -> Value {
    table.pointee.LLVMBuildUIToFP(builder, a, type, "")
  }
  func fptosi(_ a: Value, _ type: IRType) -> Value {
    table.pointee.LLVMBuildFPToSI(builder, a, type, "")
  }
  func fptoui(_ a: Value, _ type: IRType) -> Value {
    table.pointee.LLVMBuildFPToUI(builder, a, type, "")
  }
  func fpext(_ a: Value, _ type: IRType) -> Value {
    table.pointee.LLVMBuildFPExt(builder, a, type, "")
  }
  func fptrunc(_ a: Value, _ type: IRType) -> Value {
    table.pointee.LLVMBuildFPTrunc(builder, a, type, "")
  }

  // Lanes.

  /// `element` in every lane.
  func splat(_ element: Value, _ lanes: Int) -> Value {
    guard lanes > 1 else { return element }
    let type = vector(type(of: element), lanes)
    return shuffle(
      insert(element, into: undefined(type), 0), [Int](repeating: 0, count: lanes))
  }

  /// `a` with `element` in lane `lane`.
  func insert(_ element: Value, into a: Value, _ lane: Int) -> Value {
    table.pointee.LLVMBuildInsertElement(builder, a, element, constant(lane, 32), "")
  }

  /// The lanes of `a` at `indices`; the element itself where there is one.
  func shuffle(_ a: Value, _ indices: [Int]) -> Value {
    if indices.count == 1 {
      return table.pointee.LLVMBuildExtractElement(builder, a, constant(indices[0], 32), "")
    }
    return table.pointee.LLVMBuildShuffleVector(
      builder, a, undefined(type(of: a)), constants(indices.map { constant($0, 32) }), "")
  }

  /// Lanes of `a`, numbered from 0, and of `b`, numbered on, at `indices`.
  func shuffle(_ a: Value, _ b: Value, _ indices: [Int]) -> Value {
    table.pointee.LLVMBuildShuffleVector(
      builder, a, b, constants(indices.map { constant($0, 32) }), "")
  }

  // Memory.

  /// `count` elements of `type` on the stack for the whole call, whatever the builder's position.
  func slot(_ type: IRType, count: Int = 1, alignment: Int = 64) -> Value {
    let here = current
    let entry = table.pointee.LLVMGetEntryBasicBlock(function)
    if let end = table.pointee.LLVMGetBasicBlockTerminator(entry) {
      table.pointee.LLVMPositionBuilderBefore(builder, end)
    }
    let slot =
      count == 1
      ? table.pointee.LLVMBuildAlloca(builder, type, "")
      : table.pointee.LLVMBuildArrayAlloca(builder, type, constant(count), "")
    table.pointee.LLVMSetAlignment(slot, UInt32(alignment))
    position(here)
    return slot
  }

  func load(_ type: IRType, _ pointer: Value, alignment: Int) -> Value {
    let value = table.pointee.LLVMBuildLoad2(builder, type, pointer, "")
    table.pointee.LLVMSetAlignment(value, UInt32(alignment))
    return value
  }

  func store(_ value: Value, _ pointer: Value, alignment: Int) {
    let store = table.pointee.LLVMBuildStore(builder, value, pointer)
    table.pointee.LLVMSetAlignment(store, UInt32(alignment))
  }

  /// `index` elements of `type` after `pointer`; a vector of indices gives a vector of pointers.
  func element(_ type: IRType, _ pointer: Value, _ index: Value) -> Value {
    var indices = [index]
    return table.pointee.LLVMBuildGEP2(builder, type, pointer, &indices, 1, "")
  }

  /// Calls the intrinsic `name`, overloaded for `types`.
  @discardableResult
  func intrinsic(_ name: String, _ types: [IRType], _ arguments: [Value]) -> Value {
    let id = name.withCString { table.pointee.LLVMLookupIntrinsicID($0, name.utf8.count) }
    if id == 0 { internalError("LLVM has no intrinsic \(name)") }
    var types = types
    var arguments = arguments
    let count = types.count
    let callee = table.pointee.LLVMGetIntrinsicDeclaration(module, id, &types, count)
    let type = table.pointee.LLVMIntrinsicGetType(context, id, &types, count)
    return table.pointee.LLVMBuildCall2(
      builder, type, callee, &arguments, UInt32(arguments.count), "")
  }
}
