// A value that a run reads, without a reference to it.

import MartletIR

/// Where a leaf of a trace lies; whoever asks for the run keeps the buffer alive.
struct Leaf: BitwiseCopyable {
  private let buffer: Unmanaged<Buffer>
  /// The first element, and how many lie before it in the buffer.
  let base: UnsafeMutableRawPointer
  let offset: Int

  @inline(__always)
  init(_ value: borrowing Value) {
    buffer = .passUnretained(value.buffer)
    offset = value.layout.offset
    base = value.buffer.pointer + value.layout.offset &* value.dtype.byteCount
  }

  func retainedBuffer() -> Buffer { buffer.takeUnretainedValue() }
}
