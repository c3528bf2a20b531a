// The linker: object files become functions in memory, and can be removed one by one.

import CLLVM
import Glibc
import Synchronization

/// One ORC session, whose objects are added, looked up and removed from any thread.
///
/// Unchecked: the handles never change, and ORC locks its session itself.
final class JIT: @unchecked Sendable {
  private let library: LLVMLibrary
  private let session: LLVMOrcLLJITRef
  private let dylib: LLVMOrcJITDylibRef
  private let linkCount = Atomic<UInt64>(0)

  /// The functions that generated code may call: exact on every machine, and used only where the target
  /// has no instruction (`fmod` nowhere has).
  private static let callees = [
    "fmod", "fmodf", "fma", "fmaf", "floor", "floorf", "ceil", "ceilf", "trunc", "truncf",
    "roundeven", "roundevenf", "memset", "memcpy", "memmove",
  ]

  init(_ library: LLVMLibrary) throws(LoweringError) {
    var session: LLVMOrcLLJITRef?
    try library.check(library.table.pointee.LLVMOrcCreateLLJIT(&session, nil))
    guard let session else { throw LoweringError("LLVM gave no JIT session") }
    self.library = library
    self.session = session
    dylib = library.table.pointee.LLVMOrcLLJITGetMainJITDylib(session)
    // Errors also come back from the call that failed; the reporter would print them.
    library.table.pointee.LLVMOrcExecutionSessionSetErrorReporter(
      library.table.pointee.LLVMOrcLLJITGetExecutionSession(session),
      { library, error in
        guard let error else { return }
        library?.assumingMemoryBound(to: martlet_llvm.self).pointee.LLVMConsumeError(error)
      }, UnsafeMutableRawPointer(mutating: library.table))
    for name in JIT.callees {
      guard let address = dlsym(nil, name) else { continue }
      try library.check(martlet_llvm_define(library.table, session, dylib, name, address))
    }
  }

  deinit {
    if let error = library.table.pointee.LLVMOrcDisposeLLJIT(session) {
      library.table.pointee.LLVMConsumeError(error)
    }
  }

  /// Links `object` and finds its function.
  ///
  /// All objects call their function by the same name; each gets one of its own here, so that an object
  /// may be in memory several times.
  func link(_ object: KernelObject) throws(LoweringError) -> LinkedObject {
    let table = library.table
    let symbol = KernelObject.symbol(linkCount.add(1, ordering: .relaxed).newValue)
    guard let bytes = object.bytes(renamedTo: symbol) else {
      throw LoweringError("an object file holds no kernel")
    }
    let buffer = bytes.withUnsafeBytes { bytes in
      let start = bytes.baseAddress.map { $0.assumingMemoryBound(to: CChar.self) }
      return start.map {
        table.pointee.LLVMCreateMemoryBufferWithMemoryRangeCopy($0, bytes.count, symbol)
      }
    }
    guard let buffer else { throw LoweringError("an object file is empty") }
    let linked = LinkedObject(self, library, dylib)
    try library.check(
      table.pointee.LLVMOrcLLJITAddObjectFileWithRT(session, linked.tracker, buffer))
    try library.check(table.pointee.LLVMOrcLLJITLookup(session, &linked.address, symbol))
    return linked
  }
}

/// What one object file takes in the session; deinit gives it back.
///
/// Unchecked: written by `link` before anybody else sees it; removal goes through ORC's lock.
final class LinkedObject: @unchecked Sendable {
  private let jit: JIT
  private let library: LLVMLibrary
  let tracker: LLVMOrcResourceTrackerRef
  fileprivate(set) var address: LLVMOrcExecutorAddress = 0

  fileprivate init(_ jit: JIT, _ library: LLVMLibrary, _ dylib: LLVMOrcJITDylibRef) {
    self.jit = jit
    self.library = library
    tracker = library.table.pointee.LLVMOrcJITDylibCreateResourceTracker(dylib)
  }

  deinit {
    if let error = library.table.pointee.LLVMOrcResourceTrackerRemove(tracker) {
      library.table.pointee.LLVMConsumeError(error)
    }
    library.table.pointee.LLVMOrcReleaseResourceTracker(tracker)
  }
}
