// Which tapes know a tensor: the flag on operands that makes recording also write a tape.

import MartletIR
import MartletRuntime

/// The numbers of one tensor on the tapes that know it.
final class Tracking: Sendable {
  struct Track: Sendable {
    let tape: Tape
    let number: Int
  }

  let tracks: [Track]

  private init(_ tracks: [Track]) { self.tracks = tracks }

  /// The tracking of a handle; nil where no gradient is wanted.
  static func of(_ handle: Handle) -> Tracking? {
    // Handles get theirs from this file only.
    handle.tracking.map { unsafeDowncast($0, to: Tracking.self) }
  }

  func number(on tape: Tape) -> Int? { tracks.first { $0.tape === tape }?.number }

  /// Records `op`, on the open tapes of its operands too.
  static func record(
    _ op: Op, dtype: DType, shape: Shape, inputs: [Tensor], operands: [RecordOperand],
    site: TensorError.Location? = nil
  ) -> Handle {
    let tracking = dtype.isFloatingPoint ? extend(op, dtype: dtype, shape: shape, inputs) : nil
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
    let inputs = b.map { [Tensor(a), Tensor($0)] } ?? [Tensor(a)]
    return record(
      .elementwise(op), dtype: dtype, shape: a.shape, inputs: inputs,
      operands: inputs.map(\.operand))
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
    return record(
      .elementwise(op), dtype: dtype, shape: a.shape, inputs: scalarIsFirst ? [y, x] : [x, y],
      operands: scalarIsFirst
        ? [.scalar(scalar), .handle(a)] : [.handle(a), .scalar(scalar)])
  }

  /// Keeps the result of `op` on the tapes where its gradient rule reads it.
  private func keep(_ handle: Handle, of op: Op) {
    guard op.gradientReadsResult else { return }
    for track in tracks { track.tape.keepResult(Tensor(handle), of: track.number) }
  }

  /// Appends an entry for `op` to each open tape that knows one of `inputs`.
  private static func extend(
    _ op: Op, dtype: DType, shape: Shape, _ inputs: [Tensor]
  ) -> Tracking? {
    var tracks: [Track] = []
    for input in inputs {
      guard let known = input.tracking?.tracks else { continue }
      for tape in known.lazy.map(\.tape)
      where tape.isOpen && !tracks.contains(where: { $0.tape === tape }) {
        let entry = Tape.Entry(
          op: op, dtype: dtype, shape: shape, inputs: entryInputs(inputs, of: op, on: tape))
        if let number = tape.append(entry) { tracks.append(Track(tape: tape, number: number)) }
      }
    }
    return tracks.isEmpty ? nil : Tracking(tracks)
  }

  private static func entryInputs(
    _ inputs: [Tensor], of op: Op, on tape: Tape
  ) -> [Tape.Entry.Input] {
    inputs.indices.map { position in
      let input = inputs[position]
      return Tape.Entry.Input(
        number: input.tracking?.number(on: tape), dtype: input.dtype, shape: input.shape,
        tensor: op.gradientReads(operand: position) ? input : nil)
    }
  }

  /// A handle on the same value that `tape` knows as `number`; tapes that know `source` know it
  /// too.
  static func alias(of source: Handle, watchedBy tape: Tape, as number: Int) -> Handle {
    let inherited = extend(
      .view(.reshape), dtype: source.dtype, shape: source.shape, [Tensor(source)])
    let tracking = Tracking((inherited?.tracks ?? []) + [Track(tape: tape, number: number)])
    if let value = source.value { return Handle(value, tracking: tracking) }
    return Recorder.record(
      .view(.reshape), dtype: source.dtype, shape: source.shape, .handle(source),
      tracking: tracking)
  }

  /// A handle on the same value that no tape knows.
  static func stop(_ source: Handle) -> Handle {
    guard source.tracking != nil else { return source }
    if let value = source.value { return Handle(value) }
    return Recorder.record(
      .view(.reshape), dtype: source.dtype, shape: source.shape, .handle(source))
  }
}
