// Recording structural ops: views, reductions, joins, indexing.

import MartletIR
import MartletRuntime

/// Each function assumes operands that are not poisoned and arguments its caller has checked.
extension Tensor {
  /// A view of this tensor; of a realized one it is realized at once, without a record.
  func view(_ view: View, shape result: Shape) -> Tensor {
    if case .reshape = view, result == shape { return self }
    let source = handle
    if source.tracking == nil, let value = source.value,
      let layout = value.layout.applying(view, from: value.shape, to: result)
    {
      return Tensor(
        Handle(
          Value(
            dtype: value.dtype, shape: result, layout: layout.canonical(for: result),
            buffer: value.buffer)))
    }
    return Tensor(
      Tracking.record(
        .view(view), dtype: source.dtype, shape: result, inputs: [Tensor(source)],
        operands: [.handle(source)]))
  }

  func reshaped(unchecked shape: Shape) -> Tensor { view(.reshape, shape: shape) }

  func broadcast(unchecked shape: Shape) -> Tensor {
    self.shape == shape ? self : view(.broadcast, shape: shape)
  }

  func permuted(unchecked axes: [Int]) -> Tensor {
    if axes == Array(0..<rank) { return self }
    return view(.permute(axes), shape: Shape(axes.map { shape[$0] }))
  }

  func sliced(unchecked slices: [AxisSlice]) -> Tensor {
    view(.slice(slices), shape: Shape(slices.map(\.count)))
  }

  /// Reduces `axes`, which keep extent 1.
  func reduced(_ reduction: Reduction, _ axes: AxisSet, dtype: DType) -> Tensor {
    let source = converted(to: dtype)
    let result = Shape(shape.indices.map { axes.contains($0) ? 1 : shape[$0] })
    return Tensor(
      Tracking.record(
        .reduce(reduction, axes), dtype: dtype, shape: result, inputs: [source],
        operands: [source.operand]))
  }

  func argReduced(_ reduction: ArgReduction, _ axis: Int) -> Tensor {
    let source = Tensor(handle)
    let result = Shape(shape.indices.map { $0 == axis ? 1 : shape[$0] })
    return Tensor(
      Tracking.record(
        .argReduce(reduction, axis), dtype: .int64, shape: result, inputs: [source],
        operands: [source.operand]))
  }

  /// What the elements along `axis` give together from the first one to each.
  func scanned(_ scan: Scan, _ axis: Int) -> Tensor {
    let source = Tensor(handle)
    return Tensor(
      Tracking.record(
        .scan(scan, axis), dtype: dtype, shape: shape, inputs: [source],
        operands: [source.operand]))
  }

  /// The elements with `fill` around them; `fill` has this tensor's dtype.
  func padded(low: [Int], high: [Int], with fill: Tensor) -> Tensor {
    let source = Tensor(handle)
    let result = Shape(shape.indices.map { low[$0] + shape[$0] + high[$0] })
    return Tensor(
      Tracking.record(
        .pad(low: low, high: high), dtype: dtype, shape: result, inputs: [source, fill],
        operands: [source.operand, fill.operand]))
  }

  /// `parts` one after another along `axis`; they share a dtype and the other extents.
  static func joined(_ parts: [Tensor], axis: Int) -> Tensor {
    let extent = parts.reduce(0) { $0 + $1.shape[axis] }
    let first = parts[0].shape
    let result = Shape(first.indices.map { $0 == axis ? extent : first[$0] })
    return Tensor(
      Tracking.record(
        .concatenate(axis), dtype: parts[0].dtype, shape: result, inputs: parts,
        operands: parts.map(\.operand)))
  }

  /// Slices along `axis` at `indices`, which are int64.
  func gathered(_ indices: Tensor, axis: Int, site: CallSite) throws(TensorError) -> Tensor {
    let source = Tensor(handle)
    let index = Tensor(indices.handle)
    let result = Shape(
      Array(shape[0..<axis]) + index.shape.dimensions + Array(shape[(axis + 1)...]))
    let tensor = Tensor(
      Tracking.record(
        .gather(axis), dtype: dtype, shape: result, inputs: [source, index],
        operands: [source.operand, index.operand], site: site.location))
    try tensor.checkInsideScope()
    return tensor
  }

  /// This tensor with `updates` added or put at `indices` along `axis`; the updates have this dtype
  /// and the shape that `gathered` gives.
  func scattered(
    _ scatter: Op.Scatter, _ indices: Tensor, _ updates: Tensor, axis: Int, site: CallSite
  ) throws(TensorError) -> Tensor {
    let source = Tensor(handle)
    let (index, update) = (Tensor(indices.handle), Tensor(updates.handle))
    let tensor = Tensor(
      Tracking.record(
        .scatter(axis, scatter), dtype: dtype, shape: shape, inputs: [source, index, update],
        operands: [source.operand, index.operand, update.operand], site: site.location))
    try tensor.checkInsideScope()
    return tensor
  }

  /// The row-major index of each element of `shape`, as int64.
  static func iota(_ shape: Shape) -> Tensor {
    Tensor(Recorder.record(.iota, dtype: .int64, shape: shape))
  }

  /// `scalar` in every element of `shape`.
  static func filled(_ shape: Shape, with scalar: Scalar) -> Tensor {
    if shape == .scalar { return Tensor(Handle(Values.scalar(scalar))) }
    return Tensor(
      Recorder.record(.view(.broadcast), dtype: scalar.dtype, shape: shape, .scalar(scalar)))
  }
}
