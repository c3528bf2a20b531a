// The shapes of a segment's records: most records have the shape of one of the last few.

import MartletIR

/// Shapes by number, so that a record holds none of its own.
struct ShapeTable {
  private var shapes: ContiguousArray<Shape> = []
  /// How many of the latest shapes a new one is compared with.
  private static let window = 4

  subscript(number: Int32) -> Shape { shapes[Int(number)] }

  /// The number of `shape`.
  @inline(__always)
  mutating func number(of shape: Shape) -> Int32 {
    let count = shapes.count
    var index = count
    while index > 0, index > count &- ShapeTable.window {
      index &-= 1
      if shapes[index].isIdentical(to: shape) { return Int32(truncatingIfNeeded: index) }
    }
    return add(shape)
  }

  @inline(never)
  private mutating func add(_ shape: Shape) -> Int32 {
    let first = max(0, shapes.count - ShapeTable.window)
    if let known = shapes[first...].firstIndex(of: shape) {
      return Int32(truncatingIfNeeded: known)
    }
    shapes.append(shape)
    return Int32(truncatingIfNeeded: shapes.count - 1)
  }

  mutating func removeAll() { shapes.removeAll(keepingCapacity: true) }
}
