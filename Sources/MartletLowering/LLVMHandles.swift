// The loaded LLVM library and noncopyable owners of the handles that it gives out.

import CLLVM
import MartletIR

/// The function table of a loaded libLLVM.
struct LLVMLibrary: Sendable {
  /// Complete before it is handed out, never written again, and never unloaded.
  private let shared: Shared<UnsafePointer<martlet_llvm>>

  var table: UnsafePointer<martlet_llvm> { shared.pointer }

  init(selection: String) throws(LoweringError) {
    guard let table = martlet_llvm_load(selection) else {
      throw LoweringError(String(cString: martlet_llvm_failure()))
    }
    shared = Shared(table)
  }

  /// Takes ownership of `message`.
  func take(_ message: UnsafeMutablePointer<CChar>?) -> String {
    guard let message else { return "" }
    defer { table.pointee.LLVMDisposeMessage(message) }
    return String(cString: message)
  }

  /// Turns an LLVM error, which it consumes, into ours.
  func check(_ error: LLVMErrorRef?) throws(LoweringError) {
    guard let error else { return }
    let message = table.pointee.LLVMGetErrorMessage(error)
    defer { table.pointee.LLVMDisposeErrorMessage(message) }
    throw LoweringError(String(cString: message))
  }
}

/// A context with one module and one builder: everything that building one kernel's IR needs.
///
/// Contexts share nothing, so any number of threads may each use one.
struct LLVMModule: ~Copyable {
  let library: LLVMLibrary
  let context: LLVMContextRef
  let ref: LLVMModuleRef
  let builder: LLVMBuilderRef

  static let passes = "instsimplify"

  init(_ library: LLVMLibrary, target: Target, layout: DataLayout) {
    let table = library.table
    self.library = library
    context = table.pointee.LLVMContextCreate()
    table.pointee.LLVMContextSetDiscardValueNames(context, 1)
    ref = table.pointee.LLVMModuleCreateWithNameInContext("martlet", context)
    builder = table.pointee.LLVMCreateBuilderInContext(context)
    table.pointee.LLVMSetTarget(ref, target.triple)
    table.pointee.LLVMSetModuleDataLayout(ref, layout.ref)
  }

  deinit {
    library.table.pointee.LLVMDisposeBuilder(builder)
    library.table.pointee.LLVMDisposeModule(ref)
    library.table.pointee.LLVMContextDispose(context)
  }

  var text: String { library.take(library.table.pointee.LLVMPrintModuleToString(ref)) }

  /// The SHA-256 of the bitcode: whatever changes the generated code changes it.
  var digest: [UInt8] {
    let table = library.table
    let bitcode = table.pointee.LLVMWriteBitcodeToMemoryBuffer(ref)
    defer { table.pointee.LLVMDisposeMemoryBuffer(bitcode) }
    var hash = SHA256()
    hash.update(
      UnsafeRawBufferPointer(
        start: table.pointee.LLVMGetBufferStart(bitcode),
        count: Int(table.pointee.LLVMGetBufferSize(bitcode))))
    return hash.finish()
  }

  /// Throws the verifier's message together with the IR.
  borrowing func verify() throws(LoweringError) {
    var message: UnsafeMutablePointer<CChar>?
    let failed = library.table.pointee.LLVMVerifyModule(ref, LLVMReturnStatusAction, &message)
    let reason = library.take(message)
    if failed != 0 { throw LoweringError(reason, ir: text) }
  }

  /// Folds what is constant (`x < x`, say), so that nothing is left for the code generator to fold:
  /// from LLVM 15 on it takes a select between constant vectors of NaN and 0 for 0.
  ///
  /// The passes are named in the key of cached objects.
  borrowing func simplify(_ machine: borrowing LLVMMachine) throws(LoweringError) {
    let table = library.table
    let options = table.pointee.LLVMCreatePassBuilderOptions()
    defer { table.pointee.LLVMDisposePassBuilderOptions(options) }
    try library.check(table.pointee.LLVMRunPasses(ref, LLVMModule.passes, machine.ref, options))
  }
}

/// How a target lays out memory, which every module is told; a machine for that alone costs 70 us.
final class DataLayout: Sendable {
  private let library: LLVMLibrary
  /// Only read after it was made.
  private let shared: Shared<LLVMTargetDataRef>

  var ref: LLVMTargetDataRef { shared.pointer }

  init(_ library: LLVMLibrary, _ target: Target) throws(LoweringError) {
    let machine = try LLVMMachine(library, target, .default)
    self.library = library
    shared = Shared(library.table.pointee.LLVMCreateTargetDataLayout(machine.ref))
  }

  deinit { library.table.pointee.LLVMDisposeTargetData(shared.pointer) }
}

/// A code generator for one target and level; used by one thread at a time.
struct LLVMMachine: ~Copyable {
  let library: LLVMLibrary
  let ref: LLVMTargetMachineRef

  init(
    _ library: LLVMLibrary, _ target: Target, _ level: OptimizationLevel
  ) throws(LoweringError) {
    let table = library.table
    var found: LLVMTargetRef?
    var message: UnsafeMutablePointer<CChar>?
    guard table.pointee.LLVMGetTargetFromTriple(target.triple, &found, &message) == 0, let found
    else { throw LoweringError(library.take(message)) }
    let machine = table.pointee.LLVMCreateTargetMachine(
      found, target.triple, target.cpu, target.features,
      level == .fast ? LLVMCodeGenLevelNone : LLVMCodeGenLevelDefault, LLVMRelocPIC,
      LLVMCodeModelSmall)
    guard let machine else { throw LoweringError("LLVM has no code generator for \(target.cpu)") }
    self.library = library
    ref = machine
  }

  deinit { library.table.pointee.LLVMDisposeTargetMachine(ref) }

  /// The machine code of `module` as the bytes of an object file or as assembly text.
  borrowing func emit(
    _ module: borrowing LLVMModule, _ type: LLVMCodeGenFileType = LLVMObjectFile
  ) throws(LoweringError) -> [UInt8] {
    let table = library.table
    var message: UnsafeMutablePointer<CChar>?
    var buffer: LLVMMemoryBufferRef?
    let failed = table.pointee.LLVMTargetMachineEmitToMemoryBuffer(
      ref, module.ref, type, &message, &buffer)
    guard failed == 0, let buffer else {
      throw LoweringError(library.take(message), ir: module.text)
    }
    defer { table.pointee.LLVMDisposeMemoryBuffer(buffer) }
    let bytes = UnsafeRawBufferPointer(
      start: table.pointee.LLVMGetBufferStart(buffer),
      count: Int(table.pointee.LLVMGetBufferSize(buffer)))
    return [UInt8](bytes)
  }
}
