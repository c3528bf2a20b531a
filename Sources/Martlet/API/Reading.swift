// Looking at values: elements as host numbers, memory, barriers.

import MartletIR
import MartletRuntime

extension Tensor {
  /// The realized value; what it depends on runs now.
  func realized(_ site: CallSite) throws(TensorError) -> Value {
    do throws(TensorError) { return try Force.value(of: handle) } catch {
      throw error.at(site.location)
    }
  }

  /// The element of a tensor that has only one; the process ends where there is none to have.
  func onlyElement(_ site: CallSite, _ op: String) -> Scalar {
    do throws(TensorError) { return try checkedOnlyElement(site, op) } catch {
      trapReading(error, op, site)
    }
  }

  /// Ends the process because `op` was to read a value that cannot be had.
  ///
  /// A poisoned tensor has an error from elsewhere: the message says where it is read, and why.
  private func trapReading(_ error: TensorError, _ op: String, _ site: CallSite) -> Never {
    guard isPoisoned else { trap(error) }
    trap(
      TensorError(
        error.kind, op: op, reason: "there is no value to read, for an op before failed: \(error)",
        hint: "inside withTensorErrors read with checkedItem or checkedScalars, which throw it",
        location: site.location))
  }

  func checkedOnlyElement(_ site: CallSite, _ op: String) throws(TensorError) -> Scalar {
    if case .weak(let weak) = storage { return weak.defaultScalar }
    guard count == 1 || isPoisoned else {
      throw error(
        .shape, op, "\(count) elements are not a single number",
        hint: "reduce them first, for example with .all(), .any() or .mean()"
      ).at(site.location)
    }
    return Values.onlyElement(try realized(site))
  }

  /// The elements in row-major order as host numbers.
  ///
  /// An integer type must hold every element: one that is too large, a fraction or NaN is an error;
  /// `cast(to:)` wraps, cuts off and saturates. Everything else is converted as `cast(to:)` does.
  ///
  /// An error, that of an op on the way too, ends the process with its message; `checkedScalars`
  /// throws it instead.
  ///
  ///     Tensor([[1, 2], [3, 4]]).scalars(as: Double.self)     // [1.0, 2.0, 3.0, 4.0]
  public func scalars<S: TensorScalar>(
    as type: S.Type = S.self, file: StaticString = #fileID, line: UInt = #line
  ) -> [S] {
    do throws(TensorError) {
      return try checkedScalars(as: type, file: file, line: line)
    } catch {
      trapReading(error, "scalars", .exact(file, line))
    }
  }

  /// As `scalars(as:)`, throwing.
  ///
  /// - Throws: The first `TensorError` on the way to this tensor, or one of kind `.value` for an
  ///   element that the integer type does not hold.
  public func checkedScalars<S: TensorScalar>(
    as type: S.Type = S.self, file: StaticString = #fileID, line: UInt = #line
  ) throws(TensorError) -> [S] {
    let site = CallSite.exact(file, line)
    if S.dtype.isInteger, S.dtype.promoted(with: dtype) != S.dtype {
      return try checkedIntegers(site)
    }
    let value = try (isPoisoned ? self : converted(to: S.dtype)).realized(site)
    return [S](unsafeUninitializedCapacity: value.shape.elementCount) { buffer, count in
      if let target = UnsafeMutableRawPointer(buffer.baseAddress) { Values.copy(value, to: target) }
      count = value.shape.elementCount
    }
  }

  /// The elements as integers of a type that may not hold them.
  private func checkedIntegers<S: TensorScalar>(_ site: CallSite) throws(TensorError) -> [S] {
    let value = try Values.rowMajor(try realized(site))
    var numbers: [S] = []
    numbers.reserveCapacity(value.shape.elementCount)
    for index in 0..<value.shape.elementCount {
      let element = Values.element(value, at: index)
      guard let integer = element.integer(as: S.dtype) else {
        let place = " at \(value.shape.place(of: index))"
        throw unfit(element, place, S.dtype, "scalars").at(site.location)
      }
      numbers.append(integer.hostNumber())
    }
    return numbers
  }

  /// The error of an element that a host type does not hold.
  private func unfit(
    _ element: Scalar, _ place: String, _ type: DType, _ op: String
  ) -> TensorError {
    let number = element.asDouble
    let isFraction = number.isFinite && number != number.rounded(.towardZero)
    return TensorError(
      .value, op: op, operands: [described],
      reason: "\(element)\(place) "
        + (isFraction ? "is not an integer" : "does not fit in \(type)"),
      hint: isFraction
        ? "round first, for example with .round(), or read floats"
        : "read a type that holds it, or convert it first with .cast(to: .\(type)), which "
          + (element.dtype.isFloatingPoint ? "saturates" : "wraps"))
  }

  /// The only element as a host number of `S`; a fraction becomes an integer only where it is
  /// `truncated`.
  func checkedNumber<S: TensorScalar>(
    truncated: Bool = false, _ op: String, _ site: CallSite
  ) throws(TensorError) -> S {
    let element = try checkedOnlyElement(site, op)
    guard S.dtype.isInteger else { return element.converted(to: S.dtype).hostNumber() }
    guard let integer = element.integer(as: S.dtype, truncated: truncated) else {
      throw unfit(element, "", S.dtype, op).at(site.location)
    }
    return integer.hostNumber()
  }

  /// As `checkedNumber`; an error ends the process.
  func number<S: TensorScalar>(truncated: Bool = false, _ op: String, _ site: CallSite) -> S {
    do throws(TensorError) {
      return try checkedNumber(truncated: truncated, op, site)
    } catch {
      trapReading(error, op, site)
    }
  }

  /// The only element as a host number.
  ///
  /// An integer type must hold it: a number that is too large, a fraction or NaN is an error.
  /// (`Int` of a tensor cuts a fraction off, as `Int` of a number does.) Everything else is
  /// converted as `cast(to:)` does.
  ///
  /// Ends the process where there is not exactly one element, the type does not hold it, or an op
  /// on the way failed; `checkedItem` throws instead.
  ///
  ///     let loss: Float = (x * x).mean().item()
  public func item<S: TensorScalar>(
    as type: S.Type = S.self, file: StaticString = #fileID, line: UInt = #line
  ) -> S {
    number("item", .exact(file, line))
  }

  /// As `item(as:)`, throwing.
  ///
  /// - Throws: The first `TensorError` on the way, or one of kind `.shape` for several elements, or
  ///   of kind `.value` for one that the integer type does not hold.
  public func checkedItem<S: TensorScalar>(
    as type: S.Type = S.self, file: StaticString = #fileID, line: UInt = #line
  ) throws(TensorError) -> S {
    try checkedNumber("item", .exact(file, line))
  }

  /// Calls `body` with the elements in row-major order, which stay in place meanwhile.
  ///
  /// No element is copied unless the tensor is a strided view. `S` must be the host type of the
  /// tensor's dtype; another one is an error that ends the process.
  ///
  ///     let sum = x.withUnsafeBuffer(as: Float.self) { $0.reduce(0, +) }
  public func withUnsafeBuffer<S: TensorScalar, Result, Failure: Error>(
    as type: S.Type, file: StaticString = #fileID, line: UInt = #line,
    _ body: (UnsafeBufferPointer<S>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let value: Value
    let site = CallSite.exact(file, line)
    do throws(TensorError) {
      guard S.dtype == dtype || isPoisoned else {
        throw error(
          .dtype, "withUnsafeBuffer", "the elements are not \(S.dtype)",
          hint: "cast them first with .cast(to: .\(S.dtype))"
        ).at(site.location)
      }
      value = try Values.rowMajor(try realized(site))
    } catch {
      trapReading(error, "withUnsafeBuffer", site)
    }
    let start = UnsafeRawPointer(value.base).assumingMemoryBound(to: S.self)
    defer { withExtendedLifetime(value.buffer) {} }
    return try body(UnsafeBufferPointer(start: start, count: value.shape.elementCount))
  }
}

extension Scalar {
  /// The element, of dtype `S.dtype`, as a host number.
  func hostNumber<S: TensorScalar>() -> S {
    withUnsafeTemporaryAllocation(byteCount: 8, alignment: 8) { bytes in
      if let address = bytes.baseAddress { Values.store(self, at: address) }
      return bytes.load(as: S.self)
    }
  }

  /// The same number in an integer dtype, or nil where that does not hold it; a fraction is cut off
  /// where it may be `truncated`.
  func integer(as target: DType, truncated: Bool = false) -> Scalar? {
    var whole: WeakScalar?
    switch dtype.kind {
    case .signed: whole = .int(int64)
    case .bool, .unsigned: whole = Int64(exactly: bits).map { .int($0) } ?? .uint(bits)
    case .float:
      let number = truncated ? asDouble.rounded(.towardZero) : asDouble
      whole = Int64(exactly: number).map { .int($0) } ?? UInt64(exactly: number).map { .uint($0) }
    }
    return whole?.scalar(as: target)
  }
}

extension Float {
  /// The only element of a tensor; several elements are an error that ends the process.
  public init(_ tensor: Tensor, file: StaticString = #fileID, line: UInt = #line) {
    self = tensor.number("Float", .exact(file, line))
  }
}

extension Double {
  /// The only element of a tensor; several elements are an error that ends the process.
  public init(_ tensor: Tensor, file: StaticString = #fileID, line: UInt = #line) {
    self = tensor.number("Double", .exact(file, line))
  }
}

extension Int {
  /// The only element of a tensor, its fraction cut off as by `Int` of a number.
  ///
  /// Several elements, NaN and what an `Int` does not hold are errors that end the process;
  /// `checkedItem` throws them.
  public init(_ tensor: Tensor, file: StaticString = #fileID, line: UInt = #line) {
    self = tensor.number(truncated: true, "Int", .exact(file, line))
  }
}

extension Bool {
  /// Whether the only element of a tensor is true, or not 0; several elements are an error.
  public init(_ tensor: Tensor, file: StaticString = #fileID, line: UInt = #line) {
    self = tensor.number("Bool", .exact(file, line))
  }
}

/// Runs what these tensors depend on, together and now.
///
/// Nothing needs it: a value that is looked at is computed then. It is a barrier for measurements
/// and for the moment at which work happens. An error ends the process with its message; inside
/// `withTensorErrors` the scope throws it.
///
///     let (a, b) = (x.exp(), x.sum())
///     materialize(a, b)
public func materialize(
  _ tensors: Tensor..., file: StaticString = #fileID, line: UInt = #line
) {
  materialize(tensors, file: file, line: line)
}

/// Runs what these tensors depend on, together and now.
public func materialize(
  _ tensors: [Tensor], file: StaticString = #fileID, line: UInt = #line
) {
  do throws(TensorError) {
    var handles: [Handle] = []
    handles.reserveCapacity(tensors.count)
    for case .handle(let handle) in tensors.lazy.map(\.storage) { handles.append(handle) }
    try Force.realize(handles)
    for handle in handles { if let error = handle.failure { throw error } }
  } catch {
    _ = Tensor.failed(error, at: .exact(file, line))
  }
}

extension Tensor: CustomStringConvertible, CustomDebugStringConvertible {
  /// The elements as NumPy prints them, with shape and dtype; what they depend on runs now.
  ///
  /// A tensor whose op failed inside `withTensorErrors` is described by the error.
  ///
  ///     print(Tensor([1, 2.5]))     // Tensor([1. , 2.5], shape=(2,), dtype=float32)
  public var description: String {
    if isPoisoned { return debugDescription }
    do throws(TensorError) { return text(try realized(.frame)) } catch { trap(error) }
  }

  /// As `description`, with options of NumPy's names in place of the defaults.
  ///
  ///     let x: Tensor = [0.123456, 1e-9]
  ///     let options = PrintOptions(precision: 3, suppressSmall: true)
  ///     print(x.description(options: options))
  ///     // Tensor([0.123, 0.   ], shape=(2,), dtype=float32)
  public func description(
    options: PrintOptions, file: StaticString = #fileID, line: UInt = #line
  ) -> String {
    if isPoisoned { return debugDescription }
    do throws(TensorError) { return text(try realized(.exact(file, line)), options) } catch {
      trap(error)
    }
  }

  /// As `description`; every error is described.
  public var debugDescription: String {
    do throws(TensorError) { return text(try realized(.frame)) } catch { return "\(error)" }
  }

  private func text(_ value: Value, _ options: PrintOptions = PrintOptions()) -> String {
    tensorText(dtype: value.dtype, shape: value.shape, options: options) {
      Values.element(value, at: $0)
    }
  }
}
