// Times per byte on inconvenient inputs, against those on convenient ones, in turns.

import Martlet

/// How much slower a workload gets, per byte of its inputs and results.
struct Sensitivity {
  let name: String
  /// Nanoseconds per byte on the standard inputs.
  let standard: Double
  /// By variation: the time per byte over that of the standard inputs.
  let ratios: [Double]

  /// The workloads of which a time per byte says something: an op of smallops and a step of linreg
  /// take a time of their own.
  static func isMeaningful(_ workload: Workload) -> Bool {
    workload.name != "smallops" && workload.name != "linreg"
  }

  /// Measures `workload` in rounds, each variation once a round, and takes the medians of the
  /// rounds' ratios.
  init(_ workload: Workload, isQuick: Bool) {
    name = workload.name
    let bodies = ([.standard] + Variation.others).map { variation in
      let (body, inputBytes) = workload.body(variation, isQuick: isQuick)
      let outputs = body()
      materialize(outputs)
      let outputBytes = outputs.reduce(0) { $0 + $1.count * ($1.dtype == .float64 ? 8 : 4) }
      return (body: body, bytes: inputBytes + outputBytes)
    }
    Engine.finishCompiling()
    let rounds = (0..<(isQuick ? 3 : 11)).map { _ in
      bodies.map { body, bytes in
        let times = samples(
          of: body, workload, seconds: isQuick ? 0 : 0.06, atLeast: 3, after: 1)
        return middle(times) * 1e6 / Double(bytes)
      }
    }
    standard = middle(rounds.map { $0[0] })
    ratios = bodies.indices.dropFirst().map { number in
      middle(rounds.map { $0[number] / $0[0] })
    }
  }

  /// A table of `sensitivities`.
  static func table(_ sensitivities: [Sensitivity]) -> String {
    let header = ["workload", "ns/byte"] + Variation.others.map(\.name)
    let rows = sensitivities.map { workload in
      [workload.name, fixed(workload.standard, 4)] + workload.ratios.map { fixed($0, 2) }
    }
    return aligned([header] + rows)
  }

  /// `sensitivities` as JSON.
  static func json(_ sensitivities: [Sensitivity]) -> String {
    let objects = sensitivities.map { workload in
      JSON.object(
        [("name", .string(workload.name)), ("ns_per_byte", .rounded(workload.standard, 5))]
          + zip(Variation.others, workload.ratios).map { ($0.name, .rounded($1, 3)) })
    }
    return JSON.array(objects).text + "\n"
  }
}
