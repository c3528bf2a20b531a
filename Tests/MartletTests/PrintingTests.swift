// Printed tensors equal what NumPy prints (Tests/Golden/printing.txt), and printing reads little.

import Foundation
import Martlet
import MartletIR
import MartletRuntime
import Testing

@testable import Martlet

/// One line of the golden file: an array and its text. The format is described in
/// `generate_printing.py`.
struct PrintingCase {
  let dtype: DType
  let shape: Shape
  var options = PrintOptions()
  let elements: (Int) -> Scalar
  let expected: String

  init?(line: Substring) {
    let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
    guard fields.count == 5,
      let dtype = DType.allCases.first(where: { $0.description == fields[0] })
    else { return nil }
    self.dtype = dtype
    shape = Shape(fields[1].split(separator: ",").compactMap { Int($0) })
    expected = String(fields[4].replacing("\\n", with: "\n"))
    if fields[3].hasPrefix("rule ") {
      let rule = fields[3].dropFirst(5).split(separator: " ").compactMap { Int($0) }
      guard rule.count == 4 else { return nil }
      elements = { i in
        let value = i * rule[0] % rule[1] + rule[2]
        return dtype.isFloatingPoint
          ? Scalar(rounding: Double(value) / Double(rule[3]), as: dtype)
          : Scalar(wrapping: Int64(value), as: dtype)
      }
    } else {
      let bits = fields[3].split(separator: " ").compactMap { UInt64($0, radix: 16) }
      guard bits.count == shape.elementCount else { return nil }
      elements = { Scalar(dtype: dtype, bits: bits[$0]) }
    }
    for option in fields[2].split(separator: " ") {
      let pair = option.split(separator: "=")
      guard pair.count == 2, set(String(pair[0]), to: String(pair[1])) else { return nil }
    }
  }

  /// Sets one option; false when there is no such option or value.
  private mutating func set(_ name: String, to value: String) -> Bool {
    switch name {
    case "precision": options.precision = Int(value) ?? 0
    case "threshold": options.threshold = Int(value) ?? 0
    case "edgeItems": options.edgeItems = Int(value) ?? 0
    case "lineWidth": options.lineWidth = Int(value) ?? 0
    case "suppressSmall": options.suppressSmall = value == "1"
    case "nan": options.nanText = value
    case "inf": options.infinityText = value
    case "sign":
      let signs: [String: PrintOptions.Sign] = [
        "minusOnly": .minusOnly, "plus": .plus, "space": .space,
      ]
      guard let sign = signs[value] else { return false }
      options.sign = sign
    case "floatMode":
      let modes: [String: PrintOptions.FloatMode] = [
        "fixed": .fixed, "unique": .unique, "maxPrecision": .maxPrecision,
        "maxPrecisionEqual": .maxPrecisionEqual,
      ]
      guard let mode = modes[value] else { return false }
      options.floatMode = mode
    default: return false
    }
    return true
  }

  var text: String {
    tensorText(dtype: dtype, shape: shape, options: options, read: elements)
  }

  /// The array as a user's tensor.
  func tensor() throws -> Tensor {
    let value = try Values.uninitialized(dtype, shape)
    for index in 0..<shape.elementCount {
      Values.store(elements(index), at: value.buffer.pointer + index * dtype.byteCount)
    }
    return Tensor(Handle(value))
  }
}

@Suite struct PrintingTests {
  private static func goldenLines() throws -> [Substring] {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../Golden/printing.txt")
    return try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
  }

  @Test func equalsNumPy() throws {
    let lines = try Self.goldenLines()
    #expect(lines.count >= 400)
    for line in lines {
      let golden = try #require(PrintingCase(line: line), "malformed: \(line)")
      #expect(golden.text == golden.expected)
    }
  }

  /// The same text through the users' method, for every golden array that has options.
  @Test func tensorsPrintWithOptions() throws {
    let cases = try Self.goldenLines().compactMap(PrintingCase.init(line:))
      .filter { $0.options != PrintOptions() }
    #expect(cases.count >= 150)
    for golden in cases {
      #expect(try golden.tensor().description(options: golden.options) == golden.expected)
    }
    // NumPy 2: np.printoptions(precision=3, suppress=True, threshold=5, edgeitems=2, linewidth=30).
    let x = Tensor.arange(12).reshape([2, 6]) / 7
    let options = PrintOptions(
      precision: 3, threshold: 5, edgeItems: 2, lineWidth: 30, suppressSmall: true)
    let expected = """
      Tensor([[0.   , 0.143, ...,
               0.571, 0.714],
              [0.857, 1.   , ...,
               1.429, 1.571]], shape=(2, 6), dtype=float32)
      """
    #expect(x.description(options: options) == expected)
    #expect(x.description(options: PrintOptions()) == "\(x)")
  }

  @Test func shortenedTensorsReadOnlyWhatTheyShow() {
    var reads = 0
    let text = tensorText(dtype: .int64, shape: [1 << 20, 1 << 20, 1 << 20]) { index in
      reads += 1
      return Scalar(wrapping: Int64(index & 7), as: .int64)
    }
    #expect(reads == 6 * 6 * 6)
    #expect(text.hasPrefix("Tensor([[[0, 1, 2, ..., 5, 6, 7],\n"))
  }

  @Test func emptyTensorsReadNothing() {
    let text = tensorText(dtype: .float32, shape: [1 << 40, 0]) { _ in
      Issue.record("an element was read")
      return Scalar(Float(0))
    }
    #expect(text == "Tensor([], shape=(1099511627776, 0), dtype=float32)")
  }

  @Test func extremeOptionsAreHarmless() {
    var options = PrintOptions()
    options.precision = .min
    options.edgeItems = .max
    options.threshold = .min
    options.lineWidth = .min
    let text = tensorText(dtype: .float64, shape: [2], options: options) {
      Scalar(Double($0) + 0.25)
    }
    #expect(text == "Tensor([0.,\n        1.], shape=(2,), dtype=float64)")
    options.edgeItems = .min
    options.precision = .max
    options.lineWidth = .max
    let short = tensorText(dtype: .float64, shape: [3], options: options) {
      Scalar(Double($0) / 10)
    }
    #expect(short == "Tensor([0. , ..., 0.2], shape=(3,), dtype=float64)")
  }

  @Test(arguments: [([], "()"), ([3], "(3,)"), ([1, 1], "(1, 1)"), ([2, 0, 5], "(2, 0, 5)")])
  func shapesReadAsTuples(dimensions: [Int], expected: String) {
    #expect(tupleText(Shape(dimensions)) == expected)
  }
}
