// What a plan depends on, as a sequence of words: equal keys have equal plans.

import MartletIR

/// The structure of a trace: ops, dtypes, shapes, operands and outputs, and how its leaves lie.
///
/// Neither the values of scalars are part of it, nor where in their buffers leaves begin, nor the
/// sites for errors. A word describes a node, two operands share one, and what has no fixed size
/// comes after a word that says how much there is, so two traces with equal words are equal.
struct PlanKey {
  let words = PlainArray<UInt64>(capacity: 64)
  /// Where the extents of the latest shape begin among the words.
  private var latestShape = 0
  /// An operand that waits for the other half of its word.
  private var half: UInt64?

  func destroy() { words.destroy() }

  /// The kinds of operands, in the upper two bits of 32.
  enum OperandKind: UInt64 {
    case node = 0
    case leaf = 1
    case scalar = 2
  }

  /// Begins the key of a trace that is run with these choices.
  mutating func begin(fusion: Bool, isStrict: Bool) {
    words.removeAll()
    latestShape = 0
    half = nil
    words.append((fusion ? 1 : 0) | (isStrict ? 2 : 0))
  }

  /// A leaf, in the order of their numbers, after the operands of the first node that reads it.
  mutating func leaf(_ value: borrowing Value, isDying: Bool) {
    flush()
    let hasStrides = value.layout.strides != nil
    words.append(
      3 | UInt64(value.dtype.rawValue) << 8 | (isDying ? 1 << 16 : 0) | (hasStrides ? 1 << 17 : 0)
        | shapeBit(value.shape) << 18)
    for stride in value.layout.strides ?? [] { words.append(UInt64(bitPattern: Int64(stride))) }
    // Whether it may be written over depends on its size.
    if isDying { words.append(UInt64(value.buffer.capacity)) }
  }

  /// A node, before its operands.
  mutating func node(_ op: Op, _ dtype: DType, _ shape: Shape, operandCount: Int) {
    flush()
    let code = op.code
    words.append(
      2 | UInt64(dtype.rawValue) << 8 | UInt64(code) << 24 | shapeBit(shape) << 16
        | UInt64(operandCount) << 40)
    if code & Op.hasPayload != 0 { append(payload: op) }
  }

  @inline(__always)
  mutating func operand(_ kind: OperandKind, _ index: Int) {
    let own = kind.rawValue << 30 | UInt64(index)
    if let first = half {
      words.append(first | own << 32)
      half = nil
    } else {
      half = own
    }
  }

  /// A scalar operand, of which the dtype is known by the node it belongs to or else told here.
  @inline(__always)
  mutating func scalar(_ dtype: DType) { operand(.scalar, Int(dtype.rawValue)) }

  /// Which nodes are outputs, after all nodes.
  @inline(__always)
  mutating func outputs(_ bits: some Sequence<Bool>) {
    flush()
    var word: UInt64 = 0
    var count = 0
    for bit in bits {
      word = word << 1 | (bit ? 1 : 0)
      count += 1
      if count & 63 == 0 {
        words.append(word)
        word = 0
      }
    }
    words.append(word)
    words.append(UInt64(count))
  }

  private mutating func flush() {
    if let first = half {
      words.append(first)
      half = nil
    }
  }

  /// 1 where the shape is not the latest one; then its extents go before the word that asks.
  @inline(__always)
  private mutating func shapeBit(_ shape: Shape) -> UInt64 {
    shape.dimensions.withUnsafeBufferPointer { extents in
      if latestShape > 0, words[latestShape &- 1] == PlanKey.shapeWord(rank: extents.count) {
        var axis = 0
        while axis < extents.count, words[latestShape &+ axis] == UInt64(extents[axis]) {
          axis &+= 1
        }
        if axis == extents.count { return 0 }
      }
      words.append(PlanKey.shapeWord(rank: extents.count))
      latestShape = words.count
      for extent in extents { words.append(UInt64(extent)) }
      return 1
    }
  }

  private static func shapeWord(rank: Int) -> UInt64 { 1 | UInt64(rank) << 8 }

  private func append(payload op: Op) {
    switch op {
    case .elementwise, .cast, .iota, .matmul, .view(.reshape), .view(.broadcast): break
    case .view(.permute(let axes)): append(axes)
    case .view(.slice(let slices)):
      words.append(UInt64(slices.count))
      for slice in slices { append([slice.start, slice.step, slice.count]) }
    case .view(.flip(let axes)): words.append(axes.mask)
    case .reduce(_, let axes): words.append(axes.mask)
    case .argReduce(_, let axis), .scan(_, let axis), .concatenate(let axis), .gather(let axis),
      .scatter(let axis, _):
      words.append(UInt64(axis))
    case .pad(let low, let high):
      append(low)
      append(high)
    }
  }

  private func append(_ numbers: [Int]) {
    words.append(UInt64(numbers.count))
    for number in numbers { words.append(UInt64(bitPattern: Int64(number))) }
  }

  /// A number that keys with different words rarely share.
  var hash: UInt64 {
    var (a, b) = (UInt64(words.count) &* 0x9e37_79b9_7f4a_7c15, 0x2545_f491_4f6c_dd1d as UInt64)
    var index = 0
    while index &+ 1 < words.count {
      let product = (words[index] ^ a).multipliedFullWidth(by: words[index &+ 1] ^ b | 1)
      a = (a &* 5) ^ product.low ^ product.high
      b = b &+ words[index] ^ a &>> 29
      index &+= 2
    }
    if index < words.count { a = (a ^ words[index]) &* 0xff51_afd7_ed55_8ccd }
    let product = (a ^ a &>> 32).multipliedFullWidth(by: 0xd6e8_feb8_6659_fd93 ^ b)
    return product.low ^ product.high
  }
}

extension Op {
  /// Set in the codes of ops whose numbers follow.
  fileprivate static let hasPayload: UInt16 = 0x8000

  /// What tells ops apart, but for the numbers of structural ones.
  var code: UInt16 {
    func structural(_ kind: UInt16, _ detail: UInt8 = 0) -> UInt16 {
      Op.hasPayload | kind << 8 | UInt16(detail)
    }
    return switch self {
    case .elementwise(let op): UInt16(op.rawValue)
    case .cast: 0x100
    case .iota: 0x200
    case .matmul: 0x300
    case .view(.reshape): 0x400
    case .view(.broadcast): 0x500
    case .view(.permute): structural(1)
    case .view(.slice): structural(2)
    case .view(.flip): structural(3)
    case .reduce(let reduction, _): structural(4, reduction.rawValue)
    case .argReduce(let reduction, _): structural(5, reduction.rawValue)
    case .concatenate: structural(6)
    case .gather: structural(7)
    case .scatter(_, let scatter): structural(8, scatter == .add ? 1 : 0)
    case .pad: structural(9)
    case .scan(let scan, _): structural(10, scan.rawValue)
    }
  }
}
