// Operators, functions, reductions, shapes and products through the users' API.

import Martlet
import Testing

@Suite struct OperationTests {
  private let x: Tensor = [[1, 2, 3], [4, 5, 6]]

  @Test func arithmetic() {
    let a = Tensor([-7, 7])
    #expect((a % 3).scalars(as: Int.self) == [2, 1])
    #expect(floorDivide(a, 2).scalars(as: Int.self) == [-4, 3])
    #expect((a / 2).dtype == .float32)
    #expect((-a).scalars(as: Int.self) == [7, -7])
    #expect((a & 3 | 8 ^ a).dtype == .int64)
    #expect((Tensor([1, 2]) << 2).scalars(as: Int.self) == [4, 8])
    #expect((Tensor([-8, 8]) >> 1).scalars(as: Int.self) == [-4, 4])
    #expect((~Tensor([true, false])).scalars(as: Bool.self) == [false, true])
    var b = a
    b += 1
    b *= a
    b -= 2
    b = b / 2
    #expect(b.scalars(as: Double.self) == [20, 27])
    #expect(pow(Tensor([1, 2, 3]), 2).scalars(as: Int.self) == [1, 4, 9])
    #expect(pow(2, Tensor([1.0, 3])).scalars(as: Double.self) == [2, 8])
    #expect(maximum(a, 0).scalars(as: Int.self) == [0, 7])
    #expect(maximum(a, Tensor([-9, 9])).scalars(as: Int.self) == [-7, 9])
    #expect(a.clip(min: -1, max: 1).scalars(as: Int.self) == [-1, 1])
    #expect(clip(a, max: 0).scalars(as: Int.self) == [-7, 0])
    #expect(Tensor.where(a .> 0, a, 0).scalars(as: Int.self) == [0, 7])
    #expect(fma(Tensor([2.0]), 3, 4).scalars(as: Double.self) == [10])
  }

  @Test func comparisonsAndDecisions() {
    #expect((x .> 2 .& x .!= 5).scalars(as: Bool.self) == [false, false, true, true, false, true])
    #expect((.!(x .<= 3 .| x .== 6)).countNonzero().item(as: Int.self) == 2)
    let n = 2.5
    #expect(x.max() > n && n < x.max() && x.min() >= 1 && x.min() <= Tensor(1))
    if abs(Tensor(-2.0)) <= 1 { Issue.record("2 is not at most 1") }
    #expect(Bool(Tensor(3)) && !Bool(Tensor(0.0)))
  }

  @Test func equalityOfWholeTensors() {
    #expect(x.arrayEqual([[1, 2, 3], [4, 5, 6]]) && x.arrayEqual(x.cast(to: .float64)))
    #expect(!x.arrayEqual([[1, 2, 3], [4, 5, 7]]) && !x.arrayEqual(x.flatten()))
    #expect(!Tensor([1, 1]).arrayEqual(1) && Tensor(1).arrayEqual(1))
    #expect(Tensor([]).arrayEqual([]) && !Tensor.zeros([0, 2]).arrayEqual([]))
    let y: Tensor = [.nan, 0]
    #expect(!y.arrayEqual(y) && y.arrayEqual([.nan, -0.0], equalNaN: true))
    #expect(!y.arrayEqual([0, .nan], equalNaN: true))
    #expect(x.arrayEqual(x, equalNaN: true))
  }

  @Test func reductions() {
    #expect(x.sum().item(as: Int.self) == 21)
    #expect(x.sum(axis: 0).scalars(as: Int.self) == [5, 7, 9])
    #expect(x.sum(axis: [0, 1]).shape == [])
    #expect(x.sum(axis: -1, keepDims: true).shape == [2, 1])
    #expect(sum(x, axis: [Int]()).shape == [2, 3])
    #expect(Tensor([1, 2] as [UInt8]).sum().dtype == .uint64)
    #expect(Tensor([true, true]).sum().item(as: Int.self) == 2)
    #expect(x.prod(axis: 1).scalars(as: Int.self) == [6, 120])
    #expect(x.mean().dtype == .float32 && x.mean().item(as: Double.self) == 3.5)
    #expect(x.max(axis: 0).scalars(as: Int.self) == [4, 5, 6])
    #expect(x.argmax().item(as: Int.self) == 5)
    #expect(x.argmin(axis: 1, keepDims: true).shape == [2, 1])
    #expect(x.var().item(as: Float.self) == 2.9166667)
    #expect(x.var(correction: 6).item(as: Double.self).isNaN)
    #expect(Tensor.zeros([0]).sum().item(as: Double.self) == 0)
    #expect(Tensor.zeros([0]).mean().item(as: Double.self).isNaN)
    #expect(Tensor.zeros([0, 3]).max(axis: 1).shape == [0])
    #expect(throws: TensorError.self) { try withTensorErrors { Tensor.zeros([0]).max() } }
    #expect(throws: TensorError.self) { try withTensorErrors { x.sum(axis: 2) } }
    #expect(Bool((x .> 0).all()) && !Bool((x .> 6).any()))
  }

  /// Every reduction along several axes is the one along their flattened axis.
  @Test func severalAxesReduceTogether() {
    let x = Tensor.arange(24).reshape([2, 3, 4]) % 7 / 4
    let flat = x.permute([1, 0, 2]).reshape([3, 8])
    let reductions: [(Tensor, any TensorAxes, Bool) -> Tensor] = [
      { $0.sum(axis: $1, keepDims: $2) }, { $0.prod(axis: $1, keepDims: $2) },
      { $0.mean(axis: $1, keepDims: $2) }, { $0.max(axis: $1, keepDims: $2) },
      { $0.min(axis: $1, keepDims: $2) }, { $0.any(axis: $1, keepDims: $2) },
      { $0.all(axis: $1, keepDims: $2) }, { $0.countNonzero(axis: $1, keepDims: $2) },
      { $0.var(axis: $1, correction: 1, keepDims: $2) },
      { $0.std(axis: $1, correction: 1, keepDims: $2) },
      { $0.logSumExp(axis: $1, keepDims: $2) }, { sum($0, axis: $1, keepDims: $2) },
      { prod($0, axis: $1, keepDims: $2) }, { mean($0, axis: $1, keepDims: $2) },
    ]
    for reduction in reductions {
      let expected = reduction(flat, 1, false).scalars(as: Double.self)
      #expect(reduction(x, [0, -1], false).shape == [3])
      #expect(reduction(x, [0, -1], true).shape == [1, 3, 1])
      #expect(reduction(x, [2, 0], true).scalars(as: Double.self) == expected)
      #expect(throws: TensorError.self) { try withTensorErrors { reduction(x, [0, -3], false) } }
    }
    #expect(softmax(x, axis: [0, 2]).sum(axis: [0, 2]).allClose([1, 1, 1]))
    #expect(x.logSoftmax(axis: [0, 2]).allClose(x.softmax(axis: [0, 2]).log()))
    #expect(x.flip(axis: [0, 1])[0, 0, 0].item(as: Float.self) == x[1, 2, 0].item())
    #expect(x.flip()[0, 0, 0].item(as: Float.self) == x[1, 2, 3].item())
    #expect(x.expandDims(axis: 0).squeeze(axis: [0]).shape == [2, 3, 4])
  }

  @Test func compositions() {
    let y: Tensor = [1.0, 2, 3]
    #expect(y.softmax().sum().allClose(1))
    #expect(y.logSoftmax().allClose(y.softmax().log()))
    #expect(y.logSumExp().allClose(y.exp().sum().log()))
    #expect(Tensor([1000.0, 1000]).logSumExp().allClose(1000.6931))
    #expect(relu([-1.0, 0, 2]).scalars(as: Double.self) == [0, 0, 2])
    #expect(gradient(at: 0) { relu($0) }.item(as: Double.self) == 0)
    #expect(gelu(y).allClose([0.8413447, 1.9544997, 2.9959502]))
    #expect(silu(y).allClose(y * sigmoid(y)))
    #expect(!y.allClose(y + 0.1))
    #expect(Tensor([Double.nan] as [Double]).allClose(Tensor(Double.nan), equalNaN: true))
    #expect(Tensor([Float.infinity]).allClose(Tensor(Float.infinity)))
    #expect(Tensor([1.9, -1.9]).cast(to: .int32).scalars(as: Int.self) == [1, -1])
    #expect(gradient(at: 3) { $0 * stopGradient($0) }.item(as: Double.self) == 3)
  }

  @Test func shapes() {
    #expect(x.reshape([3, -1]).shape == [3, 2])
    #expect(x.T.scalars(as: Int.self) == [1, 4, 2, 5, 3, 6])
    #expect(x.mT.shape == [3, 2] && x.transpose(1, 0).shape == [3, 2])
    #expect(x.expandDims(axis: [0, -1]).shape == [1, 2, 3, 1])
    #expect(x.expandDims(axis: 1).squeeze().shape == [2, 3])
    #expect(x.flatten().shape == [6])
    #expect(Tensor([1, 2]).broadcast(to: [2, 2]).scalars(as: Int.self) == [1, 2, 1, 2])
    let cube = Tensor.zeros([2, 3, 4])
    #expect(cube.moveAxis(0, to: -1).shape == [3, 4, 2])
    #expect(cube.swapAxes(0, 2).shape == [4, 3, 2])
    #expect(Tensor.broadcast([x, [[1], [2]]])[1].shape == [2, 3])
    #expect(x.flip(axis: 1).scalars(as: Int.self) == [3, 2, 1, 6, 5, 4])
    #expect(Tensor.concatenate([x, x], axis: 1).shape == [2, 6])
    #expect(Tensor.stack([[1, 2], [3, 4]], axis: 1).scalars(as: Int.self) == [1, 3, 2, 4])
    #expect(x.split(into: 3, axis: 1).map(\.shape) == [[2, 1], [2, 1], [2, 1]])
    #expect(Tensor.arange(5).split(at: [2, 3]).map(\.count) == [2, 1, 2])
    #expect(x.unstack().map { $0.scalars(as: Int.self) } == [[1, 2, 3], [4, 5, 6]])
    #expect(Tensor([1, 2]).tile([2, 2]).scalars(as: Int.self) == [1, 2, 1, 2, 1, 2, 1, 2])
    #expect(Tensor([1, 2]).repeat(2).scalars(as: Int.self) == [1, 1, 2, 2])
    #expect(Tensor([1, 2, 3]).roll(-1).scalars(as: Int.self) == [2, 3, 1])
    #expect(Tensor([1, 2]).pad([(1, 2)]).scalars(as: Int.self) == [0, 1, 2, 0, 0])
    #expect(x.pad(1, value: 9).shape == [4, 5])
    #expect(x.take([1, -1, 0], axis: 1).scalars(as: Int.self) == [2, 3, 1, 5, 6, 4])
    #expect((x .> 4).nonzero().map { $0.scalars(as: Int.self) } == [[1, 1], [1, 2]])
  }

  @Test func products() {
    let y = Tensor.arange(12).reshape([2, 3, 2])
    #expect(matmul(x, y).shape == [2, 2, 2])
    #expect(matmul(x, [1, 0, 1]).scalars(as: Int.self) == [4, 10])
    #expect(matmul([1, 1], x).scalars(as: Int.self) == [5, 7, 9])
    #expect(matmul([1, 2], [3, 4]).shape == [])
    #expect(dot(x, 2).scalars(as: Int.self) == [2, 4, 6, 8, 10, 12])
    #expect(x.dot(y).shape == [2, 2, 2])
    #expect(outer([1, 2], [3, 4]).scalars(as: Int.self) == [3, 4, 6, 8])
    #expect(vecdot(x, x).scalars(as: Int.self) == [14, 77])
    #expect(tensordot(x, y, axes: ([1], [1])).shape == [2, 2, 2])
    #expect(tensordot(x, x, axes: 2).item(as: Int.self) == 91)
  }

  @Test func reading() throws {
    #expect(Float(x.sum()) == 21 && Double(x.mean()) == 3.5 && Int(x.mean()) == 3)
    let view = x.T
    view.withUnsafeBuffer(as: Int64.self) { #expect(Array($0) == [1, 4, 2, 5, 3, 6]) }
    #expect(try x.checkedScalars(as: Int8.self) == [1, 2, 3, 4, 5, 6])
    #expect(throws: TensorError.self) { try x.checkedItem(as: Float.self) }
    #expect(Int(Tensor(-3.9)) == -3 && Bool(Tensor([0.5])))
    let (a, b) = (x + 1, x * 2)
    materialize(a, b)
    #expect("\(a.sum())" == "Tensor(27, shape=(), dtype=int64)")
  }
}
