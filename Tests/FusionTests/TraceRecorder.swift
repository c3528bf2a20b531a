// Builds traces as the recording side does, for tests of the scheduler.

import MartletFusion
import MartletIR

/// Memory that is never touched: the scheduler looks at layouts alone.
private final class NoMemory: BufferAllocator {
  func allocate(byteCount: Int) -> Buffer {
    Buffer(
      pointer: UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1), capacity: 0,
      allocator: self)
  }

  func reclaim(_ pointer: UnsafeMutableRawPointer, capacity: Int) { pointer.deallocate() }
}

/// Records one op after another with the shape and dtype that it has.
struct TraceRecorder {
  typealias Operand = Trace.Operand

  private(set) var trace = Trace()
  private let memory = NoMemory()

  mutating func leaf(
    _ shape: Shape, _ dtype: DType = .float32, layout: Layout = .rowMajor
  ) -> Operand {
    let buffer = memory.allocate(byteCount: 0)
    trace.leaves.append(Value(dtype: dtype, shape: shape, layout: layout, buffer: buffer))
    trace.isLeafDying.append(false)
    return .leaf(trace.leaves.count - 1)
  }

  mutating func node(_ op: Op, _ dtype: DType, _ shape: Shape, _ operands: [Operand]) -> Operand {
    trace.nodes.append(Trace.Node(op: op, dtype: dtype, shape: shape, operands: operands))
    return .node(trace.nodes.count - 1)
  }

  mutating func apply(_ op: ElementwiseOp, _ operands: Operand...) -> Operand {
    var shape = Shape.scalar
    for operand in operands { shape = shape.broadcast(with: trace.shape(of: operand)) ?? shape }
    let dtype = op.resultDType(computingIn: trace.dtype(of: operands[operands.count - 1]))
    return node(.elementwise(op), dtype, shape, operands)
  }

  mutating func add(_ a: Operand, _ b: Operand) -> Operand { apply(.add, a, b) }
  mutating func subtract(_ a: Operand, _ b: Operand) -> Operand { apply(.subtract, a, b) }
  mutating func multiply(_ a: Operand, _ b: Operand) -> Operand { apply(.multiply, a, b) }
  mutating func divide(_ a: Operand, _ b: Operand) -> Operand { apply(.divide, a, b) }
  mutating func exp(_ a: Operand) -> Operand { apply(.exp, a) }

  mutating func cast(_ a: Operand, _ dtype: DType) -> Operand {
    node(.cast, dtype, trace.shape(of: a), [a])
  }

  mutating func reduce(_ reduction: Reduction, _ a: Operand, _ axes: [Int]) -> Operand {
    var dimensions = trace.shape(of: a).dimensions
    for axis in axes { dimensions[axis] = 1 }
    return node(
      .reduce(reduction, AxisSet(axes)), trace.dtype(of: a), Shape(dimensions), [a])
  }

  mutating func place(_ extreme: ArgReduction, _ a: Operand, _ axis: Int) -> Operand {
    var dimensions = trace.shape(of: a).dimensions
    dimensions[axis] = 1
    return node(.argReduce(extreme, axis), .int64, Shape(dimensions), [a])
  }

  mutating func scan(_ scan: Scan, _ a: Operand, _ axis: Int) -> Operand {
    node(.scan(scan, axis), trace.dtype(of: a), trace.shape(of: a), [a])
  }

  mutating func gather(_ a: Operand, _ indices: Operand, _ axis: Int) -> Operand {
    let shape = trace.shape(of: a)
    let slices = shape[..<axis] + trace.shape(of: indices).dimensions + shape[(axis + 1)...]
    return node(.gather(axis), trace.dtype(of: a), Shape(slices), [a, indices])
  }

  mutating func reshape(_ a: Operand, _ shape: Shape) -> Operand {
    node(.view(.reshape), trace.dtype(of: a), shape, [a])
  }

  mutating func permute(_ a: Operand, _ axes: [Int]) -> Operand {
    let shape = trace.shape(of: a)
    return node(.view(.permute(axes)), trace.dtype(of: a), Shape(axes.map { shape[$0] }), [a])
  }

  mutating func broadcast(_ a: Operand, _ shape: Shape) -> Operand {
    node(.view(.broadcast), trace.dtype(of: a), shape, [a])
  }

  mutating func flip(_ a: Operand, _ axes: [Int]) -> Operand {
    node(.view(.flip(AxisSet(axes))), trace.dtype(of: a), trace.shape(of: a), [a])
  }

  mutating func slice(_ a: Operand, _ slices: [AxisSlice]) -> Operand {
    node(.view(.slice(slices)), trace.dtype(of: a), Shape(slices.map(\.count)), [a])
  }

  /// The ranges of every axis.
  mutating func slice(_ a: Operand, _ ranges: Range<Int>...) -> Operand {
    slice(a, ranges.map { AxisSlice(start: $0.lowerBound, step: 1, count: $0.count) })
  }

  mutating func concatenate(_ operands: [Operand], _ axis: Int) -> Operand {
    var dimensions = trace.shape(of: operands[0]).dimensions
    dimensions[axis] = operands.reduce(0) { $0 + trace.shape(of: $1)[axis] }
    return node(
      .concatenate(axis), trace.dtype(of: operands[0]), Shape(dimensions), operands)
  }

  mutating func pad(_ a: Operand, low: [Int], high: [Int], _ value: Operand) -> Operand {
    let shape = trace.shape(of: a)
    let dimensions = shape.indices.map { shape[$0] + low[$0] + high[$0] }
    return node(.pad(low: low, high: high), trace.dtype(of: a), Shape(dimensions), [a, value])
  }

  mutating func iota(_ shape: Shape) -> Operand { node(.iota, .int64, shape, []) }

  mutating func output(_ operands: Operand...) {
    for case .node(let index) in operands { trace.nodes[index].isOutput = true }
  }

  func plan(fusion: Bool = true) -> Plan { Scheduler.plan(trace, fusion: fusion) }
}

/// A float32 immediate.
func number(_ value: Float) -> Trace.Operand { .scalar(Scalar(value)) }
