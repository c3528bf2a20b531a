// Finds libLLVM, fills the table, and ends the process legibly when LLVM meets an internal error.

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "CLLVM.h"
#include "KeepStatics.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "CLibraries.h"

#if defined(__x86_64__)
#define TARGET "X86"
#elif defined(__aarch64__)
#define TARGET "AArch64"
#endif

enum { oldest_major = 14, context_size = 2048 };

static const int tested_majors[] = {19, 16, 15, 14};

static _Thread_local char last_failure[martlet_failure_size];
static _Thread_local char fatal_context[context_size];

const char *martlet_llvm_failure(void) { return last_failure; }

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

static const struct martlet_function functions[] = {
#define X(result, name, parameters) {#name, offsetof(struct martlet_llvm, name), 1},
    MARTLET_LLVM_FUNCTIONS(X)
#undef X
#define X(result, name, parameters) {#name, offsetof(struct martlet_llvm, name), 0},
    MARTLET_LLVM_OPTIONAL_FUNCTIONS(X)
#undef X
};

/// Fills `table` from one library file. 1: done; 0: there is no such file; -1: it cannot be used. Both say why.
static int load_file(const char *file, struct martlet_llvm *table, char *failure) {
  void *library = martlet_library_open(file, functions, sizeof functions / sizeof *functions, table, failure);
  if (library == NULL) return strstr(failure, "cannot open shared object file") != NULL ? 0 : -1;
  const char *path = martlet_library_path(library, file);
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
    snprintf(failure, martlet_failure_size, "%s is LLVM %u; %d or later is needed", path, table->major, oldest_major);
    dlclose(library);
    return -1;
  }
  if (!initialize_target(library)) {
    snprintf(failure, martlet_failure_size, "%s cannot generate code for this machine", path);
    dlclose(library);
    return -1;
  }
  if (!martlet_library_identify(path, &table->path, &table->fingerprint, failure)) return -1;
  struct link_map *map = NULL;
  if (dlinfo(library, RTLD_DI_LINKMAP, &map) == 0) martlet_keep_statics(map);
  // A process-wide setting of the library: whoever set one before keeps nothing, since there is no way to ask.
  table->LLVMInstallFatalErrorHandler(end_process);
  return 1;
}

/// Tries the file names that distributions give to one major version.
static int load_major(int major, struct martlet_llvm *table, char *failure) {
  static const char *const patterns[] = {
      "libLLVM-%d.so.1", "libLLVM.so.%d.1", "libLLVM-%d.so", "/usr/lib/llvm-%d/lib/libLLVM.so.1",
      "/usr/lib64/llvm%d/lib/libLLVM.so"};
  char unusable[martlet_failure_size] = "";
  for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
    char file[64];
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wformat-nonliteral"
    snprintf(file, sizeof file, patterns[i], major);
#pragma clang diagnostic pop
    int state = load_file(file, table, failure);
    if (state == 1) return 1;
    if (state == -1 && unusable[0] == 0) memcpy(unusable, failure, sizeof unusable);
  }
  if (unusable[0] == 0) return 0;
  memcpy(failure, unusable, martlet_failure_size);
  return -1;
}

static int load_selection(const char *selection, void *table, char *failure) {
  if (strcmp(selection, "off") == 0) {
    snprintf(failure, martlet_failure_size, "LLVM is switched off (MARTLET_LLVM=off)");
    return 0;
  }
  if (strchr(selection, '/') != NULL) return load_file(selection, table, failure) == 1;
  if (selection[0] != 0) {
    char *end = NULL;
    long major = strtol(selection, &end, 10);
    if (*end != 0 || major < oldest_major || major > 999) {
      snprintf(
          failure, martlet_failure_size, "MARTLET_LLVM is \"%.100s\": neither a version from %d on, nor a path, nor \"off\"",
          selection, oldest_major);
      return 0;
    }
    int state = load_major((int)major, table, failure);
    if (state == 0) snprintf(failure, martlet_failure_size, "LLVM %ld was not found; install libllvm%ld", major, major);
    return state == 1;
  }
  char unusable[martlet_failure_size] = "";
  for (size_t i = 0; i < sizeof tested_majors / sizeof *tested_majors; i++) {
    int state = load_major(tested_majors[i], table, failure);
    if (state == 1) return 1;
    if (state == -1 && unusable[0] == 0) memcpy(unusable, failure, sizeof unusable);
  }
  if (unusable[0] != 0) {
    memcpy(failure, unusable, martlet_failure_size);
  } else {
    snprintf(
        failure, martlet_failure_size,
        "no libLLVM was found (looked for versions 19, 16, 15 and 14); install libllvm19 or libllvm14");
  }
  return 0;
}

static struct martlet_libraries libraries = {
    .lock = PTHREAD_MUTEX_INITIALIZER, .table_size = sizeof(struct martlet_llvm), .load = load_selection};

const struct martlet_llvm *martlet_llvm_load(const char *selection) {
  return martlet_libraries_find(&libraries, selection, last_failure);
}
