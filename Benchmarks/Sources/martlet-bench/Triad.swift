// The machine's memory bandwidth: a plain loop that adds a multiple of one array to another.

import Dispatch
import Glibc
import Martlet

/// The bandwidth of a[i] = b[i] + s c[i] on as many threads as the engine has.
struct Triad {
  let elementCount: Int
  let threads: Int
  /// Counted as the engine counts: two loads and a store of each element.
  let gigabytesPerSecond: Double

  init(_ effort: Effort) {
    let count = effort.sizes.vector
    let threads = Engine.backends.threads
    let arrays = (0..<3).map { _ in PageArray(count) }
    // The threads write disjoint parts.
    nonisolated(unsafe) let a = arrays[0].start
    nonisolated(unsafe) let b = arrays[1].start
    nonisolated(unsafe) let c = arrays[2].start
    for index in 0..<count { (a[index], b[index], c[index]) = (0, 1, 2) }
    func run() -> Double {
      milliseconds {
        DispatchQueue.concurrentPerform(iterations: threads) { part in
          let (begin, end) = (count * part / threads, count * (part + 1) / threads)
          Triad.add(a + begin, b + begin, c + begin, 0.5, end - begin)
        }
      }
    }
    for _ in 0..<2 { _ = run() }
    let times = (0..<(effort.isQuick ? 50 : 200)).map { _ in run() }
    withExtendedLifetime(arrays) {}
    elementCount = count
    self.threads = threads
    gigabytesPerSecond = Double(3 * 4 * count) / middle(times) * 1e-6
  }

  @inline(never)
  private static func add(
    _ a: UnsafeMutablePointer<Float>, _ b: UnsafeMutablePointer<Float>,
    _ c: UnsafeMutablePointer<Float>, _ s: Float, _ count: Int
  ) {
    for index in 0..<count { a[index] = b[index] + s * c[index] }
  }
}

/// Memory of its own pages, large ones where the system has them, as the engine's big blocks are.
private final class PageArray {
  let start: UnsafeMutablePointer<Float>
  private let mapping: UnsafeMutableRawPointer
  private let byteCount: Int

  init(_ count: Int) {
    let largePage = 2_097_152
    byteCount = count * MemoryLayout<Float>.stride + largePage
    let protection = PROT_READ | PROT_WRITE
    guard let mapping = mmap(nil, byteCount, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      mapping != MAP_FAILED
    else {
      fatalError("\(byteCount) bytes for the bandwidth measurement could not be had")
    }
    self.mapping = mapping
    let aligned = mapping.alignedUp(toMultipleOf: largePage)
    madvise(aligned, byteCount - (aligned - mapping), MADV_HUGEPAGE)
    start = aligned.bindMemory(to: Float.self, capacity: count)
  }

  deinit { munmap(mapping, byteCount) }
}

extension UnsafeMutableRawPointer {
  fileprivate func alignedUp(toMultipleOf alignment: Int) -> UnsafeMutableRawPointer {
    self + (alignment - Int(bitPattern: self) % alignment) % alignment
  }
}
