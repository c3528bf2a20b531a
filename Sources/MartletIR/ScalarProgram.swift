// Scalar expressions flattened to straight-line code: what the engines actually execute.

/// A list of machine operations in order, each used value computed once.
package struct ScalarProgram: Sendable, Hashable {
  /// One value of the program; operands are indices of earlier instructions.
  package enum Instruction: Sendable, Hashable {
    case argument(Int)
    case constant(Scalar)
    case operation(ScalarOp, [Int])
  }

  package private(set) var instructions: [Instruction] = []
  /// The dtype of each instruction's value.
  package private(set) var dtypes: [DType] = []
  package private(set) var results: [Int] = []

  private struct Key: Hashable {
    let instruction: Instruction
    let dtype: DType
  }

  /// Flattens `expressions`, expanding rows of the op table and sharing equal subexpressions.
  package init(_ expressions: [ScalarExpr]) {
    var numbering = ExprNumbering<Int>()
    var equal: [Key: Int] = [:]
    var expansions: [ObjectIdentifier: ScalarExpr] = [:]

    func operands(_ expr: ScalarExpr) -> [ScalarExpr] {
      switch expr.kind {
      case .argument, .constant, .literal: return []
      case .operation(_, let operands): return operands
      case .apply(let op, let operands):
        let id = ObjectIdentifier(expr.node)
        let expansion = expansions[id] ?? op.definition.meaning(operands)
        expansions[id] = expansion
        return [expansion]
      }
    }

    func emit(_ instruction: Instruction, _ dtype: DType) -> Int {
      let key = Key(instruction: instruction, dtype: dtype)
      if let known = equal[key] { return known }
      instructions.append(instruction)
      dtypes.append(dtype)
      equal[key] = instructions.count - 1
      return instructions.count - 1
    }

    for root in expressions {
      let result = numbering.number(of: root, operands: operands) { expr, operands in
        switch expr.kind {
        case .argument(let index): emit(.argument(index), expr.dtype)
        case .constant(let scalar): emit(.constant(scalar), expr.dtype)
        case .literal: internalError("a literal met no typed operand")
        case .operation(let op, _): emit(.operation(op, operands), expr.dtype)
        case .apply: operands[0]
        }
      }
      results.append(result)
    }
  }

  /// The program of `op` on operands of `dtype` (for `select`, of its second and third operand).
  package init(_ op: ElementwiseOp, dtype: DType) {
    let arguments = (0..<op.arity).map { index in
      ScalarExpr.argument(index, op == .select && index == 0 ? .bool : dtype)
    }
    self.init([op.definition.meaning(arguments)])
  }
}

extension ScalarProgram: CustomStringConvertible {
  package var description: String {
    instructions.indices.map { index in
      switch instructions[index] {
      case .argument(let number): "v\(index): \(dtypes[index]) = argument \(number)"
      case .constant(let scalar): "v\(index): \(dtypes[index]) = \(scalar)"
      case .operation(let op, let operands):
        "v\(index): \(dtypes[index]) = \(op) \(operands.map { "v\($0)" }.joined(separator: ", "))"
      }
    }.joined(separator: "\n") + "\n-> " + results.map { "v\($0)" }.joined(separator: ", ")
  }
}
