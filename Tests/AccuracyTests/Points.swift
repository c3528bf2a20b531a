// Points at which float64 functions and functions of two arguments are measured.

import CampaignSupport
import Glibc
import MartletIR

/// Draws numbers of the whole range of a type, on a logarithmic scale.
struct Points<Number: BinaryFloatingPoint & BitwiseCopyable> {
  private var random: Generator

  init(_ seed: UInt64) { random = Generator(seed) }

  private var isSingle: Bool { Number.self == Float.self }

  /// Any finite number: random bits.
  mutating func anywhere() -> Double {
    while true {
      let x =
        isSingle
        ? Double(Float(bitPattern: UInt32(truncatingIfNeeded: random.next())))
        : Double(bitPattern: random.next())
      if x.isFinite { return x }
    }
  }

  /// A number of [low, high).
  mutating func uniform(_ low: Double, _ high: Double) -> Double {
    low + (high - low) * random.unit()
  }

  /// Of either sign, between 2^low and 2^high on a logarithmic scale.
  mutating func logarithmic(_ low: Double, _ high: Double) -> Double {
    let magnitude = exp2(uniform(low, high))
    return random.chance(2) ? magnitude : -magnitude
  }

  mutating func pick(_ count: Int) -> Int { random.pick(count) }

  /// Near `x`: from a few units in the last place to a quarter of it away.
  mutating func near(_ x: Double) -> Double {
    x * (1 + logarithmic(isSingle ? -24 : -53, -2))
  }

  /// Where exponentials overflow and underflow, logarithms vanish and algorithms change.
  private static var thresholds: [Double] {
    let single = [88.72283, 103.27893, 87.33655, 89.41598, 128, 149, 126, 9.010913, 10.05]
    let double = [709.782712893384, 745.1332191019411, 708.3964185322641, 710.4758600739439]
    let both = [1, 2, 0.5, 0.7071067811865476, 1.4142135623730951, 19.1, 22, 27.226, 36.7, 5.9]
    return (Number.self == Float.self ? single : double + [1024, 1074, 1022, 26.54]) + both
  }

  /// The `k`-th point of a function with this domain.
  mutating func point(_ k: Int, _ op: ElementwiseOp) -> Double {
    let x: Double
    switch k % 8 {
    case 0, 1: x = anywhere()
    case 2: x = logarithmic(-30, 10)
    case 3: x = uniform(-20, 20)
    case 4:
      let threshold = Points.thresholds[pick(Points.thresholds.count)]
      x = near(pick(2) == 0 ? threshold : -threshold)
    case 5:
      // Near a multiple of pi/2: few bits of the argument survive the reduction.
      let multiple = (exp2(uniform(0, 50))).rounded() * (.pi / 2)
      x = multiple * (1 + Double(pick(5) - 2) * 0x1p-52)
    case 6: x = near(1)
    default: x = uniform(-800, 800)
    }
    return folded(x, op.definition.domain, k)
  }

  /// The point moved into a domain that is not the whole line.
  private mutating func folded(_ x: Double, _ domain: OpDefinition.Domain, _ k: Int) -> Double {
    switch domain {
    case .positive: return abs(x)
    case .unit: return abs(x) <= 1 ? x : k % 16 < 8 ? 1 / x : uniform(-1, 1)
    case .aboveOne: return abs(x) >= 1 ? abs(x) : 1 + abs(x)
    case .aboveMinusOne: return x > -1 ? x : (k % 16 < 8 ? -x : 1 / x)
    default: return x
    }
  }

  /// The `k`-th pair of arguments of a function.
  mutating func pair(_ k: Int, _ op: ElementwiseOp) -> (Double, Double) {
    switch op {
    case .pow: return powerPair(k)
    case .logaddexp:
      switch k % 4 {
      case 0: return (anywhere(), anywhere())
      case 1: return (uniform(-100, 100), uniform(-100, 100))
      case 2:
        let a = Double(Number(uniform(-3, -0.001)))
        return (a, near(log1p(-exp(a))))
      default:
        let a = uniform(-700, 700)
        return (a, a + uniform(-40, 40))
      }
    default:
      let x = anywhere()
      switch k % 4 {
      case 0: return (x, anywhere())
      case 1: return (x, x * uniform(-2, 2))
      case 2: return (x, x * logarithmic(-30, 30))
      default: return (uniform(-10, 10), uniform(-10, 10))
      }
    }
  }

  private mutating func powerPair(_ k: Int) -> (Double, Double) {
    let range = isSingle ? (-152.0, 130.0) : (-1080.0, 1026.0)
    switch k % 5 {
    case 0: return (anywhere(), anywhere())
    case 1, 2:
      // Any base, and an exponent that gives a result within the range.
      let x = k % 10 < 5 ? abs(anywhere()) : abs(logarithmic(-6, 6))
      let scale = log2(Double(Number(x)))
      return (x, scale == 0 ? 1 : uniform(range.0, range.1) / scale)
    case 3:
      let x = Double(Number(near(1)))
      let scale = log2(abs(x))
      return (x, scale == 0 ? 1e6 : uniform(range.0, range.1) / scale)
    default: return (uniform(-20, 20), Double(pick(81) - 40))
    }
  }
}
