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

  init(_ spec: KernelSpec, _ body: KernelBody, _ target: Target, _ level: OptimizationLevel) {
    let memory =
      spec.outputs.map { spec.dtypes[$0.value].byteCount }
      + spec.inputs.filter { $0.source == .memory }.map(\.dtype.byteCount)
    let values = body.instructions.indices.filter { body.isLive[$0] }.map {
      body.dtypes[$0].byteCount
    }
    let widest = max(memory.max() ?? 1, (values.max() ?? 1) / 2, 1)
    lanes = target.vectorByteCount / widest
    interleave = 1
    isMaskedOnly = level == .fast
    let group = KernelSpec.laneCount / lanes
    let operations = body.elementOperations.count + spec.outputs.count
    keepsLanesInRegisters = group * spec.outputs.count <= 8 && group * operations <= 64
  }
}
