// Reductions against a plain statement of R14's tree.

import MartletFusion
import MartletIR
import MartletLowering
import Testing

@Suite struct ReductionTests {
  /// The block values of R14 for the elements of one row.
  static func blocks<T>(
    _ elements: [T], _ identity: T, _ combine: (T, T) -> T
  ) -> [T] {
    stride(from: 0, to: elements.count, by: 4096).map { start in
      var lane = [T](repeating: identity, count: 64)
      for (i, e) in elements[start..<min(start + 4096, elements.count)].enumerated() {
        lane[i % 64] = combine(lane[i % 64], e)
      }
      for h in [32, 16, 8, 4, 2, 1] {
        for l in 0..<h { lane[l] = combine(lane[l], lane[l + h]) }
      }
      return lane[0]
    }
  }

  static func larger(_ a: Float, _ b: Float) -> Float { a.isNaN ? a : (a > b ? a : b) }
  static func smaller(_ a: Float, _ b: Float) -> Float { a.isNaN ? a : (a < b ? a : b) }

  static func spec(_ family: KernelSpec.Family, _ rank: Int) -> KernelSpec {
    // The sum and the least of a * b, and the greatest of a.
    KernelSpec(
      family: family, rank: rank,
      inputs: [
        .init(dtype: .float32, access: .contiguous), .init(dtype: .float32, access: .contiguous),
      ],
      instructions: [.input(0), .input(1), .elementwise(.multiply, [0, 1])],
      dtypes: [.float32, .float32, .float32],
      outputs: [
        .init(value: 2, reduction: .sum), .init(value: 0, reduction: .maximum),
        .init(value: 2, reduction: .minimum),
      ])
  }

  static let lengths = [1, 2, 31, 64, 65, 127, 700, 4097, 8200]

  static func samples(_ count: Int, _ seed: UInt64) -> [Float] {
    var random = Generator(seed)
    return (0..<count).map { _ in
      switch random.next() % 50 {
      case 0: 0
      case 1: -0.0
      case 2: .leastNonzeroMagnitude * 700
      default: Float.random(in: -1...1, using: &random)
      }
    }
  }

  @Test(arguments: Backend.all)
  func inner(_ backend: Backend) throws {
    let spec = Self.spec(.reduceInner, 2)
    let kernel = try backend.compile(spec)
    for n in Self.lengths {
      for hasNaN in [false, true] {
        let rows = 3
        var a = Self.samples(rows * n, 7)
        if hasNaN { a[n + n / 2] = .nan }
        let b = Self.samples(n, 8)
        let count = rows * ((n + 4095) / 4096)
        let outputs = (0..<3).map { _ in Memory(count, Float(-99)) }
        for share in [0..<1, 1..<count] {
          kernel.run(
            spec, [rows, n], [Argument(Memory(a), [n, 1]), Argument(Memory(b), [0, 1])],
            outputs.map { Argument($0, [0, 0]) }, share)
        }
        var expected: [[Float]] = [[], [], []]
        for row in 0..<rows {
          let x = Array(a[row * n..<(row + 1) * n])
          let product = zip(x, b).map { $0 * $1 }
          expected[0] += Self.blocks(product, 0, +)
          expected[1] += Self.blocks(x, -.infinity, Self.larger)
          expected[2] += Self.blocks(product, .infinity, Self.smaller)
        }
        for (output, values) in zip(outputs, expected) {
          for (x, y) in zip(output.values, values) {
            #expect(x.bitPattern == y.bitPattern || x.isNaN && y.isNaN, "n = \(n)")
          }
        }
      }
    }
  }

  @Test(arguments: Backend.all)
  func outer(_ backend: Backend) throws {
    let spec = Self.spec(.reduceOuter, 3)
    let kernel = try backend.compile(spec)
    for n in Self.lengths where n < 8000 {
      for columns in n > 700 ? [5, 530] : [1, 40, 513] {
        let outer = n > 700 ? 1 : 2
        let size = n * columns
        var a = Self.samples(outer * size, 7)
        a[size / 2] = .nan
        let b = Self.samples(columns, 8)
        let blocks = (n + 4095) / 4096
        let outputs = (0..<3).map { _ in Memory(outer * blocks * columns, Float(-99)) }
        let items = outer * blocks * ((columns + 511) / 512)
        for share in [0..<1, 1..<items] {
          kernel.run(
            spec, [outer, n, columns],
            [Argument(Memory(a), [size, columns, 1]), Argument(Memory(b), [0, 0, 1])],
            outputs.map { Argument($0, [0, 0, 0]) }, share)
        }
        for row in 0..<outer {
          for c in Set([0, 1, 16, columns / 2, 512, columns - 1]) where c < columns {
            let x = (0..<n).map { a[row * size + $0 * columns + c] }
            let product = x.map { $0 * b[c] }
            let expected = [
              Self.blocks(product, 0, +), Self.blocks(x, -.infinity, Self.larger),
              Self.blocks(product, .infinity, Self.smaller),
            ]
            for (output, values) in zip(outputs, expected) {
              for (block, y) in values.enumerated() {
                let x = output.elements[(row * blocks + block) * columns + c]
                #expect(
                  x.bitPattern == y.bitPattern || x.isNaN && y.isNaN, "n = \(n), c = \(columns)")
              }
            }
          }
        }
      }
    }
  }

  @Test(arguments: Backend.all)
  func integersAndBools(_ backend: Backend) throws {
    let spec = KernelSpec(
      family: .reduceInner, rank: 1,
      inputs: [.init(dtype: .int8, access: .strided)], scalars: [.int64],
      instructions: [
        .input(0), .cast(0), .scalar(0), .elementwise(.less, [1, 2]), .cast(0),
      ], dtypes: [.int8, .int64, .int64, .bool, .float64],
      outputs: [
        .init(value: 1, reduction: .sum), .init(value: 1, reduction: .product),
        .init(value: 3, reduction: .any), .init(value: 3, reduction: .all),
        .init(value: 0, reduction: .maximum), .init(value: 4, reduction: .mean),
      ])
    let kernel = try backend.compile(spec)
    for n in [1, 17, 64, 129, 5000] {
      var random = Generator(UInt64(n))
      let x = (0..<2 * n).map { _ in Int8(truncatingIfNeeded: random.next() | 1) }
      let chosen = (0..<n).map { x[2 * $0] }
      let wide = chosen.map { Int64($0) }
      let count = (n + 4095) / 4096
      let (sum, product) = (Memory(count, Int64(0)), Memory(count, Int64(0)))
      let (any, all) = (Memory(count, false), Memory(count, false))
      let (greatest, mean) = (Memory(count, Int8(0)), Memory(count, 0.0))
      kernel.run(
        spec, [n], [Argument(Memory(x), [2])],
        [
          Argument(sum, [0]), Argument(product, [0]), Argument(any, [0]), Argument(all, [0]),
          Argument(greatest, [0]), Argument(mean, [0]),
        ], scalars: [Scalar(wrapping: 100, as: .int64)], 0..<count)
      #expect(sum.values == Self.blocks(wide, 0, &+))
      #expect(product.values == Self.blocks(wide, 1, &*))
      #expect(any.values == Self.blocks(wide.map { $0 < 100 }, false) { $0 || $1 })
      #expect(all.values == Self.blocks(wide.map { $0 < 100 }, true) { $0 && $1 })
      #expect(greatest.values == Self.blocks(chosen, .min) { max($0, $1) })
      #expect(mean.values == Self.blocks(wide.map { Double($0) }, 0, +))
    }
  }
}
