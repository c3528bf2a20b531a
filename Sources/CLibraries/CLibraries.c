// Opens shared libraries, fills tables with the addresses of their functions, and keeps each for good.

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "CLibraries.h"

#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct martlet_loaded {
  struct martlet_loaded *next;
  char *selection;
  /// Of the kind's table size.
  _Alignas(max_align_t) char table[];
};

/// FNV-1a.
static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t count) {
  const unsigned char *byte = bytes;
  for (size_t i = 0; i < count; i++) hash = (hash ^ byte[i]) * 0x100000001b3u;
  return hash;
}

const void *martlet_libraries_find(struct martlet_libraries *libraries, const char *selection, char *failure) {
  if (selection == NULL) selection = "";
  failure[0] = 0;
  pthread_mutex_lock(&libraries->lock);
  struct martlet_loaded *entry = libraries->all;
  while (entry != NULL && strcmp(entry->selection, selection) != 0) entry = entry->next;
  if (entry == NULL) {
    entry = calloc(1, sizeof *entry + libraries->table_size);
    char *kept_selection = strdup(selection);
    if (entry == NULL || kept_selection == NULL) {
      snprintf(failure, martlet_failure_size, "out of memory");
    } else if (libraries->load(selection, entry->table, failure)) {
      // An attempt that failed before this one has left its reason.
      failure[0] = 0;
      entry->selection = kept_selection;
      entry->next = libraries->all;
      libraries->all = entry;
      pthread_mutex_unlock(&libraries->lock);
      return entry->table;
    }
    free(kept_selection);
    free(entry);
    entry = NULL;
  }
  pthread_mutex_unlock(&libraries->lock);
  return entry != NULL ? entry->table : NULL;
}

void *martlet_library_open(
    const char *file, const struct martlet_function *functions, size_t count, void *table, char *failure) {
  void *library = dlopen(file, RTLD_LAZY | RTLD_LOCAL);
  if (library == NULL) {
    const char *reason = dlerror();
    snprintf(failure, martlet_failure_size, "%s", reason != NULL ? reason : "dlopen failed");
    return NULL;
  }
  for (size_t i = 0; i < count; i++) {
    void *address = dlsym(library, functions[i].name);
    if (address == NULL && functions[i].is_required) {
      snprintf(failure, martlet_failure_size, "%s has no function %s", file, functions[i].name);
      dlclose(library);
      return NULL;
    }
    // POSIX lets a pointer from dlsym stand for a function.
    memcpy((char *)table + functions[i].offset, &address, sizeof address);
  }
  return library;
}

const char *martlet_library_path(void *library, const char *file) {
  struct link_map *map = NULL;
  return dlinfo(library, RTLD_DI_LINKMAP, &map) == 0 && map->l_name[0] != 0 ? map->l_name : file;
}

int martlet_library_identify(const char *path, const char **kept_path, uint64_t *fingerprint, char *failure) {
  char *copy = strdup(path);
  if (copy == NULL) {
    snprintf(failure, martlet_failure_size, "out of memory");
    return 0;
  }
  *kept_path = copy;
  *fingerprint = hash_bytes(0xcbf29ce484222325u, path, strlen(path));
  struct stat status;
  if (stat(path, &status) == 0) {
    *fingerprint = hash_bytes(*fingerprint, &status.st_size, sizeof status.st_size);
    *fingerprint = hash_bytes(*fingerprint, &status.st_mtim, sizeof status.st_mtim);
  }
  return 1;
}
