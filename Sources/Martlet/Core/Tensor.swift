// The tensor: a value that means an array and holds a recorded op, a realized array, or a literal.

import MartletRuntime

@_exported public import struct MartletIR.Shape
@_exported public import enum MartletIR.DType
@_exported public import struct MartletIR.TensorError

/// An n-dimensional array of numbers with a run-time element type.
///
/// Operations look immediate and are recorded; looking at a value (printing it, reading it,
/// branching on it) runs what it depends on as fused machine code. Looking never changes a value:
/// every way to run the same operations gives the same bits.
///
///     let x: Tensor = [[1, 2], [3, 4]]
///     let y = (x * 0.5).exp().sum()
///     print(y)                         // Tensor(16.237747, shape=(), dtype=float32)
///
/// A `Tensor` is a value: assignment through a subscript changes this variable and no other. It is
/// `Sendable`: any thread may use any tensor.
public struct Tensor: Sendable {
  enum Storage: Sendable {
    /// A literal that has met no tensor yet: it takes the dtype of the first it meets (R41).
    case weak(WeakScalar)
    case handle(Handle)
  }

  var storage: Storage

  init(_ handle: Handle) { storage = .handle(handle) }
  init(weak: WeakScalar) { storage = .weak(weak) }

  /// The element type; a literal that has met no tensor has the default one.
  public var dtype: DType {
    switch storage {
    case .weak(let weak): weak.defaultDType
    case .handle(let handle): handle.dtype
    }
  }

  /// The extents of the axes.
  public var shape: Shape {
    switch storage {
    case .weak: .scalar
    case .handle(let handle): handle.shape
    }
  }

  /// The number of axes.
  public var rank: Int { shape.rank }

  /// The number of elements.
  public var count: Int { shape.elementCount }

  /// Whether an op on the way to this tensor failed inside `withTensorErrors`.
  var isPoisoned: Bool {
    if case .handle(let handle) = storage { return handle.isPoisoned }
    return false
  }

  /// The handle, where a literal becomes a number of its default dtype.
  var handle: Handle {
    switch storage {
    case .handle(let handle): handle
    case .weak(let weak): Handle(Values.scalar(weak.defaultScalar))
    }
  }

  /// As an operand of a record.
  var operand: RecordOperand {
    switch storage {
    case .handle(let handle): .handle(handle)
    case .weak(let weak): .scalar(weak.defaultScalar)
    }
  }

  var tracking: Tracking? {
    if case .handle(let handle) = storage { return Tracking.of(handle) }
    return nil
  }

  /// The dtype and shape as error messages show them.
  var described: TensorError.Operand { TensorError.Operand(dtype, shape) }
}
