// The special cases that the array API standard lists for functions of floats.

/// Arguments and results, as `op args : result; args : result`.
enum SpecialValues {
  static let table = """
    acos nan : nan; 1.5 : nan; -1.5 : nan; inf : nan; 1 : 0; -1 : pi; 0 : pi/2; -0 : pi/2
    acosh nan : nan; 0.5 : nan; -1 : nan; 1 : 0; inf : inf; -inf : nan
    asin nan : nan; 1.5 : nan; -1.5 : nan; 0 : 0; -0 : -0; 1 : pi/2; -1 : -pi/2
    asinh nan : nan; 0 : 0; -0 : -0; inf : inf; -inf : -inf
    atan nan : nan; 0 : 0; -0 : -0; inf : pi/2; -inf : -pi/2; 1 : pi/4; -1 : -pi/4
    atan2 nan 1 : nan; 1 nan : nan; 1 0 : pi/2; 1 -0 : pi/2; 0 1 : 0; 0 0 : 0; 0 -0 : pi
    atan2 0 -1 : pi; -0 1 : -0; -0 0 : -0; -0 -0 : -pi; -0 -1 : -pi; -1 0 : -pi/2; -1 -0 : -pi/2
    atan2 1 inf : 0; 1 -inf : pi; -1 inf : -0; -1 -inf : -pi; inf 1 : pi/2; -inf 1 : -pi/2
    atan2 inf inf : pi/4; inf -inf : 3pi/4; -inf inf : -pi/4; -inf -inf : -3pi/4; 0 inf : 0
    atanh nan : nan; 1.5 : nan; -1.5 : nan; 0 : 0; -0 : -0; 1 : inf; -1 : -inf; inf : nan
    cbrt nan : nan; 0 : 0; -0 : -0; inf : inf; -inf : -inf; -8 : -2; 27 : 3
    ceil nan : nan; inf : inf; -inf : -inf; 0 : 0; -0 : -0; -0.5 : -0; 0.5 : 1
    copysign 1 nan : 1; -1 nan : 1; 1 -0 : -1; nan 1 : nan; -2 3 : 2; 2 -inf : -2
    cos nan : nan; 0 : 1; -0 : 1; inf : nan; -inf : nan
    cosh nan : nan; 0 : 1; -0 : 1; inf : inf; -inf : inf
    divide 1 0 : inf; -1 0 : -inf; 1 -0 : -inf; 0 0 : nan; inf inf : nan; 1 inf : 0; -1 inf : -0
    divide inf 2 : inf; inf -2 : -inf; nan 1 : nan; 0 5 : 0; -0 5 : -0; 0 -5 : -0
    erf nan : nan; 0 : 0; -0 : -0; inf : 1; -inf : -1
    erfc nan : nan; 0 : 1; -0 : 1; inf : 0; -inf : 2
    exp nan : nan; 0 : 1; -0 : 1; inf : inf; -inf : 0; 1000 : inf; -1000 : 0
    exp2 nan : nan; 0 : 1; -0 : 1; inf : inf; -inf : 0; 10 : 1024; -1 : 0.5; 5000 : inf
    expm1 nan : nan; 0 : 0; -0 : -0; inf : inf; -inf : -1
    floor nan : nan; inf : inf; -inf : -inf; 0 : 0; -0 : -0; -0.5 : -1; 0.5 : 0
    floor_divide nan 1 : nan; 1 nan : nan; inf inf : nan; 0 0 : nan; 1 0 : inf; -1 0 : -inf
    floor_divide 1 inf : 0; -1 inf : -1; 1 -inf : -1; -1 -inf : 0; -0 1 : -0; 7 2 : 3; -7 2 : -4
    hypot inf nan : inf; nan -inf : inf; nan 1 : nan; 1 nan : nan; 0 0 : 0; -0 -0 : 0; 3 4 : 5
    hypot -3 0 : 3; 0 -3 : 3; -inf 1 : inf; inf inf : inf
    log nan : nan; -1 : nan; 0 : -inf; -0 : -inf; 1 : 0; inf : inf; -inf : nan
    log10 nan : nan; -1 : nan; 0 : -inf; -0 : -inf; 1 : 0; inf : inf; 1000 : 3
    log1p nan : nan; -2 : nan; -1 : -inf; 0 : 0; -0 : -0; inf : inf
    log2 nan : nan; -1 : nan; 0 : -inf; -0 : -inf; 1 : 0; inf : inf; 0.25 : -2
    logaddexp nan 1 : nan; 1 nan : nan; inf 1 : inf; 1 inf : inf; -inf -inf : -inf; -inf 2 : 2
    logaddexp inf inf : inf; inf -inf : inf; nan inf : nan
    maximum nan 1 : nan; 1 nan : nan; inf 1 : inf; -inf 1 : 1; 0 -0 : -0; -0 0 : 0
    minimum nan 1 : nan; 1 nan : nan; inf 1 : 1; -inf 1 : -inf; 0 -0 : -0; -0 0 : 0
    nextafter nan 1 : nan; 1 nan : nan; 1 1 : 1; 0 -0 : -0; -0 0 : 0
    pow nan 0 : 1; nan -0 : 1; 1 nan : 1; 1 inf : 1; nan 1 : nan; 2 nan : nan; -8 0.5 : nan
    pow 2 inf : inf; 2 -inf : 0; 0.5 inf : 0; 0.5 -inf : inf; -1 inf : 1; -1 -inf : 1
    pow -2 inf : inf; -2 -inf : 0; -0.5 inf : 0; -0.5 -inf : inf; inf 2 : inf; inf -2 : 0
    pow -inf 3 : -inf; -inf 2 : inf; -inf -3 : -0; -inf -2 : 0; -inf 0.5 : inf; -inf -0.5 : 0
    pow 0 2 : 0; 0 3 : 0; 0 -2 : inf; 0 -3 : inf; -0 3 : -0; -0 2 : 0; -0 -3 : -inf
    pow -0 -2 : inf; -0 0.5 : 0; -0 -0.5 : inf; 0 inf : 0; 0 -inf : inf; -2 3 : -8; -2 2 : 4
    pow 0 0 : 1; inf 0 : 1; -inf -0 : 1; 3 1 : 3; 2 10 : 1024; 10 2 : 100; 4 0.5 : 2
    reciprocal nan : nan; 0 : inf; -0 : -inf; inf : 0; -inf : -0; 4 : 0.25
    remainder nan 1 : nan; 1 nan : nan; inf 1 : nan; 1 0 : nan; 0 0 : nan; 1 inf : 1; -1 inf : inf
    remainder 1 -inf : -inf; 0 1 : 0; -0 1 : 0; 0 -1 : -0; 7 3 : 1; -7 3 : 2; 7 -3 : -2
    round nan : nan; inf : inf; -inf : -inf; 0 : 0; -0 : -0; 0.5 : 0; 1.5 : 2; 2.5 : 2; -0.4 : -0
    rsqrt nan : nan; inf : 0; -1 : nan; 0 : inf; 4 : 0.5
    sigmoid nan : nan; 0 : 0.5; -0 : 0.5; inf : 1; -inf : 0
    sign nan : nan; 0 : 0; -0 : 0; 3 : 1; -3 : -1; inf : 1; -inf : -1
    sin nan : nan; 0 : 0; -0 : -0; inf : nan; -inf : nan
    sinh nan : nan; 0 : 0; -0 : -0; inf : inf; -inf : -inf
    softplus nan : nan; inf : inf; -inf : 0; -1000 : 0; 1000 : 1000
    sqrt nan : nan; -1 : nan; 0 : 0; -0 : -0; inf : inf; 9 : 3
    square nan : nan; inf : inf; -inf : inf; -0 : 0; 3 : 9
    tan nan : nan; 0 : 0; -0 : -0; inf : nan; -inf : nan
    tanh nan : nan; 0 : 0; -0 : -0; inf : 1; -inf : -1
    trunc nan : nan; inf : inf; -inf : -inf; 0 : 0; -0 : -0; -0.5 : -0; 1.9 : 1
    """

  /// A number, also as a multiple of pi.
  static func number(_ word: Substring) -> Double? {
    let isNegative = word.first == "-"
    let magnitude: Double?
    switch isNegative ? word.dropFirst() : word {
    case "inf": magnitude = .infinity
    case "nan": magnitude = .nan
    case "pi": magnitude = .pi
    case "pi/2": magnitude = .pi / 2
    case "pi/4": magnitude = .pi / 4
    case "3pi/4": magnitude = 3 * .pi / 4
    case let digits: magnitude = Double(digits)
    }
    return magnitude.map { isNegative ? -$0 : $0 }
  }

  /// Equal with the same sign of zero; multiples of pi within two units in the last place.
  static func agree<Number: BinaryFloatingPoint>(_ got: Number, _ expected: Number) -> Bool {
    if expected.isNaN { return got.isNaN }
    if got == expected { return got.sign == expected.sign }
    let isExact = expected == expected.rounded() || expected * 4 == (expected * 4).rounded()
    return !isExact && abs(got - expected) <= 2 * expected.ulp
  }
}
