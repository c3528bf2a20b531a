// Variables: which dtypes they hold, what assignment does, and which gradients leave out.

import Martlet
import Testing

@Suite struct VariableTests {
  @Test(arguments: DType.allCases)
  func aTrainableVariableIsFloatingPoint(dtype: DType) {
    let value = Tensor.ones([2], dtype: dtype)
    let error = tensorError { _ = Variable(value) }; let line = #line
    guard !dtype.isFloatingPoint else {
      #expect(error == nil)
      return
    }
    #expect(
      error?.description
        == "MartletTests/VariableTests.swift:\(line): Variable(\(dtype)[2]): \(dtype) has no "
        + "gradient; write float literals (1.0), use cast(to: .float32), or say isTrainable: false "
        + "for a counter")
    #expect(tensorError { _ = Variable(value, isTrainable: false) } == nil)
  }

  @Test func literalsBecomeWhatTheVariableNeeds() {
    #expect(Variable(1).value.dtype == .float32)
    #expect(Variable([1.0, 2]).value.dtype == .float32)
    #expect(Variable(1, isTrainable: false).value.dtype == .int64)
    #expect(Variable(true, isTrainable: false).value.dtype == .bool)
    #expect(tensorError { _ = Variable([1, 2]) }?.kind == .dtype)
  }

  @Test func assignmentKeepsShapeAndDType() {
    let w = Variable(Tensor(1.5 as Double))
    w.value = 0.1
    #expect(w.value.dtype == .float64 && w.value.item(as: Double.self) == 0.1)
    w.value = Tensor(2.5, dtype: .float64)
    let others: [Tensor] = [
      Tensor([1.0]), Tensor.zeros([1], dtype: .float64), Tensor(2.0 as Float),
    ]
    let errors = others.map { other in tensorError { w.value = other } }
    #expect(errors.map { $0?.kind } == [.shape, .shape, .dtype])
    #expect(
      errors.map { $0?.reason } == [
        "the variable holds float64[], not float32[1]",
        "the variable holds float64[], not float64[1]",
        "the variable holds float64[], not float32[]",
      ])
    #expect(errors[1]?.hint == "make a new Variable for a value of another shape")
    #expect(
      errors[2]?.hint == "cast it with .cast(to: .float64), or make a new Variable")
    #expect(w.value.item(as: Double.self) == 2.5)
    let row = Variable(Tensor.ones([3]))
    #expect(tensorError { row.value = 0 }?.kind == .shape)
    let steps = Variable(0, isTrainable: false)
    steps.value += 1
    #expect(steps.value.dtype == .int64 && Int(steps.value) == 1)
    let error = tensorError { steps.value += 0.5 }
    #expect(error?.kind == .dtype)
    #expect(error?.reason == "the result is float32, and x stays int64")
  }

  @Test func gradientsLeaveOutWhatIsNotTrainable() {
    let w = Variable(3.0)
    let steps = Variable(2, isTrainable: false)
    let mean = Variable(5.0, isTrainable: false)
    let (value, gradients) = valueWithGradients {
      steps.value += 1
      return w.value * steps.value * mean.value
    }
    #expect(Float(value) == 45 && Float(gradients[w]) == 15)
    #expect(gradients.variables.count == 1 && gradients.variables[0] === w)
    #expect(Float(gradients[mean]) == 0 && gradients[steps].dtype == .int64)
  }
}
