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
  private struct Stripe {
    var lock: UInt32 = 0
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
  /// The most bytes a list of one stripe keeps.
  private static let listLimit = 256 << 10

  /// Every stripe, and its lists, are touched under its lock; only totals and forks take several.
  private let memory: Shared<(UnsafeMutablePointer<Stripe>, UnsafeMutablePointer<List>)>

  private var stripes: UnsafeMutablePointer<Stripe> { memory.pointer.0 }
  private var lists: UnsafeMutablePointer<List> { memory.pointer.1 }

  init() {
    // Two cache lines a stripe keep the locks of two threads apart.
    let stripes = UnsafeMutablePointer<Stripe>.allocate(capacity: SmallBlocks.stripeCount * 4)
    stripes.initialize(repeating: Stripe(), count: SmallBlocks.stripeCount * 4)
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
    UnsafeMutableRawPointer(stripes + index &* 4).assumingMemoryBound(to: UInt32.self)
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
    let stripe = stripes + number &* 4
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
    stripes[number &* 4].liveBuffers &-= 1
    stripes[number &* 4].liveBytes &-= SizeClass.byteCount(index)
    unlock(number)
  }

  /// Takes a block back; false when the list is full and the caller has to free it.
  @inline(__always)
  func give(_ block: UnsafeMutableRawPointer, _ index: Int) -> Bool {
    let number = lockedStripe()
    let stripe = stripes + number &* 4
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
      stripes[number * 4].cachedBytes = 0
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
      let stripe = stripes[number * 4]
      sum.liveBuffers &+= stripe.liveBuffers
      sum.liveBytes &+= stripe.liveBytes
      sum.cachedBytes &+= stripe.cachedBytes
      unlock(number)
    }
    return sum
  }
}
