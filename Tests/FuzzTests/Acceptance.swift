// Which statements a random program takes: any that run, or those that stay where derivatives are.

import CampaignSupport
import Martlet

/// A rule for the statements of a program.
enum Acceptance: Sendable {
  /// Whatever runs.
  case anything
  /// Values of moderate size, and no function near a pole or the end of its domain, so that
  /// differences of values say something about derivatives; nothing in float32, whose rounding
  /// errors are as large as such differences.
  case smooth

  struct Rejection: Error {}

  /// Throws where the program must not have `x`; reads it in any case.
  func check(_ x: Tensor) throws {
    guard self == .smooth, x.dtype.isFloatingPoint else {
      _ = try Elements(x)
      return
    }
    guard x.dtype == .float64 else { throw Rejection() }
    let numbers = try x.checkedScalars(as: Double.self)
    guard numbers.allSatisfy({ $0.magnitude <= 100 }) else { throw Rejection() }
  }

  /// Whether `result` may be kept: where derivatives are looked at, most results should have some.
  func wants(_ result: Tensor, _ random: inout Generator) -> Bool {
    guard self == .smooth else { return true }
    if result.count == 0 { return random.chance(16) }
    if result.dtype.isFloatingPoint { return true }
    return random.chance(result.dtype == .bool ? 3 : 6)
  }

  /// `statement`, after others that bring its operands into its domain.
  func steps(to statement: Statement, _ machine: Machine) throws -> [Statement] {
    guard self == .smooth else { return [statement] }
    // A factor of 1e30 may give 0, and its cotangents swallow all that they are added to.
    if case .literal(_, let number, _, _) = statement.action, number.magnitude > 100 {
      throw Rejection()
    }
    var steps: [Statement] = []
    var operands = statement.operands
    for place in operands.indices {
      guard let domain = Domain(statement.action, place),
        let x = machine.registers[operands[place]], x.dtype.isFloatingPoint,
        !(try x.checkedScalars(as: Double.self).allSatisfy(domain.contains))
      else { continue }
      for action in domain.entrance {
        steps.append(Statement(action: action, operands: [operands[place]]))
        operands[place] = machine.registers.count + steps.count - 1
      }
    }
    return steps + [Statement(action: statement.action, operands: operands)]
  }
}

/// Where an operand of a function may be, at a distance from poles and ends.
private enum Domain {
  case nonzero, positive, aboveOne, unit, aboveMinusOne
  /// An exponent of moderate size.
  case exponent

  init?(_ action: Statement.Action, _ place: Int) {
    switch action {
    case .unary(let number), .branch(let number, _), .loop(let number):
      self.init(unary: Functions.unary[number].name)
    case .binary(let number), .update(let number):
      self.init(binary: Functions.binary[number].name, place)
    case .literal(let number, _, _, let isLeft):
      let name = Functions.binary[number].name
      // Of two numbers that have an angle one is not 0, and the literal may be.
      let hasAngle = name == "atan2" || name == "hypot"
      self.init(binary: name, isLeft && !hasAngle ? 1 : 0)
    default: return nil
    }
  }

  private init?(unary name: String) {
    switch name {
    case "sqrt", "rsqrt", "log", "log2", "log10": self = .positive
    case "reciprocal", "cbrt": self = .nonzero
    case "asin", "acos", "atanh": self = .unit
    case "acosh": self = .aboveOne
    case "log1p": self = .aboveMinusOne
    default: return nil
    }
  }

  private init?(binary name: String, _ place: Int) {
    switch (name, place) {
    case ("/", 1), ("%", 1), ("floorDivide", 1), ("hypot", 0), ("atan2", 0): self = .nonzero
    case ("pow", 0): self = .positive
    case ("pow", 1): self = .exponent
    default: return nil
    }
  }

  func contains(_ number: Double) -> Bool {
    switch self {
    case .nonzero: number.magnitude >= 0.05
    case .positive: number >= 0.05
    case .aboveOne: number >= 1.05
    case .unit: number.magnitude <= 0.95
    case .aboveMinusOne: number >= -0.95
    case .exponent: number.magnitude <= 4
    }
  }

  /// What leads from any number into the domain: 0.9 tanh(x), or x² + 1.1.
  var entrance: [Statement.Action] {
    switch self {
    case .unit, .exponent:
      [.unary(Functions.unary("tanh")), literal("*", 0.9)]
    case .nonzero, .positive, .aboveOne, .aboveMinusOne:
      [.unary(Functions.unary("square")), literal("+", 1.1)]
    }
  }

  private func literal(_ name: String, _ number: Double) -> Statement.Action {
    .literal(Functions.binary(name), number, isInteger: false, isLeft: false)
  }
}

extension Functions {
  /// The number of the unary function `name`.
  fileprivate static func unary(_ name: String) -> Int {
    unary.firstIndex { $0.name == name } ?? 0
  }

  /// The number of the binary function `name`.
  fileprivate static func binary(_ name: String) -> Int {
    binary.firstIndex { $0.name == name } ?? 0
  }
}
