// Builds traces as the recording side does: shapes and dtypes follow from the operands.

package import MartletIR

/// Records one op after another with the shape and dtype that it has.
package struct TraceBuilder: Sendable {
  package typealias Operand = Trace.Operand

  package var trace = Trace()

  package init() {}

  package func shape(_ operand: Operand) -> Shape { trace.shape(of: operand) }
  package func dtype(_ operand: Operand) -> DType { trace.dtype(of: operand) }

  package mutating func leaf(_ value: Value) -> Operand {
    trace.leaves.append(value)
    trace.isLeafDying.append(false)
    return .leaf(trace.leaves.count - 1)
  }

  package mutating func node(
    _ op: Op, _ dtype: DType, _ shape: Shape, _ operands: [Operand]
  ) -> Operand {
    trace.nodes.append(Trace.Node(op: op, dtype: dtype, shape: shape, operands: operands))
    return .node(trace.nodes.count - 1)
  }

  package mutating func apply(_ op: ElementwiseOp, _ operands: [Operand]) -> Operand {
    var common = Shape.scalar
    for operand in operands { common = common.broadcast(with: shape(operand)) ?? common }
    let result = op.resultDType(computingIn: dtype(operands[operands.count - 1]))
    return node(.elementwise(op), result, common, operands)
  }

  package mutating func apply(_ op: ElementwiseOp, _ operands: Operand...) -> Operand {
    apply(op, operands)
  }

  package mutating func cast(_ a: Operand, _ dtype: DType) -> Operand {
    node(.cast, dtype, shape(a), [a])
  }

  package mutating func reduce(_ reduction: Reduction, _ a: Operand, _ axes: [Int]) -> Operand {
    node(.reduce(reduction, AxisSet(axes)), dtype(a), reduced(a, axes), [a])
  }

  package mutating func argReduce(
    _ reduction: ArgReduction, _ a: Operand, _ axis: Int
  ) -> Operand {
    node(.argReduce(reduction, axis), .int64, reduced(a, [axis]), [a])
  }

  package mutating func scan(_ scan: Scan, _ a: Operand, _ axis: Int) -> Operand {
    node(.scan(scan, axis), dtype(a), shape(a), [a])
  }

  private func reduced(_ a: Operand, _ axes: [Int]) -> Shape {
    var dimensions = shape(a).dimensions
    for axis in axes { dimensions[axis] = 1 }
    return Shape(dimensions)
  }

  package mutating func reshape(_ a: Operand, _ shape: Shape) -> Operand {
    node(.view(.reshape), dtype(a), shape, [a])
  }

  package mutating func permute(_ a: Operand, _ axes: [Int]) -> Operand {
    let from = shape(a)
    return node(.view(.permute(axes)), dtype(a), Shape(axes.map { from[$0] }), [a])
  }

  package mutating func broadcast(_ a: Operand, _ shape: Shape) -> Operand {
    node(.view(.broadcast), dtype(a), shape, [a])
  }

  package mutating func flip(_ a: Operand, _ axes: [Int]) -> Operand {
    node(.view(.flip(AxisSet(axes))), dtype(a), shape(a), [a])
  }

  package mutating func slice(_ a: Operand, _ slices: [AxisSlice]) -> Operand {
    node(.view(.slice(slices)), dtype(a), Shape(slices.map(\.count)), [a])
  }

  package mutating func concatenate(_ operands: [Operand], _ axis: Int) -> Operand {
    var dimensions = shape(operands[0]).dimensions
    dimensions[axis] = operands.reduce(0) { $0 + shape($1)[axis] }
    return node(.concatenate(axis), dtype(operands[0]), Shape(dimensions), operands)
  }

  package mutating func pad(
    _ a: Operand, low: [Int], high: [Int], _ value: Operand
  ) -> Operand {
    let from = shape(a)
    let dimensions = from.indices.map { from[$0] + low[$0] + high[$0] }
    return node(.pad(low: low, high: high), dtype(a), Shape(dimensions), [a, value])
  }

  package mutating func iota(_ shape: Shape) -> Operand { node(.iota, .int64, shape, []) }

  package mutating func gather(_ a: Operand, _ indices: Operand, _ axis: Int) -> Operand {
    node(.gather(axis), dtype(a), gathered(a, indices, axis), [a, indices])
  }

  /// The shape of the slices that `gather` takes and `scatter` is given.
  package func gathered(_ a: Operand, _ indices: Operand, _ axis: Int) -> Shape {
    let from = shape(a)
    return Shape(Array(from[..<axis]) + shape(indices).dimensions + Array(from[(axis + 1)...]))
  }

  package mutating func scatter(
    _ scatter: Op.Scatter, _ a: Operand, _ indices: Operand, _ updates: Operand, _ axis: Int
  ) -> Operand {
    node(.scatter(axis, scatter), dtype(a), shape(a), [a, indices, updates])
  }

  package mutating func matmul(_ a: Operand, _ b: Operand) -> Operand {
    let (left, right) = (shape(a), shape(b))
    let batch = Shape(left.dimensions.dropLast(2)).broadcast(
      with: Shape(right.dimensions.dropLast(2)))
    return node(
      .matmul, dtype(a),
      Shape((batch?.dimensions ?? []) + [left[left.rank - 2], right[right.rank - 1]]), [a, b])
  }

  package mutating func output(_ operands: Operand...) { output(operands) }

  package mutating func output(_ operands: [Operand]) {
    for case .node(let index) in operands { trace.nodes[index].isOutput = true }
  }
}
