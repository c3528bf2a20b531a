// Assignment through subscripts: in place where nobody else looks, else a new value.

import MartletIR
import MartletRuntime

extension Tensor {
  mutating func assign(_ value: Tensor, at indices: [any TensorIndexable], _ site: CallSite) {
    if isPoisoned { return }
    if let poisoned = value.isPoisoned ? value : Tensor.poisoned(in: indices) {
      if !ErrorScope.isFailing { self = poisoned }
      return
    }
    if writeElement(value, indices) { return }
    do throws(TensorError) {
      let selection = try Selection(indices, of: self)
      let elements = try value.assignable(to: self, "subscript assignment")
      if selection.advanced.isEmpty {
        try write(try elements.fitting(selection.shape, of: self, value), selection)
      } else {
        try writeIndexed(elements, value, selection, site)
      }
    } catch {
      _ = Tensor.failed(error, at: site)
    }
  }

  /// Puts one number at integers into memory of one's own, without a copy, a record or a list.
  ///
  /// Says whether it was done; everything else takes the general way.
  private mutating func writeElement(_ value: Tensor, _ indices: [any TensorIndexable]) -> Bool {
    guard case .handle(var target) = storage, target.tracking == nil, !target.isPending,
      indices.count == target.shape.rank, let element = value.element(as: target.dtype)
    else { return false }
    var offset = 0
    for (axis, extent) in target.shape.dimensions.enumerated() {
      guard case .integer(let number) = indices[axis].tensorIndex.kind else { return false }
      let position = number < 0 ? number &+ extent : number
      guard position >= 0, position < extent else { return false }
      offset = offset &* extent &+ position
    }
    storage = .weak(.bool(false))
    defer { storage = .handle(target) }
    guard isKnownUniquelyReferenced(&target), target.ownsBufferUniquely,
      let memory = target.value, memory.layout.strides == nil
    else { return false }
    Values.store(element, at: memory.base + offset &* memory.dtype.byteCount)
    return true
  }

  /// This single number as an element of `dtype`, where it needs no rule to become one.
  private func element(as dtype: DType) -> Scalar? {
    switch storage {
    case .weak(let weak):
      if case .double = weak, !dtype.isFloatingPoint { return nil }
      return dtype == .bool && weak.defaultDType != .bool ? nil : weak.scalar(as: dtype)
    case .handle(let handle):
      guard handle.dtype.kind <= dtype.kind, handle.tracking == nil, handle.shape == .scalar else {
        return nil
      }
      // An error on the way is met again, and reported, on the general way.
      return (try? Force.value(of: handle)).map { Values.onlyElement($0).converted(to: dtype) }
    }
  }

  /// This tensor without leading axes of extent 1 that `slot` does not have; it must stretch to it.
  ///
  /// Errors show `value`, which this was before it took the target's dtype.
  private func fitting(
    _ slot: Shape, of target: Tensor, _ value: Tensor
  ) throws(TensorError) -> Tensor {
    var fitted = self
    if rank > slot.rank, shape.dropLast(slot.rank).allSatisfy({ $0 == 1 }) {
      fitted = reshaped(unchecked: Shape(Array(shape.suffix(slot.rank))))
    }
    guard fitted.shape.broadcasts(to: slot) else {
      throw TensorError(
        .shape, op: "subscript assignment", operands: [target.described, value.described],
        reason: "\(shape) does not stretch to the selected shape \(slot)")
    }
    return fitted
  }

  // MARK: Slices, integers and new axes

  /// Puts `elements`, which stretch to the selection's shape, where its slices lie.
  private mutating func write(
    _ elements: Tensor, _ selection: Selection
  ) throws(TensorError) {
    if selection.shape.elementCount == 0 { return }
    if tracking != nil || elements.tracking != nil {
      self = replacing(selection, by: elements)
      return
    }
    // Everything that is read is computed before the target is looked at; then nothing pending
    // refers to the target's memory any more.
    let source = try Force.value(of: elements.handle)
    var target = handle
    storage = .weak(.bool(false))
    defer { storage = .handle(target) }
    _ = try Force.value(of: target)
    // Asked before the value is taken out, which is another reference to its memory.
    let isOwned = isKnownUniquelyReferenced(&target) && target.ownsBufferUniquely
    guard let old = target.value else { internalError("a forced handle without a value") }
    if isOwned, old.layout.isRowMajor(for: old.shape) {
      Tensor.copy(source, to: old, selection)
      return
    }
    let fresh = try Values.uninitialized(old.dtype, old.shape)
    if !selection.isWhole(of: old.shape) { Values.copy(old, to: fresh.buffer.pointer) }
    Tensor.copy(source, to: fresh, selection)
    target = Handle(fresh)
  }

  /// Copies `source`, stretched to the selection's shape, into the region of `target`'s memory.
  private static func copy(_ source: Value, to target: Value, _ selection: Selection) {
    let byteCount = target.dtype.byteCount
    let targetStrides = target.layout.strides(for: target.shape)
    var start = target.layout.offset
    for (slice, stride) in zip(selection.slices, targetStrides) {
      start &+= slice.start &* stride
    }
    let base = target.buffer.pointer + start &* byteCount
    if selection.shape.elementCount == 1 {
      Values.store(Values.onlyElement(source), at: base)
      return
    }
    // Per axis of the target: how far apart the elements lie there and in the source.
    let missing = selection.shape.rank - source.shape.rank
    let given = source.layout.strides(for: source.shape)
    var sourceStrides = [Int](repeating: 0, count: selection.slices.count)
    for (place, axis) in selection.sources.enumerated() {
      guard let axis, place >= missing, source.shape[place - missing] != 1 else { continue }
      sourceStrides[axis] = given[place - missing]
    }
    StridedCopy.copy(
      selection.sliceShape, byteCount: byteCount, from: source.base, strides: sourceStrides,
      to: base, strides: zip(selection.slices, targetStrides).map { $0.step &* $1 })
  }

  /// The tensor with `elements` in the slices, as recorded ops that gradients flow through.
  private func replacing(_ selection: Selection, by elements: Tensor) -> Tensor {
    let region = selection.sliceShape
    let placed = elements.broadcast(unchecked: selection.shape).reshaped(unchecked: region)
    if selection.isWhole(of: shape) { return placed }
    let marks = Tensor.filled(region, with: Scalar(true)).unsliced(selection.slices, into: shape)
    return .where(marks, placed.unsliced(selection.slices, into: shape), self)
  }

  // MARK: Index tensors and masks

  private mutating func writeIndexed(
    _ elements: Tensor, _ value: Tensor, _ selection: Selection, _ site: CallSite
  ) throws(TensorError) {
    let part = selection.view(of: self)
    let changed: Tensor
    if let choice = try part.choosing(elements, selection) {
      changed = choice
    } else {
      let indexed = try IndexedAxis(part, selection)
      let updates = try elements.fitting(indexed.selectedShape, of: self, value)
        .broadcast(unchecked: indexed.selectedShape)
      let scattered = try indexed.tensor.scattered(
        .replace, indexed.index, updates, axis: indexed.axis, site: site)
      changed = indexed.restored(scattered)
    }
    if selection.isWhole(of: shape) {
      self = changed.reshaped(unchecked: shape)
    } else {
      try write(changed, selection)
    }
  }

  /// Assignment by one mask of elements that do not depend on which it marks: a choice, and nobody
  /// has to look at the mask.
  private func choosing(
    _ elements: Tensor, _ selection: Selection
  ) throws(TensorError) -> Tensor? {
    guard selection.advanced.count == 1, let mask = selection.advanced.first,
      mask.index.dtype == .bool
    else { return nil }
    let after = rank - mask.axis - mask.index.rank
    let single = elements.count == 1 ? elements.reshaped(unchecked: .scalar) : elements
    guard single.rank <= after else { return nil }
    let rest = Shape(Array(shape.suffix(after)))
    guard single.shape.broadcasts(to: rest) else { return nil }
    let trailing = [Int](repeating: 1, count: after)
    let condition = mask.index.reshaped(unchecked: Shape(mask.index.shape.dimensions + trailing))
    return .where(condition, single, self)
  }
}
