// Errors in units in the last place, and the worst of them.

import MartletIR

/// |got - exact| / ulp(exact); infinite where the class or the sign of a zero is wrong.
///
/// The unit is that of `Result` at `exact`, which has more precision; a result beyond the largest
/// number counts as the power of two above it.
func errorInULP<Result: BinaryFloatingPoint, Exact: BinaryFloatingPoint>(
  _ got: Result, _ exact: Exact
) -> Double {
  if exact.isNaN { return got.isNaN ? 0 : .infinity }
  if got.isNaN { return .infinity }
  if exact.isInfinite { return got.isInfinite && got.sign == exact.sign ? 0 : .infinity }
  if exact == 0 { return got == 0 && got.sign == exact.sign ? 0 : .infinity }
  let least = Int(Result.leastNormalMagnitude.exponent)
  let greatest = Int(Result.greatestFiniteMagnitude.exponent)
  let exponent = min(max(Int(exact.exponent), least), greatest)
  let unit = exponent - Result.significandBitCount
  let limit = scaled(Exact(1), by: greatest + 1)
  // Past the power of two above the largest number infinity is the answer.
  if exact.magnitude >= limit {
    return got.isInfinite && got.sign == exact.sign ? 0 : .infinity
  }
  let value = got.isInfinite ? (got.sign == .minus ? -limit : limit) : Exact(got)
  return Double(scaled((value - exact).magnitude, by: -unit))
}

/// `x * 2^exponent`, also where the factor itself would overflow.
private func scaled<Number: BinaryFloatingPoint>(_ x: Number, by exponent: Int) -> Number {
  let half = exponent / 2
  return x * Number(sign: .plus, exponent: Number.Exponent(half), significand: 1)
    * Number(sign: .plus, exponent: Number.Exponent(exponent - half), significand: 1)
}

/// The largest error seen, and where.
struct Worst: Sendable {
  private(set) var error = -1.0
  private(set) var text = ""
  private(set) var count = 0

  mutating func add(_ error: Double, _ text: @autoclosure () -> String) {
    count += 1
    guard error > self.error else { return }
    self.error = error
    self.text = text()
  }

  /// One line of the table of errors.
  func line(_ op: ElementwiseOp, _ dtype: DType, _ bound: Double) -> String {
    var name = "\(op)"
    while name.count < 12 { name += " " }
    let hundredths = Int((error.isFinite ? error : 1e6) * 1000 + 0.5)
    var figure = "\(hundredths % 1000)"
    while figure.count < 3 { figure = "0" + figure }
    return
      "ulp \(dtype) \(name) \(hundredths / 1000).\(figure) (bar \(bound), \(count) points) \(text)"
  }
}
