// The engine of the process: its memory, threads, libraries and settings, made at their first use.

import CPlatform
package import MartletIR
import MartletLowering
import Synchronization

/// The one engine that all tensors of the process share.
package enum Runtime {
  private static let settings = Settings.environment
  private static let modes = ExecutionMode.allCases
  private static let modeCell = Atomic<Int>(modes.firstIndex(of: settings.mode) ?? 0)
  private static let fusionCell = Atomic<Bool>(settings.fusion)
  private static let strictCell = Atomic<Bool>(false)

  /// The memory of all tensors.
  package static let pool = {
    ForkGuard.install()
    return BufferPool()
  }()

  /// The threads that share work.
  package static let threads = ThreadPool(
    width: settings.threads ?? Int(martlet_usable_cores()))

  private static let counterCells = CounterCells()
  private static let blas = {
    let loaded = Blas.load(settings.blas)
    // Once more, so that our fork hook runs before the library's.
    ForkGuard.install()
    return loaded
  }()
  /// The BLAS for a product, with a line on standard error at the first where there is none.
  private static let productBlas = {
    if blas.blas == nil, settings.blas != "off" {
      Settings.report(Blas.advice(blas.failure, settings.blas))
    }
    return blas.blas
  }()
  private static let objectCache = settings.cachePath.map {
    ObjectCache(path: $0, counters: counterCells)
  }
  private static let compiler = CompilerSource(
    selection: settings.llvm, printsIR: settings.printsIR, counters: counterCells,
    store: objectCache,
    aliases: objectCache.map { KernelAliases($0, selection: settings.llvm) },
    costs: settings.compilesSynchronously ? nil : .default)
  private static let executor = Executor(
    pool: pool, threads: threads, blas: { productBlas }, compiler: compiler, counters: counterCells)

  /// Which engine runs the next trace.
  package static var mode: ExecutionMode {
    get { modes[modeCell.load(ordering: .relaxed)] }
    set { modeCell.store(modes.firstIndex(of: newValue) ?? 0, ordering: .relaxed) }
  }

  /// Whether ops are fused; without fusion every op is a kernel of its own.
  package static var fusion: Bool {
    get { fusionCell.load(ordering: .relaxed) }
    set { fusionCell.store(newValue, ordering: .relaxed) }
  }

  /// Whether integer division by zero and casts that do not fit are errors (R47).
  package static var isStrict: Bool {
    get { strictCell.load(ordering: .relaxed) }
    set { strictCell.store(newValue, ordering: .relaxed) }
  }

  /// How the current task's traces are run.
  static var choices: Executor.Choices {
    let scope = ExecutionScope.current
    return Executor.Choices(
      mode: scope.mode ?? mode, fusion: scope.fusion ?? fusion,
      isStrict: scope.isStrict ?? isStrict, printsPlan: settings.printsPlans)
  }

  /// Runs a trace and returns the values of its output nodes, nil for the others.
  package static func run(_ trace: Trace) throws(TensorError) -> [Value?] {
    try executor.run(trace, choices)
  }

  /// Runs what a claim describes, by the choices that its key was made for.
  static func run(
    _ request: TraceRequest, _ choices: Executor.Choices, trace: () -> Trace
  ) throws(TensorError) -> [(node: Int, value: Value)] {
    try executor.run(request, choices, trace: trace)
  }

  /// The bytes that tensors and free blocks may hold.
  package static var memoryBudget: Int {
    get { pool.byteBudget }
    set { pool.byteBudget = newValue }
  }

  package static var counters: Counters { counterCells.snapshot(pool) }

  /// What was found; loads the libraries.
  package static var backends: Backends {
    ForkGuard.enter()
    defer { ForkGuard.leave() }
    var result = Backends()
    result.llvm = compiler.compiler?.libraryDescription
    result.llvmFailure = compiler.failure ?? ""
    result.blas = blas.blas.map { $0.configuration ?? "CBLAS" }
    result.blasPath = blas.blas?.path
    result.blasFailure = blas.failure
    result.threads = threads.width
    return result
  }

  /// The compiled kernels on disk, or nil where they are not kept.
  package static var diskCache: DiskCache? { objectCache.map(DiskCache.init) }

  /// Waits until no kernel is compiled in the background.
  package static func finishCompiling() { compiler.finishCompiling() }

  /// Gives free memory and compiled kernels back to the system.
  package static func trim() {
    ForkGuard.enter()
    defer { ForkGuard.leave() }
    pool.trim()
    executor.removeAllPlans()
    compiler.removeAllKernels()
  }
}
