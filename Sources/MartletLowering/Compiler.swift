// From a kernel's spec to machine code.

import CLLVM
package import MartletFusion
import MartletIR
import Synchronization

/// Compiles kernels for one target; any number of threads may use it at the same time.
package final class Compiler: Sendable {
  package let target: Target
  /// The version and path of the loaded LLVM.
  package let libraryDescription: String
  /// Changes with the library file; part of the key of any cache of objects.
  package let libraryFingerprint: UInt64

  private let library: LLVMLibrary
  private let jit: JIT
  /// Names never repeat within a process, nor but for a chance of 2^-64 between processes.
  private let nameSeed: UInt64
  private let nameCount = Atomic<UInt64>(0)

  /// Loads LLVM as `selection` says (the value of MARTLET_LLVM) and readies it for `target`, or for the
  /// machine the process runs on.
  package init(selection: String = "", target: Target? = nil) throws(LoweringError) {
    library = try LLVMLibrary(selection: selection)
    jit = try JIT(library)
    self.target = target ?? Target(host: library)
    nameSeed = UInt64.random(in: .min ... .max)
    let table = library.table
    libraryFingerprint = table.pointee.fingerprint
    libraryDescription =
      "LLVM \(table.pointee.major) (\(String(cString: table.pointee.path)))"
  }

  /// The machine code of `spec`, ready to run.
  package func compile(
    _ spec: KernelSpec, level: OptimizationLevel = .default
  ) throws(LoweringError) -> CompiledKernel {
    try link(object(for: spec, level: level))
  }

  /// The machine code of `spec` as an object file.
  package func object(
    for spec: KernelSpec, level: OptimizationLevel = .default
  ) throws(LoweringError) -> KernelObject {
    let number = nameCount.add(1, ordering: .relaxed).newValue
    let symbol = "martlet_\(String(nameSeed, radix: 16))_\(number)"
    let clock = ContinuousClock()
    let start = clock.now
    let machine = try LLVMMachine(library, target, level)
    let module = LLVMModule(library, target: target, layout: machine)
    build(spec, level, in: module, named: symbol)
    try module.verify()
    let built = clock.now
    let bytes = try describingFailures(of: spec) { () throws(LoweringError) in
      try module.simplify(machine)
      return try machine.emit(module)
    }
    let times = CompileTimes(building: built - start, generating: clock.now - built)
    return KernelObject(symbol: symbol, bytes: bytes, times: times)
  }

  /// Puts an object file of this compiler, or of one like it, into memory.
  package func link(_ object: KernelObject) throws(LoweringError) -> CompiledKernel {
    let clock = ContinuousClock()
    let start = clock.now
    let linked = try jit.link(object)
    var times = object.times
    times.linking = clock.now - start
    return try CompiledKernel(linked, codeSize: object.bytes.count, times: times)
  }

  /// The IR of `spec` as text.
  package func ir(
    _ spec: KernelSpec, level: OptimizationLevel = .default
  ) throws(LoweringError) -> String {
    let machine = try LLVMMachine(library, target, level)
    let module = LLVMModule(library, target: target, layout: machine)
    build(spec, level, in: module, named: "kernel")
    try module.verify()
    return module.text
  }

  /// The machine code of `spec` as text.
  package func assembly(
    _ spec: KernelSpec, level: OptimizationLevel = .default
  ) throws(LoweringError) -> String {
    let machine = try LLVMMachine(library, target, level)
    let module = LLVMModule(library, target: target, layout: machine)
    build(spec, level, in: module, named: "kernel")
    try module.verify()
    try module.simplify(machine)
    return String(decoding: try machine.emit(module, LLVMAssemblyFile), as: UTF8.self)
  }

  /// Names the kernel in the message with which LLVM ends the process on an internal error.
  private func describingFailures<Result>(
    of spec: KernelSpec, _ body: () throws(LoweringError) -> Result
  ) throws(LoweringError) -> Result {
    let description = Array(spec.description.utf8CString)
    let text = UnsafeMutableBufferPointer<CChar>.allocate(capacity: description.count)
    _ = text.initialize(from: description)
    martlet_llvm_set_fatal_context(text.baseAddress)
    defer {
      martlet_llvm_set_fatal_context(nil)
      text.deallocate()
    }
    return try body()
  }

  private func build(
    _ spec: KernelSpec, _ level: OptimizationLevel, in module: borrowing LLVMModule,
    named symbol: String
  ) {
    let table = library.table
    let body = KernelBody(spec)
    let shape = VectorShape(spec, body, target, level)
    let b = IRBuilder(
      table: table, context: module.context, module: module.ref, builder: module.builder,
      function: function(named: symbol, in: module))
    let kernel = KernelEmitter(spec, body, shape, b)
    switch spec.family {
    case .map: kernel.emitMap()
    case .reduceInner: kernel.emitReduceInner()
    case .reduceOuter: kernel.emitReduceOuter()
    case .reduceShort: kernel.emitReduceShort()
    case .placeInner: kernel.emitPlaceInner()
    case .placeOuter: kernel.emitPlaceOuter()
    case .row: kernel.emitRows()
    }
  }

  private func function(named symbol: String, in module: borrowing LLVMModule) -> Value {
    let table = library.table
    let context = module.context
    let word = table.pointee.LLVMInt64TypeInContext(context)
    let byte = table.pointee.LLVMPointerType(table.pointee.LLVMInt8TypeInContext(context), 0)
    let words = table.pointee.LLVMPointerType(word, 0)
    var parameters = [table.pointee.LLVMPointerType(byte, 0), words, words, byte, word, word]
    let result = table.pointee.LLVMInt32TypeInContext(context)
    let type = table.pointee.LLVMFunctionType(result, &parameters, UInt32(parameters.count), 0)
    let function = table.pointee.LLVMAddFunction(module.ref, symbol, type)
    let attributes = [
      ("target-cpu", target.cpu), ("target-features", target.features),
      ("prefer-vector-width", "\(target.vectorByteCount * 8)"),
    ]
    for (name, value) in attributes where !value.isEmpty {
      table.pointee.LLVMAddAttributeAtIndex(
        function, martlet_llvm_attribute_function,
        table.pointee.LLVMCreateStringAttribute(
          context, name, UInt32(name.utf8.count), value, UInt32(value.utf8.count)))
    }
    let nounwind = table.pointee.LLVMGetEnumAttributeKindForName("nounwind", 8)
    table.pointee.LLVMAddAttributeAtIndex(
      function, martlet_llvm_attribute_function,
      table.pointee.LLVMCreateEnumAttribute(context, nounwind, 0))
    return function
  }
}
