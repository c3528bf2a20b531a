// Losses against closed forms, and the errors of labels that are no classes.

import Martlet
import MartletNN
import Testing

@Suite struct LossTests {
  @Test func crossEntropyOfEqualScoresIsTheLogarithmOfTheClasses() {
    let loss = softmaxCrossEntropy(Tensor.zeros([4, 8]), labels: [0, 3, 7, -1])
    #expect(loss.allClose(2.0794415))
  }

  /// -log(e^2 / (e^2 + 1)) and -log(1 / (1 + e^3)).
  @Test func crossEntropyTakesTheScoreOfTheLabel() {
    let loss = softmaxCrossEntropy([[2, 0], [0, 3]], labels: [0, 0])
    #expect(loss.allClose(1.5877577))
  }

  /// softmax - one-hot, over n.
  @Test func gradientOfCrossEntropy() {
    let gradient = gradient(at: [[0.0, 0.0], [0.0, 0.0]]) { x in
      softmaxCrossEntropy(x, labels: [0, 1])
    }
    #expect(gradient.allClose([[-0.25, 0.25], [0.25, -0.25]]))
  }

  @Test func labelsAreChecked() throws {
    let scores = Tensor.ones([2, 3])
    for labels in [[0, 7], [0.4, 1.9], [0, 1, 2]] as [Tensor] {
      #expect(throws: TensorError.self) {
        try withTensorErrors { _ = softmaxCrossEntropy(scores, labels: labels) }
      }
    }
  }

  /// A column beside a row would stretch to a matrix, whose mean says nothing.
  @Test func shapesMustBeTheSame() {
    let (column, row) = (Tensor.ones([4, 1]), Tensor.ones([4]))
    let errors = [
      #expect(throws: TensorError.self) { try withTensorErrors { meanSquaredError(column, row) } },
      #expect(throws: TensorError.self) { try withTensorErrors { huberLoss(column, row) } },
      #expect(throws: TensorError.self) {
        try withTensorErrors { meanSquaredError(column, column[0]) }
      },
      #expect(throws: TensorError.self) {
        try withTensorErrors { softmaxCrossEntropy(Tensor.ones([4, 3]), labels: [[0, 1]]) }
      },
      #expect(throws: TensorError.self) {
        try withTensorErrors { meanSquaredError(row.reshape([3]), row) }
      },
    ]
    let line = #line - 12
    #expect(
      errors[0]?.description
        == "MartletNNTests/LossTests.swift:\(line): meanSquaredError(float32[4, 1], float32[4]): "
        + "predictions of shape [4, 1] and targets of shape [4] differ; "
        + "reshape one of them: targets.reshape([4, 1])")
    #expect(errors[1]?.op == "huberLoss" && errors[1]?.kind == .shape)
    #expect(errors[2]?.hint == "stretch one of them on purpose, with broadcast(to:)")
    #expect(
      errors[3]?.reason == "scores of shape [4, 3] take labels of shape [4], not [1, 2]")
    #expect(errors[4]?.op == "reshape")
    #expect(Float(meanSquaredError(column, column * 3)) == 4)
  }

  @Test func squaredAndHuberErrors() {
    let (x, y): (Tensor, Tensor) = ([0, 0, 0], [0.5, -2, 4])
    // The mean of 0.25, 4 and 16; of 0.25, 2 * 2 - 1 and 2 * 4 - 1.
    #expect(meanSquaredError(x, y).allClose(6.75))
    #expect(huberLoss(x, y).allClose(3.4166667))
  }
}
