// martlet-bench: measures the engine on numerical work, against itself and the machine.

import Glibc
import Martlet

func fail(_ message: String, status: Int32 = EXIT_FAILURE) -> Never {
  writeError("martlet-bench: \(message)\n")
  exit(status)
}

func run(_ arguments: Arguments) -> Int32 {
  // A first call is to be that of a new kernel, unless the user names a cache.
  setenv("MARTLET_CACHE", "off", 0)
  // Opened before the work, so that a bad path is not found out after it.
  let file = arguments.json.map { path in
    guard let file = fopen(path, "wb") else { fail("\(path): \(String(cString: strerror(errno)))") }
    return (path: path, file: file)
  }
  let effort = Effort(isQuick: arguments.isQuick, isFusedOnly: arguments.isFusedOnly)
  let triad = Triad(effort)
  print(Report.header(triad))
  fflush(nil)
  let progress = Progress()
  let measurements = arguments.workloads.enumerated().map { index, workload in
    Measurement(workload, effort) { stage in
      progress.show(index, of: arguments.workloads.count, workload.name, stage)
    }
  }
  progress.finish()
  let report = Report(triad: triad, measurements: measurements)
  print(report.table)
  if let (path, file) = file {
    let written = fputs(report.json, file)
    if fclose(file) != 0 || written < 0 { fail("\(path): \(String(cString: strerror(errno)))") }
  }
  if report.differing.isEmpty { return EXIT_SUCCESS }
  fail("fused and interpreted bits differ: \(report.differing.joined(separator: ", "))")
}

do throws(Arguments.Mistake) {
  let arguments = try Arguments(CommandLine.arguments.dropFirst())
  switch arguments.command {
  case .help: print(Arguments.usage)
  case .list:
    for workload in Workload.all {
      let padding = String(repeating: " ", count: 14 - workload.name.count)
      print(workload.name + padding + workload.summary)
    }
  case .cache(let action): exit(action.run())
  case .run: exit(run(arguments))
  case .serve:
    var server = Server(isQuick: arguments.isQuick)
    server.serve()
  }
} catch {
  fail("\(error.message)\n\(Arguments.usage)", status: 2)
}
