// The types and constants of the LLVM C API that the table of functions needs, declared here so that no LLVM header is.
//
// The names and struct tags are LLVM's own, so the check in Tests/CBindingsCheck can compile this file beside the real
// headers: the typedefs must then agree, and MARTLET_LLVM_CONSTANTS is compared value by value.

#ifndef MARTLET_CLLVM_TYPES_H
#define MARTLET_CLLVM_TYPES_H

#include <stddef.h>
#include <stdint.h>

/// Each tag is completed with one unused byte, so that Swift sees distinct pointer types and not `OpaquePointer`:
/// a type passed where a value belongs does not compile.
#define MARTLET_LLVM_OPAQUE(tag, name) \
  struct tag {                         \
    char martlet_opaque;               \
  };                                   \
  typedef struct tag *name;

MARTLET_LLVM_OPAQUE(LLVMOpaqueMemoryBuffer, LLVMMemoryBufferRef)
MARTLET_LLVM_OPAQUE(LLVMOpaqueContext, LLVMContextRef)
MARTLET_LLVM_OPAQUE(LLVMOpaqueModule, LLVMModuleRef)
MARTLET_LLVM_OPAQUE(LLVMOpaqueType, LLVMTypeRef)
MARTLET_LLVM_OPAQUE(LLVMOpaqueValue, LLVMValueRef)
MARTLET_LLVM_OPAQUE(LLVMOpaqueBasicBlock, LLVMBasicBlockRef)
MARTLET_LLVM_OPAQUE(LLVMOpaqueMetadata, LLVMMetadataRef)
MARTLET_LLVM_OPAQUE(LLVMOpaqueBuilder, LLVMBuilderRef)
MARTLET_LLVM_OPAQUE(LLVMOpaqueAttributeRef, LLVMAttributeRef)
MARTLET_LLVM_OPAQUE(LLVMOpaqueError, LLVMErrorRef)
MARTLET_LLVM_OPAQUE(LLVMOpaqueTargetMachine, LLVMTargetMachineRef)
MARTLET_LLVM_OPAQUE(LLVMOpaqueTargetData, LLVMTargetDataRef)
MARTLET_LLVM_OPAQUE(LLVMTarget, LLVMTargetRef)
MARTLET_LLVM_OPAQUE(LLVMOpaquePassBuilderOptions, LLVMPassBuilderOptionsRef)

typedef int LLVMBool;
typedef unsigned LLVMAttributeIndex;
typedef void (*LLVMFatalErrorHandler)(const char *Reason);

/// Every constant of the C API that is used, as V(name, value).
#define MARTLET_LLVM_OPT_LEVELS(V) \
  V(LLVMCodeGenLevelNone, 0)       \
  V(LLVMCodeGenLevelLess, 1)       \
  V(LLVMCodeGenLevelDefault, 2)    \
  V(LLVMCodeGenLevelAggressive, 3)
#define MARTLET_LLVM_RELOC_MODES(V) V(LLVMRelocDefault, 0) V(LLVMRelocStatic, 1) V(LLVMRelocPIC, 2)
#define MARTLET_LLVM_CODE_MODELS(V) \
  V(LLVMCodeModelDefault, 0)        \
  V(LLVMCodeModelJITDefault, 1)     \
  V(LLVMCodeModelSmall, 3)          \
  V(LLVMCodeModelLarge, 6)
#define MARTLET_LLVM_FILE_TYPES(V) V(LLVMAssemblyFile, 0) V(LLVMObjectFile, 1)
#define MARTLET_LLVM_VERIFIER_ACTIONS(V) \
  V(LLVMAbortProcessAction, 0)           \
  V(LLVMPrintMessageAction, 1)           \
  V(LLVMReturnStatusAction, 2)
#define MARTLET_LLVM_LINKAGES(V) \
  V(LLVMExternalLinkage, 0)      \
  V(LLVMInternalLinkage, 8)      \
  V(LLVMPrivateLinkage, 9)
#define MARTLET_LLVM_UNNAMED_ADDRESSES(V) \
  V(LLVMNoUnnamedAddr, 0)                 \
  V(LLVMLocalUnnamedAddr, 1)              \
  V(LLVMGlobalUnnamedAddr, 2)
#define MARTLET_LLVM_INT_PREDICATES(V) \
  V(LLVMIntEQ, 32)                     \
  V(LLVMIntNE, 33)                     \
  V(LLVMIntUGT, 34)                    \
  V(LLVMIntUGE, 35)                    \
  V(LLVMIntULT, 36)                    \
  V(LLVMIntULE, 37)                    \
  V(LLVMIntSGT, 38)                    \
  V(LLVMIntSGE, 39)                    \
  V(LLVMIntSLT, 40)                    \
  V(LLVMIntSLE, 41)
#define MARTLET_LLVM_REAL_PREDICATES(V) \
  V(LLVMRealPredicateFalse, 0)          \
  V(LLVMRealOEQ, 1)                     \
  V(LLVMRealOGT, 2)                     \
  V(LLVMRealOGE, 3)                     \
  V(LLVMRealOLT, 4)                     \
  V(LLVMRealOLE, 5)                     \
  V(LLVMRealONE, 6)                     \
  V(LLVMRealORD, 7)                     \
  V(LLVMRealUNO, 8)                     \
  V(LLVMRealUEQ, 9)                     \
  V(LLVMRealUGT, 10)                    \
  V(LLVMRealUGE, 11)                    \
  V(LLVMRealULT, 12)                    \
  V(LLVMRealULE, 13)                    \
  V(LLVMRealUNE, 14)                    \
  V(LLVMRealPredicateTrue, 15)

/// All the groups, as G(the enumeration's type, the list of its constants).
#define MARTLET_LLVM_CONSTANTS(G)                              \
  G(LLVMCodeGenOptLevel, MARTLET_LLVM_OPT_LEVELS)              \
  G(LLVMRelocMode, MARTLET_LLVM_RELOC_MODES)                   \
  G(LLVMCodeModel, MARTLET_LLVM_CODE_MODELS)                   \
  G(LLVMCodeGenFileType, MARTLET_LLVM_FILE_TYPES)              \
  G(LLVMVerifierFailureAction, MARTLET_LLVM_VERIFIER_ACTIONS)  \
  G(LLVMLinkage, MARTLET_LLVM_LINKAGES)                        \
  G(LLVMUnnamedAddr, MARTLET_LLVM_UNNAMED_ADDRESSES)           \
  G(LLVMIntPredicate, MARTLET_LLVM_INT_PREDICATES)             \
  G(LLVMRealPredicate, MARTLET_LLVM_REAL_PREDICATES)

/// Attribute positions: LLVM writes the function's as -1 in an enumeration and passes it as unsigned.
static const LLVMAttributeIndex martlet_llvm_attribute_return = 0;
static const LLVMAttributeIndex martlet_llvm_attribute_function = 0xffffffffu;

#ifndef MARTLET_LLVM_REAL_HEADERS

#define MARTLET_LLVM_CONSTANT(name, value) name = value,
#define MARTLET_LLVM_ENUMERATION(type, list) typedef enum { list(MARTLET_LLVM_CONSTANT) } type;
MARTLET_LLVM_CONSTANTS(MARTLET_LLVM_ENUMERATION)
#undef MARTLET_LLVM_CONSTANT
#undef MARTLET_LLVM_ENUMERATION

#endif

#endif
