// The derivative of a product: for each factor the product of all others, without a division.

import MartletIR
import MartletRuntime

extension Tensor {
  /// For each element the product of the others along `axes`, as ops that gradients flow through.
  func productsOfOthers(along axes: AxisSet) -> Tensor {
    let kept = shape.indices.filter { !axes.contains($0) }
    let order = kept + axes.axes
    let moved = permuted(unchecked: order)
    let factors = axes.axes.reduce(1) { $0 * shape[$1] }
    let others = moved.reshaped(unchecked: Shape(kept.map { shape[$0] } + [factors]))
      .productsOfOthers()
    var inverse = order
    for (position, axis) in order.enumerated() { inverse[axis] = position }
    return others.reshaped(unchecked: moved.shape).permuted(unchecked: inverse)
  }

  /// The same along the last axis, by halves: O(n) multiplications in O(log n) ops.
  ///
  /// Neighbours make pairs with products p. The others of an element are its neighbour and the
  /// elements of the other pairs, whose product is what this function says of p.
  private func productsOfOthers() -> Tensor {
    let (last, count) = (rank - 1, shape[rank - 1])
    let one = Scalar(rounding: 1, as: dtype)
    guard count > 1 else { return .filled(shape, with: one) }
    let leading = Array(shape.dropLast())
    let none = [Int](repeating: 0, count: rank)
    let even =
      count % 2 == 0
      ? self
      : padded(low: none, high: none.dropLast() + [1], with: Tensor(Handle(Values.scalar(one))))
    let half = Shape(leading + [even.shape[last] / 2])
    let pairs = even.reshaped(unchecked: Shape(half.dimensions + [2]))
    let neighbours = pairs.view(.flip(AxisSet([rank])), shape: pairs.shape)
    let products = [0, 1].map {
      pairs.section(rank, from: $0, count: 1).reshaped(unchecked: half)
    }
    let otherPairs = (products[0] * products[1]).productsOfOthers()
      .reshaped(unchecked: Shape(half.dimensions + [1]))
    return (otherPairs * neighbours).reshaped(unchecked: even.shape)
      .section(last, from: 0, count: count)
  }
}
