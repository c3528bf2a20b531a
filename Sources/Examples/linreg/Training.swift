// The model, its loss and the loop that trains it.

import Martlet

/// y ≈ x w + b.
struct Line {
  let w = Variable(0.0)
  let b = Variable(0.0)

  func callAsFunction(_ x: Tensor) -> Tensor { x * w.value + b.value }
}

/// The Huber loss: quadratic near 0, so that it is smooth there, and linear beyond `m`, so that
/// outliers pull with a bounded force.
func huberLoss(_ t: Tensor, m: Tensor = 1.0) -> Tensor {
  if abs(t) <= m { return t * t }
  return m * (2 * abs(t) - m)
}

/// What training found.
struct TrainingResult {
  /// The mean loss of every epoch, each example's as its step met it.
  var losses: [Double] = []
  var w = 0.0
  var b = 0.0
  var microsecondsPerStep = 0.0
}

/// Trains a line on the rows of `table`, one step of gradient descent each, in their order.
func train(_ table: Table, epochs: Int = 100, rate: Double = 0.01) -> TrainingResult {
  let line = Line()
  let examples = table.rows.map { (x: Tensor(Float($0.x)), y: Tensor(Float($0.y))) }
  var result = TrainingResult()
  let start = ContinuousClock.now
  for epoch in 0..<epochs {
    var total = 0.0
    for (x, y) in examples {
      let (loss, gradients) = valueWithGradients { huberLoss(y - line(x)) }
      line.w.value -= rate * gradients[line.w]
      line.b.value -= rate * gradients[line.b]
      total += Double(loss)
    }
    let mean = total / Double(examples.count)
    result.losses.append(mean)
    if epoch % 10 == 0 {
      print("epoch \(epoch < 10 ? " " : "")\(epoch): mean loss \(fixed(mean, 3))")
    }
  }
  result.w = Double(line.w.value)
  result.b = Double(line.b.value)
  let steps = Double(epochs * examples.count)
  result.microsecondsPerStep = (ContinuousClock.now - start) / .microseconds(1) / steps
  return result
}
