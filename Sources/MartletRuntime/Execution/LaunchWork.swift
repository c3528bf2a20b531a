// How much work a launch is, and how it and each of its parts are cut into shares.

import MartletFusion
import MartletIR
import MartletLowering

/// How the work of one part of a launch is counted and cut.
struct PartWork: Sendable {
  /// The work items of the kernel.
  let items: Int
  /// The points of the space, which are as much work each in all parts.
  let points: Int
  /// The items that a share is a multiple of.
  let grain: Int
  /// The estimated time on one thread.
  let nanoseconds: Int
  /// Bytes of the elements that are loaded and stored, each counted once an operand.
  let bytesLoaded: Int
  let bytesStored: Int

  /// The weight of combining the elements of a row one after another: about 1 ns an element.
  private static let chainWeight = 16

  init(_ part: Plan.Part, _ spec: KernelSpec) {
    points = part.extents.reduce(1, &*)
    let last = part.extents[spec.rank - 1]
    // Shares of about 16,384 points keep a thread busy for some microseconds.
    let target = 4 * KernelSpec.blockLength
    switch spec.family {
    case .map where spec.rank == 1: (items, grain) = (points, KernelSpec.blockLength)
    case .map where spec.isTiled:
      let rows = part.extents[spec.rank - 2]
      let bands = (rows &- 1) / KernelSpec.tileHeight &+ 1
      items = points / last / rows &* bands
      grain = max(1, target / last / KernelSpec.tileHeight)
    case .map, .row, .scanInner: (items, grain) = (points / last, max(1, target / last))
    case .reduceInner, .placeInner:
      items = points / last &* part.blockCount(spec)
      grain = max(1, target / min(last, KernelSpec.blockLength))
    case .reduceOuter, .reduceShort, .placeOuter, .scanOuter:
      let rows = part.extents[spec.rank - 2]
      let outer = points / last / rows
      let strips = (last &- 1) / KernelSpec.stripWidth &+ 1
      items = outer &* part.blockCount(spec) &* strips
      grain = max(1, target / rows / min(last, KernelSpec.stripWidth))
    }
    var loaded = 0
    for (binding, input) in zip(part.inputs, spec.inputs) where input.source != .index {
      loaded &+= PartWork.distinct(binding.strides, part.extents) &* input.dtype.byteCount
    }
    var stored = 0
    for (binding, output) in zip(part.outputs, spec.outputs) {
      let count =
        spec.family.leavesBlocks
        ? part.resultCount(spec) : PartWork.distinct(binding.strides, part.extents)
      stored &+= count &* spec.dtype(of: output).byteCount
    }
    bytesLoaded = loaded
    bytesStored = stored
    var weight = 0
    for instruction in spec.instructions {
      switch instruction {
      case .elementwise(let op, _): weight &+= OpCosts.of(op)
      case .cast, .gather, .reduce: weight &+= 1
      case .input, .scalar: break
      }
    }
    if spec.family == .scanInner { weight &+= PartWork.chainWeight &* spec.outputs.count }
    // An operation of weight 1 takes a vector about 1/16 ns an element; memory gives 10 bytes a ns.
    nanoseconds = max(points / 16 &* max(weight, 1), (loaded &+ stored) / 10)
  }

  /// How many elements a binding touches.
  private static func distinct(_ strides: [Int], _ extents: [Int]) -> Int {
    var count = 1
    for axis in extents.indices where axis < strides.count && strides[axis] != 0 {
      count &*= extents[axis]
    }
    return count
  }
}

/// The work of a launch: its parts one after another.
struct LaunchWork: Sendable {
  /// Where several parts are cut into shares together: as points of all spaces in a row.
  struct Cut: Sendable {
    /// The points before this part, and after it.
    let points: Range<Int>
    let items: Int
    let grain: Int

    /// The first item of what begins at a point: as many whole grains come before it as points
    /// for them do.
    private func item(at point: Int) -> Int {
      if point == points.upperBound { return items }
      let grains = (items &- 1) / grain &+ 1
      return min(items, (point &- points.lowerBound) / max(1, points.count / grains) &* grain)
    }

    /// The items of this part in a share of all points: shares that follow each other have items
    /// that do.
    func items(in share: Range<Int>) -> Range<Int> {
      let own = share.clamped(to: points)
      return own.isEmpty ? 0..<0 : item(at: own.lowerBound)..<item(at: own.upperBound)
    }
  }

  /// What the thread pool counts: the items of the only part, or the points of all.
  let items: Int
  /// What a share is a multiple of.
  let grain: Int
  /// The estimated time on one thread.
  let nanoseconds: Int
  let bytesLoaded: Int
  let bytesStored: Int
  /// Where there are several parts.
  let cuts: [Cut]

  /// Launches estimated below this run on their caller.
  private static let parallelNanoseconds = 40_000

  var isParallel: Bool { nanoseconds > LaunchWork.parallelNanoseconds && items > grain }

  init(_ launch: Plan.Launch) {
    let parts = launch.parts.map { PartWork($0, launch.spec) }
    nanoseconds = parts.reduce(0) { $0 &+ $1.nanoseconds }
    bytesLoaded = parts.reduce(0) { $0 &+ $1.bytesLoaded }
    bytesStored = parts.reduce(0) { $0 &+ $1.bytesStored }
    if parts.count == 1 {
      (items, grain, cuts) = (parts[0].items, parts[0].grain, [])
      return
    }
    var cuts: [Cut] = []
    var end = 0
    for part in parts {
      cuts.append(Cut(points: end..<end &+ part.points, items: part.items, grain: part.grain))
      end &+= part.points
    }
    (items, grain, self.cuts) = (end, KernelSpec.blockLength, cuts)
  }
}

/// The weights of the op table's rows, without a copy of the row.
enum OpCosts {
  private static let costs: [Int] = OpTable.rows.map(\.cost)

  static func of(_ op: ElementwiseOp) -> Int { costs[Int(op.rawValue)] }
}
