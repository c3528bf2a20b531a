// The linker: object files become functions in memory, and can be removed one by one.

import CLLVM
import Glibc
import MartletIR

/// One ORC session, whose objects are added, looked up and removed from any thread.
final class JIT: Sendable {
  private let library: LLVMLibrary
  /// ORC locks its session itself.
  private let shared: Shared<(session: LLVMOrcLLJITRef, dylib: LLVMOrcJITDylibRef)>

  private var session: LLVMOrcLLJITRef { shared.pointer.session }

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
    let dylib = library.table.pointee.LLVMOrcLLJITGetMainJITDylib(session)
    shared = Shared((session, dylib))
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
  func link(
    _ object: KernelObject
  ) throws(LoweringError) -> (object: LinkedObject, address: LLVMOrcExecutorAddress) {
    let table = library.table
    let buffer = object.bytes.withUnsafeBytes { bytes in
      let start = bytes.baseAddress.map { $0.assumingMemoryBound(to: CChar.self) }
      return start.map {
        table.pointee.LLVMCreateMemoryBufferWithMemoryRangeCopy($0, bytes.count, object.symbol)
      }
    }
    guard let buffer else { throw LoweringError("an object file is empty") }
    let linked = LinkedObject(self, library, shared.pointer.dylib)
    try library.check(
      table.pointee.LLVMOrcLLJITAddObjectFileWithRT(session, linked.tracker, buffer))
    var address: LLVMOrcExecutorAddress = 0
    try library.check(table.pointee.LLVMOrcLLJITLookup(session, &address, object.symbol))
    return (linked, address)
  }
}

/// What one object file takes in the session; deinit gives it back.
final class LinkedObject: Sendable {
  private let jit: JIT
  private let library: LLVMLibrary
  /// Used through ORC, which locks its session.
  private let shared: Shared<LLVMOrcResourceTrackerRef>

  fileprivate var tracker: LLVMOrcResourceTrackerRef { shared.pointer }

  fileprivate init(_ jit: JIT, _ library: LLVMLibrary, _ dylib: LLVMOrcJITDylibRef) {
    self.jit = jit
    self.library = library
    shared = Shared(library.table.pointee.LLVMOrcJITDylibCreateResourceTracker(dylib))
  }

  deinit {
    if let error = library.table.pointee.LLVMOrcResourceTrackerRemove(tracker) {
      library.table.pointee.LLVMConsumeError(error)
    }
    library.table.pointee.LLVMOrcReleaseResourceTracker(tracker)
  }
}
