// Golden text of the plans of scans.

import MartletFusion
import MartletIR
import Testing

@Suite struct ScanPlanTests {
  /// What is scanned is computed in the kernel that scans it, along the way in which it lies; what
  /// uses the result reads it.
  @Test func scansTakeTheirOperandsIn() {
    for (axis, text) in [(1, "scanInner2"), (0, "scanOuter2")] {
      var r = TraceRecorder()
      let (x, y) = (r.leaf([100, 512]), r.leaf([100, 512]))
      r.output(r.exp(r.scan(.sum, r.multiply(x, r.exp(y)), axis)))
      #expect(
        r.plan().description == """
          k0 [100, 512]: \(text) in0:float32.contiguous in1:float32.contiguous
            v1: float32 = exp(in0)
            v3: float32 = multiply(in1, v1)
            out0.contiguous = running sum(v3)
          k1 [51200]: map1 in0:float32.contiguous
            v1: float32 = exp(in0)
            out0.contiguous = v1
          """)
      #expect(differences(r.plan(), r.trace).isEmpty)
    }
  }

  /// A transposed operand is read along its own rows; axes that are not scanned merge.
  @Test func scansFollowTheLayout() {
    func launch(_ shape: Shape, _ axis: Int, transposed: Bool = false) -> String {
      var r = TraceRecorder()
      let x = r.leaf(shape)
      r.output(r.scan(.maximum, transposed ? r.permute(x, [1, 0]) : x, axis))
      #expect(differences(r.plan(), r.trace).isEmpty)
      return String(r.plan().description.prefix { $0 != "\n" })
    }
    #expect(launch([10_000], 0) == "k0 [10000]: scanInner1 in0:float32.contiguous")
    #expect(launch([5, 6, 70], 2) == "k0 [30, 70]: scanInner2 in0:float32.contiguous")
    #expect(launch([5, 6, 70], 1) == "k0 [5, 6, 70]: scanOuter3 in0:float32.contiguous")
    #expect(launch([5, 6, 70], 0) == "k0 [5, 420]: scanOuter2 in0:float32.contiguous")
    #expect(launch([1, 7, 1], 0) == "k0 [1, 7]: scanOuter2 in0:float32.contiguous")
    #expect(launch([50, 1], 0) == "k0 [50]: scanInner1 in0:float32.contiguous")
  }

  /// Scans of one operand along one axis share a kernel; a reduction of the same rows does not.
  @Test func scansOfOneOperandShareAKernel() {
    var r = TraceRecorder()
    let x = r.leaf([100, 512])
    let doubled = r.add(x, x)
    r.output(
      r.scan(.maximum, doubled, 1), r.scan(.sum, doubled, 1), r.reduce(.sum, doubled, [1]),
      r.scan(.sum, doubled, 0))
    let plan = r.plan()
    #expect(plan.kernels.map(\.family) == [.scanInner, .reduceInner, .scanOuter])
    #expect(plan.kernels[0].outputs.map(\.scan) == [.maximum, .sum])
    #expect(differences(plan, r.trace).isEmpty)
  }
}
