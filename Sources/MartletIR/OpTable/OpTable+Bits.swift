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
}
