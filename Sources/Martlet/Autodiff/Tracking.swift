// Which tapes know a tensor: the flag on operands that makes recording also write a tape.

import MartletIR
import MartletRuntime

/// The numbers of one tensor on the tapes that know it.
final class Tracking: Sendable {
  struct Track: Sendable {
    let tape: Tape
    let number: Int
  }

  /// Most tensors are known to one tape, which then takes no array.
  private let first: Track
  private let others: [Track]

  private init(_ first: Track, _ others: [Track]) { (self.first, self.others) = (first, others) }

  private convenience init?(_ tracks: [Track]) {
    guard let first = tracks.first else { return nil }
    self.init(first, Array(tracks.dropFirst()))
  }

  /// The tracking of a handle; nil where no gradient is wanted.
  static func of(_ handle: Handle) -> Tracking? {
    // Handles get theirs from this file only.
    handle.tracking.map { unsafeDowncast($0, to: Tracking.self) }
  }

  @inline(__always)
  func forEachTrack(_ body: (Track) -> Void) {
    body(first)
    others.forEach(body)
  }

  func number(on tape: Tape) -> Int? {
    if first.tape === tape { return first.number }
    return others.first { $0.tape === tape }?.number
  }

  // MARK: Recording

  /// Records `op`, on the open tapes of its operands too.
  static func record(
    _ op: Op, dtype: DType, shape: Shape, inputs: [Tensor], operands: [RecordOperand],
    site: TensorError.Location? = nil
  ) -> Handle {
    let tracking =
      inputs.contains { $0.tracking != nil }
      ? extend(
        op, dtype: dtype, shape: shape, Few(inputs), origin: site.map(Tape.Entry.Origin.init))
      : nil
    let handle = Recorder.record(
      op, dtype: dtype, shape: shape, operands.first, operands.count > 1 ? operands[1] : nil,
      operands.count > 2 ? operands[2] : nil,
      rest: operands.count > 3 ? Array(operands[3...]) : [], tracking: tracking, site: site)
    tracking?.keep(handle, of: op)
    return handle
  }

  /// As the general form, for an elementwise op of one or two tensors of one shape.
  @inline(__always)
  static func record(_ op: ElementwiseOp, dtype: DType, _ a: Handle, _ b: Handle?) -> Handle {
    if a.tracking == nil, b?.tracking == nil { return Recorder.record(op, dtype: dtype, a, b) }
    return recordTracked(op, dtype: dtype, a, b)
  }

  /// Out of line: what it needs would be retained on the way of ops without gradient too.
  @inline(never)
  private static func recordTracked(
    _ op: ElementwiseOp, dtype: DType, _ a: Handle, _ b: Handle?
  ) -> Handle {
    record(
      op, dtype: dtype, a.shape, Few(Tensor(a), b.map { Tensor($0) }), .handle(a),
      b.map { .handle($0) })
  }

  /// As the general form, for an elementwise op of a tensor and a number.
  @inline(__always)
  static func record(
    _ op: ElementwiseOp, dtype: DType, _ a: Handle, _ scalar: Scalar, scalarIsFirst: Bool
  ) -> Handle {
    if a.tracking == nil {
      return Recorder.record(op, dtype: dtype, a, scalar, scalarIsFirst: scalarIsFirst)
    }
    return recordTracked(op, dtype: dtype, a, scalar, scalarIsFirst: scalarIsFirst)
  }

  @inline(never)
  private static func recordTracked(
    _ op: ElementwiseOp, dtype: DType, _ a: Handle, _ scalar: Scalar, scalarIsFirst: Bool
  ) -> Handle {
    let (x, y) = (Tensor(a), Tensor(weak: .double(scalar.asDouble)))
    return scalarIsFirst
      ? record(op, dtype: dtype, a.shape, Few(y, x), .scalar(scalar), .handle(a))
      : record(op, dtype: dtype, a.shape, Few(x, y), .handle(a), .scalar(scalar))
  }

  private static func record(
    _ op: ElementwiseOp, dtype: DType, _ shape: Shape, _ inputs: Few<Tensor>,
    _ a: RecordOperand, _ b: RecordOperand?
  ) -> Handle {
    let op = Op.elementwise(op)
    let tracking = extend(op, dtype: dtype, shape: shape, inputs)
    let handle = Recorder.record(op, dtype: dtype, shape: shape, a, b, tracking: tracking)
    tracking?.keep(handle, of: op)
    return handle
  }

  /// Keeps the result of `op` on the tapes where its gradient rule reads it.
  private func keep(_ handle: Handle, of op: Op) {
    guard op.gradientReadsResult else { return }
    forEachTrack { $0.tape.keepResult(Tensor(handle), of: $0.number) }
  }

  /// Appends an entry for `op` to each open tape that knows one of `inputs`.
  private static func extend(
    _ op: Op, dtype: DType, shape: Shape, _ inputs: Few<Tensor>,
    origin: Tape.Entry.Origin? = nil
  ) -> Tracking? {
    if let observer = TapeObserver.here {
      return observer.extend(op, dtype: dtype, shape: shape, inputs, origin: origin)
    }
    guard dtype.isFloatingPoint, op.hasGradient else { return nil }
    var first: Track?
    var others: [Track] = []
    for input in inputs {
      input.tracking?.forEachTrack { track in
        let tape = track.tape
        guard tape.isOpen, first?.tape !== tape, !others.contains(where: { $0.tape === tape })
        else { return }
        let entry = Tape.Entry(
          .op(op), dtype, shape,
          inputs.operands(of: op) { $0 === input.tracking ? track.number : $0?.number(on: tape) },
          origin: origin)
        guard let number = tape.append(entry) else { return }
        let next = Track(tape: tape, number: number)
        if first == nil { first = next } else { others.append(next) }
      }
    }
    return first.map { Tracking($0, others) }
  }

  /// Appends an entry for `op` to each of `tapes`, on which operands have the numbers that
  /// `number` says.
  static func extend(
    _ tapes: [Tape], _ op: Op, dtype: DType, shape: Shape, _ inputs: Few<Tensor>,
    origin: Tape.Entry.Origin?, number: (Tracking?, Tape) -> Int?
  ) -> Tracking? {
    Tracking(
      tapes.compactMap { tape in
        let entry = Tape.Entry(
          .op(op), dtype, shape, inputs.operands(of: op) { number($0, tape) }, origin: origin)
        return tape.append(entry).map { Track(tape: tape, number: $0) }
      })
  }

  // MARK: Aliases

  /// A handle on the same value that `tracks` know besides the open tapes that know `source`.
  static func alias(of source: Handle, known tracks: [Track]) -> Handle {
    var all: [Track] = []
    if source.tracking != nil {
      extend(
        .view(.reshape), dtype: source.dtype, shape: source.shape, Few(Tensor(source))
      )?.forEachTrack { all.append($0) }
    }
    return handle(like: source, Tracking(all + tracks))
  }

  /// A handle on the same value that `tracks` alone know.
  static func replacing(_ source: Handle, by tracks: [Track]) -> Handle {
    if tracks.isEmpty, source.tracking == nil { return source }
    return handle(like: source, Tracking(tracks))
  }

  private static func handle(like source: Handle, _ tracking: Tracking?) -> Handle {
    if let value = source.value { return Handle(value, tracking: tracking) }
    return Recorder.record(
      .view(.reshape), dtype: source.dtype, shape: source.shape, .handle(source),
      tracking: tracking)
  }
}

extension Few<Tensor> {
  /// The tensors as operands of `op` on a tape.
  fileprivate func operands(
    of op: Op, number: (Tracking?) -> Int?
  ) -> Few<Tape.Entry.Input> {
    func operand(_ position: Int) -> Tape.Entry.Input {
      let tensor = self[position]
      return Tape.Entry.Input(
        number: number(tensor.tracking), dtype: tensor.dtype, shape: tensor.shape,
        tensor: op.gradientReads(operand: position) ? tensor : nil)
    }
    return Few<Tape.Entry.Input>(
      operand(0), count > 1 ? operand(1) : nil, rest: count > 2 ? (2..<count).map(operand) : [])
  }
}
