// Runs traces on the engines and compares what they give, bit for bit.

import Glibc
package import MartletIR
import MartletRuntime

/// One way to run a trace.
package enum Runner: String, Sendable, CaseIterable, CustomStringConvertible {
  case interpreter
  /// Compiled kernels that fuse ops.
  case fused
  /// One compiled kernel an op.
  case unfused
  /// Whatever the engine finds best.
  case automatic

  package var description: String { rawValue }

  /// Whether the engine needs a compiler.
  package var isCompiled: Bool { self == .fused || self == .unfused }

  /// The compiled engines that there are here; says so where there are none.
  package static let compiled: [Runner] = {
    if Runtime.backends.llvm != nil { return [.fused, .unfused] }
    print("compiled kernels are skipped: \(Runtime.backends.llvmFailure)")
    return []
  }()

  /// What a run gave: the values of the outputs, or an error.
  package enum Outcome: Sendable {
    case values([Value?])
    case failure(TensorError)
  }

  /// Runs `trace`, of which nothing is consumed: values that die in a run are copied before.
  package func run(_ trace: Trace) -> Outcome {
    do {
      let trace = try trace.withDyingLeavesCopied()
      let values = try ExecutionScope.with({ scope in
        switch self {
        case .interpreter: scope.mode = .interpreter
        case .fused, .unfused: scope.mode = .compiled
        case .automatic: scope.mode = .automatic
        }
        scope.fusion = self != .unfused
      }) { () throws(TensorError) in try Runtime.run(trace) }
      return .values(values)
    } catch let error as TensorError {
      return .failure(error)
    } catch {
      return .failure(TensorError(.backend, op: "run", reason: "\(error)"))
    }
  }

  /// The first difference between two runs of `trace`, in words, or nil.
  package static func difference(
    _ trace: Trace, _ expected: Outcome, _ found: Outcome
  ) -> String? {
    switch (expected, found) {
    case (.failure(let a), .failure(let b)):
      return a.kind == b.kind && a.op == b.op ? nil : "error \(b) instead of \(a)"
    case (.failure(let a), .values): return "no error instead of \(a)"
    case (.values, .failure(let b)): return "error \(b)"
    case (.values(let a), .values(let b)):
      for index in trace.nodes.indices where trace.nodes[index].isOutput {
        guard let x = a[index], let y = b[index] else { return "node \(index) has no value" }
        if let position = firstDifference(x, y) {
          return "node \(index) " + trace.describe(index, at: position, expected: x, found: y)
        }
      }
      return nil
    }
  }
}

/// The row-major position of the first element that differs, or -1 for other shapes or dtypes.
package func firstDifference(_ a: Value, _ b: Value) -> Int? {
  guard a.dtype == b.dtype, a.shape == b.shape else { return -1 }
  let count = a.shape.elementCount
  guard count > 0 else { return nil }
  if a.layout.isRowMajor(for: a.shape), b.layout.isRowMajor(for: b.shape) {
    if memcmp(a.base, b.base, count * a.dtype.byteCount) == 0 { return nil }
    switch a.dtype {
    case .float32: return firstDifference(a.base, b.base, count, Float.self)
    case .float64: return firstDifference(a.base, b.base, count, Double.self)
    default: break
    }
  }
  for position in 0..<count {
    let (x, y) = (a.scalar(at: position), b.scalar(at: position))
    if x != y, !(x.isNaN && y.isNaN) { return position }
  }
  return nil
}

private func firstDifference<Number: BinaryFloatingPoint>(
  _ a: UnsafeMutableRawPointer, _ b: UnsafeMutableRawPointer, _ count: Int, _ type: Number.Type
) -> Int? {
  let x = a.assumingMemoryBound(to: type)
  let y = b.assumingMemoryBound(to: type)
  for i in 0..<count {
    if x[i] == y[i] ? x[i].sign != y[i].sign : !(x[i].isNaN && y[i].isNaN) { return i }
  }
  return nil
}

extension Scalar {
  /// Whether the element is a floating-point NaN.
  package var isNaN: Bool {
    switch dtype {
    case .float32: float.isNaN
    case .float64: double.isNaN
    default: false
    }
  }

  /// The value with its bit pattern.
  package var detail: String { "\(self) (0x\(String(bits, radix: 16)))" }
}

extension Trace {
  /// The trace with fresh copies of the leaves that a run may overwrite.
  fileprivate func withDyingLeavesCopied() throws(TensorError) -> Trace {
    guard isLeafDying.contains(true) else { return self }
    var result = self
    for leaf in leaves.indices where isLeafDying[leaf] {
      let old = leaves[leaf].buffer
      let buffer = try Runtime.pool.allocate(byteCount: old.capacity)
      buffer.pointer.copyMemory(from: old.pointer, byteCount: old.capacity)
      result.leaves[leaf].buffer = buffer
    }
    return result
  }

  /// A node, and the elements of one place where its values differ.
  package func describe(
    _ index: Int, at position: Int, expected: Value, found: Value
  ) -> String {
    let node = nodes[index]
    var text = "\(node.op) -> \(node.dtype)\(node.shape)"
    guard position >= 0 else {
      return text + ": \(found.dtype)\(found.shape) instead of \(expected.dtype)\(expected.shape)"
    }
    text +=
      " element \(position): \(found.scalar(at: position).detail) instead of "
      + expected.scalar(at: position).detail
    for (k, operand) in node.operands.enumerated() {
      switch operand {
      case .scalar(let scalar): text += "\n  operand \(k): scalar \(scalar.detail)"
      case .node(let source): text += "\n  operand \(k): node \(source)"
      case .leaf(let leaf):
        let value = leaves[leaf]
        text +=
          "\n  operand \(k): \(value.dtype)\(value.shape) strides "
          + "\(value.layout.strides(for: value.shape)) offset \(value.layout.offset)"
        if case .elementwise = node.op {
          let place = value.position(broadcastFrom: position, in: node.shape)
          text += " element \(value.scalar(at: place).detail)"
        } else if case .cast = node.op {
          text += " element \(value.scalar(at: position).detail)"
        }
      }
    }
    return text
  }
}
