// Differences of a program's values along a direction, beside what its derivatives say.

import Martlet
import MartletIR

/// The slope of a program along its direction, by reverse mode, by forward mode and by differences.
struct Differences {
  enum Verdict {
    case agree(isFlat: Bool)
    /// The two step sizes disagree: the function bends too much, or there is a kink.
    case saysNothing
    case differ(String)
  }

  /// The inner product of gradient and direction, and the sum of its terms' sizes.
  private let reverse: (sum: Double, size: Double)
  private let forward: Double
  /// The values at -h, -h/2, 0, h/2 and h.
  private let values: [Double]

  private static let step = 0x1p-13

  init(_ program: TensorProgram, _ found: TensorProgram.Result) throws {
    let numbers = found.registers.map { ($0?.bits ?? []).map { Double(bitPattern: $0) } }
    let inputs = try program.tensors()
    let directions = try program.directions(inputs)
    var reverse = (sum: 0.0, size: 0.0)
    for (gradient, direction) in zip(numbers[1...], directions) {
      for (a, b) in zip(gradient, try direction.checkedScalars(as: Double.self)) {
        reverse.sum += a * b
        reverse.size += (a * b).magnitude
      }
    }
    self.reverse = reverse
    forward = numbers[numbers.count - 1][0]
    values = try [-1, -0.5, 0, 0.5, 1].map { step in
      if step == 0 { return numbers[0][0] }
      return try withTensorErrors {
        try withMode(.interpreter) {
          try program.value(at: zip(inputs, directions).map { $0 + Self.step * step * $1 })
            .checkedScalars(as: Double.self)[0]
        }
      }
    }
  }

  var verdict: Verdict {
    // Terms of size 1 that cancel inside the program leave their rounding errors.
    let size = max(reverse.size, forward.magnitude, 1)
    guard (reverse.sum - forward).magnitude <= 1e-9 * size else {
      return .differ("forward mode gives \(forward), reverse mode \(reverse.sum)")
    }
    let h = Self.step
    let far = (values[4] - values[0]) / (2 * h)
    let near = (values[3] - values[1]) / h
    // A kink at the very point escapes both; there the slopes of the two sides differ.
    let right = (4 * values[3] - 3 * values[2] - values[4]) / h
    let left = (values[0] + 3 * values[2] - 4 * values[1]) / h
    let slope = max(far.magnitude, near.magnitude)
    let (bend, kink) = ((far - near).magnitude, (right - left).magnitude)
    guard bend <= 1e-4 * slope, kink <= 1e-6 * slope + 1e-8 else { return .saysNothing }
    // Halving the step takes three quarters of the error away, so that a third of `bend` is left:
    // what else there may be is rounding errors of values that are at most 100, over the step.
    return (near - forward).magnitude <= bend + kink + 1e-7 * max(near.magnitude, 1)
      ? .agree(isFlat: near == 0)
      : .differ("differences give \(near) (\(far) with twice the step), derivatives \(forward)")
  }
}
