// Evaluates traces element by element in an arithmetic in which no two computations agree.

import MartletIR

/// The value of an element is a hash of how it was computed, so that a wrong stride, operand or
/// order shows. Reductions hash their elements in order, which tells the order of R14 from any
/// other.
enum HashArithmetic {
  static func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
    var h = (a ^ (b &+ 0x9E37_79B9_7F4A_7C15)) &* 0xBF58_476D_1CE4_E5B9
    h ^= h >> 27
    h = h &* 0x94D0_49BB_1331_11EB
    return h ^ h >> 31
  }

  static func apply(_ op: ElementwiseOp, _ operands: [UInt64]) -> UInt64 {
    operands.reduce(UInt64(op.rawValue) &+ 1000) { mix($0, $1) }
  }

  /// A cast to the same dtype changes nothing.
  static func cast(_ value: UInt64, from: DType, to dtype: DType) -> UInt64 {
    from == dtype ? value : mix(UInt64(dtype.rawValue) &+ 2000, value)
  }

  static func scalar(_ scalar: Scalar) -> UInt64 {
    mix(scalar.bits, UInt64(scalar.dtype.rawValue) &+ 3000)
  }

  static func start(_ reduction: Reduction) -> UInt64 { UInt64(reduction.rawValue) &+ 4000 }

  static func start(_ scan: Scan) -> UInt64 { UInt64(scan.rawValue) &+ 4700 }

  static func start(_ extreme: ArgReduction) -> UInt64 { UInt64(extreme.rawValue) &+ 4500 }

  static func element(ofLeaf leaf: Int, at address: Int) -> UInt64 {
    mix(UInt64(leaf) &+ 5000, UInt64(bitPattern: Int64(address)))
  }

  static func index(_ address: Int) -> UInt64 {
    mix(6000, UInt64(bitPattern: Int64(address)))
  }

  /// The place that an index of this hash names, as far as hashes go.
  static func place(_ index: UInt64, along extent: Int) -> Int { Int(index % UInt64(extent)) }

  /// An element of a library node: it depends on all operands.
  static func library(_ operands: [[UInt64]], _ position: Int) -> UInt64 {
    operands.reduce(mix(7000, UInt64(position))) { h, operand in operand.reduce(h) { mix($0, $1) } }
  }
}

/// All positions of a space in row-major order, under several layouts at once.
func forEachPoint(_ extents: [Int], _ body: ([Int]) -> Void) {
  if extents.contains(0) { return }
  var point = [Int](repeating: 0, count: extents.count)
  while true {
    body(point)
    var axis = extents.count - 1
    while axis >= 0 {
      point[axis] += 1
      if point[axis] < extents[axis] { break }
      point[axis] = 0
      axis -= 1
    }
    if axis < 0 { return }
  }
}

func address(_ point: [Int], _ offset: Int, _ strides: [Int]) -> Int {
  zip(point, strides).reduce(offset) { $0 + $1.0 * $1.1 }
}

/// Evaluates each node of a trace by its definition.
struct TraceEvaluator {
  let trace: Trace
  private(set) var values: [[UInt64]] = []

  init(_ trace: Trace) {
    self.trace = trace
    for node in trace.nodes { values.append(evaluate(node)) }
  }

  private func elements(_ operand: Trace.Operand) -> [UInt64] {
    switch operand {
    case .node(let index): return values[index]
    case .scalar(let scalar): return [HashArithmetic.scalar(scalar)]
    case .leaf(let index):
      let leaf = trace.leaves[index]
      var result: [UInt64] = []
      let strides = leaf.layout.strides(for: leaf.shape)
      forEachPoint(leaf.shape.dimensions) { point in
        let place = address(point, leaf.layout.offset, strides)
        result.append(HashArithmetic.element(ofLeaf: index, at: place))
      }
      return result
    }
  }

  /// The elements of an operand stretched to `shape`.
  private func elements(_ operand: Trace.Operand, stretchedTo shape: Shape) -> [UInt64] {
    let own = trace.shape(of: operand)
    let all = elements(operand)
    let strides = Layout.rowMajorStrides(own)
    var result: [UInt64] = []
    forEachPoint(shape.dimensions) { point in
      let tail = point.suffix(own.rank)
      let place = zip(tail, 0..<own.rank).reduce(0) { sum, pair in
        sum + (own[pair.1] == 1 ? 0 : pair.0 * strides[pair.1])
      }
      result.append(all[place])
    }
    return result
  }

  private func evaluate(_ node: Trace.Node) -> [UInt64] {
    let shape = node.shape
    switch node.op {
    case .elementwise(let op):
      let operands = node.operands.map { elements($0, stretchedTo: shape) }
      return (0..<shape.elementCount).map { i in HashArithmetic.apply(op, operands.map { $0[i] }) }
    case .cast:
      let from = trace.dtype(of: node.operands[0])
      return elements(node.operands[0]).map { HashArithmetic.cast($0, from: from, to: node.dtype) }
    case .iota: return (0..<shape.elementCount).map { HashArithmetic.index($0) }
    case .view(let view): return evaluate(view, node)
    case .reduce(let reduction, let axes):
      return reduce(node, from: HashArithmetic.start(reduction), axes)
    case .argReduce(let extreme, let axis):
      return reduce(node, from: HashArithmetic.start(extreme), AxisSet([axis]))
    case .scan(let scan, let axis):
      var result = elements(node.operands[0])
      let step = Layout.rowMajorStrides(shape)[axis]
      for place in result.indices {
        let before =
          place / step % shape[axis] == 0 ? HashArithmetic.start(scan) : result[place - step]
        result[place] = HashArithmetic.mix(before, result[place])
      }
      return result
    case .concatenate(let axis):
      var result = [UInt64](repeating: 0, count: shape.elementCount)
      let strides = Layout.rowMajorStrides(shape)
      var start = 0
      for operand in node.operands {
        let own = trace.shape(of: operand)
        place(elements(operand), own, at: start * strides[axis], strides, into: &result)
        start += own[axis]
      }
      return result
    case .pad(let low, _):
      let fill = elements(node.operands[1])[0]
      var result = [UInt64](repeating: fill, count: shape.elementCount)
      let strides = Layout.rowMajorStrides(shape)
      let own = trace.shape(of: node.operands[0])
      place(elements(node.operands[0]), own, at: address(low, 0, strides), strides, into: &result)
      return result
    case .gather(let axis): return gather(node, axis)
    case .scatter, .matmul: return library(node)
    }
  }

  private func gather(_ node: Trace.Node, _ axis: Int) -> [UInt64] {
    let source = trace.shape(of: node.operands[0])
    if source.elementCount == 0 { return library(node) }
    let (all, indices) = (elements(node.operands[0]), elements(node.operands[1]))
    let shape = trace.shape(of: node.operands[1])
    var result: [UInt64] = []
    forEachPoint(node.shape.dimensions) { point in
      let number = address(
        Array(point[axis..<axis + shape.rank]), 0, Layout.rowMajorStrides(shape))
      let place = HashArithmetic.place(indices[number], along: source[axis])
      let from = point[..<axis] + [place] + point[(axis + shape.rank)...]
      result.append(all[address(Array(from), 0, Layout.rowMajorStrides(source))])
    }
    return result
  }

  private func reduce(_ node: Trace.Node, from start: UInt64, _ axes: AxisSet) -> [UInt64] {
    let source = trace.shape(of: node.operands[0])
    let all = elements(node.operands[0])
    if source.elementCount == 0 { return library(node) }
    var result = [UInt64](repeating: start, count: node.shape.elementCount)
    let strides = Layout.rowMajorStrides(node.shape)
    var position = 0
    forEachPoint(source.dimensions) { point in
      let kept = point.indices.map { axes.contains($0) ? 0 : point[$0] }
      let place = address(kept, 0, strides)
      result[place] = HashArithmetic.mix(result[place], all[position])
      position += 1
    }
    return result
  }

  private func library(_ node: Trace.Node) -> [UInt64] {
    let operands = node.operands.map { elements($0) }
    return (0..<node.shape.elementCount).map { HashArithmetic.library(operands, $0) }
  }

  private func place(
    _ elements: [UInt64], _ shape: Shape, at offset: Int, _ strides: [Int],
    into result: inout [UInt64]
  ) {
    var position = 0
    forEachPoint(shape.dimensions) { point in
      result[address(point, offset, strides)] = elements[position]
      position += 1
    }
  }

  private func evaluate(_ view: View, _ node: Trace.Node) -> [UInt64] {
    let operand = node.operands[0]
    let own = trace.shape(of: operand)
    let all = elements(operand)
    let strides = Layout.rowMajorStrides(own)
    var result: [UInt64] = []
    switch view {
    case .reshape: return all
    case .broadcast: return elements(operand, stretchedTo: node.shape)
    case .permute(let axes):
      forEachPoint(node.shape.dimensions) { point in
        result.append(all[address(point, 0, axes.map { strides[$0] })])
      }
    case .slice(let slices):
      forEachPoint(node.shape.dimensions) { point in
        let source = point.indices.map { slices[$0].start + point[$0] * slices[$0].step }
        result.append(all[address(source, 0, strides)])
      }
    case .flip(let axes):
      forEachPoint(node.shape.dimensions) { point in
        let source = point.indices.map { axes.contains($0) ? own[$0] - 1 - point[$0] : point[$0] }
        result.append(all[address(source, 0, strides)])
      }
    }
    return result
  }
}
