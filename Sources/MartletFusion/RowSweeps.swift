// The sweeps of a row kernel over its row, and which values are kept from one sweep for later ones.

import MartletIR

/// When each value of a `row` kernel is there.
///
/// A row is run through several times. Sweep 0 computes what depends on no reduction of the row,
/// and finishes the reductions of such values; sweep 1 computes what depends on those, and so on. A
/// value that a later sweep needs is computed again there where that is cheap, and otherwise kept
/// in a row of scratch memory, so that no function is evaluated twice.
package struct RowSweeps {
  /// Per instruction: the first sweep in which its value can be computed; a reduction has its value
  /// before this sweep begins.
  package private(set) var sweeps: [Int]
  /// The values that are kept, in ascending order.
  package private(set) var kept: [Int] = []
  /// The number of sweeps.
  package private(set) var count = 1

  /// Values that take at most this weight from what is in memory are computed again.
  private static let recomputedWeight = 6

  /// The elements of a row of scratch: vectors may run over the row's end.
  package static func paddedLength(_ rowLength: Int) -> Int {
    (rowLength &+ KernelSpec.laneCount &- 1) / KernelSpec.laneCount &* KernelSpec.laneCount
  }

  package init(_ spec: KernelSpec) {
    let count = spec.instructions.count
    sweeps = [Int](repeating: 0, count: count)
    /// Whether the value differs along the row.
    var varies = [Bool](repeating: false, count: count)
    var weights = [Int](repeating: 0, count: count)
    for (index, instruction) in spec.instructions.enumerated() {
      switch instruction {
      case .input(let k): varies[index] = spec.inputs[k].access != .uniform
      case .scalar: break
      case .reduce(_, let operand): sweeps[index] = sweeps[operand] + 1
      case .elementwise, .cast, .gather:
        for operand in instruction.operands {
          sweeps[index] = Swift.max(sweeps[index], sweeps[operand])
          varies[index] = varies[index] || varies[operand]
          if varies[operand] { weights[index] += weights[operand] }
        }
        if case .gather(let k, _) = instruction, !varies[index] {
          // A row that lies somewhere else is read like any other.
          varies[index] = spec.inputs[k].access != .uniform
          continue
        }
        weights[index] = Swift.min(weights[index] + instruction.weight, 1 << 20)
      }
    }
    self.count = (sweeps.max() ?? 0) + 1

    // From the results to what they need: by the time a value is looked at, all its users are
    // settled.
    var users = [Set<Int>](repeating: [], count: count)
    for output in spec.outputs where varies[output.value] {
      users[output.value].insert(sweeps[output.value])
    }
    for index in spec.instructions.indices.reversed() {
      let instruction = spec.instructions[index]
      if case .reduce(_, let operand) = instruction {
        users[operand].insert(sweeps[operand])
        continue
      }
      guard varies[index], let first = users[index].min() else { continue }
      var evaluated = users[index]
      if evaluated.count > 1, weights[index] > RowSweeps.recomputedWeight {
        kept.append(index)
        evaluated = [first]
      }
      for operand in instruction.operands where varies[operand] {
        users[operand].formUnion(evaluated)
      }
    }
    kept.reverse()
  }
}

extension KernelSpec.Instruction {
  /// The earlier instructions that this one reads.
  package var operands: [Int] {
    switch self {
    case .input, .scalar: []
    case .elementwise(_, let operands): operands
    case .cast(let operand), .gather(_, let operand), .reduce(_, let operand): [operand]
    }
  }

  var weight: Int {
    switch self {
    case .input, .scalar: 0
    case .elementwise(let op, _): CostModel.weight(op)
    case .cast: CostModel.castWeight
    case .gather: CostModel.gatherWeight
    case .reduce(let reduction, _): CostModel.weight(reduction.combine)
    }
  }
}
