// Where the elements of a tensor lie in its buffer, and what views do to that.

/// An offset and one stride an axis, in elements; strides may be zero or negative.
package struct Layout: Sendable, Hashable {
  package var offset: Int
  /// Nil stands for the row-major strides of the shape, which need no allocation.
  package var strides: [Int]?

  package init(offset: Int = 0, strides: [Int]? = nil) {
    self.offset = offset
    self.strides = strides
  }

  /// The elements one after another, the last axis fastest.
  package static let rowMajor = Layout()

  /// The strides of `shape` stored in row-major order.
  package static func rowMajorStrides(_ shape: Shape) -> [Int] {
    var strides = [Int](repeating: 1, count: shape.rank)
    var step = 1
    for axis in stride(from: shape.rank - 1, through: 0, by: -1) {
      strides[axis] = step
      step &*= Swift.max(shape[axis], 1)
    }
    return strides
  }

  /// One stride an axis of `shape`.
  package func strides(for shape: Shape) -> [Int] { strides ?? Layout.rowMajorStrides(shape) }

  /// Whether the elements of `shape` lie one after another in row-major order from the offset on.
  package func isRowMajor(for shape: Shape) -> Bool {
    guard let strides else { return true }
    var step = 1
    for axis in stride(from: shape.rank - 1, through: 0, by: -1) where shape[axis] != 1 {
      if strides[axis] != step { return shape.elementCount == 0 }
      step &*= shape[axis]
    }
    return true
  }

  /// The layout with its strides left out where they are the row-major ones.
  package func canonical(for shape: Shape) -> Layout {
    isRowMajor(for: shape) ? Layout(offset: offset) : self
  }

  /// The layout of `view` of a tensor of `shape`, or nil for a reshape that needs a copy.
  package func applying(_ view: View, from shape: Shape, to result: Shape) -> Layout? {
    var strides = strides(for: shape)
    switch view {
    case .reshape: return reshaped(from: shape, to: result)
    case .permute(let axes): return Layout(offset: offset, strides: axes.map { strides[$0] })
    case .broadcast:
      let missing = result.rank - shape.rank
      let stretched = (0..<result.rank).map { axis in
        axis < missing || (shape[axis - missing] == 1 && result[axis] != 1)
          ? 0 : strides[axis - missing]
      }
      return Layout(offset: offset, strides: stretched)
    case .slice(let slices):
      var start = offset
      for axis in slices.indices {
        // An empty slice keeps the offset in the buffer.
        if slices[axis].count > 0 { start &+= slices[axis].start &* strides[axis] }
        strides[axis] &*= slices[axis].step
      }
      return Layout(offset: start, strides: strides)
    case .flip(let axes):
      var start = offset
      for axis in 0..<shape.rank where axes.contains(axis) && shape[axis] > 0 {
        start &+= (shape[axis] - 1) &* strides[axis]
        strides[axis] = 0 &- strides[axis]
      }
      return Layout(offset: start, strides: strides)
    }
  }

  /// The strides of the same elements under another shape, where strides can express it.
  private func reshaped(from shape: Shape, to result: Shape) -> Layout? {
    if isRowMajor(for: shape) { return Layout(offset: offset) }
    // Axes of extent 1 are dropped; runs of axes that step as one merge into blocks, and each block
    // is split anew. A target axis may not straddle two blocks.
    let strides = strides(for: shape)
    var blocks: [(extent: Int, stride: Int)] = []
    for axis in 0..<shape.rank where shape[axis] != 1 {
      if let last = blocks.last, last.stride == strides[axis] &* shape[axis] {
        blocks[blocks.count - 1] = (last.extent &* shape[axis], strides[axis])
      } else {
        blocks.append((shape[axis], strides[axis]))
      }
    }
    var target = [Int](repeating: 0, count: result.rank)
    var axis = result.rank - 1
    for block in blocks.reversed() {
      var remaining = block.extent
      var step = block.stride
      while remaining > 1 {
        while axis >= 0, result[axis] == 1 { axis -= 1 }
        guard axis >= 0, remaining % result[axis] == 0 else { return nil }
        target[axis] = step
        step &*= result[axis]
        remaining /= result[axis]
        axis -= 1
      }
    }
    return Layout(offset: offset, strides: target)
  }
}

/// A view: another arrangement of the same elements, without a copy.
package enum View: Sendable, Hashable {
  /// The elements in row-major order under the node's shape.
  case reshape
  /// Axis i of the result is axis `axes[i]` of the operand.
  case permute([Int])
  /// Stretched to the node's shape, right-aligned (R42).
  case broadcast
  /// One slice an axis.
  case slice([AxisSlice])
  /// Reversed along these axes.
  case flip(AxisSet)
}

/// `count` indices of an axis from `start` on, `step` apart; the step may be negative, never 0.
package struct AxisSlice: Sendable, Hashable {
  package let start: Int
  package let step: Int
  package let count: Int

  package init(start: Int, step: Int, count: Int) {
    self.start = start
    self.step = step
    self.count = count
  }

  /// The whole of an axis.
  package static func whole(_ extent: Int) -> AxisSlice {
    AxisSlice(start: 0, step: 1, count: extent)
  }
}
