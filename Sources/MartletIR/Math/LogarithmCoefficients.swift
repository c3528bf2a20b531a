// Coefficients of Logarithm.swift, printed by `Scripts/fit_exp_log.py logarithm`.

/// Minimax coefficients in rising order of powers.
enum LogarithmCoefficients {
  /// ln 2 rounded to float32.
  static let ln2High32: ScalarExpr = 0x1.62e43p-1

  /// What it leaves of ln 2.
  static let ln2Low32: ScalarExpr = -0x1.05c61p-29

  /// ln 2 rounded to float64.
  static let ln2High64: ScalarExpr = 0x1.62e42fefa39efp-1

  /// What it leaves of ln 2.
  static let ln2Low64: ScalarExpr = 0x1.abc9e3b39803fp-56

  /// (log(1+f) - f + f^2/2) / f^3.
  ///
  /// Largest weighted error: 2^-29.1.
  static let log32: [ScalarExpr] = [
    0x1.555548p-2, -0x1.00000ep-2, 0x1.99a456p-3, -0x1.5559dp-3, 0x1.233d76p-3, -0x1.fc6cdep-4,
    0x1.e6d7eep-4, -0x1.dcfacp-4, 0x1.138c3p-4,
  ]

  /// (log(1+f) - f) / f^2 for float32 results in float64.
  ///
  /// Largest weighted error: 2^-32.6.
  static let logWide: [ScalarExpr] = [
    -0x1.0000002c4e396p-1, 0x1.5555559520a43p-2, -0x1.ffff80313f7e3p-3, 0x1.99990574b07bbp-3,
    -0x1.556f08f2bf714p-3, 0x1.24bb40258b504p-3, -0x1.fbdb78a396226p-4, 0x1.bea4668fa08e2p-4,
    -0x1.bc65247791b5cp-4, 0x1.cfcf9c463775cp-4, -0x1.13506bc7d4f0cp-4,
  ]

  /// (2 atanh(s)/s - 2) / s^2 by powers of s^2.
  ///
  /// Largest weighted error: 2^-59.5.
  static let log64: [ScalarExpr] = [
    0x1.5555555555592p-1, 0x1.999999997ff63p-2, 0x1.24924941db4b2p-2, 0x1.c71c521a13da7p-3,
    0x1.74663ba547e47p-3, 0x1.39a20b5d27a52p-3, 0x1.2f02550652aacp-3,
  ]

  /// log2e rounded to float64.
  static let log2eHigh: ScalarExpr = 0x1.71547652b82fep0

  /// What it leaves of log2e.
  static let log2eLow: ScalarExpr = 0x1.777d0ffda0d24p-56

  /// log10e rounded to float64.
  static let log10eHigh: ScalarExpr = 0x1.bcb7b1526e50ep-2

  /// What it leaves of log10e.
  static let log10eLow: ScalarExpr = 0x1.95355baaafad3p-57

  /// log10 of 2 to 40 bits.
  static let log10Of2High: ScalarExpr = 0x1.34413509f8p-2

  /// What it leaves of log10 of 2.
  static let log10Of2Low: ScalarExpr = -0x1.80433b83b532ap-44
}
