// The linker: code finds its constants wherever the free memory lies, and no damage gets past it.

import Glibc
import MartletFusion
import MartletIR
import MartletLowering
import Testing

private let spec = KernelSpec.map(.sin, [.float64], result: .float64)

private func sines(_ kernel: CompiledKernel) -> [UInt64] {
  let (x, y) = (Memory((0..<37).map { Double($0) / 8 }), Memory(37, 0.0))
  kernel.run(spec, [37], [Argument(x, [1])], [Argument(y, [1])], 0..<37)
  return y.values.map(\.bitPattern)
}

@Suite struct LinkerTests {
  /// With the free pages gigabytes apart, sections that are mapped one by one cannot reach each
  /// other.
  @Test func crowdedAddressSpaces() async {
    guard (try? Compiler()) != nil else { return }
    await #expect(processExitsWith: .success) {
      let compiler = try Compiler()
      let objects = try OptimizationLevel.allCases.map { try compiler.object(for: spec, level: $0) }
      let expected = sines(try objects[0].linked())
      let (size, page) = (16 << 30, Int(getpagesize()))
      let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
      let block = try #require(mmap(nil, size, PROT_NONE, flags, -1, 0))
      try #require(block != MAP_FAILED)
      // Fills what is free above the block, where the next mappings would go.
      for filler in [1 << 26, 1 << 20, 1 << 16, page] {
        while let filled = mmap(nil, filler, PROT_NONE, flags, -1, 0), filled != MAP_FAILED {
          if filled > block { continue }
          munmap(filled, filler)
          break
        }
      }
      for pages in [1, 2, 3, 1, 5, 1, 2] {
        // Holes of a few pages, each gigabytes from the last.
        for hole in 1..<8 { munmap(block + hole << 31, pages * page) }
        for object in objects {
          let kernels = try (0..<20).map { _ in try object.linked() }
          for kernel in kernels { #expect(sines(kernel) == expected) }
        }
      }
    }
  }

  /// No mapping is both writable and executable, and nothing stays mapped.
  @Test func memoryIsProtectedAndGivenBack() async {
    guard (try? Compiler()) != nil else { return }
    await #expect(processExitsWith: .success) {
      func mappings() -> [Substring] {
        guard let file = fopen("/proc/self/maps", "r") else { return [] }
        defer { fclose(file) }
        var text = [UInt8](repeating: 0, count: 1 << 20)
        let count = fread(&text, 1, text.count, file)
        return String(decoding: text[..<count], as: UTF8.self).split(separator: "\n")
      }
      let compiler = try Compiler()
      let object = try compiler.object(for: spec)
      for _ in 0..<10 { _ = try object.linked() }
      let before = mappings().count
      do {
        let kernels = try (0..<100).map { _ in try object.linked() }
        #expect(!mappings().contains { $0.contains(" rwx") })
        withExtendedLifetime(kernels) {}
      }
      #expect(mappings().count < before + 20)
    }
  }

  /// Files are checked before they come here, so this is a second line: an error or a kernel, and
  /// no crash of the linker.
  @Test func damagedObjectsAreErrorsOrKernels() throws {
    guard let compiler = try? Compiler() else { return }
    let floats = [DType](repeating: .float32, count: 3)
    let bytes = try compiler.object(for: .map(.fma, floats, result: .float32)).bytes
    var refused = 0
    for index in bytes.indices {
      var damaged = bytes
      damaged[index] ^= 0xff
      if (try? KernelObject(bytes: damaged).linked()) == nil { refused += 1 }
    }
    #expect(refused > 50)
    for count in 0..<bytes.count where count % 7 == 0 {
      #expect(throws: LoweringError.self) {
        try KernelObject(bytes: Array(bytes.prefix(count))).linked()
      }
    }
  }

  /// `fmod` is no instruction: the code jumps to the C library, wherever that lies.
  @Test func functionsOutsideAreReached() throws {
    guard let compiler = try? Compiler() else { return }
    for level in OptimizationLevel.allCases {
      let spec = KernelSpec.map(.remainder, [.float64, .float64], result: .float64)
      let kernel = try compiler.compile(spec, level: level)
      let x = Memory((0..<37).map { Double($0) * 1.7 })
      let y = Memory((0..<37).map { Double($0) * 0.3 + 1 })
      let z = Memory(37, 0.0)
      kernel.run(spec, [37], [Argument(x, [1]), Argument(y, [1])], [Argument(z, [1])], 0..<37)
      for i in 0..<37 { #expect(z.values[i] == fmod(Double(i) * 1.7, Double(i) * 0.3 + 1)) }
    }
  }
}
