// Random numbers: functions of a key and a counter, so that a seed gives the same ones everywhere.

import MartletIR
import MartletRuntime
import Synchronization

/// Where in a stream a call begins: a key, and the number of its first word.
struct RandomDraw: Sendable {
  let key: UInt64
  let start: UInt64
}

/// The stream that calls without a seed draw from: a key, and how many words were drawn.
///
/// The key is the system's entropy, asked for once a process, until `seedRandom` says another.
private let stream = Mutex((key: UInt64.random(in: .min ... .max), counter: UInt64(0)))

extension Tensor {
  /// Uniform random numbers from 0 up to 1, without it: multiples of 2^-24, in float64 of 2^-53.
  ///
  /// Element i is a function of the seed and i alone. Without a seed the numbers continue the
  /// process's stream, which starts elsewhere in every run; `seedRandom` starts it where every run
  /// does.
  ///
  ///     Tensor.random([2, 3])                // others in each run
  ///     Tensor.random([2, 3], seed: 7)       // the same everywhere
  public static func random(
    _ shape: some Collection<Int>, seed: UInt64? = nil, dtype: DType = .float32,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    attempt(.exact(file, line)) { () throws(TensorError) in
      let shape = try Tensor.shape(shape, "random")
      try checkFloating(dtype, "random")
      return uniform(try words(shape, draws: 1, seed: seed)[0], dtype)
    }
  }

  /// Random numbers of the normal distribution with mean 0 and variance 1.
  ///
  /// As for `random`, a seed gives the same numbers everywhere.
  public static func randomNormal(
    _ shape: some Collection<Int>, seed: UInt64? = nil, dtype: DType = .float32,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    attempt(.exact(file, line)) { () throws(TensorError) in
      let shape = try Tensor.shape(shape, "randomNormal")
      try checkFloating(dtype, "randomNormal")
      // A key of its own, so that a seed's normal numbers are independent of its uniform ones.
      let draws = try words(shape, draws: 2, seed: seed.map { $0 ^ 0x6E6F_726D_616C_0001 })
      // Box and Muller's transform; 1 - u is never 0.
      let radius = (-2 * (1 - uniform(draws[0], dtype)).log()).sqrt()
      return radius * (6.283185307179586 * uniform(draws[1], dtype)).cos()
    }
  }

  /// Starts the stream that `random` and `randomNormal` without a seed draw from: a program that
  /// calls it first draws the same numbers in every run.
  ///
  ///     Tensor.seedRandom(7)
  public static func seedRandom(_ seed: UInt64) {
    stream.withLock { $0 = (seed, 0) }
  }

  /// `draws` tensors of random 64-bit words, none of which shares a counter with another.
  private static func words(
    _ shape: Shape, draws: Int, seed: UInt64?
  ) throws(TensorError) -> [Tensor] {
    let count = UInt64(shape.elementCount)
    let draw =
      seed.map { RandomDraw(key: $0, start: 0) }
      ?? TapeObserver.draw {
        stream.withLock { state in
          defer { state.counter &+= count &* UInt64(draws) }
          return RandomDraw(key: state.key, start: state.counter)
        }
      }
    let numbers = iota(shape).converted(to: .uint64)
    return (0..<draws).map { number in
      let counters = elementwise(
        .add, numbers, Tensor(draw.start &+ UInt64(number) &* count as UInt64), site: .frame)
      return elementwise(.philox, counters, Tensor(draw.key), site: .frame)
    }
  }

  /// The upper bits of words as fractions: as many as the dtype's significand holds.
  private static func uniform(_ words: Tensor, _ dtype: DType) -> Tensor {
    let bits = dtype == .float32 ? 24 : 53
    let integers = elementwise(.rightShift, words, Tensor(UInt64(64 - bits)), site: .frame)
    let scale = 1 / Double(UInt64(1) << UInt64(bits))
    return integers.converted(to: dtype) * scale
  }

  private static func checkFloating(_ dtype: DType, _ op: String) throws(TensorError) {
    guard dtype.isFloatingPoint else {
      throw TensorError(.dtype, op: op, reason: "makes floats, not \(dtype)")
    }
  }
}
