// Counts of what the engine did, for tests, benchmarks and the user.

import Synchronization

/// A snapshot of the engine's counts; the difference of two says what happened between them.
public struct Counters: Sendable, Hashable {
  /// Runs of recorded ops.
  public var traces = 0
  /// Runs that were planned: ops put into kernels, memory decided.
  public var plansMade = 0
  /// Runs of a structure whose plan was kept.
  public var planCacheHits = 0
  /// Kernels compiled, and the seconds that took.
  public var kernelsCompiled = 0
  /// The seconds that compilation took.
  public var compileSeconds = 0.0
  /// Launches whose kernel had been compiled before.
  public var kernelCacheHits = 0
  /// Kernels found on disk instead of compiled.
  public var kernelsLoaded = 0
  /// Kernels written to disk.
  public var kernelsStored = 0
  /// Kernels that a background thread made, after a first run without them or with slower code.
  public var kernelsImproved = 0
  /// Kernels run.
  public var launches = 0
  /// Recorded ops run by the interpreter.
  public var interpretedNodes = 0
  /// Bytes that launched kernels load and store, each element of an operand counted once.
  public var bytesLoaded = 0
  /// Bytes that launched kernels store.
  public var bytesStored = 0
  /// Buffers in use; in a difference, their change.
  public var liveBuffers = 0
  /// Bytes of the buffers in use; in a difference, their change.
  public var liveBytes = 0
  /// The most bytes that were in use at any time; in a difference, its rise.
  public var peakBytes = 0
  /// Blocks of memory taken from the system.
  public var mappings = 0

  package init() {}

  /// What happened after an earlier snapshot.
  package func since(_ earlier: Counters) -> Counters {
    var result = Counters()
    for field in Counters.integers {
      result[keyPath: field] = self[keyPath: field] &- earlier[keyPath: field]
    }
    result.compileSeconds = compileSeconds - earlier.compileSeconds
    return result
  }

  private static var integers: [WritableKeyPath<Counters, Int>] {
    [
      \.traces, \.plansMade, \.planCacheHits, \.kernelsCompiled, \.kernelCacheHits,
      \.kernelsLoaded, \.kernelsStored, \.kernelsImproved, \.launches, \.interpretedNodes,
      \.bytesLoaded, \.bytesStored, \.liveBuffers, \.liveBytes, \.peakBytes, \.mappings,
    ]
  }
}

/// The counts as they grow.
package final class CounterCells: Sendable {
  package enum Cell: Int, CaseIterable, Sendable {
    case traces
    case plansMade
    case planCacheHits
    case kernelsCompiled
    case compileNanoseconds
    case kernelCacheHits
    case kernelsLoaded
    case kernelsStored
    case kernelsImproved
    case launches
    case interpretedNodes
    case bytesLoaded
    case bytesStored
  }

  private let traces = Atomic(0)
  private let plansMade = Atomic(0)
  private let planCacheHits = Atomic(0)
  private let kernelsCompiled = Atomic(0)
  private let compileNanoseconds = Atomic(0)
  private let kernelCacheHits = Atomic(0)
  private let kernelsLoaded = Atomic(0)
  private let kernelsStored = Atomic(0)
  private let kernelsImproved = Atomic(0)
  private let launches = Atomic(0)
  private let interpretedNodes = Atomic(0)
  private let bytesLoaded = Atomic(0)
  private let bytesStored = Atomic(0)

  package init() {}

  @inline(__always)
  package func add(_ cell: Cell, _ count: Int = 1) {
    switch cell {
    case .traces: traces.wrappingAdd(count, ordering: .relaxed)
    case .plansMade: plansMade.wrappingAdd(count, ordering: .relaxed)
    case .planCacheHits: planCacheHits.wrappingAdd(count, ordering: .relaxed)
    case .kernelsCompiled: kernelsCompiled.wrappingAdd(count, ordering: .relaxed)
    case .compileNanoseconds: compileNanoseconds.wrappingAdd(count, ordering: .relaxed)
    case .kernelCacheHits: kernelCacheHits.wrappingAdd(count, ordering: .relaxed)
    case .kernelsLoaded: kernelsLoaded.wrappingAdd(count, ordering: .relaxed)
    case .kernelsStored: kernelsStored.wrappingAdd(count, ordering: .relaxed)
    case .kernelsImproved: kernelsImproved.wrappingAdd(count, ordering: .relaxed)
    case .launches: launches.wrappingAdd(count, ordering: .relaxed)
    case .interpretedNodes: interpretedNodes.wrappingAdd(count, ordering: .relaxed)
    case .bytesLoaded: bytesLoaded.wrappingAdd(count, ordering: .relaxed)
    case .bytesStored: bytesStored.wrappingAdd(count, ordering: .relaxed)
    }
  }

  /// The counts now, with the memory that `pool` holds.
  package func snapshot(_ pool: BufferPool) -> Counters {
    var result = Counters()
    result.traces = traces.load(ordering: .relaxed)
    result.plansMade = plansMade.load(ordering: .relaxed)
    result.planCacheHits = planCacheHits.load(ordering: .relaxed)
    result.kernelsCompiled = kernelsCompiled.load(ordering: .relaxed)
    result.compileSeconds = Double(compileNanoseconds.load(ordering: .relaxed)) * 1e-9
    result.kernelCacheHits = kernelCacheHits.load(ordering: .relaxed)
    result.kernelsLoaded = kernelsLoaded.load(ordering: .relaxed)
    result.kernelsStored = kernelsStored.load(ordering: .relaxed)
    result.kernelsImproved = kernelsImproved.load(ordering: .relaxed)
    result.launches = launches.load(ordering: .relaxed)
    result.interpretedNodes = interpretedNodes.load(ordering: .relaxed)
    result.bytesLoaded = bytesLoaded.load(ordering: .relaxed)
    result.bytesStored = bytesStored.load(ordering: .relaxed)
    let memory = pool.statistics
    result.liveBuffers = memory.liveBuffers
    result.liveBytes = memory.liveBytes
    result.peakBytes = memory.peakBytes
    result.mappings = memory.newBlocks
    return result
  }
}
