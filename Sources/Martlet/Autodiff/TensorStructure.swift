// Structures of tensors: what a gradient is taken at, and the form in which it comes back.

import MartletIR

/// A value made of tensors: the argument of a differentiated function, and the form of its
/// gradient.
///
/// Tensors conform, and arrays, dictionaries and optionals of what conforms. A structure of your
/// own names its parameters in one method; what it leaves out is a constant.
///
///     struct Line: TensorStructure {
///       var slope: Tensor
///       var offset: Tensor
///
///       mutating func updateTensors(_ update: (inout Tensor) throws -> Void) rethrows {
///         try update(&slope)
///         try update(&offset)
///       }
///     }
///
///     let line = Line(slope: 2, offset: 1)
///     let gradients = gradient(at: line) { line in (line.slope * 3 + line.offset).square() }
///     print(gradients.slope, gradients.offset)       // 42 and 14
///
/// A member that is a structure itself passes the update on: `try layers.updateTensors(update)`.
public protocol TensorStructure {
  /// Gives each tensor to `update`, which may replace it: always the same ones in the same order.
  mutating func updateTensors(_ update: (inout Tensor) throws -> Void) rethrows
}

extension TensorStructure {
  /// The tensors in the order of `updateTensors`.
  public var tensors: [Tensor] {
    var (copy, found) = (self, [Tensor]())
    copy.updateTensors { found.append($0) }
    return found
  }

  /// This structure with the next of `tensors` in the place of each.
  func replacing(with tensors: inout IndexingIterator<[Tensor]>) -> Self {
    var copy = self
    copy.updateTensors { place in
      place = tensors.next() ?? .misnumbered("\(Self.self)", "more")
    }
    return copy
  }

  /// This structure with `tensors`, one for each place.
  func replacing(with tensors: [Tensor]) -> Self {
    var rest = tensors.makeIterator()
    let copy = replacing(with: &rest)
    return rest.next() == nil ? copy : copy.filled(with: .misnumbered("\(Self.self)", "fewer"))
  }

  /// This structure with `tensor` in every place.
  func filled(with tensor: Tensor) -> Self {
    var copy = self
    copy.updateTensors { $0 = tensor }
    return copy
  }
}

extension Tensor: TensorStructure {
  /// Updates this tensor.
  public mutating func updateTensors(_ update: (inout Tensor) throws -> Void) rethrows {
    try update(&self)
  }
}

extension Array: TensorStructure where Element: TensorStructure {
  /// Updates the tensors of the elements, first to last.
  public mutating func updateTensors(_ update: (inout Tensor) throws -> Void) rethrows {
    StructureForm.note(.elements(count))
    for index in indices { try self[index].updateTensors(update) }
  }
}

extension Dictionary: TensorStructure where Key: Comparable, Value: TensorStructure {
  /// Updates the tensors of the values, in the order of their keys.
  public mutating func updateTensors(_ update: (inout Tensor) throws -> Void) rethrows {
    let keys = keys.sorted()
    StructureForm.note(.keys("\(keys)"))
    for key in keys { try self[key]?.updateTensors(update) }
  }
}

extension Optional: TensorStructure where Wrapped: TensorStructure {
  /// Updates the tensors of what is there.
  public mutating func updateTensors(_ update: (inout Tensor) throws -> Void) rethrows {
    StructureForm.note(self == nil ? .none : .some)
    try self?.updateTensors(update)
  }
}

/// The tensors of `structures`, one after another.
func tensors<each S: TensorStructure>(_ structures: repeat each S) -> [Tensor] {
  var found: [Tensor] = []
  for structure in repeat each structures { found += structure.tensors }
  return found
}

/// The forms of `structures`.
func forms<each S: TensorStructure>(_ structures: repeat each S) -> [StructureForm] {
  var found: [StructureForm] = []
  for structure in repeat each structures { found.append(StructureForm(structure)) }
  return found
}

/// `structures` with `tensors` in their places.
func rebuilt<each S: TensorStructure>(
  _ structures: repeat each S, from tensors: [Tensor]
) -> (repeat each S) {
  var rest = tensors.makeIterator()
  let rebuilt = (repeat (each structures).replacing(with: &rest))
  guard rest.next() != nil else { return rebuilt }
  var types: [String] = []
  for structure in repeat each structures { types.append("\(type(of: structure))") }
  let failed = Tensor.misnumbered(types.joined(separator: ", "), "fewer")
  return (repeat (each rebuilt).filled(with: failed))
}

extension Tensor {
  /// What stands for a tensor where `updateTensors` did not give the same ones again.
  fileprivate static func misnumbered(_ type: String, _ count: String) -> Tensor {
    failed(
      TensorError(
        .value, op: "updateTensors", operands: [],
        reason: "\(type) gave \(count) tensors than it gave before",
        hint: "give the same tensors in the same order each time, whatever they hold"),
      at: .frame)
  }
}
