// The order of a body's operations, with costly and rare sides of choices put behind branches.

import MartletIR

/// The operations that are done for every element, in an order that respects their operands.
struct BodySchedule {
  /// Operations that only one side of some selects reads, all of the same condition.
  ///
  /// They are skipped where no lane takes that side. No flag is raised among them, and they read no
  /// memory but tables, so nothing but time depends on it.
  struct Branch {
    let condition: Int
    /// The side of the selects: true for the second operand.
    let side: Bool
    let members: [Int]
    /// The members that the operations outside read.
    let escaping: [Int]
  }

  enum Entry {
    case value(Int)
    case branch(Branch)
  }

  private(set) var entries: [Entry] = []

  /// Sides that cost less are computed always: a branch ends the overlap of what is before and
  /// after.
  ///
  /// Measured with 512-bit vectors in L1: float32 sin 1.2 to 0.53 ns an element, float64 sin 4.2 to
  /// 1.6. A branch that is taken often loses as much (float64 log 0.9 to 1.8), hence `rareSide`.
  private static let leastCost = 20

  /// The order of `elements`, of which `roots` are read by others; those in `known` are only
  /// loaded.
  init(_ body: KernelBody, _ elements: [Int], roots: [Int], known: Set<Int> = []) {
    /// Per value: the branch it belongs to.
    var owner = [Int?](repeating: nil, count: body.instructions.count)
    var sides: [(condition: Int, side: Bool)] = []
    for candidate in BodySchedule.candidates(body, elements, roots, known) {
      let members = candidate.members.filter { owner[$0] == nil }
      guard members.reduce(0, { $0 + body.cost($1) }) >= BodySchedule.leastCost,
        members.count == candidate.members.count
      else { continue }
      for member in members { owner[member] = sides.count }
      sides.append((candidate.condition, candidate.side))
    }
    guard !sides.isEmpty else {
      entries = elements.map { .value($0) }
      return
    }
    place(body, elements, owner, sides)
  }

  private struct Candidate {
    let condition: Int
    let side: Bool
    let members: [Int]
    let cost: Int
  }

  /// The sides worth a branch, the costliest first.
  private static func candidates(
    _ body: KernelBody, _ elements: [Int], _ roots: [Int], _ known: Set<Int>
  ) -> [Candidate] {
    guard elements.reduce(0, { $0 + body.cost($1) }) >= 2 * leastCost else { return [] }
    var candidates: [Candidate] = []
    var seen: Set<Int> = []
    for index in elements {
      guard let operands = body.selectOperands(index), let side = body.rareSide(operands[0]),
        seen.insert(operands[0]).inserted
      else { continue }
      let members = exclusive(body, elements, roots, known, operands[0], side)
      let cost = members.reduce(0) { $0 + body.cost($1) }
      candidates.append(
        Candidate(condition: operands[0], side: side, members: members, cost: cost))
    }
    return candidates.sorted { ($0.cost, $1.condition) > ($1.cost, $0.condition) }
  }

  /// The values that nothing but `side` of the selects by `condition` reads.
  private static func exclusive(
    _ body: KernelBody, _ elements: [Int], _ roots: [Int], _ known: Set<Int>, _ condition: Int,
    _ side: Bool
  ) -> [Int] {
    var isReached = [Bool](repeating: false, count: body.instructions.count)
    for root in roots { isReached[root] = true }
    for index in elements.reversed() where !known.contains(index) {
      let operands = body.instructions[index].operands
      if body.isUnconditional(index) { isReached[index] = true }
      guard isReached[index] else { continue }
      let isChoice = body.selectOperands(index).map { $0[0] == condition } ?? false
      for (place, operand) in operands.enumerated() {
        // A value that both sides read is reached through the other.
        if !isChoice || place != (side ? 1 : 2) { isReached[operand] = true }
      }
    }
    return elements.filter { index in
      guard case .operation = body.instructions[index], !known.contains(index) else {
        return false
      }
      return !isReached[index]
    }
  }

  /// Orders the operations: a branch comes right before the first select that reads it, and what of
  /// it depends on later values right before a later one.
  private mutating func place(
    _ body: KernelBody, _ elements: [Int], _ owner: [Int?], _ sides: [(condition: Int, side: Bool)]
  ) {
    var readers = [[Int]](repeating: [], count: body.instructions.count)
    for index in elements {
      for operand in body.instructions[index].operands { readers[operand].append(index) }
    }
    var waiting = [[Int]](repeating: [], count: sides.count)
    for index in elements {
      if let branch = owner[index] {
        waiting[branch].append(index)
        continue
      }
      if let operands = body.selectOperands(index) {
        for branch in sides.indices
        where sides[branch].condition == operands[0] && !waiting[branch].isEmpty {
          let members = waiting[branch]
          waiting[branch] = []
          let inside = Set(members)
          entries.append(
            .branch(
              Branch(
                condition: sides[branch].condition, side: sides[branch].side, members: members,
                escaping: members.filter { readers[$0].contains { !inside.contains($0) } })))
        }
      }
      entries.append(.value(index))
    }
  }
}

extension KernelBody {
  /// The side of a choice that hardly any number takes, where the condition shows it: a comparison
  /// of a float, or of its bits, with a constant beyond 2^20.
  func rareSide(_ condition: Int) -> Bool? {
    guard rates[condition] == .element,
      case .operation(let op, let operands) = instructions[condition],
      op == .less || op == .lessEqual
    else { return nil }
    for (bound, value) in [(operands[0], operands[1]), (operands[1], operands[0])] {
      guard case .constant(let scalar) = instructions[bound] else { continue }
      var number = scalar
      if case .operation(.bitcast, let source) = instructions[value] {
        number = Scalar(dtype: dtypes[source[0]], bits: scalar.bits)
      }
      guard number.dtype.isFloatingPoint, number.asDouble >= 0x1p20 else { continue }
      return bound == operands[0]
    }
    return nil
  }

  /// The operands of a select.
  func selectOperands(_ index: Int) -> [Int]? {
    guard case .operation(.select, let operands) = instructions[index] else { return nil }
    return operands
  }

  /// Roughly how many instructions a vector of the value takes.
  func cost(_ index: Int) -> Int {
    guard case .operation(let op, _) = instructions[index] else { return 0 }
    return switch op {
    case .lookup: 8
    case .divide, .squareRoot: 4
    case .quotient, .remainder: 16
    case .remainderFloat: 64
    default: 1
    }
  }
}
