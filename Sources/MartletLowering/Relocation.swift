// Relocations: the places in code that depend on where it lies.

/// One place to be filled in with an address.
struct Relocation {
  /// What is written, for the machine that this is compiled for; named as in the ABIs.
  enum Kind {
    /// 64 bits: S + A.
    case absolute
    /// 64 bits: S + A - P.
    case relative64
    /// 32 bits: S + A - P, checked.
    case relative
    /// As `relative`, to the table entry that holds S.
    case relativeToTable
    /// AArch64: 26 bits of (S + A - P) / 4, checked.
    case branch
    /// AArch64: 21 bits of the distance of the pages of S + A and P, checked.
    case page
    /// AArch64: as `page`, of the table entry that holds S.
    case tablePage
    /// AArch64: the low 12 bits of S + A, shifted right by the access size's logarithm.
    case low(shift: UInt64)
    /// AArch64: as `low`, of the table entry.
    case tableLow

    /// Whether it needs a word in memory that holds S.
    var usesTable: Bool {
      switch self {
      case .relativeToTable, .tablePage, .tableLow: true
      default: false
      }
    }

    /// Whether it reaches only so far.
    var isNear: Bool {
      switch self {
      case .absolute, .relative64: false
      default: true
      }
    }

    /// The kind that a number of the ABI stands for, or nil where kernels never have it.
    init?(_ number: UInt32) {
      #if arch(arm64)
        switch number {
        case 257: self = .absolute
        case 260: self = .relative64
        case 261: self = .relative
        case 275: self = .page
        case 277, 278: self = .low(shift: 0)
        case 284: self = .low(shift: 1)
        case 285: self = .low(shift: 2)
        case 286: self = .low(shift: 3)
        case 299: self = .low(shift: 4)
        case 282, 283: self = .branch
        case 311: self = .tablePage
        case 312: self = .tableLow
        default: return nil
        }
      #else
        switch number {
        case 1: self = .absolute
        case 2, 4: self = .relative
        case 24: self = .relative64
        case 9, 41, 42: self = .relativeToTable
        default: return nil
        }
      #endif
    }
  }

  /// The section that is changed, and where in it.
  let section: Int
  let offset: Int
  let kind: Kind
  let symbol: Int
  let addend: Int64

  /// Fills in `place`, P of the ABIs; `target` is S.
  func apply(at place: UnsafeMutableRawPointer, target: UInt64) throws(LoweringError) {
    let value = target &+ UInt64(bitPattern: addend)
    let here = UInt64(UInt(bitPattern: place))
    let distance = Int64(bitPattern: value &- here)
    switch kind {
    case .absolute: place.storeBytes(of: value, as: UInt64.self)
    case .relative64: place.storeBytes(of: distance, as: Int64.self)
    case .relative, .relativeToTable:
      guard let near = Int32(exactly: distance) else { throw Relocation.tooFar }
      place.storeBytes(of: near, as: Int32.self)
    case .branch:
      guard abs(distance) < 1 << 27 else { throw Relocation.tooFar }
      insert(UInt32(truncatingIfNeeded: distance >> 2), bits: 26, at: 0, place)
    case .page, .tablePage:
      let pages = Int64(bitPattern: (value & ~0xfff) &- (here & ~0xfff)) >> 12
      guard abs(pages) < 1 << 20 else { throw Relocation.tooFar }
      insert(UInt32(truncatingIfNeeded: pages), bits: 2, at: 29, place)
      insert(UInt32(truncatingIfNeeded: pages >> 2), bits: 19, at: 5, place)
    case .low(let shift): insert(UInt32(value & 0xfff) >> UInt32(shift), bits: 12, at: 10, place)
    case .tableLow: insert(UInt32(value & 0xfff) >> 3, bits: 12, at: 10, place)
    }
  }

  private static let tooFar = LoweringError("an address is too far away for the code that needs it")

  private func insert(
    _ value: UInt32, bits: UInt32, at shift: UInt32, _ place: UnsafeMutableRawPointer
  ) {
    let mask: UInt32 = ((1 << bits) - 1) << shift
    let old = place.loadUnaligned(as: UInt32.self)
    place.storeBytes(of: old & ~mask | value << shift & mask, as: UInt32.self)
  }
}
