// Products of matrices and vectors.

import MartletIR

extension Tensor {
  /// The matrix product; see the function `matmul`.
  public func matmul(
    _ other: Tensor, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    Tensor.matrixProduct(self, other, "matmul", .exact(file, line))
  }

  /// The product in NumPy's sense: of numbers the product, else over the last axis of this tensor
  /// and the last but one (or only one) of the other.
  public func dot(
    _ other: Tensor, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let site = CallSite.exact(file, line)
    if rank == 0 || other.rank == 0 {
      return .elementwise(.multiply, self, other, site: site)
    }
    if rank <= 2, other.rank <= 2 { return .matrixProduct(self, other, "dot", site) }
    let axis = other.rank == 1 ? 0 : other.rank - 2
    return contracted(other, [rank - 1], [axis], "dot", site)
  }

  /// The sum of products along an axis; see the function `vecdot`.
  public func vecdot(
    _ other: Tensor, axis: Int = -1, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    if isPoisoned { return self }
    if other.isPoisoned { return other }
    return Tensor.attempt(.exact(file, line)) { () throws(TensorError) in
      func error(_ reason: String, hint: String? = nil) -> TensorError {
        TensorError(
          .shape, op: "vecdot", operands: [described, other.described], reason: reason, hint: hint)
      }
      let dtype = try Tensor.promote([self, other], "vecdot")
      let (own, its) = (try axes([axis], "vecdot")[0], try other.axes([axis], "vecdot")[0])
      guard shape[own] == other.shape[its] else {
        throw error("the extents \(shape[own]) and \(other.shape[its]) of axis \(axis) differ")
      }
      let left = converted(to: dtype).withLastAxis(own)
      let right = other.converted(to: dtype).withLastAxis(its)
      guard let joined = left.shape.broadcast(with: right.shape) else {
        throw error("the other axes do not broadcast to common ones")
      }
      return Tensor.sumOfProducts(left, right, axis: joined.rank - 1)
        .reshaped(unchecked: Shape(Array(joined.dropLast())))
    }
  }

  /// The axes in another order, with `axis` at the end.
  private func withLastAxis(_ axis: Int) -> Tensor {
    permuted(unchecked: shape.indices.filter { $0 != axis } + [axis])
  }

  fileprivate static func matrixProduct(
    _ a: Tensor, _ b: Tensor, _ op: String, _ site: CallSite
  ) -> Tensor {
    if a.isPoisoned { return a }
    if b.isPoisoned { return b }
    return attempt(site) { () throws(TensorError) in
      func error(_ reason: String, hint: String? = nil) -> TensorError {
        TensorError(
          .shape, op: op, operands: [a.described, b.described], reason: reason, hint: hint)
      }
      guard a.rank > 0, b.rank > 0 else {
        throw error("a number is no matrix", hint: "multiply by numbers with *")
      }
      let dtype = try promote([a, b], op)
      var left = a.converted(to: dtype)
      var right = b.converted(to: dtype)
      // A vector is a row on the left and a column on the right; its axis goes from the result.
      if a.rank == 1 { left = left.reshaped(unchecked: [1, a.count]) }
      if b.rank == 1 { right = right.reshaped(unchecked: [b.count, 1]) }
      let (inner, outer) = (left.shape[left.rank - 1], right.shape[right.rank - 2])
      guard inner == outer else {
        throw error(
          "the inner extents \(inner) and \(outer) differ", hint: productHint(left, right, a, b))
      }
      let leftBatch = Shape(Array(left.shape.dropLast(2)))
      let rightBatch = Shape(Array(right.shape.dropLast(2)))
      guard let batch = leftBatch.broadcast(with: rightBatch) else {
        throw error("the axes before the last two do not broadcast to common ones")
      }
      let rows = left.shape[left.rank - 2]
      let columns = right.shape[right.rank - 1]
      let full = try Tensor.shape(batch.dimensions + [rows, columns], op)
      let result = product(
        left.withRank(full.rank), right.withRank(full.rank), batch: batch)
      var kept = batch.dimensions
      if a.rank > 1 { kept.append(rows) }
      if b.rank > 1 { kept.append(columns) }
      return result.reshaped(unchecked: try Tensor.shape(kept, op))
    }
  }

  /// Which transposed factor would fit, or what must be equal.
  private static func productHint(
    _ left: Tensor, _ right: Tensor, _ a: Tensor, _ b: Tensor
  ) -> String {
    let (rows, inner) = (left.shape[left.rank - 2], left.shape[left.rank - 1])
    let (outer, columns) = (right.shape[right.rank - 2], right.shape[right.rank - 1])
    if b.rank > 1, columns == inner { return "the second fits transposed: matmul(a, b.mT)" }
    if a.rank > 1, rows == outer { return "the first fits transposed: matmul(a.mT, b)" }
    let axis = b.rank > 1 ? "last axis but one" : "only axis"
    return "the last axis of the first and the \(axis) of the second must be equal"
  }

  /// New first axes of extent 1 up to `rank`.
  private func withRank(_ rank: Int) -> Tensor {
    let missing = [Int](repeating: 1, count: rank - self.rank)
    return reshaped(unchecked: Shape(missing + shape.dimensions))
  }

  /// The sum of products over pairs of axes: the remaining ones of this tensor, then of the other.
  fileprivate func contracted(
    _ other: Tensor, _ axes: [Int], _ otherAxes: [Int], _ op: String, _ site: CallSite
  ) -> Tensor {
    if other.isPoisoned { return other }
    return attempt(site) { () throws(TensorError) in
      let own = try self.axes(axes, op)
      let others = try other.axes(otherAxes, op)
      guard own.map({ shape[$0] }) == others.map({ other.shape[$0] }) else {
        throw TensorError(
          .shape, op: op, operands: [described, other.described],
          reason: "the extents of axes \(axes) and \(otherAxes) differ")
      }
      let kept = shape.indices.filter { !own.contains($0) }
      let otherKept = other.shape.indices.filter { !others.contains($0) }
      let inner = own.reduce(1) { $0 &* shape[$1] }
      let rows = try Tensor.shape(kept.map { shape[$0] }, op)
      let columns = try Tensor.shape(otherKept.map { other.shape[$0] }, op)
      let left = Tensor(handle).permuted(unchecked: kept + own)
        .reshaped(unchecked: try Tensor.shape([rows.elementCount, inner], op))
      let right = Tensor(other.handle).permuted(unchecked: others + otherKept)
        .reshaped(unchecked: try Tensor.shape([inner, columns.elementCount], op))
      return Tensor.matrixProduct(left, right, op, site)
        .reshaped(unchecked: try Tensor.shape(rows.dimensions + columns.dimensions, op))
    }
  }
}

/// The matrix product over the last two axes; the axes before broadcast.
///
/// A vector on the left is a row, on the right a column, and its axis is not in the result. Dtypes
/// promote; integers wrap. Shapes that do not fit are an error that names both.
///
///     let x: Tensor = [[2.0]]
///     print(matmul(x, x))      // Tensor([[4.]], shape=(1, 1), dtype=float32)
public func matmul(
  _ a: Tensor, _ b: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  a.matmul(b, file: file, line: line)
}

/// The product in NumPy's sense; see `Tensor.dot`.
public func dot(
  _ a: Tensor, _ b: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  a.dot(b, file: file, line: line)
}

/// The products of each element of one vector with each of another, as a matrix.
///
///     outer(Tensor([1, 2]), Tensor([3, 4]))      // [[3, 4], [6, 8]]
public func outer(
  _ a: Tensor, _ b: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  if a.isPoisoned { return a }
  if b.isPoisoned { return b }
  return Tensor.elementwise(
    .multiply, Tensor(a.handle).reshaped(unchecked: [a.count, 1]),
    Tensor(b.handle).reshaped(unchecked: [1, b.count]), site: .exact(file, line))
}

/// The sum of products along an axis of two tensors; their other axes broadcast.
///
/// Dtypes promote; integers wrap.
///
///     vecdot(Tensor([[1, 2], [3, 4]]), Tensor([1, 10]))      // [21, 43]
///
/// - Parameters:
///   - a: A tensor.
///   - b: A tensor whose axis has the same extent.
///   - axis: The axis, in each tensor's own numbering; it is not in the result.
///   - file: The caller's file.
///   - line: The caller's line.
public func vecdot(
  _ a: Tensor, _ b: Tensor, axis: Int = -1, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  a.vecdot(b, axis: axis, file: file, line: line)
}

/// The sum of products over the last axes of two tensors: the remaining axes of the first, then of
/// the second.
///
///     inner(Tensor([[1, 2], [3, 4]]), Tensor([[1, 0], [1, 1]]))      // [[1, 3], [3, 7]]
public func inner(
  _ a: Tensor, _ b: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  let site = CallSite.exact(file, line)
  if a.rank == 0 || b.rank == 0 { return .elementwise(.multiply, a, b, site: site) }
  return a.contracted(b, [a.rank - 1], [b.rank - 1], "inner", site)
}

/// The sum of products over the last `axes` axes of one tensor and the first of the other.
public func tensordot(
  _ a: Tensor, _ b: Tensor, axes: Int = 2, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  tensordot(
    a, b, axes: (Array(0..<max(axes, 0)).map { $0 - axes }, Array(0..<max(axes, 0))), file: file,
    line: line)
}

/// The sum of products over pairs of axes, the first of each pair in `a`, the second in `b`.
public func tensordot(
  _ a: Tensor, _ b: Tensor, axes: ([Int], [Int]), file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  a.contracted(b, axes.0, axes.1, "tensordot", .exact(file, line))
}
