// What the tests of the interpreter share: buffers, values from host arrays, and reading them back.

import Glibc
import MartletIR
import MartletInterpreter
import Synchronization

/// An allocator over malloc that counts its living buffers.
final class TestAllocator: BufferAllocator {
  private let live = Atomic<Int>(0)
  private let peak = Atomic<Int>(0)

  var liveCount: Int { live.load(ordering: .relaxed) }
  var peakCount: Int { peak.load(ordering: .relaxed) }

  func allocate(byteCount: Int) throws(TensorError) -> Buffer {
    let capacity = max(64, (byteCount + 63) & ~63)
    guard let pointer = aligned_alloc(64, capacity) else {
      throw TensorError(
        .memory, op: "allocation", reason: "\(byteCount) bytes do not fit in memory")
    }
    // Contents are undefined: a loop that reads them should be seen.
    memset(pointer, 0xA5, capacity)
    let count = live.add(1, ordering: .relaxed).newValue
    peak.max(count, ordering: .relaxed)
    return Buffer(pointer: pointer, capacity: capacity, allocator: self)
  }

  func reclaim(_ pointer: UnsafeMutableRawPointer, capacity: Int) {
    live.subtract(1, ordering: .relaxed)
    free(pointer)
  }
}

/// A Swift type whose values are elements of one dtype.
protocol HostElement: Equatable, Sendable {
  static var dtype: DType { get }
}

extension Bool: HostElement { static var dtype: DType { .bool } }
extension Int8: HostElement { static var dtype: DType { .int8 } }
extension Int16: HostElement { static var dtype: DType { .int16 } }
extension Int32: HostElement { static var dtype: DType { .int32 } }
extension Int64: HostElement { static var dtype: DType { .int64 } }
extension UInt8: HostElement { static var dtype: DType { .uint8 } }
extension UInt16: HostElement { static var dtype: DType { .uint16 } }
extension UInt32: HostElement { static var dtype: DType { .uint32 } }
extension UInt64: HostElement { static var dtype: DType { .uint64 } }
extension Float: HostElement { static var dtype: DType { .float32 } }
extension Double: HostElement { static var dtype: DType { .float64 } }

let allocator = TestAllocator()
let interpreter = Interpreter(allocator: allocator)

/// The elements in a row-major value of `shape`, a vector unless told.
func value<T: HostElement>(_ elements: [T], _ shape: Shape? = nil) -> Value {
  let shape = shape ?? [elements.count]
  precondition(shape.elementCount == elements.count)
  let buffer = try! allocator.allocate(byteCount: elements.count * MemoryLayout<T>.stride)
  buffer.pointer.bindMemory(to: T.self, capacity: elements.count)
    .update(from: elements, count: elements.count)
  return Value(dtype: T.dtype, shape: shape, buffer: buffer)
}

/// The elements in row-major order, by index arithmetic.
func elements<T: HostElement>(_ value: Value, as type: T.Type = T.self) -> [T] {
  precondition(value.dtype == T.dtype, "the value is \(value.dtype)")
  let strides = value.layout.strides(for: value.shape)
  return (0..<value.shape.elementCount).map { number in
    var rest = number
    var offset = value.layout.offset
    for axis in value.shape.indices.reversed() {
      offset += rest % value.shape[axis] * strides[axis]
      rest /= value.shape[axis]
    }
    return value.buffer.pointer.load(fromByteOffset: offset * MemoryLayout<T>.stride, as: T.self)
  }
}

/// Evaluates one node; flags go nowhere unless asked for.
func evaluate(
  _ op: Op, _ dtype: DType, _ shape: Shape, _ operands: [Value], flags: inout UInt32
) throws -> Value {
  try interpreter.evaluate(
    op: op, dtype: dtype, shape: shape, operands: operands.map { .value($0) }, site: nil,
    flags: &flags)
}

func evaluate(_ op: Op, _ dtype: DType, _ shape: Shape, _ operands: [Value]) throws -> Value {
  var flags: UInt32 = 0
  return try evaluate(op, dtype, shape, operands, flags: &flags)
}

/// An elementwise op on vectors of one dtype, which the result has too.
func map<T: HostElement>(
  _ op: ElementwiseOp, _ operands: [T]..., flags: inout UInt32
) throws -> [T] {
  elements(
    try evaluate(
      .elementwise(op), T.dtype, [operands[0].count], operands.map { value($0) }, flags: &flags))
}

func map<T: HostElement>(_ op: ElementwiseOp, _ operands: [T]...) throws -> [T] {
  elements(
    try evaluate(.elementwise(op), T.dtype, [operands[0].count], operands.map { value($0) }))
}

/// An elementwise op with a result of bools.
func test<T: HostElement>(_ op: ElementwiseOp, _ operands: [T]...) throws -> [Bool] {
  elements(
    try evaluate(.elementwise(op), .bool, [operands[0].count], operands.map { value($0) }))
}

/// Equal bits, any NaN being equal to any NaN.
func same<T: BinaryFloatingPoint>(_ a: T, _ b: T) -> Bool {
  a.isNaN ? b.isNaN : (a == b && a.sign == b.sign)
}

func same<T: BinaryFloatingPoint>(_ a: [T], _ b: [T]) -> Bool {
  a.count == b.count && zip(a, b).allSatisfy { same($0, $1) }
}

/// A reproducible generator (SplitMix64).
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
