// Says which real headers the bindings' tables were compared with when the tests were built.

#ifndef MARTLET_CBINDINGS_CHECK_H
#define MARTLET_CBINDINGS_CHECK_H

/// The major version of the LLVM headers, 0 if the include path has none.
int martlet_checked_llvm_headers(void);

/// 1 if CBLAS, 2 if LAPACK too, was compared with its header; 0 if neither header was found.
int martlet_checked_blas_headers(void);

#endif
