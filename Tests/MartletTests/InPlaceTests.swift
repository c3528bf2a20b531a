// `+=` and its kind: shape and dtype stay as in NumPy, literals become results, gradients flow.

import Martlet
import Testing

@Suite struct InPlaceTests {
  /// NumPy's same-kind rule: what `x += y` does to the dtype of x, or nil where it raises.
  @Test(
    arguments: [
      (.float32, .float64, .float32), (.float64, .float32, .float64), (.int8, .int64, .int8),
      (.int32, .uint8, .int32), (.int64, .float32, nil), (.uint8, .int8, nil),
      (.uint8, .int64, nil), (.bool, .bool, .bool), (.bool, .int8, nil), (.int16, .bool, .int16),
      (.float32, .int64, .float32), (.uint16, .uint64, .uint16),
    ] as [(DType, DType, DType?)])
  func theDTypeStays(target: DType, source: DType, expected: DType?) {
    var x = Tensor.ones([2], dtype: target)
    let error = tensorError { x += Tensor.ones([2], dtype: source) }
    #expect(x.dtype == target && (error == nil) == (expected != nil))
    if expected == nil { #expect(error?.kind == .dtype && error?.op == "+=") }
    if target != .bool, expected != nil { #expect(x.scalars(as: Int.self) == [2, 2]) }
  }

  @Test func theResultIsRoundedOnceMore() {
    var bytes = Tensor([100, -100], dtype: .int8)
    bytes += Tensor([100, -100])
    #expect(bytes.scalars(as: Int.self) == [-56, 56])
    var x = Tensor([1.0 as Float])
    x += Tensor([0x1p-60] as [Double])
    #expect(x.scalars(as: Double.self) == [1])
  }

  @Test func theShapeStays() {
    var x = Tensor.ones([3])
    let error = tensorError { x += Tensor.ones([2, 3]) }; let line = #line
    #expect(
      error?.description == "MartletTests/InPlaceTests.swift:\(line): "
        + "+=(float32[3], float32[2, 3]): the result has shape [2, 3], and x keeps [3]; "
        + "write x = x + y for a tensor of another shape or dtype")
    #expect(x.arrayEqual(Tensor.ones([3])))
    var matrix = Tensor.zeros([2, 3])
    matrix -= x
    matrix *= Tensor([[2.0], [3.0]])
    #expect(matrix.scalars(as: Int.self) == [-2, -2, -2, -3, -3, -3])
    var number = Tensor(Float(1))
    #expect(tensorError { number *= x }?.kind == .shape)
  }

  @Test func integersHaveNoQuotientInPlace() {
    var x = Tensor([4, 6])
    #expect(tensorError { x /= 2 }?.reason == "the result is float32, and x stays int64")
    let half = 0.5
    #expect(tensorError { x *= half }?.op == "*=")
    #expect(x.scalars(as: Int.self) == [4, 6])
    var y = Tensor([4.0, 6.0])
    let two = 2
    y /= two
    #expect(y.scalars(as: Float.self) == [2, 3])
  }

  @Test func aLiteralBecomesTheResult() {
    var total: Tensor = 0
    for i in 0..<3 { total += Tensor([Float(i), 1]) }
    #expect(total.dtype == .float32 && total.scalars(as: Float.self) == [3, 3])
  }

  @Test func aFailedResultLeavesTheTensorAlone() {
    var x = Tensor.ones([3])
    #expect(tensorError { x += Tensor.ones([2]) }?.op == "add")
    #expect(x.arrayEqual(Tensor.ones([3])))
  }

  /// d/dx of (x + 2 x) * x is 6 x, through a sum in float64 that is rounded to float32.
  @Test func gradientsFlow() {
    let slope = gradient(at: Tensor([1.0, 2.0])) { x in
      var y = x
      y += (2 * x).cast(to: .float64)
      y *= x
      return y.sum()
    }
    #expect(slope.dtype == .float32 && slope.scalars(as: Float.self) == [6, 12])
  }
}
