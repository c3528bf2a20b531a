// CBLAS and LAPACK through the table.

import COpenBLAS
import Testing

@Suite struct BLASTests {
  @Test func multipliesMatrices() throws {
    guard let blas = martlet_blas_load(nil) else {
      print("skipped BLAS: \(String(cString: martlet_blas_failure()))")
      return
    }
    let a: [Float] = [1, 2, 3, 4]
    let b: [Float] = [5, 6, 7, 8]
    var c: [Float] = [0, 0, 0, 0]
    blas.pointee.cblas_sgemm(
      CblasRowMajor, CblasNoTrans, CblasNoTrans, 2, 2, 2, 1, a, 2, b, 2, 0, &c, 2)
    #expect(c == [19, 22, 43, 50])
    if let threads = blas.pointee.openblas_get_num_threads { #expect(threads() == 1) }
    #expect(blas == martlet_blas_load(nil))
  }

  /// [[4, 2], [2, 5]] = L Lᵀ with L = [[2, 0], [1, 2]].
  @Test func factorsASymmetricMatrix() throws {
    guard let blas = martlet_blas_load(nil), let factor = blas.pointee.dpotrf_ else { return }
    var a: [Double] = [4, 2, 2, 5]
    var order: Int32 = 2
    var info: Int32 = -1
    factor("L", &order, &a, &order, &info, 1)
    #expect(info == 0)
    #expect(a[0] == 2 && a[1] == 1 && a[3] == 2)
  }

  @Test(arguments: [("off", "MARTLET_BLAS=off"), ("/nowhere/libblas.so", "/nowhere/libblas.so")])
  func failureSaysWhy(selection: String, words: String) {
    #expect(martlet_blas_load(selection) == nil)
    let text = String(cString: martlet_blas_failure())
    #expect(text.contains(words), "\(text)")
  }
}
