// Tensors made of one value, of ranges, and of coordinates.

import MartletIR
import MartletRuntime

extension Tensor {
  /// Zeros of a shape.
  ///
  ///     Tensor.zeros([2, 3])                       // float32
  ///     Tensor.zeros(x.shape, dtype: .int32)
  public static func zeros(
    _ shape: some Collection<Int>, dtype: DType = .float32, file: StaticString = #fileID,
    line: UInt = #line
  ) -> Tensor {
    full(shape, .weakZero, dtype: dtype, file: file, line: line)
  }

  /// Ones of a shape.
  public static func ones(
    _ shape: some Collection<Int>, dtype: DType = .float32, file: StaticString = #fileID,
    line: UInt = #line
  ) -> Tensor {
    full(shape, .weakOne, dtype: dtype, file: file, line: line)
  }

  /// A value in every element of a shape; its own dtype is the default.
  ///
  ///     Tensor.full([2, 2], 0.5)                   // float32
  public static func full(
    _ shape: some Collection<Int>, _ value: Tensor, dtype: DType? = nil,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    value.attempt(.exact(file, line)) { () throws(TensorError) in
      let result = try Tensor.shape(shape, "full")
      let dtype = dtype ?? value.dtype
      if case .weak(let weak) = value.storage, let scalar = weak.scalar(as: dtype) {
        return filled(result, with: scalar)
      }
      guard value.shape.broadcasts(to: result) else {
        throw value.error(.shape, "full", "\(value.shape) does not stretch to \(result)")
      }
      return try value.typed(as: dtype, "full").broadcast(unchecked: result)
    }
  }

  /// A host number in every element of a shape; as a literal, it has the default dtype of its kind.
  ///
  ///     let rate = 0.5
  ///     Tensor.full([2, 2], rate)                  // float32
  @_disfavoredOverload
  public static func full(
    _ shape: some Collection<Int>, _ value: some TensorScalar, dtype: DType? = nil,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    full(shape, value.asTensor, dtype: dtype, file: file, line: line)
  }

  /// Zeros of the shape and dtype of `other`.
  public static func zerosLike(_ other: Tensor, dtype: DType? = nil) -> Tensor {
    other.isPoisoned ? other : zeros(other.shape, dtype: dtype ?? other.dtype)
  }

  /// Ones of the shape and dtype of `other`.
  public static func onesLike(_ other: Tensor, dtype: DType? = nil) -> Tensor {
    other.isPoisoned ? other : ones(other.shape, dtype: dtype ?? other.dtype)
  }

  /// A value in every element of the shape of `other`, in its dtype.
  public static func fullLike(
    _ other: Tensor, _ value: Tensor, dtype: DType? = nil, file: StaticString = #fileID,
    line: UInt = #line
  ) -> Tensor {
    other.isPoisoned
      ? other
      : full(other.shape, value, dtype: dtype ?? other.dtype, file: file, line: line)
  }

  /// A host number in every element of the shape of `other`, in its dtype, which must hold it.
  @_disfavoredOverload
  public static func fullLike(
    _ other: Tensor, _ value: some TensorScalar, dtype: DType? = nil,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    fullLike(other, value.asTensor, dtype: dtype, file: file, line: line)
  }

  /// The integers from 0 up to `stop`, without it.
  ///
  ///     Tensor.arange(3)                           // [0, 1, 2]
  public static func arange(
    _ stop: Int, dtype: DType = .int64, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    arange(0, stop, step: 1, dtype: dtype, file: file, line: line)
  }

  /// The integers from `start` up to `stop`, without it, `step` apart.
  ///
  ///     Tensor.arange(5, 0, step: -2)              // [5, 3, 1]
  public static func arange(
    _ start: Int, _ stop: Int, step: Int = 1, dtype: DType = .int64,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    attempt(.exact(file, line)) { () throws(TensorError) in
      let (distance, overflow) = stop.subtractingReportingOverflow(start)
      guard step != 0, !overflow, step != .min else {
        throw TensorError(
          .value, op: "arange", reason: "no range goes from \(start) to \(stop) in steps of \(step)"
        )
      }
      let isEmpty = distance == 0 || (distance < 0) != (step < 0)
      let length = isEmpty ? 0 : (distance.magnitude - 1) / step.magnitude + 1
      let shape = try Tensor.shape([Int(clamping: length)], "arange")
      var result = iota(shape)
      if step != 1 { result = result * step }
      if start != 0 { result = result + start }
      return result.converted(to: dtype)
    }
  }

  /// The numbers `start + i * step` below `stop`, computed in float64 and rounded once.
  ///
  ///     Tensor.arange(0, 1, step: 0.25)            // [0, 0.25, 0.5, 0.75]
  public static func arange(
    _ start: Double, _ stop: Double, step: Double = 1, dtype: DType = .float32,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    attempt(.exact(file, line)) { () throws(TensorError) in
      let length = ((stop - start) / step).rounded(.up)
      guard step != 0, length < 0x1p62 else {
        throw TensorError(
          .value, op: "arange", reason: "no range goes from \(start) to \(stop) in steps of \(step)"
        )
      }
      let shape = try Tensor.shape([length > 0 ? Int(length) : 0], "arange")
      return (iota(shape).converted(to: .float64) * step + start).converted(to: dtype)
    }
  }

  /// `count` numbers from `start` to `stop`, evenly spaced; the last is exactly `stop`.
  ///
  ///     Tensor.linspace(0, 1, count: 5)            // [0, 0.25, 0.5, 0.75, 1]
  public static func linspace(
    _ start: Double, _ stop: Double, count: Int, endpoint: Bool = true, dtype: DType = .float32,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    attempt(.exact(file, line)) { () throws(TensorError) in
      let index = iota(try Tensor.shape([count], "linspace"))
      let steps = endpoint ? count - 1 : count
      let step = steps > 0 ? (stop - start) / Double(steps) : 0
      let numbers = index.converted(to: .float64) * step + start
      guard endpoint, count > 1 else { return numbers.converted(to: dtype) }
      return Tensor.where(index .== steps, Tensor(stop as Double), numbers).converted(to: dtype)
    }
  }

  /// Ones on a diagonal, zeros elsewhere: the identity matrix unless told otherwise.
  ///
  /// - Parameters:
  ///   - rows: The number of rows.
  ///   - columns: The number of columns; the rows' unless given.
  ///   - offset: Which diagonal: those above the main one are positive.
  ///   - dtype: The element type.
  ///   - file: The caller's file.
  ///   - line: The caller's line.
  public static func eye(
    _ rows: Int, _ columns: Int? = nil, offset: Int = 0, dtype: DType = .float32,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    attempt(.exact(file, line)) { () throws(TensorError) in
      let distance = try diagonalDistance(rows, columns ?? rows, "eye")
      return (distance .== offset).converted(to: dtype)
    }
  }

  /// Ones on and below a diagonal, zeros above.
  public static func tri(
    _ rows: Int, _ columns: Int? = nil, offset: Int = 0, dtype: DType = .float32,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    attempt(.exact(file, line)) { () throws(TensorError) in
      (try diagonalDistance(rows, columns ?? rows, "tri") .<= offset).converted(to: dtype)
    }
  }

  /// The matrices of the last two axes with zeros above a diagonal.
  public func tril(
    offset: Int = 0, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    triangle("tril", .exact(file, line)) { $0 .<= offset }
  }

  /// The matrices of the last two axes with zeros below a diagonal.
  public func triu(
    offset: Int = 0, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    triangle("triu", .exact(file, line)) { $0 .>= offset }
  }

  private func triangle(
    _ op: String, _ site: CallSite, _ isKept: (Tensor) -> Tensor
  ) -> Tensor {
    attempt(site) { () throws(TensorError) in
      guard rank >= 2 else { throw error(.shape, op, "fewer than 2 axes") }
      let distance = try Tensor.diagonalDistance(shape[rank - 2], shape[rank - 1], op)
      return .where(isKept(distance), self, Tensor.weakZero)
    }
  }

  /// How far each place of a matrix lies above the main diagonal: column minus row.
  private static func diagonalDistance(
    _ rows: Int, _ columns: Int, _ op: String
  ) throws(TensorError) -> Tensor {
    _ = try Tensor.shape([rows, columns], op)
    let row = iota([rows]).reshaped(unchecked: [rows, 1])
    return iota([columns]) - row
  }

  /// The elements on a diagonal of two axes, which become one last axis.
  ///
  ///     Tensor([[1, 2], [3, 4]]).diagonal()        // [1, 4]
  public func diagonal(
    offset: Int = 0, axis1: Int = 0, axis2: Int = 1, file: StaticString = #fileID,
    line: UInt = #line
  ) -> Tensor {
    attempt(.exact(file, line)) { () throws(TensorError) in
      guard rank >= 2 else { throw error(.shape, "diagonal", "fewer than 2 axes") }
      let pair = try axes([axis1, axis2], "diagonal")
      let kept = shape.indices.filter { !pair.contains($0) }
      let (rows, columns) = (shape[pair[0]], shape[pair[1]])
      let (firstRow, firstColumn) = offset < 0 ? (0 &- offset, 0) : (0, offset)
      let count = Swift.max(
        Swift.min(rows.subtractingClamped(firstRow), columns.subtractingClamped(firstColumn)), 0)
      let leading = kept.map { shape[$0] }
      // In row-major order the next element of a diagonal is a row and a column further.
      let flat = Tensor(handle).permuted(unchecked: kept + pair)
        .reshaped(unchecked: Shape(leading + [rows * columns]))
      let start = count == 0 ? 0 : firstRow * columns + firstColumn
      let slice = AxisSlice(start: start, step: columns + 1, count: count)
      return flat.sliced(unchecked: leading.map(AxisSlice.whole) + [slice])
    }
  }

  /// A matrix with these elements on a diagonal, or the diagonal of a matrix.
  ///
  ///     Tensor.diag([1, 2])                        // [[1, 0], [0, 2]]
  public static func diag(
    _ x: Tensor, offset: Int = 0, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    x.attempt(.exact(file, line)) { () throws(TensorError) in
      if x.rank == 2 { return x.diagonal(offset: offset, file: file, line: line) }
      guard x.rank == 1, offset.magnitude < 1 << 31 else {
        throw x.error(.shape, "diag", "not a vector or a matrix")
      }
      let size = x.count + Int(offset.magnitude)
      let distance = try diagonalDistance(size, size, "diag")
      // Above the main diagonal an element's row is its number, below it its column.
      let padded = x.pad([(0, size - x.count)])
      let spread = offset > 0 ? padded.reshaped(unchecked: [size, 1]) : padded
      return .where(distance .== offset, spread, Tensor.weakZero)
    }
  }

  /// How the axes of `meshgrid` are ordered.
  public enum GridIndexing: Sendable {
    /// The first input varies along the second axis, as in a plot.
    case xy
    /// Input i varies along axis i.
    case ij
  }

  /// The coordinates of a grid: each vector stretched over the grid of all of them.
  public static func meshgrid(
    _ vectors: [Tensor], indexing: GridIndexing = .xy, file: StaticString = #fileID,
    line: UInt = #line
  ) -> [Tensor] {
    attemptMany(vectors, count: vectors.count, .exact(file, line)) { () throws(TensorError) in
      for vector in vectors where vector.rank > 1 {
        throw vector.error(.shape, "meshgrid", "not a vector")
      }
      let rank = vectors.count
      var axes = Array(0..<rank)
      if indexing == .xy, rank >= 2 { axes.swapAt(0, 1) }
      var extents = [Int](repeating: 1, count: rank)
      for (vector, axis) in zip(vectors, axes) { extents[axis] = vector.count }
      let grid = try Tensor.shape(extents, "meshgrid")
      return zip(vectors, axes).map { vector, axis in
        let line = Shape((0..<rank).map { $0 == axis ? vector.count : 1 })
        return Tensor(vector.handle).reshaped(unchecked: line).broadcast(unchecked: grid)
      }
    }
  }
}

extension Int {
  /// The difference, or `Int.min` where it does not fit; the subtrahend is not negative.
  fileprivate func subtractingClamped(_ other: Int) -> Int {
    let (difference, overflow) = subtractingReportingOverflow(other)
    return overflow ? .min : difference
  }
}
