// The LLVM C API as a table of function pointers, bound at run time: no LLVM package is needed to build.
//
// Swift: `let llvm = martlet_llvm_load(nil)!` (or a failure), then `llvm.pointee.LLVMBuildAdd(builder, x, y, "sum")`.
// Members have the names and meanings of llvm-c; required ones are nonnull, optional ones are NULL where the loaded
// version lacks them. `LLVMParseCommandLineOptions` is never called: its state is shared by the whole process.

#ifndef MARTLET_CLLVM_H
#define MARTLET_CLLVM_H

#include "CLLVMTypes.h"
#include "CLLVMFunctions.h"

#pragma clang assume_nonnull begin

struct martlet_llvm {
  /// The version; minor and patch are 0 for LLVM 14 and 15, which cannot be asked.
  unsigned major;
  unsigned minor;
  unsigned patch;
  /// Changes whenever another library file is loaded (path, size and time of change): a part of any disk cache key.
  uint64_t fingerprint;
  /// The path of the library file.
  const char *path;
#define X(result, name, parameters) result(*_Nonnull name) parameters;
  MARTLET_LLVM_FUNCTIONS(X)
#undef X
#define X(result, name, parameters) result(*_Nullable name) parameters;
  MARTLET_LLVM_OPTIONAL_FUNCTIONS(X)
#undef X
};

/// Loads LLVM and readies the code generator of the machine's architecture, once per selection; later calls return the
/// same table. Never unloaded. Any thread may call it.
///
/// The selection is the value of MARTLET_LLVM, which the caller reads: NULL or "" tries the tested majors 19, 16, 15
/// and 14 in turn; a number that major alone; text with a '/' that file; "off" nothing. Returns NULL on failure: see
/// martlet_llvm_failure().
const struct martlet_llvm *_Nullable martlet_llvm_load(const char *_Nullable selection);

/// Why the last martlet_llvm_load() of this thread returned NULL, in words; "" after a success.
const char *martlet_llvm_failure(void);

/// Names what this thread compiles, for the message of the fatal error handler: LLVM ends the process on an internal
/// error, and the text (a printed kernel, say) tells what to report. Its first 2047 bytes are copied; NULL clears it.
void martlet_llvm_set_fatal_context(const char *_Nullable text);

/// Makes code that was just written visible to the processor that runs it.
static inline void martlet_flush_code(void *begin, size_t size) {
  __builtin___clear_cache((char *)begin, (char *)begin + size);
}

#pragma clang assume_nonnull end

#endif
