// The order in which an expression is evaluated: each node once, its operands before it.

/// What an evaluation in order gives to the nodes of expressions: a number, a place, a reference.
///
/// Nodes are told apart by identity, so a `let` that is used twice is one node; the walk is a loop,
/// so the depth of an expression does not matter.
package struct ExprNumbering<Number> {
  /// A node is kept beside its number: while it lives no other has its identity.
  private var numbers: [ObjectIdentifier: (node: ScalarExpr.Node, number: Number)] = [:]

  package init() {}

  /// The number of `root`, after every node that it depends on has got one.
  ///
  /// `operands` says which nodes come before one; `number` gives a node its number from theirs.
  package mutating func number(
    of root: ScalarExpr, operands: (ScalarExpr) -> [ScalarExpr],
    number: (ScalarExpr, [Number]) -> Number
  ) -> Number {
    var pending = [root]
    while let expr = pending.last {
      if self[expr] == nil {
        let needed = operands(expr)
        let missing = needed.filter { self[$0] == nil }
        guard missing.isEmpty else {
          pending += missing.reversed()
          continue
        }
        let own = number(expr, needed.compactMap { self[$0] })
        numbers[ObjectIdentifier(expr.node)] = (expr.node, own)
      }
      pending.removeLast()
    }
    guard let result = self[root] else { internalError("an expression was not numbered") }
    return result
  }

  private subscript(expr: ScalarExpr) -> Number? { numbers[ObjectIdentifier(expr.node)]?.number }
}
