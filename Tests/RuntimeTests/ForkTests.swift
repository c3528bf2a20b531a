// Forks: the child of a busy process inherits nothing half-done, and works alone.

import Glibc
import MartletIR
import Synchronization
import Testing

@testable import MartletRuntime

/// Whether `check` holds in a forked child; nil if that had to be killed after 10 s.
private func inChild(_ check: () -> Bool) -> Bool? {
  // The Swift overlay hides fork(), which is what is tested here.
  typealias Fork = @convention(c) () -> pid_t
  guard let symbol = dlsym(nil, "fork") else { return nil }
  let child = unsafeBitCast(symbol, to: Fork.self)()
  guard child >= 0 else { return nil }
  if child == 0 { _exit(check() ? 0 : 1) }
  for _ in 0..<20_000 {
    var status: Int32 = 0
    if waitpid(child, &status, WNOHANG) == child { return status == 0 }
    usleep(500)
  }
  kill(child, SIGKILL)
  return nil
}

/// A realized square matrix whose elements are all `number`.
private func matrix(_ number: Double, _ size: Int) throws -> Handle {
  let buffer = try Runtime.pool.allocate(byteCount: size * size * 8)
  buffer.pointer.initializeMemory(as: Double.self, repeating: number, count: size * size)
  return Handle(Value(dtype: .float64, shape: Shape([size, size]), buffer: buffer))
}

/// Records `(a + 1) @ b + 1`, on matrices of `a` and `b`.
private func program(_ a: Handle, _ b: Handle) -> Handle {
  func record(_ op: Op, _ x: Handle, _ y: RecordOperand) -> Handle {
    Recorder.record(op, dtype: .float64, shape: x.shape, .handle(x), y)
  }
  let left = record(.elementwise(.add), a, .scalar(Scalar(1.0)))
  return record(
    .elementwise(.add), record(.matmul, left, .handle(b)), .scalar(Scalar(1.0)))
}

/// Whether every element of the value is `number`.
private func isFull(_ handle: Handle, of number: Double) throws -> Bool {
  let value = try Force.value(of: handle)
  let base = value.base.assumingMemoryBound(to: Double.self)
  return (0..<value.shape.elementCount).allSatisfy { base[$0] == number }
}

/// What the threads of a test tell each other.
private final class Work: Sendable {
  let rounds = Atomic<Int>(0)
  let failures = Atomic<Int>(0)
  let isOver = Atomic<Bool>(false)
}

/// A thread of the system, for there may be fewer of Swift's than cores.
private final class Thread: Sendable {
  private let body: @Sendable () -> Void
  private let thread = Atomic<UInt>(0)

  init(_ body: @escaping @Sendable () -> Void) {
    self.body = body
    var thread = pthread_t()
    let status = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        Unmanaged<Thread>.fromOpaque(argument).takeRetainedValue().body()
        return nil
      }, Unmanaged.passRetained(self).toOpaque())
    precondition(status == 0, "no thread")
    self.thread.store(UInt(thread), ordering: .relaxed)
  }

  func join() { pthread_join(pthread_t(thread.load(ordering: .relaxed)), nil) }
}

/// A process that ends while another of its threads compiles.
private enum Ending {
  static let bench = CacheBench()

  /// Whether a function that runs after LLVM's end can fork, and asks in vain for the kernel that
  /// the other thread did not get.
  static func isOrderly() -> Bool {
    // By now that thread has asked for it.
    usleep(100_000)
    let refused = bench.counts.kernelsCompiled
    return inChild { true } == true && (try? bench.run(refused, mode: .compiled)) == nil
      && (try? bench.run(refused, mode: .automatic)) != nil
  }
}

@Suite(.serialized) struct ForkTests {
  @Test func childrenOfAPoolWorkAlone() throws {
    let pool = ThreadPool(width: 4)
    func isWhole() -> Bool {
      let counts = Atomic<Int>(0)
      pool.parallel(items: 100) { _, begin, end in counts.add(end - begin, ordering: .relaxed) }
      return counts.load(ordering: .relaxed) == 100
    }
    #expect(isWhole())
    let buffers = BufferPool(budget: 1 << 30)
    let child = inChild { isWhole() && (try? buffers.allocate(byteCount: 100_000)) != nil }
    #expect(child == true)
    #expect(isWhole())
  }

  /// In a process of its own: other tests' work would be waited for, and would wait.
  @Test(
    arguments: ExecutionMode.allCases.filter { $0 != .compiled || CacheBench().hasCompiler }
      .map(\.rawValue))
  func forksAmongBusyThreadsLoseNothing(mode: String) async {
    await #expect(processExitsWith: .success) { [mode = mode as String] in
      Runtime.mode = try #require(ExecutionMode(rawValue: mode))
      let size = 64
      let (a, b) = (try matrix(2, size), try matrix(0.5, size))
      // Recorded by one thread, read by all, so that forces meet in one segment.
      let common = (0..<400).map { _ in program(a, b) }
      let expected = 3 * 0.5 * Double(size) + 1
      let work = Work()
      let threads = (0..<4).map { _ in
        Thread {
          while !work.isOver.load(ordering: .relaxed) {
            let round = work.rounds.add(1, ordering: .relaxed).newValue
            for handle in [common[round % common.count], program(a, b)]
            where (try? isFull(handle, of: expected)) != true {
              work.failures.add(1, ordering: .relaxed)
            }
          }
        }
      }
      while work.rounds.load(ordering: .relaxed) < 8 { usleep(100) }
      for fork in 0..<200 {
        let pending = program(a, b)
        let child = inChild {
          (try? isFull(pending, of: expected)) == true
            && (try? isFull(program(a, b), of: expected)) == true
            && (try? isFull(common[fork * 2], of: expected)) == true
        }
        guard child == true else {
          // An exit code says what a print in this process could not.
          exit(child == nil ? 2 : 3)
        }
      }
      work.isOver.store(true, ordering: .relaxed)
      threads.forEach { $0.join() }
      exit(work.failures.load(ordering: .relaxed) == 0 ? EXIT_SUCCESS : 4)
    }
  }

  @Test func threadsThatWantedToCompileHoldUpNoExit() async {
    guard CacheBench().hasCompiler else { return }
    await #expect(processExitsWith: .success) {
      // Who hangs is killed.
      alarm(60)
      // Before LLVM is loaded, so that it runs after LLVM's end.
      atexit { _exit(Ending.isOrderly() ? 0 : 1) }
      _ = Thread {
        // As a force does.
        ForkGuard.enter()
        for number in 0..<4096 { _ = try? Ending.bench.run(number) }
      }
      while Ending.bench.counts.kernelsCompiled < 2 { usleep(100) }
      exit(2)
    }
  }
}
