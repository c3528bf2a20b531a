// The reduction of angles modulo π and π/2, from tiny arguments to the largest.

/// A float32 angle a >= 0 as (n + h) π + r, abs r <= π/2, in float64 arithmetic; h is 0 or 1/2.
///
/// Up to 2^45 by subtracting multiples of π (W. J. Cody and W. Waite, "Software Manual for the
/// Elementary Functions", 1980): π = π1 + π2 to 2^-106, both sides of a - n π1 are multiples of
/// 2^-52, and their difference is below 2, so the first fma is exact. The error is n 2^-107, while
/// no float32 that is not zero comes nearer to a multiple of π/2 than about 2^-30.
///
/// From there on the fraction of a/π is wanted, of which a's exponent skips most of the bits (M.
/// Payne and R. Hanek, "Radian reduction for trigonometric functions", SIGNUM 1983). A table has
/// for each exponent 2^e/π modulo 2 as 29 bits and a rest: a's 24 bits by the 29 are exact in
/// float64, the nearest integer is subtracted without error, and the rest is added. The entry of
/// infinity and NaN makes the result NaN.
struct HalfTurnReduction {
  let r: ScalarExpr
  /// Its bits end in those of n.
  let counter: ScalarExpr

  /// Modulo π; with `shifted`, h is 1/2 and r is the negative of the remainder.
  init(_ angle: ScalarExpr, shifted: Bool = false) {
    typealias C = TrigonometricCoefficients
    let a = angle.convert(to: .float64)
    let turn = fma(a, C.inversePi, Self.shift)
    guard shifted else {
      self.init(angle, a, fastCounter: turn, unit: C.pi, perHalfTurn: 1)
      return
    }
    // cos(k π + π/2 + s) = (-1)^k sin(-s).
    let fast = fma(a, C.inversePi, -0.5) + Self.shift
    let k = (fast - Self.shift) + 0.5
    let fastR = fma(k, C.pi[1], fma(k, C.pi[0], -a))
    let (product, low) = Self.tableProduct(angle, a)
    let centred = product - 0.5
    let slow = centred + Self.shift
    let slowR = (((slow - Self.shift) - centred) - low) * C.pi[0]
    self.init(angle, fast: (fast, fastR), slow: (slow, slowR))
  }

  /// Modulo π/2: `a = n π/2 + r` with abs r <= π/4.
  init(quarter angle: ScalarExpr) {
    typealias C = TrigonometricCoefficients
    let a = angle.convert(to: .float64)
    let turn = fma(a, C.twoOverPi, Self.shift)
    self.init(angle, a, fastCounter: turn, unit: C.halfPi, perHalfTurn: 2)
  }

  private init(
    _ angle: ScalarExpr, _ a: ScalarExpr, fastCounter: ScalarExpr, unit: [ScalarExpr],
    perHalfTurn: Double
  ) {
    let n = fastCounter - Self.shift
    let fastR = fma(-n, unit[1], fma(-n, unit[0], a))
    var (product, low) = Self.tableProduct(angle, a)
    if perHalfTurn != 1 {
      let factor = ScalarExpr.literal(perHalfTurn, .float64)
      (product, low) = (product * factor, low * factor)
    }
    let slow = product + Self.shift
    let slowR = ((product - (slow - Self.shift)) + low) * unit[0]
    self.init(angle, fast: (fastCounter, fastR), slow: (slow, slowR))
  }

  /// Takes the slow pair where the angle is 2^45 or more, infinite or NaN.
  private init(
    _ angle: ScalarExpr, fast: (counter: ScalarExpr, r: ScalarExpr),
    slow: (counter: ScalarExpr, r: ScalarExpr)
  ) {
    let isLarge = ScalarExpr.literal(0x5600_0000, .uint32) .<= angle.bitPattern
    counter = select(isLarge, slow.counter, fast.counter)
    r = select(isLarge, slow.r, fast.r)
  }

  var isEven: ScalarExpr { (counter.bitPattern & .literal(1, .uint64)) .== .literal(0, .uint64) }

  private static let shift: ScalarExpr = 0x1.8p52

  /// a/π modulo 2 as an exact number and its correction.
  private static func tableProduct(
    _ angle: ScalarExpr, _ a: ScalarExpr
  ) -> (ScalarExpr, ScalarExpr) {
    let field = angle.bitPattern.bitcast(to: .int32) >> .literal(23, .int32)
    let first = ScalarExpr.literal(127 + 45, .int32)
    let index = select(field .< first, .literal(0, .int32), field - first)
    return (
      a * index.lookup(in: PayneHanekTables.inversePi32),
      a * index.lookup(in: PayneHanekTables.inversePi32Low)
    )
  }
}

/// A float64 angle a >= 0 as n π/2 + (r + rLow), abs r <= π/4, rLow what r rounds away.
///
/// Up to 2^30 by subtracting n π/2 in three parts: a - n p1 is exact as above, the product n p2 is
/// kept whole by an fma, its subtraction by the error term of the sum (D. E. Knuth, "Seminumerical
/// Algorithms", 4.2.2, theorem B). The error is n 2^-161, while no float64 comes nearer to a
/// multiple of π/2 than about 2^-61.
///
/// From 2^30 on a table has 2^(32 j - 52) 2/π modulo 4 for j = 0 ... 32, as t0 + t1 + t2 + t3 with
/// parts of 53 bits on fixed positions. a = m 2^(32 j - 52) with an integer m < 2^84 that is a
/// float64 too, so a 2/π = m t0 + m t1 + m t2 + m t3 modulo 4: products that are kept whole by an
/// fma, and of which multiples of 4 may be dropped. The rounding of t3 contributes 2^-127. Infinity
/// takes the last entry and becomes NaN in `moduloFour`.
struct QuadrantReduction {
  let r: ScalarExpr
  let rLow: ScalarExpr
  /// Its bits end in those of n.
  let counter: ScalarExpr

  init(_ a: ScalarExpr) {
    let fast = Self.subtractingMultiples(a)
    let slow = Self.multiplyingFraction(a)
    let isLarge = ScalarExpr.literal(0x1p30, .float64) .<= a
    counter = select(isLarge, slow.counter, fast.counter)
    r = select(isLarge, slow.r, fast.r)
    rLow = select(isLarge, slow.rLow, fast.rLow)
  }

  private typealias Parts = (counter: ScalarExpr, r: ScalarExpr, rLow: ScalarExpr)

  private static let shift: ScalarExpr = 0x1.8p52

  private static func subtractingMultiples(_ a: ScalarExpr) -> Parts {
    typealias C = TrigonometricCoefficients
    let counter = fma(a, C.twoOverPi, shift)
    let n = counter - shift
    let first = fma(-n, C.halfPi[0], a)
    let product = n * C.halfPi[1]
    let productLow = fma(n, C.halfPi[1], -product)
    let (sum, error) = exactSum(first, -product)
    let rest = fma(-n, C.halfPi[2], error - productLow)
    let r = sum + rest
    return (counter, r, (sum - r) + rest)
  }

  private static func multiplyingFraction(_ a: ScalarExpr) -> Parts {
    typealias C = TrigonometricCoefficients
    let width = ScalarExpr.literal(52, .uint64)
    let bias = ScalarExpr.literal(1023, .uint64)
    let exponent = a.bitPattern >> width
    let unbiased = select(exponent .< bias, .literal(0, .uint64), exponent - bias)
    let block = unbiased >> .literal(5, .uint64)
    let scale = .literal(1023 + 52, .uint64) - (block << .literal(5, .uint64))
    let m = a * (scale << width).asFloat
    let index = block.convert(to: .int32)

    let t0 = index.lookup(in: PayneHanekTables.twoOverPi0)
    let p0 = m * t0
    let e0 = fma(m, t0, -p0)
    let t1 = index.lookup(in: PayneHanekTables.twoOverPi1)
    let p1 = m * t1
    let e1 = fma(m, t1, -p1)
    let t2 = index.lookup(in: PayneHanekTables.twoOverPi2)
    let p2 = m * t2
    let e2 = fma(m, t2, -p2)
    let p3 = m * index.lookup(in: PayneHanekTables.twoOverPi3)

    // Multiples of 2^-50 below 8: exact sums. Then parts of about 1, 2^-21, 2^-20 and 2^-73.
    let whole = moduloFour(p0) + moduloFour(e0)
    let part = moduloFour(p1)
    let counter = (whole + part) + shift
    let (s1, d1) = exactSum(whole - (counter - shift), part)
    let (s2, d2) = exactSum(s1, e1)
    let (s3, d3) = exactSum(s2, p2)
    let rest = ((d1 + d2) + d3) + (e2 + p3)
    let turns = s3 + rest
    let turnsLow = (s3 - turns) + rest

    let r = turns * C.halfPi[0]
    let rest1 = fma(turns, C.halfPi[0], -r)
    return (counter, r, rest1 + fma(turns, C.halfPi[1], turnsLow * C.halfPi[0]))
  }

  /// x minus the nearest multiple of 4, exactly; NaN for infinity.
  private static func moduloFour(_ x: ScalarExpr) -> ScalarExpr {
    fma((x * 0.25).roundedEven, -4, x)
  }

  /// a + b as a rounded sum and its error, for all orders of magnitude.
  private static func exactSum(
    _ a: ScalarExpr, _ b: ScalarExpr
  ) -> (sum: ScalarExpr, error: ScalarExpr) {
    let sum = a + b
    let bRounded = sum - a
    return (sum, (a - (sum - bRounded)) + (b - bRounded))
  }
}
