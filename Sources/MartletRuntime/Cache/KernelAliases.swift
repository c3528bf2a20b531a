// The short way to a kernel on disk: from its spec alone, for the program that was here before.

import CPlatform
import Glibc
package import MartletFusion
package import MartletLowering

/// Finds objects of the cache without their IR and without LLVM.
///
/// An alias is a small file of the cache that names an object. Its key holds the spec, and in place
/// of the IR and the target what determines both: the identities of the program's file, which holds
/// the engine, and of the processor, and how LLVM is searched for. It notes the LLVM library that
/// made the object, which must still be the same file (`Docs/Decisions/0017-kernel-aliases.md`).
package final class KernelAliases: Sendable {
  private enum Identity {
    case unknown
    case known([UInt8]?)
  }

  private let cache: ObjectCache
  private let identify: @Sendable () -> [UInt8]?
  private let identity = Locked(Identity.unknown)
  /// The path of LLVM's file, and which file it was when it was loaded.
  private let library = Locked<(path: String, identity: String)?>(nil)

  /// The aliases of a cache; `identify` is a hook for tests.
  package init(
    _ cache: ObjectCache, selection: String?, identify: (@Sendable () -> [UInt8]?)? = nil
  ) {
    self.cache = cache
    self.identify = identify ?? { KernelAliases.identity(selection: selection ?? "") }
  }

  /// The best code of `spec` as an object file, if this program found or made it before.
  package func object(for spec: KernelSpec) -> KernelObject? {
    guard let key = key(of: spec), let content = cache.alias(for: key) else { return nil }
    let lines = String(decoding: content, as: UTF8.self).split(separator: "\n").map(String.init)
    guard lines.count == 3, KernelAliases.fileIdentity(lines[0]) == lines[1],
      let bytes = cache.object(named: lines[2])
    else { return nil }
    return KernelObject(bytes: bytes, isLoaded: true)
  }

  /// Notes which file LLVM is being loaded from: until a kernel is made it may be replaced on disk.
  func noteLibrary(_ path: String) {
    let identity = KernelAliases.fileIdentity(path)
    library.inSection { $0 = identity.map { (path, $0) } }
  }

  /// Notes where the best code of `spec` lies, which the loaded LLVM found in `store` or put there.
  func remember(_ spec: KernelSpec, in store: NotingStore) {
    guard let object = store.key, let alias = key(of: spec),
      let (path, identity) = library.inSection({ $0 })
    else { return }
    cache.storeAlias(Array("\(path)\n\(identity)\n\(cache.name(of: object))".utf8), for: alias)
  }

  private func key(of spec: KernelSpec) -> [UInt8]? {
    let identity = identity.inSection { identity -> [UInt8]? in
      if case .known(let known) = identity { return known }
      let found = identify()
      identity = .known(found)
      return found
    }
    guard let identity else { return nil }
    var key = Array("martlet alias".utf8)
    for part in [identity, spec.canonicalBytes] {
      key.append(integer: part.count)
      key += part
    }
    return key
  }

  /// What determines, beside a spec, the code that this process would make.
  ///
  /// It is nil where that cannot be told, and where there is to be no LLVM.
  private static func identity(selection: String) -> [UInt8]? {
    var words = [UInt32](repeating: 0, count: 64)
    let count = Int(martlet_cpu_identity(&words, Int32(words.count)))
    guard selection != "off", count > 0,
      let program = text({ martlet_program_identity($0, $1) })
    else { return nil }
    let searched = getenv("LD_LIBRARY_PATH").map { String(cString: $0) } ?? ""
    let parts = [
      program, words.prefix(count).map { String($0, radix: 16) }.joined(separator: " "), selection,
      searched, fileIdentity("/etc/ld.so.cache") ?? "",
    ]
    return Array(parts.map { "\($0.utf8.count) \($0)" }.joined(separator: "\n").utf8)
  }

  private static func fileIdentity(_ path: String) -> String? {
    text { martlet_file_identity(path, $0, $1) }
  }

  private static func text(_ write: (UnsafeMutablePointer<CChar>, Int) -> Int32) -> String? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX) + 256) { buffer in
      guard let start = buffer.baseAddress, write(start, buffer.count) != 0 else { return nil }
      return String(cString: start)
    }
  }
}

/// A store that remembers under which key an object was found or put.
final class NotingStore: ObjectStore {
  private let store: any ObjectStore
  private let noted = Locked<ObjectKey?>(nil)

  init(_ store: any ObjectStore) { self.store = store }

  /// The key under which the object lies, or nil.
  var key: ObjectKey? { noted.inSection { $0 } }

  func object(for key: ObjectKey) -> [UInt8]? {
    let object = store.object(for: key)
    if object != nil { noted.inSection { $0 = key } }
    return object
  }

  func store(_ object: [UInt8], for key: ObjectKey) {
    store.store(object, for: key)
    noted.inSection { $0 = key }
  }
}
