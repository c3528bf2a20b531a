// Recording and forcing without the tensor API: liveness, cuts, errors, several threads.

import Glibc
import MartletIR
import MartletRuntime
import Testing

@Suite(.serialized) struct RecordingTests {
  /// A realized handle on `numbers`.
  private static func realized(_ numbers: [Double]) throws -> Handle {
    let buffer = try Runtime.pool.allocate(byteCount: numbers.count * 8)
    buffer.pointer.copyMemory(
      from: numbers.withUnsafeBytes { $0.baseAddress ?? UnsafeRawPointer(buffer.pointer) },
      byteCount: numbers.count * 8)
    return Handle(Value(dtype: .float64, shape: Shape([numbers.count]), buffer: buffer))
  }

  @Test(arguments: [
    ("/src/Sources/App/Deep/Model.swift", "$s3App5ModelV3fitAA5ValueVyF", "App/Model.swift"),
    ("/src/Sources/My-App/a.swift", "$s6My_App1fyyF", "My_App/a.swift"),
    ("/src/Sources/App/main.swift", "main", "App/main.swift"),
    ("/main.swift", "main", "main.swift"), ("/src/a.swift", "$s9", "src/a.swift"), ("", "main", ""),
  ])
  func filesAreNamedAsFileIDs(path: String, symbol: String, expected: String) {
    #expect(CallStack.fileID(path: path, symbol: symbol) == expected)
  }

  private static func add(_ a: Handle, _ b: Handle) -> Handle {
    Recorder.record(
      .elementwise(.add), dtype: .float64, shape: a.shape, .handle(a), .handle(b))
  }

  private static func add(_ a: Handle, _ b: Double) -> Handle {
    Recorder.record(
      .elementwise(.add), dtype: .float64, shape: a.shape, .handle(a), .scalar(Scalar(b)))
  }

  private static func numbers(_ handle: Handle) throws -> [Double] {
    let value = try Force.value(of: handle)
    try #require(value.layout.isRowMajor(for: value.shape))
    let base = value.base.assumingMemoryBound(to: Double.self)
    return (0..<value.shape.elementCount).map { base[$0] }
  }

  @Test func forcingComputes() throws {
    let x = try RecordingTests.realized([1, 2, 3])
    let y = RecordingTests.add(x, x)
    #expect(y.isPending)
    #expect(try RecordingTests.numbers(y) == [2, 4, 6])
    #expect(!y.isPending)
  }

  // What counts the process's work runs in a process of its own, where no other test runs.

  @Test func deadRecordsNeverRun() async {
    await #expect(processExitsWith: .success) {
      Runtime.mode = .interpreter
      let x = try RecordingTests.realized([1])
      let before = Runtime.counters.interpretedNodes
      for _ in 0..<10 { _ = RecordingTests.add(x, 1) }
      let y = RecordingTests.add(x, 1)
      let isRight = try RecordingTests.numbers(y) == [2]
      let count = Runtime.counters.interpretedNodes - before
      exit(isRight && count == 1 ? EXIT_SUCCESS : EXIT_FAILURE)
    }
  }

  @Test func aProducerOfPendingConsumersIsKept() async {
    await #expect(processExitsWith: .success) {
      Runtime.mode = .interpreter
      let x = try RecordingTests.realized([1])
      var a: Handle? = RecordingTests.add(x, 1)
      let (b, c) = try (
        RecordingTests.add(#require(a), 10), RecordingTests.add(#require(a), 100)
      )
      a = nil
      let isFirstRight = try RecordingTests.numbers(b) == [12]
      let before = Runtime.counters.interpretedNodes
      let isSecondRight = try RecordingTests.numbers(c) == [102]
      let count = Runtime.counters.interpretedNodes - before
      exit(isFirstRight && isSecondRight && count == 1 ? EXIT_SUCCESS : EXIT_FAILURE)
    }
  }

  @Test func anEndlessLoopIsCut() throws {
    var t = try RecordingTests.realized([0])
    for _ in 0..<20_000 { t = RecordingTests.add(t, 1) }
    #expect(try RecordingTests.numbers(t) == [20_000])
  }

  @Test func anotherThreadMayForce() throws {
    let x = try RecordingTests.realized([1, 2])
    let y = RecordingTests.add(x, 1)
    let z = RecordingTests.add(y, y)
    final class Box: @unchecked Sendable {
      // Invariant: written by one thread before it is joined.
      var numbers: [Double] = []
      let handle: Handle
      init(_ handle: Handle) { self.handle = handle }
    }
    let box = Box(z)
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        let box = Unmanaged<Box>.fromOpaque(argument).takeUnretainedValue()
        // Recorded here on an operand that is pending in the other thread's segment.
        let sum = Recorder.record(
          .elementwise(.add), dtype: .float64, shape: box.handle.shape, .handle(box.handle),
          .handle(box.handle))
        box.numbers = (try? RecordingTests.numbers(sum)) ?? []
        return nil
      }, Unmanaged.passUnretained(box).toOpaque())
    pthread_join(thread, nil)
    #expect(box.numbers == [8, 12])
    #expect(try RecordingTests.numbers(z) == [4, 6])
  }

  @Test func anErrorStaysWithItsRootAlone() throws {
    let x = try RecordingTests.realized([1, 2])
    let good = RecordingTests.add(x, 1)
    let index = Handle(
      Value(
        dtype: .int64, shape: [1],
        buffer: try {
          let buffer = try Runtime.pool.allocate(byteCount: 8)
          buffer.pointer.storeBytes(of: 7, as: Int64.self)
          return buffer
        }()))
    let bad = Recorder.record(
      .gather(0), dtype: .float64, shape: [1], .handle(good), .handle(index),
      site: TensorError.Location(file: "here.swift", line: 3))
    let worse = RecordingTests.add(bad, 1)
    let error = #expect(throws: TensorError.self) { try RecordingTests.numbers(worse) }
    #expect(error?.kind == .index)
    #expect(error?.location?.line == 3)
    #expect(throws: TensorError.self) { try RecordingTests.numbers(bad) }
    #expect(try RecordingTests.numbers(good) == [2, 3])
  }
}
