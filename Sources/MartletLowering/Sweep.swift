// One run over the elements of a row: which values it computes, and which it finds in memory.

import MartletFusion
import MartletIR

/// The values of one sweep; kernels that are no row kernels have one sweep with all of them.
struct Sweep {
  /// The values that are stored or reduced.
  let roots: [Int]
  /// Rows of scratch memory that hold values which an earlier sweep kept.
  let known: [Int: Value]
  let schedule: BodySchedule
  /// The operations of one element.
  let operationCount: Int

  /// The only sweep of a kernel: every output.
  init(_ body: KernelBody) { self.init(body, roots: body.results, known: [:]) }

  init(_ body: KernelBody, roots: [Int], known: [Int: Value]) {
    self.roots = roots
    let elements = body.elements(for: roots) { known[$0] != nil }
    self.known = known
    schedule = BodySchedule(body, elements, roots: roots, known: Set(known.keys))
    operationCount = elements.count { index in
      if case .operation = body.instructions[index] { return known[index] == nil }
      return false
    }
  }
}
