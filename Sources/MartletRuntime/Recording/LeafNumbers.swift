// Which number each value has that a trace reads.

import MartletIR

/// The numbers of the leaves seen so far, by key: a handle's address, or a record's index made odd.
///
/// Most traces have a handful, which a scan finds sooner than a hash table.
final class LeafNumbers {
  private static let scanLimit = 12
  private let keys = PlainArray<UInt>()
  private var table: [UInt: Int] = [:]

  @inline(__always)
  static func key(_ handle: Unmanaged<Handle>) -> UInt { UInt(bitPattern: handle.toOpaque()) }

  /// Odd, and so no address of an object.
  @inline(__always)
  static func key(ofRecord index: Int32) -> UInt { UInt(index) << 1 | 1 }

  @inline(__always) var count: Int { keys.count }

  @inline(__always)
  func number(of key: UInt) -> Int? {
    guard keys.count <= LeafNumbers.scanLimit else { return table[key] }
    for number in 0..<keys.count where keys[number] == key { return number }
    return nil
  }

  @inline(__always)
  func append(_ key: UInt) {
    keys.append(key)
    if keys.count > LeafNumbers.scanLimit { enter() }
  }

  @inline(never)
  private func enter() {
    let first = keys.count == LeafNumbers.scanLimit + 1 ? 0 : keys.count - 1
    for number in first..<keys.count { table[keys[number]] = number }
  }

  func removeAll() {
    if keys.count > LeafNumbers.scanLimit { table.removeAll(keepingCapacity: true) }
    keys.removeAll()
  }

  func destroy() { keys.destroy() }

  /// The value of leaf `number`, whose handle or record lives; the caller holds the segment's lock.
  func value(of number: Int, in segment: TraceSegment) -> Value {
    let key = keys[number]
    if key & 1 == 1 {
      if case .value(let value) = segment.records[Int(key >> 1)].result { return value }
    } else if let address = UnsafeRawPointer(bitPattern: key),
      let value = Unmanaged<Handle>.fromOpaque(address).takeUnretainedValue().value
    {
      return value
    }
    internalError("a leaf without a value")
  }
}
