// Functions made of other functions: choices, activations, softmax, closeness.

import MartletIR

extension Tensor {
  /// Elements of `a` where `condition` is true, of `b` elsewhere; all three broadcast.
  ///
  /// The condition is bool; another dtype is an error.
  ///
  ///     Tensor.where(x .> 0, x, 0.1 * x)
  public static func `where`(
    _ condition: Tensor, _ a: Tensor, _ b: Tensor, file: StaticString = #fileID,
    line: UInt = #line
  ) -> Tensor {
    elementwise(.select, [condition, a, b], site: .exact(file, line))
  }

  /// Elements of `a` where `condition` is true, of `b` elsewhere; a host number takes the dtype of
  /// the other.
  public static func `where`(
    _ condition: Tensor, _ a: some TensorConvertible, _ b: some TensorConvertible,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    .where(condition, a.asTensor, b.asTensor, file: file, line: line)
  }

  /// Each element brought into the interval from `min` to `max`; a missing bound does not bind.
  ///
  /// Where `min` exceeds `max` the result is `max`; NaN stays NaN.
  ///
  ///     Tensor([-1.0, 0.5, 3.0]).clip(min: 0, max: 1)     // [0, 0.5, 1]
  public func clip(
    min: (any TensorConvertible)? = nil, max: (any TensorConvertible)? = nil,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let site = CallSite.exact(file, line)
    switch (min?.asTensor, max?.asTensor) {
    case (let low?, let high?): return .elementwise(.clip, [self, low, high], site: site)
    case (let low?, nil): return .elementwise(.maximum, self, low, site: site)
    case (nil, let high?): return .elementwise(.minimum, self, high, site: site)
    case (nil, nil): return self
    }
  }

  /// The elements themselves: unary plus.
  public func positive() -> Tensor { self }

  /// 1 / (1 + exp(-x)) of each element.
  public func sigmoid(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    .elementwise(.sigmoid, self, site: .exact(file, line))
  }

  /// log(1 + exp(x)) of each element, without overflow on the way.
  public func softplus(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    .elementwise(.softplus, self, site: .exact(file, line))
  }

  /// Each element, or 0 where it is negative; the derivative at 0 is 0.
  public func relu(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let isDead = Tensor.elementwise(.lessEqual, self, .weakZero, site: .exact(file, line))
    return .where(isDead, Tensor.weakZero, self, file: file, line: line)
  }

  /// x sigmoid(x) of each element.
  public func silu(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    .elementwise(.multiply, self, sigmoid(file: file, line: line), site: .exact(file, line))
  }

  /// x (1 + erf(x / sqrt 2)) / 2 of each element: x times the normal distribution function.
  public func gelu(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let site = CallSite.exact(file, line)
    let scaled = Tensor.elementwise(.multiply, self, 0.7071067811865476, site: site)
    return 0.5 * self * (1 + scaled.erf(file: file, line: line))
  }

  /// The exponentials along an axis, or several together, divided by their sum, without overflow on
  /// the way.
  ///
  ///     Tensor([1.0, 1.0]).softmax()      // [0.5, 0.5]
  public func softmax(
    axis: any TensorAxes = -1, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let exponentials = centred(axis, file, line).exp(file: file, line: line)
    return exponentials / exponentials.sum(axis: axis, keepDims: true, file: file, line: line)
  }

  /// The logarithm of `softmax`, accurate where that is near 0.
  public func logSoftmax(
    axis: any TensorAxes = -1, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let centred = centred(axis, file, line)
    let sum = centred.exp(file: file, line: line)
      .sum(axis: axis, keepDims: true, file: file, line: line)
    return centred - sum.log(file: file, line: line)
  }

  /// The logarithm of the sum of exponentials along the axes that are named, or of all,
  /// without overflow.
  public func logSumExp(
    axis: (any TensorAxes)? = nil, keepDims: Bool = false, file: StaticString = #fileID,
    line: UInt = #line
  ) -> Tensor {
    let axes = axis?.axisNumbers
    let greatest = greatestFinite(axes, file, line)
    let difference = Tensor.elementwise(.subtract, self, greatest, site: .exact(file, line))
    let sum = difference.exp(file: file, line: line)
      .reduce(.sum, axes: axes, keepDims: true, "logSumExp", .exact(file, line))
    let result = sum.log(file: file, line: line) + greatest
    if keepDims || result.isPoisoned { return result }
    let dropped = axes.map { $0.compactMap(shape.normalized(axis:)) } ?? Array(shape.indices)
    let kept = shape.indices.filter { !dropped.contains($0) }
    return result.reshaped(unchecked: Shape(kept.map { shape[$0] }))
  }

  /// The elements less their greatest along axes, which carries no gradient: it cancels.
  private func centred(_ axis: any TensorAxes, _ file: StaticString, _ line: UInt) -> Tensor {
    .elementwise(
      .subtract, self, greatestFinite(axis.axisNumbers, file, line), site: .exact(file, line))
  }

  /// The greatest element along axes that stay, 0 where it is infinite.
  private func greatestFinite(
    _ axes: [Int]?, _ file: StaticString, _ line: UInt
  ) -> Tensor {
    let greatest = stoppingGradient()
      .reduce(.maximum, axes: axes, keepDims: true, "max", .exact(file, line))
    return .where(
      greatest.isFinite(file: file, line: line), greatest, Tensor.weakZero, file: file,
      line: line)
  }

  /// Whether each element differs from `other`'s by at most `atol + rtol * abs(other)`.
  ///
  /// Equal infinities are close; NaN is close to NaN only with `equalNaN`.
  public func isClose(
    _ other: Tensor, rtol: Double = 1e-5, atol: Double = 1e-8, equalNaN: Bool = false,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let site = CallSite.exact(file, line)
    // Integers are compared as float64: their differences could wrap.
    let a = dtype.isFloatingPoint ? self : cast(to: .float64)
    let b = other.dtype.isFloatingPoint ? other : other.cast(to: .float64)
    let distance = Tensor.elementwise(.subtract, a, b, site: site).abs()
    let near = distance .<= atol + rtol * b.abs()
    var result = a .== b .| (near .& b.isFinite())
    if equalNaN { result = result .| (a.isNaN() .& b.isNaN()) }
    return result
  }

  /// Whether all elements are close to `other`'s, as `isClose` says; the shapes broadcast.
  ///
  ///     (x.sin() * x.sin() + x.cos() * x.cos()).allClose(1)     // true
  public func allClose(
    _ other: Tensor, rtol: Double = 1e-5, atol: Double = 1e-8, equalNaN: Bool = false,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Bool {
    Bool(
      isClose(other, rtol: rtol, atol: atol, equalNaN: equalNaN, file: file, line: line)
        .all(file: file, line: line), file: file, line: line)
  }

  /// Whether the shapes are the same and all elements equal: what `==` is for host arrays.
  ///
  /// The dtypes promote, nothing broadcasts, and NaN equals nothing unless `equalNaN` says so; then
  /// it equals NaN.
  ///
  ///     Tensor([1, 2]).arrayEqual([1.0, 2.0])      // true
  ///     Tensor([1, 1]).arrayEqual(1)               // false: allClose(1) broadcasts
  public func arrayEqual(
    _ other: Tensor, equalNaN: Bool = false, file: StaticString = #fileID, line: UInt = #line
  ) -> Bool {
    if shape != other.shape, !isPoisoned, !other.isPoisoned { return false }
    var result = Tensor.elementwise(.equal, self, other, site: .exact(file, line))
    if equalNaN { result = result .| (isNaN() .& other.isNaN()) }
    return Bool(result.all(file: file, line: line), file: file, line: line)
  }

  /// The product of this and `factor`, plus `addend`, rounded once.
  public func fma(
    _ factor: some TensorConvertible, _ addend: some TensorConvertible,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    .elementwise(.fma, [self, factor.asTensor, addend.asTensor], site: .exact(file, line))
  }

  /// The elements in another dtype.
  ///
  /// Floats are truncated to integers, out of range to the nearest, NaN to 0; integers wrap;
  /// everything but 0 is true. A tensor that has the dtype is itself.
  ///
  ///     Tensor([1.9, -1.9]).cast(to: .int32)      // [1, -1]
  public func cast(to dtype: DType) -> Tensor { isPoisoned ? self : converted(to: dtype) }

  /// The same elements, as constants to every gradient.
  public func stoppingGradient() -> Tensor {
    guard case .handle(let handle) = storage, !handle.isPoisoned else { return self }
    TapeObserver.note(.stopped, of: [self])
    return Tensor(Tracking.replacing(handle, by: []))
  }
}

/// The elements of `x` brought into the interval from `min` to `max`; see `Tensor.clip`.
public func clip(
  _ x: Tensor, min: (any TensorConvertible)? = nil, max: (any TensorConvertible)? = nil,
  file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  x.clip(min: min, max: max, file: file, line: line)
}

/// The product of `a` and `b`, plus `c`, rounded once.
public func fma(
  _ a: some TensorConvertible, _ b: some TensorConvertible, _ c: some TensorConvertible,
  file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  a.asTensor.fma(b, c, file: file, line: line)
}

/// 1 / (1 + exp(-x)) of each element.
public func sigmoid(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  x.sigmoid(file: file, line: line)
}

/// log(1 + exp(x)) of each element, without overflow on the way.
public func softplus(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  x.softplus(file: file, line: line)
}

/// Each element, or 0 where it is negative; the derivative at 0 is 0.
public func relu(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  x.relu(file: file, line: line)
}

/// x sigmoid(x) of each element.
public func silu(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  x.silu(file: file, line: line)
}

/// x (1 + erf(x / sqrt 2)) / 2 of each element.
public func gelu(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  x.gelu(file: file, line: line)
}

/// The exponentials along an axis, or several together, divided by their sum.
public func softmax(
  _ x: Tensor, axis: any TensorAxes = -1, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  x.softmax(axis: axis, file: file, line: line)
}

/// The logarithm of the softmax along an axis.
public func logSoftmax(
  _ x: Tensor, axis: any TensorAxes = -1, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  x.logSoftmax(axis: axis, file: file, line: line)
}

/// Gives the elements of `x` without their history: constants to every gradient.
public func stopGradient(_ x: Tensor) -> Tensor { x.stoppingGradient() }
