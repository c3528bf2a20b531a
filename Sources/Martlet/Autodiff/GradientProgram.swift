// The gradient of an elementwise op as a short list of ops, taken from its row once.

import MartletIR
import MartletRuntime

/// The steps that turn operands, result and cotangent into the operands' cotangents.
struct GradientProgram: Sendable {
  /// A value that a step reads.
  enum Reference: Sendable, Hashable {
    case operand(Int)
    case result
    case cotangent
    case constant(Scalar)
    case step(Int)
  }

  struct Step: Sendable {
    let op: ElementwiseOp
    let operands: [Reference]
  }

  private(set) var steps: [Step] = []
  /// The cotangent of each operand; nil where there is none.
  private(set) var outputs: [Reference?] = []
  /// The operands that some step reads, as bits; and whether one reads the result.
  private(set) var readsOperand: UInt8 = 0
  private(set) var readsResult = false

  /// The program of `op` on floats of `dtype`, or nil where the op has no gradient.
  static func of(_ op: ElementwiseOp, dtype: DType) -> GradientProgram? {
    (dtype == .float32 ? float32 : float64)[Int(op.rawValue)]
  }

  private static let float32 = ElementwiseOp.allCases.map { GradientProgram($0, .float32) }
  private static let float64 = ElementwiseOp.allCases.map { GradientProgram($0, .float64) }

  private init?(_ op: ElementwiseOp, _ dtype: DType) {
    guard let gradient = op.definition.gradient else { return nil }
    let operands = (0..<op.arity).map { index in
      ScalarExpr.argument(index, op == .select && index == 0 ? .bool : dtype)
    }
    let result = ScalarExpr.argument(op.arity, dtype)
    let cotangent = ScalarExpr.argument(op.arity + 1, dtype)
    var numbering = ExprNumbering<Reference>()
    for expression in gradient(operands, result, cotangent) {
      outputs.append(
        expression.map { root in
          numbering.number(of: root, operands: GradientProgram.operands) { expr, operands in
            step(expr, operands, arity: op.arity)
          }
        })
    }
  }

  /// What comes before an expression: rows of the table stay whole, for they are what is recorded.
  private static func operands(of expr: ScalarExpr) -> [ScalarExpr] {
    switch expr.kind {
    case .argument, .constant, .literal: []
    case .operation(_, let operands), .apply(_, let operands): operands
    }
  }

  private mutating func step(
    _ expr: ScalarExpr, _ operands: [Reference], arity: Int
  ) -> Reference {
    switch expr.kind {
    case .argument(let index): return reference(toArgument: index, arity: arity)
    case .constant(let scalar): return .constant(scalar)
    case .literal: internalError("a gradient has an untyped literal")
    case .operation(let op, _):
      steps.append(Step(op: GradientProgram.tableOp(op), operands: operands))
    case .apply(let op, _): steps.append(Step(op: op, operands: operands))
    }
    return .step(steps.count - 1)
  }

  private mutating func reference(toArgument index: Int, arity: Int) -> Reference {
    if index < arity {
      readsOperand |= 1 << UInt8(index)
      return .operand(index)
    }
    if index > arity { return .cotangent }
    readsResult = true
    return .result
  }

  /// The row that records a machine operation of a gradient expression.
  private static func tableOp(_ op: ScalarOp) -> ElementwiseOp {
    switch op {
    case .add: .add
    case .subtract: .subtract
    case .multiply: .multiply
    case .divide: .divide
    case .fma: .fma
    case .negate: .negative
    case .absolute: .abs
    case .squareRoot: .sqrt
    case .equal: .equal
    case .notEqual: .notEqual
    case .less: .less
    case .lessEqual: .lessEqual
    case .select: .select
    case .and: .bitwiseAnd
    case .or: .bitwiseOr
    case .xor: .bitwiseXor
    case .not: .bitwiseInvert
    case .floor, .ceil, .truncate, .roundEven, .remainderFloat, .quotient, .remainder,
      .multiplyHigh, .shiftLeft, .shiftRight, .convert, .bitcast, .lookup, .check:
      internalError("a gradient uses \(op), which is no row of the op table")
    }
  }

  /// The cotangents of the operands of `entry` that `wanted` asks for, of the result's shape.
  func cotangents(
    of entry: Tape.Entry, _ cotangent: Tensor, wanted: (Int) -> Bool
  ) -> [Tensor?] {
    var values = [Tensor?](repeating: nil, count: steps.count)
    func tensor(_ reference: Reference) -> Tensor {
      switch reference {
      case .operand(let index): taped(entry.tensor(of: index))
      case .result: taped(entry.result)
      case .cotangent: cotangent
      case .constant(let scalar): Tensor(weak: .double(scalar.asDouble))
      case .step(let index): taped(values[index])
      }
    }
    // Only the steps that a wanted output depends on; operands precede their users.
    var isNeeded = [Bool](repeating: false, count: steps.count)
    for (position, output) in outputs.enumerated() {
      if wanted(position), case .step(let index)? = output { isNeeded[index] = true }
    }
    for index in steps.indices.reversed() where isNeeded[index] {
      for case .step(let earlier) in steps[index].operands { isNeeded[earlier] = true }
    }
    for index in steps.indices where isNeeded[index] {
      let (op, operands) = (steps[index].op, steps[index].operands)
      // An op of literals alone would compute in the default dtype.
      let dtype = cotangent.dtype
      switch operands.count {
      case 1:
        let x = tensor(operands[0])
        values[index] = Tensor.elementwise(op, x.isWeak ? x.literal(as: dtype) : x, site: .frame)
      case 2:
        let (a, b) = (tensor(operands[0]), tensor(operands[1]))
        let areLiterals = a.isWeak && b.isWeak && !op.isHostArithmetic
        values[index] = Tensor.elementwise(
          op, areLiterals ? a.literal(as: dtype) : a, areLiterals ? b.literal(as: dtype) : b,
          site: .frame)
      default:
        values[index] = Tensor.elementwise(op, operands.map(tensor), site: .frame)
      }
    }
    return outputs.enumerated().map { position, output in
      wanted(position) ? output.map(tensor) : nil
    }
  }
}

extension ElementwiseOp {
  /// Whether two literals make a literal (R41), which has no dtype to lose.
  fileprivate var isHostArithmetic: Bool {
    self == .add || self == .subtract || self == .multiply || self == .divide
  }
}

extension Tensor {
  /// This literal as a number of `dtype`, a float; anything else as it is.
  func literal(as dtype: DType) -> Tensor {
    guard case .weak(let weak) = storage, let scalar = weak.scalar(as: dtype) else { return self }
    return Tensor(Handle(Values.scalar(scalar)))
  }
}

/// A tensor that the tape kept because a gradient rule reads it.
func taped(_ tensor: Tensor?) -> Tensor {
  guard let tensor else { internalError("a tape lost a tensor that a gradient reads") }
  return tensor
}

/// What the rule of an elementwise op reads: asked at every recording, so kept by itself.
private struct RuleReads: Sendable {
  var hasRule = false
  var operands: UInt8 = 0
  var result = false

  /// Both dtypes have the same shape of program.
  static let all = ElementwiseOp.allCases.map { op in
    GradientProgram.of(op, dtype: .float32).map {
      RuleReads(hasRule: true, operands: $0.readsOperand, result: $0.readsResult)
    } ?? RuleReads()
  }

  static func of(_ op: ElementwiseOp) -> RuleReads { all[Int(op.rawValue)] }
}

extension Op {
  /// Whether anything flows back from the op, where its result is floating-point.
  var hasGradient: Bool {
    switch self {
    case .elementwise(let op): RuleReads.of(op).hasRule
    case .iota, .argReduce: false
    case .cast, .view, .reduce, .scan, .pad, .concatenate, .gather, .scatter, .matmul: true
    }
  }

  /// Whether the gradient rule reads operand `position`.
  func gradientReads(operand position: Int) -> Bool {
    switch self {
    case .elementwise(let op): RuleReads.of(op).operands >> UInt8(position) & 1 == 1
    case .reduce(let reduction, _):
      switch reduction {
      case .product, .maximum, .minimum: true
      case .sum, .mean, .any, .all: false
      }
    case .scan(let scan, _): scan == .product
    case .gather, .scatter: position == 1
    case .matmul: true
    case .cast, .iota, .view, .argReduce, .pad, .concatenate: false
    }
  }

  /// Whether the gradient rule reads the result.
  var gradientReadsResult: Bool {
    switch self {
    case .elementwise(let op): RuleReads.of(op).result
    case .reduce(let reduction, _): reduction == .maximum || reduction == .minimum
    case .scan(let scan, _): scan == .maximum || scan == .minimum
    case .cast, .iota, .view, .argReduce, .pad, .concatenate, .gather, .scatter, .matmul: false
    }
  }
}
