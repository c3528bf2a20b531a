// The workloads with gradients.

import Martlet
import MartletNN

func chain12Grad(_ data: inout HashedData, _ sizes: Sizes) -> Workload.Body {
  let inputs = [data.next(sizes.vector), data.next(sizes.vector), data.next(sizes.vector)]
  return {
    let (value, gradients) = valueWithGradient(at: inputs) { chain($0[0], $0[1], $0[2]).sum() }
    return gradients + [value]
  }
}

func softmaxGrad(_ data: inout HashedData, _ sizes: Sizes) -> Workload.Body {
  let scores = data.next(sizes.rows, sizes.row) { $0 * 4 }
  let labels = Tensor((0..<sizes.rows).map { $0 * 7 % sizes.row })
  return {
    let (value, gradient) = valueWithGradient(at: scores) {
      softmaxCrossEntropy($0, labels: labels)
    }
    return [gradient, value]
  }
}

func layernormGrad(_ data: inout HashedData, _ sizes: Sizes) -> Workload.Body {
  let x = data.next(2 * sizes.rows, sizes.row / 2)
  let scale = data.next(sizes.row / 2)
  let shift = data.next(sizes.row / 2)
  let cotangent = data.next(2 * sizes.rows, sizes.row / 2)
  return {
    let (value, gradients) = valueWithGradient(at: [x, scale, shift]) { inputs in
      let d = inputs[0] - inputs[0].mean(axis: 1, keepDims: true)
      let variance = (d * d).mean(axis: 1, keepDims: true)
      return ((d * rsqrt(variance + 1e-5) * inputs[1] + inputs[2]) * cotangent).sum()
    }
    return gradients + [value]
  }
}

/// Three layers of 784, 512, 512 and 10, and Adam's means of their gradients.
private struct Perceptron {
  let parameters: [Variable]
  var means: [Tensor]
  var squares: [Tensor]
  var steps = 0

  init(_ data: inout HashedData) {
    var parameters: [Variable] = []
    for (inputs, outputs) in [(784, 512), (512, 512), (512, 10)] {
      let scale = Float((2 / Double(inputs)).squareRoot())
      parameters.append(Variable(data.next(inputs, outputs) { $0 * scale }))
      parameters.append(Variable(Tensor.zeros([outputs])))
    }
    self.parameters = parameters
    means = parameters.map { Tensor.zeros($0.value.shape) }
    squares = means
    materialize(means + squares + parameters.map(\.value))
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    let p = parameters.map(\.value)
    let first = relu(x.matmul(p[0]) + p[1])
    return relu(first.matmul(p[2]) + p[3]).matmul(p[4]) + p[5]
  }

  /// A step of Adam (Kingma and Ba, 2015).
  mutating func update(_ gradients: VariableGradients) {
    steps += 1
    let unbiasedMean = 1 / (1 - power(0.9, steps))
    let unbiasedSquare = 1 / (1 - power(0.999, steps))
    for (k, variable) in parameters.enumerated() {
      let gradient = gradients[variable]
      means[k] = 0.9 * means[k] + 0.1 * gradient
      squares[k] = 0.999 * squares[k] + 0.001 * (gradient * gradient)
      let root = sqrt(squares[k] * unbiasedSquare) + 1e-8
      variable.value = variable.value - 0.001 * (means[k] * unbiasedMean) / root
    }
  }

  private func power(_ base: Double, _ exponent: Int) -> Double {
    (0..<exponent).reduce(1) { product, _ in product * base }
  }
}

func mlpTrain(_ data: inout HashedData, _ sizes: Sizes) -> Workload.Body {
  let images = data.next(256, 784)
  let labels = Tensor((0..<256).map { $0 * 7 % 10 })
  var model = Perceptron(&data)
  return {
    let (loss, gradients) = valueWithGradients {
      softmaxCrossEntropy(model(images), labels: labels)
    }
    model.update(gradients)
    materialize([loss] + model.parameters.map(\.value) + model.means + model.squares)
    return [loss]
  }
}
