// Reductions: of all elements, along one axis, or along several.

import MartletIR

extension Tensor {
  /// Reduces `axes` (all where nil) in the dtype that the reduction computes in.
  func reduce(
    _ reduction: Reduction, axes given: [Int]?, keepDims: Bool, _ op: String, _ site: CallSite
  ) -> Tensor {
    attempt(site) { () throws(TensorError) in
      let axes = AxisSet(try self.axes(given ?? Array(0..<rank), op))
      if reduction == .maximum || reduction == .minimum { try checkNotEmpty(axes, op) }
      let result = reduced(reduction, axes, dtype: Tensor.computingDType(of: reduction, dtype))
      return keepDims ? result : result.dropping(axes)
    }
  }

  /// R15 and R4: sums and products of integers and bool take the widest integer of their sign.
  static func computingDType(of reduction: Reduction, _ dtype: DType) -> DType {
    switch reduction {
    case .sum, .product:
      switch dtype.kind {
      case .bool, .signed: .int64
      case .unsigned: .uint64
      case .float: dtype
      }
    case .mean: dtype.isFloatingPoint ? dtype : .defaultFloat
    case .any, .all: .bool
    case .maximum, .minimum: dtype
    }
  }

  /// No element is the greatest of none (R16).
  private func checkNotEmpty(_ axes: AxisSet, _ op: String) throws(TensorError) {
    let reducesNone = shape.indices.contains { axes.contains($0) && shape[$0] == 0 }
    let hasResults = shape.indices.allSatisfy { axes.contains($0) || shape[$0] > 0 }
    if reducesNone && hasResults {
      throw error(.shape, op, "there is no \(op) of no elements")
    }
  }

  /// Without the reduced axes, which have extent 1.
  private func dropping(_ axes: AxisSet) -> Tensor {
    reshaped(
      unchecked: Shape(shape.indices.filter { !axes.contains($0) }.map { shape[$0] }))
  }

  /// The sum along the axes that are named, or of all elements.
  ///
  /// Integers and bool are summed as int64, unsigned integers as uint64. The order of the additions
  /// depends on nothing but their number.
  ///
  ///     let x = Tensor([[1, 2], [3, 4]])
  ///     x.sum()                          // 10
  ///     x.sum(axis: 0)                   // [4, 6]
  ///     x.sum(axis: [0, 1])              // 10
  ///     x.sum(axis: 1, keepDims: true)   // [[3], [7]]
  public func sum(
    axis: (any TensorAxes)? = nil, keepDims: Bool = false, file: StaticString = #fileID,
    line: UInt = #line
  ) -> Tensor {
    reduce(.sum, axes: axis?.axisNumbers, keepDims: keepDims, "sum", .exact(file, line))
  }

  /// The product along the axes that are named, or of all elements; the dtype is that of `sum`.
  public func prod(
    axis: (any TensorAxes)? = nil, keepDims: Bool = false, file: StaticString = #fileID,
    line: UInt = #line
  ) -> Tensor {
    reduce(.product, axes: axis?.axisNumbers, keepDims: keepDims, "prod", .exact(file, line))
  }

  /// The mean along the axes that are named, or of all elements; integers are averaged as float32.
  ///
  /// The mean of no elements is NaN.
  public func mean(
    axis: (any TensorAxes)? = nil, keepDims: Bool = false, file: StaticString = #fileID,
    line: UInt = #line
  ) -> Tensor {
    reduce(.mean, axes: axis?.axisNumbers, keepDims: keepDims, "mean", .exact(file, line))
  }

  /// The greatest element along the axes that are named, or of all; NaN if any is.
  ///
  /// The greatest of no elements is an error.
  public func max(
    axis: (any TensorAxes)? = nil, keepDims: Bool = false, file: StaticString = #fileID,
    line: UInt = #line
  ) -> Tensor {
    reduce(.maximum, axes: axis?.axisNumbers, keepDims: keepDims, "max", .exact(file, line))
  }

  /// The least element along the axes that are named, or of all; NaN if any is.
  ///
  /// The least of no elements is an error.
  public func min(
    axis: (any TensorAxes)? = nil, keepDims: Bool = false, file: StaticString = #fileID,
    line: UInt = #line
  ) -> Tensor {
    reduce(.minimum, axes: axis?.axisNumbers, keepDims: keepDims, "min", .exact(file, line))
  }

  /// Whether any element along the axes that are named, or of all, is true or not 0.
  public func any(
    axis: (any TensorAxes)? = nil, keepDims: Bool = false, file: StaticString = #fileID,
    line: UInt = #line
  ) -> Tensor {
    reduce(.any, axes: axis?.axisNumbers, keepDims: keepDims, "any", .exact(file, line))
  }

  /// Whether every element along the axes that are named, or of all, is true or not 0.
  public func all(
    axis: (any TensorAxes)? = nil, keepDims: Bool = false, file: StaticString = #fileID,
    line: UInt = #line
  ) -> Tensor {
    reduce(.all, axes: axis?.axisNumbers, keepDims: keepDims, "all", .exact(file, line))
  }

  /// The number of elements along the axes that are named, or of all, that are true or not 0.
  public func countNonzero(
    axis: (any TensorAxes)? = nil, keepDims: Bool = false, file: StaticString = #fileID,
    line: UInt = #line
  ) -> Tensor {
    cast(to: .bool)
      .reduce(.sum, axes: axis?.axisNumbers, keepDims: keepDims, "countNonzero", .exact(file, line))
  }

  /// The variance along the axes that are named, or of all elements: the mean squared deviation.
  ///
  /// - Parameters:
  ///   - axis: The axes, or nil for all.
  ///   - correction: What is subtracted from the count that the sum of squares is divided by: 0 for
  ///     a population, 1 for a sample. Where nothing is left the variance is NaN.
  ///   - keepDims: Whether the axes stay, with extent 1.
  ///   - file: The caller's file.
  ///   - line: The caller's line.
  public func `var`(
    axis: (any TensorAxes)? = nil, correction: Double = 0, keepDims: Bool = false,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    variance(axis?.axisNumbers, correction, keepDims, "var", .exact(file, line))
  }

  /// The standard deviation along the axes that are named, or of all: the root of `var`.
  public func std(
    axis: (any TensorAxes)? = nil, correction: Double = 0, keepDims: Bool = false,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    variance(axis?.axisNumbers, correction, keepDims, "std", .exact(file, line)).sqrt()
  }

  private func variance(
    _ axes: [Int]?, _ correction: Double, _ keepDims: Bool, _ op: String, _ site: CallSite
  ) -> Tensor {
    let mean = reduce(.mean, axes: axes, keepDims: true, op, site)
    let deviation = Tensor.elementwise(.subtract, self, mean, site: site)
    let squares = deviation.square()
    let sum = squares.reduce(.sum, axes: axes, keepDims: keepDims, op, site)
    if sum.isPoisoned { return sum }
    let reduced = (axes ?? Array(0..<rank)).compactMap(shape.normalized(axis:))
    let freedom = Double(reduced.reduce(1) { $0 &* shape[$1] }) - correction
    return sum / Tensor(weak: .double(freedom > 0 ? freedom : .nan))
  }

  /// The index of the greatest element along an axis, or in row-major order; the first of several.
  ///
  /// NaN counts as the greatest. The result is int64; no elements are an error.
  ///
  ///     Tensor([3, 9, 9]).argmax()      // 1
  public func argmax(
    axis: Int? = nil, keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    argReduce(.maximum, axis, keepDims, "argmax", .exact(file, line))
  }

  /// The index of the least element along an axis, or in row-major order; the first of several.
  ///
  /// NaN counts as the least. The result is int64; no elements are an error.
  public func argmin(
    axis: Int? = nil, keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    argReduce(.minimum, axis, keepDims, "argmin", .exact(file, line))
  }

  private func argReduce(
    _ reduction: ArgReduction, _ axis: Int?, _ keepDims: Bool, _ op: String, _ site: CallSite
  ) -> Tensor {
    attempt(site) { () throws(TensorError) in
      guard let axis else {
        try checkNotEmpty(.all(rank: rank), op)
        let result = reshaped(unchecked: [count]).argReduced(reduction, 0)
        let ones = Shape([Int](repeating: 1, count: rank))
        return result.reshaped(unchecked: keepDims ? ones : .scalar)
      }
      let reduced = AxisSet([try self.axis(axis, op)])
      try checkNotEmpty(reduced, op)
      let result = argReduced(reduction, reduced.axes[0])
      return keepDims ? result : result.dropping(reduced)
    }
  }
}

/// The sum along the axes that are named, or of all elements; see `Tensor.sum`.
public func sum(
  _ x: Tensor, axis: (any TensorAxes)? = nil, keepDims: Bool = false, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  x.reduce(.sum, axes: axis?.axisNumbers, keepDims: keepDims, "sum", .exact(file, line))
}

/// The product along the axes that are named, or of all elements.
public func prod(
  _ x: Tensor, axis: (any TensorAxes)? = nil, keepDims: Bool = false, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  x.reduce(.product, axes: axis?.axisNumbers, keepDims: keepDims, "prod", .exact(file, line))
}

/// The mean along the axes that are named, or of all elements.
public func mean(
  _ x: Tensor, axis: (any TensorAxes)? = nil, keepDims: Bool = false, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  x.reduce(.mean, axes: axis?.axisNumbers, keepDims: keepDims, "mean", .exact(file, line))
}
