// The disk cache and the background thread across processes: restarts, kills, exits and forks.

import Glibc
import MartletLowering
import Testing

@testable import MartletRuntime

/// fork, which the Swift overlay hides.
private func forkProcess() -> pid_t {
  typealias Fork = @convention(c) () -> pid_t
  guard let symbol = dlsym(nil, "fork") else { return -1 }
  return unsafeBitCast(symbol, to: Fork.self)()
}

/// The status of a child once it has ended, or nil if it had to be killed.
private func status(of child: pid_t, seconds: Int) -> Int32? {
  for _ in 0..<(seconds * 1000) {
    var status: Int32 = 0
    if waitpid(child, &status, WNOHANG) == child { return status }
    usleep(1000)
  }
  kill(child, SIGKILL)
  waitpid(child, nil, 0)
  return nil
}

private func key(_ number: Int) -> ObjectKey {
  ObjectKey(
    library: "library", target: Target(triple: "t", cpu: "c", vectorByteCount: 64),
    level: .default, kernel: [UInt8(number)], code: [])
}

/// The objects that processes write all at once.
private let count = 6

private func object(_ number: Int) -> [UInt8] {
  (0..<(300 + number * 10)).map { UInt8(truncatingIfNeeded: $0 &* number) }
}

@Suite(.serialized) struct CacheProcessTests {
  @Test func aSecondProcessCompilesNothing() async throws {
    let directory = TemporaryDirectory()
    let path = directory.path + "/cache"
    let writer = CacheBench(path)
    guard writer.hasCompiler else { return }
    for number in 0..<5 { _ = try writer.run(number) }
    #expect(writer.counts.kernelsStored == 5)
    await #expect(processExitsWith: .success) { [path = path as String] in
      let (reader, reference) = (CacheBench(path), CacheBench())
      for number in 0..<5 {
        let bits = try reader.run(number)
        #expect(bits == (try reference.run(number)))
        #expect(bits == (try reference.run(number, mode: .interpreter)))
      }
      #expect(reader.counts.kernelsCompiled == 0 && reader.counts.kernelsLoaded == 5)
      #expect(reference.counts.kernelsCompiled == 5)
    }
  }

  /// Writers and readers of one directory, killed at any moment, leave nothing wrong behind.
  @Test func killedWritersLeaveNoHarm() async {
    let directory = TemporaryDirectory()
    let path = directory.path + "/cache"
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<2 {
        group.addTask {
          await #expect(processExitsWith: .success) { [path = path as String] in
            var random = SystemRandomNumberGenerator()
            var children: [pid_t] = []
            for round in 0..<40 {
              let child = forkProcess()
              if child == 0 {
                let cache = ObjectCache(
                  path: path, limit: 64 << 10, counters: CounterCells(), report: { _ in })
                for step in 0..<10_000 {
                  let number = (step * 7 + round) % count
                  if step % 3 == 0 { cache.store(object(number), for: key(number)) }
                  guard let found = cache.object(for: key(number)) else { continue }
                  if found != object(number) { _exit(1) }
                }
                _exit(0)
              }
              children.append(child)
              if children.count == 4 {
                usleep(UInt32.random(in: 1_000...40_000, using: &random))
                let victim = children.removeFirst()
                kill(victim, SIGKILL)
                let end = status(of: victim, seconds: 10)
                #expect(end == SIGKILL || end == 0)
              }
            }
            for child in children {
              kill(child, SIGKILL)
              let end = status(of: child, seconds: 10)
              #expect(end == SIGKILL || end == 0)
            }
          }
        }
      }
    }
    let counters = CounterCells()
    let cache = ObjectCache(path: path, counters: counters, report: { Issue.record("\($0)") })
    #expect(cache.damagedEntries().isEmpty)
    for number in 0..<count {
      let found = cache.object(for: key(number))
      #expect(found == nil || found == object(number))
    }
    #expect(counters.snapshot(BufferPool(budget: 1 << 20)).kernelsLoaded > 0)
  }

  /// `exit` runs LLVM's destructors, which must not meet the background thread in LLVM.
  @Test func processesEndWhileKernelsAreCompiled() async {
    guard CacheBench().hasCompiler else { return }
    await #expect(processExitsWith: .success) {
      for round in 0..<50 {
        let child = forkProcess()
        if child == 0 {
          var costs = TierCosts()
          costs.unit = round % 2 == 0 ? 1 : 0
          let bench = CacheBench(costs: costs)
          for number in 0..<6 { _ = try? bench.run(number + 6 * round, mode: .automatic) }
          usleep(UInt32(round) * 400)
          exit(0)
        }
        #expect(status(of: child, seconds: 30) == 0, "round \(round)")
      }
    }
  }

  @Test func forksDuringCompilationsAreWhole() async {
    guard CacheBench().hasCompiler else { return }
    await #expect(processExitsWith: .success) {
      var costs = TierCosts()
      costs.unit = 0
      let bench = CacheBench(costs: costs)
      let expected = try (0..<60).map { try bench.run($0, mode: .interpreter) }
      for number in 0..<60 { _ = try bench.run(number, mode: .automatic) }
      for round in 0..<20 {
        let child = forkProcess()
        if child == 0 {
          // What waits is compiled by a thread of the child's own.
          var isRight = (try? bench.run(60 + round, mode: .automatic)) != nil
          bench.compiler.finishCompiling()
          let launches = bench.counts.launches
          for number in [0, 30, 59] {
            isRight = isRight && (try? bench.run(number, mode: .automatic)) == expected[number]
          }
          _exit(isRight && bench.counts.launches == launches + 3 ? 0 : 1)
        }
        #expect(status(of: child, seconds: 60) == 0, "round \(round)")
      }
      bench.compiler.finishCompiling()
      for number in 0..<60 {
        #expect(try bench.run(number, mode: .automatic) == expected[number])
      }
      #expect(bench.counts.kernelsImproved == 60)
    }
  }
}
