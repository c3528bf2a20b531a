// Compares every type, constant and function of CLLVM's table with the llvm-c headers on the include path, if any.
//
// It compiles only when they agree (Scripts/check-bindings turns a difference into an error for each installed version).

#include "CBindingsCheck.h"

#if __has_include(<llvm-c/Core.h>) && __has_include(<llvm/Config/llvm-config.h>)

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wstrict-prototypes"
#pragma clang diagnostic ignored "-Wdeprecated-declarations"
#include <llvm-c/Analysis.h>
#include <llvm-c/BitWriter.h>
#include <llvm-c/Core.h>
#include <llvm-c/DebugInfo.h>
#include <llvm-c/Error.h>
#include <llvm-c/ErrorHandling.h>
#include <llvm-c/Target.h>
#include <llvm-c/TargetMachine.h>
#include <llvm-c/Transforms/PassBuilder.h>
#include <llvm/Config/llvm-config.h>

#define MARTLET_LLVM_REAL_HEADERS
#include "CLLVM.h"

#pragma clang diagnostic error "-Wincompatible-function-pointer-types"
#pragma clang diagnostic ignored "-Wunused-variable"
#pragma clang diagnostic ignored "-Wunused-const-variable"
#pragma clang diagnostic ignored "-Wnullability-completeness"

#define X(result, name, parameters) static __typeof__(&name) check_##name = (result(*) parameters)0;
MARTLET_LLVM_FUNCTIONS(X)
#if LLVM_VERSION_MAJOR >= 16
MARTLET_LLVM_OPTIONAL_FUNCTIONS(X)
#endif

#define V(name, value) _Static_assert((unsigned)(name) == (value), #name);
#define G(type, list) _Static_assert(sizeof(type) == sizeof(unsigned), #type); list(V)
MARTLET_LLVM_CONSTANTS(G)
_Static_assert((unsigned)LLVMAttributeReturnIndex == 0, "return attributes");
_Static_assert((unsigned)LLVMAttributeFunctionIndex == 0xffffffffu, "function attributes");

int martlet_checked_llvm_headers(void) { return LLVM_VERSION_MAJOR; }

#else

int martlet_checked_llvm_headers(void) { return 0; }

#endif
