// The straight-line code of one kernel while it is put together: equal values are one instruction.

import MartletIR

/// Something in memory, or the index, as the points of a kernel's space see it.
struct BodyInput: Hashable {
  var base: Alias.Base
  var layout: Layout
  var dtype: DType
  /// Along what the places lie at which a gather reads; its points see the first of them.
  var gathered: GatheredAxis?
}

/// Instructions in the order in which they are first needed.
struct FusedBody {
  /// One value; unused operands are -1.
  struct Code: Hashable {
    enum Kind: UInt8 {
      /// Operand a is an entry of `inputs`.
      case input
      /// Operand a is an entry of the graph's scalars.
      case scalar
      case elementwise
      case cast
      /// An element of the input that operand a is, at the place that operand b is.
      case gather
      /// Operand a reduced over the row by `reduction`.
      case reduce
    }

    var kind: Kind
    var op = ElementwiseOp.add
    var reduction = Reduction.sum
    var dtype: DType
    var a: Int32 = -1
    var b: Int32 = -1
    var c: Int32 = -1

    var isComputed: Bool { kind != .input && kind != .scalar }

    var weight: Int {
      switch kind {
      case .input, .scalar: 0
      case .elementwise: CostModel.weight(op)
      case .cast: CostModel.castWeight
      case .gather: CostModel.gatherWeight
      case .reduce: CostModel.weight(reduction.combine)
      }
    }

    /// The operands of a computed value that are there, in order.
    func forEachOperand(_ body: (Int) -> Void) {
      guard isComputed else { return }
      if a >= 0 { body(Int(a)) }
      if b >= 0 { body(Int(b)) }
      if c >= 0 { body(Int(c)) }
    }

    /// A hash by multiplication and shifts: codes are looked up once for every node.
    var slot: UInt64 {
      var h = UInt64(kind.rawValue) | UInt64(op.rawValue) << 8 | UInt64(dtype.rawValue) << 16
      h ^= UInt64(UInt32(bitPattern: a)) << 32
      h = (h ^ h >> 29) &* 0x9E37_79B9_7F4A_7C15
      h ^= UInt64(UInt32(bitPattern: b)) << 32 | UInt64(UInt32(bitPattern: c))
      h = (h ^ h >> 29) &* 0x9E37_79B9_7F4A_7C15
      return h ^ h >> 32
    }
  }

  private(set) var codes: [Code] = []
  /// Per instruction: a node whose value at the space's points it is, or -1.
  var nodes: [Int32] = []
  private(set) var inputs: [BodyInput] = []
  private var inputNumbers: [BodyInput: Int32] = [:]
  /// An open hash table of positions in `codes`; -1 is free.
  private var table = [Int32](repeating: -1, count: 64)

  mutating func removeAll() {
    codes.removeAll(keepingCapacity: true)
    nodes.removeAll(keepingCapacity: true)
    inputs.removeAll(keepingCapacity: true)
    inputNumbers.removeAll(keepingCapacity: true)
    table = [Int32](repeating: -1, count: 64)
  }

  /// The position of the instruction, which is added where there is none like it.
  mutating func emit(_ code: Code) -> Int32 {
    var place = Int(truncatingIfNeeded: code.slot) & (table.count - 1)
    while table[place] >= 0 {
      if codes[Int(table[place])] == code { return table[place] }
      place = (place + 1) & (table.count - 1)
    }
    table[place] = Int32(codes.count)
    codes.append(code)
    nodes.append(-1)
    if codes.count * 2 > table.count { grow() }
    return Int32(codes.count - 1)
  }

  mutating func emit(_ input: BodyInput) -> Int32 {
    let number = inputNumbers[input] ?? Int32(inputs.count)
    if Int(number) == inputs.count {
      inputs.append(input)
      inputNumbers[input] = number
    }
    return emit(Code(kind: .input, dtype: input.dtype, a: number))
  }

  private mutating func grow() {
    table = [Int32](repeating: -1, count: table.count * 4)
    for position in codes.indices {
      var place = Int(truncatingIfNeeded: codes[position].slot) & (table.count - 1)
      while table[place] >= 0 { place = (place + 1) & (table.count - 1) }
      table[place] = Int32(position)
    }
  }
}
