// Why a kernel could not be compiled.

/// A failure of the compiler: LLVM is missing, or it refused a module, an object file or a symbol.
package struct LoweringError: Error, Sendable, Hashable {
  /// What went wrong, in LLVM's or the loader's words.
  package let reason: String
  /// The kernel's IR, where there is any.
  package let ir: String?

  package init(_ reason: String, ir: String? = nil) {
    self.reason = reason
    self.ir = ir
  }
}

extension LoweringError: CustomStringConvertible {
  package var description: String { ir.map { "\(reason)\n\($0)" } ?? reason }
}
