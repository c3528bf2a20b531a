// The disk cache: what damage, other users and a full disk do to it is nothing.

import Glibc
import MartletLowering
import Synchronization
import Testing

@testable import MartletRuntime

/// Lines that would go to standard error.
private final class Lines: Sendable {
  private let lines = Mutex<[String]>([])
  func add(_ line: String) { lines.withLock { $0.append(line) } }
  var all: [String] { lines.withLock { $0 } }
}

private func key(_ number: Int) -> ObjectKey {
  ObjectKey(
    library: "library", target: Target(triple: "t", cpu: "c", vectorByteCount: 64),
    level: .default, kernel: [UInt8(number & 255), UInt8(number >> 8 & 255)], code: [7])
}

private func object(_ number: Int, count: Int = 60) -> [UInt8] {
  (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ number) }
}

@Suite struct ObjectCacheTests {
  private let directory = TemporaryDirectory()
  private let counters = CounterCells()
  private let lines = Lines()
  private var path: String { directory.path + "/cache" }

  private func cache(_ path: String? = nil, limit: Int = 1 << 20) -> ObjectCache {
    ObjectCache(
      path: path ?? self.path, limit: limit, counters: counters,
      report: { [lines] in lines.add($0) })
  }

  // The format.

  @Test func aFileHoldsItsKeyAndObject() throws {
    for (key, object) in [([], []), ([1], []), ([], [2]), ([1, 2, 3], object(1))]
      as [([UInt8], [UInt8])]
    {
      let file = try #require(ObjectFile.decode(ObjectFile.encode(object, key: key)))
      #expect(Array(file.key) == key && Array(file.object) == object)
    }
  }

  @Test func noDamageGetsThrough() {
    let bytes = ObjectFile.encode(object(1), key: [1, 2, 3])
    for index in bytes.indices {
      for bit in 0..<8 {
        var damaged = bytes
        damaged[index] ^= 1 << bit
        #expect(ObjectFile.decode(damaged) == nil, "bit \(bit) of byte \(index)")
      }
    }
    for count in 0..<bytes.count {
      #expect(ObjectFile.decode(Array(bytes.prefix(count))) == nil, "\(count) bytes")
      let zeros = [UInt8](repeating: 0, count: bytes.count - count)
      #expect(ObjectFile.decode(bytes.prefix(count) + zeros) == nil, "zeros from \(count)")
    }
    for count in 1...70 {
      let more = bytes + [UInt8](repeating: UInt8(count), count: count)
      #expect(ObjectFile.decode(more) == nil)
    }
    #expect(ObjectFile.decode(bytes + bytes) == nil)
  }

  // The store.

  @Test func whatIsStoredIsFound() {
    let first = cache()
    #expect(first.object(for: key(1)) == nil)
    for number in 0..<5 { first.store(object(number), for: key(number)) }
    first.store(object(9), for: key(3))
    let second = cache()
    for number in [0, 1, 2, 4] { #expect(second.object(for: key(number)) == object(number)) }
    #expect(second.object(for: key(3)) == object(9))
    #expect(second.object(for: key(5)) == nil)
    let counts = counters.snapshot(BufferPool(budget: 1 << 20))
    #expect(counts.kernelsStored == 6 && counts.kernelsLoaded == 5)
    #expect(second.entries().count == 5 && second.damagedEntries().isEmpty)
    #expect(TemporaryDirectory.names(path).allSatisfy { $0.hasSuffix(".kernel") })
    #expect(lines.all.isEmpty)
  }

  @Test func damagedFilesAreReportedOnceAndReplaced() throws {
    let cache = cache()
    cache.store(object(1), for: key(1))
    cache.store(object(2), for: key(2))
    let names = TemporaryDirectory.names(path).map { "\(path)/\($0)" }
    let (a, b) = (try #require(contents(names[0])), try #require(contents(names[1])))
    // Swapped, both are whole and neither is what it is said to be.
    overwrite(names[0], b)
    overwrite(names[1], a)
    #expect(cache.object(for: key(1)) == nil && cache.object(for: key(2)) == nil)
    #expect(cache.damagedEntries().count == 2)
    for damaged in [[], Array(a.dropLast()), a + [0], [UInt8](repeating: 0, count: a.count)] {
      overwrite(names[0], damaged)
      overwrite(names[1], damaged)
      #expect(cache.object(for: key(1)) == nil && cache.object(for: key(2)) == nil)
    }
    #expect(lines.all.count == 1 && lines.all[0].contains("damaged"))
    cache.store(object(1), for: key(1))
    #expect(cache.object(for: key(1)) == object(1))
  }

  /// The name of a file is a hash, and a hash may be the same for two keys.
  @Test func keysOfOneNameAreToldApart() {
    let cache = ObjectCache(
      path: path, counters: counters, report: { [lines] in lines.add($0) }, name: { _ in "0" })
    for number in 0..<4 {
      cache.store(object(number), for: key(number))
      for other in 0..<4 {
        #expect(cache.object(for: key(other)) == (other == number ? object(number) : nil))
      }
    }
    #expect(cache.entries().count == 1 && lines.all.isEmpty)
  }

  // The bound.

  @Test func theUnusedMakeRoom() {
    let limit = 16 << 10
    let cache = cache(limit: limit)
    var greatest = 0
    for number in 0..<100 {
      cache.store(object(number, count: 500), for: key(number))
      greatest = max(greatest, cache.entries().reduce(0) { $0 + $1.byteCount })
      // Times of use are in whole seconds: say that what was there is older.
      for (age, name) in TemporaryDirectory.names(path).enumerated() where number % 10 == 0 {
        let isKept = cache.object(for: key(0)) != nil && age == 0
        var times = [timeval(), timeval()]
        times[1].tv_sec = time(nil) - 7200 - (isKept ? 0 : age)
        utimes("\(path)/\(name)", times)
      }
      _ = cache.object(for: key(0))
    }
    #expect(greatest <= limit && greatest > limit / 2)
    #expect(cache.object(for: key(0)) == object(0, count: 500), "used all the time")
    #expect(cache.object(for: key(99)) == object(99, count: 500), "the newest")
    #expect(cache.object(for: key(20)) == nil)
  }

  @Test func whatIsLargerThanTheCacheIsNotStored() {
    let cache = cache(limit: 1600)
    cache.store(object(1, count: 500), for: key(1))
    #expect(cache.entries().isEmpty && lines.all.isEmpty)
  }

  @Test func foreignFilesStay() throws {
    let cache = cache(limit: 16 << 10)
    cache.store(object(1), for: key(1))
    overwrite("\(path)/notes.txt", [1, 2, 3])
    overwrite("\(path)/1-1-abc.part", [1])
    overwrite("\(path)/2-1-abc.part", [1])
    utimes("\(path)/2-1-abc.part", [timeval(), timeval()])
    for number in 0..<100 { cache.store(object(number, count: 600), for: key(number)) }
    let names = TemporaryDirectory.names(path)
    #expect(names.contains("notes.txt") && names.contains("1-1-abc.part"))
    #expect(!names.contains("2-1-abc.part"), "left by a process that was killed")
    // A part that is not old may be one that another process is about to name.
    overwrite("\(path)/3-1-abc.part", [1])
    utimes("\(path)/3-1-abc.part", [timeval(), timeval()])
    DiskCache(cache).clear()
    #expect(TemporaryDirectory.names(path) == ["1-1-abc.part", "notes.txt"])
  }

  // Directories that cannot be trusted.

  /// Expects that nothing is read or written, and one line says so.
  private func expectRefused(_ path: String, _ word: String, _ comment: Comment? = nil) {
    let before = lines.all.count
    let cache = cache(path)
    cache.store(object(1), for: key(1))
    #expect(cache.object(for: key(1)) == nil, comment)
    cache.store(object(2), for: key(2))
    #expect(lines.all.count == before + 1, comment)
    #expect(lines.all.last?.contains(word) == true, "\(lines.all)")
  }

  @Test func aSafeDirectoryIsMade() {
    let cache = cache(directory.path + "/a/cache")
    cache.store(object(1), for: key(1))
    #expect(cache.object(for: key(1)) == object(1))
    for name in ["a", "a/cache"] {
      var status = stat()
      #expect(stat("\(directory.path)/\(name)", &status) == 0)
      #expect(status.st_mode & 0o777 == 0o700)
    }
  }

  /// A cache does not make a home directory.
  @Test func onlyTheDirectoryAroundItIsMade() {
    expectRefused(directory.path + "/absent/.cache/martlet", "cannot be made")
    #expect(TemporaryDirectory.names(directory.path).isEmpty)
    for path in ["/b//cache", "/c/cache/"] {
      let cache = cache(directory.path + path)
      cache.store(object(1), for: key(1))
      #expect(cache.object(for: key(1)) == object(1))
    }
  }

  @Test func linksAreRefused() {
    mkdir("\(directory.path)/real", 0o700)
    symlink("\(directory.path)/real", path)
    expectRefused(path, "a link")
    #expect(TemporaryDirectory.names("\(directory.path)/real").isEmpty)
  }

  @Test(arguments: [0o777, 0o720, 0o702] as [mode_t])
  func directoriesThatOthersWriteAreRefused(mode: mode_t) {
    mkdir(path, 0o700)
    chmod(path, mode)
    expectRefused(path, "can be written by other users")
    #expect(TemporaryDirectory.names(path).isEmpty)
    chmod(path, 0o700)
    // The same for the directory around it, unless it is sticky, as that of temporary files is.
    let inner = "\(path)/inner"
    mkdir(inner, 0o700)
    chmod(path, mode)
    expectRefused(inner, "other users can write")
    chmod(path, mode | mode_t(S_ISVTX))
    let trusting = cache(inner)
    trusting.store(object(1), for: key(1))
    #expect(trusting.object(for: key(1)) == object(1))
  }

  @Test func otherOwnersAreRefused() {
    guard geteuid() == 0 else {
      print("other owners: skipped, only root can make them")
      return
    }
    mkdir(path, 0o700)
    chown(path, 12345, 12345)
    expectRefused(path, "another user")
    let inner = "\(path)/inner"
    mkdir(inner, 0o700)
    expectRefused(inner, "another user")
  }

  @Test func whereNothingCanBeMadeNothingIsStored() {
    overwrite("\(directory.path)/file", [1])
    expectRefused("\(directory.path)/file", "not a directory")
    expectRefused("\(directory.path)/file/cache", "not a directory")
    expectRefused("/proc/martlet/cache", "cannot be made")
    guard geteuid() != 0 else { return }
    mkdir("\(directory.path)/locked", 0o500)
    expectRefused("\(directory.path)/locked/cache", "cannot be made")
    mkdir(path, 0o500)
    expectRefused(path, "cannot be written")
  }

  @Test func entriesThatCannotBeTrustedAreRefused() throws {
    let name = SHA256.digest(key(1).bytes).hexadecimal + ".kernel"
    let bytes = ObjectFile.encode(object(1), key: key(1).bytes)
    let entry = "\(path)/\(name)"
    let other = "\(directory.path)/other"
    overwrite(other, bytes)
    let attacks: [(String, () -> Void)] = [
      ("symbolic link", { symlink(other, entry) }), ("hard link", { link(other, entry) }),
      ("pipe", { mkfifo(entry, 0o600) }), ("directory", { mkdir(entry, 0o700) }),
      (
        "writable by others",
        {
          overwrite(entry, bytes)
          chmod(entry, 0o666)
        }
      ),
    ]
    for (name, attack) in attacks {
      mkdir(path, 0o700)
      attack()
      let cache = cache()
      let before = lines.all.count
      #expect(cache.object(for: key(1)) == nil, "\(name)")
      #expect(lines.all.count == before + 1, "\(name)")
      // A new entry takes the place, but for a directory.
      cache.store(object(2), for: key(1))
      #expect(cache.object(for: key(1)) == (name == "directory" ? nil : object(2)), "\(name)")
      #expect(contents(other) == bytes, "\(name)")
      remove(entry)
    }
  }
}
