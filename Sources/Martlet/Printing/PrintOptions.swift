// Print options: how the elements of a tensor are shown, with NumPy's names and defaults.

/// How tensors are printed; the defaults are NumPy's.
///
///     var options = PrintOptions()
///     options.precision = 3
public struct PrintOptions: Sendable, Hashable {
  /// How many fractional digits floating-point elements get.
  public enum FloatMode: Sendable, Hashable {
    /// Exactly `precision` digits, correctly rounded.
    case fixed
    /// The fewest digits that identify each element; `precision` is not used.
    case unique
    /// The fewest digits that identify each element, at most `precision`.
    case maxPrecision
    /// As `maxPrecision`, with the same number of digits for all elements.
    case maxPrecisionEqual
  }

  /// What stands before numbers that are not negative.
  public enum Sign: Sendable, Hashable {
    /// Nothing.
    case minusOnly
    /// A plus sign.
    case plus
    /// A space, in the place of the sign.
    case space
  }

  /// The number of fractional digits; negative numbers count as 0.
  public var precision = 8

  /// The number of elements above which the inner elements are replaced by `...`.
  public var threshold = 1000

  /// How many elements a shortened axis shows at each end; numbers below 1 count as 1.
  public var edgeItems = 3

  /// The column after which a row continues on the next line.
  public var lineWidth = 75

  /// Whether small numbers are shown as zeros instead of choosing the exponential form.
  public var suppressSmall = false

  /// How many fractional digits floating-point elements get.
  public var floatMode = FloatMode.maxPrecision

  /// What stands before numbers that are not negative.
  public var sign = Sign.minusOnly

  /// The text of a NaN.
  public var nanText = "nan"

  /// The text of infinity, without its sign.
  public var infinityText = "inf"

  /// Creates NumPy's default options.
  public init() {}
}
