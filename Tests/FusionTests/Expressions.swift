// The traces of well-known computations, as users' code records them.

import MartletIR

/// Traces whose plans the tests look at.
enum Expressions {
  static func chain12(_ n: Int = 1000, half: Float = 0.5) -> TraceRecorder {
    var r = TraceRecorder()
    let (a, b, c) = (r.leaf([n]), r.leaf([n]), r.leaf([n]))
    var t = r.add(r.multiply(a, b), c)
    t = r.subtract(r.multiply(t, t), a)
    t = r.add(t, r.multiply(b, number(half)))
    t = r.add(r.apply(.abs, t), number(1))
    t = r.divide(t, r.add(r.multiply(c, c), number(1)))
    t = r.subtract(t, r.multiply(a, c))
    r.output(r.multiply(t, number(0.25)))
    return r
  }

  static func biasRelu(_ rows: Int = 32, _ columns: Int = 100) -> TraceRecorder {
    var r = TraceRecorder()
    let (x, bias) = (r.leaf([rows, columns]), r.leaf([columns]))
    r.output(r.apply(.maximum, r.add(x, bias), number(0)))
    return r
  }

  static func softmax(_ rows: Int = 64, _ columns: Int = 1000) -> TraceRecorder {
    var r = TraceRecorder()
    let a = r.leaf([rows, columns])
    let e = r.exp(r.subtract(a, r.reduce(.maximum, a, [1])))
    r.output(r.divide(e, r.reduce(.sum, e, [1])))
    return r
  }

  static func layerNorm(_ rows: Int = 64, _ columns: Int = 512) -> TraceRecorder {
    var r = TraceRecorder()
    r.output(layerNorm(&r, rows, columns))
    return r
  }

  /// The sum of a layer norm's products with another array, as a loss is.
  static func layerNormLoss(_ rows: Int = 64, _ columns: Int = 512) -> TraceRecorder {
    var r = TraceRecorder()
    let products = r.multiply(layerNorm(&r, rows, columns), r.leaf([rows, columns]))
    r.output(r.reshape(r.reduce(.sum, products, [0, 1]), []))
    return r
  }

  private static func layerNorm(
    _ r: inout TraceRecorder, _ rows: Int, _ columns: Int
  ) -> Trace.Operand {
    let (a, w, b) = (r.leaf([rows, columns]), r.leaf([columns]), r.leaf([columns]))
    let d = r.subtract(a, r.reduce(.mean, a, [1]))
    let v = r.reduce(.mean, r.multiply(d, d), [1])
    let scale = r.apply(.rsqrt, r.add(v, number(1e-5)))
    return r.add(r.multiply(r.multiply(d, scale), w), b)
  }

  static func meanOfSquares(_ n: Int = 1000) -> TraceRecorder {
    var r = TraceRecorder()
    let (a, b) = (r.leaf([n]), r.leaf([n]))
    let d = r.subtract(a, b)
    r.output(r.reshape(r.reduce(.mean, r.multiply(d, d), [0]), []))
    return r
  }

  static func columnDeviation(_ rows: Int = 100, _ columns: Int = 512) -> TraceRecorder {
    var r = TraceRecorder()
    let a = r.leaf([rows, columns])
    let d = r.subtract(a, r.reduce(.mean, a, [0]))
    let v = r.reduce(.mean, r.multiply(d, d), [0])
    r.output(r.apply(.sqrt, r.reshape(v, [columns])))
    return r
  }

  static func pairDistance(_ n: Int = 50, _ k: Int = 16) -> TraceRecorder {
    var r = TraceRecorder()
    let (x, y) = (r.leaf([n, 1, k]), r.leaf([1, n, k]))
    let d = r.subtract(x, y)
    let s = r.reshape(r.reduce(.sum, r.multiply(d, d), [2]), [n, n])
    r.output(r.apply(.sqrt, r.add(s, number(1e-6))))
    return r
  }

  static func jacobi(_ n: Int = 100) -> TraceRecorder {
    var r = TraceRecorder()
    let u = r.leaf([n, n])
    let inner = 1..<n - 1
    let vertical = r.add(r.slice(u, 0..<n - 2, inner), r.slice(u, 2..<n, inner))
    let horizontal = r.add(r.slice(u, inner, 0..<n - 2), r.slice(u, inner, 2..<n))
    r.output(r.multiply(number(0.25), r.add(vertical, horizontal)))
    return r
  }

  static func transposeAdd(_ n: Int = 100) -> TraceRecorder {
    var r = TraceRecorder()
    let (a, b) = (r.leaf([n, n]), r.leaf([n, n]))
    r.output(r.add(a, r.multiply(number(2), r.permute(b, [1, 0]))))
    return r
  }

  static func adam(_ n: Int = 1000) -> TraceRecorder { adam([[n]], rate: number(0.001)) }

  /// One step of Adam over parameters of these shapes; a rate of nil is a tensor.
  static func adam(_ shapes: [Shape], rate: Trace.Operand?) -> TraceRecorder {
    var r = TraceRecorder()
    let rate = rate ?? r.leaf([])
    for shape in shapes {
      let (p, g, m, v) = (r.leaf(shape), r.leaf(shape), r.leaf(shape), r.leaf(shape))
      let m1 = r.add(r.multiply(number(0.9), m), r.multiply(number(0.1), g))
      let v1 = r.add(r.multiply(number(0.999), v), r.multiply(number(0.001), r.multiply(g, g)))
      let step = r.multiply(rate, r.multiply(m1, number(1 / 0.271)))
      let scale = r.apply(.sqrt, r.multiply(v1, number(1 / 0.002997)))
      let p1 = r.subtract(p, r.divide(step, r.add(scale, number(1e-8))))
      r.output(p1, m1, v1)
    }
    return r
  }

  static func mandelbrot(_ n: Int = 100, iterations: Int = 30) -> TraceRecorder {
    var r = TraceRecorder()
    let (cr, ci) = (r.leaf([n, n]), r.leaf([n, n]))
    var zr = r.multiply(cr, number(0))
    var zi = r.multiply(ci, number(0))
    var k = r.multiply(cr, number(0))
    for _ in 0..<iterations {
      let (zr2, zi2) = (r.multiply(zr, zr), r.multiply(zi, zi))
      let m = r.apply(.less, r.add(zr2, zi2), number(4))
      k = r.apply(.select, m, r.add(k, number(1)), k)
      let nz = r.add(r.multiply(r.multiply(number(2), zr), zi), ci)
      let nr = r.add(r.subtract(zr2, zi2), cr)
      zr = r.apply(.select, m, nr, zr)
      zi = r.apply(.select, m, nz, zi)
    }
    r.output(k)
    return r
  }

  /// `count` ops of which each uses the one before.
  static func chain(_ count: Int, _ n: Int = 16) -> TraceRecorder {
    var r = TraceRecorder()
    let (a, b) = (r.leaf([n]), r.leaf([n]))
    var t = a
    for k in 0..<count {
      switch k % 5 {
      case 0: t = r.multiply(t, b)
      case 1: t = r.add(t, b)
      case 2: t = r.subtract(t, number(0.5))
      case 3: t = r.multiply(t, number(0.9))
      default: t = r.apply(.abs, t)
      }
    }
    r.output(t)
    return r
  }
}
