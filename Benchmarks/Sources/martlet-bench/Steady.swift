// What a workload still asks of the system once it is warm.

import Glibc
import Martlet

/// What ten runs of a workload that has run before compile, plan, and take from the system.
struct Steady {
  let compilations: Int
  let plans: Int
  let mappings: Int
  /// Pages that the process touched for the first time: of buffers, if there are many.
  let pageFaults: Int

  init(of body: Workload.Body, _ workload: Workload) {
    func run() { _ = samples(of: body, workload, seconds: 0, atLeast: 10, after: 1) }
    run()
    let before = (counters: Engine.counters, faults: Steady.minorFaults)
    run()
    pageFaults = Steady.minorFaults - before.faults
    let change = Engine.counters - before.counters
    compilations = change.kernelsCompiled
    plans = change.plansMade
    mappings = change.mappings
  }

  private static var minorFaults: Int {
    var usage = rusage()
    precondition(getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0)
    return usage.ru_minflt
  }

  var text: String { "\(compilations) \(plans) \(mappings) \(pageFaults)" }
}
