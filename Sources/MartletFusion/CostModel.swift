// The one place of the scheduler's numbers: what is cheap enough to do twice, and how large a
// kernel may grow.

import MartletIR

/// Weights and budgets by which the scheduler decides; the unit is an addition of one element.
package struct CostModel: Sendable, Hashable {
  /// The most weight that may be computed again in a second kernel instead of being stored.
  ///
  /// Below it are sums and comparisons; a division (8) or a function (10 and more) never is.
  package var recomputedWeight = 6
  /// The most arrays that something computed again may read: storing it costs one write, and one
  /// read where it is used.
  package var recomputedInputs = 2
  /// The most weight that is computed again for every element of a larger space it is broadcast to.
  package var broadcastWeight = 4
  /// The most instructions that are computed at the places of a view instead of their own.
  package var pushedInstructions = 64
  /// The instructions of one kernel.
  package var instructions = 512
  /// The weight of one kernel: about a hundred functions.
  package var weight = 1536
  /// The arrays that one kernel reads.
  package var inputs = 24
  /// The arrays that one kernel is asked to write; cutting a large kernel may add to them.
  package var outputs = 16
  /// The fewest columns that fill a vector of a `reduceOuter` kernel well enough.
  package var fewestColumns = 8

  /// The most elements of a row that is reduced across although its elements are neighbours.
  ///
  /// 16 million float32 in rows of 4, 8, 16, 32 and 64, one thread: 16, 12, 8, 7.4 and 6.5 ms
  /// across; along the rows 64, 41, 22, 18 and 2.4.
  package var shortRow = 32
  /// The fewest rows and columns that are worth transposing in tiles rather than element by
  /// element.
  package var fewestTileRows = 8
  /// The bytes of a row of eight-byte elements that stays in a core's cache from one sweep of a row
  /// kernel to the next, beside the rows of its other operands.
  package var rowByteCount = CostModel.rowByteLimit
  /// The most that `rowByteCount` may be: compiled rows have room for so many blocks.
  package static let rowByteLimit = 256 << 10

  /// The bytes that each part of a launch may read where steps lie between what is merged, which
  /// parts it from what wrote them: beyond, a launch (70 ns) is less than a fiftieth of its time.
  package var movedByteCount = 64 << 10
  /// The most steps that may lie between them.
  package var movedSteps = 64
  /// The parts of one launch.
  package var parts = 256

  package init() {}

  package static let `default` = CostModel()

  /// The weight of one element of an op.
  static func weight(_ op: ElementwiseOp) -> Int { op.definition.cost }

  /// The weight of a conversion.
  static let castWeight = 1
  /// The weight of an element that is read at a place which an index names: what several kernels
  /// use is stored.
  static let gatherWeight = 8
}
