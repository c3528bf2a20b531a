// Which values a row kernel keeps from one sweep for later ones, and in which sweep each is there.

import MartletFusion
import MartletIR
import Testing

@Suite struct RowSweepsTests {
  private func spec(_ recorder: TraceRecorder) -> KernelSpec { recorder.plan().kernels[0] }

  /// The exponentials are summed in sweep 1 and divided in sweep 2.
  @Test func softmaxKeepsTheExponentials() {
    let spec = spec(Expressions.softmax())
    let sweeps = RowSweeps(spec)
    #expect(spec.instructions[3] == .elementwise(.exp, [2]))
    #expect(sweeps.kept == [3])
    #expect(sweeps.sweeps == [0, 1, 1, 1, 2, 2])
    #expect(sweeps.count == 3)
  }

  /// A difference is cheap; roots and sums of a row are one number.
  @Test func layerNormKeepsNothing() {
    let sweeps = RowSweeps(spec(Expressions.layerNorm()))
    #expect(sweeps.kept.isEmpty)
    #expect(sweeps.count == 3)
  }

  /// What a later sweep takes only through a value that is kept is not kept itself.
  @Test func onlyTheLastOfAChainIsKept() {
    var r = TraceRecorder()
    let e = r.exp(r.apply(.tanh, r.leaf([4, 100])))
    r.output(r.divide(e, r.reduce(.sum, e, [1])))
    let spec = spec(r)
    let kept = RowSweeps(spec).kept.map { spec.instructions[$0] }
    #expect(kept.count == 1)
    if case .elementwise(.exp, _)? = kept.first {} else { Issue.record("\(kept)") }
  }

  @Test func aSingleSweepKeepsNothing() {
    var r = TraceRecorder()
    let e = r.exp(r.leaf([4, 100]))
    r.output(e, r.reduce(.sum, e, [1]))
    let sweeps = RowSweeps(spec(r))
    #expect(sweeps.kept.isEmpty && sweeps.count == 2)
  }
}
