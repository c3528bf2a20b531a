// Fewer axes: those of extent 1 are dropped, and those that every operand steps through as one
// merge.

import MartletIR

/// The axes of an iteration space with the stride of every operand along each.
struct AxisTable {
  struct Axis {
    var extent: Int
    /// One stride an operand.
    var strides: [Int]
  }

  var axes: [Axis] = []

  /// The axes of `space` with the strides of `layouts`; those of extent 1 are left out.
  init(_ space: Shape, _ axes: some Sequence<Int>, _ layouts: [Layout]) {
    let strides = layouts.map { $0.strides(for: space) }
    for axis in axes where space[axis] != 1 {
      self.axes.append(Axis(extent: space[axis], strides: strides.map { $0[axis] }))
    }
  }

  init(axes: [Axis] = []) { self.axes = axes }

  /// Merges neighbours where a step of the outer axis is a whole run of the inner one.
  mutating func merge() {
    var merged: [Axis] = []
    for axis in axes {
      if let outer = merged.last,
        zip(outer.strides, axis.strides).allSatisfy({ $0 == $1 &* axis.extent })
      {
        merged[merged.count - 1] = Axis(extent: outer.extent &* axis.extent, strides: axis.strides)
      } else {
        merged.append(axis)
      }
    }
    axes = merged
  }

  /// Appends an axis of one step, which every operand passes as if its elements were neighbours.
  mutating func appendUnit(operandCount: Int) {
    axes.append(Axis(extent: 1, strides: [Int](repeating: 1, count: operandCount)))
  }

  var extents: [Int] { axes.map(\.extent) }

  func strides(ofOperand index: Int) -> [Int] { axes.map { $0.strides[index] } }

  /// How an input of a map or a short reduction moves along the innermost axis, where tiles of at
  /// least `least` by `least` elements are worth transposing.
  func tileAccess(ofInput index: Int, least: Int) -> KernelSpec.Access {
    let access = access(ofOperand: index)
    guard access == .strided, axes.count > 1, let column = axes.last,
      axes[axes.count - 2].strides[index] == 1, column.extent >= least,
      axes[axes.count - 2].extent >= least
    else { return access }
    return .transposed
  }

  /// How an operand moves along the innermost axis.
  func access(ofOperand index: Int) -> KernelSpec.Access {
    switch axes.last?.strides[index] {
    case 1, nil: .contiguous
    case 0: .uniform
    case -1: .reversed
    default: .strided
    }
  }
}

/// How a reduction runs through its space.
enum ReductionSpace {
  /// Along the innermost axis.
  case inner(AxisTable)
  /// Along the axis before the innermost, with vectors across.
  case outer(AxisTable)
  /// The same, where one block of R14 has lanes enough for all elements of a row: to reduce such a
  /// row by itself is mostly to combine lanes without elements.
  case short(AxisTable)
  /// The reduced axes do not merge into one: the operand is first copied so that they do.
  case copy

  init(_ space: Shape, reducing reducedAxes: AxisSet, inputs: [Layout], costs: CostModel) {
    guard let (kept, row) = ReductionSpace.split(space, reducedAxes, inputs) else {
      self = .copy
      return
    }
    guard let column = kept.last else {
      self = .inner(AxisTable(axes: [row]))
      return
    }
    let isAcross = ReductionSpace.isAcross(row, column, costs)
    // Rows along which neighbours lie are read in tiles, which costs more than reducing them one by
    // one unless few lanes are used; what is broadcast is turned once for all.
    let isRepeated = inputs.indices.allSatisfy { input in
      kept.contains { $0.strides[input] == 0 }
    }
    let limit = isAcross || isRepeated ? KernelSpec.laneCount : costs.shortRow
    let table = AxisTable(axes: kept.dropLast() + [row, column])
    if row.extent <= limit && (isAcross || column.extent >= KernelSpec.laneCount) {
      self = .short(table)
    } else if isAcross {
      self = .outer(table)
    } else {
      self = .inner(AxisTable(axes: kept + [row]))
    }
  }

  /// Whether the elements of a row are neighbours in memory rather than those of a column.
  static func hasRows(
    _ space: Shape, reducing axes: AxisSet, operands: [Layout], costs: CostModel
  ) -> Bool {
    guard let (kept, row) = split(space, axes, operands) else { return false }
    return kept.last.map { !isAcross(row, $0, costs) } ?? true
  }

  private static func isAcross(
    _ row: AxisTable.Axis, _ column: AxisTable.Axis, _ costs: CostModel
  ) -> Bool {
    if row.extent == 1 { return true }
    return column.extent >= costs.fewestColumns && isFaster(along: column, than: row)
  }

  /// The axes with the reduced ones, which every operand passes as one, innermost.
  static func rows(_ space: Shape, reducing axes: AxisSet, operands: [Layout]) -> AxisTable? {
    split(space, axes, operands).map { AxisTable(axes: $0.kept + [$0.row]) }
  }

  /// The kept axes, and the reduced ones as one; nil where they do not merge.
  private static func split(
    _ space: Shape, _ reducedAxes: AxisSet, _ operands: [Layout]
  ) -> (kept: [AxisTable.Axis], row: AxisTable.Axis)? {
    let all = 0..<space.rank
    // The order of the reduced axes is that of R14, and the order of the kept ones that of the
    // result, so neither changes.
    var kept = AxisTable(space, all.filter { !reducedAxes.contains($0) }, operands)
    var reduced = AxisTable(space, all.filter(reducedAxes.contains), operands)
    kept.merge()
    reduced.merge()
    if reduced.axes.isEmpty { reduced.appendUnit(operandCount: operands.count) }
    guard reduced.axes.count == 1, let row = reduced.axes.first else { return nil }
    return (kept.axes, row)
  }

  /// Whether more operands have their neighbours along `column` than along `row`.
  private static func isFaster(along column: AxisTable.Axis, than row: AxisTable.Axis) -> Bool {
    var votes = 0
    for (c, r) in zip(column.strides, row.strides) where c != 0 && r != 0 {
      votes += c.magnitude < r.magnitude ? 1 : -1
    }
    return votes > 0
  }
}
