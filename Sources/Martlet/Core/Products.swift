// Recording products of matrices: one op, or a sum of products where a vector takes part.

import MartletIR
import MartletRuntime

extension Tensor {
  /// The matrix product over the last two axes; equal dtypes, equal ranks of at least 2, batch axes
  /// that broadcast.
  ///
  /// Where a factor is a vector, each element of the other is used once, and reading it takes all
  /// the time. A sum of products reads at the speed of memory and fuses with its neighbours, which
  /// a library's routine does not. One matrix for a whole batch is a single, larger product.
  static func product(_ a: Tensor, _ b: Tensor, batch: Shape) -> Tensor {
    let rank = a.rank
    let (rows, columns, inner) = (a.shape[rank - 2], b.shape[rank - 1], a.shape[rank - 1])
    if inner == 1 { return elementwise(.multiply, a, b, site: .frame) }
    if columns == 1 {
      if a.hasBatch(batch) { return sumOfProducts(a, b.matrixTransposed, axis: rank - 1) }
      if a.isOneMatrix {
        // (A B)ᵀ = Bᵀ Aᵀ: the batch of columns is one of rows.
        return product(b.matrixTransposed, a.matrixTransposed, batch: batch).matrixTransposed
      }
    }
    if rows == 1, b.hasBatch(batch) {
      return sumOfProducts(a.matrixTransposed, b, axis: rank - 2)
    }
    let result = Shape(batch.dimensions + [rows, columns])
    if b.isOneMatrix, !a.isOneMatrix, !a.isEmpty {
      let ones = [Int](repeating: 1, count: rank - 2)
      let flat = a.reshaped(unchecked: Shape(ones + [batch.elementCount &* rows, inner]))
      return product(flat, b, batch: Shape(ones)).reshaped(unchecked: result)
    }
    return Tensor(
      Tracking.record(
        .matmul, dtype: a.dtype, shape: result, inputs: [a, b], operands: [a.operand, b.operand]))
  }

  /// Whether there is a matrix for each element of `batch`, none for several.
  private func hasBatch(_ batch: Shape) -> Bool { shape.dropLast(2).elementsEqual(batch) }

  private var isOneMatrix: Bool { shape.dropLast(2).allSatisfy { $0 == 1 } }

  /// The sum along `axis`, which keeps extent 1, of the products of tensors of one dtype, which is
  /// also the result's: integers wrap, and of bool the sum is or (R38).
  static func sumOfProducts(_ a: Tensor, _ b: Tensor, axis: Int) -> Tensor {
    let products = elementwise(.multiply, a, b, site: .frame)
    return products.reduced(
      products.dtype == .bool ? .any : .sum, AxisSet([axis]), dtype: products.dtype)
  }
}
