// Running sums, products and extremes: closed forms, dtypes, initial elements, errors.

import Martlet
import Testing

@Suite struct ScanTests {
  @Test func closedForms() {
    let x = Tensor([[1, 2, 3], [4, 5, 6]])
    #expect(x.cumulativeSum(axis: 1).arrayEqual(Tensor([[1, 3, 6], [4, 9, 15]])))
    #expect(x.cumulativeSum(axis: 0).arrayEqual(Tensor([[1, 2, 3], [5, 7, 9]])))
    #expect(x.cumulativeSum(axis: -1).arrayEqual(x.cumulativeSum(axis: 1)))
    #expect(x.cumulativeProduct(axis: 1).arrayEqual(Tensor([[1, 2, 6], [4, 20, 120]])))
    #expect(x.T.cumulativeProduct(axis: 0).arrayEqual(x.cumulativeProduct(axis: 1).T))
    let y = Tensor([3, 1, 4, 1, 5])
    #expect(y.cumulativeMax().arrayEqual(Tensor([3, 3, 4, 4, 5])))
    #expect(y.cumulativeMin().arrayEqual(Tensor([3, 1, 1, 1, 1])))
    // Gauss and Faulhaber.
    let n = Tensor.arange(1, 2001)
    #expect(n.cumulativeSum().arrayEqual((n * (n + 1)).floorDivide(2)))
    #expect((2 * n - 1).cumulativeSum().arrayEqual(n * n))
    #expect((n * n * n).cumulativeSum().arrayEqual(n.cumulativeSum().square()))
    let ones = Tensor.ones([1000], dtype: .float64)
    let powers = (1...1000).map { Double(sign: .plus, exponent: $0, significand: 1) }
    #expect((2 * ones).cumulativeProduct().arrayEqual(Tensor(powers)))
    #expect(ones.cumulativeSum().arrayEqual(n[..<1000]))
  }

  /// The last element is the reduction, and differences lead back.
  @Test(arguments: DType.allCases) func lastElementsAreReductions(dtype: DType) {
    let x = (Tensor.arange(0, 60).reshape([4, 15]) * 7 % 5).cast(to: dtype)
    for axis in [0, 1] {
      #expect(x.cumulativeSum(axis: axis).take(-1, axis: axis).arrayEqual(x.sum(axis: axis)))
      #expect(x.cumulativeProduct(axis: axis).take(-1, axis: axis).arrayEqual(x.prod(axis: axis)))
      #expect(x.cumulativeMax(axis: axis).take(-1, axis: axis).arrayEqual(x.max(axis: axis)))
      #expect(x.cumulativeMin(axis: axis).take(-1, axis: axis).arrayEqual(x.min(axis: axis)))
    }
    let sums = x.cumulativeSum(axis: 1, includeInitial: true)
    #expect((sums[0..., 1...] - sums[0..., 0 ..< -1]).arrayEqual(x.cast(to: sums.dtype)))
  }

  @Test(arguments: DType.allCases) func dtypesAreThoseOfReductions(dtype: DType) {
    let x = Tensor.ones([3], dtype: dtype)
    #expect(x.cumulativeSum().dtype == x.sum().dtype)
    #expect(x.cumulativeProduct().dtype == x.prod().dtype)
    #expect(x.cumulativeMax().dtype == dtype && x.cumulativeMin().dtype == dtype)
    for named in DType.allCases where named != .bool {
      #expect(x.cumulativeSum(dtype: named).dtype == named)
      #expect(x.cumulativeProduct(dtype: named, includeInitial: true).dtype == named)
    }
  }

  @Test func elementsAreConvertedFirst() {
    let x = Tensor([100, 100, 100])
    #expect(x.cumulativeSum(dtype: .int8).scalars(as: Int8.self) == [100, -56, 44])
    #expect(x.cumulativeProduct(dtype: .uint8).scalars(as: UInt8.self) == [100, 16, 64])
    let halves = Tensor([0.5, 0.75, 1.5])
    #expect(halves.cumulativeSum(dtype: .int64).scalars(as: Int.self) == [0, 0, 1])
    let tenth: Float = 0.1
    let tenths = Tensor([tenth, tenth, tenth]).cumulativeSum(dtype: .float64)
    #expect(tenths.scalars(as: Double.self) == [1, 2, 3].map { $0 * Double(tenth) })
    let truths = Tensor([true, false, true])
    #expect(truths.cumulativeSum().scalars(as: Int.self) == [1, 1, 2])
    #expect(truths.cumulativeMin().scalars(as: Bool.self) == [true, false, false])
  }

  @Test func initialElements() {
    let x = Tensor([[1, 2, 3], [4, 5, 6]])
    let sums = x.cumulativeSum(axis: 1, includeInitial: true)
    #expect(sums.arrayEqual(Tensor([[0, 1, 3, 6], [0, 4, 9, 15]])))
    let products = x.cumulativeProduct(axis: 0, includeInitial: true)
    #expect(products.arrayEqual(Tensor([[1, 1, 1], [1, 2, 3], [4, 10, 18]])))
    #expect(Tensor.zeros([2, 0]).cumulativeSum(axis: 1, includeInitial: true).shape == [2, 1])
    let one = Tensor.zeros([0, 3]).cumulativeProduct(axis: 0, includeInitial: true)
    #expect(one.arrayEqual(Tensor.ones([1, 3])))
    #expect(Tensor.zeros([0, 3]).cumulativeProduct(axis: 1, includeInitial: true).shape == [0, 4])
    #expect(Tensor.zeros([0]).cumulativeMax().shape == [0])
  }

  @Test func freeFunctionsAreTheMethods() {
    let x = Tensor([[2, 1, 3], [1, 4, 0]])
    #expect(cumulativeSum(x, axis: 1).arrayEqual(x.cumulativeSum(axis: 1)))
    #expect(
      cumulativeProduct(x, axis: 0, dtype: .int8, includeInitial: true).arrayEqual(
        x.cumulativeProduct(axis: 0, dtype: .int8, includeInitial: true)))
    #expect(cumulativeMax(x, axis: 0).arrayEqual(x.cumulativeMax(axis: 0)))
    #expect(cumulativeMin(x, axis: 1).arrayEqual(x.cumulativeMin(axis: 1)))
  }

  @Test func errors() {
    let x = Tensor.zeros([2, 3])
    let cases: [(line: Int, message: String, body: () -> Tensor)] = [
      (
        #line + 3,
        "cumulativeSum(float32[2, 3]): the axis may be left out where there is one, not where "
          + "there are 2; name an axis, for example axis: 0, or flatten() the tensor first",
        { x.cumulativeSum() }
      ),
      (
        #line + 3,
        "cumulativeMax(float32[]): the axis may be left out where there is one, not where there "
          + "are 0; reshape([1]) gives it an axis",
        { x.sum().cumulativeMax() }
      ),
      (
        #line + 2,
        "cumulativeMin(float32[]): axis 0 is out of range for 0 axes; a single number has no axes",
        { x.sum().cumulativeMin(axis: 0) }
      ),
      (
        #line + 2,
        "cumulativeProduct(float32[2, 3]): axis 2 is out of range for 2 axes; axes go from -2 to 1",
        { x.cumulativeProduct(axis: 2) }
      ),
      (
        #line + 3,
        "cumulativeSum(float32[2, 3]): sums and products are numbers, and bool is none; leave "
          + "dtype out for int64, or name a dtype of numbers",
        { x.cumulativeSum(axis: 0, dtype: .bool) }
      ),
    ]
    for (line, message, body) in cases {
      #expect {
        try withTensorErrors { _ = body() }
      } throws: { error in
        "\(error)" == "MartletTests/ScanTests.swift:\(line): \(message)"
      }
    }
  }
}
