// How many elements a kernel computes at once.

import MartletFusion
import MartletIR

/// The lanes of a kernel's vectors and how many vectors advance side by side.
struct VectorShape: Hashable {
  /// Elements of one vector of the body; values wider than memory's widest may take two registers.
  var lanes: Int
  /// Vectors for which each operation is emitted before the next operation.
  var interleave: Int
  /// Whether one masked loop does all, so that the body is compiled once.
  var isMaskedOnly: Bool
  /// Whether a reduction's 64 lanes stay in registers, so that its body is emitted for all of them.
  var keepsLanesInRegisters: Bool

  /// Bodies that gain from a second vector: cheaper ones wait for memory, and of costlier ones the
  /// values of two vectors do not fit in the registers.
  ///
  /// Measured with 512-bit vectors in L1: gelu 0.64 to 0.54 ns an element, Black-Scholes 2.9 to
  /// 2.4, exp 0.23 to 0.22; four vectors give 0.50, 2.2 and 0.22 and take twice the time to
  /// compile.
  private static let computeBound = 16...600

  init(_ spec: KernelSpec, _ body: KernelBody, _ target: Target, _ level: OptimizationLevel) {
    // What is the same along a row is in no vector of its own.
    let memory =
      spec.outputs.map { spec.dtypes[$0.value].byteCount }
      + spec.inputs.filter { $0.source != .index && $0.access != .uniform }
      .map(\.dtype.byteCount)
    let values = body.instructions.indices.filter {
      body.isLive[$0] && body.rates[$0] == .element
    }.map { body.dtypes[$0].byteCount }
    let widest = max(memory.max() ?? 1, (values.max() ?? 1) / 2, 1)
    lanes = target.vectorByteCount / widest
    let cost = body.instructions.indices.reduce(0) { sum, index in
      body.isLive[index] && body.rates[index] == .element ? sum + body.cost(index) : sum
    }
    interleave = VectorShape.computeBound.contains(cost) && target.vectorByteCount > 16 ? 2 : 1
    isMaskedOnly = level == .fast
    let group = KernelSpec.laneCount / lanes
    let operations = body.elementOperations.count + spec.outputs.count
    keepsLanesInRegisters = group * spec.outputs.count <= 8 && group * operations <= 64
  }

  /// The same for one sweep of a row kernel, whose body may be larger: the row's elements are near.
  func keepsRowLanesInRegisters(outputs: Int, operations: Int) -> Bool {
    let group = KernelSpec.laneCount / lanes
    return group * outputs <= 8 && group * operations <= 160
  }

  /// The vectors of columns that a reduction of few elements takes side by side: its body is
  /// emitted for four elements of each.
  func interleaveOfShortReductions(operations: Int) -> Int {
    isMaskedOnly ? 1 : max(1, min(8, 24 / max(operations, 1)))
  }
}
