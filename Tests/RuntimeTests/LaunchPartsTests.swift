// Launches of several parts: cut into shares, run by any number of threads, in the memory of what
// dies.

import CampaignSupport
import MartletIR
import MartletLowering
import Testing

@testable import MartletFusion
@testable import MartletRuntime

@Suite struct LaunchPartsTests {
  /// Shares that follow each other have each item of each part once, in whole grains.
  @Test func sharesCoverEveryItemOnce() {
    var random = Generator(1)
    for _ in 0..<2000 {
      var cuts: [LaunchWork.Cut] = []
      var end = 0
      for _ in 0..<1 + random.pick(5) {
        let items = 1 + random.pick(random.chance(2) ? 5 : 3000)
        let points = items * (1 + random.pick(40)) + random.pick(7)
        cuts.append(
          .init(points: end..<end + points, items: items, grain: 1 + random.pick(100)))
        end += points
      }
      var bounds = (0..<random.pick(6)).map { _ in random.pick(end + 1) }
      bounds = ([0, end] + bounds).sorted()
      for cut in cuts {
        var next = 0
        for (begin, end) in zip(bounds, bounds.dropFirst()) {
          let items = cut.items(in: begin..<end)
          if items.isEmpty { continue }
          #expect(items.lowerBound == next && next % cut.grain == 0)
          next = items.upperBound
        }
        #expect(next == cut.items)
      }
    }
  }

  private static let sizes = [1, 10, 512, 4097, 100_003, 300_000]

  /// What an optimizer does to arrays of these sizes.
  private func updates(_ sizes: [Int], isDying: Bool) throws -> Trace {
    var (builder, random) = (TraceBuilder(), Generator(7))
    func leaf(_ size: Int) throws -> Trace.Operand {
      let value = try Arrangement.contiguous.value(.float32, [size], .moderate, &random)
      return builder.leaf(value)
    }
    for size in sizes {
      let (p, m) = (try leaf(size), try leaf(size))
      let mean = builder.apply(.add, builder.apply(.multiply, m, .scalar(Scalar(Float(0.9)))), p)
      builder.output(mean, builder.apply(.subtract, p, builder.apply(.tanh, mean)))
    }
    builder.trace.isLeafDying = builder.trace.isLeafDying.map { _ in isDying }
    return builder.trace
  }

  private func executor(_ threads: Int, _ counters: CounterCells) -> Executor {
    Executor(
      pool: Runtime.pool, threads: ThreadPool(width: threads), blas: { nil },
      compiler: CompilerSource(selection: nil, counters: counters), counters: counters)
  }

  /// Compares with the interpreter at 1, 2 and 5 threads, and counts the launches.
  private func expectEqual(_ trace: Trace, launches: Int) throws {
    let expected = Runner.interpreter.run(trace)
    for threads in [1, 2, 5] {
      let counters = CounterCells()
      let executor = executor(threads, counters)
      let found = try executor.run(trace, mode: .compiled)
      #expect(Runner.difference(trace, expected, .values(found)) == nil, "\(threads) threads")
      #expect(counters.snapshot(Runtime.pool).launches == launches)
    }
  }

  @Test func threadsDoNotChangeABit() throws {
    if Runner.compiled.isEmpty { return }
    try expectEqual(try updates(Self.sizes, isDying: false), launches: 1)
    try expectEqual(try updates(Self.sizes.reversed() + [300_000, 1], isDying: false), launches: 1)
  }

  /// Parts whose items are rows, bands of rows, strips and blocks.
  @Test func everyFamilyHasParts() throws {
    if Runner.compiled.isEmpty { return }
    for form in 0..<8 {
      var (builder, random) = (TraceBuilder(), Generator(UInt64(form)))
      for (rows, columns) in [(70, 900), (300, 1100), (9, 4), (130, 17)] {
        let rows = form == 6 ? 40 : rows
        let x = builder.leaf(
          try Arrangement.contiguous.value(.float32, [rows, columns], .moderate, &random))
        let made =
          switch form {
          case 0: builder.apply(.subtract, x, builder.reduce(.mean, x, [1]))
          case 1: builder.reduce(.sum, x, [0])
          case 2: builder.reduce(.sum, x, [1])
          case 3: builder.argReduce(.maximum, x, 1)
          case 4: builder.argReduce(.minimum, x, 0)
          case 5: builder.scan(.sum, x, 1)
          case 6: builder.scan(.sum, x, 0)
          default: builder.reduce(.sum, x, [0, 1])
          }
        builder.output(made)
      }
      let counters = CounterCells()
      _ = try executor(1, counters).run(builder.trace, mode: .compiled)
      let launches = counters.snapshot(Runtime.pool).launches
      #expect(launches < 4, "form \(form)")
      try expectEqual(builder.trace, launches: launches)
    }
  }

  /// Every part writes over what dies in it.
  @Test func dyingInputsAreWrittenOver() throws {
    if Runner.compiled.isEmpty { return }
    let trace = try updates(Self.sizes, isDying: true)
    let expected = Runner.interpreter.run(trace)
    let found = try executor(2, CounterCells()).run(trace, mode: .compiled)
    #expect(Runner.difference(trace, expected, .values(found)) == nil)
    for part in Self.sizes.indices {
      let leaves = [2 * part, 2 * part + 1].map { trace.leaves[$0].buffer }
      for case let value? in found[(4 * part)..<(4 * part + 4)] {
        #expect(leaves.contains { $0 === value.buffer })
      }
    }
  }

  /// What two parts read neither writes over, though it dies in their launch.
  @Test func whatAnotherPartReadsIsKept() throws {
    if Runner.compiled.isEmpty { return }
    var (builder, random) = (TraceBuilder(), Generator(3))
    func leaf(_ shape: Shape) throws -> Trace.Operand {
      let value = try Arrangement.contiguous.value(.float32, shape, .moderate, &random)
      return builder.leaf(value)
    }
    // Two spaces, so that it is no kernel of two outputs.
    let shared = try leaf([200, 1000])
    let flat = builder.reshape(shared, [200_000])
    builder.output(
      builder.apply(.subtract, try leaf([200, 1000]), shared),
      builder.apply(.subtract, try leaf([200_000]), flat))
    builder.trace.isLeafDying[0] = true
    let expected = Runner.interpreter.run(builder.trace)
    let counters = CounterCells()
    let found = try executor(2, counters).run(builder.trace, mode: .compiled)
    #expect(counters.snapshot(Runtime.pool).launches == 1)
    #expect(Runner.difference(builder.trace, expected, .values(found)) == nil)
    for case let value? in found {
      #expect(value.buffer !== builder.trace.leaves[0].buffer)
    }
  }
}
