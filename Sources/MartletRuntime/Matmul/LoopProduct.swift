// Matrix products by plain loops: integers and bool, small products, and floats where BLAS is
// absent.

import CPlatform
import MartletIR

/// An element that can be multiplied and added up.
private protocol Factor {
  static func multiplyAdd(_ sum: Self, _ x: Self, _ y: Self) -> Self
  static var zero: Self { get }
}

extension Factor where Self: FixedWidthInteger {
  @inline(__always)
  fileprivate static func multiplyAdd(_ sum: Self, _ x: Self, _ y: Self) -> Self { sum &+ x &* y }
}

extension Int8: Factor {}
extension Int16: Factor {}
extension Int32: Factor {}
extension Int64: Factor {}
extension UInt8: Factor {}
extension UInt16: Factor {}
extension UInt32: Factor {}
extension UInt64: Factor {}

/// A byte that is 0 or 1: addition is or, multiplication is and (R38).
private struct Truth: Factor {
  var bits: UInt8

  static var zero: Truth { Truth(bits: 0) }

  @inline(__always)
  static func multiplyAdd(_ sum: Truth, _ x: Truth, _ y: Truth) -> Truth {
    Truth(bits: sum.bits | (x.bits & y.bits))
  }
}

/// Rows of one matrix product by loops; each element's sum runs over the inner axis in order, so no
/// blocking and no split changes a bit.
struct LoopProduct {
  let a: UnsafeMutableRawPointer
  let aRowStride: Int
  let aColumnStride: Int
  let b: UnsafeMutableRawPointer
  let bRowStride: Int
  let bColumnStride: Int
  let c: UnsafeMutableRawPointer
  let columns: Int
  let inner: Int

  /// Computes these rows of the product.
  func run(_ dtype: DType, rows: Range<Int>) {
    switch dtype {
    case .bool: run(Truth.self, rows)
    case .int8: run(Int8.self, rows)
    case .int16: run(Int16.self, rows)
    case .int32: run(Int32.self, rows)
    case .int64: run(Int64.self, rows)
    case .uint8: run(UInt8.self, rows)
    case .uint16: run(UInt16.self, rows)
    case .uint32: run(UInt32.self, rows)
    case .uint64: run(UInt64.self, rows)
    case .float32: runVectors(MemoryLayout<Float>.stride, rows, martlet_product_f32)
    case .float64: runVectors(MemoryLayout<Double>.stride, rows, martlet_product_f64)
    }
  }

  /// Floats, with vectors as wide as the processor's, which Swift code is not compiled for.
  private func runVectors(
    _ byteCount: Int, _ rows: Range<Int>, _ multiply: (UnsafePointer<martlet_product>) -> Void
  ) {
    var product = martlet_product(
      rows: rows.count, columns: columns, inner: inner,
      a: a + rows.lowerBound &* aRowStride &* byteCount, a_row: aRowStride,
      a_column: aColumnStride, b: b, b_row: bRowStride, b_column: bColumnStride,
      c: c + rows.lowerBound &* columns &* byteCount, c_row: columns)
    multiply(&product)
  }

  /// The rows and columns of the second factor that are kept in cache together.
  private static let innerBlock = 128
  private static let columnBlock = 512

  @inline(__always)
  private func run<T: Factor>(_: T.Type, _ rows: Range<Int>) {
    let a = a.assumingMemoryBound(to: T.self)
    let b = b.assumingMemoryBound(to: T.self)
    let c = c.assumingMemoryBound(to: T.self)
    if bColumnStride != 1 {
      runStrided(a, b, c, rows)
      return
    }
    for row in rows { (c + row &* columns).update(repeating: T.zero, count: columns) }
    for columnStart in stride(from: 0, to: columns, by: LoopProduct.columnBlock) {
      let count = min(LoopProduct.columnBlock, columns &- columnStart)
      for innerStart in stride(from: 0, to: inner, by: LoopProduct.innerBlock) {
        let innerEnd = min(inner, innerStart &+ LoopProduct.innerBlock)
        for row in rows {
          let sums = c + (row &* columns &+ columnStart)
          let x = a + row &* aRowStride
          var k = innerStart
          while k &+ 4 <= innerEnd {
            let x0 = x[k &* aColumnStride]
            let x1 = x[(k &+ 1) &* aColumnStride]
            let x2 = x[(k &+ 2) &* aColumnStride]
            let x3 = x[(k &+ 3) &* aColumnStride]
            let y0 = b + (k &* bRowStride &+ columnStart)
            let y1 = y0 + bRowStride
            let y2 = y1 + bRowStride
            let y3 = y2 + bRowStride
            for j in 0..<count {
              var sum = T.multiplyAdd(sums[j], x0, y0[j])
              sum = T.multiplyAdd(sum, x1, y1[j])
              sum = T.multiplyAdd(sum, x2, y2[j])
              sums[j] = T.multiplyAdd(sum, x3, y3[j])
            }
            k &+= 4
          }
          while k < innerEnd {
            let x0 = x[k &* aColumnStride]
            let y0 = b + (k &* bRowStride &+ columnStart)
            for j in 0..<count { sums[j] = T.multiplyAdd(sums[j], x0, y0[j]) }
            k &+= 1
          }
        }
      }
    }
  }

  @inline(__always)
  private func runStrided<T: Factor>(
    _ a: UnsafeMutablePointer<T>, _ b: UnsafeMutablePointer<T>, _ c: UnsafeMutablePointer<T>,
    _ rows: Range<Int>
  ) {
    for row in rows {
      for column in 0..<columns {
        let x = a + row &* aRowStride
        let y = b + column &* bColumnStride
        var sum = T.zero
        for k in 0..<inner {
          sum = T.multiplyAdd(sum, x[k &* aColumnStride], y[k &* bRowStride])
        }
        c[row &* columns &+ column] = sum
      }
    }
  }
}
