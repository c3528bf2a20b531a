// Numbers as text: with a fixed count of decimals, and as JSON.

/// `number` with `decimals` places, rounded.
func fixed(_ number: Double, _ decimals: Int) -> String {
  var scale = 1.0
  for _ in 0..<decimals { scale *= 10 }
  let scaled = (number * scale).rounded()
  guard scaled.magnitude < 0x1p53 else { return "\(number)" }
  let digits = String(Int(scaled.magnitude))
  let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
  let text = decimals == 0 ? padded : "\(padded.dropLast(decimals)).\(padded.suffix(decimals))"
  return scaled < 0 ? "-" + text : text
}

extension TrainingResult {
  /// The result as one JSON object.
  var json: String {
    // JSON has no NaN and no infinities.
    func number(_ value: Double) -> String { value.isFinite ? "\(value)" : "null" }
    return """
      {
        "losses": [\(losses.map(number).joined(separator: ", "))],
        "w": \(number(w)),
        "b": \(number(b)),
        "us_per_step": \(number(microsecondsPerStep))
      }

      """
  }
}
