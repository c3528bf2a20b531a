// Blocks, branches and counted loops.

import CLLVM
import MartletIR

extension IRBuilder {
  func block() -> Block { table.pointee.LLVMAppendBasicBlockInContext(context, function, "") }

  var current: Block {
    guard let block = table.pointee.LLVMGetInsertBlock(builder) else {
      internalError("the builder has no position")
    }
    return block
  }

  func position(_ block: Block) { table.pointee.LLVMPositionBuilderAtEnd(builder, block) }

  func branch(_ block: Block) { _ = table.pointee.LLVMBuildBr(builder, block) }

  func branch(if condition: Value, _ then: Block, else other: Block) {
    _ = table.pointee.LLVMBuildCondBr(builder, condition, then, other)
  }

  /// A branch whose first way is taken seldom: registers are kept for the second.
  func branch(ifRarely condition: Value, _ then: Block, else other: Block) {
    let branch = table.pointee.LLVMBuildCondBr(builder, condition, then, other)
    let name = "branch_weights"
    var weights: [LLVMMetadataRef?] = [
      table.pointee.LLVMMDStringInContext2(context, name, name.utf8.count),
      table.pointee.LLVMValueAsMetadata(constant(1, 32)),
      table.pointee.LLVMValueAsMetadata(constant(1000, 32)),
    ]
    let node = table.pointee.LLVMMDNodeInContext2(context, &weights, weights.count)
    table.pointee.LLVMSetMetadata(
      branch, table.pointee.LLVMGetMDKindIDInContext(context, "prof", 4),
      table.pointee.LLVMMetadataAsValue(context, node))
  }

  func ret(_ value: Value) { _ = table.pointee.LLVMBuildRet(builder, value) }

  /// A phi of the given values; more edges may be added later.
  func phi(_ incoming: [(Value, Block)]) -> Value {
    let phi = table.pointee.LLVMBuildPhi(builder, type(of: incoming[0].0), "")
    incoming.forEach { extend(phi, $0) }
    return phi
  }

  func extend(_ phi: Value, _ incoming: (Value, Block)) {
    var value = incoming.0
    var block = incoming.1
    table.pointee.LLVMAddIncoming(phi, &value, &block, 1)
  }

  /// Emits `for i = start; i <= last; i += step` with signed comparisons, and the values that each
  /// round hands to the next; returns both as they are after the loop.
  @discardableResult
  func loop(
    from start: Value, through last: Value, by step: Value, carrying initial: [Value] = [],
    _ body: (_ index: Value, _ carried: [Value]) -> [Value]
  ) -> (index: Value, carried: [Value]) {
    let (entry, header, exit) = (current, block(), block())
    branch(if: compare(LLVMIntSLE, start, last), header, else: exit)
    position(header)
    let index = phi([(start, entry)])
    let carried = initial.map { phi([($0, entry)]) }
    let results = body(index, carried)
    let next = add(index, step)
    let latch = current
    branch(if: compare(LLVMIntSLE, next, last), header, else: exit)
    extend(index, (next, latch))
    for (phi, result) in zip(carried, results) { extend(phi, (result, latch)) }
    position(exit)
    return (
      phi([(start, entry), (next, latch)]),
      zip(initial, results).map { phi([($0, entry), ($1, latch)]) }
    )
  }

  /// Emits `while condition(value) { value = body(value) }`.
  func loop(
    while condition: (Value) -> Value, from initial: Value, _ body: (Value) -> Value
  ) {
    let (entry, header, inside, exit) = (current, block(), block(), block())
    branch(header)
    position(header)
    let value = phi([(initial, entry)])
    branch(if: condition(value), inside, else: exit)
    position(inside)
    let next = body(value)
    extend(value, (next, current))
    branch(header)
    position(exit)
  }
}
