// The row of the op table: everything that is known about one elementwise op.

/// One elementwise op: its name, dtype rule, meaning, gradient, domain and accuracy.
///
/// A class, because recording an op looks at its row: a struct's closures and strings would be
/// retained one by one.
package final class OpDefinition: Sendable {
  /// Which operand dtypes an op takes, in which it computes, and what it yields.
  package enum Rule: Sendable, Hashable {
    /// Numbers of the promoted dtype, computed and returned in it.
    case number
    /// As `number`, and bool too.
    case numberOrBool
    /// Floats; integers and bool are converted to the default floating dtype (R4).
    case floating
    /// Integers and bool of the promoted dtype.
    case bits
    /// Integers of the promoted dtype.
    case integer
    /// uint64 alone.
    case word
    /// Anything of the promoted dtype; the result is bool.
    case comparison
    /// Anything, converted to bool; the result is bool.
    case logical
    /// Floats as they are, integers converted; the result is bool.
    case floatPredicate
    /// `(bool, a, b)`: a and b promoted, returned in their dtype.
    case choice

    /// Whether results may be floats, which is what has gradients.
    package var yieldsFloats: Bool {
      switch self {
      case .number, .numberOrBool, .floating, .choice: true
      case .bits, .integer, .word, .comparison, .logical, .floatPredicate: false
      }
    }

    package var yieldsBool: Bool {
      self == .comparison || self == .logical || self == .floatPredicate
    }
  }

  /// Where arguments are sampled by tests and benchmarks of accuracy.
  package struct Domain: Sendable, Hashable {
    package let low: Double
    package let high: Double

    package static let all = Domain(low: -.infinity, high: .infinity)
    package static let positive = Domain(low: 0, high: .infinity)
    package static let unit = Domain(low: -1, high: 1)
    package static let aboveOne = Domain(low: 1, high: .infinity)
    package static let aboveMinusOne = Domain(low: -1, high: .infinity)
  }

  /// The error bound in units in the last place; 0 means correctly rounded or exact.
  package struct Accuracy: Sendable, Hashable {
    package let float32: Double
    package let float64: Double

    package static let exact = Accuracy(float32: 0, float64: 0)
    package static let function = Accuracy(float32: 2.5, float64: 4)
  }

  /// The contribution of a cotangent to each operand: operands, result, cotangent to one expression
  /// an operand, or nil for an operand without gradient.
  package typealias Gradient =
    @Sendable (_ operands: [ScalarExpr], _ result: ScalarExpr, _ cotangent: ScalarExpr)
    -> [ScalarExpr?]

  /// Why an op of floats has no rule: to gradients its result is a constant.
  package enum NoGradient: String, Sendable, Hashable {
    /// The derivative is zero wherever there is one.
    case piecewiseConstant = "its derivative is 0 between jumps"
    /// The result is a neighbour in the order of bit patterns.
    case bitPattern = "it moves bits, which has no derivative"
  }

  package let name: String
  package let arity: Int
  package let rule: Rule
  package let domain: Domain
  package let accuracy: Accuracy
  /// The relative cost of one element, with an addition as 1; the scheduler's unit.
  package let cost: Int
  /// The value in machine operations; the operands have the computing dtype.
  package let meaning: @Sendable (_ operands: [ScalarExpr]) -> ScalarExpr
  /// Nil where the op has no derivative: on integers and bool, and where `noGradient` says why.
  package let gradient: Gradient?
  /// Why an op that takes floats to floats has no rule; nil for every other.
  package let noGradient: NoGradient?

  package init(
    _ name: String, _ arity: Int, _ rule: Rule, domain: Domain = .all,
    accuracy: Accuracy = .exact, cost: Int = 1,
    meaning: @escaping @Sendable ([ScalarExpr]) -> ScalarExpr, gradient: Gradient? = nil,
    noGradient: NoGradient? = nil
  ) {
    self.name = name
    self.arity = arity
    self.rule = rule
    self.domain = domain
    self.accuracy = accuracy
    self.cost = cost
    self.meaning = meaning
    self.gradient = gradient
    self.noGradient = noGradient
  }
}
