// Laws that results obey in every bit: bounds, symmetries, exact points, special values.

import CampaignSupport
import Glibc
import MartletIR
import Testing

@Suite struct LawTests {
  private static let odd: [ElementwiseOp] = [
    .sin, .tan, .asin, .atan, .sinh, .tanh, .asinh, .atanh, .erf, .cbrt,
  ]
  private static let even: [ElementwiseOp] = [.cos, .cosh]
  private static let bounded: [ElementwiseOp] = [.sin, .cos, .tanh, .erf]

  /// |sin|, |cos|, |tanh| and |erf| are at most 1; f(-x) is f(x) or -f(x), bit for bit.
  @Test(arguments: odd + even) func boundsAndSymmetries(_ op: ElementwiseOp) throws {
    let step = Measure.isFull ? 211 : 211 * 101
    let patterns = stride(from: 0, to: 0x7F80_0000, by: step)
    let floats = patterns.map { Float(bitPattern: UInt32($0)) }
    try check(op, floats)
    var points = Points<Double>(44)
    try check(op, (0..<(Measure.isFull ? 1_000_000 : 20_000)).map { abs(points.point($0, op)) })
  }

  private func check<Element: BinaryFloatingPoint & BitwiseCopyable>(
    _ op: ElementwiseOp, _ arguments: [Element]
  ) throws {
    let results = try Evaluation(op, [arguments]).results
    let mirrored = try Evaluation(op, [arguments.map { -$0 }]).results
    let isOdd = Self.odd.contains(op)
    var failures = 0
    for i in arguments.indices {
      let (a, b) = (results[i], isOdd ? -mirrored[i] : mirrored[i])
      let agrees = (a == b && a.sign == b.sign) || (a.isNaN && b.isNaN)
      let isInside = !Self.bounded.contains(op) || !(abs(a) > 1)
      if !agrees || !isInside {
        failures += 1
        if failures == 1 { Issue.record("\(op) at ±\(arguments[i]) gives \(a) and \(mirrored[i])") }
      }
    }
    #expect(failures == 0)
  }

  /// Powers of two and of ten, and their logarithms.
  @Test func exactPoints() throws {
    func expectEqual<Element: BinaryFloatingPoint & BitwiseCopyable>(
      _ op: ElementwiseOp, _ arguments: [Element], _ expected: [Element]
    ) throws {
      let results = try Evaluation(op, [arguments]).results
      for i in arguments.indices {
        #expect(results[i] == expected[i], "\(op) of \(arguments[i])")
      }
    }
    let single = Array(-149...127)
    try expectEqual(.exp2, single.map { Float($0) }, single.map { scalbn(Float(1), $0) })
    try expectEqual(.log2, single.map { scalbn(Float(1), $0) }, single.map { Float($0) })
    let double = Array(-1074...1023)
    try expectEqual(.exp2, double.map { Double($0) }, double.map { scalbn(1.0, $0) })
    try expectEqual(.log2, double.map { scalbn(1.0, $0) }, double.map { Double($0) })
    let cubes = (1...200).map { Double($0) }
    try expectEqual(.cbrt, cubes.map { $0 * $0 * $0 }, cubes)
    try expectEqual(.cbrt, cubes.map { Float($0 * $0 * $0) }, cubes.map { Float($0) })
    // Powers of ten that are exact in the dtype.
    var (tens, exponents) = ([1.0], [0.0])
    while tens.count < 23 {
      tens.append(tens[tens.count - 1] * 10)
      exponents.append(exponents[exponents.count - 1] + 1)
    }
    try expectEqual(.log10, tens, exponents)
    try expectEqual(
      .log10, tens.prefix(11).map { Float($0) }, exponents.prefix(11).map { Float($0) })
  }

  /// The special cases of the array API standard.
  @Test func specialValues() throws {
    for line in SpecialValues.table.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard let op = ElementwiseOp.allCases.first(where: { $0.description == words[0] }) else {
        Issue.record("no op \(words[0])")
        continue
      }
      for group in line.dropFirst(words[0].count).split(separator: ";") {
        let sides = group.split(separator: ":")
        let numbers = sides[0].split(separator: " ").compactMap { SpecialValues.number($0) }
        let expected = sides[1].split(separator: " ").compactMap { SpecialValues.number($0) }
        #expect(numbers.count == op.arity && expected.count == 1, "\(line)")
        let double = try Evaluation<Double>(op, numbers.map { [$0] }).results[0]
        let single = try Evaluation<Float>(op, numbers.map { [Float($0)] }).results[0]
        #expect(SpecialValues.agree(double, expected[0]), "\(op)\(group) in float64: \(double)")
        #expect(
          SpecialValues.agree(single, Float(expected[0])), "\(op)\(group) in float32: \(single)")
      }
    }
  }
}
