// What one kernel computes, apart from sizes, strides and scalar values: the key of compiled code.

package import MartletIR

/// One loop nest: its family, how it reads and writes, and the straight-line code of one element.
///
/// Equal specs are one compiled kernel. Extents, strides, offsets, scalars and the share of the
/// work are arguments of a launch, so neither a new size nor a new scalar makes a new kernel.
package struct KernelSpec: Sendable, Hashable {
  /// The shape of the loop nest.
  package enum Family: UInt8, Sendable, Hashable, CaseIterable {
    /// Every point of the space by itself. The work items are the points where there is one axis,
    /// else the rows, or where an input is transposed bands of rows.
    case map
    /// Reduces the innermost axis (R14): one value a row and block of 4096, in the order
    /// [outer axes..., block]. The work items are those values.
    case reduceInner
    /// Reduces the axis before the innermost, which it keeps and runs vectors along: one value an
    /// outer index, block of 4096 and column, in the order [outer axes..., block, column]. The work
    /// items are [outer axes..., block, strip of `stripWidth` columns].
    case reduceOuter
    /// Reduces the axis before the innermost where it has at most `laneCount` elements: one value
    /// an outer index and column. The work items are [outer axes..., strip of `stripWidth`
    /// columns].
    case reduceShort
    /// Looks for the place of the extreme along the innermost axis (R20): the place and the extreme
    /// of each row and block of 4096, in the order and with the work items of `reduceInner`.
    case placeInner
    /// The same along the axis before the innermost, in the order and with the work items of
    /// `reduceOuter`.
    case placeOuter
    /// Combines the elements of the innermost axis from the first one to each (R36), and stores
    /// every result. The work items are the rows.
    case scanInner
    /// The same along the axis before the innermost, with vectors across. The work items are
    /// [outer axes..., strip of `stripWidth` columns].
    case scanOuter
    /// Maps and reductions of the innermost axis that use each other's results, in sweeps over one
    /// row that stays in the cache (`RowSweeps`). The work items are the rows.
    case row

    /// Whether the kernel leaves one value a block of 4096, which the launch combines.
    package var leavesBlocks: Bool {
      switch self {
      case .map, .row, .scanInner, .scanOuter: false
      case .reduceInner, .reduceOuter, .reduceShort, .placeInner, .placeOuter: true
      }
    }

    /// Whether the kernel leaves places, and the extremes that are found there.
    package var findsPlaces: Bool { self == .placeInner || self == .placeOuter }

    /// Whether results are those of a scan.
    package var isScan: Bool { self == .scanInner || self == .scanOuter }

    /// Whether the axis that is reduced or scanned lies before the innermost one.
    package var runsAcross: Bool {
      self == .reduceOuter || self == .reduceShort || self == .placeOuter || self == .scanOuter
    }
  }

  /// How an operand moves along the innermost axis.
  package enum Access: UInt8, Sendable, Hashable {
    /// One element further each step.
    case contiguous
    /// The same element for the whole row.
    case uniform
    /// A stride that is known at the launch; it may be negative.
    case strided
    /// Like `strided`, but the axis before the innermost steps to the next element: inputs of maps
    /// and of short reductions that are read in tiles.
    case transposed
    /// One element back each step.
    case reversed
  }

  /// Where an input's elements come from.
  package enum Source: UInt8, Sendable, Hashable {
    /// A buffer.
    case memory
    /// The address itself: offset + sum of index * stride, as int64 (`Op.iota` under any view).
    case index
    /// A buffer, at places along an axis of its own that only instructions `gather` name.
    case gathered
  }

  package struct Input: Sendable, Hashable {
    package var source: Source
    package var dtype: DType
    package var access: Access

    package init(source: Source = .memory, dtype: DType, access: Access) {
      self.source = source
      self.dtype = dtype
      self.access = access
    }
  }

  /// One value of the body; operands are indices of earlier instructions.
  package enum Instruction: Sendable, Hashable {
    case input(Int)
    /// Scalar argument `index` of the launch.
    case scalar(Int)
    case elementwise(ElementwiseOp, [Int])
    /// The operand converted to this instruction's dtype.
    case cast(Int)
    /// An element of a gathered input at the place that an int64 operand names, from the end where
    /// it is negative; raises `badIndex`.
    case gather(Int, Int)
    /// The operand reduced over its row (R14), in the family `row`: one value a row.
    case reduce(Reduction, Int)
  }

  package struct Output: Sendable, Hashable {
    /// The instruction whose value is stored, reduced or scanned, or of whose values a place is
    /// looked for.
    package var value: Int
    /// How the output of a map or a scan moves along the innermost axis, or `uniform` where a row
    /// kernel stores it once a row.
    ///
    /// Partial results of reductions are dense.
    package var access: Access
    /// The reduction, in the families that reduce.
    package var reduction: Reduction?
    /// The extreme, in the families that find places.
    package var place: ArgReduction?
    /// The scan, in the families that scan.
    package var scan: Scan?

    package init(
      value: Int, access: Access = .contiguous, reduction: Reduction? = nil,
      place: ArgReduction? = nil, scan: Scan? = nil
    ) {
      self.value = value
      self.access = access
      self.reduction = reduction
      self.place = place
      self.scan = scan
    }
  }

  package var family: Family
  /// The number of axes of the iteration space, at least 1 (2 for what runs across).
  package var rank: Int
  package var inputs: [Input]
  /// The dtypes of the scalar arguments.
  package var scalars: [DType]
  package var instructions: [Instruction]
  /// The dtype of each instruction's value.
  package var dtypes: [DType]
  package var outputs: [Output]

  package init(
    family: Family, rank: Int, inputs: [Input] = [], scalars: [DType] = [],
    instructions: [Instruction] = [], dtypes: [DType] = [], outputs: [Output] = []
  ) {
    self.family = family
    self.rank = rank
    self.inputs = inputs
    self.scalars = scalars
    self.instructions = instructions
    self.dtypes = dtypes
    self.outputs = outputs
  }

  /// The dtype of what is written: places are int64.
  package func dtype(of output: Output) -> DType {
    output.place == nil ? dtypes[output.value] : .int64
  }

  /// Elements of a reduction that form one block of R14.
  package static let blockLength = 4096
  /// The lanes of a block of R14.
  package static let laneCount = 64
  /// The columns of one work item of what runs across.
  package static let stripWidth = 512
  /// Whether inputs are read in tiles; a map then takes its rows in bands of some height.
  package var isTiled: Bool { inputs.contains { $0.access == .transposed } }
}

extension KernelSpec: CustomStringConvertible {
  package var description: String {
    func input(_ k: Int) -> String {
      switch inputs[k].source {
      case .memory: "in\(k)"
      case .index: "index\(k)"
      case .gathered: "from\(k)"
      }
    }
    func operand(_ index: Int) -> String {
      switch instructions[index] {
      case .input(let k): input(k)
      case .scalar(let k): "s\(k)"
      case .elementwise, .cast, .gather, .reduce: "v\(index)"
      }
    }
    var lines = ["\(family)\(rank)"]
    for k in inputs.indices { lines[0] += " \(input(k)):\(inputs[k].dtype).\(inputs[k].access)" }
    for index in instructions.indices {
      switch instructions[index] {
      case .input, .scalar: break
      case .elementwise(let op, let operands):
        lines.append(
          "  v\(index): \(dtypes[index]) = \(op)(\(operands.map(operand).joined(separator: ", ")))")
      case .cast(let source):
        lines.append("  v\(index): \(dtypes[index]) = cast(\(operand(source)))")
      case .gather(let k, let place):
        lines.append("  v\(index): \(dtypes[index]) = gather(\(input(k)), \(operand(place)))")
      case .reduce(let reduction, let source):
        lines.append("  v\(index): \(dtypes[index]) = row \(reduction)(\(operand(source)))")
      }
    }
    for (k, output) in outputs.enumerated() {
      let value = operand(output.value)
      let text =
        output.reduction.map { "\($0)(\(value))" }
        ?? output.place.map { "place of \($0)(\(value))" }
        ?? output.scan.map { "running \($0)(\(value))" } ?? value
      lines.append("  out\(k).\(output.access) = \(text)")
    }
    return lines.joined(separator: "\n")
  }
}
