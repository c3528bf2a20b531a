// Memory that holds elements, and values: elements with a dtype, a shape and a layout.

/// Hands out buffers and takes their memory back.
package protocol BufferAllocator: AnyObject, Sendable {
  /// A buffer of at least `byteCount` bytes, 64-byte aligned, contents undefined.
  func allocate(byteCount: Int) throws(TensorError) -> Buffer
  /// Called once when the last reference to a buffer goes.
  func reclaim(_ pointer: UnsafeMutableRawPointer, capacity: Int)
}

/// A block of memory with one owner, which takes it back when the last reference goes.
///
/// Invariant behind `@unchecked`: a buffer is written only by the run that allocated it, before it
/// is published in a `Value`, or by a caller that holds the only reference to it (donation,
/// in-place assignment). Published memory is never written while anybody else can read it.
package final class Buffer: @unchecked Sendable {
  package let pointer: UnsafeMutableRawPointer
  /// The bytes that may be used: at least those asked for.
  package let capacity: Int
  private let allocator: any BufferAllocator

  package init(
    pointer: UnsafeMutableRawPointer, capacity: Int, allocator: any BufferAllocator
  ) {
    self.pointer = pointer
    self.capacity = capacity
    self.allocator = allocator
  }

  deinit { allocator.reclaim(pointer, capacity: capacity) }
}

/// A realized tensor: elements in a buffer.
package struct Value: Sendable {
  package var dtype: DType
  package var shape: Shape
  package var layout: Layout
  package var buffer: Buffer

  package init(dtype: DType, shape: Shape, layout: Layout = .rowMajor, buffer: Buffer) {
    self.dtype = dtype
    self.shape = shape
    self.layout = layout
    self.buffer = buffer
  }

  /// The address of the element at index 0 of every axis.
  package var base: UnsafeMutableRawPointer {
    buffer.pointer + layout.offset * dtype.byteCount
  }
}
