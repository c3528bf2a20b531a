// The environment variables: what is understood, and what is reported.

import Testing

@testable import MartletRuntime

@Suite struct SettingsTests {
  private func settings(_ variables: [String: String]) -> (Settings, [String]) {
    var lines: [String] = []
    let settings = Settings({ variables[$0] }, report: { lines.append($0) })
    return (settings, lines)
  }

  @Test func defaults() {
    let (settings, lines) = settings([:])
    #expect(settings == Settings())
    #expect(lines.isEmpty)
  }

  @Test func everyVariableIsRead() {
    let (settings, lines) = settings([
      "MARTLET_MODE": "compiled", "MARTLET_FUSION": "off", "MARTLET_THREADS": "3",
      "MARTLET_LLVM": "15", "MARTLET_BLAS": "off", "MARTLET_DEBUG": "plan,ir",
      "MARTLET_SYNC_COMPILE": "1", "MARTLET_CACHE": "/var/kernels",
    ])
    #expect(lines.isEmpty)
    #expect(settings.mode == .compiled && !settings.fusion && settings.threads == 3)
    #expect(settings.llvm == "15" && settings.blas == "off")
    #expect(settings.printsPlans && settings.printsIR && settings.compilesSynchronously)
    #expect(settings.cachePath == "/var/kernels")
  }

  @Test(arguments: [
    ("MARTLET_MODE", "fast"), ("MARTLET_FUSION", "maybe"), ("MARTLET_THREADS", "0"),
    ("MARTLET_THREADS", "two"), ("MARTLET_DEBUG", "everything"),
    ("MARTLET_SYNC_COMPILE", "yes"), ("MARTLET_CACHE", "kernels"),
  ])
  func otherValuesAreReportedInOneLine(name: String, value: String) {
    let (settings, lines) = settings([name: value])
    #expect(settings == Settings())
    #expect(lines.count == 1)
    #expect(lines[0].contains("\(name)=\(value)") && lines[0].hasSuffix("\n"))
  }

  /// The base directory specification: a relative path in XDG_CACHE_HOME does not count.
  @Test(
    arguments: [
      (["HOME": "/h"], "/h/.cache/martlet"),
      (["HOME": "/h", "XDG_CACHE_HOME": "/c"], "/c/martlet"),
      (["HOME": "/h", "XDG_CACHE_HOME": "c"], "/h/.cache/martlet"),
      (["HOME": "/h", "XDG_CACHE_HOME": ""], "/h/.cache/martlet"), (["HOME": "h"], nil), ([:], nil),
      (["HOME": "/h", "MARTLET_CACHE": "off"], nil),
      (["HOME": "/h", "MARTLET_CACHE": "/k"], "/k"), (["MARTLET_CACHE": "/k"], "/k"),
    ] as [([String: String], String?)])
  func theCacheHasAPlace(variables: [String: String], path: String?) {
    let (settings, lines) = settings(variables)
    #expect(settings.cachePath == path && lines.isEmpty)
  }

  @Test func countersSubtract() throws {
    let pool = BufferPool(budget: 1 << 30)
    let cells = CounterCells()
    let before = cells.snapshot(pool)
    cells.add(.launches, 3)
    cells.add(.compileNanoseconds, 2_000_000_000)
    let buffer = try pool.allocate(byteCount: 100)
    let change = cells.snapshot(pool).since(before)
    #expect(change.launches == 3 && change.traces == 0 && change.liveBuffers == 1)
    #expect(change.compileSeconds == 2)
    withExtendedLifetime(buffer) {}
  }

  @Test func backendsDescribeTheMachine() {
    let backends = Runtime.backends
    #expect(backends.threads >= 1 && backends.vectorByteCount >= 16)
    #expect(backends.description.split(separator: "\n").count == 3)
  }
}
