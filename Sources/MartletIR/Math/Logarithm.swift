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

  /// e ln 2 + log(1 + f).
  static func naturalLogarithm(_ e: ScalarExpr, _ f: ScalarExpr) -> ScalarExpr {
    typealias C = LogarithmCoefficients
    let half = f * f * 0.5
    if f.dtype == .float64 {
      let s = f / (f + 2)
      let z = s * s
      let series = polynomial(z, C.log64) * z
      let small = fma(s, half + series, e * C.ln2Low64)
      return fma(e, C.ln2High64, f - (half - small))
    }
    let cube = f * f * f
    let small = fma(cube, polynomial(f, C.log32), e * C.ln2Low32)
    return fma(e, C.ln2High32, f + (small - half))
  }
}
