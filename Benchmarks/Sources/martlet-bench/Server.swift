// The server: times workloads as lines of standard input ask, so that engines can take turns.

import Glibc
import Martlet

/// One end of the protocol that Benchmarks/Peers/README.md describes.
struct Server {
  private let effort: Effort
  private var workload: Workload?
  private var body: Workload.Body?

  init(isQuick: Bool) { effort = Effort(isQuick: isQuick, isFusedOnly: true) }

  /// Answers each request with one line, until `quit` or the end of the input.
  mutating func serve() {
    let compiler = Engine.backends.llvm.map { "with \($0.prefix { $0 != "(" })" } ?? "interpreted"
    send("ready martlet \(compiler)")
    while let line = readLine() {
      let words = line.split(separator: " ").map(String.init)
      if words == ["quit"] { return }
      do throws(Arguments.Mistake) {
        send(try answer(words))
      } catch {
        send("error \(error.message)")
      }
    }
  }

  private mutating func answer(_ words: [String]) throws(Arguments.Mistake) -> String {
    switch (words.first, words.count) {
    case ("prepare", 2): return try prepare(words[1])
    case ("run", 3):
      guard let seconds = Double(words[2]), seconds.isFinite, seconds >= 0 else {
        throw Arguments.Mistake(message: "\(words[2]) is no number of seconds")
      }
      let (workload, body) = try prepared(words[1])
      let times = samples(of: body, workload, seconds: seconds, atLeast: 1, after: 1)
      return "samples " + times.map { "\($0)" }.joined(separator: " ")
    case ("check", 2):
      let (workload, _) = try prepared(words[1])
      let outputs = workload.body(effort.sizes)()
      materialize(outputs)
      return "check \(meanOfFirst(1000, of: outputs[0]))"
    case ("triad", 1): return "triad \(Triad(effort).gigabytesPerSecond)"
    default:
      throw Arguments.Mistake(message: "\(words.joined(separator: " ")) is not understood")
    }
  }

  private mutating func prepare(_ name: String) throws(Arguments.Mistake) -> String {
    // The last workload's arrays go before the next one's come.
    (workload, body) = (nil, nil)
    guard let next = Workload.all.first(where: { $0.name == name }) else { return "lacks \(name)" }
    let run = next.body(effort.sizes)
    (workload, body) = (next, run)
    let first = milliseconds { materialize(run()) }
    // What is measured next is the steady state.
    Engine.finishCompiling()
    return "prepared \(first)"
  }

  private func prepared(_ name: String) throws(Arguments.Mistake) -> (Workload, Workload.Body) {
    guard let workload, let body, workload.name == name else {
      throw Arguments.Mistake(message: "\(name) is not prepared")
    }
    return (workload, body)
  }

  private func send(_ line: String) {
    print(line)
    fflush(nil)
  }
}
