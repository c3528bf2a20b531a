// Compares COpenBLAS's table with cblas.h and lapack.h where the include path has them.

#include "CBindingsCheck.h"

#if __has_include(<cblas.h>)

#include <cblas.h>
#if __has_include(<lapack.h>)
#define LAPACK_FORTRAN_STRLEN_END
#include <lapack.h>
#endif

#define MARTLET_BLAS_REAL_HEADERS
#include "COpenBLAS.h"

#pragma clang diagnostic error "-Wincompatible-function-pointer-types"
#pragma clang diagnostic ignored "-Wunused-variable"
#pragma clang diagnostic ignored "-Wnullability-completeness"

_Static_assert(CblasRowMajor == 101 && CblasColMajor == 102, "order");
_Static_assert(CblasNoTrans == 111 && CblasTrans == 112, "transpose");
_Static_assert(CblasUpper == 121 && CblasLower == 122, "triangle");
_Static_assert(CblasNonUnit == 131 && CblasUnit == 132, "diagonal");
_Static_assert(CblasLeft == 141 && CblasRight == 142, "side");

#define X(result, name, parameters) static __typeof__(&name) check_##name = (result(*) parameters)0;
MARTLET_BLAS_FUNCTIONS(X)
MARTLET_BLAS_OPTIONAL_FUNCTIONS(X)
#ifdef OPENBLAS_CONST
MARTLET_OPENBLAS_FUNCTIONS(X)
#endif
#if __has_include(<lapack.h>)
MARTLET_LAPACK_FUNCTIONS(X)
int martlet_checked_blas_headers(void) { return 2; }
#else
int martlet_checked_blas_headers(void) { return 1; }
#endif

#else

int martlet_checked_blas_headers(void) { return 0; }

#endif
