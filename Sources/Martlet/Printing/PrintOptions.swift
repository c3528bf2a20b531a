// Print options: how the elements of a tensor are shown, with NumPy's names and defaults.

/// How tensors are printed; the defaults are NumPy's.
///
///     print(x.description(options: PrintOptions(precision: 3, suppressSmall: true)))
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
  public var precision: Int

  /// The number of elements above which the inner elements are replaced by `...`.
  public var threshold: Int

  /// How many elements a shortened axis shows at each end; numbers below 1 count as 1.
  public var edgeItems: Int

  /// The column after which a row continues on the next line.
  public var lineWidth: Int

  /// Whether small numbers are shown as zeros instead of choosing the exponential form.
  public var suppressSmall: Bool

  /// How many fractional digits floating-point elements get.
  public var floatMode: FloatMode

  /// What stands before numbers that are not negative.
  public var sign: Sign

  /// The text of a NaN.
  public var nanText: String

  /// The text of infinity, without its sign.
  public var infinityText: String

  /// Options that are NumPy's defaults where they are not given.
  public init(
    precision: Int = 8, threshold: Int = 1000, edgeItems: Int = 3, lineWidth: Int = 75,
    suppressSmall: Bool = false, floatMode: FloatMode = .maxPrecision, sign: Sign = .minusOnly,
    nanText: String = "nan", infinityText: String = "inf"
  ) {
    self.precision = precision
    self.threshold = threshold
    self.edgeItems = edgeItems
    self.lineWidth = lineWidth
    self.suppressSmall = suppressSmall
    self.floatMode = floatMode
    self.sign = sign
    self.nanText = nanText
    self.infinityText = infinityText
  }
}
