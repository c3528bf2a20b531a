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
  ///
  /// A class, because sweeps look at every entry: a struct's parts would be retained one by one.
  ///
  /// Invariant behind `@unchecked`: `result` is written once, by the thread that records the op,
  /// before anybody else has its result and with it a reason to look at the entry.
  final class Entry: @unchecked Sendable {
    enum Kind: Sendable {
      /// A watched tensor.
      case watched
      case op(Op)
      /// A function with a rule of its own; its results are entries that follow.
      case custom(CustomRule)
      /// The result at a position of the custom function that is the only input.
      case result(Int)
    }

    /// An operand: its number on this tape, and what its gradient rule may ask for.
    struct Input: Sendable {
      /// The entry of the operand, or nil where the tape does not know it.
      let number: Int?
      let dtype: DType
      let shape: Shape
      /// The operand itself, where the rule of the op reads it.
      let tensor: Tensor?
    }

    let kind: Kind
    let dtype: DType
    let shape: Shape
    let inputs: Few<Input>
    /// The result, where the rule of the op reads it.
    fileprivate(set) var result: Tensor?
    /// Where the op was called, for ops that can fail on values: then their rules can too.
    let origin: Origin?

    /// A place in the user's source, apart because few entries have one.
    final class Origin: Sendable {
      let location: TensorError.Location

      init(_ location: TensorError.Location) { self.location = location }
    }

    init(
      _ kind: Kind, _ dtype: DType, _ shape: Shape, _ inputs: Few<Input> = Few(),
      origin: Origin? = nil
    ) {
      (self.kind, self.dtype, self.shape) = (kind, dtype, shape)
      (self.inputs, self.origin) = (inputs, origin)
    }
  }

  private static let count = Atomic<UInt64>(0)

  /// Tapes, and the sections that change how they record, are numbered in the order in which they
  /// are made.
  static var nextSerial: UInt64 { count.wrappingAdd(1, ordering: .relaxed).newValue }

  let serial = Tape.nextSerial

  private struct Log {
    var entries: [Entry] = []
    var isClosed = false
  }

  private let log = Mutex(Log())
  /// How many recordings are under way, in whichever tasks; far below zero once the tape is closed.
  private let recordings: Atomic<Int>

  /// A tape on which one recording is under way, or none yet.
  init(isRecording: Bool = true) { recordings = Atomic(isRecording ? 1 : 0) }

  /// Whether ops on what the tape knows are noted on it.
  var isOpen: Bool { recordings.load(ordering: .relaxed) > 0 }

  func beginRecording() { recordings.wrappingAdd(1, ordering: .relaxed) }
  func endRecording() { recordings.wrappingSubtract(1, ordering: .relaxed) }

  /// Appends an entry and returns its number; nil where the tape has been closed, which an op of
  /// another task may learn no earlier than here.
  func append(_ entry: Entry) -> Int? {
    log.withLock { log in
      if log.isClosed { return nil }
      log.entries.append(entry)
      return log.entries.count - 1
    }
  }

  func keepResult(_ result: Tensor, of number: Int) {
    log.withLock { log in
      // Nobody empties a closed tape again: what it kept now it would keep for ever.
      if !log.isClosed { log.entries[number].result = result }
    }
  }

  /// What has been recorded so far.
  var recorded: [Entry] { log.withLock { $0.entries } }

  /// Ends the recording for good and hands out the entries.
  func close() -> [Entry] {
    recordings.store(.min / 2, ordering: .relaxed)
    return log.withLock { log in
      log.isClosed = true
      return exchange(&log.entries, with: [])
    }
  }

  /// `tensor` under a new identity that this tape watches, and its number; as it is, without a
  /// number, where the tape has been closed.
  ///
  /// - Parameters:
  ///   - tensor: A floating-point tensor.
  ///   - known: The number of what the alias is another value of; nil: a new one.
  func watch(_ tensor: Tensor, as known: Int? = nil) -> (tensor: Tensor, number: Int?) {
    let source = tensor.handle
    guard let number = known ?? append(Entry(.watched, source.dtype, source.shape)) else {
      return (tensor, nil)
    }
    // The alias belongs to the tapes that know the original too: it is the original to them.
    let alias = Tracking.alias(of: source, known: [Tracking.Track(tape: self, number: number)])
    return (Tensor(alias), number)
  }
}

extension Tape.Entry {
  // Without a copy of the whole operand.
  func number(of position: Int) -> Int? { inputs.at(position) { $0.number } }
  func shape(of position: Int) -> Shape { inputs.at(position) { $0.shape } }
  func tensor(of position: Int) -> Tensor? { inputs.at(position) { $0.tensor } }
}

/// A list of elements, two of which need no memory of their own.
struct Few<Element: Sendable>: Sendable, RandomAccessCollection {
  private let one: Element?
  private let two: Element?
  private let rest: [Element]

  init(_ one: Element? = nil, _ two: Element? = nil, rest: [Element] = []) {
    (self.one, self.two, self.rest) = (one, two, rest)
  }

  init(_ elements: [Element]) {
    self.init(
      elements.first, elements.count > 1 ? elements[1] : nil, rest: Array(elements.dropFirst(2)))
  }

  var startIndex: Int { 0 }
  var endIndex: Int { (one == nil ? 0 : 1) + (two == nil ? 0 : 1) + rest.count }

  subscript(position: Int) -> Element { at(position) { $0 } }

  /// What `body` says of the element at `position`.
  @inline(__always)
  func at<Part>(_ position: Int, _ body: (Element) -> Part) -> Part {
    switch position {
    case 0: if let one { return body(one) }
    case 1: if let two { return body(two) }
    default: return body(rest[position - 2])
    }
    internalError("element \(position) of \(count)")
  }
}
