// Tensors from literals and host arrays: their dtypes, shapes and elements.

import Martlet
import Testing

@Suite struct LiteralTests {
  @Test func arrayLiteralsHaveTheDefaultDType() {
    let ints: Tensor = [[1, 2], [3, 4]]
    let mixed: Tensor = [[1, 2], [3, 4.5]]
    let mask: Tensor = [true, false]
    let boolAndInt: Tensor = [true, 2]
    #expect(ints.dtype == .int64 && ints.shape == [2, 2])
    #expect(mixed.dtype == .float32)
    #expect(mixed.scalars(as: Double.self) == [1, 2, 3, 4.5])
    #expect(mask.dtype == .bool)
    #expect(boolAndInt.dtype == .int64)
    #expect(Tensor([1.5, 2]).dtype == .float32)
    #expect(Tensor([[[1], [2]]]).shape == [1, 2, 1])
    #expect(([] as Tensor).shape == [0])
    let x: Tensor = [1.0, 2]
    #expect(([x, x * 2] as Tensor).scalars(as: Double.self) == [1, 2, 2, 4])
  }

  @Test func literalsTakeTheOtherDType() {
    let half = Tensor([Double(0.5)] as [Double])
    #expect((half * 2).dtype == .float64)
    #expect((half * (1 / 3)).scalars(as: Double.self) == [0.5 * (1.0 / 3)])
    let bytes = Tensor([200, 100] as [UInt8])
    #expect((bytes + 100).scalars(as: Int.self) == [44, 200])
    #expect((bytes * 0.5).dtype == .float32)
    #expect((Tensor([true]) + 1).dtype == .int64)
    let n = 3
    #expect((half + n).dtype == .float64)
    #expect((n - bytes).dtype == .uint8)
    #expect(Tensor(2.5).dtype == .float32)
    #expect(Tensor(n).dtype == .int64)
    #expect(Tensor(Float(2)).dtype == .float32)
    #expect(Tensor(2.5 as Double).dtype == .float64)
    #expect(throws: TensorError.self) { try withTensorErrors { bytes + 300 } }
  }

  @Test func literalsWithADTypeAreConvertedOnce() {
    #expect(Tensor(0.1, dtype: .float64).item(as: Double.self) == 0.1)
    #expect(Tensor(1 / 3, dtype: .float64).item(as: Double.self) == 1.0 / 3)
    #expect(Tensor(-128, dtype: .int8).dtype == .int8)
    let tenths = Tensor([0.1, 1 / 3, 2], dtype: .float64)
    #expect(tenths.dtype == .float64 && tenths.scalars(as: Double.self) == [0.1, 1.0 / 3, 2])
    // 2^53 + 1 is no double; 2^24 + 1 no float.
    #expect(
      Tensor([9_007_199_254_740_993], dtype: .uint64).item(as: Int.self) == 9_007_199_254_740_993)
    #expect(Tensor(16_777_217, dtype: .float64).item(as: Int.self) == 16_777_217)
    let rows = Tensor([[1, 2], [3, 0.1]], dtype: .float64)
    #expect(rows.shape == [2, 2] && rows.scalars(as: Double.self) == [1, 2, 3, 0.1])
    let deep = Tensor([[[[0.1], [0.2]]]], dtype: .float64)
    #expect(deep.shape == [1, 1, 2, 1] && deep.scalars(as: Double.self) == [0.1, 0.2])
    #expect(Tensor([[[true]], [[false]]], dtype: .uint8).scalars(as: Int.self) == [1, 0])
    let none = Tensor([] as [Tensor], dtype: .int8)
    #expect(none.shape == [0] && none.dtype == .int8)
  }

  @Test func hostNumbersTakeADTypeToo() {
    let (n, d) = (3, 0.1)
    #expect(Tensor(n, dtype: .float32).dtype == .float32)
    #expect(Tensor([n, 1], dtype: .int8).scalars(as: Int.self) == [3, 1])
    #expect(Tensor([[d, 1], [2, 3]], dtype: .float32).scalars(as: Float.self) == [0.1, 1, 2, 3])
    #expect(Tensor([300, -1] as [Int], dtype: .uint8).scalars(as: Int.self) == [44, 255])
    #expect(Tensor([1, 2, 3, 4], shape: [2, 2], dtype: .float32).dtype == .float32)
    let x: Tensor = [1, 2]
    #expect(Tensor(x, dtype: .float64).dtype == .float64)
    #expect(Tensor([x, x * 0.5], dtype: .float64).scalars(as: Double.self) == [1, 2, 0.5, 1])
    #expect(Tensor([x[0], 7], dtype: .int16).scalars(as: Int.self) == [1, 7])
  }

  @Test func literalsThatTheDTypeDoesNotHoldAreErrors() {
    let n = 300
    let line = #line + 2
    let errors = [
      #expect(throws: TensorError.self) { try withTensorErrors { Tensor(300, dtype: .int8) } },
      #expect(throws: TensorError.self) { try withTensorErrors { Tensor([1.5], dtype: .int32) } },
      #expect(throws: TensorError.self) { try withTensorErrors { Tensor([[-1]], dtype: .uint64) } },
      #expect(throws: TensorError.self) { try withTensorErrors { Tensor(n, dtype: .uint8) } },
    ]
    #expect(errors.allSatisfy { $0?.kind == .value })
    #expect(errors.compactMap { $0?.location?.line } == [line, line + 1, line + 2, line + 3])
    #expect(errors[1]?.reason == "1.5 does not fit in int32")
  }

  @Test func namedNumbersAreLiterals() {
    let x: Tensor = [1, .nan, -.infinity, .infinity]
    #expect(x.dtype == .float32)
    #expect("\(x)" == "Tensor([  1.,  nan, -inf,  inf], shape=(4,), dtype=float32)")
    let rows: Tensor = [[1, .nan], [.infinity, 0.5]]
    #expect(rows.dtype == .float32 && rows.isNaN().countNonzero().item(as: Int.self) == 1)
    #expect(Tensor([1, .nan]).dtype == .float32)
    #expect(Tensor([1, .nan], dtype: .float64).dtype == .float64)
    #expect((Tensor([2.0] as [Double]) * .infinity).dtype == .float64)
    #expect(Tensor.full([2], .nan).dtype == .float32)
    #expect(Tensor.where(Tensor([true, false]), 1, .infinity).dtype == .float32)
    #expect((Tensor([1, 2]) .< .infinity).scalars(as: Bool.self) == [true, true])
  }

  @Test func hostArraysKeepTheirType() throws {
    let samples: [Double] = [0.1, 0.2]
    #expect(Tensor(samples).dtype == .float64)
    #expect(Tensor(samples).scalars(as: Double.self) == samples)
    let flags = [true, false, true]
    #expect(Tensor(flags).scalars(as: Bool.self) == flags)
    let rows: [[Int16]] = [[1, 2], [3, 4]]
    #expect(Tensor(rows).dtype == .int16 && Tensor(rows).shape == [2, 2])
    let blocks: [[[Float]]] = [[[1], [2]], [[3], [4]]]
    #expect(Tensor(blocks).shape == [2, 2, 1])
    #expect(Tensor([1, 2, 3, 4] as [Int8], shape: [2, 2]).shape == [2, 2])
    #expect(throws: TensorError.self) { try Tensor(checking: samples, shape: [3]) }
    let copied = try samples.withUnsafeBufferPointer { try Tensor(copying: $0, shape: [2, 1]) }
    #expect(copied.shape == [2, 1])
  }

  @Test func raggedLiteralsNameTheRow() {
    let error = #expect(throws: TensorError.self) {
      try withTensorErrors { _ = [[1, 2], [3, 4], [5]] as Tensor }
    }
    #expect(error?.reason == "row 2 has shape [1] where row 0 has [2]")
    let rows: [[Int]] = [[1], [2, 3]]
    let hostError = #expect(throws: TensorError.self) {
      try withTensorErrors { _ = Tensor(rows) }
    }
    #expect(hostError?.reason == "row 1 has 2 elements where row 0 has 1")
    #expect(hostError?.location?.line == #line - 4)
  }

  @Test func creation() {
    #expect(Tensor.zeros([2, 3]).scalars(as: Int.self) == [0, 0, 0, 0, 0, 0])
    #expect(Tensor.ones([2], dtype: .bool).scalars(as: Bool.self) == [true, true])
    #expect(Tensor.full([2], 0.5).dtype == .float32)
    #expect(Tensor.full([2, 2], [1, 2]).scalars(as: Int.self) == [1, 2, 1, 2])
    #expect(Tensor.zerosLike([1, 2]).dtype == .int64)
    #expect(Tensor.arange(5, 0, step: -2).scalars(as: Int.self) == [5, 3, 1])
    #expect(Tensor.arange(3, 0).count == 0)
    let quarters = Tensor.arange(0, 1, step: 0.25)
    #expect(quarters.scalars(as: Double.self) == [0, 0.25, 0.5, 0.75])
    let points = Tensor.linspace(0, 0.3, count: 4, dtype: .float64)
    #expect(points[-1].item(as: Double.self) == 0.3)
    #expect(Tensor.eye(2, 3, offset: 1).scalars(as: Int.self) == [0, 1, 0, 0, 0, 1])
    #expect(Tensor.tri(2).scalars(as: Int.self) == [1, 0, 1, 1])
    let x = Tensor.arange(6).reshape([2, 3])
    #expect(x.triu().scalars(as: Int.self) == [0, 1, 2, 0, 4, 5])
    #expect(x.tril(offset: -1).scalars(as: Int.self) == [0, 0, 0, 3, 0, 0])
    #expect(x.diagonal(offset: 1).scalars(as: Int.self) == [1, 5])
    #expect(x.diagonal(offset: -1).scalars(as: Int.self) == [3])
    #expect(x.diagonal(offset: 9).count == 0)
    #expect(Tensor.diag([1, 2], offset: -1).scalars(as: Int.self) == [0, 0, 0, 1, 0, 0, 0, 2, 0])
    let grid = Tensor.meshgrid([[1, 2, 3], [4, 5]])
    #expect(grid[0].shape == [2, 3] && grid[1].scalars(as: Int.self) == [4, 4, 4, 5, 5, 5])
    #expect(Tensor.meshgrid([[1, 2, 3], [4, 5]], indexing: .ij)[0].shape == [3, 2])
  }

  @Test func hostNumbersFill() {
    let (d, f, n) = (0.1, Float(0.5), 3)
    #expect(Tensor.full([2], d).dtype == .float32)
    #expect(Tensor.full([2], d, dtype: .float64).scalars(as: Double.self) == [0.1, 0.1])
    #expect(Tensor.full([1], f).dtype == .float32 && Tensor.full([1], n).dtype == .int64)
    #expect(Tensor.fullLike(Tensor([1.0 as Double] as [Double]), d).item(as: Double.self) == 0.1)
    let error = #expect(throws: TensorError.self) {
      try withTensorErrors { Tensor.full([2], d, dtype: .int32) }
    }
    #expect(error?.reason == "0.1 does not fit in int32")
    #expect(error?.location?.line == #line - 4)
    let bytes = Tensor([1] as [UInt8])
    #expect(bytes.pad([(0, 1)], value: n).scalars(as: Int.self) == [1, 3])
    #expect(bytes.pad(1, value: n).dtype == .uint8)
  }

  @Test func hostNumbersAreAssignedAsTensors() {
    let (d, n) = (0.1, 3)
    var x = Tensor.zeros([3])
    x[0] = Tensor(d)
    x[1] = Tensor(n)
    x[2] += d
    #expect(x.dtype == .float32 && x.scalars(as: Float.self) == [0.1, 3, 0.1])
    var counts = Tensor([1, 2])
    #expect(throws: TensorError.self) { try withTensorErrors { counts[0] = Tensor(d) } }
  }

  @Test func randomNumbers() {
    let x = Tensor.random([1000], seed: 3)
    #expect(x.allClose(Tensor.random([1000], seed: 3), rtol: 0, atol: 0))
    #expect(!x.allClose(Tensor.random([1000], seed: 4)))
    #expect(Bool((x .>= 0 .& x .< 1).all()))
    #expect(Swift.abs(Float(x.mean()) - 0.5) < 0.05)
    // One seed's uniform and normal numbers are independent.
    let u = Tensor.random([4000], seed: 1) - 0.5
    let n = Tensor.randomNormal([4000], seed: 1).square() - 1
    #expect(abs((u * n).mean()) < 0.05)
    let y = Tensor.randomNormal([4000], seed: 1, dtype: .float64)
    #expect(Swift.abs(Double(y.mean())) < 0.1 && Swift.abs(Double(y.std()) - 1) < 0.1)
    #expect(!Tensor.random([4]).allClose(Tensor.random([4])))
  }
}
