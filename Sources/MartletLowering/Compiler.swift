// From a kernel's spec to machine code.

import CLLVM
package import MartletFusion
import MartletIR

/// Compiles kernels for one target; any number of threads may use it at the same time.
package final class Compiler: Sendable {
  package let target: Target
  /// The version and path of the loaded LLVM.
  package let libraryDescription: String
  /// The path of its file.
  package let libraryPath: String
  /// Changes with the library file; part of the key of any cache of objects.
  package let libraryFingerprint: UInt64

  private let library: LLVMLibrary
  private let layout: DataLayout

  /// Loads LLVM as `selection` says (the value of MARTLET_LLVM) and readies it for `target`, or for
  /// the machine the process runs on.
  package init(selection: String = "", target: Target? = nil) throws(LoweringError) {
    library = try LLVMLibrary(selection: selection)
    self.target = target ?? Target(host: library)
    layout = try DataLayout(library, self.target)
    let table = library.table
    libraryFingerprint = table.pointee.fingerprint
    libraryPath = String(cString: table.pointee.path)
    libraryDescription = "LLVM \(table.pointee.major) (\(libraryPath))"
  }

  /// The machine code of `spec`, ready to run; from `store` where that has it.
  package func compile(
    _ spec: KernelSpec, level: OptimizationLevel = .default, store: (any ObjectStore)? = nil
  ) throws(LoweringError) -> CompiledKernel {
    try object(for: spec, level: level, store: store).linked()
  }

  /// The machine code of `spec` if `store` has it.
  package func load(
    _ spec: KernelSpec, level: OptimizationLevel = .default, store: any ObjectStore
  ) throws(LoweringError) -> CompiledKernel? {
    let start = ContinuousClock.now
    let module = build(spec, level)
    guard let bytes = store.object(for: key(of: spec, level, module)) else { return nil }
    return try loaded(bytes, since: start).linked()
  }

  /// The machine code of `spec` as an object file; from `store` where that has it, and kept there.
  package func object(
    for spec: KernelSpec, level: OptimizationLevel = .default, store: (any ObjectStore)? = nil
  ) throws(LoweringError) -> KernelObject {
    let start = ContinuousClock.now
    let module = build(spec, level)
    var key: ObjectKey?
    if let store {
      let found = self.key(of: spec, level, module)
      if let bytes = store.object(for: found) { return loaded(bytes, since: start) }
      key = found
    }
    try module.verify()
    let machine = try LLVMMachine(library, target, level)
    let built = ContinuousClock.now
    let bytes = try describingFailures(of: spec) { () throws(LoweringError) in
      try module.simplify(machine)
      return try machine.emit(module)
    }
    let times = CompileTimes(building: built - start, generating: .now - built)
    if let store, let key { store.store(bytes, for: key) }
    return KernelObject(bytes: bytes, times: times)
  }

  private func loaded(_ bytes: [UInt8], since start: ContinuousClock.Instant) -> KernelObject {
    KernelObject(bytes: bytes, times: CompileTimes(building: .now - start), isLoaded: true)
  }

  private func key(
    of spec: KernelSpec, _ level: OptimizationLevel, _ module: borrowing LLVMModule
  ) -> ObjectKey {
    ObjectKey(
      library: "\(libraryDescription) \(libraryFingerprint)", target: target, level: level,
      kernel: spec.canonicalBytes, code: module.digest)
  }

  /// The IR of `spec` as text.
  package func ir(
    _ spec: KernelSpec, level: OptimizationLevel = .default
  ) throws(LoweringError) -> String {
    let module = build(spec, level)
    try module.verify()
    return module.text
  }

  /// The machine code of `spec` as text.
  package func assembly(
    _ spec: KernelSpec, level: OptimizationLevel = .default
  ) throws(LoweringError) -> String {
    let machine = try LLVMMachine(library, target, level)
    let module = build(spec, level)
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

  /// The IR of `spec`.
  private func build(_ spec: KernelSpec, _ level: OptimizationLevel) -> LLVMModule {
    let table = library.table
    let module = LLVMModule(library, target: target, layout: layout)
    let body = KernelBody(spec)
    let shape = VectorShape(spec, body, target, level)
    let b = IRBuilder(
      table: table, context: module.context, module: module.ref, builder: module.builder,
      function: function(in: module))
    let kernel = KernelEmitter(spec, body, shape, b)
    switch spec.family {
    case .map: kernel.emitMap()
    case .reduceInner: kernel.emitReduceInner()
    case .reduceOuter: kernel.emitReduceOuter()
    case .reduceShort: kernel.emitReduceShort()
    case .placeInner: kernel.emitPlaceInner()
    case .placeOuter: kernel.emitPlaceOuter()
    case .scanInner: kernel.emitScanInner()
    case .scanOuter: kernel.emitScanOuter()
    case .row: kernel.emitRows()
    }
    return module
  }

  private func function(in module: borrowing LLVMModule) -> Value {
    let table = library.table
    let context = module.context
    let word = table.pointee.LLVMInt64TypeInContext(context)
    let byte = table.pointee.LLVMPointerType(table.pointee.LLVMInt8TypeInContext(context), 0)
    let words = table.pointee.LLVMPointerType(word, 0)
    var parameters = [table.pointee.LLVMPointerType(byte, 0), words, words, byte, word, word]
    let result = table.pointee.LLVMInt32TypeInContext(context)
    let type = table.pointee.LLVMFunctionType(result, &parameters, UInt32(parameters.count), 0)
    let function = table.pointee.LLVMAddFunction(module.ref, KernelObject.symbol, type)
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
