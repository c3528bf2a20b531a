// JSON: values as text.

/// A JSON value.
enum JSON {
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSON])
  case object([(String, JSON)])

  /// The value as text; objects of an array on lines of their own.
  var text: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .integer(let value): "\(value)"
    // JSON has no NaN and no infinities.
    case .number(let value): value.isFinite ? "\(value)" : "null"
    case .string(let value): JSON.quoted(value)
    case .array(let values): "[\n" + values.map(\.text).joined(separator: ",\n") + "\n]"
    case .object(let members):
      "{" + members.map { "\(JSON.quoted($0)): \($1.text)" }.joined(separator: ", ") + "}"
    }
  }

  /// A number rounded to `decimals` places, null where there is none.
  static func rounded(_ value: Double?, _ decimals: Int) -> JSON {
    value.flatMap { Double(fixed($0, decimals)) }.map(JSON.number) ?? .null
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\\(scalar)"
      case "\0"..<" ":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
