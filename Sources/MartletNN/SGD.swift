// Stochastic gradient descent.

public import Martlet

/// Moves every variable against its gradient.
///
///     let optimizer = SGD(rate: 0.01)
///     let (loss, gradients) = valueWithGradients { meanSquaredError(layer(x), y) }
///     optimizer.update(gradients)
public struct SGD: Sendable {
  /// The step: how much of the gradient is subtracted.
  public var rate: Double

  /// An optimizer with a constant step.
  public init(rate: Double) { self.rate = rate }

  /// Subtracts `rate` times the gradient from each variable that the gradients are by.
  public func update(_ gradients: VariableGradients) {
    for variable in gradients.variables {
      variable.value = variable.value - rate * gradients[variable]
    }
  }
}
