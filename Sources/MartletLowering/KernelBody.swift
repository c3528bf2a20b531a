// A kernel's straight-line code in machine operations, with every value computed once and no
// oftener than it changes.

import MartletFusion
import MartletIR

/// The body of a `KernelSpec` with its ops expanded to `ScalarOp`s and equal values shared.
struct KernelBody {
  enum Instruction: Hashable {
    case input(Int)
    case scalar(Int)
    case constant(Scalar)
    case operation(ScalarOp, [Int])
    /// How far the place that an index names lies from the first one of a gathered input, in
    /// elements; raises `badIndex`.
    case place(Int, Int)
    /// An element of a gathered input, at a place.
    case gather(Int, Int)
    /// The operand reduced over its row, in the family `row`.
    case reduce(Reduction, Int)

    var operands: [Int] {
      switch self {
      case .input, .scalar, .constant: []
      case .operation(_, let operands): operands
      case .place(_, let operand), .gather(_, let operand), .reduce(_, let operand): [operand]
      }
    }
  }

  /// How often a value changes.
  enum Rate: Comparable {
    /// Once a launch: scalars, and what follows from them.
    case launch
    /// Once a row of the innermost axis: uniform inputs, reductions of the row, and where a
    /// gathered row lies.
    case row
    case element
  }

  private(set) var instructions: [Instruction] = []
  private(set) var dtypes: [DType] = []
  private(set) var rates: [Rate] = []
  /// The sweep over the row, in a row kernel, from which on the value can be computed
  /// (`RowSweeps`).
  private(set) var sweeps: [Int] = []
  /// Whether an output depends on the value.
  private(set) var isLive: [Bool] = []
  /// One value an output of the spec.
  private(set) var results: [Int] = []
  /// What each instruction of the spec became.
  private(set) var numbers: [Int] = []

  private struct Key: Hashable {
    let instruction: Instruction
    let dtype: DType
  }
  private var known: [Key: Int] = [:]

  private struct Row: Hashable {
    let op: ElementwiseOp
    let dtype: DType
  }

  init(_ spec: KernelSpec) {
    var programs: [Row: ScalarProgram] = [:]
    for (instruction, dtype) in zip(spec.instructions, spec.dtypes) {
      switch instruction {
      case .input(let k):
        numbers.append(add(.input(k), dtype, spec.inputs[k].access == .uniform ? .row : .element))
      case .scalar(let k):
        numbers.append(add(.scalar(k), dtype, .launch))
      case .cast(let source):
        numbers.append(cast(numbers[source], to: dtype))
      case .gather(let k, let index):
        // A flag is raised for a row that the share of the work holds, so not once a launch.
        let rate = max(.row, rates[numbers[index]])
        let place = add(.place(k, numbers[index]), .int64, rate)
        let isUniform = spec.inputs[k].access == .uniform
        numbers.append(add(.gather(k, place), dtype, isUniform ? rate : .element))
      case .reduce(let reduction, let source):
        numbers.append(add(.reduce(reduction, numbers[source]), dtype, .row))
      case .elementwise(let op, let sources):
        // The program is of the last operand's dtype: only a choice's condition differs from it.
        let operands = sources.map { numbers[$0] }
        let row = Row(op: op, dtype: dtypes[operands[operands.count - 1]])
        let program = programs[row] ?? ScalarProgram(op, dtype: row.dtype)
        programs[row] = program
        numbers.append(append(program, operands))
      }
    }
    results = spec.outputs.map { numbers[$0.value] }
    isLive = [Bool](repeating: false, count: instructions.count)
    for result in results { isLive[result] = true }
    for index in instructions.indices.reversed() where isLive[index] {
      for operand in instructions[index].operands { isLive[operand] = true }
    }
  }

  /// Appends a conversion; one from float to integer raises `invalidCast` where no integer of the
  /// dtype is what the float truncates to (R10).
  private mutating func cast(_ operand: Int, to dtype: DType) -> Int {
    let source = dtypes[operand]
    if source == dtype { return operand }
    let converted = add(.operation(.convert, [operand]), dtype)
    guard source.isFloatingPoint, dtype.isInteger else { return converted }
    let bits = dtype.bitWidth - (dtype.isSigned ? 1 : 0)
    let upper = Double(sign: .plus, exponent: bits, significand: 1)
    let lower = dtype.isSigned ? -upper : 0
    func bound(_ value: Double) -> Scalar { Scalar(rounding: value, as: source) }
    let isBelow = add(
      .operation(.less, [operand, add(.constant(bound(upper)), source, .launch)]), .bool)
    // What lies between lower - 1 and lower truncates to lower, where the float's precision has it.
    let least = bound(lower - 1) == bound(lower) ? bound(lower) : bound(lower - 1)
    let bottom = add(.constant(least), source, .launch)
    let isAbove = add(
      .operation(least == bound(lower) ? .lessEqual : .less, [bottom, operand]), .bool)
    let fits = add(.operation(.and, [isBelow, isAbove]), .bool)
    let isInvalid = add(.operation(.not, [fits]), .bool)
    return add(.operation(.check(.invalidCast), [isInvalid, converted]), dtype)
  }

  /// Appends `program` with `arguments` for its arguments; returns its result.
  private mutating func append(_ program: ScalarProgram, _ arguments: [Int]) -> Int {
    var numbers: [Int] = []
    for (instruction, dtype) in zip(program.instructions, program.dtypes) {
      switch instruction {
      case .argument(let k): numbers.append(arguments[k])
      case .constant(let scalar): numbers.append(add(.constant(scalar), dtype, .launch))
      case .operation(let op, let operands):
        numbers.append(add(.operation(op, operands.map { numbers[$0] }), dtype))
      }
    }
    return numbers[program.results[0]]
  }

  private mutating func add(
    _ instruction: Instruction, _ dtype: DType, _ rate: Rate? = nil
  ) -> Int {
    let key = Key(instruction: instruction, dtype: dtype)
    if let number = known[key] { return number }
    instructions.append(instruction)
    dtypes.append(dtype)
    rates.append(rate ?? inferredRate(instruction))
    let sweep = instruction.operands.reduce(0) { max($0, sweeps[$1]) }
    if case .reduce = instruction { sweeps.append(sweep + 1) } else { sweeps.append(sweep) }
    known[key] = instructions.count - 1
    return instructions.count - 1
  }

  private func inferredRate(_ instruction: Instruction) -> Rate {
    guard case .operation(let op, let operands) = instruction else { return .element }
    // Flags are raised for elements that the share of the work holds, so checks stay in the loop.
    if case .check = op { return .element }
    return operands.reduce(.launch) { max($0, rates[$1]) }
  }

  /// The values that `roots` take for every element, each after its operands; `isKnown` tells those
  /// that are there already.
  func elements(for roots: [Int], isKnown: (Int) -> Bool = { _ in false }) -> [Int] {
    var isNeeded = [Bool](repeating: false, count: instructions.count)
    for root in roots where rates[root] == .element { isNeeded[root] = true }
    for index in instructions.indices.reversed() where isNeeded[index] && !isKnown(index) {
      for operand in instructions[index].operands where rates[operand] == .element {
        isNeeded[operand] = true
      }
    }
    return isNeeded.indices.filter { isNeeded[$0] }
  }

  /// The operations that are done for every element.
  var elementOperations: [ScalarOp] {
    instructions.indices.compactMap { index in
      guard isLive[index], rates[index] == .element,
        case .operation(let op, _) = instructions[index]
      else { return nil }
      return op
    }
  }

  /// The tables that live lookups read.
  var tables: Set<ScalarTable> {
    var tables: Set<ScalarTable> = []
    for index in instructions.indices where isLive[index] {
      if case .operation(.lookup(let table), _) = instructions[index] { tables.insert(table) }
    }
    return tables
  }

  var raisesFlags: Bool {
    instructions.indices.contains { isLive[$0] && raisesFlag($0) }
  }

  private func raisesFlag(_ index: Int) -> Bool {
    switch instructions[index] {
    case .operation(.check, _), .place: true
    default: false
    }
  }

  /// Whether the value is computed for every element, chosen or not: it raises a flag, or reads
  /// memory.
  func isUnconditional(_ index: Int) -> Bool {
    if case .gather = instructions[index] { return true }
    return raisesFlag(index)
  }
}
