// What an object file depends on, as bytes: the key of caches that outlive the process.

import MartletFusion

/// Everything that decides the bytes of a kernel's object file.
///
/// `code` is the digest of the generated IR, so a change of the op table, of an algorithm or of the
/// emitter changes the key without anybody having to count versions
/// (`Docs/Decisions/0008-object-cache.md`).
package struct ObjectKey: Sendable, Hashable {
  /// The LLVM library: its version and file.
  package var library: String
  package var target: Target
  package var level: OptimizationLevel
  /// What else is asked of the code generator.
  package var options = "pic small \(LLVMModule.passes)"
  /// The kernel: `KernelSpec.canonicalBytes`.
  package var kernel: [UInt8]
  /// The SHA-256 of the IR.
  package var code: [UInt8]

  package init(
    library: String, target: Target, level: OptimizationLevel, kernel: [UInt8], code: [UInt8]
  ) {
    self.library = library
    self.target = target
    self.level = level
    self.kernel = kernel
    self.code = code
  }

  /// The parts one after the other, each after its length: equal only for equal keys.
  package var bytes: [UInt8] {
    var bytes: [UInt8] = []
    let texts = [
      "martlet object", library, target.triple, target.cpu, target.features,
      "\(target.vectorByteCount)", "\(level)", options,
    ]
    for part in texts.map({ Array($0.utf8) }) + [kernel, code] {
      bytes.append(integer: part.count)
      bytes += part
    }
    return bytes
  }
}
