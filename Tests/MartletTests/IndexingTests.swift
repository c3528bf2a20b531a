// Subscripts read and assign what NumPy's do (Tests/Golden/indexing.txt), in place where they may.

import Foundation
import Martlet
import Testing

/// One line of the golden file; the format is described in `generate_indexing.py`.
private struct IndexingCase {
  let text: String
  let isAssignment: Bool
  let shape: [Int]
  let indices: [any TensorIndexable]
  var value: [Int] = []
  /// Nil where NumPy raises an error.
  var expected: (shape: [Int], elements: [Int])?

  init?(line: Substring) {
    let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
    guard fields.count >= 4 else { return nil }
    text = String(line)
    isAssignment = fields[0] == "set"
    shape = IndexingCase.numbers(fields[1])
    indices = fields[2].split(separator: ";").map(IndexingCase.index)
    var results = fields.dropFirst(3)
    if isAssignment { value = IndexingCase.numbers(results.removeFirst()) }
    if results.count == 2, let first = results.first, let last = results.last {
      expected = (IndexingCase.numbers(first), IndexingCase.numbers(last))
    }
  }

  private static func numbers(_ text: Substring) -> [Int] {
    text.split(separator: ",").compactMap { Int($0) }
  }

  private static func index(_ token: Substring) -> any TensorIndexable {
    let rest = token.dropFirst()
    let parts = rest.split(separator: "|", omittingEmptySubsequences: false)
    switch token.first {
    case "n": return TensorIndex.newAxis
    case "e": return TensorIndex.ellipsis
    case "i": return Int(rest) ?? 0
    case "s":
      let bounds = rest.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
      return TensorSlice(bounds[0], bounds[1], step: bounds[2] ?? 1)
    case "m":
      return Tensor(parts[1].map { $0 == "1" }, shape: numbers(parts[0]))
    default:
      return Tensor(numbers(parts[1]), shape: numbers(parts[0]))
    }
  }

  func run() throws -> Tensor {
    var x = Tensor.arange(shape.reduce(1, *)).reshape(shape)
    return try withTensorErrors {
      guard isAssignment else { return IndexingCase.read(x, indices) }
      let value = (Tensor.arange(value.reduce(1, *)) + 1000).reshape(value)
      IndexingCase.write(&x, indices, value)
      return x
    }
  }

  // A variadic subscript takes no array, so the counts are spelt out.

  private static func read(_ x: Tensor, _ i: [any TensorIndexable]) -> Tensor {
    switch i.count {
    case 0: x[]
    case 1: x[i[0]]
    case 2: x[i[0], i[1]]
    case 3: x[i[0], i[1], i[2]]
    case 4: x[i[0], i[1], i[2], i[3]]
    case 5: x[i[0], i[1], i[2], i[3], i[4]]
    case 6: x[i[0], i[1], i[2], i[3], i[4], i[5]]
    default: x[i[0], i[1], i[2], i[3], i[4], i[5], i[6]]
    }
  }

  private static func write(_ x: inout Tensor, _ i: [any TensorIndexable], _ value: Tensor) {
    switch i.count {
    case 0: x[] = value
    case 1: x[i[0]] = value
    case 2: x[i[0], i[1]] = value
    case 3: x[i[0], i[1], i[2]] = value
    case 4: x[i[0], i[1], i[2], i[3]] = value
    case 5: x[i[0], i[1], i[2], i[3], i[4]] = value
    case 6: x[i[0], i[1], i[2], i[3], i[4], i[5]] = value
    default: x[i[0], i[1], i[2], i[3], i[4], i[5], i[6]] = value
    }
  }
}

@Suite struct IndexingTests {
  @Test func goldenSubscripts() throws {
    let golden = URL(filePath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Golden/indexing.txt")
    let path = ProcessInfo.processInfo.environment["MARTLET_INDEXING_GOLDEN"] ?? golden.path()
    let lines = try String(contentsOf: URL(filePath: path), encoding: .utf8).split(separator: "\n")
    #expect(lines.count > 400)
    for line in lines {
      let test = try #require(IndexingCase(line: line))
      guard let expected = test.expected else {
        #expect(throws: TensorError.self, "\(test.text)") { try test.run() }
        continue
      }
      do {
        let result = try test.run()
        #expect(result.shape.dimensions == expected.shape, "\(test.text)")
        #expect(result.scalars(as: Int.self) == expected.elements, "\(test.text)")
      } catch {
        Issue.record("\(test.text): \(error)")
      }
    }
  }

  /// Gradients reach the target where an element survives, and the values that replace others.
  @Test func assignmentCarriesGradients() {
    let indices: [(inout Tensor, Tensor) -> Void] = [
      { $0[1..<3] = $1 },
      { $0[.slice(2, 0, step: -1)] = $1 },
      { $0[Tensor([1, 2])] = $1 },
      { $0[Tensor([false, true, true, false])] = $1 },
    ]
    for assign in indices {
      let target: Tensor = [1.0, 2, 3, 4]
      let values: Tensor = [5.0, 6]
      let byTarget = gradient(at: target) { x in
        var y = x * 2
        assign(&y, values)
        return y.sum()
      }
      let byValues = gradient(at: values) { v in
        var y = target
        assign(&y, v * 3)
        return (y * y).sum()
      }
      #expect(byTarget.scalars(as: Double.self) == [2, 0, 0, 2])
      #expect(byValues.scalars(as: Double.self) == [90, 108])
    }
  }

  @Test func assignmentIsByValue() {
    let x = Tensor.arange(4)
    var y = x
    let view = y[1..<3]
    y[1] = 10
    y[-1] += 1
    #expect(x.scalars(as: Int.self) == [0, 1, 2, 3])
    #expect(view.scalars(as: Int.self) == [1, 2])
    #expect(y.scalars(as: Int.self) == [0, 10, 2, 4])
    y[0...] = y[.reversed]
    #expect(y.scalars(as: Int.self) == [4, 2, 10, 0])
    y[...] = 7
    #expect(y.scalars(as: Int.self) == [7, 7, 7, 7])
  }

  @Test func assignmentInPlaceCopiesNothing() {
    var x = Tensor.zeros([1_000_000])
    x[0] = 1
    let address = x.withUnsafeBuffer(as: Float.self) { Int(bitPattern: $0.baseAddress) }
    for i in 0..<10_000 { x[i * 100] = Tensor(Float(i)) }
    for i in 0..<100 { x[i] += 1 }
    #expect(Float(x[999_900]) == 9999)
    x[5] = 2
    x[10..<20] = 3
    #expect(address == x.withUnsafeBuffer(as: Float.self) { Int(bitPattern: $0.baseAddress) })
  }

  @Test func assignedDTypesKeepTheirKind() throws {
    var x = Tensor([1, 2, 3] as [Int32])
    x[0] = 7
    x[1] = Tensor(Int64(8))
    #expect(x.dtype == .int32)
    #expect(x.scalars(as: Int.self) == [7, 8, 3])
    #expect(throws: TensorError.self) { try withTensorErrors { x[0] = 1.5 } }
  }

  @Test func closedRangesEndAtTheirLastElement() {
    let x = Tensor([1, 2, 3])
    #expect(x[0 ... -1].shape == [3])
    #expect(x[...(-2)].shape == [2])
    #expect(x[1...Int.max].shape == [2])
    #expect(x[...Int.max].shape == [3])
  }

  @Test func rangesStayRanges() {
    let r = 1..<3
    #expect(type(of: r) == Range<Int>.self)
    #expect(type(of: 1...3) == ClosedRange<Int>.self)
    #expect(type(of: 1...) == PartialRangeFrom<Int>.self)
    #expect(type(of: ..<3) == PartialRangeUpTo<Int>.self)
    #expect([1, 2, 3, 4][1..<3] == [2, 3])
    #expect(Array((0..<4).reversed()) == [3, 2, 1, 0])
    let x = Tensor.arange(10)
    let n = 3
    #expect(x[n ..< -n].scalars(as: Int.self) == [3, 4, 5, 6])
    #expect(x[-n...].scalars(as: Int.self) == [7, 8, 9])
    #expect(x[..<n].scalars(as: Int.self) == [0, 1, 2])
    #expect(x[7 ... -2].scalars(as: Int.self) == [7, 8])
    #expect(x[TensorSlice(r)].scalars(as: Int.self) == [1, 2])
    #expect(x[(0..<8).by(3)].scalars(as: Int.self) == [0, 3, 6])
    #expect(x.reshape([2, 5])[..., .newAxis].shape == [2, 5, 1])
  }

  /// The last element of a closed range is part of it, whichever way the step goes.
  @Test func closedRangesGoBackwardsToTheirEnd() {
    let x = Tensor.arange(10)
    func elements(_ tensor: Tensor) -> [Int] { tensor.scalars(as: Int.self) }
    #expect(elements(x[(9...0).by(-1)]) == Array((0...9).reversed()))
    #expect(elements(x[(8...2).by(-2)]) == [8, 6, 4, 2])
    #expect(elements(x[(-1 ... -4).by(-1)]) == [9, 8, 7, 6])
    #expect(elements(x[(...5).by(-1)]) == [9, 8, 7, 6, 5])
    #expect(elements(x[(2...8).by(3)]) == [2, 5, 8])
    #expect(elements(x[(8..<2).by(-2)]) == [8, 6, 4])
  }
}
