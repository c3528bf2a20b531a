// Gradients of lookups: a few rows of a large table, added up only where somebody asks.

import MartletIR
import MartletRuntime

/// A tensor that is zero but for some rows: the gradient of an embedding lookup.
///
/// Nothing of the size of the table is made, unless `dense` asks for it.
public struct SparseRows: Sendable {
  /// The shape of the whole.
  public let shape: Shape
  /// The numbers of the rows along the first axis; one that occurs again is added again.
  public let indices: Tensor
  /// The rows, one for each number.
  public let rows: Tensor
  /// Where the lookup was, for its indices are checked when they are looked at.
  let site: CallSite

  /// The element type.
  public var dtype: DType { rows.dtype }

  /// All rows: zeros with these added in their places.
  public var dense: Tensor {
    Tensor.filled(shape, with: Scalar(dtype: dtype, bits: 0)).adding(self)
  }

  /// The rows times a number.
  public func scaled(by factor: some TensorConvertible) -> SparseRows {
    let scaled = rows * factor.asTensor
    return SparseRows(
      shape: shape, indices: indices, rows: scaled.converted(to: dtype), site: site)
  }

  init(shape: Shape, indices: Tensor, rows: Tensor, site: CallSite) {
    (self.shape, self.indices, self.rows, self.site) = (shape, indices, rows, site)
  }

  /// The rows of several lookups in one table, one after another; nil where there are none.
  init?(joining lookups: [SparseRows]) {
    guard let first = lookups.first else { return nil }
    self = first
    guard lookups.count > 1 else { return }
    self.init(
      shape: first.shape, indices: .joined(lookups.map(\.indices), axis: 0),
      rows: .joined(lookups.map(\.rows), axis: 0), site: first.site)
  }
}

extension Tensor {
  /// This tensor with `rows` added in their places; all others are as they were.
  ///
  /// - Parameters:
  ///   - rows: Rows of a tensor of this shape and dtype.
  ///   - file: The caller's file.
  ///   - line: The caller's line.
  public func adding(
    _ rows: SparseRows, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    if rows.rows.isPoisoned { return rows.rows }
    return attempt(.exact(file, line)) { () throws(TensorError) in
      guard shape == rows.shape, dtype == rows.dtype else {
        throw TensorError(
          shape == rows.shape ? .dtype : .shape, op: "adding",
          operands: [described, TensorError.Operand(rows.dtype, rows.shape)],
          reason: "rows of \(rows.dtype)\(rows.shape) are not rows of \(dtype)\(shape)",
          hint: "they belong to a tensor of their shape and dtype")
      }
      return try scattered(.add, rows.indices, rows.rows, axis: 0, site: rows.site)
    }
  }
}

/// The cotangent of a tensor, as it is collected from the uses of it.
struct Cotangent: Sendable {
  /// The sum of what is not rows, in the order in which it was met; nil where there is nothing.
  private var sum: Tensor?
  private var lookups: [SparseRows] = []

  init(_ tensor: Tensor) { sum = tensor }
  init(_ rows: SparseRows) { lookups = [rows] }

  mutating func add(_ other: Cotangent) {
    if let share = other.sum { sum = sum.map { $0 + share } ?? share }
    lookups += other.lookups
  }

  /// All of it, added up.
  var dense: Tensor {
    guard let rows = SparseRows(joining: lookups) else { return taped(sum) }
    return sum?.adding(rows) ?? rows.dense
  }

  /// All of it as rows; nil where a part of it is not.
  var rows: SparseRows? { sum == nil ? SparseRows(joining: lookups) : nil }
}
