// Launches equal kernels at once where none of them needs another's results.

import MartletIR

extension Plan {
  /// Makes one launch of those that have equal kernels and need nothing of each other: an optimizer
  /// step over all parameters is one.
  ///
  /// To merge two launches moves what is between them: what needs the first comes after the merged
  /// launch, everything else before it. Where nothing is between, launches of any size are merged;
  /// else small ones only (`CostModel.movedByteCount`).
  ///
  /// Each launch is compared with the last one of its kernel, if that is at most
  /// `CostModel.movedSteps` before it, so the time is linear in the number of steps.
  mutating func mergeLaunches(_ costs: CostModel) {
    var merging = Merging(costs)
    for step in steps { merging.append(step) }
    steps = merging.result
  }
}

/// Steps in an order in which each comes after those whose results it reads.
private struct Merging {
  private let costs: CostModel
  private var steps: [Plan.Step] = []
  /// Per step: what was merged into it, those that write what it reads, and the bytes that the
  /// largest of its parts reads.
  private var parts: [[Plan.Part]] = []
  private var producers: [Set<Int>] = []
  private var byteCounts: [Int] = []
  /// The steps in order, and the place of each.
  private var order: [Int] = []
  private var places: [Int] = []
  /// The steps that write a slot.
  private var writers: [Plan.Slot: [Int]] = [:]
  /// The last launch of each kernel.
  private var latest: [KernelSpec: Int] = [:]

  init(_ costs: CostModel) { self.costs = costs }

  var result: [Plan.Step] {
    order.map { number in
      guard case .launch(var launch) = steps[number] else { return steps[number] }
      launch.parts += parts[number]
      return .launch(launch)
    }
  }

  /// Appends a step, or makes it a part of an earlier one.
  mutating func append(_ step: Plan.Step) {
    let needed = Set(step.reads.flatMap { writers[$0] ?? [] })
    var number = steps.count
    if case .launch(let launch) = step {
      if let earlier = latest[launch.spec], merge(launch, needing: needed, into: earlier) {
        number = earlier
      } else {
        latest[launch.spec] = number
      }
    }
    if number == steps.count {
      steps.append(step)
      parts.append([])
      producers.append(needed)
      byteCounts.append(step.byteCount)
      places.append(order.count)
      order.append(number)
    }
    for slot in step.writes where writers[slot]?.last != number {
      writers[slot, default: []].append(number)
    }
  }

  /// Makes `launch`, which would be the last step, a part of step `earlier`; false where that may
  /// not be or is not worth it.
  private mutating func merge(
    _ launch: Plan.Launch, needing needed: Set<Int>, into earlier: Int
  ) -> Bool {
    let distance = order.count - 1 - places[earlier]
    let byteCount = Swift.max(byteCounts[earlier], Plan.Step.launch(launch).byteCount)
    guard parts[earlier].count + 1 < costs.parts, distance <= costs.movedSteps,
      distance == 0 || byteCount <= costs.movedByteCount
    else { return false }
    let between = order.suffix(distance)
    var followers: Set<Int> = [earlier]
    for number in between where !producers[number].isDisjoint(with: followers) {
      followers.insert(number)
    }
    guard needed.isDisjoint(with: followers) else { return false }
    parts[earlier] += launch.parts
    producers[earlier].formUnion(needed)
    byteCounts[earlier] = byteCount
    let moved =
      between.filter { !followers.contains($0) } + [earlier]
      + between.filter { followers.contains($0) }
    for (place, number) in zip(places[earlier]..., moved) {
      order[place] = number
      places[number] = place
    }
    return true
  }
}

extension Plan.Step {
  /// The bytes that the largest part of a launch reads at its points, or a large number; 0 for
  /// other steps.
  fileprivate var byteCount: Int {
    guard case .launch(let launch) = self else { return 0 }
    let width = launch.spec.inputs.reduce(0) { $0 + $1.dtype.byteCount }
    let limit = Int(Int32.max)
    return launch.parts.reduce(0) { most, part in
      let points = part.extents.reduce(1) { Swift.min($0 * Swift.min($1, limit), limit) }
      return Swift.max(most, points * width)
    }
  }
}
