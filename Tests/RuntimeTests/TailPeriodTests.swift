// The period of a tail, against its definition.

import CampaignSupport
import Testing

@testable import MartletRuntime

@Suite struct TailPeriodTests {
  private static func period(_ elements: [Int]) -> Int {
    let borders = UnsafeMutablePointer<Int32>.allocate(capacity: elements.count + 1)
    defer { borders.deallocate() }
    return TailPeriod.find(count: elements.count, borders: borders) {
      elements[$0] == elements[$1]
    }
  }

  /// By the definition: the longest tail that holds a period twice, and its shortest one.
  private static func expected(_ elements: [Int]) -> Int {
    for length in stride(from: elements.count, to: 1, by: -1) {
      let tail = Array(elements.suffix(length))
      for period in 1...(length / 2)
      where (period..<length).allSatisfy({ tail[$0] == tail[$0 - period] }) { return period }
    }
    return 0
  }

  @Test func thePeriodIsThatOfTheDefinition() {
    var random = Generator(1)
    func numbers(_ count: Int) -> [Int] {
      (0..<count).map { _ in Int.random(in: 0...2, using: &random) }
    }
    for count in 0..<120 {
      for _ in 0..<20 {
        let loop = numbers(Int.random(in: 1...20, using: &random))
        let prologue = numbers(Int.random(in: 0...20, using: &random))
        let elements = Array((prologue + (0..<120).map { loop[$0 % loop.count] }).prefix(count))
        let period = Self.period(elements)
        #expect(period == Self.expected(elements), "\(elements)")
        func holds(_ length: Int) -> Bool {
          TailPeriod.holds(period, count: count, length: length) { elements[$0] == elements[$1] }
        }
        #expect(period == 0 || holds(2 * period))
        #expect(!holds(count + 1) && !holds(2 * period - 1))
      }
    }
  }

  @Test func theOuterLoopCounts() {
    let outer = [1, 2, 1, 2, 1, 2, 3]
    #expect(Self.period([9, 8] + outer + outer + outer + [1, 2, 1, 2]) == 7)
    #expect(Self.period([9, 8] + outer + [1, 2, 1, 2]) == 2)
    #expect(Self.period([1, 2, 3, 4]) == 0 && Self.period([]) == 0 && Self.period([1]) == 0)
  }

  @Test func theLeastRotationIsThatOfTheDefinition() {
    var random = Generator(2)
    for count in 1..<40 {
      for _ in 0..<50 {
        let elements = (0..<count).map { _ in UInt64.random(in: 0...2, using: &random) }
        func rotated(_ start: Int) -> [UInt64] {
          Array(elements[start...] + elements[..<start])
        }
        let least = (0..<count).map(rotated).min { $0.lexicographicallyPrecedes($1) }
        let found = elements.withUnsafeBufferPointer { TailPeriod.leastRotation($0) }
        #expect((0..<count).contains(found) && rotated(found) == least)
      }
    }
  }
}
