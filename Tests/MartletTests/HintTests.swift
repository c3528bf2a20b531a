// What messages say about the way out: the numbers of the case, and advice that is true.

import Martlet
import Testing

@Suite struct HintTests {
  /// The shapes that a hint names are followed: they fit, and the extent left open is found.
  @Test(
    arguments: [
      ([12], [5, 2], "[6, 2] has 12, and [-1, 2] finds its 6 by itself"),
      ([12], [5, 4], "[3, 4] has 12, and [-1, 4] finds its 3 by itself"),
      ([12], [4, 5], "[4, 3] has 12, and [4, -1] finds its 3 by itself"),
      ([12], [5, 7], "the extents must multiply to 12"),
      ([2, 3], [0, 3], "[2, 3] has 6, and [-1, 3] finds its 2 by itself"),
    ] as [([Int], [Int], String)])
  func reshape(shape: [Int], wanted: [Int], hint: String) {
    #expect(tensorError { _ = Tensor.zeros(shape).reshape(wanted) }?.hint == hint)
  }

  @Test func axesAndIndices() {
    let x = Tensor.zeros([2, 3])
    let number = Tensor.zeros([])
    #expect(tensorError { _ = x.flip(axis: -3) }?.hint == "axes go from -2 to 1")
    #expect(tensorError { _ = number.sum(axis: 0) }?.hint == "a single number has no axes")
    #expect(tensorError { _ = Tensor.stack([x, x], axis: 3) }?.hint == "axes go from -3 to 2")
    #expect(
      tensorError { _ = Tensor.concatenate([x, x], axis: 2) }?.hint == "axes go from -2 to 1")
    #expect(tensorError { _ = x[0, 3] }?.hint == "indices go from -3 to 2")
    #expect(tensorError { _ = Tensor.zeros([0])[0] }?.hint == "the axis has no elements")
    #expect(tensorError { _ = x[Tensor([0, -3])] }?.hint == "indices go from -2 to 1")
    #expect(tensorError { _ = x[0, 0, 0] }?.hint == "an axis takes one index; .newAxis adds axes")
  }

  @Test func products() {
    let (a, b) = (Tensor.zeros([2, 3]), Tensor.zeros([2, 4]))
    #expect(tensorError { _ = a.matmul(a) }?.hint == "the second fits transposed: matmul(a, b.mT)")
    #expect(tensorError { _ = a.matmul(b) }?.hint == "the first fits transposed: matmul(a.mT, b)")
    #expect(
      tensorError { _ = a.matmul(Tensor.zeros([4, 4])) }?.hint
        == "the last axis of the first and the last axis but one of the second must be equal")
    #expect(
      tensorError { _ = b.matmul(Tensor.zeros([3])) }?.hint
        == "the last axis of the first and the only axis of the second must be equal")
  }

  /// The message has the target too, whose shape and dtype decide.
  @Test func assignmentNamesTheTarget() {
    var counts = Tensor.zeros([2, 3], dtype: .int16)
    let half = Tensor(0.5 as Float)
    let line = #line + 1
    let error1 = tensorError { counts[0] = half }
    #expect(
      error1?.description == "MartletTests/HintTests.swift:\(line): "
        + "subscript assignment(int16[2, 3], float32[]): "
        + "float32 elements do not become int16 by themselves; cast them with .cast(to: .int16)")
    #expect(tensorError { counts[0] = 70_000 }?.operands.first?.shape == [2, 3])
    #expect(tensorError { _ = counts.pad([(0, 1), (0, 0)], value: half) }?.operands.count == 2)
  }

  @Test func numbersOfTheHostAreNoLiterals() {
    let large = 300
    let error = tensorError { _ = Tensor([1, 2], dtype: .int8) + large }
    #expect(error?.reason == "300 does not fit in int8")
    #expect(error?.hint == "cast the tensor to a wider dtype first")
  }

  @Test(arguments: [ExecutionMode.automatic, .compiled, .interpreter])
  func negativePowersNameExponentAndPlace(mode: ExecutionMode) {
    if mode == .compiled, Engine.backends.llvm == nil {
      print("compiled kernels are skipped: \(Engine.backends.llvmFailure)")
      return
    }
    withMode(mode) {
      let x = Tensor([[1, 2, 3], [4, 5, 6]])
      let places = tensorError { _ = x.pow(Tensor([0, 1, -2])) }
      #expect(places?.reason.hasPrefix("the exponent at [2] is -2, and an integer to") == true)
      let single = tensorError { _ = pow(x, -1) }
      #expect(single?.reason.hasPrefix("the exponent is -1, and an integer to a neg") == true)
      let row = Tensor([-3, 1], dtype: .int8)
      let reason = tensorError { _ = pow(3, row) }?.reason
      #expect(reason?.hasPrefix("the exponent at [0] is -3") == true)
    }
  }

  @Test func gradientsAreNamedAsTheyWereCalled() {
    let x = Tensor.ones([2])
    #expect(tensorError { _ = gradient(at: x) { $0 * 2 } }?.op == "gradient")
    #expect(tensorError { _ = gradient(at: x, x) { $0 * $1 } }?.op == "gradient")
    #expect(tensorError { _ = gradient(at: [x]) { $0[0] * 2 } }?.op == "gradient")
    #expect(tensorError { _ = gradient(at: Tensor([1, 2])) { $0.sum() } }?.op == "gradient")
    #expect(tensorError { _ = valueWithGradient(at: x) { $0 * 2 } }?.op == "valueWithGradient")
    #expect(tensorError { _ = valueWithGradients { x } }?.op == "valueWithGradients")
  }
}
