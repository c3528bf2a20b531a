// Indices: what may stand between the brackets of a tensor's subscript.

import MartletIR

/// A value that selects along axes of a tensor: an integer, a slice, a tensor, or one of
/// `.newAxis`, `.ellipsis`, `.all`.
///
/// `Range<Int>` is deliberately not one: between brackets `1 ..< -1` is a `TensorSlice`, elsewhere
/// ranges stay what they are.
public protocol TensorIndexable {
  /// The index.
  var tensorIndex: TensorIndex { get }
}

/// One index of a subscript.
public struct TensorIndex: TensorIndexable, Sendable {
  enum Kind: Sendable {
    case integer(Int)
    case slice(TensorSlice)
    case newAxis
    case ellipsis
    case tensor(Tensor)
  }

  let kind: Kind

  /// The index itself.
  public var tensorIndex: TensorIndex { self }
}

extension TensorIndexable where Self == TensorIndex {
  /// A new axis of extent 1.
  public static var newAxis: TensorIndex { TensorIndex(kind: .newAxis) }

  /// As many whole axes as the other indices leave: `...`.
  public static var ellipsis: TensorIndex { TensorIndex(kind: .ellipsis) }
}

extension TensorIndexable where Self == TensorSlice {
  /// A whole axis.
  public static var all: TensorSlice { TensorSlice() }

  /// A whole axis, from its end to its start.
  public static var reversed: TensorSlice { TensorSlice(step: -1) }

  /// The elements from `start` up to `stop`, without it, `step` apart, as Python's slices.
  public static func slice(
    _ start: Int? = nil, _ stop: Int? = nil, step: Int = 1
  ) -> TensorSlice {
    TensorSlice(start, stop, step: step)
  }
}

extension Int: TensorIndexable {
  /// One element of an axis, which disappears; negative numbers count from the end.
  public var tensorIndex: TensorIndex { TensorIndex(kind: .integer(self)) }
}

extension Tensor: TensorIndexable {
  /// The elements that integers number, or that a mask of bool marks.
  public var tensorIndex: TensorIndex { TensorIndex(kind: .tensor(self)) }
}

/// Evenly spaced elements of an axis: Python's slice.
///
/// Negative bounds count from the end, bounds out of range are clamped, a missing bound is the end
/// that the step comes from or goes to.
///
///     x[1 ..< -1]                 // without the first and the last
///     x[-3...]                    // the last three
///     x[(0 ..< 8).by(2)]          // 0, 2, 4, 6
public struct TensorSlice: TensorIndexable, Sendable, Hashable {
  /// The first index, or nil for the end that the step comes from.
  public var start: Int?
  /// The index before which the slice ends, or nil for the other end.
  public var stop: Int?
  /// The distance of neighbours; negative ones go backwards, 0 is an error.
  public var step: Int
  /// The last element of a closed range, which ends after it, or backwards before it.
  private var last: Int?

  /// A slice; without arguments a whole axis.
  public init(_ start: Int? = nil, _ stop: Int? = nil, step: Int = 1) {
    self.start = start
    self.stop = stop
    self.step = step
  }

  /// The slice of a host range.
  public init(_ range: Range<Int>) { self.init(range.lowerBound, range.upperBound) }

  /// The slice of a closed range.
  fileprivate init(_ start: Int?, through last: Int) {
    self.init(start, last == -1 || last == .max ? nil : last + 1)
    self.last = last
  }

  /// The slice with another step.
  ///
  ///     x[(8 ... 2).by(-2)]         // 8, 6, 4, 2
  public func by(_ step: Int) -> TensorSlice {
    guard let last, step < 0 else { return TensorSlice(start, stop, step: step) }
    return TensorSlice(start, last == 0 || last == .min ? nil : last - 1, step: step)
  }

  /// Slices are equal that select the same elements of every axis.
  public static func == (a: TensorSlice, b: TensorSlice) -> Bool {
    a.start == b.start && a.stop == b.stop && a.step == b.step
  }

  /// Hashes what `==` compares.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(start)
    hasher.combine(stop)
    hasher.combine(step)
  }

  /// The slice as an index.
  public var tensorIndex: TensorIndex { TensorIndex(kind: .slice(self)) }

  /// The slice from the negated start on: `-3...` is read as `-(3...)`.
  public static prefix func - (slice: TensorSlice) -> TensorSlice {
    var negated = slice
    negated.start = slice.start.map { 0 &- $0 }
    return negated
  }

  /// The elements of an axis with `extent` elements, by Python's rules; nil for a step of 0.
  func resolved(_ extent: Int) -> AxisSlice? {
    if step == 0 || step == .min { return nil }
    // Backwards, the place before the first element is a bound too: -1.
    let (lowest, highest) = step > 0 ? (0, extent) : (-1, extent - 1)
    func bound(_ index: Int?, _ missing: Int) -> Int {
      guard let index else { return missing }
      let counted = index < 0 ? index &+ extent : index
      return Swift.min(Swift.max(counted, lowest), highest)
    }
    let first = bound(start, step > 0 ? lowest : highest)
    let end = bound(stop, step > 0 ? highest : lowest)
    let distance = step > 0 ? end - first : first - end
    let count = distance > 0 ? (distance - 1) / Int(step.magnitude) + 1 : 0
    return AxisSlice(start: count > 0 ? first : 0, step: step, count: count)
  }
}

// Disfavoured, so that ranges outside of subscripts stay the standard library's; in a subscript
// only these fit. They do not trap where the upper bound is below the lower one: it counts from the
// end.
extension Int {
  /// Between the brackets of a tensor: the elements from `a` up to `b`, without it.
  @_disfavoredOverload
  public static func ..< (a: Int, b: Int) -> TensorSlice { TensorSlice(a, b) }

  /// Between the brackets of a tensor: the elements from `a` up to `b`.
  @_disfavoredOverload
  public static func ... (a: Int, b: Int) -> TensorSlice { TensorSlice(a, through: b) }

  /// Between the brackets of a tensor: the elements up to `b`, without it.
  @_disfavoredOverload
  public static prefix func ..< (b: Int) -> TensorSlice { TensorSlice(nil, b) }

  /// Between the brackets of a tensor: the elements up to `b`.
  @_disfavoredOverload
  public static prefix func ... (b: Int) -> TensorSlice { TensorSlice(nil, through: b) }

  /// Between the brackets of a tensor: the elements from `a` on.
  @_disfavoredOverload
  public static postfix func ... (a: Int) -> TensorSlice { TensorSlice(a, nil) }
}
