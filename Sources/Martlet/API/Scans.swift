// Scans: running sums, products and extremes along an axis.

import MartletIR
import MartletRuntime

extension Tensor {
  /// What the elements along `axis` give together from the first one to each (R36).
  ///
  /// `dtype` is that of the result and nil for the one that a reduction would have; an initial
  /// element is the identity.
  fileprivate func scan(
    _ scan: Scan, axis: Int?, dtype: DType? = nil, includeInitial: Bool = false, _ op: String,
    _ site: CallSite
  ) -> Tensor {
    attempt(site) { () throws(TensorError) in
      let axis = try scannedAxis(axis, op)
      if dtype == .bool {
        throw error(
          .dtype, op, "sums and products are numbers, and bool is none",
          hint: "leave dtype out for int64, or name a dtype of numbers")
      }
      var extents = shape.dimensions
      if includeInitial { extents[axis] &+= 1 }
      _ = try Tensor.shape(extents, op)
      let source = converted(
        to: dtype ?? Tensor.computingDType(of: scan.reduction, self.dtype))
      let result = source.scanned(scan, axis)
      guard includeInitial else { return result }
      let identity = Values.scalar(scan.reduction.identity(result.dtype))
      let none = [Int](repeating: 0, count: rank)
      return result.padded(
        low: shape.indices.map { $0 == axis ? 1 : 0 }, high: none, with: Tensor(Handle(identity)))
    }
  }

  /// The axis that is named, or the only one.
  private func scannedAxis(_ axis: Int?, _ op: String) throws(TensorError) -> Int {
    if let axis { return try self.axis(axis, op) }
    guard rank == 1 else {
      throw error(
        .shape, op, "the axis may be left out where there is one, not where there are \(rank)",
        hint: rank == 0
          ? "reshape([1]) gives it an axis"
          : "name an axis, for example axis: 0, or flatten() the tensor first")
    }
    return 0
  }

  /// The sums of the elements along an axis from the first one to each.
  ///
  /// Integers and bool are summed as int64, unsigned integers as uint64; float32 is summed in
  /// float64, and each sum is rounded once.
  ///
  ///     let x = Tensor([[1, 2, 3], [4, 5, 6]])
  ///     x.cumulativeSum(axis: 1)                              // [[1, 3, 6], [4, 9, 15]]
  ///     x[0].cumulativeSum(includeInitial: true)              // [0, 1, 3, 6]
  ///     x[0].cumulativeSum(dtype: .float32)                   // [1, 3, 6] as float32
  ///
  /// - Parameters:
  ///   - axis: The axis; it may be left out where there is only one.
  ///   - dtype: The dtype that the elements are converted to first, and that the sums have.
  ///   - includeInitial: Whether the sum of nothing, 0, comes first: the axis is longer by one.
  ///   - file: The caller's file.
  ///   - line: The caller's line.
  public func cumulativeSum(
    axis: Int? = nil, dtype: DType? = nil, includeInitial: Bool = false,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    scan(
      .sum, axis: axis, dtype: dtype, includeInitial: includeInitial, "cumulativeSum",
      .exact(file, line))
  }

  /// The products of the elements along an axis from the first one to each; dtypes are those of
  /// `cumulativeSum`.
  ///
  ///     Tensor([1, 2, 3, 4]).cumulativeProduct()                      // [1, 2, 6, 24]
  ///     Tensor([2, 3]).cumulativeProduct(includeInitial: true)        // [1, 2, 6]
  ///
  /// - Parameters:
  ///   - axis: The axis; it may be left out where there is only one.
  ///   - dtype: The dtype that the elements are converted to first, and that the products have.
  ///   - includeInitial: Whether the product of nothing, 1, comes first: the axis is longer by one.
  ///   - file: The caller's file.
  ///   - line: The caller's line.
  public func cumulativeProduct(
    axis: Int? = nil, dtype: DType? = nil, includeInitial: Bool = false,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    scan(
      .product, axis: axis, dtype: dtype, includeInitial: includeInitial, "cumulativeProduct",
      .exact(file, line))
  }

  /// The greatest of the elements along an axis from the first one to each; NaN from the first NaN
  /// on.
  ///
  /// The axis may be left out where there is only one. The derivative by an element counts the
  /// places where it is the greatest so far; of equal ones the first counts.
  ///
  ///     Tensor([3, 1, 4, 1, 5]).cumulativeMax()       // [3, 3, 4, 4, 5]
  public func cumulativeMax(
    axis: Int? = nil, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    scan(.maximum, axis: axis, "cumulativeMax", .exact(file, line))
  }

  /// The least of the elements along an axis from the first one to each; NaN from the first NaN on.
  ///
  /// The axis may be left out where there is only one. The derivative by an element counts the
  /// places where it is the least so far; of equal ones the first counts.
  ///
  ///     Tensor([3, 1, 4, 1, 5]).cumulativeMin()       // [3, 1, 1, 1, 1]
  public func cumulativeMin(
    axis: Int? = nil, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    scan(.minimum, axis: axis, "cumulativeMin", .exact(file, line))
  }
}

/// The sums of the elements along an axis from the first one to each; see `Tensor.cumulativeSum`.
public func cumulativeSum(
  _ x: Tensor, axis: Int? = nil, dtype: DType? = nil, includeInitial: Bool = false,
  file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  x.cumulativeSum(
    axis: axis, dtype: dtype, includeInitial: includeInitial, file: file, line: line)
}

/// The products of the elements along an axis from the first one to each; see
/// `Tensor.cumulativeProduct`.
public func cumulativeProduct(
  _ x: Tensor, axis: Int? = nil, dtype: DType? = nil, includeInitial: Bool = false,
  file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  x.cumulativeProduct(
    axis: axis, dtype: dtype, includeInitial: includeInitial, file: file, line: line)
}

/// The greatest of the elements along an axis from the first one to each; see
/// `Tensor.cumulativeMax`.
public func cumulativeMax(
  _ x: Tensor, axis: Int? = nil, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  x.cumulativeMax(axis: axis, file: file, line: line)
}

/// The least of the elements along an axis from the first one to each; see `Tensor.cumulativeMin`.
public func cumulativeMin(
  _ x: Tensor, axis: Int? = nil, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  x.cumulativeMin(axis: axis, file: file, line: line)
}
