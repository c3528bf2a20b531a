// What the user may choose: the mode, the libraries, the threads; read from the environment once.

import CPlatform
import Glibc

/// Which engine runs recorded ops.
///
/// The results are the same bits in every mode.
public enum ExecutionMode: String, Sendable, Hashable, CaseIterable {
  /// Small work by the interpreter, everything else compiled, where the first run of a kernel may
  /// be interpreted or in slower code; without LLVM all by the interpreter.
  case automatic
  /// All elementwise work and reductions compiled; without LLVM an error.
  case compiled
  /// One op at a time, without a compiler.
  case interpreter
}

/// The settings that a process starts with.
package struct Settings: Sendable, Hashable {
  package var mode = ExecutionMode.automatic
  /// Whether ops are fused into common kernels.
  package var fusion = true
  /// The selection of LLVM, as `martlet_llvm_load` takes it.
  package var llvm: String?
  /// The selection of BLAS, as `martlet_blas_load` takes it.
  package var blas: String?
  /// The number of threads, or nil for the usable cores.
  package var threads: Int?
  /// The directory of compiled kernels, or nil where they are not kept.
  package var cachePath: String?
  /// Whether every kernel is compiled at once and at its best, so that nothing depends on time.
  package var compilesSynchronously = false
  /// Whether plans and kernels' IR are printed to standard error.
  package var printsPlans = false
  package var printsIR = false

  package init() {}

  /// The settings of an environment; a value that is not understood leaves its default and is
  /// reported in one line.
  package init(_ variable: (String) -> String?, report: (String) -> Void) {
    func reject(_ name: String, _ value: String, _ expected: String) {
      report("martlet: \(name)=\(value) is not understood (\(expected)); it is ignored\n")
    }
    if let value = variable("MARTLET_MODE"), !value.isEmpty {
      if let mode = ExecutionMode(rawValue: value) {
        self.mode = mode
      } else {
        reject("MARTLET_MODE", value, "automatic, compiled or interpreter")
      }
    }
    if let value = variable("MARTLET_FUSION"), !value.isEmpty {
      switch value {
      case "on", "1": fusion = true
      case "off", "0": fusion = false
      default: reject("MARTLET_FUSION", value, "on or off")
      }
    }
    if let value = variable("MARTLET_THREADS"), !value.isEmpty {
      if let count = Int(value), count > 0, count <= Settings.maximumThreads {
        threads = count
      } else {
        reject("MARTLET_THREADS", value, "1 to \(Settings.maximumThreads)")
      }
    }
    if let value = variable("MARTLET_DEBUG"), !value.isEmpty {
      for word in value.split(separator: ",") {
        switch word {
        case "plan": printsPlans = true
        case "ir": printsIR = true
        default: reject("MARTLET_DEBUG", String(word), "plan, ir or both with a comma")
        }
      }
    }
    if let value = variable("MARTLET_SYNC_COMPILE"), !value.isEmpty {
      switch value {
      case "1", "on": compilesSynchronously = true
      case "0", "off": compilesSynchronously = false
      default: reject("MARTLET_SYNC_COMPILE", value, "1 or 0")
      }
    }
    cachePath = Settings.defaultCachePath(variable)
    if let value = variable("MARTLET_CACHE"), !value.isEmpty {
      if value == "off" {
        cachePath = nil
      } else if value.hasPrefix("/") {
        cachePath = value
      } else {
        reject("MARTLET_CACHE", value, "off or an absolute path")
      }
    }
    llvm = variable("MARTLET_LLVM")
    blas = variable("MARTLET_BLAS")
  }

  /// `$XDG_CACHE_HOME/martlet`, or `~/.cache/martlet`; relative paths do not count.
  private static func defaultCachePath(_ variable: (String) -> String?) -> String? {
    if let base = variable("XDG_CACHE_HOME"), base.hasPrefix("/") { return base + "/martlet" }
    if let home = variable("HOME"), home.hasPrefix("/") { return home + "/.cache/martlet" }
    return nil
  }

  package static let maximumThreads = 1024

  /// The settings of the process's environment.
  package static let environment = Settings(
    { name in getenv(name).map { String(cString: $0) } }, report: Settings.report)

  /// Ends the process as `fatalError` does, whose message starts with a place that the compiler
  /// knows: this one can start with the user's, which the stack says where an operator failed.
  package static func stop(_ lastWords: String) -> Never {
    report(lastWords + "\n")
    martlet_trap()
  }

  /// Writes text to standard error.
  package static func report(_ text: String) {
    var text = text
    text.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { bytes in
        if let start = bytes.baseAddress { martlet_write_error(start, bytes.count) }
      }
    }
  }
}
