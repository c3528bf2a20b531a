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

  @Test func squaredAndHuberErrors() {
    let (x, y): (Tensor, Tensor) = ([0, 0, 0], [0.5, -2, 4])
    // The mean of 0.25, 4 and 16; of 0.25, 2 * 2 - 1 and 2 * 4 - 1.
    #expect(meanSquaredError(x, y).allClose(6.75))
    #expect(huberLoss(x, y).allClose(3.4166667))
  }
}
