// Gradient descent: the step, dense and by rows.

import Martlet
import MartletNN
import Testing

@Suite struct SGDTests {
  @Test func aStepGoesAgainstTheGradient() {
    let w = Variable([1.0, -2.0])
    let (_, gradients) = valueWithGradients { w.value.square().sum() }
    SGD(rate: 0.25).update(gradients)
    #expect(w.value.scalars(as: Float.self) == [0.5, -1])
  }

  /// A step by rows is the step by the dense gradient; the numbers are exact.
  @Test func aTableMovesWhereItWasLookedUp() {
    let rows = Tensor((0..<12).map { Double($0) }, shape: [4, 3])
    let words = Tensor([2, 0, 2, -1])
    func loss(_ table: Tensor) -> Tensor { (table.take(words) * Tensor([1.0, 2, 4])).sum() }
    let table = Variable(rows)
    SGD(rate: 0.5).update(valueWithGradients { loss(table.value) }.gradients)
    let expected = rows - 0.5 * gradient(at: rows) { loss($0) }
    #expect(table.value.arrayEqual(expected))
    #expect(table.value[1].arrayEqual(rows[1]))
  }
}
