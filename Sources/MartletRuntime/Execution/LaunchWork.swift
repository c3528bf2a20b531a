// How much work a launch is, and how it is cut into shares.

import MartletFusion
import MartletIR
import MartletLowering

/// How the work of a launch is counted and cut.
struct LaunchWork: Sendable {
  /// The work items of the kernel.
  let items: Int
  /// The items that a share is a multiple of.
  let grain: Int
  /// The estimated time on one thread.
  let nanoseconds: Int
  /// Bytes of the elements that are loaded and stored, each counted once an operand.
  let bytesLoaded: Int
  let bytesStored: Int

  /// The weight of combining the elements of a row one after another: about 1 ns an element.
  private static let chainWeight = 16
  /// Launches estimated below this run on their caller.
  private static let parallelNanoseconds = 40_000

  var isParallel: Bool { nanoseconds > LaunchWork.parallelNanoseconds && items > grain }

  init(_ launch: Plan.Launch) {
    let spec = launch.spec
    let points = launch.extents.reduce(1, &*)
    let last = launch.extents[spec.rank - 1]
    // Shares of about 16,384 points keep a thread busy for some microseconds.
    let target = 4 * KernelSpec.blockLength
    switch spec.family {
    case .map where spec.rank == 1: (items, grain) = (points, KernelSpec.blockLength)
    case .map where spec.isTiled:
      let rows = launch.extents[spec.rank - 2]
      let bands = (rows &- 1) / KernelSpec.tileHeight &+ 1
      items = points / last / rows &* bands
      grain = max(1, target / last / KernelSpec.tileHeight)
    case .map, .row, .scanInner: (items, grain) = (points / last, max(1, target / last))
    case .reduceInner, .placeInner:
      items = points / last &* launch.blockCount
      grain = max(1, target / min(last, KernelSpec.blockLength))
    case .reduceOuter, .reduceShort, .placeOuter, .scanOuter:
      let rows = launch.extents[spec.rank - 2]
      let outer = points / last / rows
      let strips = (last &- 1) / KernelSpec.stripWidth &+ 1
      items = outer &* launch.blockCount &* strips
      grain = max(1, target / rows / min(last, KernelSpec.stripWidth))
    }
    var loaded = 0
    for (binding, input) in zip(launch.inputs, spec.inputs) where input.source != .index {
      loaded &+= LaunchWork.distinct(binding.strides, launch.extents) &* input.dtype.byteCount
    }
    var stored = 0
    for (binding, output) in zip(launch.outputs, spec.outputs) {
      let count =
        spec.family.leavesBlocks
        ? launch.resultCount : LaunchWork.distinct(binding.strides, launch.extents)
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
    if spec.family == .scanInner { weight &+= LaunchWork.chainWeight &* spec.outputs.count }
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

/// The weights of the op table's rows, without a copy of the row.
enum OpCosts {
  private static let costs: [Int] = OpTable.rows.map(\.cost)

  static func of(_ op: ElementwiseOp) -> Int { costs[Int(op.rawValue)] }
}
