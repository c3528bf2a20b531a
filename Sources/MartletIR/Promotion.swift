// The dtype that operands of different dtypes share (R39, R40).

extension DType {
  /// The common dtype of two arrays, or nil for uint64 with a signed integer.
  package func promoted(with other: DType) -> DType? {
    if self == other { return self }
    let (low, high) = kind <= other.kind ? (self, other) : (other, self)
    if low.kind == high.kind { return low.byteCount >= high.byteCount ? low : high }
    // bool joins anything; an integer takes the float's dtype.
    if low.kind == .bool || high.kind == .float { return high }
    // unsigned with signed: the signed type that holds both.
    if high.byteCount > low.byteCount { return high }
    switch low {
    case .uint8: return .int16
    case .uint16: return .int32
    case .uint32: return .int64
    default: return nil
    }
  }
}

extension OpDefinition {
  /// The dtype in which the op computes operands of the promoted dtype `dtype`, or nil where it
  /// does not take them.
  package func computingDType(_ dtype: DType) -> DType? {
    switch rule {
    case .number: dtype == .bool ? nil : dtype
    case .numberOrBool, .comparison, .choice: dtype
    case .floating, .floatPredicate: dtype.isFloatingPoint ? dtype : .defaultFloat
    case .bits: dtype.isFloatingPoint ? nil : dtype
    case .integer: dtype.isInteger ? dtype : nil
    case .word: dtype == .uint64 ? dtype : nil
    case .logical: .bool
    }
  }

  /// The dtypes the op takes, in words.
  package var acceptedDTypes: String {
    switch rule {
    case .number: "numbers"
    case .bits: "integers and bool"
    case .integer: "integers"
    case .word: "uint64"
    case .numberOrBool, .floating, .comparison, .logical, .floatPredicate, .choice: "any dtype"
    }
  }
}

extension ElementwiseOp {
  /// What `plainResult` gives, sixteen an op: one a dtype.
  private static let plainResults: ContiguousArray<DType?> = ContiguousArray(
    ElementwiseOp.allCases.sorted { $0.rawValue < $1.rawValue }.flatMap { op in
      (0..<16).map { (number: UInt8) -> DType? in
        guard let dtype = DType(rawValue: number) else { return nil }
        // A power's values may be an error (R26).
        let isPlain = op.definition.computingDType(dtype) == dtype && op != .pow && op != .select
        return isPlain ? op.resultDType(computingIn: dtype) : nil
      }
    })

  /// The dtype of the result on operands of `dtype` that are computed as they are, or nil where
  /// they are converted first, not all of one dtype, or their values may be an error.
  ///
  /// A table, for it is asked for every recorded op.
  package func plainResult(of dtype: DType) -> DType? {
    ElementwiseOp.plainResults[Int(rawValue) << 4 | Int(dtype.rawValue)]
  }
}
