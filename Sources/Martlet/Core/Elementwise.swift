// Recording elementwise ops: dtypes promote, literals convert, shapes broadcast.

import MartletIR
import MartletRuntime

extension Tensor {
  static func elementwise(_ op: ElementwiseOp, _ x: Tensor, site: CallSite) -> Tensor {
    if x.isPoisoned { return x }
    if case .handle(let handle) = x.storage {
      let simple = Simple(dtype: handle.dtype, shape: handle.shape, .handle(handle), nil)
      if let result = simple.record(op, x, nil) { return result }
    }
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
    if let result = Simple(a, b)?.record(op, a, b) { return result }
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
            reason: "the literal \(weak.text) does not fit in \(wanted)",
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

/// The common case of one or two operands, for which the arrays of the general form are spared:
/// nothing to promote or broadcast, at most a literal beside a tensor whose dtype it takes.
private struct Simple {
  let dtype: DType
  let shape: Shape
  let first: RecordOperand
  let second: RecordOperand?

  init(dtype: DType, shape: Shape, _ first: RecordOperand, _ second: RecordOperand?) {
    self.dtype = dtype
    self.shape = shape
    self.first = first
    self.second = second
  }

  /// Nil where the operands need the general form.
  init?(_ a: Tensor, _ b: Tensor) {
    switch (a.storage, b.storage) {
    case (.handle(let x), .handle(let y)):
      guard x.dtype == y.dtype, x.shape == y.shape, !x.isPoisoned, !y.isPoisoned else {
        return nil
      }
      self.init(dtype: x.dtype, shape: x.shape, .handle(x), .handle(y))
    case (.handle(let x), .weak(let y)):
      guard !x.isPoisoned, let scalar = Simple.scalar(y, as: x.dtype) else { return nil }
      self.init(dtype: x.dtype, shape: x.shape, .handle(x), .scalar(scalar))
    case (.weak(let x), .handle(let y)):
      guard !y.isPoisoned, let scalar = Simple.scalar(x, as: y.dtype) else { return nil }
      self.init(dtype: y.dtype, shape: y.shape, .scalar(scalar), .handle(y))
    case (.weak, .weak): return nil
    }
  }

  private static func scalar(_ literal: WeakScalar, as dtype: DType) -> Scalar? {
    literal.joined(with: dtype) == dtype ? literal.scalar(as: dtype) : nil
  }

  /// The recorded op on tensors `a` and `b`, or nil where it computes in another dtype or its
  /// values may be an error.
  func record(_ op: ElementwiseOp, _ a: Tensor, _ b: Tensor?) -> Tensor? {
    guard op.definition.computingDType(dtype) == dtype, op != .pow else { return nil }
    return Tensor(
      Tracking.record(
        .elementwise(op), dtype: op.resultDType(computingIn: dtype), shape: shape, a, first, b,
        second))
  }
}

extension WeakScalar {
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
