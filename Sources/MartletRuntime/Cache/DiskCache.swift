// The disk cache as users see it: where it is, what it holds, whether it is sound.

/// The compiled kernels that the engine keeps between processes.
///
///     if let cache = Engine.cache {
///       print(cache)          // directory, kernels, bytes
///       if !cache.damagedEntries().isEmpty { cache.clear() }
///     }
public struct DiskCache: Sendable, CustomStringConvertible {
  /// One file on disk: a kernel, or an alias, by which one program finds a kernel without LLVM.
  public struct Entry: Sendable, Hashable {
    /// The name of its file.
    public let name: String
    /// The bytes of its file.
    public let byteCount: Int
    /// When it was last used, to the hour, in seconds since 1970.
    public let lastUse: Int
    /// Whether it is an alias.
    public let isAlias: Bool
  }

  private let cache: ObjectCache

  package init(_ cache: ObjectCache) { self.cache = cache }

  /// The directory; it is made when the first kernel is stored.
  public var location: String { cache.path }

  /// Why the directory is not used, or nil where nothing is wrong with it.
  public var problem: String? { cache.problem }

  /// The kernels and aliases on disk, least recently used first.
  public var entries: [Entry] {
    cache.entries().map {
      Entry(name: $0.name, byteCount: $0.byteCount, lastUse: $0.lastUse, isAlias: $0.isAlias)
    }
  }

  /// The number of kernels on disk.
  public var count: Int { entries.count { !$0.isAlias } }

  /// The bytes of the kernels and aliases on disk.
  public var byteCount: Int { entries.reduce(0) { $0 &+ $1.byteCount } }

  /// The directory, the number of kernels and their bytes, and what is wrong with it, if anything.
  public var description: String {
    if let problem { return "\(location): not used, for it \(problem)" }
    let entries = entries
    let bytes = entries.reduce(0) { $0 &+ $1.byteCount }
    return "\(location): \(entries.count { !$0.isAlias }) kernels, \(bytes) bytes"
  }

  /// The names of the entries whose checksum is wrong, after reading all of them.
  ///
  /// The engine never uses these: it compiles such a kernel again and replaces its entry.
  public func damagedEntries() -> [String] { cache.damagedEntries() }

  /// Removes all kernels and aliases from the disk; other processes may go on using the cache.
  public func clear() { cache.removeAll() }
}
