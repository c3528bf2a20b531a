// How much memory this process may use: cgroup, address space and what the machine has free.

import Glibc

/// The limits that the system sets, read from /proc and the cgroup file systems.
enum MemoryLimits {
  /// The bytes that tensors may hold unless the user says otherwise: the least of the cgroup's
  /// limit, what is left of the address space, and four fifths of the memory that is available.
  static func defaultBudget() -> Int {
    var budget = Int.max
    if let available = field("MemAvailable:", of: "/proc/meminfo") {
      budget = available / 5 &* 4
    }
    var limit = rlimit()
    if getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0,
      limit.rlim_cur < UInt(Int.max)
    {
      let used = field("VmSize:", of: "/proc/self/status") ?? 0
      budget = min(budget, max(0, Int(limit.rlim_cur) &- used))
    }
    if let group = cgroupLimit() { budget = min(budget, group) }
    return budget
  }

  /// The physical memory of the machine in bytes.
  static var physicalMemory: Int {
    field("MemTotal:", of: "/proc/meminfo") ?? 1 << 32
  }

  /// The least memory limit of the process's cgroup and its ancestors, or nil.
  private static func cgroupLimit() -> Int? {
    guard let groups = text(of: "/proc/self/cgroup") else { return nil }
    var least: Int?
    for line in groups.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      let (root, file): (String, String)
      if parts[1].isEmpty {
        (root, file) = ("/sys/fs/cgroup", "memory.max")
      } else if parts[1].split(separator: ",").contains("memory") {
        (root, file) = ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
      } else {
        continue
      }
      var path = parts[2]
      while true {
        let directory = path == "/" ? "" : path
        if let text = text(of: "\(root)\(directory)/\(file)"),
          let limit = Int(text.prefix { $0.isNumber })
        {
          least = min(least ?? limit, limit)
        }
        guard let slash = path.lastIndex(of: "/"), path != "/", !path.isEmpty else { break }
        path = slash == path.startIndex ? "/" : path[..<slash]
      }
    }
    return least
  }

  /// The number of KiB behind `name` in a file of `name: number kB` lines, in bytes.
  private static func field(_ name: String, of path: String) -> Int? {
    guard let text = text(of: path) else { return nil }
    for line in text.split(separator: "\n") where line.hasPrefix(name) {
      let digits = line.drop { !$0.isNumber }.prefix { $0.isNumber }
      return Int(digits).map { $0 &* 1024 }
    }
    return nil
  }

  /// The start of a small text file.
  private static func text(of path: String) -> String? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    let bytes = [UInt8](unsafeUninitializedCapacity: 16 << 10) { buffer, count in
      count = max(0, read(file, buffer.baseAddress, buffer.count))
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
