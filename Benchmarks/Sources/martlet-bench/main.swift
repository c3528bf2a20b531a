// martlet-bench: measures the engine on numerical work, against itself and the machine.

import Glibc
import Martlet

func fail(_ message: String, status: Int32 = EXIT_FAILURE) -> Never {
  writeError("martlet-bench: \(message)\n")
  exit(status)
}

/// A file for figures, opened before the work, so that a bad path is not found out after it.
struct FigureFile {
  private let path: String
  private let file: UnsafeMutablePointer<FILE>

  init(_ path: String) {
    guard let file = fopen(path, "wb") else { fail("\(path): \(String(cString: strerror(errno)))") }
    (self.path, self.file) = (path, file)
  }

  func finish(_ text: String) {
    let written = fputs(text, file)
    if fclose(file) != 0 || written < 0 { fail("\(path): \(String(cString: strerror(errno)))") }
  }
}

func vary(_ arguments: Arguments) {
  let file = arguments.json.map(FigureFile.init)
  let workloads = arguments.workloads.filter(Sensitivity.isMeaningful)
  let progress = Progress()
  let sensitivities = workloads.enumerated().map { index, workload in
    progress.show(index, of: workloads.count, workload.name, "inputs")
    return Sensitivity(workload, isQuick: arguments.isQuick)
  }
  progress.finish()
  print(Sensitivity.table(sensitivities))
  file?.finish(Sensitivity.json(sensitivities))
}

func run(_ arguments: Arguments) -> Int32 {
  // A first call is to be that of a new kernel, unless the user names a cache.
  setenv("MARTLET_CACHE", "off", 0)
  let file = arguments.json.map(FigureFile.init)
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
  file?.finish(report.json)
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
  case .vary: vary(arguments)
  case .serve:
    var server = Server(isQuick: arguments.isQuick)
    server.serve()
  }
} catch {
  fail("\(error.message)\n\(Arguments.usage)", status: 2)
}
