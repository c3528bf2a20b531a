// What the tests of the disk cache share: directories of their own, and files.

import Glibc

/// A directory that goes when the test does.
final class TemporaryDirectory {
  let path: String

  init() {
    let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(base)/martlet-test-XXXXXX".utf8CString)
    let made = template.withUnsafeMutableBufferPointer { buffer in
      buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) }
    }
    path = made ?? "/nowhere"
  }

  deinit { TemporaryDirectory.removeAll(path) }

  private static func removeAll(_ path: String) {
    if remove(path) == 0 || errno != ENOTEMPTY { return }
    for name in names(path) { removeAll("\(path)/\(name)") }
    rmdir(path)
  }

  /// The names in a directory, sorted.
  static func names(_ path: String) -> [String] {
    guard let stream = opendir(path) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }
}

/// The bytes of a file, or nil.
func contents(_ path: String) -> [UInt8]? {
  guard let file = fopen(path, "rb") else { return nil }
  defer { fclose(file) }
  var bytes = [UInt8](repeating: 0, count: 1 << 20)
  let count = fread(&bytes, 1, bytes.count, file)
  return Array(bytes.prefix(count))
}

/// Replaces the bytes of a file.
func overwrite(_ path: String, _ bytes: [UInt8]) {
  guard let file = fopen(path, "wb") else { return }
  defer { fclose(file) }
  fwrite(bytes, 1, bytes.count, file)
}
