// The linker: an object file becomes one block of memory, with code and constants side by side.

import CLLVM
import Glibc
import MartletIR

/// Links the relocatable ELF files that LLVM makes of kernels (System V ABI, AMD64 and AArch64).
///
/// Code reaches its constants by 32-bit distances. LLVM's own linker maps each section by itself,
/// and where the free pages lie gigabytes apart the distances overflow unnoticed
/// (`Docs/Decisions/0010-own-linker.md`).
struct Linker {
  private let object: ELFObject
  /// Where each section lies in the block, or nil where it is not part of it.
  private var places: [Int?]
  /// Where the jump to each symbol from outside lies in the block.
  private var jumps: [Int: Int] = [:]
  /// The bytes of code, in whole pages, and of all.
  private var codeByteCount = 0
  private var byteCount = 0

  /// A jump, and at `jumpTarget` in it the address to which it leads.
  private static let jumpByteCount = 16
  private static let jumpTarget = 8

  /// The functions that generated code may call: exact on every machine, and used only where the
  /// target has no instruction (`fmod` nowhere has).
  private static let callees: [String: UInt64] = {
    let names = [
      "fmod", "fmodf", "fma", "fmaf", "floor", "floorf", "ceil", "ceilf", "trunc", "truncf",
      "roundeven", "roundevenf", "memset", "memcpy", "memmove",
    ]
    let found = names.compactMap { name in
      dlsym(nil, name).map { (name, UInt64(UInt(bitPattern: $0))) }
    }
    return Dictionary(uniqueKeysWithValues: found)
  }()

  /// The function of `object`, in memory.
  static func link(_ object: KernelObject) throws(LoweringError) -> LinkedObject {
    var linker = try Linker(object.bytes)
    try linker.layOut()
    return try linker.load()
  }

  private init(_ bytes: [UInt8]) throws(LoweringError) {
    object = try ELFObject(bytes)
    places = Array(repeating: nil, count: object.sections.count)
  }

  /// Gives the sections their places: code, jumps, and from a new page on the constants.
  private mutating func layOut() throws(LoweringError) {
    place { $0.isCode }
    for relocation in object.relocations where object.isLoaded(relocation.section) {
      let symbol = object.symbols[relocation.symbol]
      guard symbol.section == 0 || relocation.kind.usesTable, jumps[relocation.symbol] == nil
      else { continue }
      byteCount = ELFObject.align(byteCount, to: Linker.jumpByteCount)
      jumps[relocation.symbol] = byteCount
      byteCount += Linker.jumpByteCount
    }
    codeByteCount = ELFObject.align(byteCount, to: Int(getpagesize()))
    byteCount = codeByteCount
    place { !$0.isCode }
    guard byteCount < 1 << 30 else { throw LoweringError("an object file is too large") }
  }

  private mutating func place(_ isMeant: (ELFObject.Section) -> Bool) {
    for (index, section) in object.sections.enumerated()
    where object.isLoaded(index) && isMeant(section) {
      byteCount = ELFObject.align(byteCount, to: section.alignment)
      places[index] = byteCount
      byteCount += section.byteCount
    }
  }

  /// Copies the sections, applies the relocations, and makes the code executable and all
  /// unwritable.
  private func load() throws(LoweringError) -> LinkedObject {
    let block = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let block, block != MAP_FAILED else {
      throw LoweringError("no memory for code: \(String(cString: strerror(errno)))")
    }
    // Unmapped again where the rest fails.
    let memory = CodeMemory(Shared(block), byteCount: byteCount)
    for (index, place) in places.enumerated() {
      if let place { object.copy(index, to: block + place) }
    }
    for (symbol, place) in jumps { try writeJump(block + place, to: address(of: symbol, block)) }
    for relocation in object.relocations {
      guard let place = places[relocation.section] else { continue }
      let jump = jumps[relocation.symbol].map { block + $0 }
      let table = jump.map { UInt64(UInt(bitPattern: $0)) + UInt64(Linker.jumpTarget) }
      // What lies outside may be far away, so the code goes there by a jump.
      let target =
        if let jump, object.symbols[relocation.symbol].section == 0, relocation.kind.isNear {
          UInt64(UInt(bitPattern: jump))
        } else {
          try address(of: relocation.symbol, block)
        }
      try relocation.apply(
        at: block + place + relocation.offset,
        target: relocation.kind.usesTable ? table ?? 0 : target)
    }
    guard let (section, offset) = object.function(KernelObject.symbol), let start = places[section]
    else { throw LoweringError("an object file holds no kernel") }
    martlet_flush_code(block, codeByteCount)
    guard mprotect(block, codeByteCount, PROT_READ | PROT_EXEC) == 0,
      byteCount == codeByteCount
        || mprotect(block + codeByteCount, byteCount - codeByteCount, PROT_READ) == 0
    else { throw LoweringError("no executable memory: \(String(cString: strerror(errno)))") }
    return LinkedObject(
      function: unsafeBitCast(block + start + offset, to: KernelFunction.self), memory: memory)
  }

  private func address(
    of symbol: Int, _ block: UnsafeMutableRawPointer
  ) throws(LoweringError) -> UInt64 {
    let symbol = object.symbols[symbol]
    if symbol.section == 0 {
      guard let address = Linker.callees[symbol.name] else {
        throw LoweringError("an object file needs \(symbol.name), which kernels may not call")
      }
      return address
    }
    guard places.indices.contains(symbol.section), let place = places[symbol.section] else {
      throw LoweringError("an object file needs a section that is not loaded")
    }
    return UInt64(UInt(bitPattern: block)) &+ UInt64(place) &+ symbol.value
  }

  private func writeJump(_ place: UnsafeMutableRawPointer, to target: UInt64) {
    #if arch(arm64)
      // ldr x16, .+8; br x16
      place.storeBytes(of: 0x5800_0050, as: UInt32.self)
      (place + 4).storeBytes(of: 0xd61f_0200, as: UInt32.self)
    #else
      // jmp *2(%rip)
      place.copyMemory(from: [0xff, 0x25, 2, 0, 0, 0, 0xcc, 0xcc] as [UInt8], byteCount: 8)
    #endif
    (place + Linker.jumpTarget).storeBytes(of: target, as: UInt64.self)
  }
}

/// A function in memory.
struct LinkedObject: Sendable {
  let function: KernelFunction
  let memory: CodeMemory
}

/// The memory of one object, which nobody writes once it is linked; deinit gives it back.
final class CodeMemory: Sendable {
  private let block: Shared<UnsafeMutableRawPointer>
  private let byteCount: Int

  fileprivate init(_ block: Shared<UnsafeMutableRawPointer>, byteCount: Int) {
    self.block = block
    self.byteCount = byteCount
  }

  deinit { munmap(block.pointer, byteCount) }
}
