// The workloads: numerical work as users write it.

import Martlet

/// How large the arrays are.
struct Sizes: Sendable {
  /// The elements of a vector.
  let vector: Int
  /// The rows of the matrices whose rows or columns are reduced.
  let rows: Int
  /// The elements of a row of them, where there are `rows`; of half as long ones there are twice.
  let row: Int
  /// The side of square matrices, and the number of points between which distances are taken.
  let side: Int
  /// The side of the grid of complex numbers.
  let grid: Int

  static let full = Sizes(vector: 4_000_000, rows: 4096, row: 1024, side: 2048, grid: 1000)
  static let quick = Sizes(vector: 100_000, rows: 128, row: 1024, side: 256, grid: 200)
}

/// A computation to be timed.
struct Workload: Sendable {
  typealias Body = () -> [Tensor]

  let name: String
  let summary: String
  /// Whether results take the place of inputs: nobody else may hold them when the next run starts.
  let isInPlace: Bool
  /// Makes the inputs and returns the computation on them.
  private let prepare: @Sendable (inout HashedData, Sizes) -> Body

  init(
    _ name: String, _ summary: String, isInPlace: Bool = false,
    _ prepare: @escaping @Sendable (inout HashedData, Sizes) -> Body
  ) {
    self.name = name
    self.summary = summary
    self.isInPlace = isInPlace
    self.prepare = prepare
  }

  /// The computation on inputs of its own, which are the same each time.
  func body(_ sizes: Sizes) -> Body {
    var data = HashedData()
    return prepare(&data, sizes)
  }

  /// The computation on inputs in another arrangement, and the bytes of the inputs.
  func body(_ variation: Variation, isQuick: Bool) -> (body: Body, inputBytes: Int) {
    var data = HashedData(dtype: variation.dtype, isSpread: variation.isSpread)
    let body = prepare(&data, isQuick ? variation.quickSizes : variation.sizes)
    return (body, data.byteCount)
  }

  static let all = [
    Workload("chain12", "12 cheap ops on three vectors", chain12),
    Workload("gelu", "an activation with tanh", gelu),
    Workload("blackscholes", "option prices: log, exp, where", blackscholes),
    Workload("sumsq", "the mean squared difference of two vectors", sumsq),
    Workload("softmax", "softmax of each row", softmax),
    Workload("layernorm", "each row normalized, scaled and shifted", layernorm),
    Workload("colstd", "the standard deviation of each column", colstd),
    Workload("adam", "a step of the Adam optimizer, three results", adam),
    Workload("adam-inplace", "the same, over its inputs", isInPlace: true, adamInPlace),
    Workload("pairdist", "distances of all pairs of points", pairdist),
    Workload("jacobi", "a step of a five-point stencil", jacobi),
    Workload("transadd", "a matrix plus another's transpose", transadd),
    Workload("mandelbrot", "30 iterations with where, unrolled", mandelbrot),
    Workload("smallops", "500 ops on 16 elements", smallops),
    Workload("matmul2048", "a product of square matrices", matmul2048),
    Workload("matmul1024", "the same, of half the side", matmul1024),
    Workload("mlp", "three layers, 256 x 784 to 512, 512 and 10", mlp),
    Workload("linreg", "190 steps of a regression, one example each", linreg),
    Workload("chain12-grad", "chain12's sum, and its gradient by the three vectors", chain12Grad),
    Workload("softmax-grad", "the cross entropy of rows, and its gradient", softmaxGrad),
    Workload("layernorm-grad", "layernorm, and its gradient by rows, scale, shift", layernormGrad),
    Workload("mlp-train", "a training step of mlp by Adam, batch 256", isInPlace: true, mlpTrain),
  ]
}

private func chain12(_ data: inout HashedData, _ sizes: Sizes) -> Workload.Body {
  let a = data.next(sizes.vector)
  let b = data.next(sizes.vector)
  let c = data.next(sizes.vector)
  return { [chain(a, b, c)] }
}

func chain(_ a: Tensor, _ b: Tensor, _ c: Tensor) -> Tensor {
  var t = a * b + c
  t = t * t - a
  t = t + b * 0.5
  t = abs(t) + 1.0
  t = t / (c * c + 1.0)
  t = t - a * c
  return t * 0.25
}

private func gelu(_ data: inout HashedData, _ sizes: Sizes) -> Workload.Body {
  let x = data.next(sizes.vector) { $0 * 3 }
  return {
    let inner = 0.7978845608 * (x + 0.044715 * x * x * x)
    return [0.5 * x * (1.0 + tanh(inner))]
  }
}

private func blackscholes(_ data: inout HashedData, _ sizes: Sizes) -> Workload.Body {
  let price = data.next(sizes.vector) { $0 * 20 + 100 }
  let strike = data.next(sizes.vector) { $0 * 20 + 100 }
  let time = data.next(sizes.vector) { $0 * 0.4 + 0.6 }
  return {
    let volatility = 0.3
    let rate = 0.02
    let spread = volatility * sqrt(time)
    let drift = rate + 0.5 * volatility * volatility
    let d1 = (log(price / strike) + drift * time) / spread
    let d2 = d1 - spread
    let discounted = strike * exp(-rate * time)
    return [price * normalCDF(d1) - discounted * normalCDF(d2)]
  }
}

/// The normal distribution function by the polynomial of Abramowitz and Stegun, 26.2.17.
private func normalCDF(_ x: Tensor) -> Tensor {
  let l = abs(x)
  let k = 1.0 / (1.0 + 0.2316419 * l)
  var series = 0.31938153 * k
  series = series - 0.356563782 * k * k
  series = series + 1.781477937 * k * k * k
  series = series - 1.821255978 * k * k * k * k
  series = series + 1.330274429 * k * k * k * k * k
  let w = 1.0 - 0.39894228 * exp(-l * l * 0.5) * series
  return Tensor.where(x .< 0.0, 1.0 - w, w)
}

private func sumsq(_ data: inout HashedData, _ sizes: Sizes) -> Workload.Body {
  let a = data.next(sizes.vector)
  let b = data.next(sizes.vector)
  return { [((a - b) * (a - b)).mean()] }
}

private func softmax(_ data: inout HashedData, _ sizes: Sizes) -> Workload.Body {
  let a = data.next(sizes.rows, sizes.row) { $0 * 4 }
  return {
    let e = exp(a - a.max(axis: 1, keepDims: true))
    return [e / e.sum(axis: 1, keepDims: true)]
  }
}

private func layernorm(_ data: inout HashedData, _ sizes: Sizes) -> Workload.Body {
  let a = data.next(2 * sizes.rows, sizes.row / 2)
  let w = data.next(sizes.row / 2)
  let b = data.next(sizes.row / 2)
  return {
    let d = a - a.mean(axis: 1, keepDims: true)
    let variance = (d * d).mean(axis: 1, keepDims: true)
    return [d * rsqrt(variance + 1e-5) * w + b]
  }
}

private func colstd(_ data: inout HashedData, _ sizes: Sizes) -> Workload.Body {
  let a = data.next(2 * sizes.rows, sizes.row / 2)
  return {
    let d = a - a.mean(axis: 0, keepDims: true)
    return [sqrt((d * d).mean(axis: 0))]
  }
}

private func adam(_ data: inout HashedData, _ sizes: Sizes) -> Workload.Body {
  let (state, gradient) = adamInputs(&data, sizes)
  return { state.next(gradient).tensors }
}

private func adamInPlace(_ data: inout HashedData, _ sizes: Sizes) -> Workload.Body {
  var (state, gradient) = adamInputs(&data, sizes)
  return {
    state = state.next(gradient)
    return state.tensors
  }
}

private struct AdamState {
  let parameters: Tensor
  let mean: Tensor
  let variance: Tensor

  var tensors: [Tensor] { [parameters, mean, variance] }

  func next(_ gradient: Tensor) -> AdamState {
    let m = 0.9 * mean + 0.1 * gradient
    let v = 0.999 * variance + 0.001 * (gradient * gradient)
    let unbiasedMean = m * (1 / 0.271)
    let unbiasedVariance = v * (1 / 0.002997)
    let step = 0.001 * unbiasedMean / (sqrt(unbiasedVariance) + 1e-8)
    return AdamState(parameters: parameters - step, mean: m, variance: v)
  }
}

private func adamInputs(_ data: inout HashedData, _ sizes: Sizes) -> (AdamState, Tensor) {
  let parameters = data.next(sizes.vector)
  let gradient = data.next(sizes.vector)
  let mean = data.next(sizes.vector)
  let variance = data.next(sizes.vector) { abs($0) }
  return (AdamState(parameters: parameters, mean: mean, variance: variance), gradient)
}

private func pairdist(_ data: inout HashedData, _ sizes: Sizes) -> Workload.Body {
  let x = data.next(sizes.side, 1, 16)
  let y = data.next(1, sizes.side, 16)
  return {
    let d = x - y
    return [sqrt((d * d).sum(axis: 2) + 1e-6)]
  }
}

private func jacobi(_ data: inout HashedData, _ sizes: Sizes) -> Workload.Body {
  let u = data.next(sizes.side, sizes.side)
  return {
    let vertical = u[..<(-2), 1 ..< -1] + u[2..., 1 ..< -1]
    return [0.25 * (vertical + u[1 ..< -1, ..<(-2)] + u[1 ..< -1, 2...])]
  }
}

private func transadd(_ data: inout HashedData, _ sizes: Sizes) -> Workload.Body {
  let a = data.next(sizes.side, sizes.side)
  let b = data.next(sizes.side, sizes.side)
  return { [a + 2.0 * b.T] }
}

private func mandelbrot(_ data: inout HashedData, _ sizes: Sizes) -> Workload.Body {
  let (xs, ys) = grid(sizes.grid, xs: -2...0.5, ys: -1.2...1.2)
  let (cr, ci) = (data.ready(xs), data.ready(ys))
  return {
    var zr = cr * 0.0
    var zi = ci * 0.0
    var count = cr * 0.0
    for _ in 0..<30 {
      let (zr2, zi2) = (zr * zr, zi * zi)
      let isInside = zr2 + zi2 .< 4.0
      count = Tensor.where(isInside, count + 1.0, count)
      let nextImaginary = 2.0 * zr * zi + ci
      zr = Tensor.where(isInside, zr2 - zi2 + cr, zr)
      zi = Tensor.where(isInside, nextImaginary, zi)
    }
    return [count]
  }
}

private func smallops(_ data: inout HashedData, _ sizes: Sizes) -> Workload.Body {
  let start = data.next(16)
  let b = data.next(16)
  return {
    var a = start
    for _ in 0..<100 {
      a = a * b
      a = a + b
      a = a - 0.5
      a = a * 0.9
      a = abs(a)
    }
    return [a]
  }
}

private func matmul2048(_ data: inout HashedData, _ sizes: Sizes) -> Workload.Body {
  product(&data, side: sizes.side)
}

private func matmul1024(_ data: inout HashedData, _ sizes: Sizes) -> Workload.Body {
  product(&data, side: sizes.side / 2)
}

private func product(_ data: inout HashedData, side: Int) -> Workload.Body {
  let a = data.next(side, side)
  let b = data.next(side, side)
  return { [a.matmul(b)] }
}

private func mlp(_ data: inout HashedData, _ sizes: Sizes) -> Workload.Body {
  let x = data.next(256, 784)
  let (w1, b1) = (data.next(784, 512), data.next(512))
  let (w2, b2) = (data.next(512, 512), data.next(512))
  let (w3, b3) = (data.next(512, 10), data.next(10))
  return {
    let first = relu(x.matmul(w1) + b1)
    let second = relu(first.matmul(w2) + b2)
    return [second.matmul(w3) + b3]
  }
}

/// Steps of gradient descent on the Huber loss, each with an `if` on a computed value.
private func linreg(_ data: inout HashedData, _ sizes: Sizes) -> Workload.Body {
  let points = data.next(190, 2) * 3
  let examples = (0..<190).map { (x: points[$0, 0], y: points[$0, 1]) }
  for (x, y) in examples { materialize(x, y) }
  return {
    let (w, b) = (Variable(0.0), Variable(0.0))
    for (x, y) in examples {
      let (_, gradients) = valueWithGradients {
        let error = y - (x * w.value + b.value)
        if abs(error) <= 1 { return error * error }
        return 2 * abs(error) - 1
      }
      w.value -= 0.01 * gradients[w]
      b.value -= 0.01 * gradients[b]
    }
    return [w.value, b.value]
  }
}
