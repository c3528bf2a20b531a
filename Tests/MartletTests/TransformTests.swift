// vjp, jvp, Jacobians and Hessians: closed forms, nesting, structures, errors.

import Martlet
import Testing

/// A structure as users write them: parameters, a structure inside, and what is no parameter.
private struct Model: TensorStructure {
  var layers: [Layer]
  var scale: Tensor?
  var names = ["first", "second"]

  struct Layer: TensorStructure {
    var weight: Tensor
    var bias: Tensor

    mutating func updateTensors(_ update: (inout Tensor) throws -> Void) rethrows {
      try update(&weight)
      try update(&bias)
    }
  }

  mutating func updateTensors(_ update: (inout Tensor) throws -> Void) rethrows {
    try layers.updateTensors(update)
    try scale.updateTensors(update)
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    layers.reduce(x) { ($0 * $1.weight + $1.bias).tanh() } * (scale ?? 1)
  }
}

@Suite struct TransformTests {
  private static func doubles(_ x: Tensor) -> [Double] { x.scalars(as: Double.self) }

  // MARK: Values and pullbacks

  @Test func aPullbackCanBeCalledAgain() {
    let (value, pullback) = vjp(at: Tensor([1, 2, 3] as [Double])) { x in x * x }
    #expect(Self.doubles(value) == [1, 4, 9])
    #expect(Self.doubles(pullback(Tensor([1, 0, 0] as [Double]))) == [2, 0, 0])
    #expect(Self.doubles(pullback(Tensor([0, 1, -1] as [Double]))) == [0, 4, -6])
  }

  @Test func resultsAndArgumentsHaveAnyForm() {
    let (a, b) = (Tensor([[1, 2], [3, 4]] as [[Double]]), Tensor([[1], [-1]] as [[Double]]))
    let (value, pullback) = vjp(at: a, b) { a, b in
      ["product": matmul(a, b), "sum": a.sum(), "sign": b.sign()]
    }
    #expect(value["product"]?.shape == [2, 1])
    let (da, db) = pullback(["product": Tensor([[1], [10]] as [[Double]]), "sum": 100, "sign": b])
    #expect(Self.doubles(da) == [101, 99, 110, 90])
    #expect(Self.doubles(db) == [31, 42])
  }

  @Test func aLiteralIsAPoint() {
    let (value, pullback) = vjp(at: 3) { x in x * x }
    #expect(Float(value) == 9 && Float(pullback(2)) == 12)
    let (same, tangent) = jvp(at: 3, along: 2) { x in x * x }
    #expect(Float(same) == 9 && Float(tangent) == 12)
    let (constant, zero) = jvp(at: 3, along: 1) { _ in 7 as Tensor }
    #expect(Float(constant) == 7 && Float(zero) == 0)
  }

  /// A literal direction takes the dtype it belongs to, without passing through float32.
  @Test func aLiteralDirectionIsConvertedOnce() {
    let x = Tensor(1.0 as Double)
    #expect(Double(jvp(at: x, along: 0.1) { $0 * 3 }.tangent) == 0.1 * 3)
    #expect(Double(vjp(at: x) { $0 * 3 }.pullback(0.1)) == 0.1 * 3)
  }

  @Test func integersHaveNoTangents() {
    let (value, tangent) = jvp(at: Tensor([2.5, 1]), along: [1.0, 1]) { x in
      [x.argmax(), x * x]
    }
    #expect(value[0].dtype == .int64 && tangent[0].dtype == .int64 && Int(tangent[0]) == 0)
    #expect(tangent[1].scalars(as: Float.self) == [5, 2])
    let (_, pullback) = vjp(at: Tensor([2.5, 1])) { x in [x.argmax(), x * x] }
    #expect(pullback([5, [1.0, 1]]).scalars(as: Float.self) == [5, 2])
  }

  // MARK: Structures

  @Test func gradientsHaveTheFormOfTheModel() throws {
    let model = Model(
      layers: [.init(weight: 0.5, bias: 0.25), .init(weight: [1.0, -1], bias: 0)], scale: 2)
    let slopes = gradient(at: model) { model in model(0.5).sum() }
    #expect(slopes.layers.count == 2 && slopes.names == ["first", "second"])
    #expect(slopes.layers[1].weight.shape == [2] && slopes.layers[0].weight.shape == [])
    // tanh is odd: the two outputs cancel, and so do the derivatives by the first layer.
    let byScale = try #require(slopes.scale)
    #expect(Float(slopes.layers[0].weight) == 0 && Float(byScale) == 0)
    // By the biases: 2 (1 - y^2) for each of the equal halves.
    let y = tanh(tanh(Tensor(0.5)))
    #expect(abs(Float(slopes.layers[1].bias) - Float(4 * (1 - y * y))) < 1e-6)
    let without = gradient(at: Model(layers: model.layers)) { $0(0.5).square().sum() }
    #expect(without.scale == nil && without.tensors.count == 4)
  }

  @Test func severalStructures() {
    let (layers, b) = gradient(at: ["a": Tensor(2.0), "b": Tensor(3.0)], Tensor(5.0)) { p, b in
      let values = p.sorted { $0.key < $1.key }.map(\.value)
      return values[0] * values[1] * b
    }
    #expect(layers.mapValues { Float($0) } == ["a": 15, "b": 10] && Float(b) == 6)
    let (value, (x, y, z)) = valueWithGradient(at: Tensor(2.0), Tensor(3.0), Tensor(5.0)) {
      $0 * $1 * $2
    }
    #expect(Float(value) == 30 && [x, y, z].map { Float($0) } == [15, 10, 6])
  }

  @Test func aFunctionByItsName() {
    func cube(_ x: Tensor) -> Tensor { x * x * x }
    func product(_ x: [Tensor]) -> Tensor { x[0] * x[1] }
    #expect(Float(gradient(at: 2, of: cube)) == 12)
    #expect(gradient(at: [2, 3], of: product).map { Float($0) } == [3, 2])
  }

  // MARK: Nesting

  /// x^2 y^3 at (2, 3): each order of modes gives the same derivatives.
  @Test func modesNest() {
    func f(_ x: Tensor, _ y: Tensor) -> Tensor { x * x * y * y * y }
    let mixed = 2.0 * 2 * 3 * 9
    let inReverse = gradient(at: 2) { x in gradient(at: 3) { y in f(x, y) } }
    let forwardInside = gradient(at: 2) { x in jvp(at: 3, along: 1) { y in f(x, y) }.tangent }
    let reverseInside = jvp(at: 2, along: 1) { x in gradient(at: 3) { y in f(x, y) } }.tangent
    let forward = jvp(at: 2, along: 1) { x in jvp(at: 3, along: 1) { y in f(x, y) }.tangent }
    for found in [inReverse, forwardInside, reverseInside, forward.tangent] {
      #expect(Double(found) == mixed)
    }
  }

  @Test func perturbationsAreNotConfused() {
    let gradientInside = jvp(at: 3, along: 1) { x in x * gradient(at: 1) { y in x + y } }
    let forwardInside = gradient(at: 3) { x in x * jvp(at: 1, along: 1) { y in x + y }.tangent }
    let forward = jvp(at: 3, along: 1) { x in x * jvp(at: 1, along: 1) { y in x + y }.tangent }
    for found in [gradientInside.tangent, forwardInside, forward.tangent] {
      #expect(Float(found) == 1)
    }
    // The inner direction depends on the outer variable: d/dx (x * 2x) = 4x.
    let moving = gradient(at: 3) { x in jvp(at: x, along: x) { y in y * y }.tangent }
    #expect(Float(moving) == 12)
  }

  @Test func aPullbackIsDifferentiable() {
    // By the cotangent: pullback(g) = 2 x g.
    let byCotangent = gradient(at: 1) { g in vjp(at: 3) { x in x * x }.pullback(g) }
    #expect(Float(byCotangent) == 6)
    let byPoint = gradient(at: 3) { x in vjp(at: x) { y in y * y }.pullback(5) }
    #expect(Float(byPoint) == 10)
  }

  /// The derivatives of tanh are polynomials in y = tanh x.
  @Test func thirdDerivativeOfTanh() {
    for point in [-2, -0.3, 0, 0.7, 1.5] {
      let x = Tensor(point)
      let third = gradient(at: x) { x in gradient(at: x) { x in gradient(at: x) { $0.tanh() } } }
      let forward = jvp(at: x, along: 1) { x in
        jvp(at: x, along: 1) { x in jvp(at: x, along: 1) { $0.tanh() }.tangent }.tangent
      }.tangent
      let y = Double(x.tanh())
      let expected = -2 * (1 - y * y) * (1 - 3 * y * y)
      #expect(abs(Double(third) - expected) < 1e-14 && abs(Double(forward) - expected) < 1e-14)
    }
  }

  // MARK: Jacobians and Hessians

  @Test(arguments: [nil, .forward, .reverse] as [DerivativeMode?])
  func jacobiansAreOutputsByInputs(mode: DerivativeMode?) {
    let x = Tensor([1, 2, 3] as [Double])
    let a = Tensor([[1, -1, 2], [0, 3, 1]] as [[Double]])
    let linear = jacobian(at: x, mode: mode) { matmul(a, $0) }
    #expect(linear.shape == [2, 3] && linear.arrayEqual(a))
    let outer = jacobian(at: x, mode: mode) { x in
      x.reshape([3, 1]) * x.reshape([1, 3]) * Tensor(1.0 as Double)
    }
    #expect(outer.shape == [3, 3, 3])
    let entries = Self.doubles(outer)
    let values = Self.doubles(x)
    for i in 0..<3 {
      for j in 0..<3 {
        for k in 0..<3 {
          let expected = (i == k ? values[j] : 0) + (j == k ? values[i] : 0)
          #expect(entries[9 * i + 3 * j + k] == expected)
        }
      }
    }
    let matrix = jacobian(at: a, mode: mode) { $0.sum(axis: 1) }
    #expect(
      matrix.shape == [2, 2, 3] && Self.doubles(matrix) == [1, 1, 1, 0, 0, 0] + [0, 0, 0, 1, 1, 1])
    #expect(jacobian(at: 3, mode: mode) { $0 * $0 }.shape == [])
    #expect(jacobian(at: Tensor.zeros([0]), mode: mode) { $0.sum() }.shape == [0])
    #expect(jacobian(at: x, mode: mode) { $0[..<0] }.shape == [0, 3])
    #expect(Self.doubles(jacobian(at: x, mode: mode) { _ in [1.0, 2] }) == [0, 0, 0, 0, 0, 0])
  }

  /// As every gradient, whatever the dtype of the result.
  @Test(arguments: [nil, .forward, .reverse] as [DerivativeMode?])
  func jacobiansHaveTheDtypeOfThePoint(mode: DerivativeMode?) {
    for (from, to) in [(DType.float32, DType.float64), (.float64, .float32)] {
      let x = Tensor([1.0, 2, 3]).cast(to: from)
      for count in 0...3 {
        let found = jacobian(at: x, mode: mode) { ($0 * $0)[..<count].cast(to: to) }
        #expect(found.dtype == from && found.shape == [count, 3])
        let diagonal: [Double] = [2, 0, 0, 0, 4, 0, 0, 0, 6]
        #expect(Self.doubles(found) == Array(diagonal[..<(3 * count)]))
      }
      #expect(jacobian(at: x[..<0], mode: mode) { $0.sum().cast(to: to) }.dtype == from)
      #expect(hessian(at: x) { ($0 * $0).sum().cast(to: to) }.dtype == from)
    }
  }

  @Test func hessianOfAPolynomial() {
    let found = hessian(at: Tensor([1, 2] as [Double])) { x in x[0] * x[1] * x[1] }
    #expect(found.shape == [2, 2] && Self.doubles(found) == [0, 4, 4, 2])
    let product = hessianVectorProduct(at: Tensor([1, 2] as [Double]), along: [1, 10]) { x in
      x[0] * x[1] * x[1]
    }
    #expect(Self.doubles(product) == [40, 24])
    let (dx, dy) = hessianVectorProduct(
      at: Tensor(2.0), Tensor(3.0), along: Tensor(1.0), Tensor(10.0)
    ) { x, y in x * x * y }
    // The Hessian is [[2 y, 2 x], [2 x, 0]].
    #expect(Float(dx) == 46 && Float(dy) == 4)
  }

  // MARK: Errors

  @Test func directionsHaveTheShapeOfWhatTheyBelongTo() {
    let x = Tensor([1, 2] as [Float])
    let errors = [
      tensorError { _ = jvp(at: x, along: [1.0]) { $0 } },
      tensorError { _ = jvp(at: x, along: Tensor([1, 2] as [Double])) { $0 } },
      tensorError { _ = jvp(at: ["a": x], along: ["a": x, "b": x]) { $0 } },
      tensorError { _ = vjp(at: x) { $0.sum() }.pullback(x) },
      tensorError { _ = jvp(at: Tensor([1, 2]), along: [1, 1]) { $0 } },
      tensorError { _ = jacobian(at: x) { $0.argmax() } },
      tensorError { _ = hessian(at: x) { $0 } },
      tensorError { _ = hessianVectorProduct(at: x, along: x) { $0 } },
    ]
    #expect(
      errors.map { $0?.reason } == [
        "the tangent is float32[1], not float32[2]",
        "the tangent is float64[2], not float32[2]",
        "the tangent has the keys [\"a\", \"b\"], not the keys [\"a\"]",
        "the cotangent is float32[2], not float32[]",
        "argument 0 is int64, which has no gradient",
        "the function's result is int64, which has no gradient",
        "the function's result is not one floating-point number",
        "the function's result is not one floating-point number",
      ])
    #expect(
      errors.map { $0?.op } == [
        "jvp", "jvp", "jvp", "pullback", "jvp", "jacobian", "hessian", "hessianVectorProduct",
      ])
    let error = tensorError { _ = vjp(at: x) { $0 * 2 }.pullback([1.0]) }; let line = #line
    #expect(
      error?.description
        == "MartletTests/TransformTests.swift:\(line): pullback(float32[2], float32[1]): the "
        + "cotangent is float32[1], not float32[2]; a cotangent has the shape and dtype of what it "
        + "belongs to")
  }
}
