// The tape: what was recorded on the way from watched tensors, as long as its scope lasts.

import MartletIR
import MartletRuntime
import Synchronization

/// The ops that a gradient scope has seen, in order; entry i is also the number of its result.
///
/// A tape owns what it holds: closing it drops every entry, and what escaped the scope is an
/// ordinary tensor. Entries refer to each other by number, so dropping a long history is a loop.
final class Tape: Sendable {
  /// One recorded op, or a watched tensor.
  struct Entry: Sendable {
    /// An operand: its number on this tape, and what its gradient rule may ask for.
    struct Input: Sendable {
      /// The entry of the operand, or nil where the tape does not know it.
      let number: Int?
      let dtype: DType
      let shape: Shape
      /// The operand itself, where the rule of the op reads it.
      let tensor: Tensor?
    }

    /// Nil for a watched tensor.
    let op: Op?
    let dtype: DType
    let shape: Shape
    let inputs: [Input]
    /// The result, where the rule of the op reads it.
    var result: Tensor?
  }

  private struct State {
    var entries: [Entry] = []
    var isOpen = true
  }

  private let state = Mutex(State())

  /// Appends an entry and returns its number, or nil once the tape is closed.
  func append(_ entry: Entry) -> Int? {
    state.withLock { state in
      guard state.isOpen else { return nil }
      state.entries.append(entry)
      return state.entries.count - 1
    }
  }

  func keepResult(_ result: Tensor, of number: Int) {
    state.withLock { state in
      if number < state.entries.count { state.entries[number].result = result }
    }
  }

  /// Ends the recording and hands out the entries.
  func close() -> [Entry] {
    state.withLock { state in
      state.isOpen = false
      let entries = state.entries
      state.entries = []
      return entries
    }
  }

  var isOpen: Bool { state.withLock { $0.isOpen } }

  /// `tensor` under a new identity that this tape watches, and its number; nil once it is closed.
  func watch(_ tensor: Tensor) -> (tensor: Tensor, number: Int)? {
    let source = tensor.handle
    let entry = Entry(op: nil, dtype: source.dtype, shape: source.shape, inputs: [], result: nil)
    guard let number = append(entry) else { return nil }
    // The alias belongs to the tapes that know the original too: it is the original to them.
    let alias = Tracking.alias(of: source, watchedBy: self, as: number)
    return (Tensor(alias), number)
  }
}
