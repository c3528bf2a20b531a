// What stands for a tensor or for axes as an argument: host numbers and arrays of them.

import MartletIR
import MartletRuntime

/// A value that stands for a tensor where a function takes one: a tensor or a host number.
///
/// Host numbers act as literals: `maximum(x, n)` has the dtype of `x` for any integer `n`.
public protocol TensorConvertible {
  /// The value as a tensor.
  var asTensor: Tensor { get }
}

/// The tensor beside a host number in an operator: `Tensor` alone.
///
/// Operators that mix tensors and host numbers are declared for this protocol and not for `Tensor`,
/// because a literal may become a `Tensor` but never a generic operand: so `0.5 * (1 + 3)` stays a
/// `Double` in code that imports Martlet.
public protocol TensorOperand: TensorConvertible {}

/// What the label `axis:` takes: a number or an array of numbers, negative ones from the last axis.
///
///     x.sum(axis: 0)
///     x.sum(axis: [0, -1])
public protocol TensorAxes {
  /// The numbers of the axes.
  var axisNumbers: [Int] { get }
}

extension Int: TensorAxes {
  /// This number alone.
  public var axisNumbers: [Int] { [self] }
}

extension Array: TensorAxes where Element == Int {
  /// The numbers in the array.
  public var axisNumbers: [Int] { self }
}

extension Tensor: TensorOperand {
  /// The tensor itself.
  public var asTensor: Tensor { self }
}

extension Tensor {
  /// Zero and one of every dtype: literals that raise no tensor's dtype.
  static let weakZero = Tensor(weak: .bool(false))
  static let weakOne = Tensor(weak: .bool(true))

  /// An op on this tensor: poison passes through, errors become poison or stop the process.
  @inline(__always)
  func attempt(_ site: CallSite, _ body: () throws(TensorError) -> Tensor) -> Tensor {
    isPoisoned ? self : Tensor.attempt(site, body)
  }

  /// An op with several results, `count` of them where it fails.
  static func attemptMany(
    _ operands: [Tensor], count: Int, _ site: CallSite,
    _ body: () throws(TensorError) -> [Tensor]
  ) -> [Tensor] {
    if let poisoned = operands.first(where: \.isPoisoned) {
      return Array(repeating: poisoned, count: Swift.max(count, 1))
    }
    do throws(TensorError) { return try body() } catch {
      return Array(repeating: failed(error, at: site), count: Swift.max(count, 1))
    }
  }

  /// An error of `op` on this tensor.
  func error(
    _ kind: TensorError.Kind, _ op: String, _ reason: String, hint: String? = nil
  ) -> TensorError {
    TensorError(kind, op: op, operands: [described], reason: reason, hint: hint)
  }

  /// An axis counted from the front.
  func axis(_ axis: Int, _ op: String) throws(TensorError) -> Int {
    guard let normalized = shape.normalized(axis: axis) else {
      throw error(
        .index, op, "axis \(axis) is out of range for \(rank) ax\(rank == 1 ? "is" : "es")",
        hint: Tensor.axesHint(rank))
    }
    return normalized
  }

  /// What an axis of a tensor with `rank` axes may be.
  static func axesHint(_ rank: Int) -> String {
    rank == 0 ? "a single number has no axes" : "axes go from \(-rank) to \(rank - 1)"
  }

  /// Different axes counted from the front.
  func axes(_ axes: [Int], _ op: String) throws(TensorError) -> [Int] {
    var seen = AxisSet()
    var result: [Int] = []
    for given in axes {
      let axis = try axis(given, op)
      if seen.contains(axis) { throw error(.index, op, "axis \(given) is named twice") }
      seen.insert(axis)
      result.append(axis)
    }
    return result
  }

  /// The shape with these extents.
  static func shape(
    _ extents: some Collection<Int>, _ op: String
  ) throws(TensorError) -> Shape {
    if let shape = extents as? Shape { return shape }
    guard let shape = Shape(checking: Array(extents)) else {
      throw TensorError(
        .shape, op: op,
        reason: "\(Array(extents)) has a negative extent, or too many axes or elements")
    }
    return shape
  }

  /// This tensor as a tensor of `dtype`, where a literal must fit; an error names `target` too.
  func typed(
    as dtype: DType, _ op: String, _ target: Tensor? = nil
  ) throws(TensorError) -> Tensor {
    guard case .weak(let weak) = storage else { return converted(to: dtype) }
    guard let scalar = weak.scalar(as: dtype) else {
      throw TensorError(
        .value, op: op, operands: (target.map { [$0.described] } ?? []) + [described],
        reason: "\(weak.text) does not fit in \(dtype)",
        hint: "use a dtype that holds it, or cast it first with .cast(to: .\(dtype))")
    }
    return Tensor(Handle(Values.scalar(scalar)))
  }
}
