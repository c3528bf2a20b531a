// The engine as users see it: what was found, what was done, and how work is to be run.

public import MartletRuntime

@_exported public import struct MartletRuntime.Backends
@_exported public import struct MartletRuntime.Counters
@_exported public import enum MartletRuntime.ExecutionMode

/// The engine behind all tensors of the process.
///
///     print(Engine.backends)
///     let before = Engine.counters
///     print(x.exp().sum())
///     print((Engine.counters - before).kernelsCompiled)
public enum Engine {
  /// The libraries, the processor and the threads in use; loads the libraries.
  public static var backends: Backends { Runtime.backends }

  /// What the engine has done so far; subtract two snapshots.
  public static var counters: Counters { Runtime.counters }

  /// How recorded ops are run where no `withMode` says otherwise; at first `MARTLET_MODE`.
  public static var mode: ExecutionMode {
    get { Runtime.mode }
    set { Runtime.mode = newValue }
  }

  /// Whether ops share kernels where no `withFusion` says otherwise; at first `MARTLET_FUSION`.
  public static var isFusing: Bool {
    get { Runtime.fusion }
    set { Runtime.fusion = newValue }
  }

  /// The bytes that tensors and the pool's free blocks may take together.
  public static var memoryBudget: Int {
    get { Runtime.memoryBudget }
    set { Runtime.memoryBudget = newValue }
  }

  /// Forgets compiled kernels and gives unused memory back to the system.
  public static func clearCaches() { Runtime.trim() }
}

extension Counters {
  // Here and not beside the type: a consumer sees the operators of this module, not of the
  // runtime's.

  /// What happened between two snapshots.
  public static func - (later: Counters, earlier: Counters) -> Counters { later.since(earlier) }
}

/// Runs `body` with values forced in it computed in `mode`.
///
/// The mode is read when a value is forced; a value that exists keeps its bits, and every mode
/// gives the same ones.
///
///     let exact = withMode(.interpreter) { x.softmax(axis: 1).scalars(as: Float.self) }
public func withMode<Result>(
  _ mode: ExecutionMode, _ body: () throws -> Result
) rethrows -> Result {
  try ExecutionScope.with({ $0.mode = mode }, body)
}

/// Runs `body` with fusion on or off; off, every op is a compiled kernel of its own.
public func withFusion<Result>(
  _ isFusing: Bool, _ body: () throws -> Result
) rethrows -> Result {
  try ExecutionScope.with({ $0.fusion = isFusing }, body)
}

/// Runs `body` with integer division by zero and casts that do not fit as errors.
///
/// Without it they give the values that `Docs/Semantics.md` defines: 0, and the nearest value.
public func withStrictValues<Result>(_ body: () throws -> Result) rethrows -> Result {
  try ExecutionScope.with({ $0.isStrict = true }, body)
}
