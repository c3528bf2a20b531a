// Scans: what the elements along an axis give together, from the first one to each (R36).

import MartletIR

extension Interpreter {
  func scan(_ scan: Scan, _ axis: Int, _ operand: Value) throws(TensorError) -> Value {
    let output = try copy(operand)
    guard operand.shape.elementCount > 0 else { return output }
    switch operand.dtype {
    case .bool: combine(scan, output, axis, Truth.self)
    case .int8: combine(scan, output, axis, Int8.self)
    case .int16: combine(scan, output, axis, Int16.self)
    case .int32: combine(scan, output, axis, Int32.self)
    case .int64: combine(scan, output, axis, Int64.self)
    case .uint8: combine(scan, output, axis, UInt8.self)
    case .uint16: combine(scan, output, axis, UInt16.self)
    case .uint32: combine(scan, output, axis, UInt32.self)
    case .uint64: combine(scan, output, axis, UInt64.self)
    case .float32:
      switch scan {
      // Each result is rounded by itself: the total keeps its bits.
      case .sum:
        replace(output, axis, total: 0 as Double) { (total: inout Double, x: Float) in
          total += Double(x)
          return Float(total)
        }
      case .product:
        replace(output, axis, total: 1 as Double) { (total: inout Double, x: Float) in
          total *= Double(x)
          return Float(total)
        }
      case .maximum, .minimum: combine(scan, output, axis, Float.self)
      }
    case .float64: combine(scan, output, axis, Double.self)
    }
    return output
  }

  @inline(__always)
  private func combine<T: Element>(_ scan: Scan, _ output: Value, _ axis: Int, _: T.Type) {
    let identity = T(scan.reduction.identity(output.dtype))
    func replace(_ combine: (T, T) -> T) {
      self.replace(output, axis, total: identity) { (total: inout T, x: T) in
        total = combine(total, x)
        return total
      }
    }
    switch scan {
    case .sum: replace { T.sum($0, $1) }
    case .product: replace { T.product($0, $1) }
    case .maximum: replace { T.larger($0, $1) }
    case .minimum: replace { T.smaller($0, $1) }
    }
  }

  /// Replaces each element of `output` by what `take` makes of it and of the total so far, along
  /// `axis` from the first element on, for every row anew.
  @inline(__always)
  private func replace<T: Element, Total: Element>(
    _ output: Value, _ axis: Int, total identity: Total, _ take: (inout Total, T) -> T
  ) {
    let elements = output.base.assumingMemoryBound(to: T.self)
    let extent = output.shape[axis]
    let step = output.shape[(axis + 1)...].reduce(1, &*)
    for row in 0..<output.shape.elementCount / extent {
      let (outer, inner) = row.quotientAndRemainder(dividingBy: step)
      var place = outer &* extent &* step &+ inner
      var total = identity
      for _ in 0..<extent {
        elements[place] = take(&total, elements[place])
        place &+= step
      }
    }
  }
}
