// Searches for extremes and gathers against plain loops, with every compiler and instruction set.

import MartletFusion
import MartletIR
import MartletLowering
import Testing

/// An element that is searched.
private protocol Searched: BitwiseCopyable, Comparable, Equatable {
  static var dtype: DType { get }
  init(small: Int)
}

extension Float: Searched {
  static var dtype: DType { .float32 }
  /// NaN now and then.
  init(small: Int) { self = small == 5 ? .nan : Float(small) }
}

extension Double: Searched {
  static var dtype: DType { .float64 }
  init(small: Int) { self = small == 5 ? .nan : Double(small) }
}

extension Int8: Searched {
  static var dtype: DType { .int8 }
  init(small: Int) { self = small == 0 ? .min : Int8(small) }
}

extension UInt64: Searched {
  static var dtype: DType { .uint64 }
  init(small: Int) { self = UInt64(small) << 62 }
}

@Suite struct IndexingTests {
  static let lengths = [1, 2, 15, 16, 17, 63, 64, 65, 300, 4096, 4097, 8200]

  /// R20 by definition: the first that no other is better than, a NaN being the best.
  private static func place<T: Searched>(_ elements: some Sequence<T>, _ extreme: ArgReduction)
    -> Int
  {
    var best: (place: Int, value: T)?
    for (place, x) in elements.enumerated() {
      guard let found = best else {
        best = (place, x)
        continue
      }
      if found.value != found.value { break }
      let isBetter = extreme == .maximum ? x > found.value : x < found.value
      if x != x || isBetter { best = (place, x) }
    }
    return best?.place ?? -1
  }

  private static func spec<T: Searched>(_ family: KernelSpec.Family, _: T.Type) -> KernelSpec {
    KernelSpec(
      family: family, rank: 2, inputs: [.init(dtype: T.dtype, access: .contiguous)],
      instructions: [.input(0)], dtypes: [T.dtype],
      outputs: [.init(value: 0, place: .maximum), .init(value: 0, place: .minimum)])
  }

  @Test(arguments: Backend.all) func places(_ backend: Backend) throws {
    try places(backend, Float.self)
    try places(backend, Double.self)
    try places(backend, Int8.self)
    try places(backend, UInt64.self)
  }

  /// Three lines along either axis, all their blocks.
  private func places<T: Searched>(_ backend: Backend, _: T.Type) throws {
    var random = Generator(81)
    for family in [KernelSpec.Family.placeInner, .placeOuter] {
      let spec = Self.spec(family, T.self)
      let kernel = try backend.compile(spec)
      let isInner = family == .placeInner
      for length in Self.lengths {
        let lines = isInner ? 3 : 37
        let rare = random.next() % 2 == 0
        let values = (0..<lines * length).map { _ in
          T(small: rare && random.next() % 500 != 0 ? 1 : Int(random.next() % 6))
        }
        let blocks = (length + 4095) / 4096
        let outputs = [0, 1].map { _ in Memory(lines * blocks, Int64(-1)) }
        let extremes = [0, 1].map { _ in Memory(lines * blocks, T(small: 2)) }
        let extents = isInner ? [lines, length] : [length, lines]
        kernel.run(
          spec, extents, [Argument(Memory(values), [extents[1], 1])],
          outputs.map { Argument($0, [0, 0]) }, extremes: extremes.map { Argument($0, [0, 0]) },
          0..<(isInner ? lines * blocks : blocks))
        for (k, extreme) in [ArgReduction.maximum, .minimum].enumerated() {
          for line in 0..<lines {
            for block in 0..<blocks {
              let range = block * 4096..<min(length, (block + 1) * 4096)
              func element(_ i: Int) -> T { values[isInner ? line * length + i : i * lines + line] }
              let place = block * 4096 + Self.place(range.map(element), extreme)
              let number = isInner ? line * blocks + block : block * lines + line
              let found = extremes[k].elements[number]
              #expect(outputs[k].elements[number] == Int64(place), "\(family) \(T.self) \(length)")
              #expect(
                found == element(place) || (found != found && element(place) != element(place)))
            }
          }
        }
      }
    }
  }

  /// Rows of a table by an index a row, and single elements by an index each; the table lies
  /// between elements that must not be read.
  @Test(arguments: Backend.all) func gathers(_ backend: Backend) throws {
    var random = Generator(82)
    let extent = 7
    for isByRow in [true, false] {
      let spec = KernelSpec(
        family: .map, rank: 2,
        inputs: [
          .init(dtype: .int64, access: isByRow ? .uniform : .contiguous),
          .init(source: .gathered, dtype: .float32, access: isByRow ? .contiguous : .uniform),
        ],
        instructions: [.input(0), .input(1), .gather(1, 0), .elementwise(.add, [2, 2])],
        dtypes: [.int64, .float32, .float32, .float32], outputs: [.init(value: 3)])
      let kernel = try backend.compile(spec)
      for length in [1, 15, 16, 17, 63, 64, 65, 130] {
        let rows = 5
        let width = isByRow ? length : 1
        let table = (0..<extent * width).map { Float($0) }
        var memory = [Float](repeating: .nan, count: 8) + table
        memory += [Float](repeating: .nan, count: 8)
        let count = isByRow ? rows : rows * length
        var indices = (0..<count).map { _ in Int64(random.next() % 14) - 7 }
        for bad in [nil, 7, -8, .max, .min] as [Int64?] {
          if let bad { indices[count - 1] = bad }
          let result = Memory(rows * length, Float(-1))
          var from = Argument(Memory(memory), isByRow ? [0, 1] : [0, 0], offset: 8)
          from.gathered = (extent, width)
          let flags = kernel.run(
            spec, [rows, length],
            [Argument(Memory(indices), isByRow ? [1, 0] : [length, 1]), from],
            [Argument(result, [length, 1])], 0..<rows)
          #expect(flags == (bad == nil ? 0 : ValueFlag.badIndex.rawValue))
          let expected = (0..<rows * length).map { i -> Float in
            let index = Int(indices[isByRow ? i / length : i])
            let place = index < 0 ? index &+ extent : index
            let row = (0..<extent).contains(place) ? place : 0
            return 2 * table[row * width + (isByRow ? i % length : 0)]
          }
          #expect(result.values == expected, "\(length) \(isByRow) \(String(describing: bad))")
          // A share without the bad index raises nothing.
          let rest = kernel.run(
            spec, [rows, length],
            [Argument(Memory(indices), isByRow ? [1, 0] : [length, 1]), from],
            [Argument(result, [length, 1])], 0..<rows - 1)
          #expect(rest == 0)
        }
      }
    }
  }
}
