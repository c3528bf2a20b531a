// The text of generated IR: no fast-math flags, and no undefined operand.

import MartletFusion
import MartletIR
import MartletLowering
import Testing

@Suite struct IRTextTests {
  private static let flags: Set<Substring> = [
    "fast", "nnan", "ninf", "nsz", "arcp", "contract", "afn", "reassoc", "nsw", "nuw", "exact",
  ]
  private static let unguarded = ["llvm.maximum", "llvm.minimum", "llvm.maxnum", "llvm.minnum"]

  /// The operand of each partial instruction that decides whether the result is defined.
  private static let deciding = [
    "sdiv": 1, "udiv": 1, "srem": 1, "urem": 1, "shl": 1, "lshr": 1, "ashr": 1, "fptosi": 0,
    "fptoui": 0,
  ]

  /// Checks one function's text: an operand that decides is a constant, or the result of a select,
  /// or (for quotients of small integers, divided as floats) a division by one.
  static func check(_ ir: String, _ name: String) {
    var definitions: [Substring: [Substring]] = [:]
    for line in ir.split(separator: "\n") {
      let words = line.split(whereSeparator: { " ,()".contains($0) })
      if line.contains(" = ") { definitions[words[0]] = words }
      guard !line.hasPrefix("attributes"), !line.hasPrefix(";"), !line.hasPrefix("source") else {
        continue
      }
      #expect(flags.isDisjoint(with: words), "\(name): \(line)")
      #expect(!unguarded.contains { line.contains($0) }, "\(name): \(line)")
    }
    for (_, words) in definitions {
      guard words.count > 2, let place = deciding[String(words[2])] else { continue }
      let values = words.dropFirst(3).filter { $0.hasPrefix("%") }
      let text = words.joined(separator: " ")
      // `x = op type a, b`: with a constant for b there is one register at most, and it comes
      // first.
      if place == 1, values.count < 2, !(words.last ?? "").hasPrefix("%") { continue }
      guard let operand = place == 1 ? values.last : values.first else { continue }
      let source = definitions[operand] ?? []
      let kind = source.count > 2 ? source[2] : ""
      #expect(kind == "select" || kind == "fdiv", "\(name): \(text)")
    }
  }

  private static func computingDTypes(_ op: ElementwiseOp) -> Set<DType> {
    Set(DType.allCases.compactMap { op.definition.computingDType($0) })
  }

  @Test(arguments: ElementwiseOp.allCases)
  func ops(_ op: ElementwiseOp) throws {
    let names = ["LLVM 14 host default", "LLVM 19 host default"]
    for backend in Backend.all where names.contains(backend.description) {
      for dtype in Self.computingDTypes(op) {
        var dtypes = [DType](repeating: dtype, count: op.arity)
        if op == .select { dtypes[0] = .bool }
        let spec = KernelSpec.map(op, dtypes, result: op.resultDType(computingIn: dtype))
        Self.check(try backend.compiler.ir(spec), "\(op) \(dtype)")
      }
    }
  }

  @Test func casts() throws {
    guard let backend = Backend.all.first else { return }
    for source in DType.allCases {
      for result in DType.allCases {
        Self.check(try backend.compiler.ir(.cast(source, result)), "\(source) to \(result)")
      }
    }
  }

  @Test func reductions() throws {
    guard let backend = Backend.all.first else { return }
    for family in [KernelSpec.Family.reduceInner, .reduceOuter] {
      Self.check(try backend.compiler.ir(ReductionTests.spec(family, 3)), "\(family)")
    }
  }
}
