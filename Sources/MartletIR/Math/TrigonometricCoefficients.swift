// The coefficients of sine, cosine and tangent.

/// Printed by `python3 Scripts/fit_trig_erf.py trigonometric`.
enum TrigonometricCoefficients {
  /// 1/π.
  static let inversePi: ScalarExpr = 0x1.45f306dc9c883p-2

  /// 2/π.
  static let twoOverPi: ScalarExpr = 0x1.45f306dc9c883p-1

  /// π as an unevaluated sum.
  static let pi: [ScalarExpr] = [0x1.921fb54442d18p1, 0x1.1a62633145c07p-53]

  /// π/2 as an unevaluated sum.
  static let halfPi: [ScalarExpr] = [
    0x1.921fb54442d18p0, 0x1.1a62633145c07p-54, -0x1.f1976b7ed8fbcp-110,
  ]

  /// (sin x / x - 1) / x² in x² for |x| <= π/2, for float32 results.
  ///
  /// Largest weighted error: 2^-35.2.
  static let sine32: [ScalarExpr] = [
    -0x1.55555546afbfcp-3, 0x1.11110c1794c57p-7, -0x1.a017c8bbece0dp-13, 0x1.716e496e48fffp-19,
    -0x1.9a35a9ebd9987p-26,
  ]

  /// (x cot x - 1) / x² in x² for |x| <= π/4, for float32 results.
  ///
  /// Largest weighted error: 2^-33.4.
  static let cotangent32: [ScalarExpr] = [
    -0x1.555555c5888ap-2, -0x1.6c162543dbe03p-6, -0x1.1589d9988dbc2p-9, -0x1.b4f9af1a83aep-13,
    -0x1.b30446b08cee8p-16,
  ]

  /// (sin x / x - 1) / x² in x² for |x| <= π/4.
  ///
  /// Largest weighted error: 2^-58.0.
  static let sine64: [ScalarExpr] = [
    -0x1.5555555555549p-3, 0x1.111111110f8a6p-7, -0x1.a01a019c161b7p-13, 0x1.71de357b1efb2p-19,
    -0x1.ae5e68a2c808bp-26, 0x1.5d93a5f0416abp-33,
  ]

  /// (cos x - 1 + x²/2) / x⁴ in x² for |x| <= π/4.
  ///
  /// Largest weighted error: 2^-64.2.
  static let cosine64: [ScalarExpr] = [
    0x1.555555555554cp-5, -0x1.6c16c16c1521fp-10, 0x1.a01a019cbf628p-16, -0x1.27e4f812b6485p-22,
    0x1.1ee9f152648c6p-29, -0x1.8fb130da816dap-37,
  ]

  /// (x cot x - 1) / x² in x² for |x| <= π/4.
  ///
  /// Largest weighted error: 2^-57.4.
  static let cotangent64: [ScalarExpr] = [
    -0x1.5555555555569p-2, -0x1.6c16c16c11cd3p-6, -0x1.1566abc380d9cp-9, -0x1.bbd776ddf2654p-13,
    -0x1.66a96547bf615p-16, -0x1.2273255f94abap-19, -0x1.d8b990f9b9835p-23, -0x1.698245df608dap-26,
    -0x1.a9b0597084d21p-29,
  ]
}
