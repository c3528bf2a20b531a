// Losses against closed forms, and the errors of labels that are no classes.

import Martlet
import MartletNN
import Testing

@Suite struct LossTests {
  @Test func crossEntropyOfEqualScoresIsTheLogarithmOfTheClasses() {
    let loss = softmaxCrossEntropy(Tensor.zeros([4, 8]), labels: [0, 3, 7, -1])
    #expect(abs(Float(loss) - 2.0794415) < 1e-6)
  }

  /// -log(e^2 / (e^2 + 1)) and -log(1 / (1 + e^3)).
  @Test func crossEntropyTakesTheScoreOfTheLabel() {
    let loss = softmaxCrossEntropy([[2, 0], [0, 3]], labels: [0, 0])
    #expect(abs(Float(loss) - (0.12692801 + 3.0485873) / 2) < 1e-5)
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
    #expect(Float(meanSquaredError(x, y)) == (0.25 + 4 + 16) / 3)
    // 0.25, 2 * 2 - 1, 2 * 4 - 1.
    #expect(abs(Float(huberLoss(x, y)) - (0.25 + 3 + 7) / 3) < 1e-6)
  }
}
