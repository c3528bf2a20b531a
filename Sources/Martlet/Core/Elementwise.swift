// Recording elementwise ops: dtypes promote, literals convert, shapes broadcast.

import MartletIR
import MartletRuntime

extension Tensor {
  static func elementwise(_ op: ElementwiseOp, _ x: Tensor, site: CallSite) -> Tensor {
    if let result = plain(op, x) { return result }
    if x.isPoisoned { return x }
    return attempt(site) { () throws(TensorError) in
      let definition = op.definition
      guard let dtype = definition.computingDType(x.dtype) else {
        throw unsupported(definition, [x])
      }
      return try record(op, computing: dtype, [x], shape: x.shape, site: site)
    }
  }

  static func elementwise(
    _ op: ElementwiseOp, _ a: Tensor, _ b: Tensor, site: CallSite
  ) -> Tensor {
    if let result = plain(op, a, b) { return result }
    if case .weak(let x) = a.storage, case .weak(let y) = b.storage,
      let result = WeakScalar.combine(op, x, y)
    {
      return Tensor(weak: result)
    }
    return elementwise(op, [a, b], site: site)
  }

  /// The general form: any number of operands, any mixture of literals and tensors.
  static func elementwise(
    _ op: ElementwiseOp, _ operands: [Tensor], site: CallSite
  ) -> Tensor {
    if let poisoned = operands.first(where: \.isPoisoned) { return poisoned }
    return attempt(site) { () throws(TensorError) in
      let definition = op.definition
      if op == .select, operands[0].dtype != .bool {
        throw TensorError(
          .dtype, op: definition.name, operands: operands.map(\.described),
          reason: "the condition is \(operands[0].dtype), not bool",
          hint: "compare it, for example with .!= 0")
      }
      let promoted = try promote(op == .select ? Array(operands[1...]) : operands, definition.name)
      guard let dtype = definition.computingDType(promoted) else {
        throw unsupported(definition, operands)
      }
      var shape = operands[0].shape
      for operand in operands.dropFirst() {
        guard let joined = shape.broadcast(with: operand.shape) else {
          throw TensorError(
            .shape, op: definition.name, operands: operands.map(\.described),
            reason: "the shapes do not broadcast to a common one",
            hint: "axes are matched from the last one; their extents must be equal or 1")
        }
        shape = joined
      }
      return try record(op, computing: dtype, operands, shape: shape, site: site)
    }
  }

  /// The dtype that `operands` share (R39-R41).
  static func promote(_ operands: [Tensor], _ op: String) throws(TensorError) -> DType {
    var strong: DType?
    for operand in operands {
      guard case .handle(let handle) = operand.storage else { continue }
      guard let known = strong else {
        strong = handle.dtype
        continue
      }
      guard let joined = known.promoted(with: handle.dtype) else {
        throw TensorError(
          .dtype, op: op, operands: operands.map(\.described),
          reason: "\(known) and \(handle.dtype) have no common integer dtype",
          hint: "cast one of them, for example with .cast(to: .int64)")
      }
      strong = joined
    }
    var dtype = strong
    for operand in operands {
      guard case .weak(let weak) = operand.storage else { continue }
      if let known = dtype {
        dtype = weak.joined(with: known)
      } else {
        dtype = weak.defaultDType
      }
    }
    // A literal may raise the dtype after an earlier one was seen; the join is idempotent.
    for operand in operands {
      if case .weak(let weak) = operand.storage, let known = dtype {
        dtype = weak.joined(with: known)
      }
    }
    return dtype ?? .defaultFloat
  }

  /// Records `op` on operands brought to `dtype`.
  private static func record(
    _ op: ElementwiseOp, computing dtype: DType, _ operands: [Tensor], shape: Shape,
    site: CallSite
  ) throws(TensorError) -> Tensor {
    var typed: [Tensor] = []
    typed.reserveCapacity(operands.count)
    var records: [RecordOperand] = []
    records.reserveCapacity(operands.count)
    for (position, operand) in operands.enumerated() {
      let wanted = op == .select && position == 0 ? .bool : dtype
      switch operand.storage {
      case .weak(let weak):
        guard let scalar = weak.scalar(as: wanted) else {
          throw TensorError(
            .value, op: op.definition.name, operands: operands.map(\.described),
            reason: "\(weak.text) does not fit in \(wanted)",
            hint: "cast the tensor to a wider dtype first")
        }
        records.append(.scalar(scalar))
        typed.append(operand)
      case .handle:
        let converted = operand.converted(to: wanted)
        records.append(converted.operand)
        typed.append(converted)
      }
    }
    let result = op.resultDType(computingIn: dtype)
    // The one elementwise op whose values may be an error (R26).
    let canFail = op == .pow && dtype.kind == .signed
    let tensor = Tensor(
      Tracking.record(
        .elementwise(op), dtype: result, shape: shape, inputs: typed, operands: records,
        site: canFail ? site.location : nil))
    if canFail { try tensor.checkInsideScope() }
    return tensor
  }

  /// Runs an op that can fail on values at once where a scope collects errors.
  func checkInsideScope() throws(TensorError) {
    guard ErrorScope.current != nil, case .handle(let handle) = storage else { return }
    _ = try Force.value(of: handle)
  }

  /// This tensor in `dtype`: itself, or a recorded cast.
  func converted(to dtype: DType) -> Tensor {
    guard self.dtype != dtype || isWeak else { return self }
    let source = Tensor(handle)
    if source.dtype == dtype { return source }
    return Tensor(
      Tracking.record(
        .cast, dtype: dtype, shape: shape, inputs: [source], operands: [source.operand]))
  }

  var isWeak: Bool {
    if case .weak = storage { return true }
    return false
  }

  private static func unsupported(
    _ definition: OpDefinition, _ operands: [Tensor]
  ) -> TensorError {
    let refused =
      operands.first { definition.computingDType($0.dtype) == nil } ?? operands[operands.count - 1]
    return TensorError(
      .dtype, op: definition.name, operands: operands.map(\.described),
      reason: "takes \(definition.acceptedDTypes), not \(refused.dtype)",
      hint: "cast the operands, for example with .cast(to: .int64)")
  }
}

// The common case of one or two operands, for which the arrays of the general form are spared:
// nothing to promote or broadcast, at most a literal beside a tensor whose dtype it takes.

extension Tensor {
  /// The recorded op, or nil where the operand needs the general form.
  @inline(__always)
  private static func plain(_ op: ElementwiseOp, _ x: Tensor) -> Tensor? {
    guard case .handle(let handle) = x.storage, !handle.isPoisoned,
      let dtype = op.plainResult(of: handle.dtype)
    else { return nil }
    return Tensor(Tracking.record(op, dtype: dtype, handle, nil))
  }

  /// The recorded op, or nil where the operands need the general form.
  @inline(__always)
  private static func plain(_ op: ElementwiseOp, _ a: Tensor, _ b: Tensor) -> Tensor? {
    switch a.storage {
    case .handle(let x):
      guard !x.isPoisoned, let dtype = op.plainResult(of: x.dtype) else { return nil }
      switch b.storage {
      case .handle(let y):
        guard x.dtype == y.dtype, !y.isPoisoned,
          x.shape.isIdentical(to: y.shape) || x.shape == y.shape
        else { return nil }
        return Tensor(Tracking.record(op, dtype: dtype, x, y))
      case .weak(let y):
        guard let scalar = y.plainScalar(as: x.dtype) else { return nil }
        return Tensor(Tracking.record(op, dtype: dtype, x, scalar, scalarIsFirst: false))
      }
    case .weak(let x):
      guard case .handle(let y) = b.storage, !y.isPoisoned,
        let dtype = op.plainResult(of: y.dtype), let scalar = x.plainScalar(as: y.dtype)
      else { return nil }
      return Tensor(Tracking.record(op, dtype: dtype, y, scalar, scalarIsFirst: true))
    }
  }
}

extension WeakScalar {
  /// The literal in `dtype`, or nil where it would change the dtype or does not fit.
  fileprivate func plainScalar(as dtype: DType) -> Scalar? {
    joined(with: dtype) == dtype ? scalar(as: dtype) : nil
  }

  /// The literal as messages show it.
  var text: String {
    switch self {
    case .bool(let value): "\(value)"
    case .int(let value): "\(value)"
    case .uint(let value): "\(value)"
    case .double(let value): "\(value)"
    }
  }
}
