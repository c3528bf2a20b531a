// Coefficients of Power.swift and LogSumExp.swift, printed by `Scripts/fit_exp_log.py power`.

/// Minimax coefficients in rising order of powers.
enum PowerCoefficients {
  /// (log(1+f) - f) / f^2 for float32 powers in float64.
  ///
  /// Largest weighted error: 2^-37.2.
  static let log: [ScalarExpr] = [
    -0x1.fffffffbd227bp-2, 0x1.5555555266859p-2, -0x1.000003f79b044p-2, 0x1.9999a25324bfap-3,
    -0x1.555330e6c41e1p-3, 0x1.248f17431fa12p-3, -0x1.003e8bdc82c76p-3, 0x1.c807ec4044fccp-4,
    -0x1.92f044416a27p-4, 0x1.64f3b24ad5e1ep-4, -0x1.7bcf00eacafep-4, 0x1.ade0a9946a696p-4,
    -0x1.02a0b3289da73p-4,
  ]

  /// (atanh(s)/s - 1 - s^2/3) / s^4 by powers of s^2.
  ///
  /// Largest weighted error: 2^-73.5.
  static let series: [ScalarExpr] = [
    0x1.9999999999996p-3, 0x1.2492492492f5p-3, 0x1.c71c71c596bd3p-4, 0x1.745d18293cf19p-4,
    0x1.3b1364d093694p-4, 0x1.11206e0ea4d2cp-4, 0x1.de3d9e372bdddp-5, 0x1.eac4470753844p-5,
  ]

  /// (e^r - 1 - r - r^2/2 - r^3/6) / r^4.
  ///
  /// Largest weighted error: 2^-69.7.
  static let exp: [ScalarExpr] = [
    0x1.5555555555558p-5, 0x1.111111111110cp-7, 0x1.6c16c16c14f6ep-10, 0x1.a01a01a01cfd4p-13,
    0x1.a01a01add3771p-16, 0x1.71de3a4e21487p-19, 0x1.27e4cb121f393p-22, 0x1.ae644e201a8e9p-26,
    0x1.1f8dc991d1084p-29, 0x1.61a608bafb817p-33,
  ]

  /// 1/3 rounded to float64.
  static let thirdHigh: ScalarExpr = 0x1.5555555555555p-2

  /// What it leaves of 1/3.
  static let thirdLow: ScalarExpr = 0x1.5555555555555p-56

  /// 1/6 rounded to float64.
  static let sixthHigh: ScalarExpr = 0x1.5555555555555p-3

  /// What it leaves of 1/6.
  static let sixthLow: ScalarExpr = 0x1.5555555555555p-57

  /// 2 log2(e) rounded to float64.
  static let twoLog2eHigh: ScalarExpr = 0x1.71547652b82fep1

  /// What it leaves of 2 log2(e).
  static let twoLog2eLow: ScalarExpr = 0x1.777d0ffda0d24p-55
}
