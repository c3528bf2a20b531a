// The cache command: what the engine keeps on disk, whether it is sound, and how to be rid of it.

import Glibc
import Martlet

/// An action on the engine's disk cache.
enum CacheAction: String {
  case list
  case verify
  case clear

  /// Does it, says so, and returns the status to exit with.
  func run() -> Int32 {
    guard let cache = Engine.cache else {
      print("kernels are not kept on disk (MARTLET_CACHE=off, or no home directory)")
      return EXIT_SUCCESS
    }
    if let problem = cache.problem {
      print("\(cache.location) \(problem)")
      return EXIT_FAILURE
    }
    switch self {
    case .list:
      let now = Int(time(nil))
      for entry in cache.entries {
        let hours = max(0, now - entry.lastUse) / 3600
        let kind = entry.isAlias ? "alias " : "kernel"
        print("\(kind) \(entry.name.prefix(16))  \(entry.byteCount) bytes, used \(hours) hours ago")
      }
      print("\(cache.location): \(cache.count) kernels, \(cache.byteCount) bytes")
    case .verify:
      let damaged = cache.damagedEntries()
      for name in damaged { print("\(name) is damaged") }
      print("\(cache.location): \(damaged.count) of \(cache.entries.count) files are damaged")
      return damaged.isEmpty ? EXIT_SUCCESS : EXIT_FAILURE
    case .clear:
      let count = cache.count
      cache.clear()
      print("\(cache.location): \(count - cache.count) of \(count) kernels removed")
    }
    return EXIT_SUCCESS
  }
}
