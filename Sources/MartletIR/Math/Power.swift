// The power function.

extension Elementary {
  /// x^y = 2^(y log2 abs x) with the sign and the special cases of C23 annex F.10.4.4 (R25).
  ///
  /// float32: in float64, where log2 is good to 2^-37 and the result to 2^-29. float64: log2 abs x
  /// is a split number good to 2^-65, so that y log2 abs x, at most 2^10.1, has an error of 2^-55;
  /// the rounding of the fraction f of the exponent adds 0.2 units.
  package static func pow(_ x: ScalarExpr, _ y: ScalarExpr) -> ScalarExpr {
    // No exponent beyond 2^80 changes a result: abs(log2 x) is 0 or at least 2^-53.
    let bounded = y.clamped(toAtMost: 0x1p80).clamped(toAtLeast: -0x1p80)
    if x.dtype == .float32 {
      let magnitude = widePower(x.absolute.convert(to: .float64), bounded.convert(to: .float64))
      return signedPower(magnitude.convert(to: .float32), x, y)
    }
    return signedPower(splitPower(x.absolute, bounded), x, y)
  }

  /// a^y for a >= 0 in float64 arithmetic, for float32 arguments and results.
  private static func widePower(_ a: ScalarExpr, _ y: ScalarExpr) -> ScalarExpr {
    let reduction = LogarithmReduction(a, alwaysNormal: true)
    let f = reduction.f
    let natural = fma(f * f, polynomial(f, PowerCoefficients.log), f)
    let logarithm = fma(natural, 1.4426950408889634, reduction.e)
    let exponent = y * logarithmRestored(logarithm, for: a)
    let clamped = exponent.clamped(toAtMost: 130).clamped(toAtLeast: -160)
    let shift = a.layout.roundingShift(a.layout.bias)
    let shifted = clamped + shift
    let power = polynomial(
      clamped - (shifted - shift), [1] + ExponentialCoefficients.exp2Wide)
    return power * (shifted.bitPattern << a.layout.integer(52)).asFloat
  }

  /// a^y for a >= 0 in float64.
  private static func splitPower(_ a: ScalarExpr, _ y: ScalarExpr) -> ScalarExpr {
    typealias C = PowerCoefficients
    let reduction = LogarithmReduction(a)
    let half = SplitNumber.halfLogarithm(SplitNumber(reduction.f, a.layout.constant(0)))
    let scaled = half * SplitNumber(C.twoLog2eHigh, C.twoLog2eLow)
    let logarithm = SplitNumber(ordered: reduction.e, plus: scaled.high, low: scaled.low)
    let high = logarithmRestored(logarithm.high, for: a)
    let product = y * high
    let low = fma(y, high, -product) + y * logarithm.low

    let clamped = product.clamped(toAtMost: 1025).clamped(toAtLeast: -1080)
    let binary = ExponentialReduction(binary: clamped, offset: 2 * a.layout.bias)
    // A clamped exponent leaves the range whatever its fraction.
    let f = binary.r + select(clamped .== product, low, 0)
    return binary.scaled(ExponentialReduction.powerOfTwo(f), negative: product .< 0)
  }

  /// log2 of 0 and of infinity put in.
  private static func logarithmRestored(_ value: ScalarExpr, for a: ScalarExpr) -> ScalarExpr {
    let infinity = a.layout.infinity
    return select(a .== 0, -infinity, select(a .== infinity, infinity, value))
  }

  /// `magnitude`, which is abs(x)^y, with its sign, or the result that the operands prescribe.
  private static func signedPower(
    _ magnitude: ScalarExpr, _ x: ScalarExpr, _ y: ScalarExpr
  ) -> ScalarExpr {
    let layout = x.layout
    let half = y * 0.5
    let isInteger = y.truncated .== y
    let isOdd = isInteger & (half.truncated .!= half)
    let hasSign = layout.signMask .<= x.bitPattern
    let value = select(hasSign & isOdd, -magnitude, magnitude)
    let isComplex = (x .< 0) & (-layout.infinity .< x) & ~isInteger
    let isUndefined = isComplex | x.isNaN | y.isNaN
    return select((x .== 1) | (y .== 0), 1, select(isUndefined, layout.nan, value))
  }
}
