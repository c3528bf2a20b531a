// Signs, rounding and the parts of numbers: methods, and free functions that call them.

import MartletIR

extension Tensor {
  /// The absolute value of each element; the least integer of a dtype stays itself.
  ///
  ///     Tensor([-1.5, 2]).abs()        // [1.5, 2]
  public func abs(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    .elementwise(.abs, self, site: .exact(file, line))
  }

  /// The negated elements; bool has none.
  public func negative(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    .elementwise(.negative, self, site: .exact(file, line))
  }

  /// The square of each element.
  public func square(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    .elementwise(.square, self, site: .exact(file, line))
  }

  /// One divided by each element; integers become float32.
  public func reciprocal(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    .elementwise(.reciprocal, self, site: .exact(file, line))
  }

  /// -1, 0 or 1 for each element; NaN for NaN.
  public func sign(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    .elementwise(.sign, self, site: .exact(file, line))
  }

  /// The greatest integer not above each element; integers are themselves.
  public func floor(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    .elementwise(.floor, self, site: .exact(file, line))
  }

  /// The least integer not below each element; integers are themselves.
  public func ceil(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    .elementwise(.ceil, self, site: .exact(file, line))
  }

  /// Each element without its fraction; integers are themselves.
  public func trunc(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    .elementwise(.trunc, self, site: .exact(file, line))
  }

  /// The nearest integer to each element, the even one of two.
  ///
  ///     Tensor([0.5, 1.5, 2.5]).round()     // [0, 2, 2]
  public func round(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    .elementwise(.round, self, site: .exact(file, line))
  }

  /// Whether the sign bit of each element is set; false for NaN.
  public func signbit(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    .elementwise(.signbit, self, site: .exact(file, line))
  }

  /// Whether each element is not a number.
  public func isNaN(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    .elementwise(.isnan, self, site: .exact(file, line))
  }

  /// Whether each element is infinite.
  public func isInf(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    .elementwise(.isinf, self, site: .exact(file, line))
  }

  /// Whether each element is neither infinite nor NaN.
  public func isFinite(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    .elementwise(.isfinite, self, site: .exact(file, line))
  }

  /// Whether each element is false, or 0.
  public func logicalNot(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    .elementwise(.logicalNot, self, site: .exact(file, line))
  }

  /// The bits of each element that are not set; of bool the negation.
  public func bitwiseInvert(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    .elementwise(.bitwiseInvert, self, site: .exact(file, line))
  }
}

/// The absolute value of each element; the least integer of a dtype stays itself.
public func abs(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  x.abs(file: file, line: line)
}

/// The negated elements; bool has none.
public func negative(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  x.negative(file: file, line: line)
}

/// The square of each element.
public func square(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  x.square(file: file, line: line)
}

/// One divided by each element; integers become float32.
public func reciprocal(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  x.reciprocal(file: file, line: line)
}

/// -1, 0 or 1 for each element; NaN for NaN.
public func sign(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  x.sign(file: file, line: line)
}

/// The greatest integer not above each element; integers are themselves.
public func floor(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  x.floor(file: file, line: line)
}

/// The least integer not below each element; integers are themselves.
public func ceil(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  x.ceil(file: file, line: line)
}

/// Each element without its fraction; integers are themselves.
public func trunc(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  x.trunc(file: file, line: line)
}

/// The nearest integer to each element, the even one of two.
public func round(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  x.round(file: file, line: line)
}

/// Whether the sign bit of each element is set; false for NaN.
public func signbit(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  x.signbit(file: file, line: line)
}

/// Whether each element is not a number.
public func isNaN(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  x.isNaN(file: file, line: line)
}

/// Whether each element is infinite.
public func isInf(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  x.isInf(file: file, line: line)
}

/// Whether each element is neither infinite nor NaN.
public func isFinite(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  x.isFinite(file: file, line: line)
}

/// Whether each element is false, or 0.
public func logicalNot(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  x.logicalNot(file: file, line: line)
}

/// The bits of each element that are not set; of bool the negation.
public func bitwiseInvert(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  x.bitwiseInvert(file: file, line: line)
}
