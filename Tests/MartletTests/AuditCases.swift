// What the audit of gradients runs: every elementwise op and every structural one, as functions.

import Martlet
import MartletIR
import Testing

@testable import Martlet

/// A function of float64 tensors, with the points to look at it.
struct AuditCase: Sendable, CustomTestStringConvertible {
  /// How the arguments lie in memory, and which of them are equal.
  enum Variant: CaseIterable, Sendable {
    case contiguous, strided, broadcast, empty, single, repeated, ties
  }

  let name: String
  /// The shape of each argument, by variant.
  let shapes: @Sendable (Variant) -> [[Int]]
  /// The value of argument `operand` at a number of (0, 1).
  let point: @Sendable (_ operand: Int, _ unit: Double) -> Double
  let function: @Sendable ([Tensor]) -> Tensor
  /// Whether an argument of extent 1 is stretched in memory, to 3, where operands broadcast.
  var stretches = false

  var testDescription: String { name }
}

extension AuditCase {
  /// A point of a row's domain, at least 0.1 away from 0, where kinks and poles are.
  private static func sample(_ domain: OpDefinition.Domain, _ unit: Double) -> Double {
    if domain == .positive { return 0.25 + 1.5 * unit }
    if domain == .unit { return unit < 0.5 ? -0.15 - 1.3 * unit : 1.5 * (unit - 0.5) + 0.1 }
    if domain == .aboveOne { return 1.2 + 1.5 * unit }
    if domain == .aboveMinusOne { return unit < 0.5 ? -0.15 - unit : 2 * unit - 0.8 }
    return unit < 0.5 ? -0.2 - 2 * unit : 2 * unit - 0.8
  }

  private static func elementwise(_ op: ElementwiseOp) -> AuditCase {
    let domain = op.definition.domain
    return AuditCase(
      name: "\(op)",
      shapes: { variant in
        let count = op == .select ? 2 : op.arity
        return switch variant {
        case .broadcast: Array([[2, 3], [3], [2, 1]].prefix(count))
        case .empty: Array(repeating: [0, 2], count: count)
        case .single: Array([[1], [], [1, 1]].prefix(count))
        case .repeated: [[5]]
        case .contiguous, .strided, .ties: Array(repeating: [5], count: count)
        }
      },
      point: { operand, unit in
        switch (op, operand) {
        case (.pow, 0): return 0.4 + unit
        case (.remainder, 0): return 3.2 + 0.6 * unit
        case (.remainder, 1): return 1.3 + 0.25 * unit
        case (.clip, 1): return -0.5 - 0.2 * unit
        case (.clip, 2): return 0.5 + 0.2 * unit
        default: return sample(domain, unit)
        }
      },
      function: { x in
        // One argument stands for all where there are not enough.
        let operands = (0..<op.arity).map { x[min($0, x.count - 1)] }
        if op == .select {
          let isChosen = Tensor([true, false, true, true, false])
          let shape = x.reduce(x[0]) { $0 + $1 }.shape
          let mask = isChosen[Tensor.arange(shape.elementCount).remainder(5)].reshape(shape)
          return Tensor.where(mask, x[0], x[x.count - 1])
        }
        return Tensor.elementwise(op, operands, site: .frame)
      })
  }

  /// A function of one matrix.
  private static func matrix(
    _ name: String, _ function: @escaping @Sendable (Tensor) -> Tensor
  ) -> AuditCase {
    AuditCase(
      name: name,
      shapes: { variant in
        switch variant {
        case .broadcast: [[1, 4]]
        case .empty: [[0, 4]]
        case .single: [[1, 1]]
        // The argument is the only operand; what repeats operands has cases of its own.
        case .repeated: []
        case .contiguous, .strided, .ties: [[3, 4]]
        }
      },
      point: { _, unit in 2 * unit - 0.7 }, function: { function($0[0]) }, stretches: true)
  }

  /// A function of two matrices, the second of which is a square beside the first.
  private static func pair(
    _ name: String, _ function: @escaping @Sendable (Tensor, Tensor) -> Tensor
  ) -> AuditCase {
    AuditCase(
      name: name,
      shapes: { variant in
        switch variant {
        case .broadcast: []
        case .empty: [[0, 3], [3, 3]]
        case .single: [[1, 1], [1, 1]]
        case .repeated: [[3, 3]]
        case .contiguous, .strided, .ties: [[2, 3], [3, 3]]
        }
      },
      point: { _, unit in 2 * unit - 0.7 }, function: { function($0[0], $0[$0.count - 1]) })
  }

  private static let numbers = Tensor([1, 0, 1, -1])
  private static let few = Tensor([0, 0, -1, 0])

  static let structural: [AuditCase] = [
    matrix("reshape") { $0.reshape([-1]) * 3 },
    matrix("permute") { $0.transpose() * 3 },
    matrix("broadcast") { $0.broadcast(to: [2] + $0.shape) },
    matrix("flip") { $0.flip(axis: [0, 1]) * 3 },
    matrix("slice") { $0[..., (0..<4).by(3)] * 2 + $0[..., (0...).by(2)].sum() },
    matrix("backward slice") { $0[.all, TensorSlice(step: -2)] * 2 },
    matrix("sum") { $0.sum(axis: 1) },
    matrix("sum of all") { $0.sum() },
    matrix("mean") { $0.mean(axis: 1) },
    matrix("prod") { $0.prod(axis: 1) },
    matrix("prod of columns") { $0.prod(axis: 0) },
    matrix("max") { $0.max(axis: 1) },
    matrix("min") { $0.min(axis: 1) },
    matrix("cumulativeSum") { $0.cumulativeSum(axis: 1) },
    matrix("cumulativeSum of columns") { $0.cumulativeSum(axis: 0) },
    matrix("cumulativeProduct") { $0.cumulativeProduct(axis: 1) },
    matrix("cumulativeProduct of columns") { $0.cumulativeProduct(axis: 0) },
    matrix("cumulativeMax") { $0.cumulativeMax(axis: 1) },
    matrix("cumulativeMin of columns") { $0.cumulativeMin(axis: 0) },
    matrix("pad") { $0.pad([(1, 0), (2, 3)], value: $0.sum()) },
    matrix("concatenate") { Tensor.concatenate([$0, Tensor.onesLike($0), $0 * 2], axis: 1) },
    matrix("gather") {
      $0.take(numbers.remainder($0.shape[1]), axis: 1) * Tensor([1.0, 2, 3, 4], dtype: .float64)
    },
    matrix("scatter, adding") {
      ($0 * $0).scatteredChecked(
        .add, numbers.remainder($0.shape[1]), $0.take(few, axis: 1), axis: 1)
    },
    matrix("scatter, replacing") {
      ($0 * $0).scatteredChecked(
        .replace, numbers.remainder($0.shape[1]), 3 * $0.take(few, axis: 1), axis: 1)
    },
    pair("matmul") { matmul($0, $1) },
    pair("matmul of a batch") { matmul(Tensor.stack([$0, $0 * 2]), Tensor.stack([$1, $1])) },
    pair("matmul with one matrix") { matmul(Tensor.stack([$0, $0 * 2]), $1) },
    pair("matmul that broadcasts") { matmul($0.expandDims(axis: 0), Tensor.stack([$1, 2 * $1])) },
    pair("matmul with a vector") { matmul($0, $1[..., 0]) },
    // Compositions, whose second derivatives mix the rules.
    matrix("softmax") { $0.softmax(axis: 1) },
    matrix("logSumExp") { $0.logSumExp(axis: 1) },
    matrix("var") { $0.var(axis: 1) },
    matrix("gelu") { $0.gelu() },
  ]

  static let all =
    ElementwiseOp.allCases.filter { $0.definition.gradient != nil }.map(elementwise)
    + structural
}

/// The kinds of ops, to see that none is left out.
enum OpKind: String, CaseIterable {
  case elementwise, cast, iota, reshape, permute, broadcast, flip, slice
  case sum, product, mean, maximum, minimum, any, all, argReduce
  case scanSum, scanProduct, scanMaximum, scanMinimum
  case pad, concatenate, gather, scatterAdd, scatterReplace, matmul

  /// Ops whose results are integers or bool, which have no gradient.
  static let withoutGradient: Set<OpKind> = [.iota, .any, .all, .argReduce]

  init(_ op: Op) {
    self =
      switch op {
      case .elementwise: .elementwise
      case .cast: .cast
      case .iota: .iota
      case .view(let view): OpKind(view)
      case .reduce(let reduction, _): OpKind(reduction)
      case .argReduce: .argReduce
      case .scan(let scan, _): OpKind(scan)
      case .pad: .pad
      case .concatenate: .concatenate
      case .gather: .gather
      case .scatter(_, .add): .scatterAdd
      case .scatter(_, .replace): .scatterReplace
      case .matmul: .matmul
      }
  }

  private init(_ view: View) {
    self =
      switch view {
      case .reshape: .reshape
      case .permute: .permute
      case .broadcast: .broadcast
      case .flip: .flip
      case .slice: .slice
      }
  }

  private init(_ reduction: Reduction) {
    self =
      switch reduction {
      case .sum: .sum
      case .product: .product
      case .mean: .mean
      case .maximum: .maximum
      case .minimum: .minimum
      case .any: .any
      case .all: .all
      }
  }

  private init(_ scan: Scan) {
    self =
      switch scan {
      case .sum: .scanSum
      case .product: .scanProduct
      case .maximum: .scanMaximum
      case .minimum: .scanMinimum
      }
  }
}
