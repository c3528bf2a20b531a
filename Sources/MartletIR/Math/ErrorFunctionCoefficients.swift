// The coefficients of erf and erfc.

/// Printed by `python3 Scripts/fit_trig_erf.py error`.
enum ErrorFunctionCoefficients {
  /// erf x / x - 1 in x² for |x| <= 1, for float32.
  ///
  /// Largest weighted error: 2^-29.4.
  static let small32: [ScalarExpr] = [
    0x1.06eba8p-3, -0x1.81273ep-2, 0x1.ce2ce6p-4, -0x1.b7f71ap-6, 0x1.53f224p-8, -0x1.a3515ep-11,
    0x1.4771fcp-14,
  ]

  /// 1 minus the eighth root of erfc x in x for 1 <= x <= 3.95.
  ///
  /// Largest weighted error: 2^-28.0.
  static let large32: [ScalarExpr] = [
    -0x1.87083p-12, 0x1.24bafep-3, 0x1.0c7262p-4, 0x1.cd9ec4p-8, -0x1.4fd448p-7, 0x1.88c98p-10,
    0x1.5c4dc6p-15, -0x1.08ce1cp-16,
  ]

  /// erf x / x - 1 in x² for |x| <= 1.
  ///
  /// Largest weighted error: 2^-56.3.
  static let small64: [ScalarExpr] = [
    0x1.06eba8214db69p-3, -0x1.812746b0379e7p-2, 0x1.ce2f21a042bddp-4, -0x1.b82ce3128899bp-6,
    0x1.565bcd0e64ab9p-8, -0x1.c02db3fed8fb3p-11, 0x1.f9a326bfb7b32p-14, -0x1.f4d255e154279p-17,
    0x1.b9e64d08945fcp-20, -0x1.5f6d6b59e0df2p-23, 0x1.fc41178be9996p-27, -0x1.4e55ceafd8b3cp-30,
    0x1.7ecc02569a35dp-34, -0x1.29290c2b45492p-38,
  ]

  /// (x + 3) exp(x²) erfc x in (x - 3) / (x + 3) for 0 <= x <= 10.1.
  ///
  /// Largest weighted error: 2^-34.8.
  static let scaled32: [ScalarExpr] = [
    0x1.12f21ddd9add5p0, -0x1.c44c4721232dep-1, 0x1.2e32694edf76ap-1, -0x1.3deb1eef469abp-2,
    0x1.e995eb440847fp-4, -0x1.b78bd83227f82p-6, -0x1.3dd4f5e5ab156p-10, 0x1.8e25a3c0bb251p-9,
    -0x1.1e6c1e016afabp-11, -0x1.2d0af3ec5cac9p-12, 0x1.95ccd47ff5067p-14, 0x1.4f1b0d24a1ed4p-15,
  ]

  /// (x + 3) exp(x²) erfc x in (x - 3) / (x + 3) for 1/2 <= x <= 27.3.
  ///
  /// Largest weighted error: 2^-56.1.
  static let scaled64: [ScalarExpr] = [
    0x1.12f21ddd9f5e2p0, -0x1.c44c471baa376p-1, 0x1.2e326945de2bap-1, -0x1.3deb21415dc5ep-2,
    0x1.e995f11b16843p-4, -0x1.b78993d6bf9edp-6, -0x1.3dd3e70ce3092p-10, 0x1.8dae3a2e87f12p-9,
    -0x1.1f78e1a1e9c29p-11, -0x1.2239002d2c4cep-12, 0x1.c3254cf925ad1p-14, 0x1.fe00584d907a3p-16,
    -0x1.251c9002cebdfp-16, -0x1.3ec85ba3464a4p-18, 0x1.7350d0c4a60efp-19, 0x1.0cb62e8357aa2p-20,
    -0x1.b96984bed8783p-22, -0x1.faca2c5d0fdcdp-23, 0x1.b844e70c73cebp-25, 0x1.ba806889a4eaep-25,
    -0x1.8e16e25e70958p-28, -0x1.0039556dd7512p-27, 0x1.26b7535df579ep-30,
  ]

  /// What the first of `scaled64` lacks.
  static let scaled64Low: ScalarExpr = -0x1.98c1750b36612p-54

  /// The derivative of that, roughly.
  ///
  /// Largest weighted error: 2^-12.5.
  static let scaledSlope: [ScalarExpr] = [
    -0x1.c43b0cp-1, 0x1.2e64a4p0, -0x1.dec028p-1, 0x1.e37e5cp-2, -0x1.e14764p-4,
  ]
}
