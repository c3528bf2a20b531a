// The period of the end of a sequence, and where in it a cut belongs: how a recorded loop is found.

/// The loop at the end of a sequence.
enum TailPeriod {
  /// The shortest period of the longest tail of `count` elements that holds it at least twice, or 0
  /// where no tail repeats; `areEqual` compares two elements.
  ///
  /// The longest such tail, because every tail may end in something that repeats by chance, or in
  /// an inner loop; the loop around it reaches further back.
  ///
  /// The failure function of Knuth, Morris and Pratt over the elements read backwards: a tail of n
  /// elements whose longest border has b has the shortest period n - b. `borders` has room for
  /// `count` numbers; what they were does not matter.
  @inline(__always)
  static func find(
    count: Int, borders: UnsafeMutablePointer<Int32>, _ areEqual: (Int, Int) -> Bool
  ) -> Int {
    guard count > 0 else { return 0 }
    var period = 0
    var border = 0
    borders[0] = 0
    for last in 1..<count {
      while border > 0, !areEqual(count &- 1 &- last, count &- 1 &- border) {
        border = Int(borders[border &- 1])
      }
      if areEqual(count &- 1 &- last, count &- 1 &- border) { border &+= 1 }
      borders[last] = Int32(truncatingIfNeeded: border)
      // Of last + 1 elements.
      if border &* 2 > last { period = last &+ 1 &- border }
    }
    return period
  }

  /// Whether the last `length` of `count` elements have this period.
  @inline(__always)
  static func holds(
    _ period: Int, count: Int, length: Int, _ areEqual: (Int, Int) -> Bool
  ) -> Bool {
    guard period > 0, length >= 2 &* period, length <= count else { return false }
    for index in (count &- length &+ period)..<count where !areEqual(index, index &- period) {
      return false
    }
    return true
  }

  /// Where the least rotation of `elements` begins: a place in a loop that does not depend on where
  /// one enters it.
  ///
  /// Two candidates are compared element by element. Where one is found greater after k equal
  /// elements, so are the k that follow it, for the other has a lesser one beside each of them.
  static func leastRotation(_ elements: UnsafeBufferPointer<UInt64>) -> Int {
    let count = elements.count
    var (a, b, equal) = (0, 1, 0)
    while a < count, b < count, equal < count {
      let (x, y) = (elements[(a &+ equal) % count], elements[(b &+ equal) % count])
      if x == y {
        equal &+= 1
        continue
      }
      if x > y { a &+= equal &+ 1 } else { b &+= equal &+ 1 }
      if a == b { b &+= 1 }
      equal = 0
    }
    return min(a, b)
  }
}
