// Arguments, tangents and cotangents: checked, and brought to the dtypes that gradients need.

import MartletIR
import MartletRuntime

extension Tensor {
  /// Zeros of the shape and dtype of `other`.
  static func zeros(of other: Tensor) -> Tensor {
    other.isPoisoned ? other : zeros(of: other.described)
  }

  static func zeros(of form: TensorError.Operand) -> Tensor {
    filled(form.shape, with: Scalar(dtype: form.dtype, bits: 0))
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

  /// The tensors of `directions`; all poisoned where their forms are not those of `points`.
  static func directions(
    _ op: String, _ role: String, _ directions: [StructureForm], of points: [StructureForm],
    _ site: CallSite
  ) -> [Tensor] {
    let tensors = directions.flatMap(\.tensors)
    if tensors.contains(where: \.isPoisoned) { return tensors }
    for (index, (direction, point)) in zip(directions, points).enumerated() {
      guard let (found, expected) = direction.difference(from: point) else { continue }
      let place = points.count > 1 ? " in argument \(index)" : ""
      let failed = Tensor.failed(
        TensorError(
          .shape, op: op, operands: tensors.map(\.described),
          reason: "the \(role) has \(found)\(place), not \(expected)",
          hint: "a \(role) has the form of what it belongs to: the same keys and counts"),
        at: site)
      return [failed]
    }
    return tensors
  }

  /// `directions` as tangents or cotangents of `values`: each of the shape and dtype of its value,
  /// where integers and literals take that dtype, and zeros for a value that is not floating-point.
  static func directions(
    _ op: String, _ role: String, _ directions: [Tensor], of values: [Tensor], _ site: CallSite
  ) -> [Tensor] {
    if let poisoned = values.first(where: \.isPoisoned) { return values.map { _ in poisoned } }
    return self.directions(op, role, directions, of: values.map(\.described), site)
  }

  /// As for values, given the dtypes and shapes of these.
  static func directions(
    _ op: String, _ role: String, _ directions: [Tensor], of values: [TensorError.Operand],
    _ site: CallSite
  ) -> [Tensor] {
    func fail(_ error: TensorError) -> [Tensor] {
      let failed = Tensor.failed(error, at: site)
      return values.map { _ in failed }
    }
    if let poisoned = directions.first(where: \.isPoisoned) {
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
            operands: [value, direction.described],
            reason: "the \(role) is \(direction.dtype)\(direction.shape), "
              + "not \(value.dtype)\(value.shape)",
            hint: "a \(role) has the shape and dtype of what it belongs to"))
      }
      typed.append(direction.literal(as: value.dtype).converted(to: value.dtype))
    }
    return typed
  }
}
