// Where an operator was called: the nearest frame of the stack that is not the library's.

internal import CPlatform
package import MartletIR

/// Finds user code on the stack, for messages only.
package enum CallStack {
  /// The mangled names of the library's own functions start so.
  private static let ownPrefixes = [
    "$s7Martlet", "$s9MartletIR", "$s14MartletRuntime", "$s9MartletNN", "$s13MartletFusion",
    "$s15MartletLowering", "$s18MartletInterpreter", "$ss", "$sSa", "$sS",
  ]

  /// The innermost user frame that has a source line.
  ///
  /// Exact where every call has a frame of its own (debug builds); optimized code may have merged
  /// the user's frame with its caller's, so the location says that it is the nearest one.
  package static func userLocation() -> TensorError.Location? {
    let limit = 64
    return withUnsafeTemporaryAllocation(of: UnsafeRawPointer?.self, capacity: limit) { frames in
      frames.initialize(repeating: nil)
      guard let base = frames.baseAddress else { return nil }
      let count = Int(martlet_return_addresses(base, Int32(limit)))
      for case let address? in frames.prefix(count) {
        guard let symbol = symbol(of: address), !isOwn(symbol) else { continue }
        if let location = location(of: address, in: symbol) { return location }
      }
      return nil
    }
  }

  private static func isOwn(_ symbol: String) -> Bool {
    ownPrefixes.contains { symbol.hasPrefix($0) }
  }

  private static func symbol(of address: UnsafeRawPointer) -> String? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { name in
      guard let base = name.baseAddress else { return nil }
      base.initialize(repeating: 0, count: 256)
      return martlet_symbol(address, base, 256, nil, 0, nil) != 0 ? String(cString: base) : nil
    }
  }

  private static func location(
    of address: UnsafeRawPointer, in symbol: String
  ) -> TensorError.Location? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 1024) { file in
      guard let base = file.baseAddress else { return nil }
      base.initialize(repeating: 0, count: 1024)
      var line: Int32 = 0
      guard martlet_source_line(address, base, 1024, &line) != 0, line > 0 else { return nil }
      return TensorError.Location(
        file: fileID(path: String(cString: base), symbol: symbol), line: Int(line),
        isExact: isDebugBuild)
    }
  }

  /// The path as `#fileID` spells it, so that operators and functions name one file in one way.
  ///
  /// The module is the first name in the mangled symbol: `$s3App...` lies in App. Code at the top
  /// level of a program has the symbol `main`; its module is the folder's name, as in packages.
  package static func fileID(path: String, symbol: String) -> String {
    let parts = path.split(separator: "/")
    guard let file = parts.last else { return path }
    var module: Substring?
    if symbol.hasPrefix("$s") {
      let digits = symbol.dropFirst(2).prefix { $0.isNumber }
      let name = symbol.dropFirst(2 + digits.count).prefix(Int(digits) ?? 0)
      if !name.isEmpty { module = name }
    }
    guard let module = module ?? parts.dropLast().last else { return String(file) }
    return "\(module)/\(file)"
  }

  private static var isDebugBuild: Bool {
    var isDebug = false
    // An assertion's condition is evaluated in debug builds only.
    assert(
      {
        isDebug = true
        return true
      }())
    return isDebug
  }
}
