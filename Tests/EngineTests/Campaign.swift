// What the engine's campaigns share: comparing all engines on a trace and reporting what differs.

import CampaignSupport
import MartletIR
import Testing

/// The compared outputs and the differences of one test.
struct Campaign {
  private(set) var traces = 0
  private(set) var outputs = 0
  private(set) var differences: [String] = []
  private let engines: [Runner]

  init(_ engines: [Runner] = Runner.compiled) { self.engines = engines }

  /// Whether there is an engine to compare with the interpreter.
  var isActive: Bool { !engines.isEmpty }

  /// Runs `trace` on the interpreter and on every other engine; they must agree in each bit.
  ///
  /// `onlyFused` leaves out the engine that compiles one kernel an op, which takes longest.
  mutating func check(
    _ trace: Trace, onlyFused: Bool = false, _ label: @autoclosure () -> String
  ) {
    traces += 1
    outputs += trace.nodes.count { $0.isOutput }
    let expected = Runner.interpreter.run(trace)
    for engine in engines where engine == .fused || !onlyFused {
      if let difference = Runner.difference(trace, expected, engine.run(trace)) {
        differences.append("\(engine), \(label()): \(difference)")
      }
    }
  }

  /// Fails the test where something differed.
  func report(_ name: String, sourceLocation: SourceLocation = #_sourceLocation) {
    for difference in differences.prefix(8) {
      Issue.record("\(difference)", sourceLocation: sourceLocation)
    }
    if !differences.isEmpty {
      Issue.record("\(name): \(differences.count) differences", sourceLocation: sourceLocation)
    }
    print("\(name): \(outputs) arrays in \(traces) traces, \(differences.count) differences")
  }
}

extension TraceBuilder {
  /// An operand of `shape` in an arrangement.
  mutating func leaf(
    _ arrangement: Arrangement, _ dtype: DType, _ shape: Shape, _ random: inout Generator,
    _ sampling: Sampling = .mixed
  ) throws -> Operand {
    leaf(try arrangement.value(dtype, shape, sampling, &random))
  }

  /// An immediate operand.
  func immediate(_ dtype: DType, _ random: inout Generator) -> Operand {
    .scalar(Scalar(dtype: dtype, bits: dtype.sample(.mixed, &random)))
  }
}
