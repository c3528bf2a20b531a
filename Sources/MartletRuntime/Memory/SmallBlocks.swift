// Free lists of small blocks, striped over threads so that a take costs one uncontended exchange.

import CPlatform
import Glibc
import MartletIR

/// Free blocks below 64 KiB.
///
/// A thread starts at the stripe its address hashes to and moves on when
/// another thread is in it, so nobody waits for a thread that was preempted.
struct SmallBlocks: Sendable {
  /// One set of lists; each list is threaded through the first word of its blocks.
  ///
  /// Its lock lies `lockOffset` bytes further on, for it is touched by threads that do not hold it.
  private struct Stripe {
    /// Blocks and bytes in use: what was taken here less what was given back here.
    var liveBuffers = 0
    var liveBytes = 0
    var cachedBytes = 0
  }

  private struct List {
    var head: UnsafeMutableRawPointer?
    var count = 0
  }

  private static let stripeCount = 16
  /// Two cache lines a stripe keep the locks of two threads apart.
  private static let stripeByteCount = 128
  private static let lockOffset = 32
  /// The most bytes a list of one stripe keeps.
  private static let listLimit = 256 << 10

  /// Every stripe, and its lists, are touched under its lock; only totals and forks take several.
  private let memory: Shared<(UnsafeMutableRawPointer, UnsafeMutablePointer<List>)>

  private var stripes: UnsafeMutableRawPointer { memory.pointer.0 }
  private var lists: UnsafeMutablePointer<List> { memory.pointer.1 }

  init() {
    let stripes = UnsafeMutableRawPointer.allocate(
      byteCount: SmallBlocks.stripeCount * SmallBlocks.stripeByteCount,
      alignment: SmallBlocks.stripeByteCount)
    for index in 0..<SmallBlocks.stripeCount {
      let stripe = stripes + index * SmallBlocks.stripeByteCount
      stripe.initializeMemory(as: Stripe.self, to: Stripe())
      (stripe + SmallBlocks.lockOffset).initializeMemory(as: UInt32.self, to: 0)
    }
    let listCount = SmallBlocks.stripeCount * SizeClass.smallCount
    let lists = UnsafeMutablePointer<List>.allocate(capacity: listCount)
    lists.initialize(repeating: List(), count: listCount)
    memory = Shared((stripes, lists))
  }

  @inline(__always)
  private func lockedStripe() -> Int {
    // Thread descriptors lie pages apart.
    let hash =
      (UInt(bitPattern: Int(truncatingIfNeeded: pthread_self())) &>> 8)
      &* 0x9e37_79b9_7f4a_7c15
    var index = Int(hash &>> 60)
    while true {
      if martlet_exchange(lockWord(index), 1) == 0 { return index }
      index = (index &+ 1) & (SmallBlocks.stripeCount &- 1)
      martlet_pause()
    }
  }

  @inline(__always)
  private func lockWord(_ index: Int) -> UnsafeMutablePointer<UInt32> {
    (stripes + (index &* SmallBlocks.stripeByteCount &+ SmallBlocks.lockOffset))
      .assumingMemoryBound(to: UInt32.self)
  }

  @inline(__always)
  private func stripe(_ index: Int) -> UnsafeMutablePointer<Stripe> {
    (stripes + index &* SmallBlocks.stripeByteCount).assumingMemoryBound(to: Stripe.self)
  }

  private func lock(_ index: Int) {
    while martlet_exchange(lockWord(index), 1) != 0 { sched_yield() }
  }

  /// Takes every stripe, for a fork.
  func lockAll() { for index in 0..<SmallBlocks.stripeCount { lock(index) } }

  func unlockAll() { for index in 0..<SmallBlocks.stripeCount { unlock(index) } }

  @inline(__always)
  private func unlock(_ index: Int) { martlet_store_release(lockWord(index), 0) }

  /// A free block of class `index`, or nil; either way the caller will own one.
  @inline(__always)
  func take(_ index: Int) -> UnsafeMutableRawPointer? {
    let number = lockedStripe()
    let stripe = stripe(number)
    let list = lists + (number &* SizeClass.smallCount &+ index)
    let byteCount = SizeClass.byteCount(index)
    stripe.pointee.liveBuffers &+= 1
    stripe.pointee.liveBytes &+= byteCount
    let head = list.pointee.head
    if let head {
      list.pointee.head = head.load(as: UnsafeMutableRawPointer?.self)
      list.pointee.count &-= 1
      stripe.pointee.cachedBytes &-= byteCount
    }
    unlock(number)
    return head
  }

  /// Notes that a block that `take` counted could not be made.
  func cancel(_ index: Int) {
    let number = lockedStripe()
    stripe(number).pointee.liveBuffers &-= 1
    stripe(number).pointee.liveBytes &-= SizeClass.byteCount(index)
    unlock(number)
  }

  /// Takes a block back; false when the list is full and the caller has to free it.
  @inline(__always)
  func give(_ block: UnsafeMutableRawPointer, _ index: Int) -> Bool {
    let number = lockedStripe()
    let stripe = stripe(number)
    let list = lists + (number &* SizeClass.smallCount &+ index)
    let byteCount = SizeClass.byteCount(index)
    stripe.pointee.liveBuffers &-= 1
    stripe.pointee.liveBytes &-= byteCount
    let isKept = list.pointee.count &* byteCount < SmallBlocks.listLimit
    if isKept {
      block.storeBytes(of: list.pointee.head, as: UnsafeMutableRawPointer?.self)
      list.pointee.head = block
      list.pointee.count &+= 1
      stripe.pointee.cachedBytes &+= byteCount
    }
    unlock(number)
    return isKept
  }

  /// Frees every cached block.
  func trim() {
    for number in 0..<SmallBlocks.stripeCount {
      lock(number)
      for index in 0..<SizeClass.smallCount {
        let list = lists + (number * SizeClass.smallCount + index)
        while let block = list.pointee.head {
          list.pointee.head = block.load(as: UnsafeMutableRawPointer?.self)
          free(block)
        }
        list.pointee.count = 0
      }
      stripe(number).pointee.cachedBytes = 0
      unlock(number)
    }
  }

  /// Frees the lists themselves; no block may be taken or given any more.
  func destroy() {
    stripes.deallocate()
    lists.deallocate()
  }

  /// Buffers and bytes in use and bytes cached; exact when no other thread allocates.
  var totals: (liveBuffers: Int, liveBytes: Int, cachedBytes: Int) {
    var sum = (liveBuffers: 0, liveBytes: 0, cachedBytes: 0)
    for number in 0..<SmallBlocks.stripeCount {
      lock(number)
      let stripe = stripe(number).pointee
      sum.liveBuffers &+= stripe.liveBuffers
      sum.liveBytes &+= stripe.liveBytes
      sum.cachedBytes &+= stripe.cachedBytes
      unlock(number)
    }
    return sum
  }
}
