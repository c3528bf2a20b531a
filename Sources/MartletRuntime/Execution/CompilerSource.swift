// Where compiled kernels come from: memory, the disk, or LLVM, which is loaded at the first kernel.

package import MartletFusion
package import MartletIR
package import MartletLowering

/// The compiler of a selection of LLVM, loaded when it is first needed, and its kernels.
package final class CompilerSource: Sendable {
  private enum Library {
    case unloaded
    case loaded(Compiler)
    case missing(String)

    var isSettled: Bool { if case .unloaded = self { false } else { true } }
  }

  private struct State {
    /// `unloaded` until LLVM was opened.
    var library = Library.unloaded
    /// What could not be compiled.
    var refused: Set<KernelSpec> = []
    /// What has no alias, as far as it was looked for while LLVM is not loaded.
    var unaliased: Set<KernelSpec> = []
    var hasWarned = false
    /// The seconds that the interpreter has worked for want of LLVM.
    var interpreted = 0.0
  }

  private struct Key: Hashable {
    let spec: KernelSpec
    let level: OptimizationLevel
  }

  /// Opens the library of a selection.
  package typealias Opener = @Sendable (_ selection: String) throws(LoweringError) -> Compiler

  /// Makes the code of a kernel.
  package typealias Generator =
    @Sendable (Compiler, KernelSpec, OptimizationLevel, (any ObjectStore)?) throws(LoweringError)
    -> CompiledKernel

  private let selection: String?
  private let printsIR: Bool
  private let counters: CounterCells
  private let state = Locked(State())
  /// Held while LLVM is opened; taken before the lock of `state`.
  private let loading = Locked(())
  private let open: Opener
  private let generate: Generator
  private let store: (any ObjectStore)?
  private let aliases: KernelAliases?
  /// The estimates by which a first run is not kept waiting; nil where it waits for the best code.
  package let costs: TierCosts?
  let background = BackgroundQueue(limit: 256)
  private let cache: KernelCache<Key, CompiledKernel>

  /// A source of kernels for a `MARTLET_LLVM` selection; `open` and `generate` are hooks for tests.
  package init(
    selection: String?, printsIR: Bool = false, cacheLimit: Int = 4096, counters: CounterCells,
    store: (any ObjectStore)? = nil, aliases: KernelAliases? = nil, costs: TierCosts? = nil,
    open: @escaping Opener = { selection throws(LoweringError) in
      try Compiler(selection: selection)
    },
    generate: @escaping Generator = { compiler, spec, level, store throws(LoweringError) in
      try compiler.compile(spec, level: level, store: store)
    }
  ) {
    self.selection = selection
    self.open = open
    self.generate = generate
    self.printsIR = printsIR
    cache = KernelCache(limit: cacheLimit)
    self.counters = counters
    self.store = store
    self.aliases = aliases
    self.costs = costs
  }

  // The library.

  /// Whether LLVM was found; says so once on standard error where it was not.
  package var isAvailable: Bool {
    switch loadGuarded() {
    case .loaded: return true
    case .missing(let reason):
      warn(Self.advice(reason))
      return false
    case .unloaded: return false
    }
  }

  /// Whether a run may ask for kernels; does not wait for LLVM where a first run is not to.
  package var isUsable: Bool {
    costs != nil && isUnloaded || isAvailable
  }

  /// Whether a small trace is worth kernels after `runs` more interpreted ones: LLVM is loaded, or
  /// worth loading by now.
  package func isWorthUsing(for trace: Trace, runs: Int) -> Bool {
    guard let costs else { return isAvailable }
    if isLoaded { return true }
    let work = Double(runs) * costs.interpreting(trace)
    return isWorthLoading(for: work, costs) && isAvailable
  }

  /// The loaded compiler, or nil.
  package var compiler: Compiler? {
    if case .loaded(let compiler) = loadGuarded() { return compiler }
    return nil
  }

  /// Why there is no compiler, or nil where there is one.
  package var failure: String? {
    if case .missing(let reason) = loadGuarded() { return reason }
    return nil
  }

  private static func advice(_ reason: String) -> String {
    "no LLVM, so everything is interpreted, slowly: \(reason); install libllvm14 or llvm-dev "
      + "(Debian), or name a library in MARTLET_LLVM"
  }

  private var library: Library { state.inSection { $0.library } }

  private var isLoaded: Bool { if case .loaded = library { true } else { false } }

  private var isUnloaded: Bool { if case .unloaded = library { true } else { false } }

  /// Loads LLVM unless that was tried; inside the `ExitGate`.
  private func load() -> Library {
    if case let known = library, known.isSettled { return known }
    // Those who only ask whether it is loaded do not wait here.
    return loading.withLock { _ in
      if case let known = library, known.isSettled { return known }
      let loaded: Library
      do throws(LoweringError) {
        let compiler = try open(selection ?? "")
        aliases?.noteLibrary(compiler.libraryPath)
        loaded = .loaded(compiler)
        ExitGate.install()
      } catch {
        loaded = .missing(error.reason)
      }
      state.inSection { $0.library = loaded }
      return loaded
    }
  }

  private func loadGuarded() -> Library { ExitGate.pass { load() } ?? .unloaded }

  /// Says once on standard error why work is interpreted that was to be compiled.
  package func warn(_ reason: String) {
    let isFirst = state.inSection { state in
      guard !state.hasWarned, selection != "off" else { return false }
      state.hasWarned = true
      return true
    }
    if isFirst { Settings.report("martlet: \(reason)\n") }
  }

  // Kernels.

  /// The best code of `spec`, compiled now where it is not in memory or on disk.
  package func kernel(for spec: KernelSpec) throws(TensorError) -> CompiledKernel {
    let key = Key(spec: spec, level: .default)
    if let kernel = cache.existingKernel(for: key) {
      counters.add(.kernelCacheHits)
      return kernel
    }
    // The gate is asked before the cache: who finds it closed holds up nobody who wants the kernel.
    guard let made = try ExitGate.pass({ () throws(TensorError) in try made(key) }) else {
      // An error in another thread would end the process in another way.
      ExitGate.stay()
      throw TensorError(
        .backend, op: "compile", reason: "the process is ending, and LLVM with it",
        hint: "compute before the functions that atexit runs")
    }
    if made.isHit { counters.add(.kernelCacheHits) }
    return made.kernel
  }

  /// The best code of every spec.
  package func kernels(for specs: [KernelSpec]) throws(TensorError) -> [CompiledKernel] {
    var kernels: [CompiledKernel] = []
    for spec in specs { kernels.append(try kernel(for: spec)) }
    return kernels
  }

  /// What a run gets that does not wait for the best code.
  package struct Supply {
    /// The kernels of the specs in order, or nil where the interpreter is to answer.
    package var kernels: [CompiledKernel]?
    /// The specs to `improve`.
    package var unfinished: [KernelSpec] = []
  }

  /// Code of every spec that is there soon, for a run that takes the interpreter `work` seconds.
  package func kernels(
    for specs: [KernelSpec], work: Double, costs: TierCosts
  ) throws(TensorError) -> Supply {
    // As a rule all of them are there.
    var kernels: [CompiledKernel] = []
    for spec in specs {
      guard let best = cache.existingKernel(for: Key(spec: spec, level: .default)) else { break }
      kernels.append(best)
    }
    if kernels.count == specs.count {
      counters.add(.kernelCacheHits, specs.count)
      return Supply(kernels: kernels)
    }
    var found: [KernelSpec: CompiledKernel] = [:]
    var missing: [KernelSpec] = []
    var supply = Supply()
    for spec in Set(specs) {
      if let best = cache.existingKernel(for: Key(spec: spec, level: .default)) {
        found[spec] = best
      } else if let fast = cache.existingKernel(for: Key(spec: spec, level: .fast)) {
        // The queue may have been too full for it.
        supply.unfinished.append(spec)
        found[spec] = fast
      } else {
        missing.append(spec)
      }
    }
    counters.add(.kernelCacheHits, specs.reduce(0) { found[$1] == nil ? $0 : $0 + 1 })
    if !missing.isEmpty {
      supply.unfinished += missing
      guard try supplyNow(missing, &found, work: work, costs: costs) else {
        if isUnloaded { supply.unfinished = [] }
        return supply
      }
      supply.unfinished.removeAll { found[$0]?.isLoaded == true }
    }
    supply.kernels = specs.compactMap { found[$0] }
    return supply
  }

  /// Whether the interpreter has worked so long, this run included, that LLVM is loaded at last.
  ///
  /// The thread that runs the program loads it, never one in the background: a process that ends
  /// meanwhile runs the destructors of a library as its constructors register them.
  private func isWorthLoading(for work: Double, _ costs: TierCosts) -> Bool {
    state.inSection { state in
      guard case .unloaded = state.library else { return false }
      state.interpreted += work
      return state.interpreted * costs.loadingShare >= costs.loading
    }
  }

  /// Adds code of `missing` to `found`, from the disk or compiled at the fast level; false where
  /// the interpreter is quicker.
  private func supplyNow(
    _ missing: [KernelSpec], _ found: inout [KernelSpec: CompiledKernel], work: Double,
    costs: TierCosts
  ) throws(TensorError) -> Bool {
    if state.inSection({ !$0.refused.isDisjoint(with: missing) }) { return false }
    // A kernel that waits in the queue is looked for on disk there.
    var unknown = store == nil ? [] : missing.filter { !background.contains($0) }
    findAliased(unknown, &found, work: work, costs)
    if missing.allSatisfy({ found[$0] != nil }) { return true }
    if isWorthLoading(for: work, costs) { _ = isAvailable }
    unknown.removeAll { found[$0] != nil }
    let loading = isLoaded ? 0 : costs.loading
    let lookups = Double(unknown.count) * costs.lookup
    guard costs.choice(work: work, loading: loading, compiling: lookups) == .compile, isAvailable
    else { return false }
    for spec in unknown {
      if let kernel = storedKernel(for: spec) { found[spec] = kernel }
    }
    let absent = missing.filter { found[$0] == nil }
    let compiling = lookups + costs.compiling(absent)
    guard costs.choice(work: work, loading: loading, compiling: compiling) == .compile else {
      return false
    }
    for spec in absent {
      let key = Key(spec: spec, level: .fast)
      guard let made = try ExitGate.pass({ () throws(TensorError) in try made(key) }) else {
        return false
      }
      found[spec] = made.kernel
    }
    return true
  }

  /// Adds the best code of those `specs` to `found` that this program has used before, where the
  /// interpreter is not quicker; needs no LLVM.
  private func findAliased(
    _ specs: [KernelSpec], _ found: inout [KernelSpec: CompiledKernel], work: Double,
    _ costs: TierCosts
  ) {
    guard aliases != nil else { return }
    let hopeful = state.inSection { state in specs.filter { !state.unaliased.contains($0) } }
    let lookups = Double(hopeful.count) * costs.alias
    guard costs.choice(work: work, loading: 0, compiling: lookups) == .compile else { return }
    for spec in hopeful {
      if let kernel = aliasedKernel(for: spec) {
        cache.insert(kernel, for: Key(spec: spec, level: .default))
        found[spec] = kernel
      } else if isUnloaded {
        state.inSection { _ = $0.unaliased.insert(spec) }
      }
    }
  }

  /// The best code that an alias on disk names; what cannot be linked is compiled again.
  private func aliasedKernel(for spec: KernelSpec) -> CompiledKernel? {
    // There would be no IR to print.
    if printsIR { return nil }
    return ForkGuard.section { try? aliases?.object(for: spec)?.linked() }
  }

  /// Makes the best code of `specs` in the background.
  package func improve(_ specs: [KernelSpec]) {
    if specs.isEmpty { return }
    let hopeful = state.inSection { state in specs.filter { !state.refused.contains($0) } }
    for spec in hopeful {
      background.add(spec) { [self] in
        if ExitGate.pass({ improve(spec) }) != nil { return }
        // The process is ending: what LLVM made is not freed after its end.
        _ = Unmanaged.passRetained(self)
      }
    }
  }

  private func improve(_ spec: KernelSpec) {
    do throws(TensorError) {
      let (_, isHit) = try made(Key(spec: spec, level: .default))
      if !isHit { counters.add(.kernelsImproved) }
      cache.remove(Key(spec: spec, level: .fast))
    } catch {
      state.inSection { _ = $0.refused.insert(spec) }
      warn("a kernel was not compiled and is interpreted, slowly: \(error.reason)")
    }
  }

  /// Forgets all compiled kernels.
  package func removeAllKernels() {
    cache.removeAll()
    state.inSection { state in
      state.refused.removeAll()
      state.unaliased.removeAll()
    }
  }

  /// The kernels in memory.
  package var kernelCount: Int { cache.count }

  /// Waits until no kernel is made in the background.
  package func finishCompiling() { background.drain() }

  /// The best code on disk; the alias that it lacks is written in the background.
  private func storedKernel(for spec: KernelSpec) -> CompiledKernel? {
    guard let store = store.map(NotingStore.init) else { return nil }
    let kernel = ExitGate.pass { () -> CompiledKernel? in
      guard case .loaded(let compiler) = load() else { return nil }
      // What cannot be linked is compiled again, which says why if it fails too.
      let kernel = try? compiler.load(spec, store: store)
      if kernel != nil, let aliases { background.add(spec) { aliases.remember(spec, in: store) } }
      return kernel
    }
    guard let kernel, let kernel else { return nil }
    cache.insert(kernel, for: Key(spec: spec, level: .default))
    return kernel
  }

  /// The code of a key, made where it is not in memory; inside the `ExitGate`.
  private func made(_ key: Key) throws(TensorError) -> (kernel: CompiledKernel, isHit: Bool) {
    try cache.kernel(for: key) { () throws(TensorError) in try compile(key) }
  }

  /// Makes the code of a key.
  private func compile(_ key: Key) throws(TensorError) -> CompiledKernel {
    if key.level == .default, let kernel = aliasedKernel(for: key.spec) { return kernel }
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
      if printsIR {
        Settings.report("\(key.spec)\n\(try compiler.ir(key.spec, level: key.level))\n")
      }
      // Only the best code is worth a place on disk.
      let store = key.level == .default ? store.map(NotingStore.init) : nil
      let kernel = try generate(compiler, key.spec, key.level, store)
      if !kernel.isLoaded { counters.add(.kernelsCompiled) }
      let (seconds, attoseconds) = kernel.times.total.components
      counters.add(
        .compileNanoseconds, Int(seconds) &* 1_000_000_000 &+ Int(attoseconds / 1_000_000_000))
      if let store { aliases?.remember(key.spec, in: store) }
      return kernel
    } catch {
      throw TensorError(.backend, op: "compile", reason: "\(error)")
    }
  }
}
