// Elements that find mistakes: random bits, numbers of moderate size, and the edges of each dtype.

package import MartletIR

/// How the elements of an operand are drawn.
package enum Sampling: Sendable, Hashable, CaseIterable {
  /// A third each of random bits, edges of the dtype and moderate numbers.
  case mixed
  /// Moderate finite numbers, so that sums say something.
  case moderate
}

extension DType {
  /// The edges of the dtype as bit patterns: zeros, extremes, subnormals, infinities, NaN, and the
  /// numbers at which conversions and functions change their behaviour.
  package var edges: [UInt64] {
    switch self {
    case .bool: return [0, 1]
    case .float32:
      return DType.floatEdges.map { UInt64(Float($0).bitPattern) } + [
        0x0000_0001, 0x8000_0001, 0x007F_FFFF, 0x807F_FFFF, 0x0080_0000, 0x8080_0000, 0x7F7F_FFFF,
        0xFF7F_FFFF, 0x7FC0_0000, 0xFFC0_0000, 0x7F80_0001, 0x3F80_0001, 0x3F7F_FFFF, 0x4EFF_FFFF,
        0x5EFF_FFFF, 0x5F7F_FFFF, 0x4B7F_FFFF, 0x42B1_7218, 0xC2CF_F1B5,
      ]
    case .float64:
      return DType.floatEdges.map(\.bitPattern) + [
        1, 0x8000_0000_0000_0001, 0x000F_FFFF_FFFF_FFFF, 0x0010_0000_0000_0000,
        0x7FEF_FFFF_FFFF_FFFF, 0xFFEF_FFFF_FFFF_FFFF, 0x7FF8_0000_0000_0000,
        0xFFF8_0000_0000_0000, 0x7FF0_0000_0000_0001, 0x3FF0_0000_0000_0001,
        0x3FEF_FFFF_FFFF_FFFF, 0x43DF_FFFF_FFFF_FFFF, 0x43EF_FFFF_FFFF_FFFF,
        0x41DF_FFFF_FFC0_0000, 0x41EF_FFFF_FFE0_0000, 0x3690_0000_0000_0000,
        0x47EF_FFFF_F000_0000, 0x47EF_FFFF_EFFF_FFFF, 0x4086_2E42_FEFA_39EF,
      ]
    default:
      var result: [UInt64] = []
      for small in -9...9 { result.append(UInt64(bitPattern: Int64(small))) }
      for bit in 0..<UInt64(bitWidth) {
        let power = UInt64(1) << bit
        result += [power, power &- 1, power &+ 1, 0 &- power]
      }
      result += [UInt64(bitWidth), UInt64(bitWidth) - 1, UInt64(bitWidth) + 1]
      return result.map { $0 & mask }
    }
  }

  /// The bits that an element has.
  private var mask: UInt64 { byteCount == 8 ? .max : (1 << UInt64(bitWidth)) - 1 }

  private static let floatEdges: [Double] = {
    let positive: [Double] = [
      0, 1, 2, 3, 0.5, 1.5, 2.5, 3.5, 0.25, 0.1, 0.9999999, 1.0000001, 10, 100, 1e4, 1e-4, 1e-8,
      1e10, 1e20, 1e30, 1e-30, 1e38, 3e38, .pi, .pi / 2, .pi / 4, 2.718281828459045, 88.72283,
      88.8, 87.3, 103.97, 104, 126, 127, 127.5, 128, 149, 150, 255, 255.5, 256, 709.8, 745.2, 1023,
      1024, 1074, 1075, 32767.5, 32768, 65535.5, 65536, 0x1p23, 0x1p24, 0x1p31, 0x1p32, 0x1p52,
      0x1p53, 0x1p63, 0x1p64, 8388607.5, 4.5e15, .infinity,
    ]
    return positive + positive.map { -$0 }
  }()

  /// One element drawn from `sampling`.
  package func sample(_ sampling: Sampling, _ random: inout Generator) -> UInt64 {
    if self == .bool { return random.next() & 1 }
    switch sampling == .moderate ? 2 : random.pick(3) {
    case 0: return random.next() & mask
    case 1: return random.pick(from: edges)
    default: break
    }
    switch self {
    case .float32: return UInt64(Float(DType.moderate(&random)).bitPattern)
    case .float64: return DType.moderate(&random).bitPattern
    default: return UInt64(bitPattern: Int64(random.pick(41) - 20)) & mask
    }
  }

  /// A number of either sign, mostly between 2^-6 and 2^5.
  private static func moderate(_ random: inout Generator) -> Double {
    let magnitude = (random.unit() + 1) * [0x1p-6, 0.25, 0.5, 1, 2, 4, 16][random.pick(7)]
    return random.chance(2) ? magnitude : -magnitude
  }
}

/// A store of drawn elements, from which operands are copied: drawing is slow in debug builds.
private struct ElementStore: Sendable {
  /// A prime, so that the period shows in no row.
  static let count = 8191

  let bytes: [UInt8]

  init(_ dtype: DType, _ sampling: Sampling) {
    var random = Generator(UInt64(dtype.rawValue) &* 7919 &+ (sampling == .mixed ? 1 : 2))
    // Edges are looked up once: the property makes a new array.
    var bytes: [UInt8] = []
    bytes.reserveCapacity(ElementStore.count * dtype.byteCount)
    let edges = dtype.edges
    for _ in 0..<ElementStore.count {
      let isEdge = sampling == .mixed && random.chance(3)
      var bits = isEdge ? random.pick(from: edges) : dtype.drawn(sampling, &random)
      for _ in 0..<dtype.byteCount {
        bytes.append(UInt8(truncatingIfNeeded: bits))
        bits >>= 8
      }
    }
    self.bytes = bytes
  }

  static let all: [[ElementStore]] = DType.allCases.map { dtype in
    Sampling.allCases.map { ElementStore(dtype, $0) }
  }
}

extension DType {
  /// An element that is no edge on purpose.
  fileprivate func drawn(_ sampling: Sampling, _ random: inout Generator) -> UInt64 {
    if sampling == .mixed, self != .bool, random.chance(2) { return random.next() & mask }
    return sample(.moderate, &random)
  }

  /// Fills `count` elements at `target`.
  package func fill(
    _ target: UnsafeMutableRawPointer, count: Int, _ sampling: Sampling, _ random: inout Generator
  ) {
    let place = Sampling.allCases.firstIndex(of: sampling) ?? 0
    let store = ElementStore.all[Int(rawValue)][place]
    let total = count * byteCount
    var written = 0
    var start = random.pick(ElementStore.count) * byteCount
    store.bytes.withUnsafeBytes { source in
      while written < total {
        let length = min(total - written, source.count - start)
        (target + written).copyMemory(
          from: UnsafeRawBufferPointer(rebasing: source[start..<start + length]).baseAddress
            ?? UnsafeRawPointer(target), byteCount: length)
        written += length
        start = 0
      }
    }
  }
}
