// Reverse accumulation: cotangents flow from results back over the entries of a tape.

import MartletIR
import MartletRuntime

extension Array where Element == Tape.Entry {
  /// The cotangents of the entries `wanted`, where the entries `seeds` have theirs; nil for one
  /// that no seed depends on.
  ///
  /// The walk goes from the last entry to the first, once; a cotangent is let go as soon as the
  /// entry's operands have their shares of it.
  func cotangents(seeds: [(number: Int, cotangent: Tensor)], wanted: [Int]) -> [Tensor?] {
    guard let last = seeds.lazy.map(\.number).max() else { return wanted.map { _ in nil } }
    var cotangents = [Tensor?](repeating: nil, count: last + 1)
    func add(_ share: Tensor, to number: Int) {
      cotangents[number] = cotangents[number].map { $0 + share } ?? share
    }
    for seed in seeds { add(seed.cotangent, to: seed.number) }
    var isWanted = [Bool](repeating: false, count: last + 1)
    for number in wanted where number <= last { isWanted[number] = true }
    for number in stride(from: last, through: 0, by: -1) {
      guard let cotangent = cotangents[number] else { continue }
      if !isWanted[number] { cotangents[number] = nil }
      let entry = self[number]
      guard entry.op != nil else { continue }
      for (input, share) in zip(entry.inputs, entry.cotangents(of: cotangent)) {
        if let share, let source = input.number { add(share, to: source) }
      }
    }
    return wanted.map { $0 <= last ? cotangents[$0] : nil }
  }
}
