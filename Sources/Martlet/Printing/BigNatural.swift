// Natural numbers of any size, with the few operations that exact digit generation needs.

/// A natural number of any size.
struct BigNatural {
  /// The base-2^64 digits, least significant first, without leading zeros.
  private(set) var words: [UInt64]

  init(_ value: UInt64) {
    words = value == 0 ? [] : [value]
  }

  /// The number 2^`exponent`.
  init(powerOfTwo exponent: Int) {
    self.init(1)
    shiftLeft(by: exponent)
  }

  mutating func shiftLeft(by count: Int) {
    let (skipped, bits) = (count / 64, UInt64(count % 64))
    if bits > 0 {
      var carry: UInt64 = 0
      for i in words.indices {
        let word = words[i]
        words[i] = word << bits | carry
        carry = word >> (64 - bits)
      }
      if carry > 0 { words.append(carry) }
    }
    if skipped > 0, !words.isEmpty {
      words.insert(contentsOf: repeatElement(0, count: skipped), at: 0)
    }
  }

  mutating func multiply(by factor: UInt64) {
    var carry: UInt64 = 0
    for i in words.indices {
      let (high, low) = words[i].multipliedFullWidth(by: factor)
      let (sum, overflow) = low.addingReportingOverflow(carry)
      words[i] = sum
      carry = overflow ? high &+ 1 : high
    }
    if carry > 0 { words.append(carry) }
  }

  mutating func multiply(byPowerOfTen exponent: Int) {
    var remaining = exponent
    // 10^19 is the largest power of ten below 2^64.
    while remaining >= 19 {
      multiply(by: 10_000_000_000_000_000_000)
      remaining -= 19
    }
    var factor: UInt64 = 1
    for _ in 0..<remaining { factor &*= 10 }
    if factor > 1 { multiply(by: factor) }
  }

  /// Replaces the number by its remainder modulo `divisor` and returns the quotient, which must be
  /// a small number (a decimal digit): the cost is proportional to it.
  mutating func divide(by divisor: BigNatural) -> UInt8 {
    var quotient: UInt8 = 0
    while self >= divisor {
      subtract(divisor)
      quotient &+= 1
    }
    return quotient
  }

  /// Subtracts a number that is not larger.
  private mutating func subtract(_ other: BigNatural) {
    var borrow: UInt64 = 0
    for i in words.indices {
      let subtrahend = i < other.words.count ? other.words[i] : 0
      let (partial, below) = words[i].subtractingReportingOverflow(subtrahend)
      let (result, belowAgain) = partial.subtractingReportingOverflow(borrow)
      words[i] = result
      borrow = below || belowAgain ? 1 : 0
    }
    while words.last == 0 { words.removeLast() }
  }

  static func + (a: BigNatural, b: BigNatural) -> BigNatural {
    let (longer, shorter) = a.words.count >= b.words.count ? (a, b) : (b, a)
    var sum = longer
    var carry: UInt64 = 0
    for i in sum.words.indices {
      if i >= shorter.words.count && carry == 0 { break }
      let addend = i < shorter.words.count ? shorter.words[i] : 0
      let (partial, above) = sum.words[i].addingReportingOverflow(addend)
      let (result, aboveAgain) = partial.addingReportingOverflow(carry)
      sum.words[i] = result
      carry = above || aboveAgain ? 1 : 0
    }
    if carry > 0 { sum.words.append(carry) }
    return sum
  }
}

extension BigNatural: Comparable {
  static func < (a: BigNatural, b: BigNatural) -> Bool {
    if a.words.count != b.words.count { return a.words.count < b.words.count }
    for i in a.words.indices.reversed() where a.words[i] != b.words[i] {
      return a.words[i] < b.words[i]
    }
    return false
  }
}
