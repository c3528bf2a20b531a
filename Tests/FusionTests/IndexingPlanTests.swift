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

  /// The rows of a table are read where they are used, at places that the kernel reads once a row.
  @Test func rowsAreGatheredWhereTheyAreUsed() {
    var r = TraceRecorder()
    let (table, tokens, bias) = (r.leaf([1000, 64]), r.leaf([8, 32], .int64), r.leaf([32, 64]))
    r.output(r.add(r.multiply(r.gather(table, tokens, 0), number(8)), bias))
    #expect(
      r.plan().description == """
        k0 [8, 32, 64]: map3 in0:int64.uniform from1:float32.contiguous in2:float32.contiguous
          v2: float32 = gather(from1, in0)
          v4: float32 = multiply(v2, s0)
          v6: float32 = add(v4, in2)
          out0.contiguous = v6
        """)
    #expect(differences(r.plan(), r.trace).isEmpty)
  }

  /// Indices may be computed by the same kernel, and a reduction may be what uses the rows.
  @Test func placesMayBeComputed() {
    var r = TraceRecorder()
    let (table, tokens) = (r.leaf([1000, 64]), r.leaf([32], .int32))
    r.output(r.reduce(.sum, r.gather(table, r.cast(tokens, .int64), 0), [1]))
    #expect(
      r.plan().description == """
        k0 [32, 64]: reduceInner2 in0:int32.uniform from1:float32.contiguous
          v1: int64 = cast(in0)
          v3: float32 = gather(from1, v1)
          out0.contiguous = sum(v3)
        """)
    #expect(differences(r.plan(), r.trace).isEmpty)
  }

  /// What is gathered from is in memory first.
  @Test func whatIsGatheredFromIsStored() {
    var r = TraceRecorder()
    let (x, places) = (r.leaf([1000]), r.leaf([50], .int64))
    r.output(r.add(r.gather(r.exp(x), places, 0), number(1)))
    #expect(
      r.plan().description == """
        k0 [1000]: map1 in0:float32.contiguous
          v1: float32 = exp(in0)
          out0.contiguous = v1
        k1 [50]: map1 in0:int64.contiguous from1:float32.uniform
          v2: float32 = gather(from1, in0)
          v4: float32 = add(v2, s0)
          out0.contiguous = v4
        """)
    #expect(differences(r.plan(), r.trace).isEmpty)
  }

  /// A part of what is gathered is a view of all of it: an index that the part leaves out may be
  /// bad.
  @Test func partsOfGathersAreStored() {
    var r = TraceRecorder()
    let (table, places) = (r.leaf([100, 16]), r.leaf([50], .int64))
    let part = r.slice(r.exp(r.gather(table, places, 0)), 0..<5, 0..<16)
    r.output(r.add(part, number(1)))
    #expect(r.plan().kernels.count == 2)
    #expect(differences(r.plan(), r.trace).isEmpty)
  }

  /// What kernels of several spaces use is gathered once.
  @Test func gathersAreNotRepeated() {
    var r = TraceRecorder()
    let (table, places) = (r.leaf([100, 16]), r.leaf([50], .int64))
    let rows = r.gather(table, places, 0)
    r.output(r.reduce(.sum, rows, [0]), r.exp(r.permute(rows, [1, 0])))
    let gathers = r.plan().kernels.filter { $0.inputs.contains { $0.source == .gathered } }
    #expect(gathers.count == 1)
    #expect(differences(r.plan(), r.trace).isEmpty)
  }
}
