// Losses: one number that says how far predictions are from targets.

public import Martlet

/// A loss of predictions and targets of one shape.
///
/// They do not broadcast: a column of predictions beside a row of targets, of which each would meet
/// each, is a mistake that trains without a word.
private func pairwise(
  _ op: String, _ predictions: Tensor, _ targets: Tensor, file: StaticString, line: UInt,
  _ body: () -> Tensor
) -> Tensor {
  let (shape, other) = (predictions.shape, targets.shape)
  return Tensor.composed(
    op, of: [predictions, targets], file: file, line: line,
    problem: {
      guard shape != other else { return nil }
      let hint =
        shape.elementCount == other.elementCount
        ? "reshape one of them: targets.reshape(\(shape))"
        : "stretch one of them on purpose, with broadcast(to:)"
      return ("predictions of shape \(shape) and targets of shape \(other) differ", hint)
    }, body)
}

/// The mean of the squared differences of predictions and targets, which have one shape.
///
/// - Parameters:
///   - predictions: What a model says.
///   - targets: What it should say; of another shape is an error.
///   - file: The caller's file.
///   - line: The caller's line.
public func meanSquaredError(
  _ predictions: Tensor, _ targets: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  pairwise("meanSquaredError", predictions, targets, file: file, line: line) {
    (predictions - targets).square().mean()
  }
}

/// The mean Huber loss of predictions and targets, which have one shape: squared below `delta`,
/// linear above.
///
/// d^2 for |d| <= delta, else delta (2 |d| - delta): P. J. Huber, "Robust Estimation of a Location
/// Parameter", 1964.
///
/// - Parameters:
///   - predictions: What a model says.
///   - targets: What it should say; of another shape is an error.
///   - delta: Where the loss becomes linear.
///   - file: The caller's file.
///   - line: The caller's line.
public func huberLoss(
  _ predictions: Tensor, _ targets: Tensor, delta: Double = 1, file: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  pairwise("huberLoss", predictions, targets, file: file, line: line) {
    let size = abs(predictions - targets)
    return Tensor.where(size .<= delta, size.square(), delta * (2 * size - delta)).mean()
  }
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
  let examples = Shape(Array(logits.shape.dropLast()))
  return Tensor.composed(
    "softmaxCrossEntropy", of: [logits, labels], file: file, line: line,
    problem: {
      if logits.rank == 0 { return ("a single number is no row of scores", "add an axis") }
      guard labels.shape != examples else { return nil }
      return (
        "scores of shape \(logits.shape) take labels of shape \(examples), not \(labels.shape)",
        "each label is the number of one class"
      )
    },
    {
      let classes = Tensor.arange(logits.shape.last ?? 0)
      // Taking the labels from the classes checks each of them.
      let right = classes.take(labels, axis: 0, file: file, line: line)
        .reshape(examples + [1], file: file, line: line)
      let isRight = right .== classes
      let chosen = Tensor.where(isRight, logits.logSoftmax(axis: -1, file: file, line: line), 0)
      return -chosen.sum(axis: -1, file: file, line: line).mean()
    })
}
