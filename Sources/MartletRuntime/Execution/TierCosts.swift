// What the first run of a kernel costs: interpreted now, or compiled first.

package import MartletFusion
package import MartletIR

/// Estimates in seconds, and the choice that follows from them.
///
/// Measured with LLVM 15 on x86-64 with AVX-512 (`Docs/Decisions/0009-first-runs.md`); they decide
/// only how long the caller waits, never a result.
package struct TierCosts: Sendable {
  /// The interpreter's time for an addition of one element.
  package var unit = 1e-9
  /// Loading LLVM.
  package var loading = 20e-3
  /// The share of the interpreter's work so far that loading may take.
  package var loadingShare = 0.2
  /// Finding a kernel on disk by an alias, or that there is none.
  package var alias = 0.2e-3
  /// Finding a kernel on disk by its IR, or that it is not there.
  package var lookup = 0.6e-3
  /// Compiling the smallest kernel at the fast level.
  package var compilation = 1.2e-3
  /// What each unit of a kernel's weight adds to that.
  package var weight = 0.055e-3
  /// The longest that a caller waits for the compiler, or else this share of its work.
  package var patience = 10e-3
  package var share = 0.15

  package init() {}

  package static let `default` = TierCosts()

  /// What a run does about kernels that are not in memory.
  package enum Choice: Sendable, Hashable {
    /// The interpreter answers; the kernels are made in the background.
    case interpret
    /// The caller makes them at the fast level.
    case compile
  }

  /// The interpreter's time for one node of hardly any elements, in units.
  package var unitsPerNode = 500.0

  /// The interpreter's time for `trace`.
  package func interpreting(_ trace: Trace) -> Double {
    trace.nodes.reduce(0) { $0 + Double(Work.units($1, trace)) + unitsPerNode } * unit
  }

  /// The time to compile `specs` at the fast level.
  package func compiling(_ specs: some Sequence<KernelSpec>) -> Double {
    specs.reduce(0) { sum, spec in
      let units = spec.instructions.reduce(0) { units, instruction in
        if case .elementwise(let op, _) = instruction { return units + OpCosts.of(op) }
        return units
      }
      return sum + compilation + weight * Double(units)
    }
  }

  /// Whether a caller whose work takes the interpreter `work` seconds waits for kernels that take
  /// `compiling`, after LLVM took `loading`, which happens once.
  package func choice(work: Double, loading: Double, compiling: Double) -> Choice {
    loading + compiling <= work && compiling <= max(patience, share * work) ? .compile : .interpret
  }
}

/// The interpreter's work, with an addition of one element as the unit.
enum Work {
  /// The work of one node of `trace`.
  static func units(_ node: Trace.Node, _ trace: Trace) -> Int {
    switch node.op {
    case .elementwise(let op):
      saturating(node.shape.elementCount.multipliedReportingOverflow(by: OpCosts.of(op)))
    case .reduce, .argReduce: trace.shape(of: node.operands[0]).elementCount
    case .scatter: trace.shape(of: node.operands[2]).elementCount
    case .view, .matmul: 0
    case .cast, .iota, .scan, .pad, .concatenate, .gather: node.shape.elementCount
    }
  }

  private static func saturating(_ product: (partialValue: Int, overflow: Bool)) -> Int {
    product.overflow ? .max : product.partialValue
  }
}
