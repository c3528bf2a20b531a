// Maps: shares, tails, strides, ranks, masks, index inputs, scalars.

import MartletFusion
import MartletIR
import MartletLowering
import Testing

@Suite struct MapTests {
  @Test(arguments: Backend.all)
  func shares(_ backend: Backend) throws {
    let spec = KernelSpec.map(.add, [.float32, .float32], result: .float32)
    let kernel = try backend.compile(spec)
    for count in 0...67 {
      let (x, y) = ((0..<70).map { Float($0) }, (0..<70).map { Float($0) * 0.5 })
      let (a, b, c) = (Memory(x), Memory(y), Memory(70, Float(-1)))
      for begin in [0, 1, 3] where begin <= count {
        for i in 0..<70 { c.elements[i] = -1 }
        kernel.run(
          spec, [70], [Argument(a, [1]), Argument(b, [1])], [Argument(c, [1])], begin..<count)
        let expected = (0..<70).map { begin <= $0 && $0 < count ? x[$0] + y[$0] : -1 }
        #expect(c.values == expected)
      }
    }
  }

  @Test(arguments: Backend.all)
  func strides(_ backend: Backend) throws {
    for dtype in [DType.float32, .uint8] {
      for (access, out) in [
        (KernelSpec.Access.strided, KernelSpec.Access.contiguous), (.contiguous, .strided),
        (.strided, .strided), (.reversed, .contiguous),
      ] {
        let spec = KernelSpec(
          family: .map, rank: 1,
          inputs: [.init(dtype: dtype, access: access), .init(dtype: dtype, access: .uniform)],
          instructions: [.input(0), .input(1), .elementwise(.add, [0, 1])],
          dtypes: [dtype, dtype, dtype], outputs: [.init(value: 2, access: out)])
        let kernel = try backend.compile(spec)
        for count in [1, 5, 16, 33, 67] {
          for s in [-3, -1, 2] {
            if access == .reversed, s != -1 { continue }
            let (inner, outer) = (access == .contiguous ? 1 : s, out == .strided ? s : 1)
            let size = 3 * count
            func offset(_ stride: Int) -> Int { stride < 0 ? -stride * (count - 1) : 0 }
            if dtype == .float32 {
              let (x, y, z) = (
                Memory((0..<size).map { Float($0) }), Memory([Float(0.25)]),
                Memory(size, Float(0))
              )
              kernel.run(
                spec, [count],
                [Argument(x, [inner], offset: offset(inner)), Argument(y, [0])],
                [Argument(z, [outer], offset: offset(outer))], 0..<count)
              var expected = [Float](repeating: 0, count: size)
              for i in 0..<count {
                expected[offset(outer) + i * outer] = x.values[offset(inner) + i * inner] + 0.25
              }
              #expect(z.values == expected)
            } else {
              let (x, y, z) = (
                Memory((0..<size).map { UInt8(truncatingIfNeeded: $0) }), Memory([UInt8(200)]),
                Memory(size, UInt8(0))
              )
              kernel.run(
                spec, [count],
                [Argument(x, [inner], offset: offset(inner)), Argument(y, [0])],
                [Argument(z, [outer], offset: offset(outer))], 0..<count)
              var expected = [UInt8](repeating: 0, count: size)
              for i in 0..<count {
                expected[offset(outer) + i * outer] = x.values[offset(inner) + i * inner] &+ 200
              }
              #expect(z.values == expected)
            }
          }
        }
      }
    }
  }

  @Test(arguments: Backend.all, [2, 3, 5, 64])
  func ranks(_ backend: Backend, _ rank: Int) throws {
    // out[...] = a[permuted] + row[last] * s + index
    let spec = KernelSpec(
      family: .map, rank: rank,
      inputs: [
        .init(dtype: .float32, access: .strided), .init(dtype: .float32, access: .contiguous),
        .init(dtype: .float32, access: .uniform),
        .init(source: .index, dtype: .int64, access: .contiguous),
      ], scalars: [.float32],
      instructions: [
        .input(0), .input(1), .input(2), .input(3), .scalar(0), .elementwise(.multiply, [1, 4]),
        .elementwise(.multiply, [2, 4]), .elementwise(.add, [0, 5]), .elementwise(.add, [7, 6]),
        .cast(3), .elementwise(.add, [8, 9]),
      ],
      dtypes: [.float32, .float32, .float32, .int64] + [DType](repeating: .float32, count: 7),
      outputs: [.init(value: 10)])
    let kernel = try backend.compile(spec)
    var extents = [Int](repeating: 1, count: rank)
    extents[rank - 1] = 19
    extents[0] = 3
    if rank > 2 { extents[1] = 4 }
    let count = extents.reduce(1, *)
    func rowMajor(_ extents: [Int]) -> [Int] {
      var strides = [Int](repeating: 1, count: extents.count)
      for axis in (0..<extents.count - 1).reversed() {
        strides[axis] = strides[axis + 1] * extents[axis + 1]
      }
      return strides
    }
    let dense = rowMajor(extents)
    let transposed = Array(rowMajor(extents.reversed()).reversed())
    let row = [Int](repeating: 0, count: rank - 1) + [1]
    let column = Array(dense.dropLast().map { $0 / 19 }) + [0]
    let (a, b) = (Memory((0..<count).map { Float($0) }), Memory((0..<19).map { Float($0) * 8 }))
    let (c, out) = (Memory((0..<count).map { Float($0) * 64 }), Memory(count, Float(-1)))
    let total = count / 19
    for share in [0..<1, 1..<total, total..<total] {
      kernel.run(
        spec, extents,
        [
          Argument(a, transposed), Argument(b, row), Argument(c, column),
          Argument(index: dense, offset: 7),
        ], [Argument(out, dense)], scalars: [Scalar(Float(0.5))], share)
    }
    var expected: [Float] = []
    for linear in 0..<count {
      var (rest, offset) = (linear, 0)
      for axis in (0..<rank).reversed() {
        offset += rest % extents[axis] * transposed[axis]
        rest /= extents[axis]
      }
      expected.append(
        a.values[offset] + b.values[linear % 19] * 0.5 + c.values[linear / 19] * 0.5
          + Float(linear + 7))
    }
    #expect(out.values == expected)
  }

  @Test(arguments: Backend.all)
  func bools(_ backend: Backend) throws {
    // out = (x < y) ^ m, and where(that, x, y).
    let spec = KernelSpec(
      family: .map, rank: 1,
      inputs: [
        .init(dtype: .float32, access: .contiguous), .init(dtype: .float32, access: .contiguous),
        .init(dtype: .bool, access: .contiguous),
      ],
      instructions: [
        .input(0), .input(1), .input(2), .elementwise(.less, [0, 1]),
        .elementwise(.bitwiseXor, [3, 2]), .elementwise(.select, [4, 0, 1]),
      ], dtypes: [.float32, .float32, .bool, .bool, .bool, .float32],
      outputs: [.init(value: 4), .init(value: 5)])
    let kernel = try backend.compile(spec)
    for count in [1, 15, 64, 100] {
      var random = Generator(1)
      let x = (0..<count).map { _ in Float.random(in: -1...1, using: &random) }
      let y = (0..<count).map { _ in Float.random(in: -1...1, using: &random) }
      let m = (0..<count).map { _ in Bool.random(using: &random) }
      let (b, s) = (Memory(count, false), Memory(count, Float(0)))
      kernel.run(
        spec, [count],
        [Argument(Memory(x), [1]), Argument(Memory(y), [1]), Argument(Memory(m), [1])],
        [Argument(b, [1]), Argument(s, [1])], 0..<count)
      let expected = (0..<count).map { (x[$0] < y[$0]) != m[$0] }
      #expect(b.values == expected)
      #expect(s.values == (0..<count).map { expected[$0] ? x[$0] : y[$0] })
    }
  }

  @Test(arguments: Backend.all)
  func constantsAndScalars(_ backend: Backend) throws {
    // A fill: the value does not depend on the element.
    let spec = KernelSpec(
      family: .map, rank: 1, scalars: [.int16, .bool],
      instructions: [.scalar(0), .elementwise(.square, [0]), .scalar(1)],
      dtypes: [.int16, .int16, .bool], outputs: [.init(value: 1), .init(value: 2)])
    let kernel = try backend.compile(spec)
    let (x, y) = (Memory(40, Int16(0)), Memory(40, false))
    kernel.run(
      spec, [40], [], [Argument(x, [1]), Argument(y, [1])],
      scalars: [Scalar(wrapping: -300, as: .int16), Scalar(true)], 0..<37)
    #expect(x.values == [Int16](repeating: 300 &* 300, count: 37) + [0, 0, 0])
    #expect(y.values == [Bool](repeating: true, count: 37) + [false, false, false])
  }
}
