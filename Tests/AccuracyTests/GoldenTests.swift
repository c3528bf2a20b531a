// Committed points with values of more than 100 bits: the reference of every architecture.

import CampaignSupport
import Glibc
import MartletIR
import Testing

/// A point of Tests/Golden/math.tsv.
private struct GoldenPoint {
  enum Exact {
    case special(Double)
    /// (high + low) * 2^exponent with 1 <= |high| <= 2.
    case number(exponent: Int, high: Double, low: Double)
  }

  let op: Substring
  let dtype: Substring
  let arguments: [UInt64]
  let exact: Exact

  init?(_ line: Substring) {
    let fields = line.split(separator: " ")
    guard fields.count >= 4 else { return nil }
    (op, dtype) = (fields[0], fields[1])
    let arity = BinaryFunction.all.contains { $0.op.description == fields[0] } ? 2 : 1
    arguments = fields[2..<2 + arity].compactMap { UInt64($0, radix: 16) }
    let rest = fields[(2 + arity)...]
    switch rest.first {
    case "nan": exact = .special(.nan)
    case "inf": exact = .special(.infinity)
    case "-inf": exact = .special(-.infinity)
    case "0" where rest.count == 1: exact = .special(0)
    default:
      let bits = rest.dropFirst().compactMap { UInt64($0, radix: 16) }
      guard let exponent = rest.first.flatMap({ Int($0) }), bits.count == 2 else { return nil }
      exact = .number(
        exponent: exponent, high: Double(bitPattern: bits[0]), low: Double(bitPattern: bits[1]))
    }
  }

  /// The error of `got`, a result of `significandBits` explicit bits between the two exponents.
  func error(_ got: Double, significandBits: Int, least: Int, greatest: Int) -> Double {
    switch exact {
    case .special(let value):
      if value.isNaN { return got.isNaN ? 0 : .infinity }
      return got == value ? 0 : .infinity
    case .number(let exponent, let high, let low):
      if got.isNaN { return .infinity }
      if exponent > greatest {
        return got.isInfinite && got.sign == high.sign ? 0 : .infinity
      }
      let unit = max(exponent, least) - significandBits - exponent
      let value =
        got.isInfinite
        ? scalbn(got.sign == .minus ? -1 : 1, Int32(greatest + 1 - exponent))
        : scaled(got, by: -exponent)
      return abs((value - high) - low) * exp2(Double(-unit))
    }
  }

  private func scaled(_ x: Double, by exponent: Int) -> Double {
    // Two steps: the factor alone may overflow.
    scalbn(scalbn(x, Int32(exponent / 2)), Int32(exponent - exponent / 2))
  }
}

@Suite struct GoldenTests {
  private static let points: [GoldenPoint] = {
    let path = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
    guard let file = fopen("/\(path)/Golden/math.tsv", "r") else { return [] }
    defer { fclose(file) }
    var text: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = fread(&block, 1, block.count, file), count > 0 {
      text += block[..<count]
    }
    return String(decoding: text, as: UTF8.self).split(separator: "\n").compactMap {
      GoldenPoint($0)
    }
  }()

  @Test(arguments: [DType.float32, .float64]) func math(_ dtype: DType) throws {
    #expect(Self.points.count == 30 * 2 * 128)
    let ops = (UnaryFunction.all.map(\.op) + BinaryFunction.all.map(\.op))
    for op in ops where op != .reciprocal {
      let points = Self.points.filter {
        $0.op == op.description && $0.dtype == dtype.description
      }
      #expect(points.count == 128, "\(op)")
      var worst = Worst()
      let results = try results(op, dtype, points)
      for (point, result) in zip(points, results) {
        let isSingle = dtype == .float32
        let error = point.error(
          result, significandBits: isSingle ? 23 : 52, least: isSingle ? -126 : -1022,
          greatest: isSingle ? 127 : 1023)
        worst.add(
          error, "at \(point.arguments.map { String($0, radix: 16) }) gives \(result)")
      }
      let accuracy = op.definition.accuracy
      let stated = dtype == .float32 ? accuracy.float32 : accuracy.float64
      let bound = stated == 0 ? 0.5 : stated
      #expect(worst.error <= bound, "\(worst.line(op, dtype, bound))")
    }
  }

  private func results(
    _ op: ElementwiseOp, _ dtype: DType, _ points: [GoldenPoint]
  ) throws -> [Double] {
    let arguments = (0..<op.arity).map { k in points.map { $0.arguments[k] } }
    if dtype == .float32 {
      let floats = arguments.map { $0.map { Float(bitPattern: UInt32($0)) } }
      return try Evaluation(op, floats).results.map { Double($0) }
    }
    return try Evaluation(op, arguments.map { $0.map { Double(bitPattern: $0) } }).results
  }
}
