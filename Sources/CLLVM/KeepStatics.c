// Keeps LLVM's late static objects alive at exit, so that a thread which compiles while the process ends does not fall.
//
// LLVM makes many static objects when they are first needed and registers their destruction then. At exit what was
// registered last is destroyed first: before any handler of ours that could wait for the compilations under way. So
// the loaded library's own reference to the registering function is turned to one that does nothing. What it
// registered while it was loaded is destroyed as ever, after our handler.

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "KeepStatics.h"

#include <elf.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__x86_64__)
enum { jump_slot = R_X86_64_JUMP_SLOT, data_slot = R_X86_64_GLOB_DAT };
#elif defined(__aarch64__)
enum { jump_slot = R_AARCH64_JUMP_SLOT, data_slot = R_AARCH64_GLOB_DAT };
#else
enum { jump_slot = -1, data_slot = -1 };
#endif

static int register_nothing(void (*function)(void *), void *argument, void *library) {
  (void)function;
  (void)argument;
  (void)library;
  return 0;
}

struct relro {
  uintptr_t base;
  uintptr_t begin;
  uintptr_t end;
};

/// Finds the part of the library that was made read-only after it was bound.
static int find_relro(struct dl_phdr_info *info, size_t size, void *data) {
  (void)size;
  struct relro *relro = data;
  if (info->dlpi_addr != relro->base) return 0;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    if (info->dlpi_phdr[i].p_type != PT_GNU_RELRO) continue;
    // Both ends are rounded down to a page, as glibc does: the rest of the last page stays writable.
    uintptr_t mask = ~((uintptr_t)sysconf(_SC_PAGESIZE) - 1);
    uintptr_t begin = relro->base + info->dlpi_phdr[i].p_vaddr;
    relro->begin = begin & mask;
    relro->end = (begin + info->dlpi_phdr[i].p_memsz) & mask;
  }
  return 1;
}

static void write_slot(uintptr_t slot, const struct relro *relro) {
  uintptr_t page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
  void *page = (void *)(slot & ~(page_size - 1));
  int is_protected = slot >= relro->begin && slot < relro->end;
  if (is_protected && mprotect(page, page_size, PROT_READ | PROT_WRITE) != 0) return;
  *(uintptr_t *)slot = (uintptr_t)register_nothing;
  if (is_protected) mprotect(page, page_size, PROT_READ);
}

void martlet_keep_statics(const struct link_map *map) {
  const Elf64_Sym *symbols = NULL;
  const char *names = NULL;
  const Elf64_Rela *tables[2] = {NULL, NULL};
  size_t sizes[2] = {0, 0};
  // Most of the first table needs no symbol, and that part comes first.
  size_t skipped[2] = {0, 0};
  // glibc has turned these addresses from offsets into pointers.
  for (const Elf64_Dyn *entry = map->l_ld; entry->d_tag != DT_NULL; entry++) {
    switch (entry->d_tag) {
      case DT_SYMTAB: symbols = (const void *)entry->d_un.d_ptr; break;
      case DT_STRTAB: names = (const void *)entry->d_un.d_ptr; break;
      case DT_RELA: tables[0] = (const void *)entry->d_un.d_ptr; break;
      case DT_RELASZ: sizes[0] = entry->d_un.d_val; break;
      case DT_RELACOUNT: skipped[0] = entry->d_un.d_val; break;
      case DT_JMPREL: tables[1] = (const void *)entry->d_un.d_ptr; break;
      case DT_PLTRELSZ: sizes[1] = entry->d_un.d_val; break;
      default: break;
    }
  }
  if (symbols == NULL || names == NULL) return;
  struct relro relro = {map->l_addr, 0, 0};
  dl_iterate_phdr(find_relro, &relro);
  for (int t = 0; t < 2; t++) {
    for (size_t i = skipped[t]; tables[t] != NULL && i < sizes[t] / sizeof(Elf64_Rela); i++) {
      const Elf64_Rela *relocation = &tables[t][i];
      int type = (int)ELF64_R_TYPE(relocation->r_info);
      if (type != jump_slot && type != data_slot) continue;
      const char *name = names + symbols[ELF64_R_SYM(relocation->r_info)].st_name;
      if (strcmp(name, "__cxa_atexit") == 0) write_slot(map->l_addr + relocation->r_offset, &relro);
    }
  }
}
