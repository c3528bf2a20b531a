// Texts of a tensor's shown elements: one formatter per kind of dtype.

import MartletIR

/// The texts of the shown elements, in order, aligned with each other.
///
/// - Parameter isScalar: whether the tensor has no axes, so that nothing is aligned.
func elementTexts(
  _ elements: [Scalar], dtype: DType, isScalar: Bool, options: PrintOptions
) -> [String] {
  switch dtype {
  case .bool:
    boolTexts(elements, isScalar: isScalar)
  case .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64:
    integerTexts(elements, sign: options.sign)
  case .float32:
    floatTexts(elements, kind: .float32, options: options)
  case .float64:
    floatTexts(elements, kind: .float64, options: options)
  }
}

private func boolTexts(_ elements: [Scalar], isScalar: Bool) -> [String] {
  let trueText = isScalar ? "True" : " True"
  return elements.map { $0.bits == 0 ? "False" : trueText }
}

/// Integers, aligned on the right.
private func integerTexts(_ elements: [Scalar], sign: PrintOptions.Sign) -> [String] {
  let plain = elements.map { $0.dtype.isSigned ? String($0.int64) : String($0.bits) }
  let hasNegative = plain.contains { $0.hasPrefix("-") }
  let mark =
    switch sign {
    case .minusOnly: ""
    case .plus: "+"
    case .space: hasNegative ? "" : " "
    }
  let marked = plain.map { $0.hasPrefix("-") ? $0 : mark + $0 }
  let width = marked.lazy.map(\.width).max() ?? 0
  return marked.map { $0.leftPadded(to: width) }
}

private func floatTexts(
  _ elements: [Scalar], kind: FloatKind, options: PrintOptions
) -> [String] {
  let numbers = elements.map { BinaryFloat(bitPattern: $0.bits, kind: kind) }
  let format = FloatFormat(for: numbers, kind: kind, options: options)
  return numbers.map { format.text(of: $0) }
}

extension String {
  /// The number of columns the text takes.
  var width: Int { unicodeScalars.count }

  static func spaces(_ count: Int) -> String {
    String(repeating: " ", count: Swift.max(count, 0))
  }

  /// The text with spaces before it, so that it is at least `width` columns wide.
  func leftPadded(to width: Int) -> String {
    .spaces(width - self.width) + self
  }
}
