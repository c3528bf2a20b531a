// What the scheduler stores, computes again, pushes down and cuts, case by case.

import MartletFusion
import MartletIR
import Testing

@Suite struct DecisionTests {
  /// Sizes and scalars are arguments: they do not change what is compiled.
  @Test func kernelsDoNotDependOnSizesAndScalars() {
    let sizes = [2, 3, 7, 64, 1000, 4097, 1_000_000]
    let chains = sizes.map { Expressions.chain12($0, half: Float($0)).plan().kernels }
    #expect(Set(chains).count == 1)
    // Rows that stay in the cache, and rows that do not.
    let short = sizes.map { Expressions.softmax($0, 2 + $0 % 1000).plan().kernels }
    let long = sizes.map { Expressions.softmax($0, 1_000_003 - $0 % 1000).plan().kernels }
    #expect(Set(short).count == 1 && Set(long).count == 1 && short[0].count < long[0].count)
    let stencils = sizes.dropFirst(2).map { Expressions.jacobi($0).plan().kernels }
    #expect(Set(stencils).count == 1)
    // Equal scalars are two arguments, as unequal ones are.
    var specs: Set<[KernelSpec]> = []
    for (a, b) in [(1, 1), (1, 2), (0, 0)] as [(Float, Float)] {
      var r = TraceRecorder()
      let x = r.leaf([10])
      r.output(r.add(r.multiply(x, number(a)), number(b)))
      specs.insert(r.plan().kernels)
    }
    #expect(specs.count == 1)
  }

  /// The order in which independent operands were recorded does not matter.
  @Test func specsAreCanonical() {
    var specs: Set<[KernelSpec]> = []
    for isSwapped in [false, true] {
      var r = TraceRecorder()
      let leaves = (0..<4).map { _ in r.leaf([5, 6]) }
      let first = isSwapped ? 2 : 0
      let u = r.multiply(leaves[first], leaves[first + 1])
      let v = r.multiply(leaves[2 - first], leaves[3 - first])
      r.output(isSwapped ? r.add(v, u) : r.add(u, v))
      specs.insert(r.plan().kernels)
    }
    #expect(specs.count == 1)
  }

  @Test func equalValuesAreComputedOnce() {
    var r = TraceRecorder()
    let (a, b) = (r.leaf([9]), r.leaf([9]))
    r.output(r.multiply(r.exp(r.add(a, b)), r.exp(r.add(a, b))))
    #expect(r.plan().kernels[0].instructions.count == 5)
  }

  @Test func reshapesArePushedDown() {
    var r = TraceRecorder()
    let (a, b) = (r.leaf([4, 6]), r.leaf([24]))
    r.output(r.add(r.reshape(r.exp(a), [24]), b))
    #expect(kernels(r) == 1)

    // A broadcast operand does not reshape: its sum is stored, under the reshape's name.
    var s = TraceRecorder()
    let (c, d, e) = (s.leaf([4, 6]), s.leaf([6]), s.leaf([24]))
    let sum = s.reshape(s.add(c, d), [24])
    s.output(s.add(sum, e))
    #expect(kernels(s) == 2)

    // An axis of extent 1 always comes and goes.
    var t = TraceRecorder()
    let (f, g) = (t.leaf([4, 6]), t.leaf([6]))
    t.output(t.exp(t.reshape(t.add(f, g), [4, 1, 6])))
    #expect(kernels(t) == 1)
  }

  @Test func transposedLeafIsCopiedForAReshape() {
    var r = TraceRecorder()
    let a = r.leaf([4, 6], layout: Layout(offset: 0, strides: [1, 4]))
    r.output(r.exp(r.reshape(a, [24])))
    #expect(kernels(r) == 2)
  }

  /// Neighbours of a cheap value are computed again, those of a costly one read from memory.
  @Test func stencilsOfComputedValues() {
    for (op, count) in [(ElementwiseOp.negative, 1), (.exp, 2)] {
      var r = TraceRecorder()
      let x = r.apply(op, r.leaf([10]))
      r.output(r.add(r.slice(x, 0..<9), r.slice(x, 1..<10)))
      #expect(kernels(r) == count)
    }
  }

  @Test func broadcastsOfComputedValues() {
    for (op, count) in [(ElementwiseOp.negative, 1), (.exp, 2)] {
      var r = TraceRecorder()
      let (a, b) = (r.leaf([10]), r.leaf([5, 10]))
      r.output(r.add(b, r.apply(op, a)))
      #expect(kernels(r) == count)
    }
  }

  /// A value that is wanted and that a later kernel of its space reads is stored there.
  @Test func storesWaitForTheirUse() {
    var r = TraceRecorder()
    let (a, b) = (r.leaf([5, 10]), r.leaf([5, 10]))
    let e = r.exp(a)
    let y = r.subtract(e, r.reduce(.mean, b, [0]))
    r.output(e, y)
    #expect(kernels(r) == 2)
  }

  @Test func reductionsShareAKernel() {
    var r = TraceRecorder()
    let a = r.exp(r.leaf([5, 10]))
    r.output(r.reduce(.sum, a, [1]), r.reduce(.maximum, r.apply(.abs, a), [1]))
    #expect(kernels(r) == 1)
  }

  /// The reduced axes 0 and 2 are not one axis in memory, so a copy makes them one.
  @Test func partedAxesAreCopied() {
    var r = TraceRecorder()
    let a = r.leaf([4, 5, 6])
    r.output(r.reduce(.sum, r.exp(a), [0, 2]))
    let plan = r.plan()
    #expect(plan.kernels.map(\.family) == [.map, .reduceInner])
    #expect(plan.temporaries == [Plan.Temporary(dtype: .float32, elementCount: 120)])
    #expect(differences(plan, r.trace).isEmpty)
  }

  @Test func fewColumnsAreReducedAcross() {
    typealias Family = KernelSpec.Family
    for (rows, columns, family) in [
      (100, 3, Family.reduceInner), (100, 100, .reduceOuter), (64, 3, .reduceInner),
      (64, 100, .reduceShort),
    ] {
      var r = TraceRecorder()
      r.output(r.reduce(.sum, r.leaf([rows, columns]), [0]))
      #expect(r.plan().kernels.map(\.family) == [family])
    }
  }

  /// Many rows of few elements are reduced across; an operand that lies along them is copied first,
  /// once for all it is broadcast to.
  @Test func shortRowsAreReducedAcross() {
    var r = TraceRecorder()
    let (x, y) = (r.leaf([70, 1, 16]), r.leaf([1, 80, 16]))
    r.output(r.reduce(.sum, r.subtract(x, y), [2]))
    let plan = r.plan()
    #expect(plan.kernels.map(\.family) == [.map, .reduceShort])
    #expect(plan.temporaries == [Plan.Temporary(dtype: .float32, elementCount: 16 * 80)])
    #expect(differences(plan, r.trace).isEmpty)
  }

  /// A number that both use does not relate them, be it a tensor or not.
  @Test func unrelatedValuesOfOneShapeStayApart() {
    var r = TraceRecorder()
    let (x, y, c) = (r.leaf([10]), r.leaf([10]), r.leaf([1]))
    r.output(r.exp(r.multiply(x, c)), r.exp(r.add(y, c)))
    #expect(kernels(r) == 2)
    // Numbers that are computed of a number share a kernel.
    var s = TraceRecorder()
    let d = s.leaf([])
    s.output(s.exp(d), s.add(d, number(1)))
    #expect(kernels(s) == 1)
  }

  @Test func viewsThatAreWantedCostNothing() {
    var r = TraceRecorder()
    let a = r.leaf([4, 6])
    let e = r.exp(a)
    r.output(r.permute(a, [1, 0]), r.permute(e, [1, 0]), r.slice(e, 0..<1, 0..<6))
    let plan = r.plan()
    #expect(differences(plan, r.trace).isEmpty)
    #expect(
      plan.description == """
        k0 [24]: map1 in0:float32.contiguous
          v1: float32 = exp(in0)
          out0.contiguous = v1
        view n1 of leaf(0)
        view n2 of node(0)
        view n3 of node(0)
        """)
  }

  /// Of a slice alone, only the slice is computed.
  @Test func onlyTheWantedPartIsComputed() {
    var r = TraceRecorder()
    r.output(r.slice(r.exp(r.leaf([100, 6])), 0..<1, 0..<6))
    #expect(r.plan().description.hasPrefix("k0 [6]: map1"))
  }

  @Test func libraryOperandsAreStoredOrViews() {
    var r = TraceRecorder()
    let (a, b) = (r.leaf([4, 6]), r.leaf([4, 6]))
    let product = r.node(
      .matmul, .float32, [4, 4], [r.apply(.maximum, a, number(0)), r.permute(b, [1, 0])])
    r.output(r.add(product, number(1)))
    let plan = r.plan()
    #expect(plan.kernels.count == 2)
    guard case .library(let node, let operands) = plan.steps[1] else {
      Issue.record("no library step")
      return
    }
    #expect(node == 2)
    let transposed = Layout(strides: [1, 6])
    #expect(operands == [.value(.node(0), .rowMajor), .value(.leaf(1), transposed)])
    #expect(differences(plan, r.trace).isEmpty)
  }

  @Test func emptyReductionsAreLibrarySteps() {
    var r = TraceRecorder()
    r.output(r.reduce(.sum, r.exp(r.leaf([0, 3])), [0]))
    #expect(r.plan().description == "view n0 of node(0)\nlibrary n1")
  }

  @Test func longChainsAreCut() {
    let recorder = Expressions.chain(4096)
    let plan = recorder.plan()
    #expect(plan.kernels.count <= 10)
    #expect(plan.kernels.allSatisfy { $0.outputs.count == 1 && $0.inputs.count <= 2 })
    #expect(differences(plan, recorder.trace).isEmpty)
  }

  @Test func sumsOfManyArraysAreCut() {
    var r = TraceRecorder()
    var t = r.leaf([3])
    for _ in 0..<99 { t = r.add(t, r.leaf([3])) }
    r.output(t)
    #expect(r.plan().kernels.allSatisfy { $0.inputs.count <= 24 })
    #expect(kernels(r) <= 6)
  }

  @Test func aLongPrologueIsCutOffItsReduction() {
    let chain = Expressions.chain(2000)
    var r = chain
    let sum = r.reduce(.sum, .node(chain.trace.nodes.count - 1), [0])
    r.output(sum)
    let plan = r.plan()
    #expect(plan.kernels.dropLast().allSatisfy { $0.family == .map })
    #expect(plan.kernels.count > 2 && plan.kernels.last?.family == .row)
    #expect(differences(plan, r.trace).isEmpty)
  }

  @Test func deepTracesNeedNoStack() {
    let plan = Expressions.chain(200_000).plan()
    #expect(plan.kernels.count < 500)
  }

  @Test func plansAreEqualWhenTracesAre() {
    #expect(randomTrace(seed: 5).nodes.count > 0)
    for seed in 0..<50 as Range<UInt64> {
      let (a, b) = (
        Scheduler.plan(randomTrace(seed: seed)), Scheduler.plan(randomTrace(seed: seed))
      )
      #expect(a.description == b.description)
    }
  }

  /// The number of kernels of a plan that computes what it should.
  private func kernels(
    _ recorder: TraceRecorder, sourceLocation: SourceLocation = #_sourceLocation
  ) -> Int {
    let plan = recorder.plan()
    #expect(differences(plan, recorder.trace).isEmpty, sourceLocation: sourceLocation)
    return plan.kernels.count
  }
}
