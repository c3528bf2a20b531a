// The programs of elementwise ops, with a loop and registers chosen for each machine operation.

import MartletIR
import Synchronization

/// A scalar program ready to run over blocks of elements.
///
/// Its registers are, in this order: the arguments, the result, the constants, the temporaries. A
/// temporary is used again once its last reader has run; no loop writes a register that it reads.
final class Program: Sendable {
  struct Instruction: Sendable {
    let loop: ElementLoop
    let result: Int
    let a: Int
    let b: Int
    let c: Int
  }

  struct Constant: Sendable {
    let register: Int
    let scalar: Scalar
  }

  let arity: Int
  /// The dtype of each argument that the program reads; nil for the others.
  let argumentDTypes: [DType?]
  let resultDType: DType
  let constants: [Constant]
  let instructions: [Instruction]
  let registerCount: Int
  /// The bytes of the widest element in any register.
  let elementWidth: Int

  /// The register of the result.
  var result: Int { arity }

  init(_ program: ScalarProgram, arity: Int) {
    let root = program.results[0]
    var lastUse = Array(program.instructions.indices)
    for (i, instruction) in program.instructions.enumerated() {
      guard case .operation(_, let operands) = instruction else { continue }
      for operand in operands { lastUse[operand] = i }
    }

    var registers = [Int](repeating: 0, count: program.instructions.count)
    var count = arity + 1
    var constants: [Constant] = []
    var argumentDTypes = [DType?](repeating: nil, count: arity)
    for (i, instruction) in program.instructions.enumerated() {
      switch instruction {
      case .argument(let index):
        registers[i] = index
        argumentDTypes[index] = program.dtypes[i]
      case .constant(let scalar):
        registers[i] = count
        constants.append(Constant(register: count, scalar: scalar))
        count += 1
      case .operation: break
      }
    }

    let firstTemporary = count
    var free: [Int] = []
    var instructions: [Instruction] = []
    for (i, instruction) in program.instructions.enumerated() {
      guard case .operation(let op, let operands) = instruction else { continue }
      if i == root {
        registers[i] = arity
      } else if let register = free.popLast() {
        registers[i] = register
      } else {
        registers[i] = count
        count += 1
      }
      let dtype = program.dtypes[operands[operands.count - 1]]
      guard let loop = elementLoop(op, dtype: dtype, result: program.dtypes[i]) else {
        internalError("\(op) of \(dtype) has no loop")
      }
      instructions.append(
        Instruction(
          loop: loop, result: registers[i], a: registers[operands[0]],
          b: operands.count > 1 ? registers[operands[1]] : 0,
          c: operands.count > 2 ? registers[operands[2]] : 0))
      for value in Set(operands + [i])
      where lastUse[value] == i && registers[value] >= firstTemporary {
        free.append(registers[value])
      }
    }
    if registers[root] != arity {
      let dtype = program.dtypes[root]
      guard let copy = elementLoop(.bitcast, dtype: dtype, result: dtype) else {
        internalError("\(dtype) has no copy")
      }
      instructions.append(Instruction(loop: copy, result: arity, a: registers[root], b: 0, c: 0))
    }

    self.arity = arity
    self.argumentDTypes = argumentDTypes
    self.resultDType = program.dtypes[root]
    self.constants = constants
    self.instructions = instructions
    self.registerCount = count
    self.elementWidth = program.dtypes.reduce(1) { Swift.max($0, $1.byteCount) }
  }
}

extension Program {
  /// A program that is made at its first use and never released.
  private final class Entry: Sendable {
    private let program = Atomic<Unmanaged<Program>?>(nil)

    /// Nil before the first use.
    @inline(__always)
    func load() -> Program? {
      program.load(ordering: .acquiring)?.takeUnretainedValue()
    }

    /// Keeps `made`, or what another thread has kept before.
    func keep(_ made: Program) -> Program {
      let candidate = Unmanaged.passRetained(made)
      let (exchanged, kept) = program.compareExchange(
        expected: nil, desired: candidate, ordering: .acquiringAndReleasing)
      guard !exchanged, let kept else { return made }
      candidate.release()
      return kept.takeUnretainedValue()
    }
  }

  private static let table: [Entry] =
    (0..<(ElementwiseOp.allCases.count * DType.allCases.count)).map { _ in Entry() }

  /// The program of `op` on operands of `dtype` (for `select`, of its second and third operand).
  static func of(_ op: ElementwiseOp, _ dtype: DType) -> Program {
    let entry = table[Int(op.rawValue) * DType.allCases.count + Int(dtype.rawValue)]
    return entry.load() ?? entry.keep(Program(ScalarProgram(op, dtype: dtype), arity: op.arity))
  }
}
