// Text of a tensor: nested brackets, rows wrapped at the line width, long axes shortened to edges.

package import MartletIR

/// The text of an array of numbers, as NumPy's `array2string` lays it out.
package struct ArrayText {
  private let shape: Shape
  private let options: PrintOptions
  private let separator: String
  private let prefixWidth: Int
  private let isShortened: Bool
  private let elements: [String]

  /// Reads and formats the elements that will be shown, each once, and no others.
  ///
  /// - Parameters:
  ///   - prefix: the text that will precede the array's, which indents its further lines.
  ///   - read: gives the element at a row-major index.
  package init(
    dtype: DType, shape: Shape, options: PrintOptions = PrintOptions(),
    separator: String = ", ", prefix: String = "", read: (Int) -> Scalar
  ) {
    self.shape = shape
    self.options = options
    self.separator = separator
    prefixWidth = prefix.width
    isShortened = shape.elementCount > options.threshold

    var shown: [Int] = shape.elementCount == 0 ? [] : [0]
    for length in shape where shape.elementCount > 0 {
      let positions = Self.shownPositions(
        length, edge: isShortened ? max(options.edgeItems, 1) : nil)
      shown = shown.flatMap { outer in positions.map { outer &* length &+ $0 } }
    }
    elements = elementTexts(
      shown.map(read), dtype: dtype, isScalar: shape.isEmpty, options: options)
  }

  /// The shown positions of an axis: all of them, or `edge` at each end of a longer one.
  private static func shownPositions(_ length: Int, edge: Int?) -> [Int] {
    guard let edge, edge < length - edge else { return Array(0..<length) }
    return Array(0..<edge) + Array(length - edge..<length)
  }

  /// The array's text, without the prefix.
  package func text() -> String {
    guard !elements.isEmpty else { return "[]" }
    guard !shape.isEmpty else { return elements[0] }
    var next = 0
    var result = ""
    writeBlock(axis: 0, next: &next, to: &result)
    return result
  }

  /// Writes the part of the array that begins at the shown element `next` and spans the axes from
  /// `axis` on.
  private func writeBlock(axis: Int, next: inout Int, to result: inout String) {
    let edge = max(options.edgeItems, 1)
    let length = shape[axis]
    // Written so that a huge edge cannot overflow.
    let leading = isShortened && edge < length - edge ? edge : length
    let items = leading < length ? 2 * edge : length

    result += "["
    if axis == shape.rank - 1 {
      writeRow(items: items, leading: leading, indent: prefixWidth + 1 + axis, next: &next, &result)
    } else {
      let newlines = String(repeating: "\n", count: shape.rank - axis - 1)
      let lineEnd = separator.withoutTrailingSpaces + newlines + .spaces(prefixWidth + 1 + axis)
      for item in 0..<items {
        if item > 0 { result += lineEnd }
        if item == leading { result += "..." + lineEnd }
        writeBlock(axis: axis + 1, next: &next, to: &result)
      }
    }
    result += "]"
  }

  /// Writes the shown elements of one row, continuing it on a new line where one would not fit.
  private func writeRow(
    items: Int, leading: Int, indent: Int, next: inout Int, _ result: inout String
  ) {
    // Room is left for what may follow an element: the separator, or this and all outer brackets.
    let limit =
      max(options.lineWidth, 0) - (shape.rank - 1) - max(separator.withoutTrailingSpaces.width, 1)
    var line = ""
    var column = indent

    func append(_ word: String) {
      if column + word.width > limit && column > indent {
        result += line.withoutTrailingSpaces + "\n"
        line = .spaces(indent)
        column = indent
      }
      line += word
      column += word.width
    }

    func appendSeparator() {
      line += separator
      column += separator.width
    }

    for item in 0..<items {
      if item > 0 { appendSeparator() }
      if item == leading {
        append("...")
        appendSeparator()
      }
      append(elements[next])
      next += 1
    }
    result += line
  }
}

extension String {
  fileprivate var withoutTrailingSpaces: String {
    let spaceCount = utf8.reversed().prefix { $0 == UInt8(ascii: " ") }.count
    return String(dropLast(spaceCount))
  }
}

/// The text of a shape as a Python tuple: `()`, `(3,)`, `(2, 3)`.
package func tupleText(_ shape: Shape) -> String {
  let lengths = shape.map { String($0) }.joined(separator: ", ")
  return shape.rank == 1 ? "(" + lengths + ",)" : "(" + lengths + ")"
}

/// The text of a tensor: `Tensor([1, 2], shape=(2,), dtype=int64)`.
///
/// - Parameter read: gives the element at a row-major index; only shown elements are asked for.
package func tensorText(
  dtype: DType, shape: Shape, options: PrintOptions = PrintOptions(),
  read: (Int) -> Scalar
) -> String {
  let prefix = "Tensor("
  let elements = ArrayText(
    dtype: dtype, shape: shape, options: options, prefix: prefix, read: read)
  return prefix + elements.text() + ", shape=" + tupleText(shape)
    + ", dtype=" + dtype.description + ")"
}
