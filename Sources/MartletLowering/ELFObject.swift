// The parts of a relocatable ELF file that the linker needs, read with every bound checked.

/// Sections, symbols and relocations of an object file.
struct ELFObject {
  struct Section {
    let name: String
    let type: UInt32
    let flags: UInt64
    let offset: Int
    let byteCount: Int
    let alignment: Int
    let link: Int
    let info: Int

    var isCode: Bool { flags & 4 != 0 }
    /// Without bytes in the file.
    var isZero: Bool { type == 8 }
  }

  struct Symbol {
    let name: String
    /// 0 where it is defined elsewhere.
    let section: Int
    let value: UInt64
  }

  private let bytes: [UInt8]
  private(set) var sections: [Section] = []
  private(set) var symbols: [Symbol] = []
  private(set) var relocations: [Relocation] = []

  private static let malformed = LoweringError("an object file is malformed")

  init(_ bytes: [UInt8]) throws(LoweringError) {
    self.bytes = bytes
    // 64-bit, little-endian, relocatable.
    guard bytes.count >= 64, bytes.starts(with: [0x7f, 0x45, 0x4c, 0x46, 2, 1]),
      try integer(16, UInt16.self) == 1
    else { throw ELFObject.malformed }
    try readSections()
    for section in sections where section.type == 2 { try readSymbols(section) }
    for section in sections where section.type == 4 { try readRelocations(section) }
  }

  /// Whether a section is part of the linked code; tables for unwinding are not, since kernels
  /// never unwind.
  func isLoaded(_ index: Int) -> Bool {
    let section = sections[index]
    return section.flags & 2 != 0 && section.byteCount > 0 && section.name != ".eh_frame"
  }

  /// The section and the place in it of a function.
  func function(_ name: String) -> (section: Int, offset: Int)? {
    let symbol = symbols.first { $0.name == name && $0.section != 0 }
    guard let symbol, sections.indices.contains(symbol.section),
      symbol.value < UInt64(sections[symbol.section].byteCount)
    else { return nil }
    return (symbol.section, Int(symbol.value))
  }

  func copy(_ index: Int, to place: UnsafeMutableRawPointer) {
    let section = sections[index]
    if section.isZero { return }
    bytes.withUnsafeBytes { bytes in
      if let start = bytes.baseAddress {
        place.copyMemory(from: start + section.offset, byteCount: section.byteCount)
      }
    }
  }

  static func align(_ value: Int, to alignment: Int) -> Int {
    (value + alignment - 1) & ~(alignment - 1)
  }

  private mutating func readSections() throws(LoweringError) {
    let start = try integer(40, Int.self)
    let count = Int(try integer(60, UInt16.self))
    let names = Int(try integer(62, UInt16.self))
    guard start >= 0, try integer(58, UInt16.self) == 64, names < count else {
      throw ELFObject.malformed
    }
    let nameTable = try integer(checked(start, 64, names, 24), Int.self)
    for index in 0..<count {
      let header = try checked(start, 64, index, 0)
      let type = try integer(header + 4, UInt32.self)
      let offset = try integer(header + 24, Int.self)
      let size = try integer(header + 32, Int.self)
      let alignment = max(1, try integer(header + 48, Int.self))
      guard offset >= 0, size >= 0, size < 1 << 30, alignment <= 4096,
        alignment & (alignment - 1) == 0, type == 8 || type == 0 || offset <= bytes.count - size
      else { throw ELFObject.malformed }
      let section = Section(
        name: try string(nameTable, Int(try integer(header, UInt32.self))), type: type,
        flags: try integer(header + 8, UInt64.self), offset: offset, byteCount: size,
        alignment: alignment, link: Int(try integer(header + 40, UInt32.self)),
        info: Int(try integer(header + 44, UInt32.self)))
      // Constants that hold addresses are only written by the linker; variables there are none.
      guard section.flags & 3 != 3 || size == 0 || section.name.hasPrefix(".data.rel.ro") else {
        throw LoweringError("an object file has variables, in \(section.name)")
      }
      sections.append(section)
    }
  }

  private mutating func readSymbols(_ table: Section) throws(LoweringError) {
    guard sections.indices.contains(table.link) else { throw ELFObject.malformed }
    let names = sections[table.link].offset
    for index in 0..<table.byteCount / 24 {
      let entry = table.offset + 24 * index
      symbols.append(
        Symbol(
          name: try string(names, Int(try integer(entry, UInt32.self))),
          section: Int(try integer(entry + 6, UInt16.self)),
          value: try integer(entry + 8, UInt64.self)))
    }
  }

  private mutating func readRelocations(_ table: Section) throws(LoweringError) {
    guard sections.indices.contains(table.info) else { throw ELFObject.malformed }
    if !isLoaded(table.info) { return }
    for index in 0..<table.byteCount / 24 {
      let entry = table.offset + 24 * index
      let offset = try integer(entry, Int.self)
      let info = try integer(entry + 8, UInt64.self)
      let number = UInt32(truncatingIfNeeded: info)
      guard let kind = Relocation.Kind(number) else {
        throw LoweringError("an object file has relocations of the unknown kind \(number)")
      }
      guard symbols.indices.contains(Int(info >> 32)), offset >= 0,
        offset <= sections[table.info].byteCount - (kind.isNear ? 4 : 8)
      else { throw ELFObject.malformed }
      relocations.append(
        Relocation(
          section: table.info, offset: offset, kind: kind, symbol: Int(info >> 32),
          addend: try integer(entry + 16, Int64.self)))
    }
  }

  /// `start + size * index + offset`, where that is in the file.
  private func checked(
    _ start: Int, _ size: Int, _ index: Int, _ offset: Int
  ) throws(LoweringError) -> Int {
    guard start <= bytes.count - size * (index + 1) else { throw ELFObject.malformed }
    return start + size * index + offset
  }

  private func integer<Number: FixedWidthInteger & BitwiseCopyable>(
    _ offset: Int, _ type: Number.Type
  ) throws(LoweringError) -> Number {
    guard offset >= 0, offset <= bytes.count - MemoryLayout<Number>.size else {
      throw ELFObject.malformed
    }
    return bytes.withUnsafeBytes {
      Number(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: Number.self))
    }
  }

  /// The text at `offset` of the table at `start`, up to its zero byte.
  private func string(_ start: Int, _ offset: Int) throws(LoweringError) -> String {
    guard start >= 0, offset >= 0, start <= bytes.count - offset else { throw ELFObject.malformed }
    return String(decoding: bytes[(start + offset)...].prefix { $0 != 0 }, as: UTF8.self)
  }
}
