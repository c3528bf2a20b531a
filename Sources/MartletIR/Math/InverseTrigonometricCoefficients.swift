// The coefficients of the inverse trigonometric functions.

/// Printed by `python3 Scripts/fit_trig_erf.py inverse`.
enum InverseTrigonometricCoefficients {
  /// π as an unevaluated sum.
  static let pi: [ScalarExpr] = [0x1.921fb54442d18p1, 0x1.1a62633145c07p-53]

  /// π/2 as an unevaluated sum.
  static let halfPi: [ScalarExpr] = [0x1.921fb54442d18p0, 0x1.1a62633145c07p-54]

  /// (atan x / x - 1) / x² in x² for |x| <= 1, for float32 results.
  ///
  /// Largest weighted error: 2^-33.9.
  static let arctangent32: [ScalarExpr] = [
    -0x1.55555487407d5p-2, 0x1.999937f25b4c3p-3, -0x1.248a2cae2fe11p-3, 0x1.c66e4cabdc2bfp-4,
    -0x1.700b23dfdac47p-4, 0x1.2958ab670f0e3p-4, -0x1.be980b585cd3ap-5, 0x1.1a6cde330ce4dp-5,
    -0x1.0b0c68bf21d2bp-6, 0x1.42d9c5cba8a6ap-8, -0x1.6ded0cff8b7ccp-11,
  ]

  /// (atan x / x - 1) / x² in x² for |x| <= 0.204.
  ///
  /// Largest weighted error: 2^-62.6.
  static let arctangent64: [ScalarExpr] = [
    -0x1.555555555554fp-2, 0x1.999999999732dp-3, -0x1.24924922147fdp-3, 0x1.c71c6f468a2eep-4,
    -0x1.745c650122dd5p-4, 0x1.3af6b0c8e9fbcp-4, -0x1.0e4fd93a8c618p-4, 0x1.98a97b1850ee1p-5,
  ]

  /// (asin x / x - 1) / x² in x² for |x| <= 1/2, for float32 results.
  ///
  /// Largest weighted error: 2^-35.8.
  static let arcsine32: [ScalarExpr] = [
    0x1.555556091497bp-3, 0x1.3332a80a470fep-4, 0x1.6ddb26608e02dp-5, 0x1.ed5395b8ee4bfp-6,
    0x1.9358b607d718ap-6, 0x1.e9815ca15daf1p-8, 0x1.1c341a604b7b7p-5,
  ]

  /// (asin x / x - 1) / x² in x² for |x| <= 1/2.
  ///
  /// Largest weighted error: 2^-59.8.
  static let arcsine64: [ScalarExpr] = [
    0x1.5555555555578p-3, 0x1.333333332df1fp-4, 0x1.6db6db722abc5p-5, 0x1.f1c71a8beb3f7p-6,
    0x1.6e8bdfdca2c1p-6, 0x1.1c49dec7cdc98p-6, 0x1.ca213029069a6p-7, 0x1.75783d45fee22p-7,
    0x1.6186a52960848p-7, 0x1.e19c22eeb3fc4p-9, 0x1.64ed5e5263f05p-6, -0x1.59d819380000cp-6,
    0x1.0bda87764fa2cp-5,
  ]

  /// The angles of the centres, then of their mirror images in the left half plane.
  static let centreAngle = ScalarTable(
    "atan_centre_angle", .float64,
    [
      0x0000_0000_0000_0000, 0x3fd8_b24d_394a_1b25, 0x3fe9_21fb_5444_2d18, 0x3ff3_0b6d_796a_4da8,
      0x3ff9_21fb_5444_2d18, 0x4009_21fb_5444_2d18, 0x4006_0bb1_ad1a_e9b4, 0x4002_d97c_7f33_21d2,
      0x3fff_3889_2f1e_0c88, 0x3ff9_21fb_5444_2d18,
    ])

  /// What `centreAngle` lacks.
  static let centreAngleLow = ScalarTable(
    "atan_centre_angle_low", .float64,
    [
      0x0000_0000_0000_0000, 0x3c7b_6d0b_a374_8fa8, 0x3c81_a626_3314_5c07, 0x3c96_254c_b03b_b199,
      0x3c91_a626_3314_5c07, 0x3ca1_a626_3314_5c07, 0xbca9_c77b_415a_35ee, 0x3c9a_7939_4c9e_8a0a,
      0x3c8a_4dff_6bda_0cea, 0x3c91_a626_3314_5c07,
    ])
}
