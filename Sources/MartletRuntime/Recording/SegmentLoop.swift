// The loop that a segment is the record of, and the place in it where the segment is cut.

import MartletIR

extension TraceSegment {
  /// How many more records there are to the place of their loop where a segment is cut.
  ///
  /// The place is the same in every iteration; 0 where there is no loop. The caller holds the lock.
  /// The distance is less than half of the records. The place is the start of the least rotation,
  /// and not counted from the start of the segment: there, views of realized tensors take no
  /// records.
  func distanceToCut() -> Int {
    let period = tailPeriod()
    if period < 2 { return 0 }
    let signatures = UnsafeMutableBufferPointer<UInt64>.allocate(capacity: period)
    defer { signatures.deallocate() }
    for place in 0..<period { signatures[place] = signature(count - period + place) }
    return TailPeriod.leastRotation(UnsafeBufferPointer(signatures))
  }

  /// How far back the loop of the latest cut is looked for at least.
  private static let recheckLength = 256

  /// The period of the last records, or 0; mostly that of the latest cut.
  private func tailPeriod() -> Int {
    let length = min(count, max(2 * period, TraceSegment.recheckLength))
    if !TailPeriod.holds(period, count: count, length: length, areAlike) {
      // Between claims nobody else needs the marks.
      period = TailPeriod.find(count: count, borders: marks, areAlike)
      marks.update(repeating: TraceSegment.unmarked, count: count)
    }
    return period
  }

  private func areAlike(_ a: Int, _ b: Int) -> Bool {
    let (x, y) = (records + a, records + b)
    return x.pointee.resembles(y.pointee, distance: a &- b)
      && (x.pointee.shape == y.pointee.shape || shape(of: x) == shape(of: y))
  }

  /// A number that alike records have in common.
  private func signature(_ index: Int) -> UInt64 {
    let record = records + index
    var signature = record.pointee.signature(at: index)
    for extent in shape(of: record).dimensions { signature.mix(UInt64(extent)) }
    return signature
  }
}

extension Record {
  /// The operands that a record still has, or had when it gave them up.
  private var initialOperandCount: Int32 { max(operandCount, ~operandCount) }

  /// Whether two records whose places are `distance` apart may be the same line of a loop: alike in
  /// op, dtype and operands as far as a record tells that has given them up.
  fileprivate func resembles(_ other: Record, distance: Int) -> Bool {
    func areAlike(_ a: Operand, _ b: Operand) -> Bool {
      guard a.kind == b.kind else { return false }
      return switch a.kind {
      case .record: Int(a.index) &- Int(b.index) == distance
      case .scalar: a.scalar.dtype == b.scalar.dtype
      case .handle: true
      }
    }
    let count = initialOperandCount
    return elementwise == other.elementwise && code == other.code && dtype == other.dtype
      && count == other.initialOperandCount
      && (count < 1 || areAlike(operands.0, other.operands.0))
      && (count < 2 || areAlike(operands.1, other.operands.1))
      && (count < 3 || areAlike(operands.2, other.operands.2))
  }

  /// What `resembles` compares, as a number.
  fileprivate func signature(at index: Int) -> UInt64 {
    func signature(_ operand: Operand) -> UInt64 {
      let detail: UInt64 =
        switch operand.kind {
        case .record: UInt64(index &- Int(operand.index))
        case .scalar: UInt64(operand.scalar.dtype.rawValue)
        case .handle: 0
        }
      return detail << 2 | UInt64(operand.kind.rawValue)
    }
    let count = initialOperandCount
    let op = elementwise.map { UInt64($0.rawValue) } ?? 0xff
    var result = op | UInt64(code) << 8 | UInt64(dtype.rawValue) << 24 | UInt64(count) << 32
    if count > 0 { result.mix(signature(operands.0)) }
    if count > 1 { result.mix(signature(operands.1)) }
    if count > 2 { result.mix(signature(operands.2)) }
    return result
  }
}

extension UInt64 {
  fileprivate mutating func mix(_ other: UInt64) {
    let product = (self ^ other &* 0x9e37_79b9_7f4a_7c15).multipliedFullWidth(
      by: 0xd6e8_feb8_6659_fd93)
    self = product.low ^ product.high
  }
}
