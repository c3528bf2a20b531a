// The affine layer.

public import Martlet

/// The layer `x W + b` over the last axis.
///
///     let layer = Linear(784, 10, seed: 1)
///     let logits = layer(images)            // [n, 784] -> [n, 10]
public struct Linear: Sendable {
  /// The matrix W, of shape [inputs, outputs].
  public let weight: Variable
  /// The offset b, of shape [outputs].
  public let bias: Variable

  /// A layer with uniform weights in ±sqrt(6 / (inputs + outputs)) (Glorot and Bengio,
  /// "Understanding the difficulty of training deep feedforward neural networks", 2010) and offsets
  /// of zero.
  ///
  /// - Parameters:
  ///   - inputs: The extent of the input's last axis.
  ///   - outputs: The extent of the result's last axis.
  ///   - dtype: A floating-point dtype.
  ///   - seed: Equal seeds give equal weights.
  public init(_ inputs: Int, _ outputs: Int, dtype: DType = .float32, seed: UInt64) {
    let bound = (6 / Double(max(inputs + outputs, 1))).squareRoot()
    let uniform = Tensor.random([inputs, outputs], seed: seed, dtype: dtype)
    weight = Variable((2 * uniform - 1) * bound)
    bias = Variable(Tensor.zeros([outputs], dtype: dtype))
  }

  /// The parameters, for an optimizer.
  public var variables: [Variable] { [weight, bias] }

  /// The layer's result for `x`, whose last axis has `inputs` elements.
  public func callAsFunction(
    _ x: Tensor, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    matmul(x, weight.value, file: file, line: line) + bias.value
  }
}
