// A bounded run of recorded ops, appended to by one thread, read by any.

import MartletIR
import Synchronization

/// Records in the order of recording; operands within it are indices, others are retained handles.
///
/// A record is retired as soon as nobody wants it: its handle is gone or settled, and no unretired
/// record of the segment reads it. Retiring is a loop over indices, never a recursion. A segment
/// whose records are all retired starts anew, so a loop that inspects its results reuses one
/// segment.
///
/// Segments are never freed, only recycled: a handle may name one by address without keeping it
/// alive and check under its lock that it is still meant. So a segment is a pointer, which costs
/// nothing to pass around; everything behind it but the lock and the generation is read and written
/// under the lock.
struct TraceSegment: Sendable {
  /// The number of records after which a segment is cut, or soon after which, where it is the
  /// record of a loop; unless a test lifts it.
  static let defaultCapacity = 4096
  static let capacity = Atomic<Int>(defaultCapacity)
  static let unmarked: Int32 = -1

  /// What any thread reads at any time.
  private struct Shell {
    let lock = FutexLock()
    let generation = Generation()
    let fields: UnsafeMutablePointer<Fields>
  }

  /// What the lock guards.
  private struct Fields {
    var count = 0
    var active = 0
    var allocated = 256
    var records: UnsafeMutablePointer<Record>
    var states: UnsafeMutablePointer<RecordState>
    var marks: UnsafeMutablePointer<Int32>
    var retainedBytes = 0
    /// Where the segment is cut once it has reached a bound; 0 before.
    var end = 0
    var period = 0
    var shapes = ShapeTable()
    /// Records that may have become unwanted.
    let suspects = PlainArray<Int32>()
    /// Whether a thread appends to it; else it is recycled once its records are retired.
    var isOwned = true
  }

  /// The shell never changes, and what it points to has its lock.
  private let shell: Shared<UnsafePointer<Shell>>

  @inline(__always)
  private var fields: UnsafeMutablePointer<Fields> { shell.pointer.pointee.fields }

  @inline(__always) var lock: FutexLock { shell.pointer.pointee.lock }
  /// Counts settlements; waiters sleep on it.
  @inline(__always) var generation: Generation { shell.pointer.pointee.generation }
  @inline(__always) var count: Int { fields.pointee.count }
  /// The records that are not retired.
  @inline(__always) private var active: Int { fields.pointee.active }
  @inline(__always) var records: UnsafeMutablePointer<Record> { fields.pointee.records }
  @inline(__always) var states: UnsafeMutablePointer<RecordState> { fields.pointee.states }
  /// What a claim notes of each record while it is made; `unmarked` between claims.
  @inline(__always) var marks: UnsafeMutablePointer<Int32> { fields.pointee.marks }
  /// The period of the records at the latest cut, or 0.
  var period: Int {
    get { fields.pointee.period }
    nonmutating set { fields.pointee.period = newValue }
  }
  @inline(__always) private var suspects: PlainArray<Int32> { fields.pointee.suspects }

  /// The shape of record `index`.
  @inline(__always)
  func shape(of record: UnsafeMutablePointer<Record>) -> Shape {
    fields.pointee.shapes[record.pointee.shape]
  }

  private struct Registry {
    /// Never freed: handles name segments by address.
    var all: [TraceSegment] = []
    var free: [TraceSegment] = []
  }

  private static let registry: Locked<Registry> = {
    // Before there is a first lock that a fork could cut off.
    ForkGuard.install()
    return Locked(Registry())
  }()

  private init() {
    let fields = UnsafeMutablePointer<Fields>.allocate(capacity: 1)
    let capacity = 256
    fields.initialize(
      to: Fields(
        allocated: capacity, records: .allocate(capacity: capacity),
        states: .allocate(capacity: capacity), marks: .allocate(capacity: capacity)))
    fields.pointee.marks.initialize(repeating: TraceSegment.unmarked, count: capacity)
    let shell = UnsafeMutablePointer<Shell>.allocate(capacity: 1)
    shell.initialize(to: Shell(fields: fields))
    self.shell = Shared(UnsafePointer(shell))
  }

  /// The segment at an address.
  init(at address: UInt) {
    guard let pointer = UnsafeRawPointer(bitPattern: address) else {
      internalError("a pending handle without a segment")
    }
    shell = Shared(pointer.assumingMemoryBound(to: Shell.self))
  }

  /// A segment for the calling thread to append to.
  static func acquire() -> TraceSegment {
    if let segment = registry.withLock({ $0.free.popLast() }) {
      segment.lock.lock()
      segment.fields.pointee.isOwned = true
      segment.lock.unlock()
      return segment
    }
    let segment = TraceSegment()
    registry.withLock { $0.all.append(segment) }
    return segment
  }

  @inline(__always) var address: UInt { UInt(bitPattern: shell.pointer) }

  /// Gives the segment up: its thread ends or needs a fresh one.
  func abandon() {
    lock.lock()
    fields.pointee.isOwned = false
    let isEmpty = active == 0
    if isEmpty { restart() }
    lock.unlock()
    if isEmpty { recycle() }
  }

  /// Whether another record fits under the bounds; the caller holds the lock.
  @inline(__always)
  func hasRoom(retainedLimit: Int) -> Bool {
    if active == 0 { restart() }
    return count < TraceSegment.capacity.load(ordering: .relaxed)
      && fields.pointee.retainedBytes < retainedLimit || goesOn(retainedLimit)
  }

  /// Whether a segment that has reached a bound takes more records: up to the place in their loop
  /// where the next one is to begin.
  ///
  /// Cut anywhere, each segment of a loop would begin elsewhere in it and have a plan of its own.
  @inline(never)
  private func goesOn(_ retainedLimit: Int) -> Bool {
    if count > fields.pointee.end { fields.pointee.end = count + distanceToCut() }
    return count < fields.pointee.end && fields.pointee.retainedBytes / 2 < retainedLimit
  }

  /// Starts anew: all records are retired.
  private func restart() {
    guard count > 0 else { return }
    fields.pointee.count = 0
    fields.pointee.retainedBytes = 0
    fields.pointee.end = 0
    fields.pointee.shapes.removeAll()
  }

  /// Appends a record without operands, `op` nil for a structural one with a code; the caller holds
  /// the lock and has checked `hasRoom`.
  @inline(__always)
  func append(
    _ op: ElementwiseOp?, code: UInt16 = 0, for handle: Handle
  ) -> UnsafeMutablePointer<Record> {
    let index = count
    if index == fields.pointee.allocated { grow() }
    let record = records + index
    let shape = fields.pointee.shapes.number(of: handle.shape)
    record.initialize(to: Record(op, code: code, handle.dtype, shape: shape, handle: handle))
    states[index] = .pending
    handle.attach(to: self, index: Int32(truncatingIfNeeded: index))
    fields.pointee.count = index &+ 1
    fields.pointee.active &+= 1
    return record
  }

  /// Appends an operand to a record that was appended just now; the caller holds the lock.
  @inline(__always)
  func append(_ handle: Handle, to record: UnsafeMutablePointer<Record>) {
    // The lock keeps a handle of this segment from settling between the test and the use.
    if handle.segment.load(ordering: .acquiring) == address {
      records[Int(handle.index)].uses &+= 1
      record.pointee.append(Record.Operand(record: handle.index))
      return
    }
    if !handle.isPending {
      record.pointee.retainedBytes &+= handle.retainedByteCount
      fields.pointee.retainedBytes &+= handle.retainedByteCount
    }
    record.pointee.append(Record.Operand(retaining: handle))
  }

  @inline(never)
  private func grow() {
    let capacity = fields.pointee.allocated * 4
    func moved<Element>(_ old: UnsafeMutablePointer<Element>) -> UnsafeMutablePointer<Element> {
      let new = UnsafeMutablePointer<Element>.allocate(capacity: capacity)
      new.moveInitialize(from: old, count: count)
      old.deallocate()
      return new
    }
    fields.pointee.records = moved(records)
    fields.pointee.states = moved(states)
    fields.pointee.marks = moved(marks)
    (marks + count).initialize(repeating: TraceSegment.unmarked, count: capacity - count)
    fields.pointee.allocated = capacity
  }

  /// Forgets a handle whose last reference is gone.
  func drop(_ handle: Handle, recordedAt address: UInt) {
    var doomed: [Handle] = []
    lock.lock()
    // Settled meanwhile: then there is no record to forget.
    if handle.segment.load(ordering: .relaxed) == address {
      records[Int(handle.index)].handle = nil
      retireIfUnwanted(Int(handle.index), doomed: &doomed)
    }
    let isRecycled = finishIfEmpty()
    lock.unlock()
    if isRecycled { recycle() }
    if !doomed.isEmpty { ThreadState.release(&doomed, ThreadState.current) }
  }

  /// Whether an unowned segment has just become free; the caller holds the lock.
  func finishIfEmpty() -> Bool {
    guard active == 0, count > 0 else { return false }
    restart()
    return !fields.pointee.isOwned
  }

  /// Puts a free segment back.
  func recycle() { TraceSegment.registry.withLock { $0.free.append(self) } }

  /// Takes the locks of all segments, for a fork.
  static func holdAll() { registry.hold { $0.all.forEach { $0.lock.lock() } } }

  /// Gives them back, in the parent or in the child.
  static func releaseAll() { registry.release { $0.all.forEach { $0.lock.unlock() } } }

  /// Retires record `index` if nobody wants it, and its producers in turn; the caller holds the
  /// lock and releases `doomed` after it has given the lock up.
  func retireIfUnwanted(_ index: Int, doomed: inout [Handle]) {
    var index = index
    while true {
      if isUnwanted(index) {
        states[index] = .retired
        fields.pointee.active &-= 1
        detachOperands(of: index, doomed: &doomed)
        records[index].destroy()
      }
      guard let next = suspects.popLast() else { return }
      index = Int(next)
    }
  }

  /// Gives up the operands of a record that has run, and retires those nobody else wants.
  func releaseOperands(of index: Int, doomed: inout [Handle]) {
    detachOperands(of: index, doomed: &doomed)
    while let producer = suspects.popLast() {
      retireIfUnwanted(Int(producer), doomed: &doomed)
    }
  }

  /// Gives up the operands of a record; those of its segment become suspects.
  private func detachOperands(of index: Int, doomed: inout [Handle]) {
    let record = records + index
    record.pointee.takeOperands { operand in
      switch operand.kind {
      case .scalar: break
      case .handle: doomed.append(operand.handle.takeRetainedValue())
      case .record:
        let producer = Int(operand.index)
        records[producer].uses &-= 1
        if isUnwanted(producer) { suspects.append(operand.index) }
      }
    }
    fields.pointee.retainedBytes &-= record.pointee.retainedBytes
    record.pointee.retainedBytes = 0
  }

  private func isUnwanted(_ index: Int) -> Bool {
    (states[index] == .pending || states[index] == .done)
      && records[index].handle == nil && records[index].uses == 0
  }

  /// Marks a record as run; its result is for the caller to keep where pending records read it.
  func finish(_ index: Int) { states[index] = .done }

  /// Changes the state of record `index`; the caller holds the lock.
  func setState(_ index: Int, _ state: RecordState) { states[index] = state }

  /// The records that a live handle waits for; the caller holds the lock.
  func liveRecords() -> [Int] {
    (0..<count).filter { states[$0] == .pending && records[$0].handle != nil }
  }
}
