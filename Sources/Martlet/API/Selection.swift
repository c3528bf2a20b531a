// What the indices of a subscript select: slices of axes, their places in the result, index
// tensors.

import MartletIR

/// The indices of a subscript, resolved against a shape.
struct Selection {
  /// An index tensor: int64 numbers of one axis, or a mask over as many axes as it has.
  struct Advanced {
    /// The first axis it selects along, among the axes of `shape`.
    let axis: Int
    let index: Tensor
  }

  /// One slice an axis of the source; an integer is a slice of one element.
  private(set) var slices: [AxisSlice] = []
  /// The shape after slices, integers and new axes, before index tensors.
  private(set) var shape = Shape.scalar
  /// Per axis of `shape`: the axis of the source, or nil for a new one.
  private(set) var sources: [Int?] = []
  private(set) var advanced: [Advanced] = []
  /// Whether a slice stands between integers and index tensors: then, by NumPy's rule, the axes of
  /// the indices come first.
  private(set) var isSeparated = false

  /// Where the last index tensor or integer stands in the sequence of indices.
  private enum Run {
    case before
    case inside
    case after
  }

  init(_ indices: [any TensorIndexable], of source: Tensor) throws(TensorError) {
    let indices = indices.map { $0.tensorIndex.kind }
    func error(_ kind: TensorError.Kind, _ reason: String, hint: String? = nil) -> TensorError {
      source.error(kind, "subscript", reason, hint: hint)
    }
    var consumed = 0
    var ellipses = 0
    for index in indices {
      switch index {
      case .integer, .slice: consumed += 1
      case .tensor(let tensor): consumed += tensor.dtype == .bool ? tensor.rank : 1
      case .newAxis: break
      case .ellipsis: ellipses += 1
      }
    }
    guard consumed <= source.rank else {
      throw error(
        .index, "\(consumed) indices are too many for \(source.rank) axes",
        hint: "an axis takes one index; .newAxis adds axes")
    }
    guard ellipses <= 1 else {
      throw error(.index, "more than one ellipsis", hint: "use .all for single axes")
    }

    var axis = 0
    var extents: [Int] = []
    var run = Run.before
    func passWhole(_ count: Int) {
      for _ in 0..<count {
        slices.append(.whole(source.shape[axis]))
        extents.append(source.shape[axis])
        sources.append(axis)
        axis += 1
      }
    }
    func meetAdvanced() {
      if run == .after { isSeparated = true }
      run = .inside
    }
    func meetBasic() { if run == .inside { run = .after } }

    for index in indices {
      switch index {
      case .integer(let number):
        let extent = source.shape[axis]
        let position = number < 0 ? number &+ extent : number
        guard position >= 0, position < extent else {
          throw error(
            .index, "index \(number) is out of range for axis \(axis) with extent \(extent)",
            hint: extent == 0
              ? "the axis has no elements" : "indices go from \(-extent) to \(extent - 1)")
        }
        slices.append(AxisSlice(start: position, step: 1, count: 1))
        axis += 1
        meetAdvanced()
      case .slice(let slice):
        guard let resolved = slice.resolved(source.shape[axis]) else {
          throw error(.value, "a slice with step \(slice.step)")
        }
        slices.append(resolved)
        extents.append(resolved.count)
        sources.append(axis)
        axis += 1
        meetBasic()
      case .newAxis:
        extents.append(1)
        sources.append(nil)
        meetBasic()
      case .ellipsis:
        passWhole(source.rank - consumed)
        meetBasic()
      case .tensor(let tensor):
        advanced.append(Advanced(axis: extents.count, index: tensor))
        if tensor.dtype == .bool {
          let extent = Array(source.shape[axis..<(axis + tensor.rank)])
          guard tensor.rank > 0, tensor.shape.dimensions == extent else {
            throw error(
              .index, "a mask of shape \(tensor.shape) does not match the axes of extents \(extent)"
            )
          }
          passWhole(tensor.rank)
        } else {
          guard tensor.dtype.isInteger else {
            throw error(
              .dtype, "an index tensor of \(tensor.dtype)",
              hint: "index tensors are integers or bool")
          }
          passWhole(1)
        }
        meetAdvanced()
      }
    }
    passWhole(source.rank - axis)
    shape = try Tensor.shape(extents, "subscript")
  }

  /// Whether the slices take every element of a tensor of shape `source` in its order.
  func isWhole(of source: Shape) -> Bool {
    source.indices.allSatisfy { slices[$0] == .whole(source[$0]) }
  }

  /// The extents of the slices, integers included.
  var sliceShape: Shape { Shape(slices.map(\.count)) }

  /// What the slices, integers and new axes select, as a view.
  func view(of source: Tensor) -> Tensor {
    let sliced =
      isWhole(of: source.shape) ? Tensor(source.handle) : source.sliced(unchecked: slices)
    return sliced.reshaped(unchecked: shape)
  }
}

/// A tensor brought into the form that one gather or scatter selects from.
struct IndexedAxis {
  /// The tensor with all indexed axes as one.
  let tensor: Tensor
  /// The place of that axis.
  let axis: Int
  /// The numbers to select along it, int64.
  let index: Tensor

  /// The shapes and the order of axes on the way, for the way back.
  private let original: Shape
  private let flattened: Shape
  private let order: [Int]?

  init(_ source: Tensor, _ selection: Selection) throws(TensorError) {
    original = source.shape
    // Masks become the numbers of their true elements along one axis in place of theirs.
    var extents = source.shape.dimensions
    var indices: [Tensor] = []
    var axes: [Int] = []
    var removed = 0
    for advanced in selection.advanced {
      let axis = advanced.axis - removed
      axes.append(axis)
      guard advanced.index.dtype == .bool else {
        indices.append(advanced.index.converted(to: .int64))
        continue
      }
      indices.append(try advanced.index.trueIndices())
      let rank = advanced.index.rank
      extents.replaceSubrange(axis..<(axis + rank), with: [advanced.index.count])
      removed += rank - 1
    }
    flattened = Shape(extents)
    var tensor = source.reshaped(unchecked: flattened)

    if selection.isSeparated {
      let order = axes + flattened.indices.filter { !axes.contains($0) }
      self.order = order
      tensor = tensor.permuted(unchecked: order)
      axis = 0
    } else {
      order = nil
      axis = axes[0]
    }
    guard indices.count > 1 else {
      self.tensor = tensor
      index = indices[0]
      return
    }
    let indexed = Array(tensor.shape[axis..<(axis + indices.count)])
    index = try IndexedAxis.combined(indices, indexed, source)
    var merged = tensor.shape.dimensions
    merged.replaceSubrange(
      axis..<(axis + indices.count), with: [indexed.reduce(1) { $0 &* $1 }])
    self.tensor = tensor.reshaped(unchecked: Shape(merged))
  }

  /// The row-major numbers of the places that several index tensors name together.
  ///
  /// Where one of them is out of range the number is out of range too.
  private static func combined(
    _ indices: [Tensor], _ extents: [Int], _ source: Tensor
  ) throws(TensorError) -> Tensor {
    var shape = Shape.scalar
    for index in indices {
      guard let joined = shape.broadcast(with: index.shape) else {
        throw TensorError(
          .shape, op: "subscript", operands: [source.described] + indices.map(\.described),
          reason: "the index tensors do not broadcast to a common shape")
      }
      shape = joined
    }
    var number = Tensor(weak: .int(0))
    var isInRange = Tensor.weakOne
    for (index, extent) in zip(indices, extents) {
      let counted = Tensor.where(index .< 0, index + extent, index)
      isInRange = isInRange .& (counted .>= 0) .& (counted .< extent)
      number = number * extent + counted
    }
    let total = extents.reduce(1) { $0 &* $1 }
    return Tensor.where(isInRange, number, total).broadcast(unchecked: shape)
  }

  /// The shape of what the index selects.
  var selectedShape: Shape {
    Shape(
      Array(tensor.shape[..<axis]) + index.shape.dimensions + Array(tensor.shape[(axis + 1)...]))
  }

  /// A tensor of the shape of `tensor`, in the shape that the axes were brought from.
  func restored(_ changed: Tensor) -> Tensor {
    guard let order else { return changed.reshaped(unchecked: original) }
    var inverse = order
    for (position, axis) in order.enumerated() { inverse[axis] = position }
    let permuted = Shape(order.map { flattened[$0] })
    return changed.reshaped(unchecked: permuted).permuted(unchecked: inverse)
      .reshaped(unchecked: original)
  }
}

extension Tensor {
  /// The row-major numbers of the true elements of a mask, which is looked at now.
  func trueIndices() throws(TensorError) -> Tensor {
    let value = try Values.rowMajor(try realized(.frame))
    let elements = UnsafeRawBufferPointer(start: value.base, count: value.shape.elementCount)
    var indices: [Int64] = []
    for (number, element) in elements.enumerated() where element != 0 {
      indices.append(Int64(number))
    }
    withExtendedLifetime(value.buffer) {}
    return Tensor(indices)
  }
}
