// The rows of bit operations and logic.

extension OpDefinition {
  static let bitwiseAnd = OpDefinition("bitwise_and", 2, .bits, meaning: { $0[0] & $0[1] })
  static let bitwiseOr = OpDefinition("bitwise_or", 2, .bits, meaning: { $0[0] | $0[1] })
  static let bitwiseXor = OpDefinition("bitwise_xor", 2, .bits, meaning: { $0[0] ^ $0[1] })
  static let bitwiseInvert = OpDefinition("bitwise_invert", 1, .bits, meaning: { ~$0[0] })

  static let leftShift = OpDefinition(
    "bitwise_left_shift", 2, .integer, cost: 2, meaning: { $0[0] << $0[1] })
  static let rightShift = OpDefinition(
    "bitwise_right_shift", 2, .integer, cost: 2, meaning: { $0[0] >> $0[1] })

  static let logicalAnd = OpDefinition("logical_and", 2, .logical, meaning: { $0[0] & $0[1] })
  static let logicalOr = OpDefinition("logical_or", 2, .logical, meaning: { $0[0] | $0[1] })
  static let logicalXor = OpDefinition("logical_xor", 2, .logical, meaning: { $0[0] ^ $0[1] })
  static let logicalNot = OpDefinition("logical_not", 1, .logical, meaning: { ~$0[0] })

  /// Random bits from (counter, key): Philox4x32-10 (Salmon et al., "Parallel random numbers: as
  /// easy as 1, 2, 3", SC 2011) on the counter (low word, high word, 0, 0); the first two words of
  /// the result.
  ///
  /// Any element of a stream is had without the others, so draws fuse and parallelize.
  static let philox = OpDefinition(
    "philox", 2, .word, cost: 2 * functionCost,
    meaning: { operands in
      let mask = ScalarExpr.bits(0xFFFF_FFFF, .uint64)
      let shift = ScalarExpr.literal(32, .uint64)
      // The four words are 32-bit values in 64-bit lanes, so that a product has all its bits.
      var c0 = operands[0] & mask
      var c1 = operands[0] >> shift
      var c2 = ScalarExpr.literal(0, .uint64)
      var c3 = ScalarExpr.literal(0, .uint64)
      var k0 = operands[1] & mask
      var k1 = operands[1] >> shift
      for _ in 0..<10 {
        let p0 = c0 * .bits(0xD251_1F53, .uint64)
        let p1 = c2 * .bits(0xCD9E_8D57, .uint64)
        (c0, c1, c2, c3) = ((p1 >> shift) ^ c1 ^ k0, p1 & mask, (p0 >> shift) ^ c3 ^ k1, p0 & mask)
        k0 = (k0 + .bits(0x9E37_79B9, .uint64)) & mask
        k1 = (k1 + .bits(0xBB67_AE85, .uint64)) & mask
      }
      return c0 | (c1 << shift)
    })
}
