// The one table of LLVM C API functions: the struct of pointers, the lookups and the check are all made from it.
//
// X(result, name, parameters). Only functions that every version from 14 on exports with one signature are required
// (hence the `2` forms of load, GEP and call); the rest are optional and NULL where a version lacks them. Parameters
// are nonnull unless marked. Functions for fast-math flags are left out on purpose: no kernel may have them.

#ifndef MARTLET_CLLVM_FUNCTIONS_H
#define MARTLET_CLLVM_FUNCTIONS_H

#define MARTLET_LLVM_MODULE_FUNCTIONS(X) \
  X(void, LLVMDisposeMessage, (char *)) \
  X(LLVMContextRef _Nonnull, LLVMContextCreate, (void)) \
  X(void, LLVMContextDispose, (LLVMContextRef)) \
  X(void, LLVMContextSetDiscardValueNames, (LLVMContextRef, LLVMBool)) \
  X(LLVMModuleRef _Nonnull, LLVMModuleCreateWithNameInContext, (const char *, LLVMContextRef)) \
  X(void, LLVMDisposeModule, (LLVMModuleRef)) \
  X(void, LLVMSetTarget, (LLVMModuleRef, const char *)) \
  X(void, LLVMSetModuleDataLayout, (LLVMModuleRef, LLVMTargetDataRef)) \
  X(char *_Nonnull, LLVMPrintModuleToString, (LLVMModuleRef)) \
  X(LLVMMemoryBufferRef _Nonnull, LLVMWriteBitcodeToMemoryBuffer, (LLVMModuleRef)) \
  X(LLVMBool, LLVMVerifyModule, (LLVMModuleRef, LLVMVerifierFailureAction, char *_Nullable *_Nullable))

#define MARTLET_LLVM_TYPE_FUNCTIONS(X) \
  X(LLVMTypeRef _Nonnull, LLVMInt8TypeInContext, (LLVMContextRef)) \
  X(LLVMTypeRef _Nonnull, LLVMInt32TypeInContext, (LLVMContextRef)) \
  X(LLVMTypeRef _Nonnull, LLVMInt64TypeInContext, (LLVMContextRef)) \
  X(LLVMTypeRef _Nonnull, LLVMIntTypeInContext, (LLVMContextRef, unsigned)) \
  X(LLVMTypeRef _Nonnull, LLVMFloatTypeInContext, (LLVMContextRef)) \
  X(LLVMTypeRef _Nonnull, LLVMDoubleTypeInContext, (LLVMContextRef)) \
  X(LLVMTypeRef _Nonnull, LLVMVectorType, (LLVMTypeRef, unsigned)) \
  X(LLVMTypeRef _Nonnull, LLVMPointerType, (LLVMTypeRef, unsigned)) \
  X(LLVMTypeRef _Nonnull, LLVMFunctionType, (LLVMTypeRef, LLVMTypeRef _Nonnull *_Nullable, unsigned, LLVMBool)) \
  X(LLVMTypeRef _Nonnull, LLVMTypeOf, (LLVMValueRef))

#define MARTLET_LLVM_CONSTANT_FUNCTIONS(X) \
  X(LLVMValueRef _Nonnull, LLVMConstInt, (LLVMTypeRef, unsigned long long, LLVMBool)) \
  X(LLVMValueRef _Nonnull, LLVMConstVector, (LLVMValueRef _Nonnull *_Nonnull, unsigned)) \
  X(LLVMValueRef _Nonnull, LLVMConstArray, (LLVMTypeRef, LLVMValueRef _Nonnull *_Nullable, unsigned)) \
  X(LLVMValueRef _Nonnull, LLVMConstNull, (LLVMTypeRef)) \
  X(LLVMValueRef _Nonnull, LLVMConstAllOnes, (LLVMTypeRef)) \
  X(LLVMValueRef _Nonnull, LLVMGetUndef, (LLVMTypeRef)) \
  X(LLVMValueRef _Nonnull, LLVMAddGlobal, (LLVMModuleRef, LLVMTypeRef, const char *)) \
  X(void, LLVMSetInitializer, (LLVMValueRef, LLVMValueRef)) \
  X(void, LLVMSetGlobalConstant, (LLVMValueRef, LLVMBool)) \
  X(void, LLVMSetLinkage, (LLVMValueRef, LLVMLinkage)) \
  X(void, LLVMSetUnnamedAddress, (LLVMValueRef, LLVMUnnamedAddr)) \
  X(void, LLVMSetAlignment, (LLVMValueRef, unsigned))

#define MARTLET_LLVM_FUNCTION_FUNCTIONS(X) \
  X(LLVMValueRef _Nonnull, LLVMAddFunction, (LLVMModuleRef, const char *, LLVMTypeRef)) \
  X(LLVMValueRef _Nonnull, LLVMGetParam, (LLVMValueRef, unsigned)) \
  X(LLVMBasicBlockRef _Nonnull, LLVMAppendBasicBlockInContext, (LLVMContextRef, LLVMValueRef, const char *)) \
  X(LLVMBasicBlockRef _Nonnull, LLVMGetEntryBasicBlock, (LLVMValueRef)) \
  X(LLVMValueRef _Nullable, LLVMGetBasicBlockTerminator, (LLVMBasicBlockRef)) \
  X(unsigned, LLVMLookupIntrinsicID, (const char *, size_t)) \
  X(LLVMValueRef _Nonnull, LLVMGetIntrinsicDeclaration, \
    (LLVMModuleRef, unsigned, LLVMTypeRef _Nonnull *_Nullable, size_t)) \
  X(LLVMTypeRef _Nonnull, LLVMIntrinsicGetType, \
    (LLVMContextRef, unsigned, LLVMTypeRef _Nonnull *_Nullable, size_t)) \
  X(unsigned, LLVMGetEnumAttributeKindForName, (const char *, size_t)) \
  X(LLVMAttributeRef _Nonnull, LLVMCreateEnumAttribute, (LLVMContextRef, unsigned, uint64_t)) \
  X(LLVMAttributeRef _Nonnull, LLVMCreateStringAttribute, \
    (LLVMContextRef, const char *, unsigned, const char *, unsigned)) \
  X(void, LLVMAddAttributeAtIndex, (LLVMValueRef, LLVMAttributeIndex, LLVMAttributeRef)) \
  X(unsigned, LLVMGetMDKindIDInContext, (LLVMContextRef, const char *, unsigned)) \
  X(LLVMMetadataRef _Nonnull, LLVMMDStringInContext2, (LLVMContextRef, const char *, size_t)) \
  X(LLVMMetadataRef _Nonnull, LLVMMDNodeInContext2, (LLVMContextRef, LLVMMetadataRef _Nullable *_Nullable, size_t)) \
  X(LLVMValueRef _Nonnull, LLVMMetadataAsValue, (LLVMContextRef, LLVMMetadataRef)) \
  X(LLVMMetadataRef _Nonnull, LLVMValueAsMetadata, (LLVMValueRef)) \
  X(void, LLVMSetMetadata, (LLVMValueRef, unsigned, LLVMValueRef _Nullable))

#define MARTLET_LLVM_BINARY(X, name) \
  X(LLVMValueRef _Nonnull, name, (LLVMBuilderRef, LLVMValueRef, LLVMValueRef, const char *))
#define MARTLET_LLVM_UNARY(X, name) \
  X(LLVMValueRef _Nonnull, name, (LLVMBuilderRef, LLVMValueRef, const char *))
#define MARTLET_LLVM_CAST(X, name) \
  X(LLVMValueRef _Nonnull, name, (LLVMBuilderRef, LLVMValueRef, LLVMTypeRef, const char *))

#define MARTLET_LLVM_BUILDER_FUNCTIONS(X) \
  X(LLVMBuilderRef _Nonnull, LLVMCreateBuilderInContext, (LLVMContextRef)) \
  X(void, LLVMDisposeBuilder, (LLVMBuilderRef)) \
  X(void, LLVMPositionBuilderAtEnd, (LLVMBuilderRef, LLVMBasicBlockRef)) \
  X(void, LLVMPositionBuilderBefore, (LLVMBuilderRef, LLVMValueRef)) \
  X(LLVMBasicBlockRef _Nullable, LLVMGetInsertBlock, (LLVMBuilderRef)) \
  MARTLET_LLVM_BINARY(X, LLVMBuildAdd) \
  MARTLET_LLVM_BINARY(X, LLVMBuildSub) \
  MARTLET_LLVM_BINARY(X, LLVMBuildMul) \
  MARTLET_LLVM_BINARY(X, LLVMBuildUDiv) \
  MARTLET_LLVM_BINARY(X, LLVMBuildSDiv) \
  MARTLET_LLVM_BINARY(X, LLVMBuildURem) \
  MARTLET_LLVM_BINARY(X, LLVMBuildSRem) \
  MARTLET_LLVM_BINARY(X, LLVMBuildFAdd) \
  MARTLET_LLVM_BINARY(X, LLVMBuildFSub) \
  MARTLET_LLVM_BINARY(X, LLVMBuildFMul) \
  MARTLET_LLVM_BINARY(X, LLVMBuildFDiv) \
  MARTLET_LLVM_BINARY(X, LLVMBuildFRem) \
  MARTLET_LLVM_BINARY(X, LLVMBuildShl) \
  MARTLET_LLVM_BINARY(X, LLVMBuildLShr) \
  MARTLET_LLVM_BINARY(X, LLVMBuildAShr) \
  MARTLET_LLVM_BINARY(X, LLVMBuildAnd) \
  MARTLET_LLVM_BINARY(X, LLVMBuildOr) \
  MARTLET_LLVM_BINARY(X, LLVMBuildXor) \
  MARTLET_LLVM_UNARY(X, LLVMBuildFNeg) \
  MARTLET_LLVM_UNARY(X, LLVMBuildNot) \
  MARTLET_LLVM_CAST(X, LLVMBuildTrunc) \
  MARTLET_LLVM_CAST(X, LLVMBuildZExt) \
  MARTLET_LLVM_CAST(X, LLVMBuildSExt) \
  MARTLET_LLVM_CAST(X, LLVMBuildFPToUI) \
  MARTLET_LLVM_CAST(X, LLVMBuildFPToSI) \
  MARTLET_LLVM_CAST(X, LLVMBuildUIToFP) \
  MARTLET_LLVM_CAST(X, LLVMBuildSIToFP) \
  MARTLET_LLVM_CAST(X, LLVMBuildFPTrunc) \
  MARTLET_LLVM_CAST(X, LLVMBuildFPExt) \
  MARTLET_LLVM_CAST(X, LLVMBuildBitCast) \
  X(LLVMValueRef _Nonnull, LLVMBuildICmp, \
    (LLVMBuilderRef, LLVMIntPredicate, LLVMValueRef, LLVMValueRef, const char *)) \
  X(LLVMValueRef _Nonnull, LLVMBuildFCmp, \
    (LLVMBuilderRef, LLVMRealPredicate, LLVMValueRef, LLVMValueRef, const char *)) \
  X(LLVMValueRef _Nonnull, LLVMBuildSelect, (LLVMBuilderRef, LLVMValueRef, LLVMValueRef, LLVMValueRef, const char *)) \
  X(LLVMValueRef _Nonnull, LLVMBuildPhi, (LLVMBuilderRef, LLVMTypeRef, const char *)) \
  X(void, LLVMAddIncoming, \
    (LLVMValueRef, LLVMValueRef _Nonnull *_Nonnull, LLVMBasicBlockRef _Nonnull *_Nonnull, unsigned)) \
  X(LLVMValueRef _Nonnull, LLVMBuildCall2, \
    (LLVMBuilderRef, LLVMTypeRef, LLVMValueRef, LLVMValueRef _Nonnull *_Nullable, unsigned, const char *)) \
  X(LLVMValueRef _Nonnull, LLVMBuildExtractElement, (LLVMBuilderRef, LLVMValueRef, LLVMValueRef, const char *)) \
  X(LLVMValueRef _Nonnull, LLVMBuildInsertElement, \
    (LLVMBuilderRef, LLVMValueRef, LLVMValueRef, LLVMValueRef, const char *)) \
  X(LLVMValueRef _Nonnull, LLVMBuildShuffleVector, \
    (LLVMBuilderRef, LLVMValueRef, LLVMValueRef, LLVMValueRef, const char *)) \
  X(LLVMValueRef _Nonnull, LLVMBuildAlloca, (LLVMBuilderRef, LLVMTypeRef, const char *)) \
  X(LLVMValueRef _Nonnull, LLVMBuildArrayAlloca, (LLVMBuilderRef, LLVMTypeRef, LLVMValueRef, const char *)) \
  X(LLVMValueRef _Nonnull, LLVMBuildLoad2, (LLVMBuilderRef, LLVMTypeRef, LLVMValueRef, const char *)) \
  X(LLVMValueRef _Nonnull, LLVMBuildStore, (LLVMBuilderRef, LLVMValueRef, LLVMValueRef)) \
  X(LLVMValueRef _Nonnull, LLVMBuildGEP2, \
    (LLVMBuilderRef, LLVMTypeRef, LLVMValueRef, LLVMValueRef _Nonnull *_Nonnull, unsigned, const char *)) \
  X(LLVMValueRef _Nonnull, LLVMBuildRet, (LLVMBuilderRef, LLVMValueRef)) \
  X(LLVMValueRef _Nonnull, LLVMBuildBr, (LLVMBuilderRef, LLVMBasicBlockRef)) \
  X(LLVMValueRef _Nonnull, LLVMBuildCondBr, (LLVMBuilderRef, LLVMValueRef, LLVMBasicBlockRef, LLVMBasicBlockRef))

#define MARTLET_LLVM_TARGET_FUNCTIONS(X) \
  X(char *_Nonnull, LLVMGetDefaultTargetTriple, (void)) \
  X(char *_Nonnull, LLVMGetHostCPUFeatures, (void)) \
  X(LLVMBool, LLVMGetTargetFromTriple, \
    (const char *, LLVMTargetRef _Nullable *_Nonnull, char *_Nullable *_Nullable)) \
  X(LLVMTargetMachineRef _Nullable, LLVMCreateTargetMachine, \
    (LLVMTargetRef, const char *, const char *, const char *, LLVMCodeGenOptLevel, LLVMRelocMode, \
     LLVMCodeModel)) \
  X(void, LLVMDisposeTargetMachine, (LLVMTargetMachineRef)) \
  X(LLVMTargetDataRef _Nonnull, LLVMCreateTargetDataLayout, (LLVMTargetMachineRef)) \
  X(void, LLVMDisposeTargetData, (LLVMTargetDataRef)) \
  X(LLVMBool, LLVMTargetMachineEmitToMemoryBuffer, \
    (LLVMTargetMachineRef, LLVMModuleRef, LLVMCodeGenFileType, char *_Nullable *_Nullable, \
     LLVMMemoryBufferRef _Nullable *_Nonnull)) \
  X(const char *_Nonnull, LLVMGetBufferStart, (LLVMMemoryBufferRef)) \
  X(size_t, LLVMGetBufferSize, (LLVMMemoryBufferRef)) \
  X(void, LLVMDisposeMemoryBuffer, (LLVMMemoryBufferRef)) \
  X(LLVMPassBuilderOptionsRef _Nonnull, LLVMCreatePassBuilderOptions, (void)) \
  X(void, LLVMDisposePassBuilderOptions, (LLVMPassBuilderOptionsRef)) \
  X(LLVMErrorRef _Nullable, LLVMRunPasses, \
    (LLVMModuleRef, const char *, LLVMTargetMachineRef _Nullable, LLVMPassBuilderOptionsRef)) \
  X(char *_Nonnull, LLVMGetErrorMessage, (LLVMErrorRef)) \
  X(void, LLVMDisposeErrorMessage, (char *)) \
  X(void, LLVMInstallFatalErrorHandler, (LLVMFatalErrorHandler))

/// Functions that must be present.
#define MARTLET_LLVM_FUNCTIONS(X) \
  MARTLET_LLVM_MODULE_FUNCTIONS(X) \
  MARTLET_LLVM_TYPE_FUNCTIONS(X) \
  MARTLET_LLVM_CONSTANT_FUNCTIONS(X) \
  MARTLET_LLVM_FUNCTION_FUNCTIONS(X) \
  MARTLET_LLVM_BUILDER_FUNCTIONS(X) \
  MARTLET_LLVM_TARGET_FUNCTIONS(X)

/// Functions that exist from 16 on.
#define MARTLET_LLVM_OPTIONAL_FUNCTIONS(X) X(void, LLVMGetVersion, (unsigned *, unsigned *, unsigned *))

#endif
