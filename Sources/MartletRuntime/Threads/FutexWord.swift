// One word that threads change by atomic operations and sleep on.

internal import CPlatform
package import MartletIR

/// A word in memory of its own, which its owner frees by `destroy`, if ever.
package typealias FutexWord = Shared<UnsafeMutablePointer<UInt32>>

extension Shared where Pointer == UnsafeMutablePointer<UInt32> {
  /// A zero, on a cache line of its own where threads spin on it.
  init(isPadded: Bool = false) {
    let byteCount = isPadded ? 128 : 4
    let memory = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: byteCount)
    self.init(memory.initializeMemory(as: UInt32.self, to: 0))
  }

  func destroy() { pointer.deallocate() }

  @inline(__always)
  func load() -> UInt32 { martlet_load_acquire(pointer) }

  /// For a word that is read after another was written: `load` could come first.
  @inline(__always)
  func loadInOrder() -> UInt32 { martlet_load(pointer) }

  @inline(__always)
  func store(_ value: UInt32) { martlet_store_release(pointer, value) }

  /// Adds, wrapping, and returns the value before.
  @inline(__always) @discardableResult
  func add(_ value: UInt32) -> UInt32 { martlet_fetch_add(pointer, value) }

  /// Stores, and returns the value before.
  @inline(__always)
  func exchange(_ value: UInt32) -> UInt32 { martlet_exchange(pointer, value) }

  /// Stores `desired` where the value is `expected`, and says whether it was.
  @inline(__always)
  func exchange(_ expected: UInt32, for desired: UInt32) -> Bool {
    martlet_compare_exchange(pointer, expected, desired) != 0
  }

  /// Sleeps while the value is `value`, and at most so long unless negative; may wake for no
  /// reason.
  func wait(while value: UInt32, nanoseconds: Int = -1) {
    martlet_futex_wait(pointer, value, Int64(nanoseconds))
  }

  /// Wakes up to `count` threads that sleep here.
  func wake(_ count: Int32 = .max) { martlet_futex_wake(pointer, count) }
}
