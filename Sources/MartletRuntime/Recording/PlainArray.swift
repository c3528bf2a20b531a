// An array of plain data that is filled and emptied again and again.

/// Elements without references in memory of their own, which the owner frees by `destroy`.
///
/// The hot path of a force fills half a dozen of these: as `ContiguousArray` members they would be
/// checked for uniqueness and exclusive access at every append, which took a third of the force of
/// a single op.
struct PlainArray<Element: BitwiseCopyable> {
  private struct Header {
    var elements: UnsafeMutablePointer<Element>
    var count = 0
    var capacity: Int
  }

  private let header: UnsafeMutablePointer<Header>

  init(capacity: Int = 16) {
    header = .allocate(capacity: 1)
    header.initialize(to: Header(elements: .allocate(capacity: capacity), capacity: capacity))
  }

  func destroy() {
    header.pointee.elements.deallocate()
    header.deallocate()
  }

  @inline(__always) var count: Int { header.pointee.count }

  @inline(__always)
  subscript(index: Int) -> Element {
    get { header.pointee.elements[index] }
    nonmutating set { header.pointee.elements[index] = newValue }
  }

  @inline(__always)
  func append(_ element: Element) {
    let count = header.pointee.count
    if count == header.pointee.capacity { grow() }
    (header.pointee.elements + count).initialize(to: element)
    header.pointee.count = count &+ 1
  }

  @inline(__always)
  func popLast() -> Element? {
    guard header.pointee.count > 0 else { return nil }
    header.pointee.count &-= 1
    return header.pointee.elements[header.pointee.count]
  }

  @inline(__always) func removeAll() { header.pointee.count = 0 }

  func reverse() {
    var elements = UnsafeMutableBufferPointer(start: header.pointee.elements, count: count)
    elements.reverse()
  }

  /// The elements, until the next change.
  @inline(__always)
  var elements: UnsafeBufferPointer<Element> {
    UnsafeBufferPointer(start: header.pointee.elements, count: header.pointee.count)
  }

  @inline(never)
  private func grow() {
    let capacity = header.pointee.capacity * 2
    let larger = UnsafeMutablePointer<Element>.allocate(capacity: capacity)
    larger.initialize(from: header.pointee.elements, count: count)
    header.pointee.elements.deallocate()
    header.pointee.elements = larger
    header.pointee.capacity = capacity
  }
}
