// Finds a BLAS library, fills the table, and gives OpenBLAS one thread.

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "COpenBLAS.h"

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { failure_size = 512 };

struct loaded {
  struct loaded *next;
  char *selection;
  struct martlet_blas table;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct loaded *all_loaded;
static _Thread_local char failure[failure_size];

const char *martlet_blas_failure(void) { return failure; }

/// FNV-1a.
static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t count) {
  const unsigned char *byte = bytes;
  for (size_t i = 0; i < count; i++) hash = (hash ^ byte[i]) * 0x100000001b3u;
  return hash;
}

static uint64_t fingerprint_of(const char *path) {
  uint64_t hash = hash_bytes(0xcbf29ce484222325u, path, strlen(path));
  struct stat status;
  if (stat(path, &status) == 0) {
    hash = hash_bytes(hash, &status.st_size, sizeof status.st_size);
    hash = hash_bytes(hash, &status.st_mtim, sizeof status.st_mtim);
  }
  return hash;
}

/// Fills `table` from one library file; says why when it cannot.
static int load_file(const char *file, struct martlet_blas *table) {
  void *library = dlopen(file, RTLD_LAZY | RTLD_LOCAL);
  if (library == NULL) {
    const char *reason = dlerror();
    snprintf(failure, sizeof failure, "%s", reason != NULL ? reason : "dlopen failed");
    return 0;
  }
#define X(result, name, parameters)                                         \
  table->name = (result(*) parameters)dlsym(library, #name);                \
  if (table->name == NULL) {                                                \
    snprintf(failure, sizeof failure, "%s has no function %s", file, #name); \
    dlclose(library);                                                       \
    return 0;                                                               \
  }
  MARTLET_BLAS_FUNCTIONS(X)
#undef X
#define X(result, name, parameters) table->name = (result(*) parameters)dlsym(library, #name);
  MARTLET_BLAS_OPTIONAL_FUNCTIONS(X)
  MARTLET_OPENBLAS_FUNCTIONS(X)
  MARTLET_LAPACK_FUNCTIONS(X)
#undef X

  struct link_map *map = NULL;
  const char *path = file;
  if (dlinfo(library, RTLD_DI_LINKMAP, &map) == 0 && map->l_name[0] != 0) path = map->l_name;
  char *kept_path = strdup(path);
  if (kept_path == NULL) {
    snprintf(failure, sizeof failure, "out of memory");
    return 0;
  }
  table->path = kept_path;
  table->fingerprint = fingerprint_of(path);
  if (table->openblas_set_num_threads != NULL) table->openblas_set_num_threads(1);
  return 1;
}

static int load_selection(const char *selection, struct martlet_blas *table) {
  // Fedora gives the plain name to the serial build and `p` to the one that is safe to call from many threads.
  static const char *const names[] = {
      "libopenblasp.so.0", "libopenblas.so.0", "libopenblas.so", "libcblas.so.3", "libblas.so.3"};
  if (strcmp(selection, "off") == 0) {
    snprintf(failure, sizeof failure, "BLAS is switched off (MARTLET_BLAS=off)");
    return 0;
  }
  if (selection[0] != 0) return load_file(selection, table);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (load_file(names[i], table)) return 1;
  }
  snprintf(failure, sizeof failure, "no OpenBLAS was found; install libopenblas0");
  return 0;
}

const struct martlet_blas *martlet_blas_load(const char *selection) {
  if (selection == NULL) selection = "";
  failure[0] = 0;
  pthread_mutex_lock(&lock);
  struct loaded *entry = all_loaded;
  while (entry != NULL && strcmp(entry->selection, selection) != 0) entry = entry->next;
  if (entry == NULL) {
    entry = calloc(1, sizeof *entry);
    char *kept_selection = strdup(selection);
    if (entry == NULL || kept_selection == NULL) {
      snprintf(failure, sizeof failure, "out of memory");
    } else if (load_selection(selection, &entry->table)) {
      failure[0] = 0;
      entry->selection = kept_selection;
      entry->next = all_loaded;
      all_loaded = entry;
      pthread_mutex_unlock(&lock);
      return &entry->table;
    }
    free(kept_selection);
    free(entry);
    entry = NULL;
  }
  pthread_mutex_unlock(&lock);
  return entry != NULL ? &entry->table : NULL;
}
