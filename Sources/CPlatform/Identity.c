// What tells one build of a program from the next, and one processor from another, without reading either in full.

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "CPlatform.h"

#include <dlfcn.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

static int write_identity(const char *path, const struct stat *status, char *out, size_t size) {
  if (!S_ISREG(status->st_mode)) return 0;
  // The time of the last change of the inode cannot be set: it tells files apart whose other times were.
  int length = snprintf(
      out, size, "%s %llx %llx %llx %lld.%09ld %lld.%09ld", path, (unsigned long long)status->st_dev,
      (unsigned long long)status->st_ino, (unsigned long long)status->st_size, (long long)status->st_mtim.tv_sec,
      status->st_mtim.tv_nsec, (long long)status->st_ctim.tv_sec, status->st_ctim.tv_nsec);
  return length > 0 && (size_t)length < size;
}

int martlet_file_identity(const char *path, char *out, size_t size) {
  struct stat status;
  return stat(path, &status) == 0 && write_identity(path, &status, out, size);
}

int martlet_program_identity(char *out, size_t size) {
  Dl_info info;
  struct link_map *map = NULL;
  // A library's path may name a newer file than the one in memory; only the program's own file can be told for sure.
  const void *code = (const void *)(uintptr_t)martlet_program_identity;
  if (dladdr1(code, &info, (void **)&map, RTLD_DL_LINKMAP) == 0 || map == NULL || map->l_name[0] != 0) return 0;
  // Without an interpreter the process was started through the loader, whose file /proc/self/exe then is.
  if (getauxval(AT_BASE) == 0) return 0;
  char path[PATH_MAX];
  ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  struct stat running;
  struct stat named;
  if (stat("/proc/self/exe", &running) != 0 || stat(path, &named) != 0) return 0;
  // Replaced since it was started: what is there now is another program.
  if (running.st_dev != named.st_dev || running.st_ino != named.st_ino) return 0;
  // Of the file that runs: the path may have come to be another's by now.
  return write_identity(path, &running, out, size);
}

#if defined(__x86_64__)
int martlet_cpu_identity(uint32_t *words, int max) {
  // The leaves that say what instructions there are, and of the first the model. What differs from core to core or from
  // moment to moment (numbers of cores, sizes) is in none of the registers that are kept.
  static const struct {
    unsigned leaf;
    unsigned part;
    unsigned registers;
  } leaves[] = {{0, 0, 0xe},          {1, 0, 0xd},          {7, 0, 0xe}, {7, 1, 0xf}, {0xd, 1, 0x1}, {0x14, 0, 0x2},
                {0x19, 0, 0x2},       {0x1e, 1, 0x1},       {0x24, 0, 0x2}, {0x80000001u, 0, 0xc},
                {0x80000008u, 0, 0x2}};
  int count = 0;
  int saves_states = 0;
  for (size_t i = 0; i < sizeof leaves / sizeof *leaves; i++) {
    unsigned r[4] = {0, 0, 0, 0};
    if (!__get_cpuid_count(leaves[i].leaf, leaves[i].part, &r[0], &r[1], &r[2], &r[3])) memset(r, 0, sizeof r);
    if (leaves[i].leaf == 1) saves_states = (r[2] >> 27 & 1) != 0;
    for (int j = 0; j < 4; j++) {
      if ((leaves[i].registers >> j & 1) == 0) continue;
      if (count == max) return 0;
      words[count++] = r[j];
    }
  }
  if (count == max) return 0;
  unsigned low = 0;
  unsigned high = 0;
  if (saves_states) __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  words[count++] = low;
  return count;
}
#elif defined(__aarch64__)
int martlet_cpu_identity(uint32_t *words, int max) {
  unsigned long masks[] = {getauxval(AT_HWCAP), getauxval(AT_HWCAP2)};
  int count = 0;
  for (int i = 0; i < 2; i++) {
    if (count + 2 > max) return 0;
    words[count++] = (uint32_t)masks[i];
    words[count++] = (uint32_t)(masks[i] >> 32);
  }
  return count;
}
#else
int martlet_cpu_identity(uint32_t *words, int max) {
  (void)words;
  (void)max;
  return 0;
}
#endif
