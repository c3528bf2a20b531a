// Compiled kernels on disk: found again by the next process, and never trusted further than their
// checksum.

import CPlatform
import Glibc
package import MartletLowering
import Synchronization

/// A directory of object files, one a key, shared by all of a user's processes.
///
/// Nothing here fails: whatever is wrong with the directory or a file, the kernel is compiled, and
/// one line on standard error says why. The directory is opened anew each time, because a program
/// may close descriptors that are not its own.
package final class ObjectCache: ObjectStore {
  /// The bytes that a cache may hold unless told otherwise.
  package static let defaultLimit = 256 << 20
  private static let entrySuffix = ".kernel"
  private static let aliasSuffix = ".alias"
  private static let partSuffix = ".part"
  /// Seconds after which the time of last use is written again.
  private static let useGranularity = 3600
  /// Seconds after which a part is taken for what a killed process left.
  private static let partLifetime = 3600

  /// A file of the cache.
  struct Entry {
    let name: String
    let byteCount: Int
    /// Seconds since 1970.
    let lastUse: Int

    var isAlias: Bool { name.hasSuffix(ObjectCache.aliasSuffix) }
    /// Whether it is an object or an alias.
    var isEntry: Bool { isAlias || name.hasSuffix(ObjectCache.entrySuffix) }
    var isPart: Bool { name.hasSuffix(ObjectCache.partSuffix) }
  }

  package let path: String
  private let limit: Int
  private let counters: CounterCells
  private let report: @Sendable (String) -> Void
  private let name: @Sendable ([UInt8]) -> String
  private let hasWarned = Atomic(false)
  /// Bytes stored since the directory was last looked through; at first as if it were full.
  private let unchecked: Atomic<Int>
  private let partCount = Atomic<UInt32>(0)

  /// The cache at an absolute path; `report` and `name` are hooks for tests.
  package init(
    path: String, limit: Int = defaultLimit, counters: CounterCells,
    report: @escaping @Sendable (String) -> Void = Settings.report,
    name: @escaping @Sendable ([UInt8]) -> String = { SHA256.digest($0).hexadecimal }
  ) {
    self.path = path
    self.limit = limit
    self.counters = counters
    self.report = report
    self.name = name
    unchecked = Atomic(limit)
  }

  // The store.

  package func object(for key: ObjectKey) -> [UInt8]? {
    let object = content(for: key.bytes, suffix: ObjectCache.entrySuffix)
    if object != nil { counters.add(.kernelsLoaded) }
    return object
  }

  package func store(_ object: [UInt8], for key: ObjectKey) {
    let isStored = store(object, for: key.bytes, suffix: ObjectCache.entrySuffix)
    if isStored { counters.add(.kernelsStored) }
  }

  /// The name of the object of a key.
  func name(of key: ObjectKey) -> String { name(key.bytes) }

  /// The object with a name.
  func object(named name: String) -> [UInt8]? {
    let file = file(name + ObjectCache.entrySuffix)
    guard let file, self.name(Array(file.key)) == name else { return nil }
    counters.add(.kernelsLoaded)
    return Array(file.object)
  }

  /// What an alias says, or nil where there is none of this key.
  func alias(for key: [UInt8]) -> [UInt8]? { content(for: key, suffix: ObjectCache.aliasSuffix) }

  /// Stores an alias, under the same rules as an object.
  func storeAlias(_ content: [UInt8], for key: [UInt8]) {
    _ = store(content, for: key, suffix: ObjectCache.aliasSuffix)
  }

  private func content(for key: [UInt8], suffix: String) -> [UInt8]? {
    // Another key under the same name is no damage, only a rarity.
    guard let file = file(name(key) + suffix), file.key.elementsEqual(key) else { return nil }
    return Array(file.object)
  }

  /// The parts of a file, if it is there and whole.
  private func file(_ name: String) -> (key: ArraySlice<UInt8>, object: ArraySlice<UInt8>)? {
    withDirectory(creating: false) { directory in
      guard let bytes = read(name, in: directory, marksUse: true) else { return nil }
      let file = ObjectFile.decode(bytes)
      if file == nil { warn("\(path)/\(name) is damaged; what it held is made again") }
      return file
    } ?? nil
  }

  private func store(_ content: [UInt8], for key: [UInt8], suffix: String) -> Bool {
    let bytes = ObjectFile.encode(content, key: key)
    guard bytes.count <= min(limit / 16, ObjectFile.greatestByteCount) else { return false }
    let number = partCount.add(1, ordering: .relaxed).newValue
    let random = UInt64.random(in: .min ... .max)
    let part = "\(getpid())-\(number)-\(String(random, radix: 16))\(ObjectCache.partSuffix)"
    return withDirectory(creating: true) { directory in
      let name = name(key) + suffix
      guard martlet_cache_file_write(directory, part, name, bytes, bytes.count) != 0 else {
        warn(
          "\(path) cannot be written (\(String(cString: strerror(errno)))); kernels are not kept")
        return false
      }
      if unchecked.add(bytes.count, ordering: .relaxed).newValue >= limit / 16 { evict(directory) }
      return true
    } ?? false
  }

  // Care of the directory.

  /// Why the directory is not used, or nil where it is or nothing was stored yet.
  package var problem: String? {
    var problem: UnsafePointer<CChar>?
    let directory = martlet_cache_open(path, 0, &problem)
    if directory >= 0 { martlet_cache_close(directory) }
    return problem.map { String(cString: $0) }
  }

  /// The objects and aliases, least recently used first.
  func entries() -> [Entry] {
    withDirectory(creating: false) { directory in files(directory).filter(\.isEntry) } ?? []
  }

  /// The names of the entries that are damaged or that nobody should trust.
  func damagedEntries() -> [String] {
    withDirectory(creating: false) { directory in
      files(directory).filter(\.isEntry).filter { entry in
        guard let bytes = read(entry.name, in: directory, marksUse: false),
          let file = ObjectFile.decode(bytes)
        else { return true }
        let suffix = entry.isAlias ? ObjectCache.aliasSuffix : ObjectCache.entrySuffix
        return name(Array(file.key)) + suffix != entry.name
      }.map(\.name)
    } ?? []
  }

  /// Removes all entries and abandoned parts; what other processes write and what is not the
  /// cache's stays.
  func removeAll() {
    _ = withDirectory(creating: false) { directory in
      for file in files(directory) where file.isEntry || isAbandoned(file) {
        martlet_cache_file_remove(directory, file.name)
      }
    }
  }

  /// Whether a file is a part that a killed process left.
  private func isAbandoned(_ file: Entry) -> Bool {
    file.isPart && Int(time(nil)) - file.lastUse > ObjectCache.partLifetime
  }

  /// Removes the entries unused for longest where the cache is nearly full, and what killed
  /// processes left of theirs.
  private func evict(_ directory: Int32) {
    unchecked.store(0, ordering: .relaxed)
    var files = files(directory)
    files.removeAll { isAbandoned($0) && martlet_cache_file_remove(directory, $0.name) != 0 }
    var total = files.reduce(0) { $0 &+ $1.byteCount }
    guard total > limit - limit / 16 else { return }
    for file in files where total > limit / 8 * 7 {
      if file.isEntry {
        martlet_cache_file_remove(directory, file.name)
        total -= file.byteCount
      }
    }
  }

  /// The cache's files, least recently used first.
  private func files(_ directory: Int32) -> [Entry] {
    var files: [Entry] = []
    withUnsafeMutablePointer(to: &files) { files in
      _ = martlet_cache_list(directory, files) { context, name, file in
        let entry = Entry(
          name: String(cString: name), byteCount: Int(file.pointee.byte_count),
          lastUse: Int(file.pointee.modified))
        guard entry.isEntry || entry.isPart else { return }
        context?.assumingMemoryBound(to: [Entry].self).pointee.append(entry)
      }
    }
    return files.sorted { ($0.lastUse, $0.name) < ($1.lastUse, $1.name) }
  }

  /// A private copy of a file's bytes.
  private func read(_ name: String, in directory: Int32, marksUse: Bool) -> [UInt8]? {
    var status = martlet_cache_file()
    var problem: UnsafePointer<CChar>?
    let file = martlet_cache_file_open(directory, name, &status, &problem)
    guard file >= 0 else {
      if let problem { warn("\(path)/\(name) is not used: it \(String(cString: problem))") }
      return nil
    }
    defer { martlet_cache_close(file) }
    guard (0...ObjectFile.greatestByteCount).contains(Int(status.byte_count)) else { return [] }
    let bytes = [UInt8](unsafeUninitializedCapacity: Int(status.byte_count)) { buffer, count in
      guard let start = buffer.baseAddress else { return }
      count = Int(martlet_cache_file_read(file, start, buffer.count))
    }
    if marksUse, Int(time(nil)) - Int(status.modified) > ObjectCache.useGranularity {
      martlet_cache_file_touch(file)
    }
    return bytes
  }

  private func withDirectory<Result>(
    creating: Bool, _ body: (Int32) -> Result
  ) -> Result? {
    var problem: UnsafePointer<CChar>?
    let directory = martlet_cache_open(path, creating ? 1 : 0, &problem)
    guard directory >= 0 else {
      if let problem {
        warn("kernels are not kept on disk: \(path) \(String(cString: problem))")
      }
      return nil
    }
    defer { martlet_cache_close(directory) }
    return body(directory)
  }

  private func warn(_ text: String) {
    if !hasWarned.exchange(true, ordering: .relaxed) { report("martlet: \(text)\n") }
  }
}

extension [UInt8] {
  /// Two digits a byte.
  package var hexadecimal: String {
    let digits = Array("0123456789abcdef".utf8)
    return String(
      decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
