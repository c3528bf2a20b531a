// Files and errors: whole files in and out, and what is said when that fails.

import Glibc

/// What went wrong, for the user.
struct ExampleError: Error {
  let message: String
  /// Whether the command line is to blame.
  var isUsage = false

  static func usage(_ message: String) -> ExampleError {
    ExampleError(message: "\(message)\n\(Arguments.usage)", isUsage: true)
  }

  /// The system's reason for a failure with `path`.
  static func system(_ path: String) -> ExampleError {
    ExampleError(message: "\(path): \(String(cString: strerror(errno)))")
  }
}

func reportError(_ message: String) {
  var line = message + "\n"
  line.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
}

func readFile(_ path: String) throws(ExampleError) -> [UInt8] {
  guard let file = fopen(path, "rb") else { throw .system(path) }
  defer { fclose(file) }
  var bytes: [UInt8] = []
  var block = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = fread(&block, 1, block.count, file)
    bytes += block[..<count]
    if count < block.count { break }
  }
  if ferror(file) != 0 { throw .system(path) }
  return bytes
}

func writeFile(_ text: String, to path: String) throws(ExampleError) {
  guard let file = fopen(path, "wb") else { throw .system(path) }
  let written = fputs(text, file)
  // Closing writes what is left, so that a full disk may show only here.
  if fclose(file) != 0 || written < 0 { throw .system(path) }
}
