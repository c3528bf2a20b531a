// The block sizes the buffer pool keeps: four to a doubling, so at most a fifth of a block is
// unused.

/// Block sizes up to 4 MiB: the multiples of 64 up to 512, then four to each doubling.
enum SizeClass {
  /// Every block starts at a multiple of this, and every class is one.
  static let alignment = 64
  /// Blocks below this come from the striped free lists.
  static let smallLimit = 64 << 10
  /// Blocks from this size on are mappings of their own.
  static let mediumLimit = 4 << 20

  /// The classes below `smallLimit`.
  static let smallCount = index(smallLimit)
  /// All classes, the last of exactly `mediumLimit` bytes.
  static let count = index(mediumLimit) + 1

  /// The class of the least block that holds `byteCount` bytes, which are at most `mediumLimit`.
  @inline(__always)
  static func index(_ byteCount: Int) -> Int {
    if byteCount <= 512 { return byteCount <= 64 ? 0 : (byteCount &- 1) &>> 6 }
    // 512 < n <= 1024 has steps of 128, and each further doubling steps twice as wide.
    let doubling = 63 &- (byteCount &- 1).leadingZeroBitCount &- 9
    let step = (byteCount &- 1) &>> (doubling &+ 7)
    return 8 &+ doubling &* 4 &+ (step &- 4)
  }

  /// The bytes of a block of class `index`.
  @inline(__always)
  static func byteCount(_ index: Int) -> Int {
    if index < 8 { return (index &+ 1) &* 64 }
    return (5 &+ (index & 3)) &<< (7 &+ (index &- 8) &>> 2)
  }
}
