// The error of every function against its bar, by compiled kernels.

import CampaignSupport
import Glibc
import MartletIR
import Testing

/// The arrays are evaluated in pieces of this length.
private let pieceLength = 1 << 18

@Suite struct ULPTests {
  /// Every 211th of all bit patterns with MARTLET_ULP=full, else a hundredth of that.
  @Test(arguments: UnaryFunction.all) func unaryFloat32(_ function: UnaryFunction) throws {
    let step = Measure.isFull ? 211 : 211 * 101
    var worst = Worst()
    var pattern = 0
    while pattern < 1 << 32 {
      let end = min(pattern + step * pieceLength, 1 << 32)
      let arguments = stride(from: pattern, to: end, by: step).map {
        Float(bitPattern: UInt32($0))
      }
      let results = try Evaluation(function.op, [arguments]).results
      for (x, y) in zip(arguments, results) {
        worst.add(errorInULP(y, function.double(Double(x))), "at \(x) gives \(y)")
      }
      pattern += step * pieceLength
    }
    finish(worst, function.op, .float32)
  }

  @Test(arguments: BinaryFunction.all) func pairsFloat32(_ function: BinaryFunction) throws {
    var points = Points<Float>(41)
    var worst = Worst()
    let count = Measure.isFull ? 10_000_000 : 60_000
    for start in stride(from: 0, to: count, by: pieceLength) {
      var (a, b): ([Float], [Float]) = ([], [])
      for k in start..<min(count, start + pieceLength) {
        let (x, y) = points.pair(k, function.op)
        a.append(Float(x))
        b.append(Float(y))
      }
      let results = try Evaluation(function.op, [a, b]).results
      for i in a.indices {
        worst.add(
          errorInULP(results[i], function.double(Double(a[i]), Double(b[i]))),
          "at (\(a[i]), \(b[i])) gives \(results[i])")
      }
    }
    finish(worst, function.op, .float32)
  }

  #if arch(x86_64)
    @Test(arguments: UnaryFunction.all) func unaryFloat64(_ function: UnaryFunction) throws {
      var points = Points<Double>(42)
      var worst = Worst()
      let count = Measure.isFull ? 1_000_000 : 20_000
      for start in stride(from: 0, to: count, by: pieceLength) {
        let arguments = (start..<min(count, start + pieceLength)).map {
          points.point($0, function.op)
        }
        let results = try Evaluation(function.op, [arguments]).results
        for (x, y) in zip(arguments, results) {
          worst.add(errorInULP(y, function.wide(Wide(x))), "at \(x) gives \(y)")
        }
      }
      finish(worst, function.op, .float64)
    }

    @Test(arguments: BinaryFunction.all) func pairsFloat64(_ function: BinaryFunction) throws {
      var points = Points<Double>(43)
      var worst = Worst()
      let count = Measure.isFull ? 1_000_000 : 20_000
      for start in stride(from: 0, to: count, by: pieceLength) {
        var (a, b): ([Double], [Double]) = ([], [])
        for k in start..<min(count, start + pieceLength) {
          let (x, y) = points.pair(k, function.op)
          a.append(x)
          b.append(y)
        }
        let results = try Evaluation(function.op, [a, b]).results
        for i in a.indices {
          let exact = function.wide(Wide(a[i]), Wide(b[i]))
          // The reference itself cancels here; the golden points cover these places.
          if function.op == .logaddexp, exact.magnitude < 0.02 * Wide(max(a[i], b[i])).magnitude {
            continue
          }
          worst.add(
            errorInULP(results[i], exact), "at (\(a[i]), \(b[i])) gives \(results[i])")
        }
      }
      finish(worst, function.op, .float64)
    }
  #endif

  private func finish(_ worst: Worst, _ op: ElementwiseOp, _ dtype: DType) {
    let accuracy = op.definition.accuracy
    let stated = dtype == .float32 ? accuracy.float32 : accuracy.float64
    // Correctly rounded is half a unit.
    let bound = stated == 0 ? 0.5 : stated
    print(worst.line(op, dtype, bound))
    #expect(worst.error <= bound + 1e-6, "\(worst.line(op, dtype, bound))")
  }
}
