// The logarithms log, log2, log10 and log1p.

/// A positive number split as x = 2^e (1 + f) with 1 + f in [sqrt 1/2, sqrt 2).
///
/// Subtracting the bits of sqrt(1/2) from those of x makes the exponent field count from there.
/// Subnormal numbers are scaled first. Zeros, negative numbers, infinities and NaN give a harmless
/// finite f: `restored` puts their logarithms in.
struct LogarithmReduction {
  let e: ScalarExpr
  /// Exact: by Sterbenz's lemma the subtraction of 1 is.
  let f: ScalarExpr

  /// With `alwaysNormal`, x is known not to be subnormal.
  init(_ x: ScalarExpr, alwaysNormal: Bool = false) {
    let layout = x.layout
    let isSmall = x .< layout.leastNormal
    let step = layout.isWide ? 52.0 : 23.0
    let lift = layout.power(Int(step))
    let y = alwaysNormal ? x : select(isSmall, x * lift, x)
    let root: UInt64 = layout.isWide ? 0x3fe6_a09e_667f_3bcd : 0x3f35_04f3
    let width = layout.integer(layout.fractionBits)
    let exponent: ScalarExpr
    if layout.isWide {
      // Logical shifts and an or into the bits of 2^52 make the exponent a float: there is neither
      // an arithmetic shift nor a conversion of 64-bit integers below AVX-512.
      let one: UInt64 = 0x3ff0_0000_0000_0000
      let field = y.bitPattern + layout.mask(one - root)
      let counted = ((field >> width) | layout.mask(0x4330_0000_0000_0000)).asFloat
      exponent = counted - layout.constant(0x1p52 + 1023)
      f = ((field & layout.mask(0x000f_ffff_ffff_ffff)) + layout.mask(root)).asFloat - 1
    } else {
      let field = y.bitPattern - layout.mask(root)
      exponent = (field.bitcast(to: .int32) >> .literal(23, .int32)).convert(to: .float32)
      f = (y.bitPattern - (field & layout.mask(0xff80_0000))).asFloat - 1
    }
    e = alwaysNormal ? exponent : exponent - select(isSmall, layout.constant(step), 0)
  }

  /// `value` for positive finite x, else the logarithm's limit there (R27).
  static func restored(_ value: ScalarExpr, for x: ScalarExpr) -> ScalarExpr {
    let layout = x.layout
    let edge = select(x .== 0, layout.constant(-.infinity), select(x .< 0, layout.nan, x))
    // Unsigned, so that +0 wraps and negative numbers exceed infinity.
    let one = layout.integer(1)
    let isOrdinary = (x.bitPattern - one) .< (layout.infinity.bitPattern - one)
    return select(isOrdinary, value, edge)
  }
}

extension Elementary {
  /// log x = e ln 2 + log(1 + f).
  ///
  /// float32: log(1+f) = f - f^2/2 + f^3 q(f), the terms added from the small ones on.
  /// float64: with s = f / (2+f), log(1+f) = 2 atanh(s) = f - h + s (h + R(s^2)), h = f^2/2,
  /// R = 2 atanh(s)/s - 2 (the arrangement of K. C. Ng's log in "FDLIBM", 1993); only f and h carry
  /// more than a small part of the result, and f is exact.
  package static func log(_ x: ScalarExpr) -> ScalarExpr {
    let reduction = LogarithmReduction(x)
    return LogarithmReduction.restored(naturalLogarithm(reduction.e, reduction.f), for: x)
  }

  /// e ln 2 + log(1 + f + low); `low` is less than a unit of f, its square nothing to it.
  static func naturalLogarithm(
    _ e: ScalarExpr, _ f: ScalarExpr, _ low: ScalarExpr? = nil
  ) -> ScalarExpr {
    typealias C = LogarithmCoefficients
    let half = f * f * 0.5
    if f.dtype == .float64 {
      let s = f / (f + 2)
      let z = s * s
      let series = polynomial(z, C.log64) * z
      var small = fma(s, half + series, e * C.ln2Low64)
      if let low { small = small + (low - low * f) }
      return fma(e, C.ln2High64, f - (half - small))
    }
    let cube = f * f * f
    let small = fma(cube, polynomial(f, C.log32), e * C.ln2Low32)
    return fma(e, C.ln2High32, f + (small - half))
  }

  /// log2 x = e + log(1+f) log2(e).
  ///
  /// float32 goes through float64. float64 keeps log(1+f) as a sum high + low and multiplies by
  /// log2(e) = log2eHigh + log2eLow; powers of two have f = 0.
  package static func log2(_ x: ScalarExpr) -> ScalarExpr {
    typealias C = LogarithmCoefficients
    if x.dtype == .float32 {
      let reduction = LogarithmReduction(x.convert(to: .float64), alwaysNormal: true)
      let value = fma(wideLogarithm(reduction.f), 1.4426950408889634, reduction.e)
      return LogarithmReduction.restored(value.convert(to: .float32), for: x)
    }
    let reduction = LogarithmReduction(x)
    let scaled = splitLogarithm(reduction.f, times: C.log2eHigh, C.log2eLow)
    // abs e is 0 or at least 1, above the scaled logarithm: the error of the sum is exact.
    let sum = reduction.e + scaled.high
    let value = sum + ((reduction.e - sum) + scaled.high + scaled.low)
    return LogarithmReduction.restored(value, for: x)
  }

  /// log10 x = e log10(2) + log(1+f) log10(e), as log2 with one more split product.
  ///
  /// Before its last rounding the error is far below half a unit, so powers of ten have exact
  /// results.
  package static func log10(_ x: ScalarExpr) -> ScalarExpr {
    typealias C = LogarithmCoefficients
    if x.dtype == .float32 {
      let reduction = LogarithmReduction(x.convert(to: .float64), alwaysNormal: true)
      let natural = wideLogarithm(reduction.f)
      let value = fma(reduction.e, 0.30102999566398120, natural * 0.43429448190325183)
      return LogarithmReduction.restored(value.convert(to: .float32), for: x)
    }
    let reduction = LogarithmReduction(x)
    let e = reduction.e
    let scaled = splitLogarithm(reduction.f, times: C.log10eHigh, C.log10eLow)
    // log10Of2High has so few bits that its product with e is exact.
    let whole = e * C.log10Of2High
    let sum = whole + scaled.high
    let low = fma(e, C.log10Of2Low, scaled.low)
    let value = sum + ((whole - sum) + scaled.high + low)
    return LogarithmReduction.restored(value, for: x)
  }

  /// log(1 + x).
  ///
  /// With u = 1 + x rounded and its error c = 1 + x - u: for e = 0 the argument itself is f, so
  /// that small ones lose nothing; otherwise c, scaled as u was, is added to f, which moves f by
  /// less than a unit. float32 goes through float64, where c does not matter.
  package static func log1p(_ x: ScalarExpr) -> ScalarExpr {
    if x.dtype == .float32 {
      let value = wideLog1p(x.convert(to: .float64)).convert(to: .float32)
      return LogarithmReduction.restored(value, for: x + 1)
    }
    let u = x + 1
    // The error of a sum of any two numbers (D. E. Knuth, TAOCP 2, 4.2.2, theorem B).
    let other = u - 1
    return LogarithmReduction.restored(log1p(x, u, (1 - (u - other)) + (x - other)), for: u)
  }

  /// log(1 + x + xLow) where 1 + x + xLow = u + c; x > -1 and finite.
  ///
  /// Where `isDoubled` holds, log(2 (u + c)).
  static func log1p(
    _ x: ScalarExpr, _ u: ScalarExpr, _ c: ScalarExpr, xLow: ScalarExpr? = nil,
    doubledWhere isDoubled: ScalarExpr? = nil
  ) -> ScalarExpr {
    let layout = x.layout
    let reduction = LogarithmReduction(u, alwaysNormal: true)
    // 2^(1-e), which for the largest e is 0: there c is nothing.
    let shift = layout.roundingShift(layout.bias + 1)
    let field = (shift - reduction.e).bitPattern << layout.integer(layout.fractionBits)
    let f = select(reduction.e .== 0, x, fma(c * 0.5, field.asFloat, reduction.f))
    var e = reduction.e
    if let isDoubled { e = e + select(isDoubled, layout.constant(1), 0) }
    // The addition of e ln 2 = +0 would lose the sign of -0.
    return select(
      x .== 0, x, naturalLogarithm(e, f, xLow.map { select(reduction.e .== 0, $0, 0) }))
  }

  /// log(1 + f) times high + low, as a sum of two float64 numbers with some 60 good bits.
  static func splitLogarithm(
    _ f: ScalarExpr, times high: ScalarExpr, _ low: ScalarExpr
  ) -> (high: ScalarExpr, low: ScalarExpr) {
    typealias C = LogarithmCoefficients
    // f - h + s (h + R) as in `log`, h = halfSquare + halfSquareLow.
    let half = f * 0.5
    let halfSquare = half * f
    let halfSquareLow = fma(half, f, -halfSquare)
    let s = f / (f + 2)
    let z = s * s
    let rest = fma(s, fma(polynomial(z, C.log64), z, halfSquare), -halfSquareLow)
    let sum = f - halfSquare
    let sumLow = (f - sum) - halfSquare + rest
    let product = sum * high
    let productLow = fma(sum, high, -product)
    return (product, productLow + fma(sumLow, high, sum * low))
  }

  /// log(1 + f) in float64 arithmetic, good to 2^-32: for float32 results.
  static func wideLogarithm(_ f: ScalarExpr) -> ScalarExpr {
    fma(f * f, polynomial(f, LogarithmCoefficients.logWide), f)
  }

  /// log(1 + x) in float64 arithmetic for x > -1, good to 2^-32: for float32 results.
  static func wideLog1p(_ x: ScalarExpr) -> ScalarExpr {
    let reduction = LogarithmReduction(x + 1, alwaysNormal: true)
    let isUnscaled = reduction.e .== 0
    let natural = wideLogarithm(select(isUnscaled, x, reduction.f))
    return select(isUnscaled, natural, fma(reduction.e, 0.6931471805599453, natural))
  }
}
