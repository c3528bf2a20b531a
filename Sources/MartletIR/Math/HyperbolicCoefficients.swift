// Coefficients of Hyperbolic.swift and Roots.swift, printed by `Scripts/fit_exp_log.py hyperbolic`.

/// Minimax coefficients in rising order of powers.
enum HyperbolicCoefficients {
  /// (cosh(r) - 1) / r^2 by powers of r^2.
  ///
  /// Largest weighted error: 2^-58.0.
  static let cosh64: [ScalarExpr] = [
    0x1.000000000000cp-1, 0x1.555555554fd32p-5, 0x1.6c16c18652bcfp-10, 0x1.a01994b3b6fa1p-16,
    0x1.28b2139d65473p-22,
  ]

  /// (sinh(r)/r - 1) / r^2 by powers of r^2.
  ///
  /// Largest weighted error: 2^-61.8.
  static let sinh64: [ScalarExpr] = [
    0x1.5555555555556p-3, 0x1.111111111101ep-7, 0x1.a01a01a037267p-13, 0x1.71de3a3b06fb4p-19,
    0x1.ae646ff4bae67p-26, 0x1.6116f4cc01e83p-33, 0x1.b5c8864d4e851p-41,
  ]

  /// (cosh(r) - 1) / r^2 by powers of r^2, for float32 results.
  ///
  /// Largest weighted error: 2^-34.3.
  static let coshWide: [ScalarExpr] = [
    0x1.000000434304fp-1, 0x1.55547fd99e0b7p-5, 0x1.6d96e6f2285a1p-10,
  ]

  /// (sinh(r)/r - 1) / r^2 by powers of r^2, for float32 results.
  ///
  /// Largest weighted error: 2^-37.5.
  static let sinhWide: [ScalarExpr] = [
    0x1.5555557387b3ap-3, 0x1.1110b1b1802afp-7, 0x1.a1702778036ap-13,
  ]

  /// m^(-1/3) on [1, 2].
  ///
  /// Largest weighted error: 2^-20.1.
  static let cubeRoot64: [ScalarExpr] = [
    0x1.e139865795027p0, -0x1.fc426d7c9d46bp0, 0x1.fa1cdbc2b1b2bp0, -0x1.45fbcf080238ep0,
    0x1.0105b4e1eeed2p-1, -0x1.c43e3bdeb3079p-4, 0x1.546a5f2474144p-7,
  ]

  /// m^(-1/3) on [1, 2].
  ///
  /// Largest weighted error: 2^-14.7.
  static let cubeRootWide: [ScalarExpr] = [
    0x1.ab859187748bcp0, -0x1.2c41e63b495d9p0, 0x1.641659e91ea9bp-1, -0x1.c51874ff1e2dcp-3,
    0x1.d46f9b638c027p-6,
  ]
}
