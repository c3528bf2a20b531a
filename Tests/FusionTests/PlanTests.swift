// Golden text of the plans of well-known computations.

import MartletFusion
import MartletIR
import Testing

@Suite struct PlanTests {
  @Test func elementwiseChainIsOneKernel() {
    expect(
      Expressions.chain12(),
      """
      k0 [1000]: map1 in0:float32.contiguous in1:float32.contiguous in2:float32.contiguous
        v2: float32 = multiply(in0, in1)
        v4: float32 = add(v2, in2)
        v5: float32 = multiply(v4, v4)
        v6: float32 = subtract(v5, in0)
        v8: float32 = multiply(in1, s0)
        v9: float32 = add(v6, v8)
        v10: float32 = abs(v9)
        v12: float32 = add(v10, s1)
        v13: float32 = multiply(in2, in2)
        v15: float32 = add(v13, s2)
        v16: float32 = divide(v12, v15)
        v17: float32 = multiply(in0, in2)
        v18: float32 = subtract(v16, v17)
        v20: float32 = multiply(v18, s3)
        out0.contiguous = v20
      """)
  }

  @Test func biasIsReadAlongRows() {
    expect(
      Expressions.biasRelu(),
      """
      k0 [32, 100]: map2 in0:float32.contiguous in1:float32.contiguous
        v2: float32 = add(in0, in1)
        v4: float32 = maximum(v2, s0)
        out0.contiguous = v4
      """)
  }

  /// The exponentials are used by the sum and by the quotient that needs it: they are kept.
  @Test func softmaxIsOneKernel() {
    expect(
      Expressions.softmax(),
      """
      k0 [64, 1000]: row2 in0:float32.contiguous
        v1: float32 = row maximum(in0)
        v2: float32 = subtract(in0, v1)
        v3: float32 = exp(v2)
        v4: float32 = row sum(v3)
        v5: float32 = divide(v3, v4)
        out0.contiguous = v5
      """)
  }

  /// The sum of all elements is one tree over all rows, so what it adds is stored, by the kernel
  /// that has the rows in the cache.
  @Test func layerNormLossIsTwoKernels() {
    let kernels = Scheduler.plan(Expressions.layerNormLoss().trace).kernels
    #expect(kernels.map(\.family) == [.row, .reduceInner])
    #expect(kernels.last?.instructions == [.input(0)])
  }

  /// The difference to the mean is cheap and computed twice; the root, once a row.
  @Test func layerNormIsOneKernel() {
    expect(
      Expressions.layerNorm(),
      """
      k0 [64, 512]: row2 in0:float32.contiguous in1:float32.contiguous in2:float32.contiguous
        v1: float32 = row mean(in0)
        v2: float32 = subtract(in0, v1)
        v3: float32 = multiply(v2, v2)
        v4: float32 = row mean(v3)
        v6: float32 = add(v4, s0)
        v7: float32 = rsqrt(v6)
        v8: float32 = multiply(v2, v7)
        v10: float32 = multiply(v8, in1)
        v12: float32 = add(v10, in2)
        out0.contiguous = v12
      """)
  }

  /// A number of each row that only the kernel itself uses is not stored, be it broadcast or not.
  @Test func rowKernelsStoreWhatIsRead() {
    var r = TraceRecorder()
    let x = r.leaf([64, 100])
    let scale = r.divide(number(1), r.reduce(.sum, r.exp(x), [1]))
    r.output(r.multiply(x, r.broadcast(scale, [64, 100])))
    expect(
      r,
      """
      k0 [64, 100]: row2 in0:float32.contiguous
        v2: float32 = exp(in0)
        v3: float32 = row sum(v2)
        v4: float32 = divide(s0, v3)
        v5: float32 = multiply(in0, v4)
        out0.contiguous = v5
      """)
  }

  @Test func meanTakesItsOperandsIn() {
    expect(
      Expressions.meanOfSquares(),
      """
      k0 [1000]: reduceInner1 in0:float32.contiguous in1:float32.contiguous
        v2: float32 = subtract(in0, in1)
        v3: float32 = multiply(v2, v2)
        out0.contiguous = mean(v3)
      view n3 of node(2)
      """)
  }

  @Test func columnsAreReducedAlongRows() {
    expect(
      Expressions.columnDeviation(),
      """
      k0 [100, 512]: reduceOuter2 in0:float32.contiguous
        out0.contiguous = mean(in0)
      k1 [100, 512]: reduceOuter2 in0:float32.contiguous in1:float32.contiguous
        v2: float32 = subtract(in0, in1)
        v3: float32 = multiply(v2, v2)
        out0.contiguous = mean(v3)
      k2 [512]: map1 in0:float32.contiguous
        v1: float32 = sqrt(in0)
        out0.contiguous = v1
      """)
  }

  @Test func pairDistancesAreTwoKernels() {
    expect(
      Expressions.pairDistance(),
      """
      k0 [50, 50, 16]: reduceInner3 in0:float32.contiguous in1:float32.contiguous
        v2: float32 = subtract(in0, in1)
        v3: float32 = multiply(v2, v2)
        out0.contiguous = sum(v3)
      k1 [2500]: map1 in0:float32.contiguous
        v2: float32 = add(in0, s0)
        v3: float32 = sqrt(v2)
        out0.contiguous = v3
      """)
  }

  @Test func stencilReadsOneArrayFourTimes() {
    expect(
      Expressions.jacobi(),
      """
      k0 [98, 98]: map2 in0:float32.contiguous in1:float32.contiguous in2:float32.contiguous \
      in3:float32.contiguous
        v2: float32 = add(in0, in1)
        v5: float32 = add(in2, in3)
        v6: float32 = add(v2, v5)
        v8: float32 = multiply(s0, v6)
        out0.contiguous = v8
      """)
  }

  @Test func transposeIsReadInTiles() {
    expect(
      Expressions.transposeAdd(),
      """
      k0 [100, 100]: map2 in0:float32.transposed in1:float32.contiguous
        v2: float32 = multiply(s0, in0)
        v4: float32 = add(in1, v2)
        out0.contiguous = v4
      """)
  }

  /// Outputs in the middle of a computation are stores of the one kernel.
  @Test func adamIsOneKernelWithThreeOutputs() {
    let plan = Expressions.adam().plan()
    #expect(plan.kernels.count == 1)
    #expect(plan.kernels[0].outputs.count == 3)
    #expect(plan.kernels[0].inputs.count == 4)
  }

  @Test func mandelbrotIsOneKernel() {
    let plan = Expressions.mandelbrot().plan()
    #expect(plan.kernels.count == 1)
    #expect(plan.kernels[0].rank == 1)
  }

  @Test func unfusedIsOneKernelAnOp() {
    let plan = Expressions.chain12().plan(fusion: false)
    #expect(plan.kernels.count == 14)
    #expect(plan.kernels.allSatisfy { $0.outputs.count == 1 })
    #expect(Expressions.jacobi().plan(fusion: false).kernels.count == 4)
    #expect(Expressions.softmax().plan(fusion: false).kernels.count == 5)
  }

  @Test func concatenationWritesParts() {
    var r = TraceRecorder()
    let (a, b) = (r.leaf([2, 3]), r.leaf([2, 4]))
    r.output(r.concatenate([r.add(a, number(1)), b], 1))
    expect(
      r,
      """
      k0 [2, 3]: map2 in0:float32.contiguous
        v2: float32 = add(in0, s0)
        out0.contiguous = v2
      k1 [2, 4]: map2 in0:float32.contiguous
        out0.contiguous = in0
      """)
    guard case .launch(let second) = r.plan().steps[1] else { return }
    #expect(second.parts[0].outputs == [Plan.Binding(slot: .node(1), offset: 3, strides: [7, 1])])
  }

  @Test func paddingFillsTheBorder() {
    var r = TraceRecorder()
    let a = r.leaf([2, 3])
    r.output(r.pad(r.exp(a), low: [1, 0], high: [0, 2], number(0)))
    expect(
      r,
      """
      k0 [2, 3]: map2 in0:float32.contiguous
        v1: float32 = exp(in0)
        out0.contiguous = v1
      k1 [5]: map1
        out0.contiguous = s0
      k2 [2, 2]: map2
        out0.contiguous = s0
      """)
  }

  @Test func indexUnderViewsIsComputed() {
    var r = TraceRecorder()
    let x = r.leaf([4, 3], .int64)
    let index = r.permute(r.reshape(r.iota([12]), [3, 4]), [1, 0])
    r.output(r.add(x, r.flip(index, [0])))
    expect(
      r,
      """
      k0 [4, 3]: map2 in0:int64.contiguous index1:int64.strided
        v2: int64 = add(in0, index1)
        out0.contiguous = v2
      """)
    guard case .launch(let launch) = r.plan().steps[0] else { return }
    #expect(launch.parts[0].inputs[1] == Plan.Binding(slot: nil, offset: 3, strides: [-1, 4]))
  }

  private func expect(
    _ recorder: TraceRecorder, _ text: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let plan = recorder.plan()
    #expect(plan.description == text, sourceLocation: sourceLocation)
    #expect(differences(plan, recorder.trace).isEmpty, sourceLocation: sourceLocation)
    #expect(
      differences(recorder.plan(fusion: false), recorder.trace).isEmpty,
      sourceLocation: sourceLocation)
  }
}
