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
    var numbers: [ObjectIdentifier: Int] = [:]
    var equal: [Key: Int] = [:]
    // Expansions of table rows are kept alive while their nodes' identities are in use.
    var expansions: [ObjectIdentifier: ScalarExpr] = [:]

    func emit(_ instruction: Instruction, _ dtype: DType) -> Int {
      let key = Key(instruction: instruction, dtype: dtype)
      if let known = equal[key] { return known }
      instructions.append(instruction)
      dtypes.append(dtype)
      equal[key] = instructions.count - 1
      return instructions.count - 1
    }

    for root in expressions {
      var pending = [root]
      while let expr = pending.last {
        let id = ObjectIdentifier(expr.node)
        if numbers[id] != nil {
          pending.removeLast()
          continue
        }
        switch expr.kind {
        case .argument(let index): numbers[id] = emit(.argument(index), expr.dtype)
        case .constant(let scalar): numbers[id] = emit(.constant(scalar), expr.dtype)
        case .literal: internalError("a literal met no typed operand")
        case .operation(let op, let operands):
          let missing = operands.filter { numbers[ObjectIdentifier($0.node)] == nil }
          if missing.isEmpty {
            let arguments = operands.compactMap { numbers[ObjectIdentifier($0.node)] }
            numbers[id] = emit(.operation(op, arguments), expr.dtype)
          } else {
            pending += missing.reversed()
          }
        case .apply(let op, let operands):
          if let expansion = expansions[id] {
            numbers[id] = numbers[ObjectIdentifier(expansion.node)]
          } else {
            let expansion = op.definition.meaning(operands)
            expansions[id] = expansion
            pending.append(expansion)
          }
        }
      }
      guard let result = numbers[ObjectIdentifier(root.node)] else {
        internalError("an expression was not flattened")
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
