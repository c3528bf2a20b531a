// The BLAS library that was found, and calls to it.

import COpenBLAS
import MartletIR

/// A loaded BLAS; OpenBLAS runs each call on the thread that makes it.
package struct Blas: Sendable {
  /// Never written after it was loaded.
  private let shared: Shared<UnsafePointer<martlet_blas>>

  private var table: UnsafePointer<martlet_blas> { shared.pointer }

  /// The BLAS of a `MARTLET_BLAS` selection, or nil and why there is none.
  static func load(_ selection: String?) -> (blas: Blas?, failure: String) {
    guard let table = martlet_blas_load(selection) else {
      return (nil, String(cString: martlet_blas_failure()))
    }
    return (Blas(shared: Shared(table)), "")
  }

  /// What standard error says where a product finds no BLAS.
  static func advice(_ reason: String, _ selection: String?) -> String {
    let advice =
      selection?.isEmpty == false ? "; MARTLET_BLAS takes the path of a library, or off" : ""
    return "martlet: no BLAS, so matrix products run in the engine's own loop, slowly: "
      + "\(reason)\(advice)\n"
  }

  package var path: String { String(cString: table.pointee.path) }

  /// The configuration text of OpenBLAS (version, options, target), or nil for another library.
  package var configuration: String? {
    table.pointee.openblas_get_config.map { String(cString: $0()) }
  }

  /// The processor type whose kernels OpenBLAS chose.
  package var core: String? { table.pointee.openblas_get_corename.map { String(cString: $0()) } }

  /// The arguments of one product, row-major, without scaling.
  struct Call {
    let rows: Int
    let columns: Int
    let inner: Int
    let a: UnsafeMutableRawPointer
    let isATransposed: Bool
    let aLeading: Int
    let b: UnsafeMutableRawPointer
    let isBTransposed: Bool
    let bLeading: Int
    let c: UnsafeMutableRawPointer
    let cLeading: Int
  }

  /// Computes c = a b.
  func gemm(_ dtype: DType, _ call: Call) {
    let aOrder = call.isATransposed ? CblasTrans : CblasNoTrans
    let bOrder = call.isBTransposed ? CblasTrans : CblasNoTrans
    let (m, n, k) = (Int32(call.rows), Int32(call.columns), Int32(call.inner))
    let (lda, ldb, ldc) = (Int32(call.aLeading), Int32(call.bLeading), Int32(call.cLeading))
    if dtype == .float32 {
      table.pointee.cblas_sgemm(
        CblasRowMajor, aOrder, bOrder, m, n, k, 1, call.a.assumingMemoryBound(to: Float.self), lda,
        call.b.assumingMemoryBound(to: Float.self), ldb, 0,
        call.c.assumingMemoryBound(to: Float.self), ldc)
    } else {
      table.pointee.cblas_dgemm(
        CblasRowMajor, aOrder, bOrder, m, n, k, 1, call.a.assumingMemoryBound(to: Double.self), lda,
        call.b.assumingMemoryBound(to: Double.self), ldb, 0,
        call.c.assumingMemoryBound(to: Double.self), ldc)
    }
  }
}
