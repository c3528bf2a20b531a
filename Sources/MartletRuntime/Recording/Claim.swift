// A claim: the pending ancestors of some roots, marked as running and copied out as a trace.

import MartletIR
import Synchronization

/// What a force is about to run.
struct Claim {
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
  let indices: [Int]
  let roots: [Int]
  let trace: Trace

  /// Claims what the handles of `roots` that are pending in `segment` need.
  static func make(_ roots: [Handle], in segment: TraceSegment) -> Outcome {
    segment.lock.lock()
    defer { segment.lock.unlock() }
    let address = segment.address
    let indices = roots.compactMap { handle in
      handle.segment.load(ordering: .relaxed) == address ? Int(handle.index) : nil
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
    let needed: [Int]
    switch ancestors(of: roots, in: segment) {
    case .records(let records): needed = records
    case .other(let outcome): return outcome
    }
    var builder = TraceBuilder(segment: segment, claimed: needed)
    let trace = builder.build()
    for index in needed { segment.setState(index, .running) }
    return .claimed(Claim(indices: needed, roots: roots, trace: trace))
  }

  private enum Ancestors {
    case records([Int])
    case other(Outcome)
  }

  /// The pending records that `roots` depend on, themselves included, in ascending order.
  private static func ancestors(of roots: [Int], in segment: TraceSegment) -> Ancestors {
    var seen = [Bool](repeating: false, count: (roots.max() ?? 0) + 1)
    var stack: [Int] = []
    var foreign: [Handle] = []
    for root in roots where !seen[root] {
      seen[root] = true
      stack.append(root)
    }
    var needed: [Int] = []
    while let index = stack.popLast() {
      switch segment.states[index] {
      case .running: return .other(.blocked(segment.generation.current))
      case .done, .retired: continue
      case .pending: break
      }
      needed.append(index)
      let record = segment.records + index
      for position in 0..<Int(record.pointee.operandCount) {
        switch record.pointee.operand(position) {
        case .none, .scalar: break
        case .record(let producer):
          let producer = Int(producer)
          if segment.states[producer] == .done,
            case .failure(let error) = segment.records[producer].result
          {
            return .other(.failed(index, error))
          }
          if !seen[producer] {
            seen[producer] = true
            stack.append(producer)
          }
        case .handle(let handle):
          switch handle.settled {
          case .some(.failure(let error)): return .other(.failed(index, error))
          case .some: break
          case nil: foreign.append(handle)
          }
        }
      }
    }
    if !foreign.isEmpty { return .other(.needs(foreign)) }
    needed.sort()
    return .records(needed)
  }
}

/// Copies claimed records out of their segment as a trace.
private struct TraceBuilder {
  let segment: TraceSegment
  let claimed: [Int]
  private var trace = Trace()
  private var known = LeafNumbers()

  init(segment: TraceSegment, claimed: [Int]) {
    self.segment = segment
    self.claimed = claimed
  }

  mutating func build() -> Trace {
    trace.nodes.reserveCapacity(claimed.count)
    // How many uses of each claimed record come from claimed records.
    var inside = [Int32](repeating: 0, count: claimed.count)
    for index in claimed {
      let record = segment.records + index
      var operands: [Trace.Operand] = []
      operands.reserveCapacity(3)
      for position in 0..<Int(record.pointee.operandCount) {
        let isDying = record.pointee.isLastOwner(ofOperand: position)
        switch record.pointee.operand(position) {
        case .none: break
        case .scalar(let scalar): operands.append(.scalar(scalar))
        case .handle(let handle): operands.append(.leaf(leaf(handle, isDying: isDying)))
        case .record(let producer):
          if let earlier = claimedNode(Int(producer)) {
            inside[earlier] += 1
            operands.append(.node(earlier))
          } else {
            operands.append(.leaf(leaf(ofRecord: producer)))
          }
        }
      }
      trace.nodes.append(
        Trace.Node(
          op: record.pointee.op, dtype: record.pointee.dtype, shape: record.pointee.shape,
          operands: operands, site: record.pointee.site))
    }
    for (node, index) in claimed.enumerated() {
      let record = segment.records + index
      trace.nodes[node].isOutput =
        record.pointee.handle != nil || record.pointee.uses > inside[node]
    }
    return trace
  }

  /// The node of record `index`, or nil where it ran before.
  private func claimedNode(_ index: Int) -> Int? {
    var (low, high) = (0, claimed.count)
    while low < high {
      let middle = (low + high) / 2
      if claimed[middle] < index { low = middle + 1 } else { high = middle }
    }
    return low < claimed.count && claimed[low] == index ? low : nil
  }

  private mutating func leaf(_ handle: Handle, isDying: Bool) -> Int {
    let key = UInt(bitPattern: Unmanaged.passUnretained(handle).toOpaque())
    if let number = known.number(of: key) { return number }
    guard let value = handle.value else { internalError("a leaf without a value") }
    return append(value, isDying: isDying, key: key)
  }

  private mutating func leaf(ofRecord index: Int32) -> Int {
    // Odd, and so no address of an object.
    let key = UInt(index) << 1 | 1
    if let number = known.number(of: key) { return number }
    guard case .value(let value) = segment.records[Int(index)].result else {
      internalError("a producer without a value")
    }
    return append(value, isDying: false, key: key)
  }

  private mutating func append(_ value: Value, isDying: Bool, key: UInt) -> Int {
    known.append(key)
    trace.leaves.append(value)
    trace.isLeafDying.append(isDying)
    return trace.leaves.count - 1
  }
}

/// The numbers of the leaves seen so far, by key.
///
/// Most traces have a handful, which a scan finds sooner than a hash table.
private struct LeafNumbers {
  private static let scanLimit = 12
  private var keys: [UInt] = []
  private var table: [UInt: Int] = [:]

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
}
