// Numbers that repeat from run to run.

/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
package struct Generator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(_ seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A number below `count`.
  package mutating func pick(_ count: Int) -> Int {
    Int(next().multipliedFullWidth(by: UInt64(count)).high)
  }

  /// One of `choices`.
  package mutating func pick<Choices: RandomAccessCollection>(from choices: Choices)
    -> Choices.Element
  {
    choices[choices.index(choices.startIndex, offsetBy: pick(choices.count))]
  }

  /// True once in `count` times.
  package mutating func chance(_ count: Int) -> Bool { pick(count) == 0 }

  /// A number of [0, 1).
  package mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }
}
