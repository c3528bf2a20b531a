// Forward accumulation: tangents flow from watched tensors to results over the entries of a tape.

import MartletIR
import MartletRuntime

extension Array where Element == Tape.Entry {
  /// The tangents of the entries `wanted`, where the entries `seeds` have theirs; nil for one that
  /// is zero whatever the seeds.
  func tangents(seeds: [(number: Int, tangent: Tensor)], wanted: [Int]) -> [Tensor?] {
    var tangents = [Tensor?](repeating: nil, count: count)
    for seed in seeds { tangents[seed.number] = seed.tangent }
    guard let last = wanted.max() else { return [] }
    // The tangents of the results of functions with rules of their own, by their numbers.
    var results: [Int: [Tensor?]] = [:]
    for number in 0...last {
      let entry = self[number]
      if case .result(let position) = entry.kind {
        tangents[number] = entry.inputs[0].number.flatMap { results[$0]?[position] }
        continue
      }
      let operands = entry.inputs.map { $0.number.flatMap { tangents[$0] } }
      guard operands.contains(where: { $0 != nil }) else { continue }
      switch entry.kind {
      case .op(let op): tangents[number] = entry.tangent(op, of: operands)
      case .custom(let rule): results[number] = rule.pushForward(operands)
      case .watched, .result: continue
      }
    }
    return wanted.map { tangents[$0] }
  }
}

extension Tape.Entry {
  /// The tangent of the result, given the operands', nil for one that is zero.
  ///
  /// The Jacobian of an elementwise op is diagonal, so it is its own transpose: the rule for an
  /// operand's cotangent, applied to the operand's tangent, is the operand's share of the tangent.
  func tangent(_ op: Op, of tangents: [Tensor?]) -> Tensor? {
    func typed(_ position: Int) -> Tensor { tangents[position] ?? zeros(inputs[position]) }
    switch op {
    case .elementwise(let elementwise):
      guard let program = GradientProgram.of(elementwise, dtype: dtype) else { return nil }
      var sum: Tensor?
      for (position, tangent) in tangents.enumerated() {
        guard let tangent else { continue }
        let share = program.cotangents(
          of: self, tangent.broadcast(unchecked: shape), wanted: { $0 == position })[position]
        guard let share else { continue }
        sum = sum.map { $0 + share } ?? share
      }
      return sum?.broadcast(unchecked: shape)
    case .iota, .argReduce: return nil
    case .cast: return typed(0).converted(to: dtype)
    case .view(let view): return typed(0).view(view, shape: shape)
    case .reduce(let reduction, let axes): return reducedTangent(reduction, axes, typed(0))
    case .scan(let scan, let axis): return scanTangent(scan, axis, typed(0))
    case .pad(let low, let high): return typed(0).padded(low: low, high: high, with: typed(1))
    case .concatenate(let axis): return .joined(inputs.indices.map(typed), axis: axis)
    case .gather(let axis): return typed(0).gatheredChecked(saved(1), axis: axis, at: site)
    case .scatter(let axis, let scatter):
      return typed(0).scatteredChecked(scatter, saved(1), typed(2), axis: axis, at: site)
    case .matmul:
      let left = tangents[0].map { Tensor.matrixProduct($0, saved(1)) }
      let right = tangents[1].map { Tensor.matrixProduct(saved(0), $0) }
      guard let left, let right else { return left ?? right }
      return left + right
    }
  }

  private func zeros(_ input: Input) -> Tensor {
    .filled(input.shape, with: Scalar(dtype: input.dtype, bits: 0))
  }

  private func reducedTangent(_ reduction: Reduction, _ axes: AxisSet, _ t: Tensor) -> Tensor? {
    switch reduction {
    case .sum, .mean: return t.reduced(reduction, axes, dtype: dtype)
    case .maximum, .minimum:
      return Tensor.gradientProduct(t, sharesOfExtreme(axes)).reduced(.sum, axes, dtype: dtype)
    case .product:
      return Tensor.gradientProduct(t, saved(0).productsOfOthers(along: axes))
        .reduced(.sum, axes, dtype: dtype)
    case .any, .all: return nil
    }
  }
}
