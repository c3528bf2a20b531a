// Which launches become parts of one, and which do not.

import MartletFusion
import MartletIR
import Testing

@Suite struct MergingTests {
  /// Weights, biases, a scalar: ten parameters in one launch, each a part of its own size.
  @Test func adamStepIsOneKernel() {
    let shapes: [Shape] = [
      [784, 512], [512], [512, 512], [512], [512, 10], [10], [3, 3, 16, 32], [32], [1], [],
    ]
    let plan = Expressions.adam(shapes, rate: number(0.001)).plan()
    #expect(
      plan.description == """
        k0 [401408] [512] [512] [262144] [5120] [10] [4608] [32] [1] [1]: \
        map1 in0:float32.contiguous in1:float32.contiguous in2:float32.contiguous \
        in3:float32.contiguous
          v2: float32 = multiply(s0, in0)
          v5: float32 = multiply(s1, in1)
          v6: float32 = add(v2, v5)
          v9: float32 = multiply(s2, in2)
          v10: float32 = multiply(in1, in1)
          v12: float32 = multiply(s3, v10)
          v13: float32 = add(v9, v12)
          v15: float32 = multiply(v6, s4)
          v17: float32 = multiply(s5, v15)
          v19: float32 = multiply(v13, s6)
          v20: float32 = sqrt(v19)
          v22: float32 = add(v20, s7)
          v23: float32 = divide(v17, v22)
          v25: float32 = subtract(in3, v23)
          out0.contiguous = v6
          out1.contiguous = v13
          out2.contiguous = v25
        """)
  }

  /// Where the rate is a tensor too.
  @Test(arguments: [number(0.001), nil]) func adamStepsComputeWhatTheyShould(
    rate: Trace.Operand?
  ) {
    let recorder = Expressions.adam([[4, 3], [3], [2, 1, 2], [2, 2], [4]], rate: rate)
    #expect(parts(recorder) == [5])
    let unfused = recorder.plan(fusion: false)
    #expect(unfused.steps.count == 70)
    #expect(differences(unfused, recorder.trace).isEmpty)
  }

  @Test func reductionsRowsAndScansHaveParts() {
    var r = TraceRecorder()
    for (rows, columns) in [(4, 30), (5, 8), (3, 70)] {
      let a = r.leaf([rows, columns])
      let e = r.exp(r.subtract(a, r.reduce(.maximum, a, [1])))
      r.output(r.divide(e, r.reduce(.sum, e, [1])))
      r.output(r.reduce(.sum, r.leaf([100, columns]), [0]))
      r.output(r.place(.maximum, r.leaf([rows, columns]), 1))
      r.output(r.scan(.sum, r.leaf([rows, columns]), 1))
    }
    let plan = r.plan()
    let launches = plan.steps.compactMap { step in
      if case .launch(let launch) = step { launch } else { nil }
    }
    #expect(
      Set(launches.map(\.spec.family)) == [.row, .reduceOuter, .placeInner, .scanInner])
    #expect(launches.map(\.parts.count) == [3, 3, 3, 3])
    #expect(differences(plan, r.trace).isEmpty)
  }

  /// Each reads the one before, directly or through a product.
  @Test func launchesThatNeedEachOtherStayApart() {
    var r = TraceRecorder()
    var x = r.leaf([8, 8])
    for _ in 0..<3 {
      x = r.node(.matmul, .float32, [8, 8], [x, x])
      x = r.exp(x)
      r.output(x)
    }
    #expect(parts(r) == [1, 1, 1])

    var s = TraceRecorder()
    let e = s.exp(s.leaf([5]))
    s.output(e, s.exp(s.reduce(.sum, e, [0])))
    #expect(parts(s) == [1, 1])
  }

  /// What needs the first launch comes after the merged one, and what the second needs before it.
  @Test func whatLiesBetweenMakesRoom() {
    var r = TraceRecorder()
    func product(_ a: Trace.Operand) -> Trace.Operand {
      r.node(.matmul, .float32, [4, 4], [a, a])
    }
    let first = r.exp(r.leaf([4, 4]))
    let after = product(first)
    let before = product(r.leaf([4, 4]))
    let second = r.exp(before)
    let last = product(second)
    r.output(first, after, second, last)
    let plan = r.plan()
    #expect(
      plan.description == """
        library n2
        k0 [16] [16]: map1 in0:float32.contiguous
          v1: float32 = exp(in0)
          out0.contiguous = v1
        library n1
        library n4
        """)
    #expect(differences(plan, r.trace).isEmpty)
  }

  /// Large launches stay beside the steps that write their operands.
  @Test func onlySmallLaunchesAreMoved() {
    func parts(_ count: Int) -> [Int] {
      var r = TraceRecorder()
      for _ in 0..<2 {
        let x = r.leaf([count, 4])
        let product = r.node(.matmul, .float32, [count, 4], [x, r.leaf([4, 4])])
        let y = r.exp(product)
        r.output(y, r.node(.matmul, .float32, [count, 4], [y, r.leaf([4, 4])]))
      }
      return self.parts(r)
    }
    let limit = CostModel.default.movedByteCount / 16
    #expect(parts(limit) == [2])
    #expect(parts(limit + 1) == [1, 1])
  }

  /// Launches far apart, and ever more parts, cost no more than the steps.
  @Test func budgetsBoundLaunches() {
    var costs = CostModel()
    costs.parts = 3
    let many = Expressions.adam((2...9).map { [$0] }, rate: nil)
    let plan = Scheduler.plan(many.trace, costs: costs)
    #expect(plan.steps.count == 3)
    #expect(differences(plan, many.trace).isEmpty)
    #expect(Expressions.adam((2...5001).map { [$0] }, rate: nil).plan().steps.count == 20)
  }

  /// The parts of the launches of a plan that computes what it should.
  private func parts(
    _ recorder: TraceRecorder, sourceLocation: SourceLocation = #_sourceLocation
  ) -> [Int] {
    let plan = recorder.plan()
    if recorder.trace.nodes.allSatisfy({ $0.shape.elementCount < 1000 }) {
      #expect(differences(plan, recorder.trace).isEmpty, sourceLocation: sourceLocation)
    }
    return plan.steps.compactMap { step in
      if case .launch(let launch) = step { launch.parts.count } else { nil }
    }
  }
}
