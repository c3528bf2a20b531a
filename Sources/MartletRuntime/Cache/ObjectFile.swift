// The format of a cached object on disk, which no damage gets through.

import MartletFusion
import MartletLowering

/// A file: magic, the lengths of key and object, both, and the SHA-256 of all that.
enum ObjectFile {
  /// The last byte is the version of the format.
  private static let magic = Array("MARTLET\u{1}".utf8)
  private static let headerCount = 24
  private static let digestCount = 32

  /// More than any kernel's file has; what is longer is not read.
  static let greatestByteCount = 64 << 20

  /// The bytes of a file that holds `object` for `key`.
  static func encode(_ object: [UInt8], key: [UInt8]) -> [UInt8] {
    var bytes = magic
    bytes.append(integer: key.count)
    bytes.append(integer: object.count)
    bytes += key
    bytes += object
    return bytes + SHA256.digest(bytes)
  }

  /// The parts of a file, or nil where it is not exactly what `encode` writes.
  static func decode(_ bytes: [UInt8]) -> (key: ArraySlice<UInt8>, object: ArraySlice<UInt8>)? {
    guard bytes.count >= headerCount + digestCount, bytes.starts(with: magic) else { return nil }
    let room = bytes.count - headerCount - digestCount
    let keyCount = bytes.integer(at: 8)
    let objectCount = bytes.integer(at: 16)
    guard (0...room).contains(keyCount), objectCount == room - keyCount else { return nil }
    let end = bytes.count - digestCount
    guard SHA256.digest(bytes[..<end]).elementsEqual(bytes[end...]) else { return nil }
    let middle = headerCount + keyCount
    return (bytes[headerCount..<middle], bytes[middle..<end])
  }
}

extension [UInt8] {
  fileprivate func integer(at offset: Int) -> Int {
    withUnsafeBytes { Int(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: Int.self)) }
  }
}
