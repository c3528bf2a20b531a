// A claim: the pending ancestors of some roots, marked as running, and what is needed to run them.

import MartletIR
import Synchronization

/// What a force is about to run; each thread uses one again and again.
final class Claim {
  enum Outcome {
    case claimed
    /// Nothing of it is pending any more.
    case settled
    /// Another thread is running a part; wait for the generation to move.
    case blocked(UInt32)
    /// Values of other segments are needed first.
    case needs([Handle])
    /// A record of the claim reads a failure; the record takes the error.
    case failed(Int, TensorError)
  }

  /// The records, in order, by their index in the segment; node i of the trace is record
  /// `indices[i]`.
  let indices = PlainArray<Int32>()
  let roots = PlainArray<Int32>()
  @exclusivity(unchecked) private(set) var choices = Executor.Choices()
  @exclusivity(unchecked) private var key = PlanKey()
  /// The leaves, which the records keep alive.
  private let leaves = PlainArray<Leaf>()
  private let isLeafDying = PlainArray<Bool>()
  private let scalars = PlainArray<UInt64>()
  /// Per node: whether its result outlives the run.
  private let isOutput = PlainArray<Bool>()
  private let known = LeafNumbers()
  /// Per node: how many of its uses come from claimed records.
  private let inside = PlainArray<Int32>()

  deinit {
    indices.destroy()
    roots.destroy()
    key.destroy()
    leaves.destroy()
    isLeafDying.destroy()
    scalars.destroy()
    isOutput.destroy()
    inside.destroy()
    known.destroy()
  }

  /// What is to be run, until the claim is reset.
  var request: TraceRequest {
    TraceRequest(key: key, leaves: leaves.elements, scalars: scalars.elements)
  }

  // The caller holds the segment's lock, until it has dealt with a failed record.

  /// Claims what the handles of `roots` that are pending in `segment` need.
  func make(_ roots: [Handle], in segment: TraceSegment) -> Outcome {
    let address = segment.address
    for handle in roots where handle.segment.load(ordering: .relaxed) == address {
      self.roots.append(handle.index)
    }
    return make(in: segment)
  }

  /// Claims everything of `segment` that a live handle waits for, or the last such record alone.
  func make(allOf segment: TraceSegment, oneByOne: Bool) -> Outcome {
    let live = segment.liveRecords()
    for index in oneByOne ? live.suffix(1) : live { roots.append(Int32(truncatingIfNeeded: index)) }
    return make(in: segment)
  }

  private func make(in segment: TraceSegment) -> Outcome {
    guard roots.count > 0 else { return .settled }
    if let obstacle = findAncestors(in: segment) { return obstacle }
    choices = Runtime.choices
    describe(segment)
    for index in indices.elements { segment.setState(Int(index), .running) }
    return .claimed
  }

  /// Forgets everything, and keeps the memory.
  func reset() {
    indices.removeAll()
    roots.removeAll()
    leaves.removeAll()
    isLeafDying.removeAll()
    scalars.removeAll()
    isOutput.removeAll()
    inside.removeAll()
    known.removeAll()
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
    for root in roots.elements where marks[Int(root)] == TraceSegment.unmarked {
      marks[Int(root)] = 0
      outstanding += 1
      index = max(index, Int(root))
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
        switch operand.kind {
        case .scalar: break
        case .record:
          let producer = Int(operand.index)
          if marks[producer] == TraceSegment.unmarked {
            if segment.states[producer] == .done,
              case .failure(let error) = segment.records[producer].result
            {
              obstacle = obstacle ?? .failed(index, error)
            }
            marks[producer] = 0
            outstanding += 1
          }
        case .handle:
          operand.handle._withUnsafeGuaranteedRef { handle in
            if handle.isPending {
              foreign.append(handle)
            } else if case .failure(let error) = handle.outcome {
              obstacle = obstacle ?? .failed(index, error)
            }
          }
        }
      }
    }
    if obstacle == nil, !foreign.isEmpty { obstacle = .needs(foreign) }
    guard obstacle == nil else {
      for index in indices.elements { marks[Int(index)] = TraceSegment.unmarked }
      return obstacle
    }
    indices.reverse()
    return nil
  }

  /// Writes the key of the claimed records, and numbers what they read.
  private func describe(_ segment: TraceSegment) {
    var key = key
    let marks = segment.marks
    for node in 0..<indices.count {
      marks[Int(indices[node])] = Int32(truncatingIfNeeded: node)
      inside.append(0)
    }
    key.begin(fusion: choices.fusion, isStrict: choices.isStrict)
    for index in indices.elements {
      let record = segment.records + Int(index)
      key.node(
        record.pointee.op, record.pointee.dtype, segment.shape(of: record),
        operandCount: Int(record.pointee.operandCount))
      let firstNew = leaves.count
      record.pointee.forEachOperand { operand in
        switch operand.kind {
        case .scalar:
          key.scalar(operand.scalar.dtype)
          scalars.append(operand.scalar.bits)
        case .record:
          let node = marks[Int(operand.index)]
          if node != TraceSegment.unmarked {
            inside[Int(node)] &+= 1
            key.operand(.node, Int(node))
          } else {
            key.operand(.leaf, number(ofLeaf: LeafNumbers.key(ofRecord: operand.index)))
          }
        case .handle: key.operand(.leaf, number(ofLeaf: LeafNumbers.key(operand.handle)))
        }
      }
      if known.count > firstNew { describeLeaves(of: record, segment, in: &key) }
    }
    for node in 0..<indices.count {
      let index = Int(indices[node])
      let record = segment.records + index
      isOutput.append(record.pointee.handle != nil || record.pointee.uses > inside[node])
      marks[index] = TraceSegment.unmarked
    }
    key.outputs(isOutput.elements)
    self.key = key
  }

  @inline(__always)
  private func number(ofLeaf key: UInt) -> Int {
    if let number = known.number(of: key) { return number }
    known.append(key)
    return known.count &- 1
  }

  /// Adds to the key how the leaves lie that `record` is the first to read.
  private func describeLeaves(
    of record: UnsafeMutablePointer<Record>, _ segment: TraceSegment, in key: inout PlanKey
  ) {
    var owned = record.pointee.lastOwnedOperands()
    record.pointee.forEachOperand { operand in
      defer { owned >>= 1 }
      switch operand.kind {
      case .scalar: break
      case .record:
        guard known.number(of: LeafNumbers.key(ofRecord: operand.index)) == leaves.count else {
          break
        }
        guard case .value(let value) = segment.records[Int(operand.index)].result else {
          internalError("a producer without a value")
        }
        append(value, isDying: false, to: &key)
      case .handle:
        guard known.number(of: LeafNumbers.key(operand.handle)) == leaves.count else { break }
        operand.handle._withUnsafeGuaranteedRef { handle in
          guard case .value(let value) = handle.outcome else {
            internalError("a leaf without a value")
          }
          // A plan does not know where leaves begin, so it writes over what is all of its buffer.
          append(value, isDying: owned & 1 == 1 && value.layout.offset == 0, to: &key)
        }
      }
    }
  }

  private func append(_ value: borrowing Value, isDying: Bool, to key: inout PlanKey) {
    leaves.append(Leaf(value))
    isLeafDying.append(isDying)
    key.leaf(value, isDying: isDying)
  }

  // The trace.

  /// The claimed records as a trace, with their sites; leaves and outputs are as in the key.
  func trace(from segment: TraceSegment) -> Trace {
    segment.lock.lock()
    defer { segment.lock.unlock() }
    var trace = Trace()
    trace.nodes.reserveCapacity(indices.count)
    for (node, index) in indices.elements.enumerated() {
      let record = segment.records + Int(index)
      var operands: [Trace.Operand] = []
      operands.reserveCapacity(3)
      record.pointee.forEachOperand { operand in
        switch operand.kind {
        case .scalar: operands.append(.scalar(operand.scalar))
        case .handle:
          operands.append(.leaf(number(of: LeafNumbers.key(operand.handle))))
        case .record:
          operands.append(
            claimedNode(operand.index).map { .node($0) }
              ?? .leaf(number(of: LeafNumbers.key(ofRecord: operand.index))))
        }
      }
      trace.nodes.append(
        Trace.Node(
          op: record.pointee.op, dtype: record.pointee.dtype,
          shape: segment.shape(of: record),
          operands: operands, isOutput: isOutput[node], site: record.pointee.site))
    }
    for leaf in 0..<leaves.count {
      trace.leaves.append(known.value(of: leaf, in: segment))
      trace.isLeafDying.append(isLeafDying[leaf])
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
