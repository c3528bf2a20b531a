// What Swift cannot say: return addresses, source lines, the processor and its vectors, floating-point control, pages,
// futexes, forks.
//
// Linux with glibc 2.36 or later, on x86-64 and AArch64. No function here allocates memory that the caller must free.

#ifndef MARTLET_CPLATFORM_H
#define MARTLET_CPLATFORM_H

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

// Return addresses and what they mean (Backtrace.c, Image.c, DebugLine.c).

/// Stores the calling thread's return addresses, innermost first, and returns how many.
///
/// The first lies in the caller of this function. The walk follows frame pointers and stops at the first that is not
/// above the last one and within this thread's stack, so code without them shortens the answer and cannot crash it.
int martlet_return_addresses(const void *_Nullable *_Nonnull out, int max);

/// Finds the function and the file around a return address; returns 0 when no loaded image holds it.
///
/// `name` is the linker's (mangled) name, from the dynamic symbols or the image's own symbol table, or empty;
/// `image_offset` is the address as the image's file numbers it, which tools such as addr2line take.
int martlet_symbol(
    const void *pc, char *_Nullable name, size_t name_size, char *_Nullable image, size_t image_size,
    uintptr_t *_Nullable image_offset);

/// Finds the source file and line of the call before a return address by the image's DWARF 4 or 5 line table.
///
/// Returns 0 when there is none. Reads the image's file anew each time: for messages, not for hot paths. Thread-safe.
int martlet_source_line(const void *pc, char *file, size_t file_size, int *line);

// The processor (Processor.c).

struct martlet_cpu {
  /// Instruction sets that both the processor and the operating system support; 0 or 1.
  int sse4_1;
  int avx;
  int avx2;
  int fma;
  int f16c;
  int avx512f;
  int avx512bw;
  int avx512dq;
  int avx512vl;
  int neon;
  /// The widest vector register in bytes: 64, 32 or 16.
  int vector_bytes;
  /// Cache sizes in bytes, 0 when unknown. The last level is shared by cores.
  long l1_data_bytes;
  long l2_bytes;
  long l3_bytes;
  char vendor[16];
  char brand[64];
};

/// The processor of this process; the same pointer at every call.
const struct martlet_cpu *martlet_cpu_features(void);

/// How many cores this process may use: its affinity mask, lessened by a cgroup's quota; at least 1.
int martlet_usable_cores(void);

// Identities (Identity.c).

/// Writes the path of a regular file, and numbers that change with the file: device, inode, size, and the times of
/// change of content and inode, in nanoseconds. Returns 0 where there is none, or no room.
int martlet_file_identity(const char *path, char *out, size_t size);

/// The same of the running program's file; 0 where this code is not part of it but of a library, where the file has been
/// replaced since the program started, and where it cannot be told.
int martlet_program_identity(char *out, size_t size);

/// Words that are equal for processors that have the same instructions, under systems that let them be used; returns
/// how many, or 0 where they cannot be told.
int martlet_cpu_identity(uint32_t *words, int max);

// Small matrix products (SmallProduct.c).

/// The product c = a b of row-major matrices; strides are in elements, and the columns of c lie one after another.
struct martlet_product {
  long rows;
  long columns;
  long inner;
  const void *a;
  long a_row;
  long a_column;
  const void *b;
  long b_row;
  long b_column;
  void *c;
  long c_row;
};

/// Computes a product of float: each element adds in the order of the inner axis, each product rounded by itself.
void martlet_product_f32(const struct martlet_product *product);

/// The same of double.
void martlet_product_f64(const struct martlet_product *product);

// Pages (Memory.c).

/// Maps zeroed pages, or returns NULL. From 4 MiB on they start at a multiple of 2 MiB and may become huge pages.
void *_Nullable martlet_pages_map(size_t size);

/// Gives back what martlet_pages_map(size) returned.
void martlet_pages_unmap(void *pages, size_t size);

/// Page faults of this process so far that needed no disk.
int64_t martlet_page_faults(void);

/// Bytes of this process in memory, or 0 when unknown.
int64_t martlet_resident_bytes(void);

// Threads (Threads.c).

/// Sleeps while *word equals `expected`, at most `timeout_nanoseconds` (negative: without limit).
///
/// Returns 0 only on a timeout. It may also wake for no reason: check the word again.
int martlet_futex_wait(uint32_t *word, uint32_t expected, int64_t timeout_nanoseconds);

/// Wakes up to `count` threads that sleep on the word; returns how many.
int martlet_futex_wake(uint32_t *word, int count);

/// Calls the given functions around every fork() of this process: pthread_atfork. Prepare functions run last
/// registered first, so one registered after OpenBLAS was loaded runs before OpenBLAS's. A prepare function may
/// wait for a thread that calls this: glibc before 2.36 held a lock meanwhile. Returns 0 on success.
int martlet_on_fork(
    void (*_Nullable prepare)(void), void (*_Nullable parent)(void), void (*_Nullable child)(void));

/// The value that this thread set last, or NULL.
void *_Nullable martlet_thread_slot_get(void);

/// Sets this thread's one pointer. `destructor` receives it when the thread ends, in any thread but the main one
/// (whose end is the process's). Replacing a value destroys nothing. Returns 0 when the system has no more keys.
int martlet_thread_slot_set(void *_Nullable value, void (*_Nullable destructor)(void *_Nonnull));

// Files of the disk cache (CacheFiles.c). `problem` becomes a reason in words, or NULL where something is just absent.

struct martlet_cache_file {
  int64_t byte_count;
  /// Seconds since 1970.
  int64_t modified;
};

/// Opens the directory, which nobody but this user may write, or returns -1. `create` makes it and the one
/// around it, for this user alone. Never in a process with raised privileges (setuid).
int martlet_cache_open(const char *path, int create, const char *_Nullable *_Nonnull problem);

/// Opens a regular file of this user, which has one name and nobody else may write, or returns -1.
int martlet_cache_file_open(
    int directory, const char *name, struct martlet_cache_file *out, const char *_Nullable *_Nonnull problem);

/// Reads up to `count` bytes; returns how many there were.
int64_t martlet_cache_file_read(int file, void *bytes, size_t count);

/// Makes now the time at which the file was last used.
void martlet_cache_file_touch(int file);

/// Closes what one of the functions above opened.
void martlet_cache_close(int descriptor);

/// Writes a new file and gives it its name when it is complete and on disk. Returns 1 on success, else 0 and errno.
int martlet_cache_file_write(
    int directory, const char *temporary, const char *name, const void *bytes, size_t count);

/// Returns 1 if the file was there and is gone.
int martlet_cache_file_remove(int directory, const char *name);

/// Calls `visit` for everything in the directory but directories. Returns 1 on success.
int martlet_cache_list(
    int directory, void *_Nullable context,
    void (*visit)(void *_Nullable context, const char *name, const struct martlet_cache_file *file));

/// Writes all bytes to standard error, past any buffer, and leaves errno as it was.
void martlet_write_error(const char *bytes, size_t count);

/// Stops the process as a failed precondition does.
__attribute__((noreturn)) static inline void martlet_trap(void) { __builtin_trap(); }

/// Eases a spinning loop.
static inline void martlet_pause(void) {
#if defined(__x86_64__)
  __asm__ volatile("pause");
#elif defined(__aarch64__)
  __asm__ volatile("isb");
#endif
}

/// Atomic words at addresses, which Swift's `Atomic` cannot share with a futex.
static inline uint32_t martlet_load_acquire(const uint32_t *word) { return __atomic_load_n(word, __ATOMIC_ACQUIRE); }

/// All threads see it and the read-modify-writes below in one order: for a word that is read after another was written.
static inline uint32_t martlet_load(const uint32_t *word) { return __atomic_load_n(word, __ATOMIC_SEQ_CST); }

static inline void martlet_store_release(uint32_t *word, uint32_t value) {
  __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

/// Returns the value before.
static inline uint32_t martlet_fetch_add(uint32_t *word, uint32_t value) {
  return __atomic_fetch_add(word, value, __ATOMIC_SEQ_CST);
}

/// Returns the value before.
static inline uint32_t martlet_exchange(uint32_t *word, uint32_t value) {
  return __atomic_exchange_n(word, value, __ATOMIC_SEQ_CST);
}

/// Returns 1 and stores `desired` if the word is `expected`.
static inline int martlet_compare_exchange(uint32_t *word, uint32_t expected, uint32_t desired) {
  return __atomic_compare_exchange_n(word, &expected, desired, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

// Floating-point control: rounding, flushing of subnormals and traps of this thread.

/// The control register: MXCSR (its low six bits are the sticky exception flags) or FPCR.
static inline uint64_t martlet_fp_environment_get(void) {
#if defined(__x86_64__)
  uint32_t value;
  __asm__ volatile("stmxcsr %0" : "=m"(value)::"memory");
  return value;
#elif defined(__aarch64__)
  uint64_t value;
  __asm__ volatile("mrs %0, fpcr" : "=r"(value)::"memory");
  return value;
#else
  return 0;
#endif
}

static inline void martlet_fp_environment_set(uint64_t value) {
#if defined(__x86_64__)
  uint32_t narrow = (uint32_t)value;
  __asm__ volatile("ldmxcsr %0" ::"m"(narrow) : "memory");
#elif defined(__aarch64__)
  __asm__ volatile("msr fpcr, %0" ::"r"(value) : "memory");
#else
  (void)value;
#endif
}

/// Sets round to nearest, gradual underflow and no traps, and returns what was there for the restore.
///
/// Writing the register costs more than reading it, so it is written only when it differs.
static inline uint64_t martlet_fp_environment_save_default(void) {
  uint64_t old = martlet_fp_environment_get();
#if defined(__x86_64__)
  const uint64_t flags = 0x3f;
  const uint64_t standard = 0x1f80;
#else
  const uint64_t flags = 0;
  const uint64_t standard = 0;
#endif
  if ((old & ~flags) != standard) martlet_fp_environment_set((old & flags) | standard);
  return old;
}

/// Puts back what martlet_fp_environment_save_default() returned.
static inline void martlet_fp_environment_restore(uint64_t old) {
  if (martlet_fp_environment_get() != old) martlet_fp_environment_set(old);
}

#pragma clang assume_nonnull end

#endif
