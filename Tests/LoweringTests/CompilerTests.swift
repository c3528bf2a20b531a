// The compiler as a whole: threads, object files, failures.

import MartletFusion
import MartletIR
import MartletLowering
import Testing

@Suite struct CompilerTests {
  private static let spec = KernelSpec.map(.exp, [.float32], result: .float32)

  private func exponentials(_ kernel: CompiledKernel) -> [Float] {
    let (x, y) = (Memory((0..<37).map { Float($0) / 8 }), Memory(37, Float(0)))
    kernel.run(Self.spec, [37], [Argument(x, [1])], [Argument(y, [1])], 0..<37)
    return y.values
  }

  @Test func threads() async throws {
    guard let compiler = try? Compiler() else { return }
    let expected = exponentials(try compiler.compile(Self.spec))
    try await withThrowingTaskGroup(of: [Float].self) { group in
      for round in 0..<24 {
        group.addTask {
          let level = round % 3 == 0 ? OptimizationLevel.fast : .default
          return exponentials(try compiler.compile(Self.spec, level: level))
        }
      }
      for try await values in group { #expect(values == expected) }
    }
  }

  @Test func objects() throws {
    guard let compiler = try? Compiler() else { return }
    let object = try compiler.object(for: Self.spec)
    // An object may be in memory several times.
    var kernels = try (0..<3).map { _ in try object.linked() }
    let expected = exponentials(kernels[0])
    kernels.removeFirst()
    for kernel in kernels { #expect(exponentials(kernel) == expected) }
    let broken = KernelObject(bytes: Array(object.bytes.prefix(100)))
    #expect(throws: LoweringError.self) { try broken.linked() }
  }

  @Test func missingLibrary() {
    let error = #expect(throws: LoweringError.self) { try Compiler(selection: "off") }
    #expect(error?.reason.contains("switched off") == true)
    #expect(throws: LoweringError.self) { try Compiler(selection: "/nowhere/libLLVM.so") }
  }
}
