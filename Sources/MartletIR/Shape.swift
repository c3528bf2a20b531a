// Shapes, and the rules by which they broadcast.

/// The extents of a tensor's axes, outermost first; `[]` is the shape of a single number.
///
///     let s: Shape = [2, 3]
///     s.elementCount      // 6
///     s[0]                // 2
public struct Shape: Sendable, Hashable {
  /// The extents, outermost first; none is negative.
  public let dimensions: [Int]
  /// The product of the extents: the number of elements.
  public let elementCount: Int

  /// The shape with these extents.
  ///
  /// Traps when an extent is negative or the number of elements exceeds `Int.max`; operations on
  /// tensors report such shapes as errors of their own.
  public init(_ dimensions: [Int], file: StaticString = #fileID, line: UInt = #line) {
    guard let shape = Shape(checking: dimensions) else {
      fatalError(
        "Shape: \(dimensions) has a negative extent, or too many axes or elements", file: file,
        line: line)
    }
    self = shape
  }

  /// The shape with these extents, or nil where one is negative or the element count overflows.
  package init?(checking dimensions: [Int]) {
    guard dimensions.count <= Shape.maximumRank else { return nil }
    var count = 1
    var isEmpty = false
    for extent in dimensions {
      guard extent >= 0 else { return nil }
      if extent == 0 {
        isEmpty = true
        continue
      }
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard !overflow else { return nil }
      count = product
    }
    self.dimensions = dimensions
    self.elementCount = isEmpty ? 0 : count
  }

  /// The shape of a single number.
  package static let scalar = Shape([])

  /// The most axes a tensor may have; a set of axes is one 64-bit word.
  package static let maximumRank = 64

  /// Whether this is the other shape's own storage: then they are equal, and otherwise they may be.
  @inlinable @inline(__always)
  package func isIdentical(to other: Shape) -> Bool {
    let address = dimensions.withUnsafeBufferPointer { $0.baseAddress }
    return address == other.dimensions.withUnsafeBufferPointer { $0.baseAddress }
  }

  /// The number of axes.
  public var rank: Int { dimensions.count }

  /// The axis `axis` counted from the front, where a negative one counts from the end, or nil.
  package func normalized(axis: Int) -> Int? {
    let positive = axis < 0 ? axis + rank : axis
    return positive >= 0 && positive < rank ? positive : nil
  }

  /// The index on each axis of the element with this row-major number.
  package func place(of number: Int) -> [Int] {
    var rest = number
    var place = [Int](repeating: 0, count: rank)
    for axis in dimensions.indices.reversed() {
      place[axis] = rest % dimensions[axis]
      rest /= dimensions[axis]
    }
    return place
  }

  /// The shape that two operands share under broadcasting (R42), or nil.
  package func broadcast(with other: Shape) -> Shape? {
    if self == other { return self }
    let rank = Swift.max(rank, other.rank)
    var result = [Int](repeating: 1, count: rank)
    for i in 0..<rank {
      let a = i < rank - self.rank ? 1 : self[i - (rank - self.rank)]
      let b = i < rank - other.rank ? 1 : other[i - (rank - other.rank)]
      guard a == b || a == 1 || b == 1 else { return nil }
      result[i] = a == 1 ? b : a
    }
    return Shape(checking: result)
  }

  /// Whether a tensor of this shape can be stretched to `target`.
  package func broadcasts(to target: Shape) -> Bool {
    guard rank <= target.rank else { return false }
    for i in 0..<rank where self[i] != target[target.rank - rank + i] && self[i] != 1 {
      return false
    }
    return true
  }
}

extension Shape: RandomAccessCollection {
  /// The index of the first axis.
  public var startIndex: Int { 0 }
  /// One past the index of the last axis.
  public var endIndex: Int { dimensions.count }
  /// The extent of axis `position`.
  public subscript(position: Int) -> Int { dimensions[position] }
}

extension Shape: ExpressibleByArrayLiteral {
  /// The shape with these extents.
  public init(arrayLiteral elements: Int...) { self.init(elements) }
}

extension Shape: CustomStringConvertible {
  /// The extents in brackets: `[2, 3]`.
  public var description: String { "\(dimensions)" }
}

/// A set of axes as a bit mask.
package struct AxisSet: Sendable, Hashable {
  package private(set) var mask: UInt64

  package init(mask: UInt64 = 0) { self.mask = mask }
  package init(_ axes: some Sequence<Int>) {
    mask = 0
    for axis in axes { insert(axis) }
  }

  package static func all(rank: Int) -> AxisSet { AxisSet(0..<rank) }

  package func contains(_ axis: Int) -> Bool { mask >> UInt64(axis) & 1 == 1 }
  package mutating func insert(_ axis: Int) { mask |= 1 << UInt64(axis) }
  package var isEmpty: Bool { mask == 0 }
  package var axes: [Int] { (0..<64).filter(contains) }
}
