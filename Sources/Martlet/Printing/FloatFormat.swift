// Text of floating-point elements: one form for all of a tensor's shown elements, as in NumPy.

/// The form in which all shown floating-point elements are written, chosen from their values.
struct FloatFormat {
  /// A number's text, cut at the decimal point and at the exponent.
  private struct Parts {
    var whole: String
    var fraction: String
    var exponent = 0
  }

  /// The most fractional digits: more than any number has, and few enough to count safely.
  private static let maximum = 16_000

  private let options: PrintOptions
  private var isExponential = false
  /// The limits on fractional digits, and whether trailing zeros stay.
  private var precision: Int?
  private var minimum: Int?
  private var keepsZeros = false
  /// The widths before the point, after it, and of the exponent's digits.
  private var leftWidth = 0
  private var rightWidth = 0
  private var exponentWidth = 0

  init(for elements: [BinaryFloat], kind: FloatKind, options: PrintOptions) {
    self.options = options
    precision = options.floatMode == .unique ? nil : min(max(options.precision, 0), Self.maximum)
    keepsZeros = options.floatMode == .fixed
    let finite = elements.filter(\.isFinite)
    if !finite.isEmpty {
      isExponential = Self.needsExponent(finite, kind: kind, options: options)
      measure(finite.map { parts(of: $0) })
      if options.sign == .space && !finite.contains(where: \.isNegative) { leftWidth += 1 }
    }
    if finite.count < elements.count {
      let infinities = elements.lazy.filter { $0.floatClass == .infinite }
      let isSigned = options.sign != .minusOnly || infinities.contains(where: \.isNegative)
      leftWidth = max(
        leftWidth, options.nanText.width - rightWidth - 1,
        options.infinityText.width + (isSigned ? 1 : 0) - rightWidth - 1)
    }
  }

  /// Whether the magnitudes are too large, too small or too different for plain decimals.
  ///
  /// NumPy compares in the elements' format: its bounds and the quotient are rounded to it.
  private static func needsExponent(
    _ finite: [BinaryFloat], kind: FloatKind, options: PrintOptions
  ) -> Bool {
    let magnitudes = finite.lazy.filter { !$0.isZero }.map(\.magnitude)
    guard let largest = magnitudes.max(), let smallest = magnitudes.min() else { return false }
    var bound = 1.0
    for _ in 0..<min(8, kind.decimalPrecision) { bound *= 10 }
    if largest >= bound { return true }
    if options.suppressSmall { return false }
    return smallest < kind.rounded(0.0001) || kind.rounded(largest / smallest) > 1000
  }

  /// Fits the widths to the elements' own texts and sets the digits that all of them get.
  private mutating func measure(_ all: [Parts]) {
    for parts in all {
      leftWidth = max(leftWidth, parts.whole.width)
      rightWidth = max(rightWidth, parts.fraction.width)
      exponentWidth = max(exponentWidth, Self.exponentDigits(parts.exponent).width)
    }
    if isExponential || options.floatMode == .fixed || options.floatMode == .maxPrecisionEqual {
      precision = rightWidth
      minimum = rightWidth
      keepsZeros = true
    } else {
      minimum = 0
    }
    // Beside the fraction: `e`, the sign and the exponent's digits.
    if isExponential { rightWidth += exponentWidth + 2 }
  }

  /// The text of one element.
  func text(of number: BinaryFloat) -> String {
    guard number.isFinite else {
      let isNaN = number.floatClass == .nan
      let sign = number.isNegative && !isNaN ? "-" : options.sign == .plus ? "+" : ""
      return (sign + (isNaN ? options.nanText : options.infinityText))
        .leftPadded(to: leftWidth + rightWidth + 1)
    }
    let parts = parts(of: number)
    var result = parts.whole.leftPadded(to: leftWidth) + "." + parts.fraction
    if isExponential {
      result += parts.exponent < 0 ? "e-" : "e+"
      let digits = Self.exponentDigits(parts.exponent)
      result += String(repeating: "0", count: max(exponentWidth - digits.width, 0)) + digits
    } else {
      result += .spaces(rightWidth - parts.fraction.width)
    }
    return result
  }

  /// The digits of an exponent, at least two.
  private static func exponentDigits(_ exponent: Int) -> String {
    let digits = String(exponent.magnitude)
    return digits.width < 2 ? "0" + digits : digits
  }

  private func parts(of number: BinaryFloat) -> Parts {
    let isUnique = options.floatMode != .fixed
    let wholeDigits = isExponential ? 1 : 0
    let limits = DigitLimits(
      origin: isExponential ? .firstDigit : .decimalPoint, stopsWhenUnique: isUnique,
      atMost: precision.map { $0 + wholeDigits }, atLeast: minimum.map { $0 + wholeDigits })
    let decimal = DecimalDigits(of: number, limits: limits)

    // The digits with the zeros that the point's place asks for, and how many precede the point.
    var digits = decimal.digits
    let wholeCount = isExponential ? 1 : max(decimal.exponent, 0) + 1
    if !isExponential && decimal.exponent < 0 {
      digits.insert(contentsOf: repeatElement(0, count: -decimal.exponent), at: 0)
    }
    let wanted = keepsZeros ? (isUnique ? minimum : precision) ?? 0 : 0
    let missing = wholeCount + wanted - digits.count
    if missing > 0 { digits.append(contentsOf: repeatElement(0, count: missing)) }
    if !keepsZeros {
      while digits.count > wholeCount && digits.last == 0 { digits.removeLast() }
    }

    let sign = number.isNegative ? "-" : options.sign == .plus ? "+" : ""
    let text = digits.map { $0 &+ UInt8(ascii: "0") }
    return Parts(
      whole: sign + String(decoding: text[..<wholeCount], as: UTF8.self),
      fraction: String(decoding: text[wholeCount...], as: UTF8.self),
      exponent: isExponential ? decimal.exponent : 0)
  }
}
