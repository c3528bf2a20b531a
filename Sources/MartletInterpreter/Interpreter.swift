// The unfused interpreter: it evaluates a trace one op at a time and defines what the ops return.

package import MartletIR

/// Evaluates recorded ops one at a time, by plain loops over blocks of elements.
///
/// It shares the op table with the compiler and nothing else, so that it can be its oracle. The
/// floating-point environment must round to nearest and keep subnormals.
package struct Interpreter: Sendable {
  /// Computes the matrix products of the first two values (`Op.matmul`) into the third, which is
  /// row-major and has elements, as have the factors.
  package typealias Matmul = @Sendable (Value, Value, Value) throws(TensorError) -> Void

  /// An operand of a node.
  package enum Operand: Sendable {
    case value(Value)
    case scalar(Scalar)

    package var dtype: DType {
      switch self {
      case .value(let value): value.dtype
      case .scalar(let scalar): scalar.dtype
      }
    }

    package var shape: Shape {
      switch self {
      case .value(let value): value.shape
      case .scalar: .scalar
      }
    }
  }

  /// What a run leaves behind.
  package struct Outcome: Sendable {
    /// Per node: the value of an output, nil for the others.
    package var values: [Value?]
    /// The raised `ValueFlag`s, or-ed together.
    package var flags: UInt32
  }

  let allocator: any BufferAllocator
  let matmul: Matmul

  /// An interpreter that takes its buffers from `allocator` and leaves matrix products to `matmul`.
  package init(allocator: any BufferAllocator, matmul: Matmul? = nil) {
    self.allocator = allocator
    if let matmul {
      self.matmul = matmul
    } else {
      self.matmul = Interpreter.referenceMatmul
    }
  }

  /// Runs every node in order and returns the values of the output nodes.
  ///
  /// An intermediate is released as soon as its last reader has run.
  package func run(_ trace: Trace) throws(TensorError) -> Outcome {
    var outcome = Outcome(values: Array(repeating: nil, count: trace.nodes.count), flags: 0)
    var readers = [Int](repeating: 0, count: trace.nodes.count)
    for node in trace.nodes {
      for case .node(let source) in node.operands { readers[source] += 1 }
    }
    var operands: [Operand] = []
    for index in trace.nodes.indices {
      for operand in trace.nodes[index].operands {
        switch operand {
        case .node(let source):
          guard let value = outcome.values[source] else {
            internalError("node \(index) reads node \(source), which has no value")
          }
          operands.append(.value(value))
        case .leaf(let leaf): operands.append(.value(trace.leaves[leaf]))
        case .scalar(let scalar): operands.append(.scalar(scalar))
        }
      }
      let value = try evaluate(
        op: trace.nodes[index].op, dtype: trace.nodes[index].dtype,
        shape: trace.nodes[index].shape, operands: operands, site: trace.nodes[index].site,
        flags: &outcome.flags)
      operands.removeAll(keepingCapacity: true)
      if trace.nodes[index].isOutput || readers[index] > 0 { outcome.values[index] = value }
      for case .node(let source) in trace.nodes[index].operands {
        readers[source] -= 1
        if readers[source] == 0 && !trace.nodes[source].isOutput { outcome.values[source] = nil }
      }
    }
    return outcome
  }

  /// Evaluates one node of this op, dtype and shape; errors that depend on values carry `site`.
  package func evaluate(
    op: Op, dtype: DType, shape: Shape, operands: [Operand], site: TensorError.Location?,
    flags: inout UInt32
  ) throws(TensorError) -> Value {
    do {
      switch op {
      case .elementwise(let row):
        return try elementwise(row, dtype, shape, operands, &flags)
      case .cast: return try cast(value(operands[0]), to: dtype, shape, &flags)
      case .iota: return try iota(shape)
      case .view(let view): return try self.view(view, value(operands[0]), shape)
      case .reduce(let reduction, let axes):
        return try reduce(reduction, axes, dtype, shape, value(operands[0]))
      case .argReduce(let reduction, let axis):
        return try argReduce(reduction, axis, shape, value(operands[0]))
      case .scan(let scan, let axis): return try self.scan(scan, axis, value(operands[0]))
      case .pad(let low, _): return try pad(value(operands[0]), operands[1], low: low, shape)
      case .concatenate(let axis): return try concatenate(operands, axis, dtype, shape)
      case .gather(let axis):
        return try gather(value(operands[0]), value(operands[1]), axis, shape, &flags)
      case .scatter(let axis, let scatter):
        return try self.scatter(
          scatter, value(operands[0]), value(operands[1]), value(operands[2]), axis, shape, &flags)
      case .matmul: return try product(value(operands[0]), value(operands[1]), dtype, shape)
      }
    } catch {
      throw error.at(site)
    }
  }

  /// A new row-major value, its elements undefined.
  func allocate(_ dtype: DType, _ shape: Shape) throws(TensorError) -> Value {
    let (byteCount, overflow) = shape.elementCount.multipliedReportingOverflow(by: dtype.byteCount)
    guard !overflow else {
      throw TensorError(
        .memory, op: "allocation", reason: "a tensor \(dtype)\(shape) does not fit in memory")
    }
    return Value(
      dtype: dtype, shape: shape, buffer: try allocator.allocate(byteCount: byteCount))
  }

  /// The operand in a buffer.
  func value(_ operand: Operand) throws(TensorError) -> Value {
    switch operand {
    case .value(let value): return value
    case .scalar(let scalar):
      let value = try allocate(scalar.dtype, .scalar)
      fill(value.base, with: scalar, count: 1)
      return value
    }
  }

  /// The elements of `value`, stretched to `shape`, one after another.
  func rowMajor(_ value: Value, _ shape: Shape) throws(TensorError) -> Value {
    var source = value
    if value.shape != shape {
      guard let layout = value.layout.applying(.broadcast, from: value.shape, to: shape) else {
        internalError("\(value.shape) does not stretch to \(shape)")
      }
      source.layout = layout
      source.shape = shape
    }
    return source.layout.isRowMajor(for: shape) ? source : try copy(source)
  }

  /// A row-major copy of `value`.
  func copy(_ value: Value) throws(TensorError) -> Value {
    let result = try allocate(value.dtype, value.shape)
    guard value.shape.elementCount > 0 else { return result }
    var reader = ElementReader(value)
    reader.copy(value.shape.elementCount, to: result.base)
    return result
  }
}

/// Memory for the length of a call; a little of it costs no allocation.
func withScratch<Result>(
  byteCount: Int, _ body: (UnsafeMutableRawPointer) -> Result
) -> Result {
  let small = 1024
  if byteCount <= small {
    return withUnsafeTemporaryAllocation(byteCount: small, alignment: 16) { scratch in
      guard let base = scratch.baseAddress else { internalError("scratch memory has no address") }
      return body(base)
    }
  }
  let base = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 64)
  defer { base.deallocate() }
  return body(base)
}
