// Many threads at once: traces of their own, and one graph that all of them want.
//
//   threads check     wrong results and ops that ran twice end in failure; for the thread sanitizer
//   threads speed     traces a second of 1, 2 and 16 threads

import Glibc
import Martlet

/// Threads of the system, for there may be fewer of Swift's than cores.
func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
  final class Start: Sendable {
    let number: Int
    let body: @Sendable (Int) -> Void
    init(_ number: Int, _ body: @escaping @Sendable (Int) -> Void) {
      self.number = number
      self.body = body
    }
  }
  let threads = (0..<count).map { number in
    var thread = pthread_t()
    let argument = Unmanaged.passRetained(Start(number, body)).toOpaque()
    let status = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
        start.body(start.number)
        return nil
      }, argument)
    guard status == 0 else { fail("no thread") }
    return thread
  }
  for thread in threads { pthread_join(thread, nil) }
}

func fail(_ message: String) -> Never {
  print("threads: \(message)")
  exit(1)
}

/// The sum of the results of `count` small traces, each looked at.
@Sendable func smallTraces(_ count: Int) -> Float {
  let a = Tensor((0..<16).map { Float($0) / 16 })
  let b = Tensor((0..<16).map { Float($0) / 8 })
  var sum: Float = 0
  for step in 0..<count {
    let t = ((a * b + a) * 0.5 - b) * Float(step % 7)
    sum += t[3].item(as: Float.self)
  }
  return sum
}

/// Pending tensors of one graph are looked at by all threads, each in another order.
func checkSharedGraph(threads: Int) {
  let chain = 50
  let leaves = 64
  let base = Tensor((0..<16).map(Float.init))
  let before = Engine.counters.interpretedNodes
  let graph = (0..<chain).reduce(base) { x, _ in x * 0.5 + 1 }
  let wanted = (0..<leaves).map { graph * Float($0) }
  let expected = (0..<chain).reduce(Float(2)) { x, _ in x * 0.5 + 1 }
  onThreads(threads) { number in
    for step in 0..<leaves {
      let leaf = (step * 7 + number) % leaves
      let values = wanted[leaf].scalars(as: Float.self)
      if values[2] != expected * Float(leaf) { fail("a shared tensor has a wrong value") }
    }
  }
  let ran = Engine.counters.interpretedNodes - before
  // Every op once, whoever came first.
  if ran != 2 * chain + leaves { fail("\(ran) ops ran instead of \(2 * chain + leaves)") }
}

func check() {
  // The sanitizer sees no code that LLVM makes.
  Engine.mode = .interpreter
  checkSharedGraph(threads: 16)
  let expected = smallTraces(200)
  onThreads(16) { _ in
    if smallTraces(200) != expected { fail("a small trace has a wrong value") }
  }
  print("threads: 16 threads gave the right values, and ran every shared op once")
}

func speed(_ count: Int) {
  let expected = smallTraces(count)
  func rate(_ threads: Int) -> Double {
    let start = ContinuousClock.now
    onThreads(threads) { _ in
      if smallTraces(count) != expected { fail("a small trace has a wrong value") }
    }
    return Double(threads * count) / ((ContinuousClock.now - start) / .seconds(1))
  }
  for _ in 0..<3 {
    let (one, two, many) = (rate(1), rate(2), rate(16))
    print(
      "threads: \(Int(one)) traces a second with one thread; with 2 threads "
        + "\(hundredths(two / one)) times as many, with 16 \(hundredths(many / one)) times")
  }
}

func hundredths(_ number: Double) -> Double { (number * 100).rounded() / 100 }

switch CommandLine.arguments.dropFirst().first {
case "check": check()
case "speed": speed(100_000)
default: fail("say check or speed")
}
