// Other sizes, dtypes and arrangements of the inputs than those that the workloads are named for.

import Martlet

/// One way in which inputs can be inconvenient.
struct Variation: Sendable {
  let name: String
  let sizes: Sizes
  let quickSizes: Sizes
  let dtype: DType
  /// Whether the inputs are not contiguous.
  let isSpread: Bool

  init(
    _ name: String, _ sizes: Sizes = .full, quick: Sizes = .quick, dtype: DType = .float32,
    isSpread: Bool = false
  ) {
    self.name = name
    self.sizes = sizes
    quickSizes = quick
    self.dtype = dtype
    self.isSpread = isSpread
  }

  /// Round sizes, float32, contiguous.
  static let standard = Variation("round")

  /// What is compared with the standard one.
  static let others = [
    Variation(
      "1023", Sizes(vector: 3_999_971, rows: 4096, row: 1023, side: 2047, grid: 999),
      quick: Sizes(vector: 99_971, rows: 128, row: 1023, side: 255, grid: 199)),
    Variation(
      "1000", Sizes(vector: 3_999_996, rows: 4096, row: 1000, side: 2000, grid: 1000),
      quick: Sizes(vector: 99_996, rows: 128, row: 1000, side: 250, grid: 200)),
    Variation("float64", dtype: .float64),
    Variation("spread", isSpread: true),
  ]
}
