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
  convenience init?(of handle: Handle) {
    guard let tracking = handle.tracking as? Tracking else { return nil }
    self.init(tracking.tracks)
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
    if let tracking, op.gradientReadsResult {
      for track in tracking.tracks { track.tape.keepResult(Tensor(handle), of: track.number) }
    }
    return handle
  }

  /// Appends an entry for `op` to each open tape that knows one of `inputs`.
  private static func extend(
    _ op: Op, dtype: DType, shape: Shape, _ inputs: [Tensor]
  ) -> Tracking? {
    var tapes: [Tape] = []
    let trackings = inputs.map(\.tracking)
    for case let tracking? in trackings {
      for track in tracking.tracks
      where track.tape.isOpen && !tapes.contains(where: { $0 === track.tape }) {
        tapes.append(track.tape)
      }
    }
    guard !tapes.isEmpty else { return nil }
    var tracks: [Track] = []
    for tape in tapes {
      let entry = Tape.Entry(
        op: op, dtype: dtype, shape: shape,
        inputs: inputs.indices.map { position in
          let input = inputs[position]
          return Tape.Entry.Input(
            number: trackings[position]?.number(on: tape), dtype: input.dtype,
            shape: input.shape, tensor: op.gradientReads(operand: position) ? input : nil)
        }, result: nil)
      if let number = tape.append(entry) { tracks.append(Track(tape: tape, number: number)) }
    }
    return tracks.isEmpty ? nil : Tracking(tracks)
  }

  /// A handle on the same value that `tape` knows as `number`; tapes that know `source` know it too.
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
