// Golden text of the plans of what looks for places.

import MartletFusion
import MartletIR
import Testing

@Suite struct IndexingPlanTests {
  /// What is compared is computed in the kernel that compares it, along the way in which it lies.
  @Test func placesTakeTheirOperandsIn() {
    for (axis, text) in [(1, "placeInner2"), (0, "placeOuter2")] {
      var r = TraceRecorder()
      let (x, y) = (r.leaf([100, 512]), r.leaf([100, 512]))
      r.output(r.place(.maximum, r.multiply(x, r.exp(y)), axis))
      #expect(
        r.plan().description == """
          k0 [100, 512]: \(text) in0:float32.contiguous in1:float32.contiguous
            v1: float32 = exp(in0)
            v3: float32 = multiply(in1, v1)
            out0.contiguous = place of maximum(v3)
          """)
    }
  }

  /// A transposed operand is read along its own rows; many short rows are searched side by side.
  @Test func placesFollowTheLayout() {
    func family(_ shape: Shape, _ axis: Int, transposed: Bool = false) -> [KernelSpec.Family] {
      var r = TraceRecorder()
      let x = r.leaf(shape)
      r.output(r.place(.minimum, transposed ? r.permute(x, [1, 0]) : x, axis))
      return r.plan().kernels.map(\.family)
    }
    #expect(family([100, 512], 0, transposed: true) == [.placeInner])
    #expect(family([100, 512], 1, transposed: true) == [.placeOuter])
    #expect(family([1000, 3], 1) == [.placeOuter])
    #expect(family([10_000], 0) == [.placeInner])
  }

  /// A reduction of the same rows is another kernel, and both take the same elements in.
  @Test func placesAndReductionsAreApart() {
    var r = TraceRecorder()
    let x = r.leaf([100, 512])
    let doubled = r.add(x, x)
    r.output(r.reduce(.maximum, doubled, [1]), r.place(.maximum, doubled, 1))
    let plan = r.plan()
    #expect(plan.kernels.map(\.family) == [.reduceInner, .placeInner])
    #expect(differences(plan, r.trace).isEmpty)
  }
}
