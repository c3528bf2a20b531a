// Evaluates one op on arrays: by compiled kernels, or by the interpreter where there are none.

import CampaignSupport
import Glibc
import MartletIR
import MartletRuntime

/// How much is measured: a thin slice, or everything with MARTLET_ULP=full.
enum Measure {
  static let isFull = getenv("MARTLET_ULP").map { String(cString: $0) } == "full"
  static let engine = Runner.compiled.isEmpty ? Runner.interpreter : .fused
}

/// An array that is evaluated: its elements, and the value of the op on them.
struct Evaluation<Element: BinaryFloatingPoint & BitwiseCopyable> {
  let arguments: [[Element]]
  let results: [Element]

  init(_ op: ElementwiseOp, _ arguments: [[Element]]) throws {
    self.arguments = arguments
    let dtype: DType = Element.self == Float.self ? .float32 : .float64
    var builder = TraceBuilder()
    var operands: [Trace.Operand] = []
    for elements in arguments {
      let buffer = try Runtime.pool.allocate(byteCount: elements.count * dtype.byteCount)
      elements.withUnsafeBytes { bytes in
        UnsafeMutableRawBufferPointer(start: buffer.pointer, count: bytes.count).copyMemory(
          from: bytes)
      }
      operands.append(
        builder.leaf(Value(dtype: dtype, shape: [elements.count], buffer: buffer)))
    }
    let result = builder.apply(op, operands)
    builder.output(result)
    switch Measure.engine.run(builder.trace) {
    case .failure(let error): throw error
    case .values(let values):
      guard let value = values.last ?? nil else {
        throw TensorError(.backend, op: "\(op)", reason: "there is no value")
      }
      results = Array(
        UnsafeBufferPointer(
          start: value.base.assumingMemoryBound(to: Element.self), count: arguments[0].count))
    }
  }
}
