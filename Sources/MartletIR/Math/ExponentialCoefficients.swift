// Coefficients of Exponential.swift, printed by `Scripts/fit_exp_log.py exponential`.

/// Minimax coefficients in rising order of powers.
enum ExponentialCoefficients {
  /// ln 2 rounded to float32.
  static let ln2High32: ScalarExpr = 0x1.62e43p-1

  /// What it leaves of ln 2.
  static let ln2Low32: ScalarExpr = -0x1.05c61p-29

  /// ln 2 rounded to float64.
  static let ln2High64: ScalarExpr = 0x1.62e42fefa39efp-1

  /// What it leaves of ln 2.
  static let ln2Low64: ScalarExpr = 0x1.abc9e3b39803fp-56

  /// (e^r - 1 - r) / r^2 on |r| <= ln(2)/2.
  ///
  /// Largest weighted error: 2^-28.2.
  static let exp32: [ScalarExpr] = [
    0x1.fffffcp-2, 0x1.55548cp-3, 0x1.55585ap-5, 0x1.123d5ep-7, 0x1.6ab6eap-10,
  ]

  /// The same for float64.
  ///
  /// Largest weighted error: 2^-57.6.
  static let exp64: [ScalarExpr] = [
    0x1.000000000000ap-1, 0x1.55555555555p-3, 0x1.55555555505f4p-5, 0x1.1111111125a56p-7,
    0x1.6c16c184baf58p-10, 0x1.a01a013889d64p-13, 0x1.a0199880d3249p-16, 0x1.71df004d69db2p-19,
    0x1.28aee340ea7d3p-22, 0x1.adc183a5522b6p-26,
  ]

  /// The same for float32 results in float64.
  ///
  /// Largest weighted error: 2^-32.6.
  static let expWide: [ScalarExpr] = [
    0x1.0000003a72d4bp-1, 0x1.5555518416cd7p-3, 0x1.555488885264ap-5, 0x1.1113f6668e01cp-7,
    0x1.6d96a9d848b9fp-10, 0x1.9f75bde239258p-13,
  ]

  /// (2^f - 1) / f on |f| <= 1/2.
  ///
  /// Largest weighted error: 2^-27.5.
  static let exp2Of32: [ScalarExpr] = [
    0x1.62e432p-1, 0x1.ebfbe6p-3, 0x1.c6ada8p-5, 0x1.3b21cep-7, 0x1.5fbd1p-10, 0x1.4bdc34p-13,
  ]

  /// (2^f - 1) / f on |f| <= 1/2.
  ///
  /// Largest weighted error: 2^-55.5.
  static let exp2Of64: [ScalarExpr] = [
    0x1.62e42fefa39f3p-1, 0x1.ebfbdff82c599p-3, 0x1.c6b08d7048dd6p-5, 0x1.3b2ab6fba1c62p-7,
    0x1.5d87fe7bf37c1p-10, 0x1.4309130998307p-13, 0x1.ffcbed49fe97ep-17, 0x1.62bfd45c30574p-20,
    0x1.b5433948a680ep-24, 0x1.e60612c68bb88p-28, 0x1.bdcfe5af27793p-32,
  ]

  /// The same for float32 results in float64.
  ///
  /// Largest weighted error: 2^-32.0.
  static let exp2Wide: [ScalarExpr] = [
    0x1.62e4300bc853cp-1, 0x1.ebfbe045e4ae8p-3, 0x1.c6b054e42d509p-5, 0x1.3b2a1b5b65e58p-7,
    0x1.5dc06d2413607p-10, 0x1.4440301507cbbp-13, 0x1.c0499fdfd7d27p-17,
  ]

  /// (e^r - 1 - r) / r^2, relative to e^r - 1.
  ///
  /// Largest weighted error: 2^-31.0.
  static let expm1Of32: [ScalarExpr] = [
    0x1p-1, 0x1.555554p-3, 0x1.5554eap-5, 0x1.1113acp-7, 0x1.6d4c9p-10, 0x1.9c5cb4p-13,
  ]

  /// (e^r - 1 - r) / r^2, relative to e^r - 1.
  ///
  /// Largest weighted error: 2^-63.7.
  static let expm1Of64: [ScalarExpr] = [
    0x1p-1, 0x1.5555555555555p-3, 0x1.555555555555ap-5, 0x1.11111111113bep-7, 0x1.6c16c16c13f83p-10,
    0x1.a01a019e6dfb7p-13, 0x1.a01a01b32efb1p-16, 0x1.71de417f53e7bp-19, 0x1.27e4bef4a4b51p-22,
    0x1.ae48c6cca874fp-26, 0x1.1fa16d5105a08p-29, 0x1.8878e3df4198p-33,
  ]

  /// (tanh(x)/x - 1) / x^2 by powers of x^2, |x| <= 0.55.
  ///
  /// Largest weighted error: 2^-29.7.
  static let tanh32: [ScalarExpr] = [
    -0x1.55554ap-2, 0x1.110ceep-3, -0x1.b91e7ep-5, 0x1.58e518p-6, -0x1.99219ep-8,
  ]

  /// (tanh(x)/x - 1) / x^2 by powers of x^2, |x| <= 0.55.
  ///
  /// Largest weighted error: 2^-55.5.
  static let tanh64: [ScalarExpr] = [
    -0x1.555555555549dp-2, 0x1.11111111028b3p-3, -0x1.ba1ba1ad68137p-5, 0x1.664f45c119033p-6,
    -0x1.226ddd18ce126p-7, 0x1.d6c617bad7fccp-9, -0x1.7cf38239f0997p-10, 0x1.2fa1264cfc88p-11,
    -0x1.b900997b131b7p-13, 0x1.abe7931cfba55p-15,
  ]
}
