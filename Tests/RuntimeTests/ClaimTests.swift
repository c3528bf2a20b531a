// Claims: the key that records have is that of the trace they are, in every respect.

import MartletIR
import Synchronization
import Testing

@testable import MartletRuntime

/// A realized handle on `shape`.
private func realized(_ shape: Shape, _ layout: Layout = .rowMajor) throws -> Handle {
  let buffer = try Runtime.pool.allocate(byteCount: 4096)
  buffer.pointer.initializeMemory(as: Float.self, repeating: 1, count: 1024)
  return Handle(Value(dtype: .float32, shape: shape, layout: layout, buffer: buffer))
}

private func record(
  _ op: Op, _ shape: Shape, dtype: DType = .float32, _ operands: RecordOperand...
) -> Handle {
  Recorder.record(
    op, dtype: dtype, shape: shape, operands.first, operands.count > 1 ? operands[1] : nil,
    operands.count > 2 ? operands[2] : nil, rest: Array(operands.dropFirst(3)))
}

/// What `body` records, and keeps: the first handle is forced.
private let programs: [String: @Sendable () throws -> [Handle]] = [
  "a chain on one leaf": {
    let x = try realized([3, 4])
    let y = record(.elementwise(.add), [3, 4], .handle(x), .scalar(Scalar(Float(2))))
    let z = record(.elementwise(.multiply), [3, 4], .scalar(Scalar(Float(3))), .handle(y))
    return [record(.elementwise(.multiply), [3, 4], .handle(z), .handle(z)), x]
  },
  "a dying leaf": {
    [record(.elementwise(.exp), [5], .handle(try realized([5])))]
  },
  "a leaf that begins further on, and one with strides": {
    let x = try realized([4], Layout(offset: 3))
    let y = try realized([4], Layout(offset: 1, strides: [2]))
    return [record(.elementwise(.add), [4], .handle(x), .handle(y))]
  },
  "an intermediate that is kept, and one that others wait for": {
    let x = try realized([2, 3])
    let y = record(.elementwise(.exp), [2, 3], .handle(x))
    let z = record(.elementwise(.log), [2, 3], .handle(y))
    let w = record(.reduce(.sum, AxisSet([1])), [2, 1], .handle(z))
    return [w, y, record(.elementwise(.negative), [2, 3], .handle(z))]
  },
  "structural ops": {
    let x = try realized([2, 3])
    let turned = record(.view(.permute([1, 0])), [3, 2], .handle(x))
    let part = record(
      .view(.slice([AxisSlice(start: 2, step: -1, count: 2), .whole(2)])), [2, 2],
      .handle(turned))
    let flipped = record(.view(.flip(AxisSet([0]))), [2, 2], .handle(part))
    let padded = record(
      .pad(low: [1, 0], high: [0, 2]), [3, 4], .handle(flipped), .scalar(Scalar(Float(0))))
    let sums = record(.scan(.sum, 1), [3, 4], .handle(padded))
    return [record(.argReduce(.maximum, 0), [1, 4], dtype: .int64, .handle(sums))]
  },
  "more operands than a record holds": {
    let parts = try (0..<5).map { _ in RecordOperand.handle(try realized([2])) }
    return [
      Recorder.record(
        .concatenate(0), dtype: .float32, shape: [10], parts[0], parts[1], parts[2],
        rest: Array(parts[3...]))
    ]
  },
  "the result of a record that ran before": {
    let x = try realized([3])
    var y: Handle? = record(.elementwise(.exp), [3], .handle(x))
    let z = record(.elementwise(.add), [3], .handle(y ?? x), .scalar(Scalar(Float(1))))
    let w = record(.elementwise(.log), [3], .handle(y ?? x))
    y = nil
    _ = try Force.value(of: w)
    return [z]
  },
  "as many leaves as need a table": {
    let leaves = try (0..<30).map { _ in try realized([2]) }
    let sum = leaves.dropFirst().reduce(leaves[0]) { sum, leaf in
      record(.elementwise(.add), [2], .handle(sum), .handle(leaf))
    }
    return [record(.elementwise(.add), [2], .handle(sum), .handle(leaves[3]))] + leaves
  },
]

@Suite struct ClaimTests {
  @Test(arguments: programs.keys.sorted())
  func recordsAndTheirTraceHaveOneKey(_ name: String) throws {
    let program = try #require(programs[name])
    let handles = try program()
    let segment = TraceSegment(at: handles[0].segment.load(ordering: .acquiring))
    let claim = Claim()
    segment.lock.lock()
    let outcome = claim.make([handles[0]], in: segment)
    segment.lock.unlock()
    guard case .claimed = outcome else {
      Issue.record("no claim")
      return
    }
    let trace = claim.trace(from: segment)
    let choices = claim.choices
    let request = claim.request
    #expect(trace.normalized.isLeafDying == trace.isLeafDying)
    try trace.withRequest(fusion: choices.fusion, isStrict: choices.isStrict) { other in
      #expect(Array(request.key.words.elements) == Array(other.key.words.elements))
      #expect(request.key.hash == other.key.hash)
      #expect(Array(request.scalars) == Array(other.scalars))
      #expect(request.leaves.map(\.base) == other.leaves.map(\.base))
    }
    segment.lock.lock()
    for index in claim.indices.elements { segment.setState(Int(index), .pending) }
    segment.lock.unlock()
    claim.reset()
    #expect(try Force.value(of: handles[0]).shape == handles[0].shape)
  }
}
