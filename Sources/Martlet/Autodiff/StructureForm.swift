// The forms of structures: what is equal where a direction belongs to a point.

import MartletIR
import Synchronization

/// The tensors of a structure, and the containers that they are in.
struct StructureForm: Sendable {
  enum Part: Sendable, Hashable {
    case tensor
    case elements(Int)
    case keys(String)
    case some
    case none
  }

  let tensors: [Tensor]
  private let parts: [Part]

  init(_ structure: some TensorStructure) {
    let parts = Parts()
    var (copy, tensors) = (structure, [Tensor]())
    Parts.$current.withValue(parts) {
      copy.updateTensors {
        tensors.append($0)
        parts.append(.tensor)
      }
    }
    (self.tensors, self.parts) = (tensors, parts.all)
  }

  /// The first parts in which this form and `other` differ, in words.
  func difference(from other: StructureForm) -> (found: String, expected: String)? {
    guard parts != other.parts else { return nil }
    let index = zip(parts, other.parts).prefix { $0 == $1 }.count
    return (words(at: index), other.words(at: index))
  }

  private func words(at index: Int) -> String {
    guard index < parts.count else { return "no more" }
    switch parts[index] {
    case .tensor: return "a tensor"
    case .elements(let count): return "an array of \(count)"
    case .keys(let keys): return "the keys \(keys)"
    case .some: return "a value"
    case .none: return "nil"
    }
  }

  /// Tells the form that is taken in this task, if one is, of a container.
  static func note(_ part: @autoclosure () -> Part) { Parts.current?.append(part()) }

  /// The parts of a form that is being taken.
  private final class Parts: Sendable {
    @TaskLocal static var current: Parts?

    private let list = Mutex<[Part]>([])

    var all: [Part] { list.withLock { $0 } }

    func append(_ part: Part) { list.withLock { $0.append(part) } }
  }
}
