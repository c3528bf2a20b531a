// Finds a BLAS library, fills the table, and gives OpenBLAS one thread.

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "COpenBLAS.h"

#include <stdio.h>
#include <string.h>

#include "CLibraries.h"

static _Thread_local char last_failure[martlet_failure_size];

const char *martlet_blas_failure(void) { return last_failure; }

static const struct martlet_function functions[] = {
#define X(result, name, parameters) {#name, offsetof(struct martlet_blas, name), 1},
    MARTLET_BLAS_FUNCTIONS(X)
#undef X
#define X(result, name, parameters) {#name, offsetof(struct martlet_blas, name), 0},
    MARTLET_BLAS_OPTIONAL_FUNCTIONS(X)
    MARTLET_OPENBLAS_FUNCTIONS(X)
    MARTLET_LAPACK_FUNCTIONS(X)
#undef X
};

/// Fills `table` from one library file; says why when it cannot.
static int load_file(const char *file, struct martlet_blas *table, char *failure) {
  void *library = martlet_library_open(file, functions, sizeof functions / sizeof *functions, table, failure);
  if (library == NULL) return 0;
  const char *path = martlet_library_path(library, file);
  if (!martlet_library_identify(path, &table->path, &table->fingerprint, failure)) return 0;
  if (table->openblas_set_num_threads != NULL) table->openblas_set_num_threads(1);
  return 1;
}

static int load_selection(const char *selection, void *table, char *failure) {
  // Fedora gives the plain name to the serial build and `p` to the one that is safe to call from many threads.
  static const char *const names[] = {
      "libopenblasp.so.0", "libopenblas.so.0", "libopenblas.so", "libcblas.so.3", "libblas.so.3"};
  if (strcmp(selection, "off") == 0) {
    snprintf(failure, martlet_failure_size, "BLAS is switched off (MARTLET_BLAS=off)");
    return 0;
  }
  if (selection[0] != 0) return load_file(selection, table, failure);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (load_file(names[i], table, failure)) return 1;
  }
  snprintf(failure, martlet_failure_size, "no OpenBLAS was found; install libopenblas0");
  return 0;
}

static struct martlet_libraries libraries = {
    .lock = PTHREAD_MUTEX_INITIALIZER, .table_size = sizeof(struct martlet_blas), .load = load_selection};

const struct martlet_blas *martlet_blas_load(const char *selection) {
  return martlet_libraries_find(&libraries, selection, last_failure);
}
