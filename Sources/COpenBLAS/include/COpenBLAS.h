// CBLAS and LAPACK as a table of function pointers, bound at run time: no BLAS package is needed to build.
//
// Swift: `let blas = martlet_blas_load(nil)`, then `blas.pointee.cblas_sgemm(CblasRowMajor, CblasNoTrans, ...)` and
// `blas.pointee.spotrf_?(...)`. LAPACK is Fortran: column-major, every argument by address, the length of each text
// argument (1) at the end. Integers are 32-bit.

#ifndef MARTLET_COPENBLAS_H
#define MARTLET_COPENBLAS_H

#include <stddef.h>
#include <stdint.h>

#ifndef MARTLET_BLAS_REAL_HEADERS
typedef enum CBLAS_ORDER { CblasRowMajor = 101, CblasColMajor = 102 } CBLAS_ORDER;
typedef enum CBLAS_TRANSPOSE { CblasNoTrans = 111, CblasTrans = 112 } CBLAS_TRANSPOSE;
typedef enum CBLAS_UPLO { CblasUpper = 121, CblasLower = 122 } CBLAS_UPLO;
typedef enum CBLAS_DIAG { CblasNonUnit = 131, CblasUnit = 132 } CBLAS_DIAG;
typedef enum CBLAS_SIDE { CblasLeft = 141, CblasRight = 142 } CBLAS_SIDE;
#endif

#pragma clang assume_nonnull begin

/// X(result, name, parameters): what a BLAS must have to be used.
#define MARTLET_BLAS_FUNCTIONS(X) \
  X(void, cblas_sgemm, \
    (enum CBLAS_ORDER, enum CBLAS_TRANSPOSE, enum CBLAS_TRANSPOSE, int, int, int, float, const float *, int, \
     const float *, int, float, float *, int)) \
  X(void, cblas_dgemm, \
    (enum CBLAS_ORDER, enum CBLAS_TRANSPOSE, enum CBLAS_TRANSPOSE, int, int, int, double, const double *, int, \
     const double *, int, double, double *, int)) \
  X(void, cblas_sgemv, \
    (enum CBLAS_ORDER, enum CBLAS_TRANSPOSE, int, int, float, const float *, int, const float *, int, float, \
     float *, int)) \
  X(void, cblas_dgemv, \
    (enum CBLAS_ORDER, enum CBLAS_TRANSPOSE, int, int, double, const double *, int, const double *, int, \
     double, double *, int))

/// Functions of any CBLAS that have a substitute.
#define MARTLET_BLAS_OPTIONAL_FUNCTIONS(X) \
  X(float, cblas_sdot, (int, const float *, int, const float *, int)) \
  X(void, cblas_strsm, \
    (enum CBLAS_ORDER, enum CBLAS_SIDE, enum CBLAS_UPLO, enum CBLAS_TRANSPOSE, enum CBLAS_DIAG, int, int, \
     float, const float *, int, float *, int)) \
  X(double, cblas_ddot, (int, const double *, int, const double *, int)) \
  X(void, cblas_dtrsm, \
    (enum CBLAS_ORDER, enum CBLAS_SIDE, enum CBLAS_UPLO, enum CBLAS_TRANSPOSE, enum CBLAS_DIAG, int, int, \
     double, const double *, int, double *, int))

/// OpenBLAS's own.
#define MARTLET_OPENBLAS_FUNCTIONS(X) \
  X(void, openblas_set_num_threads, (int)) \
  X(int, openblas_get_num_threads, (void)) \
  X(char *_Nonnull, openblas_get_config, (void)) \
  X(char *_Nonnull, openblas_get_corename, (void))

/// LAPACK, which OpenBLAS carries and other libraries may not.
#define MARTLET_LAPACK_FUNCTIONS(X) \
  X(void, spotrf_, (const char *, const int *, float *, const int *, int *, size_t)) \
  X(void, sgesv_, (const int *, const int *, float *, const int *, int *, float *, const int *, int *)) \
  X(void, sgetrf_, (const int *, const int *, float *, const int *, int *, int *)) \
  X(void, sgeqrf_, (const int *, const int *, float *, const int *, float *, float *, const int *, int *)) \
  X(void, sorgqr_, \
    (const int *, const int *, const int *, float *, const int *, const float *, float *, const int *, int *)) \
  X(void, sgesdd_, \
    (const char *, const int *, const int *, float *, const int *, float *_Nullable, float *_Nullable, \
     const int *, float *_Nullable, const int *, float *, const int *, int *, int *, size_t)) \
  X(void, ssyevd_, \
    (const char *, const char *, const int *, float *, const int *, float *, float *, const int *, int *, \
     const int *, int *, size_t, size_t)) \
  X(void, dpotrf_, (const char *, const int *, double *, const int *, int *, size_t)) \
  X(void, dgesv_, (const int *, const int *, double *, const int *, int *, double *, const int *, int *)) \
  X(void, dgetrf_, (const int *, const int *, double *, const int *, int *, int *)) \
  X(void, dgeqrf_, (const int *, const int *, double *, const int *, double *, double *, const int *, int *)) \
  X(void, dorgqr_, \
    (const int *, const int *, const int *, double *, const int *, const double *, double *, const int *, \
     int *)) \
  X(void, dgesdd_, \
    (const char *, const int *, const int *, double *, const int *, double *_Nullable, double *_Nullable, \
     const int *, double *_Nullable, const int *, double *, const int *, int *, int *, size_t)) \
  X(void, dsyevd_, \
    (const char *, const char *, const int *, double *, const int *, double *, double *, const int *, int *, \
     const int *, int *, size_t, size_t))

struct martlet_blas {
  /// The path of the library file.
  const char *path;
  /// Changes whenever another library file is loaded (path, size and time of change).
  uint64_t fingerprint;
#define X(result, name, parameters) result(*_Nonnull name) parameters;
  MARTLET_BLAS_FUNCTIONS(X)
#undef X
#define X(result, name, parameters) result(*_Nullable name) parameters;
  MARTLET_BLAS_OPTIONAL_FUNCTIONS(X)
  MARTLET_OPENBLAS_FUNCTIONS(X)
  MARTLET_LAPACK_FUNCTIONS(X)
#undef X
};

/// Loads a BLAS, once per selection; later calls return the same table. Never unloaded. Any thread may call it.
///
/// The selection is the value of MARTLET_BLAS, which the caller reads: NULL or "" looks for OpenBLAS and then for any
/// CBLAS; "off" loads nothing; other text is a library's path. OpenBLAS is set to one thread per call, for the whole process: the
/// library's own pool divides the work. Returns NULL on failure: see martlet_blas_failure().
const struct martlet_blas *_Nullable martlet_blas_load(const char *_Nullable selection);

/// Why the last martlet_blas_load() of this thread returned NULL, in words; "" after a success.
const char *martlet_blas_failure(void);

#pragma clang assume_nonnull end

#endif
