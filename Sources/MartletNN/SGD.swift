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
  ///
  /// Of a table of which rows were looked up, those rows alone: no gradient of its size is made.
  public func update(_ gradients: VariableGradients) {
    for variable in gradients.variables {
      if let rows = gradients.rows(of: variable) {
        variable.value = variable.value.adding(rows.scaled(by: -rate))
      } else {
        variable.value = variable.value - rate * gradients[variable]
      }
    }
  }
}
