// Other arrangements of the same elements: shapes, axes and their order.

import MartletIR

extension Tensor {
  /// The number of axes, by NumPy's name.
  public var ndim: Int { rank }

  /// Whether there are no elements.
  public var isEmpty: Bool { count == 0 }

  /// The elements in row-major order under another shape; one extent may be -1 and is worked out.
  ///
  ///     Tensor.arange(6).reshape([2, -1]).shape      // [2, 3]
  public func reshape(
    _ extents: some Collection<Int>, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    attempt(.exact(file, line)) { () throws(TensorError) in
      var wanted = Array(extents)
      let open = wanted.indices.filter { wanted[$0] == -1 }
      if open.count > 1 {
        throw error(.shape, "reshape", "\(wanted) has more than one extent of -1")
      }
      if let position = open.first {
        wanted[position] = 1
        let known = try Tensor.shape(wanted, "reshape").elementCount
        guard known > 0, count % known == 0 else {
          wanted[position] = -1
          throw error(
            .shape, "reshape", "\(count) elements do not fill \(wanted) evenly",
            hint: "the other extents take \(known) elements, which must divide \(count)")
        }
        wanted[position] = count / known
      }
      let result = try Tensor.shape(wanted, "reshape")
      guard result.elementCount == count else {
        throw error(
          .shape, "reshape",
          "\(count) elements do not fill \(result), which has "
            + "\(result.elementCount)", hint: reshapeHint(result))
      }
      return reshaped(unchecked: result)
    }
  }

  /// A shape like `wanted` that the elements do fill: with another extent on one axis.
  private func reshapeHint(_ wanted: Shape) -> String {
    for axis in wanted.indices {
      var extents = wanted.dimensions
      extents[axis] = 1
      let others = Shape(checking: extents)?.elementCount ?? 0
      guard others > 0, count % others == 0 else { continue }
      let found = count / others
      extents[axis] = -1
      let open = extents
      extents[axis] = found
      return "\(extents) has \(count), and \(open) finds its \(found) by itself"
    }
    return "the extents must multiply to \(count)"
  }

  /// The elements in row-major order along one axis.
  public func flatten() -> Tensor { isPoisoned ? self : reshaped(unchecked: [count]) }

  /// The axes in the order given, or reversed where none is.
  ///
  ///     x.transpose(0, 2, 1)        // the last two of three axes swapped
  public func transpose(
    _ axes: Int..., file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    axes.isEmpty ? T : permuted(axes, "transpose", .exact(file, line))
  }

  /// The axes in the order given.
  public func permute(
    _ axes: [Int], file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    permuted(axes, "permute", .exact(file, line))
  }

  private func permuted(_ axes: [Int], _ op: String, _ site: CallSite) -> Tensor {
    attempt(site) { () throws(TensorError) in
      guard axes.count == rank else {
        throw error(.shape, op, "\(axes) does not name each of \(rank) axes once")
      }
      return permuted(unchecked: try self.axes(axes, op))
    }
  }

  /// The tensor with its axes reversed.
  public var T: Tensor { isPoisoned ? self : permuted(unchecked: (0..<rank).reversed()) }

  /// The matrices of the last two axes, transposed.
  public func matrixTranspose(
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    attempt(.exact(file, line)) { () throws(TensorError) in
      guard rank >= 2 else { throw error(.shape, "matrixTranspose", "fewer than 2 axes") }
      return matrixTransposed
    }
  }

  /// The matrices of the last two axes, transposed.
  public var mT: Tensor { matrixTranspose() }

  /// Two axes exchanged.
  public func swapAxes(
    _ a: Int, _ b: Int, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    attempt(.exact(file, line)) { () throws(TensorError) in
      var order = Array(0..<rank)
      order.swapAt(try axis(a, "swapAxes"), try axis(b, "swapAxes"))
      return permuted(unchecked: order)
    }
  }

  /// The axis `source` at the place `destination`; the others keep their order.
  public func moveAxis(
    _ source: Int, to destination: Int, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    attempt(.exact(file, line)) { () throws(TensorError) in
      let from = try axis(source, "moveAxis")
      let to = try axis(destination, "moveAxis")
      var order = Array(0..<rank)
      order.remove(at: from)
      order.insert(from, at: to)
      return permuted(unchecked: order)
    }
  }

  /// New axes of extent 1 at these places of the result.
  ///
  ///     Tensor([1, 2]).expandDims(axis: 0).shape       // [1, 2]
  public func expandDims(
    axis: any TensorAxes, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    attempt(.exact(file, line)) { () throws(TensorError) in
      let axes = axis.axisNumbers
      let rank = rank + axes.count
      var isNew = [Bool](repeating: false, count: rank)
      for given in axes {
        let axis = given < 0 ? given + rank : given
        guard axis >= 0, axis < rank, !isNew[axis] else {
          throw error(
            .index, "expandDims", "\(axes) are not different axes of a result with \(rank)")
        }
        isNew[axis] = true
      }
      var extents = shape.makeIterator()
      let result = isNew.map { $0 ? 1 : extents.next() ?? 1 }
      return reshaped(unchecked: try Tensor.shape(result, "expandDims"))
    }
  }

  /// Without these axes, which must have extent 1, or without all of extent 1 where none is named.
  public func squeeze(
    axis: (any TensorAxes)? = nil, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    attempt(.exact(file, line)) { () throws(TensorError) in
      let dropped =
        if let axis {
          try axes(axis.axisNumbers, "squeeze")
        } else {
          shape.indices.filter { shape[$0] == 1 }
        }
      for axis in dropped where shape[axis] != 1 {
        throw error(.shape, "squeeze", "axis \(axis) has extent \(shape[axis]), not 1")
      }
      let kept = shape.indices.filter { !dropped.contains($0) }
      return reshaped(unchecked: Shape(kept.map { shape[$0] }))
    }
  }

  /// Stretched to a shape: axes match from the last one, those of extent 1 repeat.
  public func broadcast(
    to extents: some Collection<Int>, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    attempt(.exact(file, line)) { () throws(TensorError) in
      let target = try Tensor.shape(extents, "broadcast")
      guard shape.broadcasts(to: target) else {
        throw error(.shape, "broadcast", "\(shape) does not stretch to \(target)")
      }
      return Tensor(handle).broadcast(unchecked: target)
    }
  }

  /// The tensors stretched to the shape that they share.
  public static func broadcast(
    _ tensors: [Tensor], file: StaticString = #fileID, line: UInt = #line
  ) -> [Tensor] {
    attemptMany(tensors, count: tensors.count, .exact(file, line)) { () throws(TensorError) in
      var shape = Shape.scalar
      for tensor in tensors {
        guard let joined = shape.broadcast(with: tensor.shape) else {
          throw TensorError(
            .shape, op: "broadcast", operands: tensors.map(\.described),
            reason: "the shapes do not broadcast to a common one")
        }
        shape = joined
      }
      return tensors.map { Tensor($0.handle).broadcast(unchecked: shape) }
    }
  }

  /// The order of the elements reversed along these axes, or along all.
  public func flip(
    axis: (any TensorAxes)? = nil, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    attempt(.exact(file, line)) { () throws(TensorError) in
      let set = AxisSet(try axes(axis?.axisNumbers ?? Array(0..<rank), "flip"))
      return set.isEmpty ? self : view(.flip(set), shape: shape)
    }
  }

  /// The part of this tensor from `start` on along an axis.
  func section(_ axis: Int, from start: Int, count: Int) -> Tensor {
    sliced(
      unchecked: shape.indices.map {
        $0 == axis ? AxisSlice(start: start, step: 1, count: count) : .whole(shape[$0])
      })
  }
}
