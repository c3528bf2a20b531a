// Trigonometric and hyperbolic functions and the error function: methods, and free functions that
// call them.

import MartletIR

extension Tensor {
  /// The sine of each element, in radians, accurate for the largest ones too.
  public func sin(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    .elementwise(.sin, self, site: .exact(file, line))
  }

  /// The cosine of each element, in radians, accurate for the largest ones too.
  public func cos(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    .elementwise(.cos, self, site: .exact(file, line))
  }

  /// The tangent of each element, in radians, accurate for the largest ones too.
  public func tan(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    .elementwise(.tan, self, site: .exact(file, line))
  }

  /// The inverse sine of each element, from -pi/2 to pi/2; NaN outside [-1, 1].
  public func asin(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    .elementwise(.asin, self, site: .exact(file, line))
  }

  /// The inverse cosine of each element, from 0 to pi; NaN outside [-1, 1].
  public func acos(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    .elementwise(.acos, self, site: .exact(file, line))
  }

  /// The inverse tangent of each element, from -pi/2 to pi/2.
  public func atan(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    .elementwise(.atan, self, site: .exact(file, line))
  }

  /// The hyperbolic sine of each element.
  public func sinh(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    .elementwise(.sinh, self, site: .exact(file, line))
  }

  /// The hyperbolic cosine of each element.
  public func cosh(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    .elementwise(.cosh, self, site: .exact(file, line))
  }

  /// The hyperbolic tangent of each element.
  public func tanh(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    .elementwise(.tanh, self, site: .exact(file, line))
  }

  /// The inverse hyperbolic sine of each element.
  public func asinh(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    .elementwise(.asinh, self, site: .exact(file, line))
  }

  /// The inverse hyperbolic cosine of each element; NaN below 1.
  public func acosh(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    .elementwise(.acosh, self, site: .exact(file, line))
  }

  /// The inverse hyperbolic tangent of each element; NaN outside [-1, 1].
  public func atanh(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    .elementwise(.atanh, self, site: .exact(file, line))
  }

  /// The error function of each element.
  public func erf(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    .elementwise(.erf, self, site: .exact(file, line))
  }

  /// One minus the error function of each element: accurate for large ones.
  public func erfc(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    .elementwise(.erfc, self, site: .exact(file, line))
  }
}

/// The sine of each element, in radians, accurate for the largest ones too.
public func sin(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  x.sin(file: file, line: line)
}

/// The cosine of each element, in radians, accurate for the largest ones too.
public func cos(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  x.cos(file: file, line: line)
}

/// The tangent of each element, in radians, accurate for the largest ones too.
public func tan(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  x.tan(file: file, line: line)
}

/// The inverse sine of each element, from -pi/2 to pi/2; NaN outside [-1, 1].
public func asin(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  x.asin(file: file, line: line)
}

/// The inverse cosine of each element, from 0 to pi; NaN outside [-1, 1].
public func acos(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  x.acos(file: file, line: line)
}

/// The inverse tangent of each element, from -pi/2 to pi/2.
public func atan(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  x.atan(file: file, line: line)
}

/// The hyperbolic sine of each element.
public func sinh(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  x.sinh(file: file, line: line)
}

/// The hyperbolic cosine of each element.
public func cosh(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  x.cosh(file: file, line: line)
}

/// The hyperbolic tangent of each element.
public func tanh(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  x.tanh(file: file, line: line)
}

/// The inverse hyperbolic sine of each element.
public func asinh(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  x.asinh(file: file, line: line)
}

/// The inverse hyperbolic cosine of each element; NaN below 1.
public func acosh(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  x.acosh(file: file, line: line)
}

/// The inverse hyperbolic tangent of each element; NaN outside [-1, 1].
public func atanh(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  x.atanh(file: file, line: line)
}

/// The error function of each element.
public func erf(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  x.erf(file: file, line: line)
}

/// One minus the error function of each element: accurate for large ones.
public func erfc(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  x.erfc(file: file, line: line)
}
