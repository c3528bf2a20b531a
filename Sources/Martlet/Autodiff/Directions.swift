// Arguments, tangents and cotangents: checked, and brought to the dtypes that gradients need.

import MartletIR
import MartletRuntime

extension Tensor {
  /// Zeros of the shape and dtype of `other`.
  static func zeros(of other: Tensor) -> Tensor {
    other.isPoisoned ? other : filled(other.shape, with: Scalar(dtype: other.dtype, bits: 0))
  }

  /// A literal integer as a float, which is what a gradient is taken at; anything else as it is.
  var asFloat: Tensor {
    guard case .weak(let weak) = storage else { return self }
    return Tensor(Handle(Values.scalar(Scalar(rounding: weak.asDouble, as: .defaultFloat))))
  }

  /// `arguments` as floats with which a function can be differentiated; where one is poisoned, or
  /// has a dtype without gradients, all are poisoned.
  static func differentiable(_ op: String, _ arguments: [Tensor], _ site: CallSite) -> [Tensor] {
    if let poisoned = arguments.first(where: \.isPoisoned) {
      return arguments.map { _ in poisoned }
    }
    let floats = arguments.map(\.asFloat)
    guard let index = floats.firstIndex(where: { !$0.dtype.isFloatingPoint }) else { return floats }
    let failed = Tensor.failed(
      TensorError(
        .dtype, op: op, operands: arguments.map(\.described),
        reason: "argument \(index) is \(arguments[index].dtype), which has no gradient",
        hint: "cast it to a floating-point dtype"), at: site)
    return arguments.map { _ in failed }
  }

  /// `directions` as tangents or cotangents of `values`: each of the shape and dtype of its value,
  /// where integers and literals take that dtype, and zeros for a value that is not floating-point.
  static func directions(
    _ op: String, _ role: String, _ directions: [Tensor], of values: [Tensor], _ site: CallSite
  ) -> [Tensor] {
    func fail(_ error: TensorError) -> [Tensor] {
      let failed = Tensor.failed(error, at: site)
      return values.map { _ in failed }
    }
    if let poisoned = (directions + values).first(where: \.isPoisoned) {
      return values.map { _ in poisoned }
    }
    guard directions.count == values.count else {
      return fail(
        TensorError(
          .shape, op: op, operands: directions.map(\.described),
          reason: "there are \(directions.count) \(role)s for \(values.count) tensors",
          hint: "give each tensor one, of its shape and dtype"))
    }
    var typed: [Tensor] = []
    for (direction, value) in zip(directions, values) {
      guard value.dtype.isFloatingPoint else {
        typed.append(.zeros(of: value))
        continue
      }
      guard direction.shape == value.shape,
        direction.isWeak || !direction.dtype.isFloatingPoint || direction.dtype == value.dtype
      else {
        return fail(
          TensorError(
            direction.shape == value.shape ? .dtype : .shape, op: op,
            operands: [value.described, direction.described],
            reason: "the \(role) is \(direction.dtype)\(direction.shape), "
              + "not \(value.dtype)\(value.shape)",
            hint: "a \(role) has the shape and dtype of what it belongs to"))
      }
      typed.append(direction.literal(as: value.dtype).converted(to: value.dtype))
    }
    return typed
  }
}
