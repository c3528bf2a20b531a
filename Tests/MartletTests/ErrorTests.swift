// Errors: their messages and lines, poison, and the end of the process outside a scope.

import Martlet
import Testing

private let lineOfTheAddition = #line + 1
private func addWhatDoesNotFit() { _ = Tensor.zeros([2]) + Tensor.zeros([3]) }

@Suite struct ErrorTests {
  @Test func messagesNameOpShapesAndLine() {
    let x = Tensor.zeros([2, 3])
    let cases: [(line: Int, message: String, error: TensorError?)] = [
      (
        #line + 3,
        "reshape(float32[2, 3]): 6 elements do not fill [4, -1] evenly; the other extents take 4 "
          + "elements, which must divide 6",
        tensorError { _ = x.reshape([4, -1]) }
      ),
      (
        #line + 3,
        "subscript(float32[2, 3]): index 2 is out of range for axis 0 with extent 2; "
          + "indices go from -2 to 1",
        tensorError { _ = x[2] }
      ),
      (
        #line + 3,
        "matmul(float32[2, 3], float32[2, 3]): the inner extents 3 and 2 differ; "
          + "the second fits transposed: matmul(a, b.mT)",
        tensorError { _ = matmul(x, x) }
      ),
      (
        #line + 2,
        "sum(float32[2, 3]): axis 5 is out of range for 2 axes; axes go from -2 to 1",
        tensorError { _ = x.sum(axis: 5) }
      ),
      (
        #line + 4,
        "subscript assignment(float32[2, 3], int64[2]): [2] does not stretch to the selected "
          + "shape [3]",
        tensorError {
          var y = x; y[0] = [1, 2]
        }
      ),
      (
        #line + 1, "squeeze(float32[2, 3]): axis 1 has extent 3, not 1",
        tensorError { _ = x.squeeze(axis: 1) }
      ),
    ]
    for (line, message, error) in cases {
      #expect(error?.description == "MartletTests/ErrorTests.swift:\(line): \(message)")
    }
  }

  @Test func operatorsNameTheLine() {
    let line = #line + 1
    let error = tensorError { _ = Tensor.zeros([2]) + Tensor.zeros([3]) }
    #expect(error?.op == "add")
    #expect(error?.operands.map(\.shape) == [[2], [3]])
    if error?.location?.isExact == true { #expect(error?.location?.line == line) }
    #expect(error?.location?.file == #fileID)
  }

  @Test func poisonKeepsTheFirstError() {
    var first: Tensor = 0
    let error = tensorError {
      first = Tensor.zeros([2]).reshape([3])
      let second = (first + Tensor.zeros([4])).sum(axis: 7).matmul(first)[3]
      #expect("\(second)" == "\(first)")
      #expect(throws: TensorError.self) { try second.checkedItem(as: Float.self) }
      #expect(throws: TensorError.self) { try second.checkedScalars(as: Float.self) }
    }
    #expect(error?.op == "reshape")
    #expect("\(first)" == error?.description)
  }

  /// What a failed result was to be assigned to keeps its value: a caught error loses no parameter.
  @Test func aFailedAssignmentLeavesItsTargetAlone() {
    let w = Variable(Tensor.ones([3]))
    #expect(tensorError { w.value -= Tensor.ones([2]) } != nil)
    #expect(w.value.arrayEqual(Tensor.ones([3])))
    var m = Tensor.zeros([3])
    #expect(tensorError { m[0] = Tensor([1.0, 2.0]) }?.op == "subscript assignment")
    #expect(tensorError { m[7] = 1 }?.kind == .index)
    #expect(tensorError { m[1] = Tensor.zeros([2]) + Tensor.zeros([3]) }?.op == "add")
    #expect(m.arrayEqual(Tensor.zeros([3])))
  }

  @Test func valueErrorsAreCheckedInAScope() {
    #expect(tensorError { _ = Tensor([1, 2])[Tensor([0, 2])] }?.kind == .index)
    #expect(tensorError { _ = pow(Tensor([1, 2]), Tensor([-1, 1])) }?.kind == .value)
    #expect(tensorError { _ = Tensor([1, 2]) & 1.5 }?.kind == .dtype)
    #expect(tensorError { _ = Tensor.where(Tensor([1, 2]), 1, 2) }?.kind == .dtype)
    #expect(tensorError { _ = Tensor.zeros([2, -1]) }?.kind == .shape)
    #expect(tensorError { _ = Tensor.arange(0, 1, step: 0) }?.kind == .value)
  }

  @Test func anErrorOutsideAScopeEndsTheProcess() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      _ = Tensor.zeros([2, 3]).reshape([5])
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(
      text.hasPrefix(
        "MartletTests/ErrorTests.swift:\(#line - 6): Fatal error: reshape(float32[2, 3]): "
          + "6 elements do not fill [5], which has 5"))
  }

  /// The user's line comes first, where the stack says it too.
  @Test func anErrorOfAnOperatorEndsTheProcess() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      addWhatDoesNotFit()
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.contains("Fatal error: add(float32[2], float32[3]): the shapes do not broadcast"))
    #expect(!text.contains("Failure.swift"))
    #expect(
      text.hasPrefix("MartletTests/ErrorTests.swift:\(lineOfTheAddition): ")
        || text.hasPrefix("near MartletTests/ErrorTests.swift:"))
  }

  @Test func aShapeThatIsNoneEndsTheProcess() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      _ = Shape([2, -1])
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.contains("ErrorTests.swift:\(#line - 6): Fatal error: Shape: [2, -1] has a neg"))
  }

  @Test func aReadOfPoisonEndsTheProcess() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      try withTensorErrors { _ = Float(Tensor.zeros([2]).reshape([3])) }
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.contains("6 elements") == false)
    let line = #line - 7
    #expect(
      text.contains(
        "ErrorTests.swift:\(line): Fatal error: Float: there is no value to read, for an op before "
          + "failed: MartletTests/ErrorTests.swift:\(line): reshape(float32[2]): 2 elements do not "
          + "fill [3], which has 3"))
    #expect(text.contains("read with checkedItem or checkedScalars, which throw it"))
  }

  @Test func aDecisionOnManyElementsEndsTheProcess() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      if Tensor([1, 2]) < 3 { print("unreachable") }
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(
      text.contains(
        "less(int64[2], int64[]): an if needs one Bool, and this comparison has shape [2]; "
          + "compare with .< and reduce with .any() or .all()"))
  }

  @Test func aBarrierLeavesItsErrorToTheScope() {
    let powers = Tensor([2, 3]).pow(Tensor([1, -1]))
    var isReached = false
    let late = tensorError {
      materialize(powers)
      isReached = true
    }
    #expect(isReached && late?.reason.contains("negative power") == true)
    let early = tensorError { materialize(Tensor.zeros([2]) + Tensor.zeros([3])) }
    #expect(early?.op == "add")
  }

  /// A sum of powers, one of them negative, and another reader of the array that they are made of:
  /// both die in the run, the second where it could be written over.
  private func powersAndProduct(_ count: Int) -> (powers: Tensor, product: Tensor) {
    let base = Tensor.full([count], 3, dtype: .int64) + 0
    let array = Tensor.zeros([count], dtype: .int64) + 0
    materialize(base, array)
    let exponent = array - 5
    return (pow(base, exponent).sum(), exponent * -2)
  }

  @Test(arguments: [ExecutionMode.automatic, .compiled, .interpreter])
  func failureLeavesWhatTheOtherOpsRead(mode: ExecutionMode) {
    if mode == .compiled, Engine.backends.llvm == nil {
      print("compiled kernels are skipped: \(Engine.backends.llvmFailure)")
      return
    }
    withMode(mode) {
      let (powers, product) = powersAndProduct(50_000)
      let error = #expect(throws: TensorError.self) {
        try withTensorErrors {
          _ = try (powers + product.sum()).checkedItem(as: Int.self)
        }
      }
      #expect(error?.reason.contains("negative power") == true)
      #expect(product[0].item(as: Int.self) == 10)
      #expect(product.max().item(as: Int.self) == 10)
    }
  }
}
