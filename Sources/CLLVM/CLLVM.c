// Finds libLLVM, fills the table, and ends the process legibly when LLVM meets an internal error.

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "CLLVM.h"
#include "KeepStatics.h"

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__x86_64__)
#define TARGET "X86"
#elif defined(__aarch64__)
#define TARGET "AArch64"
#endif

enum { oldest_major = 14, failure_size = 512, context_size = 2048 };

static const int tested_majors[] = {19, 16, 15, 14};

struct loaded {
  struct loaded *next;
  char *selection;
  struct martlet_llvm table;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct loaded *all_loaded;
static _Thread_local char failure[failure_size];
static _Thread_local char fatal_context[context_size];

const char *martlet_llvm_failure(void) { return failure; }

void martlet_llvm_set_fatal_context(const char *text) {
  snprintf(fatal_context, sizeof fatal_context, "%s", text != NULL ? text : "");
}

static void write_text(const char *text) {
  size_t left = strlen(text);
  while (left > 0) {
    ssize_t written = write(STDERR_FILENO, text, left);
    if (written <= 0) return;
    text += written;
    left -= (size_t)written;
  }
}

/// LLVM is not safe to unwind through and may hold its own locks: say what happened and stop.
static void end_process(const char *reason) {
  write_text("martlet: LLVM cannot go on: ");
  write_text(reason);
  write_text("\n");
  if (fatal_context[0] != 0) {
    write_text("while compiling:\n");
    write_text(fatal_context);
    write_text("\n");
  }
  abort();
}

/// The major version in a library's file name (libLLVM-14.so.1, libLLVM.so.19.1), or 0.
static unsigned major_in_name(const char *path) {
  const char *slash = strrchr(path, '/');
  const char *name = slash != NULL ? slash + 1 : path;
  if (strncmp(name, "libLLVM-", 8) == 0) return (unsigned)strtoul(name + 8, NULL, 10);
  if (strncmp(name, "libLLVM.so.", 11) == 0) return (unsigned)strtoul(name + 11, NULL, 10);
  return 0;
}

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

/// Readies code generation for the host. The functions' names hold the architecture, so they are not in the table.
static int initialize_target(void *library) {
#ifdef TARGET
  static const char *const names[] = {
      "LLVMInitialize" TARGET "TargetInfo", "LLVMInitialize" TARGET "Target",
      "LLVMInitialize" TARGET "TargetMC", "LLVMInitialize" TARGET "AsmPrinter"};
  void (*initializers[4])(void);
  for (int i = 0; i < 4; i++) {
    initializers[i] = (void (*)(void))dlsym(library, names[i]);
    if (initializers[i] == NULL) return 0;
  }
  for (int i = 0; i < 4; i++) initializers[i]();
  return 1;
#else
  (void)library;
  return 0;
#endif
}

/// Fills `table` from one library file. 1: done; 0: there is no such file; -1: it cannot be used. Both say why.
static int load_file(const char *file, struct martlet_llvm *table) {
  void *library = dlopen(file, RTLD_LAZY | RTLD_LOCAL);
  if (library == NULL) {
    const char *reason = dlerror();
    snprintf(failure, sizeof failure, "%s", reason != NULL ? reason : "dlopen failed");
    return strstr(failure, "cannot open shared object file") != NULL ? 0 : -1;
  }
#define X(result, name, parameters)                                         \
  table->name = (result(*) parameters)dlsym(library, #name);                \
  if (table->name == NULL) {                                                \
    snprintf(failure, sizeof failure, "%s has no function %s", file, #name); \
    dlclose(library);                                                       \
    return -1;                                                              \
  }
  MARTLET_LLVM_FUNCTIONS(X)
#undef X
#define X(result, name, parameters) table->name = (result(*) parameters)dlsym(library, #name);
  MARTLET_LLVM_OPTIONAL_FUNCTIONS(X)
#undef X

  struct link_map *map = NULL;
  const char *path = file;
  if (dlinfo(library, RTLD_DI_LINKMAP, &map) == 0 && map->l_name[0] != 0) path = map->l_name;
  if (table->LLVMGetVersion != NULL) {
    table->LLVMGetVersion(&table->major, &table->minor, &table->patch);
  } else {
    char *resolved = realpath(path, NULL);
    table->major = major_in_name(resolved != NULL ? resolved : path);
    free(resolved);
    // LLVM 15 and 16 alone have this function; 16 can be asked for its version.
    if (table->major == 0) table->major = dlsym(library, "LLVMContextSetOpaquePointers") != NULL ? 15 : 14;
  }
  if (table->major < oldest_major) {
    snprintf(failure, sizeof failure, "%s is LLVM %u; %d or later is needed", path, table->major, oldest_major);
    dlclose(library);
    return -1;
  }
  if (!initialize_target(library)) {
    snprintf(failure, sizeof failure, "%s cannot generate code for this machine", path);
    dlclose(library);
    return -1;
  }
  char *kept_path = strdup(path);
  if (kept_path == NULL) {
    snprintf(failure, sizeof failure, "out of memory");
    return -1;
  }
  table->path = kept_path;
  if (map != NULL) martlet_keep_statics(map);
  table->fingerprint = fingerprint_of(path);
  // A process-wide setting of the library: whoever set one before keeps nothing, since there is no way to ask.
  table->LLVMInstallFatalErrorHandler(end_process);
  return 1;
}

/// Tries the file names that distributions give to one major version.
static int load_major(int major, struct martlet_llvm *table) {
  static const char *const patterns[] = {
      "libLLVM-%d.so.1", "libLLVM.so.%d.1", "libLLVM-%d.so", "/usr/lib/llvm-%d/lib/libLLVM.so.1",
      "/usr/lib64/llvm%d/lib/libLLVM.so"};
  char unusable[failure_size] = "";
  for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
    char file[64];
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wformat-nonliteral"
    snprintf(file, sizeof file, patterns[i], major);
#pragma clang diagnostic pop
    int state = load_file(file, table);
    if (state == 1) return 1;
    if (state == -1 && unusable[0] == 0) memcpy(unusable, failure, sizeof unusable);
  }
  if (unusable[0] == 0) return 0;
  memcpy(failure, unusable, sizeof failure);
  return -1;
}

static int load_selection(const char *selection, struct martlet_llvm *table) {
  if (strcmp(selection, "off") == 0) {
    snprintf(failure, sizeof failure, "LLVM is switched off (MARTLET_LLVM=off)");
    return 0;
  }
  if (strchr(selection, '/') != NULL) return load_file(selection, table) == 1;
  if (selection[0] != 0) {
    char *end = NULL;
    long major = strtol(selection, &end, 10);
    if (*end != 0 || major < oldest_major || major > 999) {
      snprintf(
          failure, sizeof failure, "MARTLET_LLVM is \"%.100s\": neither a version from %d on, nor a path, nor \"off\"",
          selection, oldest_major);
      return 0;
    }
    int state = load_major((int)major, table);
    if (state == 0) snprintf(failure, sizeof failure, "LLVM %ld was not found; install libllvm%ld", major, major);
    return state == 1;
  }
  char unusable[failure_size] = "";
  for (size_t i = 0; i < sizeof tested_majors / sizeof *tested_majors; i++) {
    int state = load_major(tested_majors[i], table);
    if (state == 1) return 1;
    if (state == -1 && unusable[0] == 0) memcpy(unusable, failure, sizeof unusable);
  }
  if (unusable[0] != 0) {
    memcpy(failure, unusable, sizeof failure);
  } else {
    snprintf(
        failure, sizeof failure,
        "no libLLVM was found (looked for versions 19, 16, 15 and 14); install libllvm19 or libllvm14");
  }
  return 0;
}

const struct martlet_llvm *martlet_llvm_load(const char *selection) {
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

LLVMErrorRef martlet_llvm_define(
    const struct martlet_llvm *llvm, LLVMOrcLLJITRef jit, LLVMOrcJITDylibRef dylib, const char *name,
    const void *address) {
  LLVMJITSymbolFlags flags = {LLVMJITSymbolGenericFlagsExported | LLVMJITSymbolGenericFlagsCallable, 0};
  LLVMOrcCSymbolMapPair pair = {
      llvm->LLVMOrcLLJITMangleAndIntern(jit, name), {(LLVMOrcExecutorAddress)(uintptr_t)address, flags}};
  LLVMOrcMaterializationUnitRef unit = llvm->LLVMOrcAbsoluteSymbols(&pair, 1);
  LLVMErrorRef error = llvm->LLVMOrcJITDylibDefine(dylib, unit);
  if (error != NULL) llvm->LLVMOrcDisposeMaterializationUnit(unit);
  return error;
}
