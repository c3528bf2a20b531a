// Reverse accumulation: cotangents flow from results back over the entries of a tape.

import MartletIR
import MartletRuntime

extension Array where Element == Tape.Entry {
  /// The cotangents of the entries `wanted`, where the entries `seeds` have theirs; nil for one
  /// that no seed depends on.
  ///
  /// The walk goes from the last entry to the first, once; a cotangent is let go as soon as the
  /// entry's operands have their shares of it.
  ///
  /// What a lookup of rows gives back to a watched tensor stays rows.
  func cotangents(seeds: [(number: Int, cotangent: Cotangent)], wanted: [Int]) -> [Cotangent?] {
    guard let last = seeds.lazy.map(\.number).max() else { return wanted.map { _ in nil } }
    var cotangents = [Cotangent?](repeating: nil, count: last + 1)
    func add(_ share: Cotangent, to number: Int) {
      if cotangents[number] == nil {
        cotangents[number] = share
      } else {
        cotangents[number]?.add(share)
      }
    }
    for seed in seeds { add(seed.cotangent, to: seed.number) }
    var isWanted = [Bool](repeating: false, count: last + 1)
    for number in wanted where number <= last { isWanted[number] = true }
    // The cotangents of the results of functions with rules of their own, by their numbers.
    var results: [Int: [Int: Tensor]] = [:]
    for number in stride(from: last, through: 0, by: -1) {
      if cotangents[number] == nil, results.isEmpty { continue }
      let entry = self[number]
      let shares: [Tensor?]
      if case .custom(let rule) = entry.kind {
        guard let known = results.removeValue(forKey: number) else { continue }
        let collected = entry.inputs.map { $0.number.flatMap { cotangents[$0] } }
        switch rule.pullBack(known, collected) {
        case .shares(let list): shares = list
        case .totals(let totals):
          for (input, total) in zip(entry.inputs, totals) {
            if let source = input.number { cotangents[source] = total }
          }
          continue
        }
      } else {
        guard let cotangent = cotangents[number] else { continue }
        if !isWanted[number] { cotangents[number] = nil }
        switch entry.kind {
        case .op(.gather(0)):
          guard let source = entry.number(of: 0) else { continue }
          if case .watched = self[source].kind {
            if isWanted[source] { add(Cotangent(entry.rows(cotangent.dense)), to: source) }
            continue
          }
          shares = entry.cotangents(.gather(0), of: cotangent.dense)
        case .op(let op): shares = entry.cotangents(op, of: cotangent.dense)
        case .result(let position):
          if let function = entry.inputs[0].number {
            results[function, default: [:]][position] = cotangent.dense
          }
          continue
        case .watched, .custom: continue
        }
      }
      for position in shares.indices {
        if let share = shares[position], let source = entry.number(of: position) {
          add(Cotangent(share), to: source)
        }
      }
    }
    return wanted.map { $0 <= last ? cotangents[$0] : nil }
  }
}
