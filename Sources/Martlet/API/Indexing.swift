// Subscripts: reading and assigning the elements that indices select.

import MartletIR
import MartletRuntime

extension Tensor {
  /// The elements that the indices select, by NumPy's rules.
  ///
  /// Integers take one element of an axis and remove it, slices take several, `.newAxis` adds an
  /// axis, `...` stands for the axes that are left. Tensors of integers select elements by number,
  /// masks of bool those that are true. An integer out of range is an error; slices clamp.
  ///
  ///     let x = Tensor.arange(12).reshape([3, 4])
  ///     x[1, -1]                     // 7
  ///     x[1 ..< -1, 0]               // [4]
  ///     x[..., 1]                    // [1, 5, 9]
  ///     x[Tensor([2, 0])]            // rows 2 and 0
  ///     x[x .> 9]                    // [10, 11]
  ///
  /// Assignment changes this variable and no other. The values take the tensor's dtype, which must
  /// be of the same kind or wider, and stretch to the selected shape; they are read before anything
  /// is written. Memory that nobody else refers to is changed in place.
  ///
  ///     var y = x
  ///     y[0] = 0                     // x is as it was
  ///     y[y .> 5] = 5
  public subscript(
    _ indices: any TensorIndexable..., file file: StaticString = #fileID, line line: UInt = #line
  ) -> Tensor {
    get { selecting(indices, .exact(file, line)) }
    set { assign(newValue, at: indices, .exact(file, line)) }
  }

  /// The elements that the indices after the leading axes select.
  public subscript(
    _: UnboundedRange, _ last: any TensorIndexable..., file file: StaticString = #fileID,
    line line: UInt = #line
  ) -> Tensor {
    get { selecting([TensorIndex.ellipsis] + last, .exact(file, line)) }
    set { assign(newValue, at: [TensorIndex.ellipsis] + last, .exact(file, line)) }
  }

  /// The elements that an index before and indices after the other axes select.
  public subscript(
    _ first: any TensorIndexable, _: UnboundedRange, _ last: any TensorIndexable...,
    file file: StaticString = #fileID, line line: UInt = #line
  ) -> Tensor {
    get { selecting([first, TensorIndex.ellipsis] + last, .exact(file, line)) }
    set { assign(newValue, at: [first, TensorIndex.ellipsis] + last, .exact(file, line)) }
  }

  /// The elements that two indices before and indices after the other axes select.
  public subscript(
    _ first: any TensorIndexable, _ second: any TensorIndexable, _: UnboundedRange,
    _ last: any TensorIndexable..., file file: StaticString = #fileID, line line: UInt = #line
  ) -> Tensor {
    get { selecting([first, second, TensorIndex.ellipsis] + last, .exact(file, line)) }
    set {
      assign(newValue, at: [first, second, TensorIndex.ellipsis] + last, .exact(file, line))
    }
  }

  /// Slices along an axis at the numbers in `indices`, whose axes take the axis's place.
  ///
  ///     Tensor([10, 20, 30]).take(Tensor([2, 0]))      // [30, 10]
  public func take(
    _ indices: Tensor, axis: Int = 0, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    attempt(.exact(file, line)) { () throws(TensorError) in
      if indices.isPoisoned { return indices }
      let axis = try self.axis(axis, "take")
      guard indices.dtype.isInteger else {
        throw error(.dtype, "take", "indices of \(indices.dtype), not integers")
      }
      return try gathered(
        indices.converted(to: .int64), axis: axis, site: .exact(file, line))
    }
  }

  /// Per axis, the numbers of the elements that are true or not 0; the elements are looked at now.
  public func nonzero(file: StaticString = #fileID, line: UInt = #line) -> [Tensor] {
    Tensor.attemptMany([self], count: rank, .exact(file, line)) { () throws(TensorError) in
      let numbers = try converted(to: .bool).trueIndices()
      var step = count
      return shape.map { extent in
        step = extent > 0 ? step / extent : 1
        return numbers.floorDivide(Swift.max(step, 1)).remainder(Swift.max(extent, 1))
      }
    }
  }

  private func selecting(_ indices: [any TensorIndexable], _ site: CallSite) -> Tensor {
    if let poisoned = Tensor.poisoned(in: indices) { return poisoned }
    return attempt(site) { () throws(TensorError) in
      let selection = try Selection(indices, of: self)
      let view = selection.view(of: self)
      if selection.advanced.isEmpty { return view }
      let indexed = try IndexedAxis(view, selection)
      return try indexed.tensor.gathered(indexed.index, axis: indexed.axis, site: site)
    }
  }

  static func poisoned(in indices: [any TensorIndexable]) -> Tensor? {
    for index in indices {
      if case .tensor(let tensor) = index.tensorIndex.kind, tensor.isPoisoned { return tensor }
    }
    return nil
  }
}
