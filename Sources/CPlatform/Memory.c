// Maps pages that the system may back with huge ones, and counts what the process holds.

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "CPlatform.h"

#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

/// A huge page costs 0.35 ms to zero, so small mappings stay with small pages.
static const size_t huge_page = (size_t)2 << 20;
static const size_t huge_page_threshold = (size_t)4 << 20;

/// `size` rounded up to whole pages, or 0 when that overflows.
static size_t whole_pages(size_t size) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  if (size == 0 || size > SIZE_MAX - huge_page - page) return 0;
  return (size + page - 1) & ~(page - 1);
}

void *martlet_pages_map(size_t size) {
  size_t length = whole_pages(size);
  if (length == 0) return NULL;
  size_t slack = length >= huge_page_threshold ? huge_page : 0;
  char *start = mmap(NULL, length + slack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED) return NULL;
  if (slack == 0) return start;
  size_t before = (huge_page - ((uintptr_t)start & (huge_page - 1))) & (huge_page - 1);
  if (before > 0) munmap(start, before);
  if (slack > before) munmap(start + before + length, slack - before);
  madvise(start + before, length, MADV_HUGEPAGE);
  return start + before;
}

void martlet_pages_unmap(void *pages, size_t size) {
  size_t length = whole_pages(size);
  if (length > 0) munmap(pages, length);
}

int64_t martlet_page_faults(void) {
  struct rusage usage;
  return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_minflt : 0;
}

int64_t martlet_resident_bytes(void) {
  FILE *file = fopen("/proc/self/statm", "re");
  if (file == NULL) return 0;
  long long total = 0;
  long long resident = 0;
  if (fscanf(file, "%lld %lld", &total, &resident) != 2) resident = 0;
  fclose(file);
  return resident * sysconf(_SC_PAGESIZE);
}
