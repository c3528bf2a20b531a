// Bodies that branch around a rare side: the same bits wherever a large argument lies.

import MartletFusion
import MartletIR
import MartletLowering
import Testing

@Suite struct BranchTests {
  @Test(arguments: Backend.all)
  func rareLanes(_ backend: Backend) throws {
    for op in [ElementwiseOp.sin, .cos, .tan] {
      for (dtype, large) in [(DType.float32, 0x1p60), (.float64, 0x1p200)] {
        let spec = KernelSpec.map(op, [dtype], result: dtype)
        let kernel = try backend.compile(spec)
        func run(_ x: [Double]) -> [Double] {
          if dtype == .float64 {
            let out = Memory(x.count, 0.0)
            kernel.run(
              spec, [x.count], [Argument(Memory(x), [1])], [Argument(out, [1])], 0..<x.count)
            return out.values
          }
          let out = Memory(x.count, Float(0))
          kernel.run(
            spec, [x.count], [Argument(Memory(x.map { Float($0) }), [1])], [Argument(out, [1])],
            0..<x.count)
          return out.values.map { Double($0) }
        }
        let small = (0..<70).map { Double($0) * 0.37 - 9 }
        let expected = run(small)
        let alone = run([large])[0]
        #expect(abs(alone) <= 1.7e38)
        for place in stride(from: 0, to: 70, by: 7) {
          var x = small
          x[place] = large
          let result = run(x)
          #expect(result[place] == alone)
          #expect((0..<70).allSatisfy { $0 == place || result[$0] == expected[$0] })
        }
      }
    }
  }
}
