// Tensors from host numbers and arrays, which keep their element type.

import MartletIR
import MartletRuntime

extension Tensor {
  /// A single number of the host type's dtype.
  ///
  ///     Tensor(Float(2)).dtype     // float32
  ///     Tensor(2)                  // a literal, which takes the dtype of what it meets
  @_disfavoredOverload
  public init<S: TensorScalar>(_ scalar: S) {
    var scalar = scalar
    self = withUnsafeBytes(of: &scalar) { bytes in
      Tensor.copying(bytes, S.self, .scalar, .frame)
    }
  }

  /// A single number in a dtype, which must hold it.
  @_disfavoredOverload
  public init<S: TensorScalar>(
    _ scalar: S, dtype: DType, file: StaticString = #fileID, line: UInt = #line
  ) {
    self.init(scalar.asTensor, dtype: dtype, file: file, line: line)
  }

  /// A vector of the array's elements, in their own dtype or in another.
  ///
  ///     let samples: [Double] = [0.5, 1.5]
  ///     Tensor(samples).dtype                        // float64
  ///     Tensor(samples, dtype: .float32).dtype       // float32, as by cast(to:)
  @_disfavoredOverload
  public init<S: TensorScalar>(
    _ scalars: [S], dtype: DType? = nil, file: StaticString = #fileID, line: UInt = #line
  ) {
    let tensor = scalars.withUnsafeBytes { bytes in
      Tensor.copying(bytes, S.self, Shape([scalars.count]), .exact(file, line))
    }
    self = tensor.cast(to: dtype ?? S.dtype)
  }

  /// A matrix of the arrays' elements, one array a row; rows of different lengths are an error.
  @_disfavoredOverload
  public init<S: TensorScalar>(
    _ rows: [[S]], dtype: DType? = nil, file: StaticString = #fileID, line: UInt = #line
  ) {
    let width = rows.first?.count ?? 0
    self = Tensor.attempt(.exact(file, line)) { () throws(TensorError) in
      try Tensor.checkRows(rows.map(\.count), width)
      return try Tensor.copying(
        rows.flatMap { $0 }, try Tensor.shape([rows.count, width], "Tensor.init")
      ).cast(to: dtype ?? S.dtype)
    }
  }

  /// A tensor with three axes of the arrays' elements; arrays of different lengths are an error.
  @_disfavoredOverload
  public init<S: TensorScalar>(
    _ blocks: [[[S]]], dtype: DType? = nil, file: StaticString = #fileID, line: UInt = #line
  ) {
    let height = blocks.first?.count ?? 0
    let width = blocks.first?.first?.count ?? 0
    self = Tensor.attempt(.exact(file, line)) { () throws(TensorError) in
      try Tensor.checkRows(blocks.map(\.count), height)
      for block in blocks { try Tensor.checkRows(block.map(\.count), width) }
      return try Tensor.copying(
        blocks.flatMap { $0.flatMap { $0 } },
        try Tensor.shape([blocks.count, height, width], "Tensor.init")
      ).cast(to: dtype ?? S.dtype)
    }
  }

  /// The elements in row-major order under `shape`; their number must be the shape's.
  ///
  ///     Tensor([1, 2, 3, 4, 5, 6] as [Int32], shape: [2, 3])
  public init<S: TensorScalar>(
    _ scalars: [S], shape: some Collection<Int>, dtype: DType? = nil,
    file: StaticString = #fileID, line: UInt = #line
  ) {
    self = Tensor.attempt(.exact(file, line)) { () throws(TensorError) in
      try Tensor.copying(scalars, try Tensor.shape(shape, "Tensor.init"))
        .cast(to: dtype ?? S.dtype)
    }
  }

  /// As `init(_:shape:)`, for arrays from outside the program: throws where the count is wrong.
  ///
  /// - Throws: A `TensorError` of kind `.shape` or `.memory`.
  public init<S: TensorScalar>(
    checking scalars: [S], shape: some Collection<Int>, file: StaticString = #fileID,
    line: UInt = #line
  ) throws(TensorError) {
    do throws(TensorError) {
      self = try Tensor.copying(scalars, try Tensor.shape(shape, "Tensor.init"))
    } catch {
      throw error.at(CallSite.exact(file, line).location)
    }
  }

  /// A copy of a buffer's elements, in row-major order under `shape`.
  ///
  /// - Throws: A `TensorError` where the count is not the shape's or memory is short.
  public init<S: TensorScalar>(
    copying buffer: UnsafeBufferPointer<S>, shape: some Collection<Int>,
    file: StaticString = #fileID, line: UInt = #line
  ) throws(TensorError) {
    do throws(TensorError) {
      let shape = try Tensor.shape(shape, "Tensor.init")
      try Tensor.checkCount(buffer.count, S.dtype, shape)
      self = Tensor(Handle(try Values.copying(UnsafeRawBufferPointer(buffer), S.dtype, shape)))
    } catch {
      throw error.at(CallSite.exact(file, line).location)
    }
  }

  private static func checkRows(_ counts: [Int], _ expected: Int) throws(TensorError) {
    for (row, count) in counts.enumerated() where count != expected {
      throw TensorError(
        .shape, op: "Tensor.init",
        reason: "row \(row) has \(count) elements where row 0 has \(expected)",
        hint: "all rows have one length")
    }
  }

  private static func checkCount(
    _ count: Int, _ dtype: DType, _ shape: Shape
  ) throws(TensorError) {
    guard count == shape.elementCount else {
      throw TensorError(
        .shape, op: "Tensor.init",
        reason: "\(count) elements of \(dtype) do not fill shape \(shape), which has "
          + "\(shape.elementCount)")
    }
  }

  private static func copying<S: TensorScalar>(
    _ scalars: [S], _ shape: Shape
  ) throws(TensorError) -> Tensor {
    try checkCount(scalars.count, S.dtype, shape)
    let value = try Values.uninitialized(S.dtype, shape)
    scalars.withUnsafeBytes { bytes in
      if let source = bytes.baseAddress {
        value.buffer.pointer.copyMemory(from: source, byteCount: bytes.count)
      }
    }
    return Tensor(Handle(value))
  }

  private static func copying<S: TensorScalar>(
    _ bytes: UnsafeRawBufferPointer, _: S.Type, _ shape: Shape, _ site: CallSite
  ) -> Tensor {
    attempt(site) { () throws(TensorError) in
      Tensor(Handle(try Values.copying(bytes, S.dtype, shape)))
    }
  }
}
