// Importing Martlet must not change what other code means.

import Martlet
import Testing

@Suite struct ForeignCodeTests {
  private static func name<T>(_: T) -> String { "\(T.self)" }

  @Test func arithmeticOfIntegerLiteralsStaysInt() {
    let shifted = 1 << 20
    let down = 256 >> 2
    let masked = 12 & 10 | 1 ^ 3
    let sum = 2 * 3 - 1 + 7 % 4
    #expect(ForeignCodeTests.name(shifted) == "Int")
    #expect(ForeignCodeTests.name(down) == "Int")
    #expect(ForeignCodeTests.name(masked) == "Int")
    #expect(ForeignCodeTests.name(sum) == "Int")
    #expect(ForeignCodeTests.name(1 << 20) == "Int")
    #expect(ForeignCodeTests.name(~5) == "Int")
  }

  @Test func arithmeticOfFloatLiteralsStaysDouble() {
    let product = 2.5 * (1 + 3) - 0.25
    #expect(ForeignCodeTests.name(product) == "Double")
    let quotient = 2.5 - 1 / 4
    #expect(ForeignCodeTests.name(quotient) == "Double")
    #expect(ForeignCodeTests.name(-1.5) == "Double")
  }

  @Test func rangesStayRanges() {
    let range = 1..<3
    let closed = 1...3
    let from = 1...
    #expect(ForeignCodeTests.name(range) == "Range<Int>")
    #expect(ForeignCodeTests.name(closed) == "ClosedRange<Int>")
    #expect(ForeignCodeTests.name(from) == "PartialRangeFrom<Int>")
  }

  @Test func comparisonsOfNumbersStayBool() {
    let less = 1 < 2
    let equal = 1.5 == 1.5
    #expect(ForeignCodeTests.name(less) == "Bool")
    #expect(ForeignCodeTests.name(equal) == "Bool")
    #expect(Swift.max(1, 2) == 2)
    #expect(ForeignCodeTests.name(max(1, 2)) == "Int")
    #expect(ForeignCodeTests.name(abs(-3)) == "Int")
  }
}
