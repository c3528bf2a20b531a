// Asks the processor what it can do and the system how much of it this process may use.

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "CPlatform.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

static struct martlet_cpu cpu;
static pthread_once_t cpu_once = PTHREAD_ONCE_INIT;

#if defined(__x86_64__)
static int bit(unsigned word, int index) { return (int)((word >> index) & 1); }

/// Which register states the operating system saves (XCR0); an instruction set without its state is unusable.
static unsigned saved_states(void) {
  unsigned low;
  unsigned high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

static void ask_processor(void) {
  unsigned a;
  unsigned b;
  unsigned c;
  unsigned d;
  if (__get_cpuid(0, &a, &b, &c, &d)) {
    memcpy(cpu.vendor, &b, 4);
    memcpy(cpu.vendor + 4, &d, 4);
    memcpy(cpu.vendor + 8, &c, 4);
  }
  for (unsigned part = 0; part < 3; part++) {
    if (!__get_cpuid(0x80000002u + part, &a, &b, &c, &d)) break;
    unsigned words[4] = {a, b, c, d};
    memcpy(cpu.brand + 16 * part, words, 16);
  }
  if (!__get_cpuid(1, &a, &b, &c, &d)) return;
  cpu.sse4_1 = bit(c, 19);
  unsigned states = bit(c, 27) ? saved_states() : 0;
  int ymm = (states & 0x6) == 0x6;
  int zmm = (states & 0xe6) == 0xe6;
  cpu.avx = ymm && bit(c, 28);
  cpu.fma = cpu.avx && bit(c, 12);
  cpu.f16c = cpu.avx && bit(c, 29);
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return;
  cpu.avx2 = cpu.avx && bit(b, 5);
  cpu.avx512f = zmm && bit(b, 16);
  cpu.avx512dq = cpu.avx512f && bit(b, 17);
  cpu.avx512bw = cpu.avx512f && bit(b, 30);
  cpu.avx512vl = cpu.avx512f && bit(b, 31);
  cpu.vector_bytes = cpu.avx512f ? 64 : cpu.avx ? 32 : 16;
}
#elif defined(__aarch64__)
static void ask_processor(void) {
  cpu.neon = 1;
  cpu.fma = 1;
  snprintf(cpu.vendor, sizeof cpu.vendor, "AArch64");
}
#else
static void ask_processor(void) {}
#endif

static long cache_size(int name) {
  long size = sysconf(name);
  return size > 0 ? size : 0;
}

static void fill_cpu(void) {
  cpu.vector_bytes = 16;
  ask_processor();
  cpu.l1_data_bytes = cache_size(_SC_LEVEL1_DCACHE_SIZE);
  cpu.l2_bytes = cache_size(_SC_LEVEL2_CACHE_SIZE);
  cpu.l3_bytes = cache_size(_SC_LEVEL3_CACHE_SIZE);
}

const struct martlet_cpu *martlet_cpu_features(void) {
  pthread_once(&cpu_once, fill_cpu);
  return &cpu;
}

static int affinity_cores(void) {
  for (int capacity = 1024; capacity <= 1 << 18; capacity *= 4) {
    cpu_set_t *set = CPU_ALLOC((size_t)capacity);
    if (set == NULL) break;
    size_t size = CPU_ALLOC_SIZE((size_t)capacity);
    int found = sched_getaffinity(0, size, set) == 0 ? CPU_COUNT_S(size, set) : 0;
    CPU_FREE(set);
    if (found > 0) return found;
  }
  long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? (int)online : 1;
}

/// Cores that a quota leaves, rounded up, or 0 for no limit.
static int quota_cores(long long quota, long long period) {
  if (quota <= 0 || period <= 0) return 0;
  long long cores = quota / period + (quota % period != 0);
  return cores < 1 << 20 ? (int)cores : 0;
}

static int read_quota_v2(const char *directory) {
  char path[4200];
  snprintf(path, sizeof path, "/sys/fs/cgroup%s/cpu.max", directory);
  FILE *file = fopen(path, "re");
  if (file == NULL) return 0;
  long long quota = 0;
  long long period = 0;
  int cores = fscanf(file, "%lld %lld", &quota, &period) == 2 ? quota_cores(quota, period) : 0;
  fclose(file);
  return cores;
}

static long long read_number(const char *path) {
  FILE *file = fopen(path, "re");
  if (file == NULL) return 0;
  long long value = 0;
  if (fscanf(file, "%lld", &value) != 1) value = 0;
  fclose(file);
  return value;
}

/// The tightest quota of this process's control group and those around it, or 0.
static int cgroup_cores(void) {
  int least = quota_cores(
      read_number("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"), read_number("/sys/fs/cgroup/cpu/cpu.cfs_period_us"));
  FILE *file = fopen("/proc/self/cgroup", "re");
  if (file == NULL) return least;
  char line[4096];
  while (fgets(line, sizeof line, file) != NULL) {
    if (strncmp(line, "0::", 3) != 0) continue;
    char *directory = line + 3;
    directory[strcspn(directory, "\n")] = 0;
    for (;;) {
      char *slash = strrchr(directory, '/');
      if (slash != NULL && slash[1] == 0) *slash = 0;
      int cores = read_quota_v2(directory);
      if (cores > 0 && (least == 0 || cores < least)) least = cores;
      slash = strrchr(directory, '/');
      if (slash == NULL) break;
      *slash = 0;
    }
  }
  fclose(file);
  return least;
}

int martlet_usable_cores(void) {
  int cores = affinity_cores();
  int quota = cgroup_cores();
  if (quota > 0 && quota < cores) cores = quota;
  return cores > 0 ? cores : 1;
}
