// LLVM through the table: each installed version compiles small functions.

import CBindingsCheck
import CLLVM
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// A code generator for one small function at a time.
private struct Generator {
  let llvm: UnsafePointer<martlet_llvm>
  let machine: LLVMTargetMachineRef

  init(_ llvm: UnsafePointer<martlet_llvm>) throws {
    self.llvm = llvm
    let triple = llvm.pointee.LLVMGetDefaultTargetTriple()
    defer { llvm.pointee.LLVMDisposeMessage(triple) }
    var target: LLVMTargetRef?
    try #require(llvm.pointee.LLVMGetTargetFromTriple(triple, &target, nil) == 0)
    let found = try #require(target)
    machine = try #require(
      llvm.pointee.LLVMCreateTargetMachine(
        found, triple, "", "", LLVMCodeGenLevelDefault, LLVMRelocPIC, LLVMCodeModelDefault))
  }

  func dispose() { llvm.pointee.LLVMDisposeTargetMachine(machine) }

  /// The object file of one function, which `body` builds.
  func compile(
    _ name: String, result: (LLVMContextRef) -> LLVMTypeRef,
    parameters: (LLVMContextRef) -> [LLVMTypeRef],
    body: (LLVMContextRef, LLVMModuleRef, LLVMBuilderRef, LLVMValueRef) -> LLVMValueRef
  ) throws -> [UInt8] {
    let context = llvm.pointee.LLVMContextCreate()
    defer { llvm.pointee.LLVMContextDispose(context) }
    let module = llvm.pointee.LLVMModuleCreateWithNameInContext(name, context)
    defer { llvm.pointee.LLVMDisposeModule(module) }
    let layout = llvm.pointee.LLVMCreateTargetDataLayout(machine)
    llvm.pointee.LLVMSetModuleDataLayout(module, layout)
    llvm.pointee.LLVMDisposeTargetData(layout)

    var types = parameters(context)
    let type = llvm.pointee.LLVMFunctionType(result(context), &types, UInt32(types.count), 0)
    let function = llvm.pointee.LLVMAddFunction(module, name, type)
    let builder = llvm.pointee.LLVMCreateBuilderInContext(context)
    defer { llvm.pointee.LLVMDisposeBuilder(builder) }
    let entry = llvm.pointee.LLVMAppendBasicBlockInContext(context, function, "entry")
    llvm.pointee.LLVMPositionBuilderAtEnd(builder, entry)
    let value = body(context, module, builder, function)
    _ = llvm.pointee.LLVMBuildRet(builder, value)
    try #require(llvm.pointee.LLVMVerifyModule(module, LLVMReturnStatusAction, nil) == 0)

    let options = llvm.pointee.LLVMCreatePassBuilderOptions()
    #expect(llvm.pointee.LLVMRunPasses(module, "function(early-cse)", machine, options) == nil)
    llvm.pointee.LLVMDisposePassBuilderOptions(options)

    var object: LLVMMemoryBufferRef?
    try #require(
      llvm.pointee.LLVMTargetMachineEmitToMemoryBuffer(
        machine, module, LLVMObjectFile, nil, &object) == 0)
    let buffer = try #require(object)
    defer { llvm.pointee.LLVMDisposeMemoryBuffer(buffer) }
    return Array(
      UnsafeRawBufferPointer(
        start: llvm.pointee.LLVMGetBufferStart(buffer),
        count: llvm.pointee.LLVMGetBufferSize(buffer)))
  }
}

/// The table of a version, or nil with a line that says it was skipped.
private func installed(_ major: Int) -> UnsafePointer<martlet_llvm>? {
  if let llvm = martlet_llvm_load("\(major)") { return llvm }
  print("skipped LLVM \(major): \(String(cString: martlet_llvm_failure()))")
  return nil
}

@Suite struct LLVMTests {
  /// What the linker of MartletLowering then runs.
  @Test(arguments: [14, 15, 16, 19]) func compilesAnObject(major: Int) throws {
    guard let llvm = installed(major) else { return }
    #expect(Int(llvm.pointee.major) == major)
    #expect(String(cString: llvm.pointee.path).contains("libLLVM"))
    let generator = try Generator(llvm)
    defer { generator.dispose() }
    let object = try generator.compile(
      "martlet_sum",
      result: { llvm.pointee.LLVMInt32TypeInContext($0) },
      parameters: { context in
        [
          llvm.pointee.LLVMInt32TypeInContext(context),
          llvm.pointee.LLVMInt32TypeInContext(context),
        ]
      },
      body: { _, _, builder, function in
        let x = llvm.pointee.LLVMGetParam(function, 0)
        let y = llvm.pointee.LLVMGetParam(function, 1)
        return llvm.pointee.LLVMBuildAdd(builder, x, y, "sum")
      })
    // ELF, 64 bits, little-endian, relocatable.
    #expect(object.starts(with: [0x7f, 0x45, 0x4c, 0x46, 2, 1]))
    #expect(object[16...17].elementsEqual([1, 0]))
    #expect(String(decoding: object, as: UTF8.self).contains("\0martlet_sum\0"))
  }

  /// LLVM 14 has no code for `llvm.maximum` on x86-64 and ends the process: the message names the
  /// kernel.
  #if arch(x86_64)
    @Test func fatalErrorNamesTheKernel() async throws {
      guard installed(14) != nil else { return }
      let result = try await #require(
        processExitsWith: .signal(SIGABRT), observing: [\.standardErrorContent]
      ) {
        guard let llvm = martlet_llvm_load("14") else { return }
        martlet_llvm_set_fatal_context("kernel: maximum")
        _ = try Generator(llvm).compile(
          "largest",
          result: { llvm.pointee.LLVMFloatTypeInContext($0) },
          parameters: { context in
            [
              llvm.pointee.LLVMFloatTypeInContext(context),
              llvm.pointee.LLVMFloatTypeInContext(context),
            ]
          },
          body: { context, module, builder, function in
            let name = "llvm.maximum"
            let id = llvm.pointee.LLVMLookupIntrinsicID(name, name.utf8.count)
            var types = [llvm.pointee.LLVMFloatTypeInContext(context)]
            let callee = llvm.pointee.LLVMGetIntrinsicDeclaration(module, id, &types, 1)
            let type = llvm.pointee.LLVMIntrinsicGetType(context, id, &types, 1)
            var arguments = [
              llvm.pointee.LLVMGetParam(function, 0), llvm.pointee.LLVMGetParam(function, 1),
            ]
            return llvm.pointee.LLVMBuildCall2(builder, type, callee, &arguments, 2, "m")
          })
      }
      let message = String(decoding: result.standardErrorContent, as: UTF8.self)
      #expect(message.contains("martlet: LLVM cannot go on"))
      #expect(message.contains("kernel: maximum"))
    }
  #endif

  @Test func oneTablePerSelection() {
    let first = martlet_llvm_load(nil)
    #expect(first == martlet_llvm_load(nil))
    if let first {
      #expect([14, 15, 16, 19].contains(first.pointee.major))
      #expect(first.pointee.fingerprint != 0)
    }
  }

  @Test(arguments: [
    ("off", "MARTLET_LLVM=off"), ("13", "from 14 on"), ("new", "from 14 on"),
    ("/nowhere/libLLVM.so", "/nowhere/libLLVM.so"), ("998", "libllvm998"),
  ])
  func failureSaysWhy(selection: String, words: String) {
    #expect(martlet_llvm_load(selection) == nil)
    let text = String(cString: martlet_llvm_failure())
    #expect(text.contains(words), "\(text)")
  }

  /// A library that is not LLVM is refused, and says what it lacks.
  @Test func refusesAnotherLibrary() {
    let path = "/lib/\(architecture)-linux-gnu/libm.so.6"
    guard access(path, R_OK) == 0 else { return }
    #expect(martlet_llvm_load(path) == nil)
    #expect(String(cString: martlet_llvm_failure()).contains("has no function LLVM"))
  }

  @Test func tableWasComparedWithHeaders() {
    let major = martlet_checked_llvm_headers()
    print(major == 0 ? "no llvm-c on the include path" : "compared with LLVM \(major)'s headers")
    #expect(major == 0 || major >= 14)
  }

  private var architecture: String {
    #if arch(x86_64)
      "x86_64"
    #else
      "aarch64"
    #endif
  }
}
