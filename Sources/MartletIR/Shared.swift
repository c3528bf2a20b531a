// A pointer that threads share.

/// A pointer to what any thread may use at any time.
///
/// Invariant behind `@unchecked`: what it points to never changes once it was made (a library's
/// table of functions, linked code), locks itself (a stripe that begins with its lock), or is
/// touched by atomic operations alone (the word of a lock). Whoever makes one says which.
package struct Shared<Pointer>: @unchecked Sendable {
  package let pointer: Pointer

  @inlinable
  package init(_ pointer: Pointer) { self.pointer = pointer }
}
