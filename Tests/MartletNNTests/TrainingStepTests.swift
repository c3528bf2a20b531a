// The plan of a whole training step: how many kernels and products it takes.

import Glibc
import Martlet
import MartletNN
import Testing

/// Adam (Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015), with its state.
private final class Adam {
  let variables: [Variable]
  var means: [Tensor]
  var squares: [Tensor]
  var step = 0

  init(_ variables: [Variable]) {
    self.variables = variables
    means = variables.map { Tensor.zeros($0.value.shape) }
    squares = variables.map { Tensor.zeros($0.value.shape) }
  }

  func update(_ gradients: VariableGradients) {
    step += 1
    let scales = (1 / (1 - pow(0.9, Double(step))), 1 / (1 - pow(0.999, Double(step))))
    for (k, variable) in variables.enumerated() {
      let g = gradients[variable]
      means[k] = 0.9 * means[k] + 0.1 * g
      squares[k] = 0.999 * squares[k] + 0.001 * g * g
      let root = (squares[k] * scales.1).sqrt()
      variable.value = variable.value - 0.001 * (means[k] * scales.0) / (root + 1e-8)
    }
  }
}

@Suite struct TrainingStepTests {
  /// 784-512-512-10 on 256 images, with cross entropy and Adam: what is printed of the plan of a
  /// step, as a process of its own prints it.
  @Test func perceptron() async throws {
    if Engine.backends.llvm == nil { return print("plans of training are skipped: no LLVM") }
    let result = await #expect(
      processExitsWith: .success, observing: [\.standardErrorContent]
    ) {
      setenv("MARTLET_DEBUG", "plan", 1)
      Engine.mode = .compiled
      let layers = [
        Linear(784, 512, seed: 1), Linear(512, 512, seed: 2), Linear(512, 10, seed: 3),
      ]
      let optimizer = Adam(layers.flatMap(\.variables))
      let images = Tensor.random([256, 784], seed: 4)
      let labels = Tensor((0..<256).map { $0 * 7 % 10 })
      materialize([images, labels] + optimizer.variables.map(\.value))
      materialize(optimizer.means + optimizer.squares)
      _ = write(STDERR_FILENO, "training:\n", 10)
      let (loss, gradients) = valueWithGradients {
        var x = images
        for layer in layers.dropLast() { x = relu(layer(x)) }
        return softmaxCrossEntropy(layers[2](x), labels: labels)
      }
      optimizer.update(gradients)
      materialize(
        [loss] + optimizer.variables.map(\.value) + optimizer.means + optimizer.squares)
      exit(EXIT_SUCCESS)
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    let step = text.split(separator: "\n").drop { $0 != "training:" }
    let kernels = step.filter { $0.prefixMatch(of: /k\d+ \[/) != nil }
    // Three forward; of each layer the gradient by its weight, and of two the one by their input.
    #expect(step.count { $0.hasPrefix("library") } == 8, "\(text)")
    #expect(kernels.count == 11, "\(text)")
    // The gradients of all biases, and all that Adam does.
    #expect(kernels[9].hasPrefix("k9 [256, 10] [256, 512] [256, 512]: reduceOuter2"))
    #expect(
      kernels[10].hasPrefix("k10 [401408] [512] [262144] [512] [5120] [10]: map1"), "\(text)")
  }
}
