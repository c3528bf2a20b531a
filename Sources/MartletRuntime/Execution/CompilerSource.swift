// Where compiled kernels come from: LLVM, loaded at the first kernel, behind the cache.

package import MartletFusion
package import MartletIR
package import MartletLowering

/// The compiler of a selection of LLVM, loaded when it is first needed, and its kernels.
///
/// Invariant behind `@unchecked`: `state` and `hasWarned` are touched only under `lock`.
package final class CompilerSource: @unchecked Sendable {
  private enum State {
    case unloaded
    case loaded(Compiler)
    case missing(String)
  }

  /// Makes the code of a kernel.
  package typealias Generator =
    @Sendable (Compiler, KernelSpec) throws(LoweringError) -> CompiledKernel

  private let selection: String?
  private let printsIR: Bool
  private let counters: CounterCells
  private let lock = FutexLock()
  private var state = State.unloaded
  private var hasWarned = false
  private let generate: Generator
  private let cacheLimit: Int
  private lazy var cache = KernelCache<KernelSpec, CompiledKernel>(limit: cacheLimit) {
    [unowned self] spec throws(TensorError) in try compile(spec)
  }

  /// A source of kernels for a `MARTLET_LLVM` selection; `generate` is a hook for tests.
  package init(
    selection: String?, printsIR: Bool = false, cacheLimit: Int = 4096, counters: CounterCells,
    generate: @escaping Generator = { compiler, spec throws(LoweringError) in
      try compiler.compile(spec)
    }
  ) {
    self.selection = selection
    self.generate = generate
    self.printsIR = printsIR
    self.cacheLimit = cacheLimit
    self.counters = counters
    // Made here, so that later reads are of a value that never changes.
    _ = cache
  }

  deinit { lock.destroy() }

  /// Whether LLVM was found; says so once on standard error where it was not.
  package var isAvailable: Bool {
    switch load() {
    case .loaded: return true
    case .missing(let reason):
      warn(
        "no LLVM, so everything is interpreted, slowly: \(reason); install libllvm14 or llvm-dev "
          + "(Debian), or name a library in MARTLET_LLVM")
      return false
    case .unloaded: return false
    }
  }

  /// The loaded compiler, or nil.
  package var compiler: Compiler? {
    if case .loaded(let compiler) = load() { return compiler }
    return nil
  }

  /// Why there is no compiler, or nil where there is one.
  package var failure: String? {
    if case .missing(let reason) = load() { return reason }
    return nil
  }

  package func kernel(for spec: KernelSpec) throws(TensorError) -> CompiledKernel {
    let (kernel, isHit) = try cache.kernel(for: spec)
    if isHit { counters.add(.kernelCacheHits) }
    return kernel
  }

  /// Forgets all compiled kernels.
  package func removeAllKernels() { cache.removeAll() }

  /// The kernels in memory.
  package var kernelCount: Int { cache.count }

  private func load() -> State {
    ForkGuard.enter()
    defer { ForkGuard.leave() }
    lock.lock()
    defer { lock.unlock() }
    if case .unloaded = state {
      do {
        state = .loaded(try Compiler(selection: selection ?? ""))
      } catch {
        state = .missing(error.reason)
      }
    }
    return state
  }

  /// Says once on standard error why work is interpreted that was to be compiled.
  package func warn(_ reason: String) {
    lock.lock()
    defer { lock.unlock() }
    guard !hasWarned, selection != "off" else { return }
    hasWarned = true
    Settings.report("martlet: \(reason)\n")
  }

  private func compile(_ spec: KernelSpec) throws(TensorError) -> CompiledKernel {
    let compiler: Compiler
    switch load() {
    case .loaded(let loaded): compiler = loaded
    case .missing(let reason):
      throw TensorError(
        .backend, op: "compile", reason: "LLVM is not available: \(reason)",
        hint: "install libllvm14 or llvm-dev (Debian), or use another execution mode")
    case .unloaded: internalError("the compiler was not loaded")
    }
    do {
      if printsIR { Settings.report("\(spec)\n\(try compiler.ir(spec))\n") }
      let kernel = try generate(compiler, spec)
      counters.add(.kernelsCompiled)
      let (seconds, attoseconds) = kernel.times.total.components
      counters.add(
        .compileNanoseconds, Int(seconds) &* 1_000_000_000 &+ Int(attoseconds / 1_000_000_000))
      return kernel
    } catch {
      throw TensorError(.backend, op: "compile", reason: "\(error)")
    }
  }
}
