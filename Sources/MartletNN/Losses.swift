// Losses: one number that says how far predictions are from targets.

public import Martlet

/// The mean of the squared differences.
public func meanSquaredError(_ predictions: Tensor, _ targets: Tensor) -> Tensor {
  (predictions - targets).square().mean()
}

/// The mean Huber loss: squared below `delta`, linear above.
///
/// d^2 for |d| <= delta, else delta (2 |d| - delta): P. J. Huber, "Robust Estimation of a Location
/// Parameter", 1964.
public func huberLoss(
  _ predictions: Tensor, _ targets: Tensor, delta: Double = 1
) -> Tensor {
  let size = abs(predictions - targets)
  return Tensor.where(size .<= delta, size.square(), delta * (2 * size - delta)).mean()
}

/// The mean cross entropy of softmax of `logits` over the last axis with the classes `labels`.
///
/// - Parameters:
///   - logits: Scores of shape [n, classes].
///   - labels: The right classes, integers of shape [n]; negative ones count from the last class. A
///     label that is no class is an error when the loss is computed.
///   - file: The caller's file.
///   - line: The caller's line.
public func softmaxCrossEntropy(
  _ logits: Tensor, labels: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  let classes = Tensor.arange(logits.shape.last ?? 0)
  // Taking the labels from the classes checks each of them.
  let right = classes.take(labels, axis: 0, file: file, line: line)
    .reshape(logits.shape.dropLast() + [1], file: file, line: line)
  let isRight = right .== classes
  let chosen = Tensor.where(isRight, logits.logSoftmax(axis: -1, file: file, line: line), 0)
  return -chosen.sum(axis: -1, file: file, line: line).mean()
}
