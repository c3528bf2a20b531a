// The report: progress on standard error, a table on standard output, a file of JSON.

import Foundation
import Martlet

/// `number` with `decimals` places, rounded.
func fixed(_ number: Double, _ decimals: Int) -> String {
  String(format: "%.\(decimals)f", number)
}

/// Rows of cells as text, the first column to the left, the others to the right.
func aligned(_ rows: [[String]]) -> String {
  let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
  return rows.map { row in
    row.enumerated().map { column, cell in
      let padding = String(repeating: " ", count: widths[column] - cell.count)
      return column == 0 ? cell + padding : padding + cell
    }.joined(separator: "  ")
  }.joined(separator: "\n")
}

func writeError(_ text: String) {
  var text = text
  text.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
}

/// One line on standard error that says what is being measured.
struct Progress {
  private let isTerminal = isatty(STDERR_FILENO) != 0

  /// Rewrites the line on a terminal; elsewhere each workload has a line.
  func show(_ index: Int, of count: Int, _ name: String, _ stage: String) {
    let line = "[\(index + 1)/\(count)] \(name)"
    if isTerminal {
      writeError("\r\u{1B}[K\(line): \(stage)")
    } else if stage == "inputs" {
      writeError("\(line)\n")
    }
  }

  func finish() {
    if isTerminal { writeError("\r\u{1B}[K") }
  }
}

/// The measurements of a run as text and as JSON.
struct Report {
  let triad: Triad
  let measurements: [Measurement]

  var differing: [String] { measurements.filter { $0.isBitwiseEqual == false }.map(\.name) }

  static func header(_ triad: Triad) -> String {
    """
    \(Engine.backends)
    triad: \(fixed(triad.gigabytesPerSecond, 1)) GB/s \
    (a[i] = b[i] + s c[i], \(triad.elementCount) float32, \(triad.threads) threads)

    """
  }

  var table: String {
    let header = [
      "workload", "fused ms", "unfused ms", "ratio", "interpreter ms", "first ms", "kernels", "MB",
      "GB/s", "of triad", "steady", "check", "bits",
    ]
    let rows = measurements.map { m in
      [
        m.name, fixed(m.fused, 3), text(m.unfused, 3), text(m.speedUp, 2), text(m.interpreter, 1),
        fixed(m.first, 1), "\(m.kernels)", fixed(Double(m.bytes) * 1e-6, 1),
        fixed(m.gigabytesPerSecond, 1), fixed(fractionOfTriad(m), 2), m.steady?.text ?? "-",
        text(m.check, 6),
        m.isBitwiseEqual.map { $0 ? "equal" : "DIFFER" } ?? "-",
      ]
    }
    return aligned([header] + rows)
  }

  var json: String {
    let objects = measurements.map { m in
      JSON.object([
        ("name", .string(m.name)), ("fused_ms", .rounded(m.fused, 4)),
        ("unfused_ms", .rounded(m.unfused, 4)), ("interpreter_ms", .rounded(m.interpreter, 4)),
        ("first_ms", .rounded(m.first, 4)), ("speedup", .rounded(m.speedUp, 3)),
        ("kernels", .integer(m.kernels)), ("bytes", .integer(m.bytes)),
        ("gbps", .rounded(m.gigabytesPerSecond, 3)),
        ("triad_gbps", .rounded(triad.gigabytesPerSecond, 3)),
        ("triad_fraction", .rounded(fractionOfTriad(m), 4)),
        ("steady_compilations", m.steady.map { .integer($0.compilations) } ?? .null),
        ("steady_plans", m.steady.map { .integer($0.plans) } ?? .null),
        ("steady_mappings", m.steady.map { .integer($0.mappings) } ?? .null),
        ("steady_page_faults", m.steady.map { .integer($0.pageFaults) } ?? .null),
        ("check", m.check.map(JSON.number) ?? .null),
        ("bitwise_equal", m.isBitwiseEqual.map(JSON.bool) ?? .null),
      ])
    }
    return JSON.array(objects).text + "\n"
  }

  private func fractionOfTriad(_ measurement: Measurement) -> Double {
    measurement.gigabytesPerSecond / triad.gigabytesPerSecond
  }

  private func text(_ value: Double?, _ decimals: Int) -> String {
    value.map { fixed($0, decimals) } ?? "-"
  }
}
