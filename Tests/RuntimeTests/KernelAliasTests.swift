// Aliases: the program that was here before finds its kernels without LLVM, and no other does.

import CPlatform
import Glibc
import MartletLowering
import Synchronization
import Testing

@testable import MartletRuntime

@Suite(.serialized) struct KernelAliasTests {
  private let directory = TemporaryDirectory()
  private var path: String { directory.path + "/cache" }

  private static let numbers = 20..<25

  /// Everything is worth a compilation.
  private static var eager: TierCosts {
    var costs = TierCosts()
    costs.unit = 1
    return costs
  }

  /// Whether LLVM is in memory.
  private static var isLLVMLoaded: Bool {
    guard let file = fopen("/proc/self/maps", "r") else { return true }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 8192)
    while fgets(&line, Int32(line.count), file) != nil {
      if strstr(line, "libLLVM") != nil { return true }
    }
    return false
  }

  /// Runs kernels as another program would later; returns what its cache counted.
  private func run(
    _ build: String, loads: Bool = false, _ report: @escaping @Sendable (String) -> Void = { _ in }
  ) throws -> Counters {
    let bench = CacheBench(
      path, costs: Self.eager, program: .build(build), loads: loads, report: report)
    let reference = CacheBench()
    for number in Self.numbers {
      let bits = try bench.run(number, mode: .automatic)
      #expect(bits == (try reference.run(number, mode: .interpreter)))
    }
    bench.compiler.finishCompiling()
    return bench.counts
  }

  private func files(_ suffix: String) -> [String] {
    TemporaryDirectory.names(path).filter { $0.hasSuffix(suffix) }.map { "\(path)/\($0)" }
  }

  @Test(arguments: [ExecutionMode.compiled, .automatic])
  func aSecondProcessLoadsNoLLVM(mode: ExecutionMode) async throws {
    let writer = CacheBench(path, program: .this)
    guard writer.hasCompiler else { return }
    for number in Self.numbers { _ = try writer.run(number) }
    #expect(files(".alias").count == 5 && files(".kernel").count == 5)
    await #expect(processExitsWith: .success) {
      [path = path as String, isAutomatic = (mode == .automatic) as Bool] in
      #expect(!Self.isLLVMLoaded)
      let bench = CacheBench(
        path, costs: isAutomatic ? Self.eager : nil, program: .this, loads: false)
      let reference = CacheBench()
      for number in Self.numbers {
        let bits = try bench.run(number, mode: isAutomatic ? .automatic : .compiled)
        #expect(bits == (try reference.run(number, mode: .interpreter)))
      }
      let counts = bench.counts
      #expect(counts.kernelsLoaded == 5 && counts.kernelsCompiled == 0)
      #expect(counts.launches == 5 && counts.interpretedNodes == 0)
      #expect(!Self.isLLVMLoaded)
    }
  }

  /// By the default estimates a first run does not wait for the interpreter either.
  @Test func aFirstRunTakesTheKernelAtOnce() async throws {
    let writer = CacheBench(path, program: .this)
    guard writer.hasCompiler else { return }
    _ = try writer.run(20)
    await #expect(processExitsWith: .success) { [path = path as String] in
      let bench = CacheBench(path, costs: .default, program: .this, loads: false)
      _ = try bench.run(20, count: 100_000, mode: .automatic)
      #expect(bench.counts.launches == 1 && bench.counts.interpretedNodes == 0)
      #expect(bench.counts.kernelsLoaded == 1 && !Self.isLLVMLoaded)
    }
  }

  /// A program that was built anew finds its kernels by their IR, once.
  @Test func aRebuiltProgramWritesAliasesOfItsOwn() throws {
    guard CacheBench().hasCompiler else { return }
    var counts = try run("first build")
    #expect(counts.kernelsStored == 5 && files(".alias").count == 5)
    counts = try run("second build")
    #expect(counts.kernelsCompiled == 0 && counts.kernelsLoaded == 5 && counts.kernelsStored == 0)
    #expect(files(".alias").count == 10 && files(".kernel").count == 5)
    // Without the IR there is no way to objects but aliases.
    for build in ["first build", "second build"] {
      let aliases = KernelAliases(
        ObjectCache(path: path, counters: CounterCells()), selection: nil,
        identify: { Array(build.utf8) })
      let bench = CacheBench()
      for number in Self.numbers {
        let object = try #require(aliases.object(for: try bench.spec(number)))
        #expect(object.isLoaded && !object.bytes.isEmpty)
      }
      #expect(aliases.object(for: try bench.spec(99)) == nil)
    }
    let stranger = KernelAliases(
      ObjectCache(path: path, counters: CounterCells()), selection: nil,
      identify: { Array("third build".utf8) })
    #expect(stranger.object(for: try CacheBench().spec(20)) == nil)
  }

  @Test func damagedAliasesAreReplaced() throws {
    guard CacheBench().hasCompiler else { return }
    _ = try run("build")
    let lines = Mutex<[String]>([])
    let whole = files(".alias").map { contents($0) ?? [] }
    for (index, file) in files(".alias").enumerated() {
      overwrite(file, index == 0 ? [] : Array(whole[index].dropLast(index)))
    }
    let cache = ObjectCache(path: path, counters: CounterCells(), report: { _ in })
    #expect(cache.damagedEntries().count == 5)
    let counts = try run("build") { line in lines.withLock { $0.append(line) } }
    #expect(counts.kernelsCompiled == 0 && counts.kernelsLoaded == 5)
    #expect(lines.withLock { $0.count } == 1)
    #expect(lines.withLock { $0.first?.contains("damaged") } == true)
    #expect(files(".alias").map { contents($0) ?? [] } == whole)
    #expect(cache.damagedEntries().isEmpty)
  }

  /// An alias of an object that is gone, damaged or another's, or of a library that has changed.
  @Test func whatAnAliasNamesIsChecked() throws {
    guard CacheBench().hasCompiler else { return }
    _ = try run("build")
    let kernels = files(".kernel")
    let whole = kernels.map { contents($0) ?? [] }
    for kernel in kernels { remove(kernel) }
    var counts = try run("build")
    #expect(counts.kernelsLoaded == 0 && counts.kernelsStored == 5)
    #expect(files(".kernel").map { contents($0) ?? [] } == whole)
    for (index, kernel) in kernels.enumerated() { overwrite(kernel, whole[(index + 1) % 5]) }
    counts = try run("build")
    #expect(counts.kernelsLoaded == 0 && counts.kernelsStored == 5)
    let aliases = files(".alias")
    for alias in aliases {
      let file = try #require(ObjectFile.decode(contents(alias) ?? []))
      var lines = String(decoding: file.object, as: UTF8.self).split(separator: "\n")
      try #require(lines.count == 3)
      lines[1] += "0"
      let content = Array(lines.joined(separator: "\n").utf8)
      overwrite(alias, ObjectFile.encode(content, key: Array(file.key)))
    }
    let changed = KernelAliases(
      ObjectCache(path: path, counters: CounterCells()), selection: nil,
      identify: { Array("build".utf8) })
    for number in Self.numbers {
      #expect(changed.object(for: try CacheBench().spec(number)) == nil)
    }
    counts = try run("build")
    #expect(counts.kernelsLoaded == 5 && counts.kernelsCompiled == 0)
    for number in Self.numbers {
      #expect(changed.object(for: try CacheBench().spec(number)) != nil)
    }
  }

  /// LLVM's file may be replaced while the program runs: its kernels are those of the file before.
  @Test func anAliasNamesTheLibraryThatWasLoaded() throws {
    let cache = ObjectCache(path: path, counters: CounterCells())
    let library = "\(directory.path)/library"
    let spec = try CacheBench().spec(20)
    for isReplaced in [false, true] {
      overwrite(library, [1])
      let aliases = KernelAliases(cache, selection: nil, identify: { [0] })
      aliases.noteLibrary(library)
      if isReplaced {
        overwrite("\(library)2", [1])
        rename("\(library)2", library)
      }
      let store = NotingStore(cache)
      let target = Target(triple: "t", cpu: "c", vectorByteCount: 64)
      store.store(
        [2, 3],
        for: ObjectKey(library: "LLVM", target: target, level: .default, kernel: [4], code: [5]))
      aliases.remember(spec, in: store)
      #expect(aliases.object(for: spec)?.bytes == (isReplaced ? nil : [2, 3]))
    }
  }

  @Test func aliasesAreEntriesLikeKernels() throws {
    let limit = 16 << 10
    let cache = ObjectCache(path: path, limit: limit, counters: CounterCells())
    let content = [UInt8](repeating: 1, count: 400)
    cache.storeAlias(content, for: [0])
    #expect(cache.alias(for: [0]) == content && cache.alias(for: [1]) == nil)
    for file in files(".alias") { utimes(file, [timeval(), timeval()]) }
    for number in 1..<100 {
      cache.storeAlias(content, for: [UInt8(number)])
      #expect(cache.entries().reduce(0) { $0 + $1.byteCount } <= limit)
    }
    #expect(cache.alias(for: [0]) == nil, "unused for longest")
    let disk = DiskCache(cache)
    #expect(disk.count == 0 && !disk.entries.isEmpty && disk.entries.allSatisfy(\.isAlias))
    #expect(disk.byteCount > limit / 2)
    disk.clear()
    #expect(disk.entries.isEmpty)
    // A file that others could have written is none.
    cache.storeAlias([1], for: [1])
    for file in files(".alias") { chmod(file, 0o666) }
    #expect(cache.alias(for: [1]) == nil)
  }

  // Identities.

  private static func text(_ write: (UnsafeMutablePointer<CChar>, Int) -> Int32) -> String? {
    var text = [CChar](repeating: 0, count: 8192)
    guard write(&text, text.count) != 0 else { return nil }
    return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  @Test func aFileThatChangesIsAnother() {
    mkdir(path, 0o700)
    let file = "\(path)/file"
    func identity() -> String? { Self.text { martlet_file_identity(file, $0, $1) } }
    #expect(identity() == nil)
    overwrite(file, [1, 2])
    var known: Set<String?> = [identity()]
    #expect(identity() != nil && known.contains(identity()))
    var times = [timespec(tv_sec: 5, tv_nsec: 7), timespec(tv_sec: 5, tv_nsec: 7)]
    utimensat(AT_FDCWD, file, times, 0)
    #expect(known.insert(identity()).inserted)
    times[1].tv_nsec = 8
    utimensat(AT_FDCWD, file, times, 0)
    #expect(known.insert(identity()).inserted)
    // The same size and time.
    usleep(20_000)
    overwrite(file, [3, 4])
    utimensat(AT_FDCWD, file, times, 0)
    #expect(known.insert(identity()).inserted)
    overwrite("\(file)2", [3, 4])
    rename("\(file)2", file)
    #expect(known.insert(identity()).inserted)
    var short: [CChar] = [0]
    #expect(martlet_file_identity(file, &short, 1) == 0)
  }

  @Test func thisProgramAndProcessorHaveIdentities() {
    func program() -> String? { Self.text { martlet_program_identity($0, $1) } }
    let words = (0..<2).map { _ in
      var words = [UInt32](repeating: 0, count: 64)
      let count = Int(martlet_cpu_identity(&words, 64))
      return Array(words.prefix(count))
    }
    #expect(program() != nil && program() == program())
    #expect(!words[0].isEmpty && words[0] == words[1])
    var few: [UInt32] = [0]
    #expect(martlet_cpu_identity(&few, 1) == 0)
  }
}
