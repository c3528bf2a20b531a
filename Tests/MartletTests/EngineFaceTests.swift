// The engine as users see it: what it prints of its cache, and what it says of a missing library.

import Glibc
import Martlet
import Testing

@Suite struct EngineFaceTests {
  /// Said once, at the first product that would use it; the values are right all the same.
  @Test func aMissingBLASIsReportedOnce() async {
    let result = await #expect(
      processExitsWith: .success, observing: [\.standardErrorContent]
    ) {
      setenv("MARTLET_BLAS", "/nowhere/libblas.so", 1)
      let x = Tensor.ones([64, 64])
      #expect(matmul(x, x).arrayEqual(64 * x) && matmul(2 * x, x).arrayEqual(128 * x))
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    let lines = text.split(separator: "\n").filter { $0.contains("no BLAS") }
    #expect(lines.count == 1)
    #expect(lines.first?.contains("/nowhere/libblas.so") == true)
    #expect(lines.first?.hasSuffix("MARTLET_BLAS takes the path of a library, or off") == true)
  }

  @Test func whoeverSwitchesBLASOffKnowsIt() async {
    let result = await #expect(
      processExitsWith: .success, observing: [\.standardErrorContent]
    ) {
      setenv("MARTLET_BLAS", "off", 1)
      let x = Tensor.ones([64, 64])
      #expect(matmul(x, x).arrayEqual(64 * x))
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(!text.contains("BLAS"))
  }

  @Test func theCachePrintsItsDirectory() async {
    await #expect(processExitsWith: .success) {
      setenv("MARTLET_CACHE", "/nowhere/kernels", 1)
      let cache = try #require(Engine.cache)
      #expect("\(cache)" == "/nowhere/kernels: 0 kernels, 0 bytes")
    }
  }
}
