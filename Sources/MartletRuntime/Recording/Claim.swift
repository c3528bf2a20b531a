// A claim: the pending ancestors of some roots, marked as running, and what is needed to run them.

import MartletIR
import Synchronization

/// What a force is about to run; each thread uses one again and again.
final class Claim {
  enum Outcome {
    /// Nothing of it is pending any more.
    case settled
    /// Another thread is running a part; wait for the generation to move.
    case blocked(UInt32)
    /// Values of other segments are needed first.
    case needs([Handle])
    /// A record of the claim reads a failure; the record takes the error.
    case failed(Int, TensorError)
    case claimed(Claim)
  }

  /// The records, in order, by their index in the segment; node i of the trace is record
  /// `indices[i]`.
  private(set) var indices: ContiguousArray<Int32> = []
  private(set) var roots: [Int] = []
  private(set) var choices = Executor.Choices()
  private(set) var key = PlanKey()
  private(set) var leaves: [Value] = []
  private(set) var isLeafDying: [Bool] = []
  private(set) var scalars: [UInt64] = []
  /// Per node: whether its result outlives the run.
  private(set) var isOutput: ContiguousArray<Bool> = []
  private var known = LeafNumbers()
  /// Per node: how many of its uses come from claimed records.
  private var inside: ContiguousArray<Int32> = []

  /// Claims what the handles of `roots` that are pending in `segment` need.
  static func make(_ roots: [Handle], in segment: TraceSegment) -> Outcome {
    segment.lock.lock()
    defer { segment.lock.unlock() }
    let address = segment.address
    var indices: [Int] = []
    for handle in roots where handle.segment.load(ordering: .relaxed) == address {
      indices.append(Int(handle.index))
    }
    return make(indices, in: segment)
  }

  /// Claims everything of `segment` that a live handle waits for, or the last such record alone.
  static func make(allOf segment: TraceSegment, oneByOne: Bool) -> Outcome {
    segment.lock.lock()
    defer { segment.lock.unlock() }
    let live = segment.liveRecords()
    return make(oneByOne ? live.suffix(1) : live, in: segment)
  }

  /// The caller holds the lock.
  private static func make(_ roots: [Int], in segment: TraceSegment) -> Outcome {
    guard !roots.isEmpty else { return .settled }
    let claim = ThreadState.current.takeClaim()
    claim.roots = roots
    if let obstacle = claim.findAncestors(in: segment) {
      ThreadState.current.giveBack(claim)
      return obstacle
    }
    claim.choices = Runtime.choices
    claim.describe(segment)
    for index in claim.indices { segment.setState(Int(index), .running) }
    return .claimed(claim)
  }

  /// Forgets everything, and keeps the memory.
  func reset() {
    indices.removeAll(keepingCapacity: true)
    leaves.removeAll(keepingCapacity: true)
    isLeafDying.removeAll(keepingCapacity: true)
    scalars.removeAll(keepingCapacity: true)
    isOutput.removeAll(keepingCapacity: true)
    inside.removeAll(keepingCapacity: true)
    known.removeAll()
    roots = []
  }

  /// Collects the pending records that the roots depend on, themselves included, or says what is in
  /// the way.
  ///
  /// Producers come before their consumers, so one walk down from the highest root meets a record
  /// after all who need it; it ends with the last record that is needed.
  private func findAncestors(in segment: TraceSegment) -> Outcome? {
    let marks = segment.marks
    var outstanding = 0
    var index = -1
    for root in roots where marks[root] == TraceSegment.unmarked {
      marks[root] = 0
      outstanding += 1
      index = max(index, root)
    }
    var foreign: [Handle] = []
    var obstacle: Outcome?
    while outstanding > 0 {
      defer { index -= 1 }
      guard marks[index] != TraceSegment.unmarked else { continue }
      outstanding -= 1
      if obstacle != nil || segment.states[index] != .pending {
        if segment.states[index] == .running, obstacle == nil {
          obstacle = .blocked(segment.generation.current)
        }
        marks[index] = TraceSegment.unmarked
        continue
      }
      indices.append(Int32(truncatingIfNeeded: index))
      segment.records[index].forEachOperand { operand in
        switch operand {
        case .none, .scalar: break
        case .record(let producer):
          let producer = Int(producer)
          if marks[producer] == TraceSegment.unmarked {
            if segment.states[producer] == .done,
              case .failure(let error) = segment.records[producer].result
            {
              obstacle = obstacle ?? .failed(index, error)
            }
            marks[producer] = 0
            outstanding += 1
          }
        case .handle(let handle):
          switch handle.settled {
          case .some(.failure(let error)): obstacle = obstacle ?? .failed(index, error)
          case .some: break
          case nil: foreign.append(handle)
          }
        }
      }
    }
    if obstacle == nil, !foreign.isEmpty { obstacle = .needs(foreign) }
    guard obstacle == nil else {
      for index in indices { marks[Int(index)] = TraceSegment.unmarked }
      return obstacle
    }
    indices.reverse()
    return nil
  }

  /// Writes the key of the claimed records, and numbers what they read.
  private func describe(_ segment: TraceSegment) {
    let marks = segment.marks
    for (node, index) in indices.enumerated() {
      marks[Int(index)] = Int32(truncatingIfNeeded: node)
      inside.append(0)
    }
    key.begin(fusion: choices.fusion, isStrict: choices.isStrict)
    for index in indices {
      let record = segment.records + Int(index)
      key.node(
        record.pointee.op, record.pointee.dtype, record.pointee.shape,
        operandCount: Int(record.pointee.operandCount))
      let firstNew = leaves.count
      // Asked first: whoever looks at an operand refers to it.
      var owned = record.pointee.lastOwnedOperands()
      record.pointee.forEachOperand { operand in
        switch operand {
        case .none: break
        case .scalar(let scalar):
          key.scalar(scalar.dtype)
          scalars.append(scalar.bits)
        case .record(let producer):
          let node = marks[Int(producer)]
          if node != TraceSegment.unmarked {
            inside[Int(node)] += 1
            key.operand(.node, Int(node))
          } else {
            key.operand(.leaf, leaf(ofRecord: producer, segment))
          }
        case .handle(let handle):
          key.operand(.leaf, leaf(handle, isLastOwned: owned & 1 == 1))
        }
        owned >>= 1
      }
      for leaf in firstNew..<leaves.count { key.leaf(leaves[leaf], isDying: isLeafDying[leaf]) }
    }
    for (node, index) in indices.enumerated() {
      let record = segment.records + Int(index)
      isOutput.append(record.pointee.handle != nil || record.pointee.uses > inside[node])
      marks[Int(index)] = TraceSegment.unmarked
    }
    key.outputs(isOutput)
  }

  private func leaf(_ handle: Handle, isLastOwned: Bool) -> Int {
    let key = LeafNumbers.key(handle)
    if let number = known.number(of: key) { return number }
    guard let value = handle.value else { internalError("a leaf without a value") }
    // A plan writes over what is the whole of its buffer, for it does not know where leaves begin.
    return append(value, isDying: isLastOwned && value.layout.offset == 0, key: key)
  }

  private func leaf(ofRecord index: Int32, _ segment: TraceSegment) -> Int {
    let key = LeafNumbers.key(ofRecord: index)
    if let number = known.number(of: key) { return number }
    guard case .value(let value) = segment.records[Int(index)].result else {
      internalError("a producer without a value")
    }
    return append(value, isDying: false, key: key)
  }

  private func append(_ value: Value, isDying: Bool, key: UInt) -> Int {
    known.append(key)
    leaves.append(value)
    isLeafDying.append(isDying)
    return leaves.count - 1
  }

  // The trace.

  /// The claimed records as a trace, with their sites; the claim's leaves keep their numbers.
  func trace(from segment: TraceSegment) -> Trace {
    segment.lock.lock()
    defer { segment.lock.unlock() }
    var trace = Trace(leaves: leaves, isLeafDying: isLeafDying)
    trace.nodes.reserveCapacity(indices.count)
    for (node, index) in indices.enumerated() {
      let record = segment.records + Int(index)
      var operands: [Trace.Operand] = []
      operands.reserveCapacity(3)
      record.pointee.forEachOperand { operand in
        switch operand {
        case .none: break
        case .scalar(let scalar): operands.append(.scalar(scalar))
        case .handle(let handle): operands.append(.leaf(number(of: LeafNumbers.key(handle))))
        case .record(let producer):
          operands.append(
            claimedNode(producer).map { .node($0) }
              ?? .leaf(number(of: LeafNumbers.key(ofRecord: producer))))
        }
      }
      trace.nodes.append(
        Trace.Node(
          op: record.pointee.op, dtype: record.pointee.dtype, shape: record.pointee.shape,
          operands: operands, isOutput: isOutput[node], site: record.pointee.site))
    }
    return trace
  }

  private func number(of key: UInt) -> Int {
    guard let number = known.number(of: key) else { internalError("a leaf without a number") }
    return number
  }

  /// The node of record `index`, or nil where it ran before.
  private func claimedNode(_ index: Int32) -> Int? {
    var (low, high) = (0, indices.count)
    while low < high {
      let middle = (low + high) / 2
      if indices[middle] < index { low = middle + 1 } else { high = middle }
    }
    return low < indices.count && indices[low] == index ? low : nil
  }
}

/// The numbers of the leaves seen so far, by key.
///
/// Most traces have a handful, which a scan finds sooner than a hash table.
private struct LeafNumbers {
  private static let scanLimit = 12
  private var keys: ContiguousArray<UInt> = []
  private var table: [UInt: Int] = [:]

  static func key(_ handle: Handle) -> UInt {
    UInt(bitPattern: Unmanaged.passUnretained(handle).toOpaque())
  }

  /// Odd, and so no address of an object.
  static func key(ofRecord index: Int32) -> UInt { UInt(index) << 1 | 1 }

  func number(of key: UInt) -> Int? {
    keys.count <= LeafNumbers.scanLimit ? keys.firstIndex(of: key) : table[key]
  }

  mutating func append(_ key: UInt) {
    keys.append(key)
    if keys.count == LeafNumbers.scanLimit + 1 {
      for (number, key) in keys.enumerated() { table[key] = number }
    } else if keys.count > LeafNumbers.scanLimit {
      table[key] = keys.count - 1
    }
  }

  mutating func removeAll() {
    keys.removeAll(keepingCapacity: true)
    if !table.isEmpty { table.removeAll(keepingCapacity: true) }
  }
}
