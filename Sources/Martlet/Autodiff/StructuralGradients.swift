// The gradients of structural ops: one exhaustive switch.

import MartletIR
import MartletRuntime

extension Tape.Entry {
  /// The cotangents of the operands, given the result's; nil where there is none or none is wanted.
  func cotangents(_ op: Op, of cotangent: Tensor) -> [Tensor?] {
    // What a tape knows is floating-point.
    func isWanted(_ position: Int) -> Bool { number(of: position) != nil }
    switch op {
    case .elementwise(let elementwise):
      guard let program = GradientProgram.of(elementwise, dtype: dtype) else {
        return inputs.map { _ in nil }
      }
      var shares = program.cotangents(of: self, cotangent, wanted: isWanted)
      for position in shares.indices {
        shares[position] = shares[position]?.summed(to: shape(of: position))
      }
      return shares
    case .cast: return [cotangent.converted(to: inputs[0].dtype)]
    case .iota, .argReduce: return inputs.map { _ in nil }
    case .view(let view): return [viewCotangent(view, cotangent)]
    case .reduce(let reduction, let axes): return [reductionCotangent(reduction, axes, cotangent)]
    case .scan(let scan, let axis): return [scanCotangent(scan, axis, cotangent)]
    case .pad(let low, let high):
      let inner = cotangent.sliced(
        unchecked: low.indices.map {
          AxisSlice(start: low[$0], step: 1, count: inputs[0].shape[$0])
        })
      guard isWanted(1) else { return [inner, nil] }
      // Selected, not subtracted: what is inside does not round, or spoil, the sum of the border.
      let isBorder = Tensor.filled(inner.shape, with: Scalar(dtype: .bool, bits: 0))
        .padded(
          low: low, high: high, with: Tensor(Handle(Values.scalar(Scalar(dtype: .bool, bits: 1)))))
      return [inner, Tensor.where(isBorder, cotangent, Tensor(weak: .double(0))).total()]
    case .concatenate(let axis):
      var start = 0
      return inputs.map { input in
        defer { start += input.shape[axis] }
        let slices = input.shape.indices.map {
          AxisSlice(start: $0 == axis ? start : 0, step: 1, count: input.shape[$0])
        }
        return cotangent.sliced(unchecked: slices)
      }
    case .gather(let axis):
      let zero = Tensor.filled(inputs[0].shape, with: Scalar(dtype: dtype, bits: 0))
      return [zero.scatteredChecked(.add, saved(1), cotangent, axis: axis, at: site), nil]
    case .scatter(let axis, let scatter):
      return scatterCotangents(axis, scatter, cotangent)
    case .matmul:
      let (a, b) = (saved(0), saved(1))
      return [
        isWanted(0)
          ? Tensor.matrixProduct(cotangent, b.matrixTransposed).summed(to: inputs[0].shape) : nil,
        isWanted(1)
          ? Tensor.matrixProduct(a.matrixTransposed, cotangent).summed(to: inputs[1].shape) : nil,
      ]
    }
  }

  /// What a lookup of rows gives back, given the cotangent of what it found.
  func rows(_ cotangent: Tensor) -> SparseRows {
    let shape = inputs[0].shape
    let count = saved(1).count
    return SparseRows(
      shape: shape, indices: saved(1).reshaped(unchecked: [count]),
      rows: cotangent.reshaped(unchecked: Shape([count] + shape.dropFirst())), site: site)
  }

  /// Where the rule of an op that can fail says that it failed.
  var site: CallSite { .forward(origin?.location) }

  func saved(_ position: Int) -> Tensor { taped(tensor(of: position)) }

  private func viewCotangent(_ view: View, _ g: Tensor) -> Tensor {
    let source = inputs[0].shape
    switch view {
    case .reshape: return g.reshaped(unchecked: source)
    case .permute(let axes):
      var inverse = axes
      for (position, axis) in axes.enumerated() { inverse[axis] = position }
      return g.permuted(unchecked: inverse)
    case .broadcast: return g.summed(to: source)
    case .flip(let axes): return g.view(.flip(axes), shape: source)
    case .slice(let slices): return g.unsliced(slices, into: source)
    }
  }

  private func reductionCotangent(
    _ reduction: Reduction, _ axes: AxisSet, _ g: Tensor
  ) -> Tensor? {
    let source = inputs[0].shape
    switch reduction {
    case .sum: return g.broadcast(unchecked: source)
    case .mean:
      let count = axes.axes.reduce(1) { $0 * source[$1] }
      return (g / Tensor(weak: .double(Double(count)))).broadcast(unchecked: source)
    case .maximum, .minimum:
      return .gradientProduct(g, sharesOfExtreme(axes))
    case .product:
      return .gradientProduct(g, saved(0).productsOfOthers(along: axes))
    case .any, .all: return nil
    }
  }

  /// The derivatives of an extreme: elements that equal it share evenly (R24).
  func sharesOfExtreme(_ axes: AxisSet) -> Tensor {
    let ties = (saved(0) .== taped(result)).converted(to: dtype)
    return ties * (1 / ties.reduced(.sum, axes, dtype: dtype))
  }

  private func scatterCotangents(
    _ axis: Int, _ scatter: Op.Scatter, _ g: Tensor
  ) -> [Tensor?] {
    let indices = saved(1)
    let updates = inputs[2].shape
    switch scatter {
    case .add: return [g, nil, g.gatheredChecked(indices, axis: axis, at: site)]
    case .replace:
      let zero = Tensor.filled(updates, with: Scalar(dtype: dtype, bits: 0))
      let base = g.scatteredChecked(.replace, indices, zero, axis: axis, at: site)
      // Only the last update of an index counts: the one that finds its own number there.
      let numbers = Tensor.iota(updates)
      let places = Tensor.filled(shape, with: Scalar(wrapping: -1, as: .int64))
        .scatteredChecked(.replace, indices, numbers, axis: axis, at: site)
      let isLast = places.gatheredChecked(indices, axis: axis, at: site) .== numbers
      let taken = g.gatheredChecked(indices, axis: axis, at: site)
      return [base, nil, Tensor.where(isLast, taken, Tensor(weak: .double(0)))]
    }
  }
}

extension Tensor {
  /// The sum over the axes along which a tensor of `target` was stretched to this shape.
  func summed(to target: Shape) -> Tensor {
    guard shape != target else { return self }
    let missing = rank - target.rank
    let axes = AxisSet(
      (0..<rank).filter { $0 < missing || (target[$0 - missing] == 1 && shape[$0] != 1) })
    let sum = axes.isEmpty ? self : reduced(.sum, axes, dtype: dtype)
    return sum.reshaped(unchecked: target)
  }

  /// The sum of all elements, as a 0-d tensor.
  func total() -> Tensor {
    reduced(.sum, .all(rank: rank), dtype: dtype).reshaped(unchecked: .scalar)
  }

  /// Zeros of `shape` with this tensor at the places that `slices` name.
  func unsliced(_ slices: [AxisSlice], into shape: Shape) -> Tensor {
    var tensor = self
    let zero = Tensor(Handle(Values.scalar(Scalar(dtype: dtype, bits: 0))))
    var (low, high) = ([Int](), [Int]())
    for (axis, slice) in slices.enumerated() {
      var start = slice.start
      if slice.step < 0 {
        tensor = tensor.view(.flip(AxisSet([axis])), shape: tensor.shape)
        start += Swift.max(slice.count - 1, 0) * slice.step
      }
      let step = Swift.abs(slice.step)
      if step > 1, slice.count > 0 {
        tensor = tensor.spread(along: axis, by: step, with: zero)
      }
      let extent = tensor.shape[axis]
      low.append(extent == 0 ? 0 : start)
      high.append(shape[axis] - extent - low[axis])
    }
    return low.allSatisfy { $0 == 0 } && high.allSatisfy { $0 == 0 }
      ? tensor : tensor.padded(low: low, high: high, with: zero)
  }

  /// The elements `step` apart along `axis`, `zero` between them: n become (n - 1) step + 1.
  private func spread(along axis: Int, by step: Int, with zero: Tensor) -> Tensor {
    var extents = shape.dimensions
    extents.insert(1, at: axis + 1)
    var high = [Int](repeating: 0, count: extents.count)
    high[axis + 1] = step - 1
    let low = [Int](repeating: 0, count: extents.count)
    let padded = reshaped(unchecked: Shape(extents)).padded(low: low, high: high, with: zero)
    var merged = shape.dimensions
    merged[axis] *= step
    let flat = padded.reshaped(unchecked: Shape(merged))
    let kept = merged.indices.map {
      AxisSlice(start: 0, step: 1, count: $0 == axis ? (shape[axis] - 1) * step + 1 : merged[$0])
    }
    return flat.sliced(unchecked: kept)
  }

  /// The product of R24: +0 where the first factor is zero.
  static func gradientProduct(_ g: Tensor, _ d: Tensor) -> Tensor {
    elementwise(.gradientProduct, g, d, site: .frame)
  }

  /// A gather of a gradient, whose indices the forward pass checks too.
  func gatheredChecked(_ indices: Tensor, axis: Int, at site: CallSite = .frame) -> Tensor {
    Tensor.attempt(site) { () throws(TensorError) in
      try gathered(indices, axis: axis, site: site)
    }
  }

  /// A scatter of a gradient, whose indices the forward pass checks too.
  func scatteredChecked(
    _ scatter: Op.Scatter, _ indices: Tensor, _ updates: Tensor, axis: Int,
    at site: CallSite = .frame
  ) -> Tensor {
    Tensor.attempt(site) { () throws(TensorError) in
      try scattered(scatter, indices, updates, axis: axis, site: site)
    }
  }

  var matrixTransposed: Tensor {
    var axes = Array(0..<rank)
    axes.swapAt(rank - 1, rank - 2)
    return permuted(unchecked: axes)
  }

  /// The matrix product of operands of equal rank whose batch axes broadcast.
  static func matrixProduct(_ a: Tensor, _ b: Tensor) -> Tensor {
    let batch = Shape(Array(a.shape.dimensions.dropLast(2)))
      .broadcast(with: Shape(Array(b.shape.dimensions.dropLast(2))))
    guard let batch else { internalError("batch axes do not broadcast") }
    return product(a, b, batch: batch)
  }
}
