// The derivatives of scans: sums and products of what comes after, and the places of extremes.

import MartletIR
import MartletRuntime

extension Tape.Entry {
  /// The cotangent of what was scanned along `axis`, given that of the result, g.
  func scanCotangent(_ scan: Scan, _ axis: Int, _ g: Tensor) -> Tensor {
    guard shape.elementCount > 0 else { return g }
    switch scan {
    case .sum: return g.reversed(axis).scanned(.sum, axis).reversed(axis)
    case .product: return productCotangent(axis, g)
    case .maximum, .minimum: return extremeCotangent(axis, g)
    }
  }

  /// The tangent of the result, given that of what was scanned along `axis`.
  func scanTangent(_ scan: Scan, _ axis: Int, _ t: Tensor) -> Tensor {
    guard shape.elementCount > 0 else { return t }
    switch scan {
    case .sum: return t.scanned(.sum, axis)
    case .product:
      // D[k] = (product of all before k) t[k] + x[k] D[k - 1]: the recurrence of `folded`,
      // mirrored.
      return inRows(axis, t) { x, before, t in
        let last = x.rank - 1
        return Tensor.gradientProduct(t, before).reversed(last).folded(x.reversed(last))
          .reversed(last)
      }
    case .maximum, .minimum:
      return t.reshaped(unchecked: Shape([shape.elementCount]))
        .gatheredChecked(placesOfExtremes(axis), axis: 0).reshaped(unchecked: shape)
    }
  }

  /// Sum over k >= j of g[k] times the product of x[i] for i <= k, i != j.
  ///
  /// That is the product of all before j, times S[j] = g[j] + x[j + 1] S[j + 1]: no division, so
  /// zeros are no exception. It is computed in float64, as the products are.
  private func productCotangent(_ axis: Int, _ g: Tensor) -> Tensor {
    inRows(axis, g) { x, before, g in
      let count = x.shape[x.rank - 1]
      let links = x.section(x.rank - 1, from: 1, count: count - 1).extended(after: 1, with: 1)
      return .gradientProduct(g.folded(links), before)
    }
  }

  /// What `body` makes of the factors, the product of all before each, and `t`: in float64, with
  /// the scanned axis last.
  private func inRows(
    _ axis: Int, _ t: Tensor, _ body: (_ x: Tensor, _ before: Tensor, _ t: Tensor) -> Tensor
  ) -> Tensor {
    let last = shape.rank - 1
    var order = Array(shape.indices)
    order.append(order.remove(at: axis))
    var inverse = order
    for (position, axis) in order.enumerated() { inverse[axis] = position }
    let x = saved(0).converted(to: .float64).permuted(unchecked: order)
    let before = x.section(last, from: 0, count: x.shape[last] - 1).scanned(.product, last)
      .extended(before: 1, with: 1)
    return body(x, before, t.converted(to: .float64).permuted(unchecked: order))
      .permuted(unchecked: inverse).converted(to: dtype)
  }

  /// Every g at the place that set the extreme: the first of equal ones, and of NaNs.
  private func extremeCotangent(_ axis: Int, _ g: Tensor) -> Tensor {
    let flat = Shape([shape.elementCount])
    return Tensor.filled(flat, with: Scalar(dtype: dtype, bits: 0))
      .scatteredChecked(.add, placesOfExtremes(axis), g.reshaped(unchecked: flat), axis: 0)
      .reshaped(unchecked: shape)
  }

  /// For each element the row-major number of the one that set the extreme so far, in a row.
  private func placesOfExtremes(_ axis: Int) -> Tensor {
    let y = taped(result)
    let rest = shape[axis] - 1
    let before = y.section(axis, from: 0, count: rest)
    let isNew = (y.section(axis, from: 1, count: rest) .!= before).logicalAnd(before .== before)
    // Numbers of elements grow along every row, so the greatest so far is that of the latest
    // extreme.
    let numbers = Tensor.iota(shape)
    let set = Tensor.where(
      isNew, numbers.section(axis, from: 1, count: rest), Tensor(weak: .int(-1)))
    return Tensor.joined([numbers.section(axis, from: 0, count: 1), set], axis: axis)
      .scanned(.maximum, axis).reshaped(unchecked: Shape([shape.elementCount]))
  }
}

extension Tensor {
  fileprivate func reversed(_ axis: Int) -> Tensor {
    view(.flip(AxisSet([axis])), shape: shape)
  }

  /// Along the last axis S[j] = g[j] + S[j + 1] ⊙ links[j], where g is this tensor and S is 0
  /// after the last element.
  ///
  /// By halves, O(n) multiplications in O(log n) ops: for even j two steps are one,
  /// S[j] = (g[j] + g[j + 1] ⊙ links[j]) + S[j + 2] ⊙ (links[j] links[j + 1]).
  fileprivate func folded(_ links: Tensor) -> Tensor {
    let (last, count) = (rank - 1, shape[rank - 1])
    guard count > 1 else { return self }
    let isEven = count % 2 == 0
    let g = (isEven ? self : extended(after: 1, with: 0)).pairs()
    let links = (isEven ? links : links.extended(after: 1, with: 1)).pairs()
    let even = (g.0 + .gradientProduct(g.1, links.0)).folded(links.0 * links.1)
    let next = even.section(last, from: 1, count: even.shape[last] - 1).extended(after: 1, with: 0)
    let odd = g.1 + .gradientProduct(next, links.1)
    let column = Shape(even.shape.dimensions + [1])
    return Tensor.joined([even, odd].map { $0.reshaped(unchecked: column) }, axis: rank)
      .reshaped(unchecked: Shape(shape.dropLast() + [2 * even.shape[last]]))
      .section(last, from: 0, count: count)
  }

  /// The elements at even places of the last axis, and those at odd places.
  private func pairs() -> (Tensor, Tensor) {
    let half = Shape(shape.dropLast() + [shape[rank - 1] / 2])
    let pairs = reshaped(unchecked: Shape(half.dimensions + [2]))
    func every(_ start: Int) -> Tensor {
      pairs.section(rank, from: start, count: 1).reshaped(unchecked: half)
    }
    return (every(0), every(1))
  }

  /// With so many `filler`s before and after the elements of the last axis.
  fileprivate func extended(
    before: Int = 0, after: Int = 0, with filler: Double
  ) -> Tensor {
    let others = [Int](repeating: 0, count: rank - 1)
    return padded(
      low: others + [before], high: others + [after],
      with: Tensor(Handle(Values.scalar(Scalar(rounding: filler, as: dtype)))))
  }
}
