// Square roots, powers, exponentials and logarithms: methods, and free functions that call them.

import MartletIR

extension Tensor {
  /// The square root of each element, correctly rounded; NaN below 0.
  ///
  ///     Tensor([4.0, 9.0]).sqrt()      // [2, 3]
  public func sqrt(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    .elementwise(.sqrt, self, site: .exact(file, line))
  }

  /// One divided by the square root of each element.
  public func rsqrt(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    .elementwise(.rsqrt, self, site: .exact(file, line))
  }

  /// The cube root of each element, of its sign.
  public func cbrt(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    .elementwise(.cbrt, self, site: .exact(file, line))
  }

  /// e to the power of each element.
  ///
  ///     Tensor([0.0, 1.0]).exp()       // [1, 2.7182817]
  public func exp(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    .elementwise(.exp, self, site: .exact(file, line))
  }

  /// 2 to the power of each element.
  public func exp2(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    .elementwise(.exp2, self, site: .exact(file, line))
  }

  /// e to the power of each element, minus 1: accurate near 0.
  public func expm1(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    .elementwise(.expm1, self, site: .exact(file, line))
  }

  /// The natural logarithm of each element; NaN below 0, -inf at 0.
  public func log(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    .elementwise(.log, self, site: .exact(file, line))
  }

  /// The base-2 logarithm of each element.
  public func log2(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    .elementwise(.log2, self, site: .exact(file, line))
  }

  /// The base-10 logarithm of each element.
  public func log10(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    .elementwise(.log10, self, site: .exact(file, line))
  }

  /// The natural logarithm of 1 plus each element: accurate near 0.
  ///
  ///     Tensor([0, 1e-9]).log1p()      // [0, 1e-09]
  public func log1p(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    .elementwise(.log1p, self, site: .exact(file, line))
  }
}

/// The square root of each element, correctly rounded; NaN below 0.
public func sqrt(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  x.sqrt(file: file, line: line)
}

/// One divided by the square root of each element.
public func rsqrt(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  x.rsqrt(file: file, line: line)
}

/// The cube root of each element, of its sign.
public func cbrt(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  x.cbrt(file: file, line: line)
}

/// e to the power of each element.
public func exp(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  x.exp(file: file, line: line)
}

/// 2 to the power of each element.
public func exp2(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  x.exp2(file: file, line: line)
}

/// e to the power of each element, minus 1: accurate near 0.
public func expm1(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  x.expm1(file: file, line: line)
}

/// The natural logarithm of each element; NaN below 0, -inf at 0.
public func log(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  x.log(file: file, line: line)
}

/// The base-2 logarithm of each element.
public func log2(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  x.log2(file: file, line: line)
}

/// The base-10 logarithm of each element.
public func log10(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  x.log10(file: file, line: line)
}

/// The natural logarithm of 1 plus each element: accurate near 0.
public func log1p(_ x: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  x.log1p(file: file, line: line)
}
