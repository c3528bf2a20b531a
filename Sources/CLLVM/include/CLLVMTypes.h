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
MARTLET_LLVM_OPAQUE(LLVMOpaqueDiagnosticInfo, LLVMDiagnosticInfoRef)
MARTLET_LLVM_OPAQUE(LLVMOpaqueError, LLVMErrorRef)
MARTLET_LLVM_OPAQUE(LLVMOpaqueTargetMachine, LLVMTargetMachineRef)
MARTLET_LLVM_OPAQUE(LLVMOpaqueTargetData, LLVMTargetDataRef)
MARTLET_LLVM_OPAQUE(LLVMTarget, LLVMTargetRef)
MARTLET_LLVM_OPAQUE(LLVMOpaquePassBuilderOptions, LLVMPassBuilderOptionsRef)
MARTLET_LLVM_OPAQUE(LLVMOrcOpaqueExecutionSession, LLVMOrcExecutionSessionRef)
MARTLET_LLVM_OPAQUE(LLVMOrcOpaqueSymbolStringPoolEntry, LLVMOrcSymbolStringPoolEntryRef)
MARTLET_LLVM_OPAQUE(LLVMOrcOpaqueJITDylib, LLVMOrcJITDylibRef)
MARTLET_LLVM_OPAQUE(LLVMOrcOpaqueMaterializationUnit, LLVMOrcMaterializationUnitRef)
MARTLET_LLVM_OPAQUE(LLVMOrcOpaqueResourceTracker, LLVMOrcResourceTrackerRef)
MARTLET_LLVM_OPAQUE(LLVMOrcOpaqueDefinitionGenerator, LLVMOrcDefinitionGeneratorRef)
MARTLET_LLVM_OPAQUE(LLVMOrcOpaqueThreadSafeContext, LLVMOrcThreadSafeContextRef)
MARTLET_LLVM_OPAQUE(LLVMOrcOpaqueThreadSafeModule, LLVMOrcThreadSafeModuleRef)
MARTLET_LLVM_OPAQUE(LLVMOrcOpaqueJITTargetMachineBuilder, LLVMOrcJITTargetMachineBuilderRef)
MARTLET_LLVM_OPAQUE(LLVMOrcOpaqueLLJITBuilder, LLVMOrcLLJITBuilderRef)
MARTLET_LLVM_OPAQUE(LLVMOrcOpaqueLLJIT, LLVMOrcLLJITRef)

typedef int LLVMBool;
typedef unsigned LLVMAttributeIndex;
typedef uint64_t LLVMOrcExecutorAddress;
typedef uint8_t LLVMJITSymbolTargetFlags;
typedef void (*LLVMFatalErrorHandler)(const char *Reason);
typedef void (*LLVMDiagnosticHandler)(LLVMDiagnosticInfoRef, void *);
typedef void (*LLVMOrcErrorReporterFunction)(void *Ctx, LLVMErrorRef Err);
typedef int (*LLVMOrcSymbolPredicate)(void *Ctx, LLVMOrcSymbolStringPoolEntryRef Sym);

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
#define MARTLET_LLVM_SEVERITIES(V) \
  V(LLVMDSError, 0)                \
  V(LLVMDSWarning, 1)              \
  V(LLVMDSRemark, 2)               \
  V(LLVMDSNote, 3)
#define MARTLET_LLVM_LINKAGES(V) \
  V(LLVMExternalLinkage, 0)      \
  V(LLVMInternalLinkage, 8)      \
  V(LLVMPrivateLinkage, 9)
#define MARTLET_LLVM_VISIBILITIES(V) V(LLVMDefaultVisibility, 0) V(LLVMHiddenVisibility, 1)
#define MARTLET_LLVM_UNNAMED_ADDRESSES(V) \
  V(LLVMNoUnnamedAddr, 0)                 \
  V(LLVMLocalUnnamedAddr, 1)              \
  V(LLVMGlobalUnnamedAddr, 2)
#define MARTLET_LLVM_TYPE_KINDS(V) \
  V(LLVMVoidTypeKind, 0)           \
  V(LLVMHalfTypeKind, 1)           \
  V(LLVMFloatTypeKind, 2)          \
  V(LLVMDoubleTypeKind, 3)         \
  V(LLVMIntegerTypeKind, 8)        \
  V(LLVMFunctionTypeKind, 9)       \
  V(LLVMStructTypeKind, 10)        \
  V(LLVMArrayTypeKind, 11)         \
  V(LLVMPointerTypeKind, 12)       \
  V(LLVMVectorTypeKind, 13)        \
  V(LLVMBFloatTypeKind, 18)
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
#define MARTLET_LLVM_SYMBOL_FLAGS(V)     \
  V(LLVMJITSymbolGenericFlagsExported, 1) \
  V(LLVMJITSymbolGenericFlagsCallable, 4)

/// All the groups, as G(the enumeration's type, the list of its constants).
#define MARTLET_LLVM_CONSTANTS(G)                              \
  G(LLVMCodeGenOptLevel, MARTLET_LLVM_OPT_LEVELS)              \
  G(LLVMRelocMode, MARTLET_LLVM_RELOC_MODES)                   \
  G(LLVMCodeModel, MARTLET_LLVM_CODE_MODELS)                   \
  G(LLVMCodeGenFileType, MARTLET_LLVM_FILE_TYPES)              \
  G(LLVMVerifierFailureAction, MARTLET_LLVM_VERIFIER_ACTIONS)  \
  G(LLVMDiagnosticSeverity, MARTLET_LLVM_SEVERITIES)           \
  G(LLVMLinkage, MARTLET_LLVM_LINKAGES)                        \
  G(LLVMVisibility, MARTLET_LLVM_VISIBILITIES)                 \
  G(LLVMUnnamedAddr, MARTLET_LLVM_UNNAMED_ADDRESSES)           \
  G(LLVMTypeKind, MARTLET_LLVM_TYPE_KINDS)                     \
  G(LLVMIntPredicate, MARTLET_LLVM_INT_PREDICATES)             \
  G(LLVMRealPredicate, MARTLET_LLVM_REAL_PREDICATES)           \
  G(LLVMJITSymbolGenericFlags, MARTLET_LLVM_SYMBOL_FLAGS)

/// Attribute positions: LLVM writes the function's as -1 in an enumeration and passes it as unsigned.
static const LLVMAttributeIndex martlet_llvm_attribute_return = 0;
static const LLVMAttributeIndex martlet_llvm_attribute_function = 0xffffffffu;

#ifndef MARTLET_LLVM_REAL_HEADERS

#define MARTLET_LLVM_CONSTANT(name, value) name = value,
#define MARTLET_LLVM_ENUMERATION(type, list) typedef enum { list(MARTLET_LLVM_CONSTANT) } type;
MARTLET_LLVM_CONSTANTS(MARTLET_LLVM_ENUMERATION)
#undef MARTLET_LLVM_CONSTANT
#undef MARTLET_LLVM_ENUMERATION

typedef struct {
  uint8_t GenericFlags;
  uint8_t TargetFlags;
} LLVMJITSymbolFlags;

typedef struct {
  LLVMOrcExecutorAddress Address;
  LLVMJITSymbolFlags Flags;
} LLVMJITEvaluatedSymbol;

typedef struct {
  LLVMOrcSymbolStringPoolEntryRef Name;
  LLVMJITEvaluatedSymbol Sym;
} LLVMOrcCSymbolMapPair;

typedef LLVMOrcCSymbolMapPair *LLVMOrcCSymbolMapPairs;

#endif

#endif
