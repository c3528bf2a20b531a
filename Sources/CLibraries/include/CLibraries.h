// Shared libraries as tables of function pointers: opened, bound and remembered by the selection that named them.

#ifndef MARTLET_CLIBRARIES_H
#define MARTLET_CLIBRARIES_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

enum { martlet_failure_size = 512 };

/// A function of a library, and where its address goes in a table.
struct martlet_function {
  const char *name;
  size_t offset;
  /// Whether the library is of no use without it; else the table holds NULL.
  int is_required;
};

/// The tables of one kind of library that were loaded so far.
struct martlet_libraries {
  pthread_mutex_t lock;
  size_t table_size;
  /// Fills a zeroed table as a selection says and returns 1, or returns 0 and says why in `failure`.
  int (*load)(const char *selection, void *table, char *failure);
  struct martlet_loaded *_Nullable all;
};

/// The table of a selection (NULL means ""), loaded by the first call; NULL where that fails. Any thread may call it.
///
/// `failure` has martlet_failure_size bytes, here as everywhere: after a success it is "".
const void *_Nullable martlet_libraries_find(
    struct martlet_libraries *libraries, const char *_Nullable selection, char *failure);

/// Opens a library file and stores the addresses of its functions in `table`. Returns NULL on failure, and says why.
void *_Nullable martlet_library_open(
    const char *file, const struct martlet_function *functions, size_t count, void *table, char *failure);

/// The path that the library was loaded from, where the system knows it, else `file`.
const char *martlet_library_path(void *library, const char *file);

/// Stores a copy of the path, and a number that changes with the file (path, size and time of change). 0: no memory.
int martlet_library_identify(const char *path, const char *_Nonnull *_Nonnull kept_path, uint64_t *fingerprint, char *failure);

#pragma clang assume_nonnull end

#endif
