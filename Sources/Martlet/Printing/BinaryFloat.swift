// Floating-point numbers taken apart, and their exact decimal digits.

/// The floating-point formats that can be printed.
enum FloatKind {
  case float32
  case float64

  /// The width of the exponent field.
  var exponentBits: Int {
    switch self {
    case .float32: 8
    case .float64: 11
    }
  }

  /// The width of the fraction field.
  var fractionBits: Int {
    switch self {
    case .float32: 23
    case .float64: 52
    }
  }

  /// The number of decimal digits that every number of the format keeps (`finfo.precision`).
  var decimalPrecision: Int {
    switch self {
    case .float32: 6
    case .float64: 15
    }
  }

  /// The number of this format nearest to `value`.
  ///
  /// A quotient of two numbers of a narrower format that is computed in Double and then rounded
  /// is the correctly rounded quotient, because 53 >= 2 p + 2 for precisions p up to 25.
  func rounded(_ value: Double) -> Double {
    switch self {
    case .float32: Double(Float(value))
    case .float64: value
    }
  }
}

/// A floating-point number of any format: sign, class, and `significand` · 2^`exponent`.
struct BinaryFloat {
  enum Class { case finite, infinite, nan }

  let isNegative: Bool
  let floatClass: Class
  let significand: UInt64
  let exponent: Int

  /// Whether the next number below is only half as far away as the next one above.
  let hasCloserPredecessor: Bool

  /// Takes apart the bit pattern of an IEEE 754 number.
  init(bitPattern: UInt64, kind: FloatKind) {
    let (exponentBits, fractionBits) = (kind.exponentBits, kind.fractionBits)
    let largestField: UInt64 = 1 << UInt64(exponentBits) &- 1
    let field = bitPattern >> UInt64(fractionBits) & largestField
    let fraction = bitPattern & (1 << UInt64(fractionBits) &- 1)
    let bias = 1 << (exponentBits - 1) - 1
    isNegative = bitPattern >> UInt64(exponentBits + fractionBits) & 1 == 1
    floatClass = field < largestField ? .finite : fraction == 0 ? .infinite : .nan
    significand = field == 0 ? fraction : fraction | 1 << UInt64(fractionBits)
    // Subnormal numbers have the exponent of the smallest normal ones.
    exponent = max(Int(field), 1) - bias - fractionBits
    hasCloserPredecessor = field > 1 && fraction == 0
  }

  var isFinite: Bool { floatClass == .finite }
  var isZero: Bool { significand == 0 }

  /// The absolute value of a finite number, exactly.
  var magnitude: Double {
    Double(sign: .plus, exponent: exponent, significand: Double(significand))
  }
}

/// How many digits to generate.
struct DigitLimits {
  enum Origin { case firstDigit, decimalPoint }

  /// Where the count begins.
  let origin: Origin
  /// Whether to stop as soon as the digits identify the number among those of its format;
  /// otherwise digits stop only where the number ends.
  let stopsWhenUnique: Bool
  /// The number of digits after which the number is rounded.
  let atMost: Int?
  /// The number of digits to go on to, even if fewer would identify the number.
  let atLeast: Int?
}

/// Decimal digits, the first one worth 10^`exponent`.
struct DecimalDigits {
  var digits: [UInt8] = []
  var exponent = 0

  /// Generates the digits of a finite number's absolute value.
  ///
  /// This is the free-format algorithm of Steele and White in the form of Burger and Dybvig
  /// ("Printing Floating-Point Numbers Quickly and Accurately", 1996): the number is kept as the
  /// quotient of two integers, with half the distances to its neighbours over the same
  /// denominator, so every decision is exact. Digits stop when what remains is less than such a
  /// half distance, since then all that follows is not needed to identify the number.
  init(of number: BinaryFloat, limits: DigitLimits) {
    if number.isZero {
      digits = [0]
      return
    }

    // value / scale is the number, low / scale and high / scale are half the distances to its
    // neighbours. All are doubled, and doubled again where the lower half distance is a quarter.
    let extra = number.hasCloserPredecessor ? 2 : 1
    var value = BigNatural(number.significand)
    value.shiftLeft(by: extra + max(number.exponent, 0))
    var scale = BigNatural(powerOfTwo: extra + max(-number.exponent, 0))
    var low = BigNatural(powerOfTwo: max(number.exponent, 0))
    var high = low
    if number.hasCloserPredecessor { high.shiftLeft(by: 1) }

    // 78913 / 2^18 is just below log10(2), so this is floor(log10(number)) or one less.
    let binaryExponent = number.exponent + 63 - number.significand.leadingZeroBitCount
    var power = (binaryExponent * 78913) >> 18
    // A number below half of the last wanted place still gets a digit in that place.
    if limits.origin == .decimalPoint, let atMost = limits.atMost { power = max(power, -atMost) }

    if power > 0 {
      scale.multiply(byPowerOfTen: power)
    } else if power < 0 {
      value.multiply(byPowerOfTen: -power)
      low.multiply(byPowerOfTen: -power)
      high.multiply(byPowerOfTen: -power)
    }
    var tenfold = scale
    tenfold.multiply(by: 10)
    if value >= tenfold {
      scale = tenfold
      power += 1
    }

    // The places of the digits at which generation must and may stop.
    let lastPlace = limits.atMost.map { limits.origin == .firstDigit ? power + 1 - $0 : -$0 }
    let firstStop =
      limits.atLeast.map { limits.origin == .firstDigit ? power + 1 - $0 : -$0 } ?? power

    exponent = power
    let isEven = number.significand & 1 == 0
    var place = power
    var digit: UInt8
    var mayRoundDown: Bool
    var mayRoundUp: Bool
    while true {
      digit = value.divide(by: scale)
      if limits.stopsWhenUnique {
        // A half-way neighbour reads back as this number only if this significand is even.
        let upper = value + high
        mayRoundDown = isEven ? value <= low : value < low
        mayRoundUp = isEven ? upper >= scale : upper > scale
      } else {
        mayRoundDown = value.words.isEmpty
        mayRoundUp = false
      }
      if place == lastPlace || (mayRoundDown || mayRoundUp) && place <= firstStop { break }
      digits.append(digit)
      value.multiply(by: 10)
      low.multiply(by: 10)
      high.multiply(by: 10)
      place -= 1
    }

    if mayRoundDown == mayRoundUp {
      // Both or neither would do: the nearer one, at the middle the even one.
      value.shiftLeft(by: 1)
      mayRoundUp = value > scale || value == scale && digit & 1 == 1
    }
    digits.append(digit)
    if mayRoundUp { incrementLastDigit() }
  }

  /// Adds one to the last digit; digits that become zero by the carry are dropped.
  private mutating func incrementLastDigit() {
    while digits.last == 9 { digits.removeLast() }
    if let last = digits.last {
      digits[digits.count - 1] = last + 1
    } else {
      digits = [1]
      exponent += 1
    }
  }
}
