// Finds the image around a code address and reads its ELF sections and symbols, trusting nothing in the file.

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "Image.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char own_program[] = "/proc/self/exe";

struct search {
  uintptr_t pc;
  struct martlet_image *image;
};

static int holds_address(struct dl_phdr_info *info, size_t size, void *context) {
  (void)size;
  struct search *search = context;
  uintptr_t address = search->pc - info->dlpi_addr;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
    if (segment->p_type != PT_LOAD || address - segment->p_vaddr >= segment->p_memsz) continue;
    const char *name = info->dlpi_name != NULL && info->dlpi_name[0] != 0 ? info->dlpi_name : own_program;
    snprintf(search->image->path, sizeof search->image->path, "%s", name);
    search->image->address = address;
    return 1;
  }
  return 0;
}

int martlet_image_find(const void *pc, struct martlet_image *image) {
  image->path[0] = 0;
  image->address = 0;
  image->bytes = NULL;
  image->size = 0;
  struct search search = {(uintptr_t)pc, image};
  return dl_iterate_phdr(holds_address, &search);
}

int martlet_image_open(struct martlet_image *image) {
  int file = open(image->path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  struct stat status;
  void *bytes = MAP_FAILED;
  if (fstat(file, &status) == 0 && status.st_size > (off_t)sizeof(Elf64_Ehdr)) {
    bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, file, 0);
  }
  close(file);
  if (bytes == MAP_FAILED) return 0;
  image->bytes = bytes;
  image->size = (size_t)status.st_size;
  Elf64_Ehdr header;
  memcpy(&header, bytes, sizeof header);
  int usable = memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 && header.e_ident[EI_CLASS] == ELFCLASS64 &&
               header.e_ident[EI_DATA] == ELFDATA2LSB && header.e_shentsize == sizeof(Elf64_Shdr);
  if (!usable) martlet_image_close(image);
  return usable;
}

void martlet_image_close(struct martlet_image *image) {
  if (image->bytes != NULL) munmap((void *)image->bytes, image->size);
  image->bytes = NULL;
  image->size = 0;
}

static struct martlet_bytes range(const struct martlet_image *image, uint64_t offset, uint64_t count) {
  struct martlet_bytes none = {NULL, 0};
  if (image->bytes == NULL || offset > image->size || count > image->size - offset) return none;
  struct martlet_bytes found = {image->bytes + offset, (size_t)count};
  return found;
}

static int section_header(const struct martlet_image *image, unsigned index, Elf64_Shdr *section) {
  Elf64_Ehdr header;
  struct martlet_bytes head = range(image, 0, sizeof header);
  if (head.start == NULL) return 0;
  memcpy(&header, head.start, sizeof header);
  if (index >= header.e_shnum || header.e_shoff > image->size) return 0;
  struct martlet_bytes entry = range(image, header.e_shoff + (uint64_t)index * sizeof *section, sizeof *section);
  if (entry.start == NULL) return 0;
  memcpy(section, entry.start, sizeof *section);
  return 1;
}

static struct martlet_bytes contents(const struct martlet_image *image, const Elf64_Shdr *section) {
  struct martlet_bytes none = {NULL, 0};
  if (section->sh_type == SHT_NOBITS || (section->sh_flags & SHF_COMPRESSED) != 0) return none;
  return range(image, section->sh_offset, section->sh_size);
}

/// The text at an offset in a table of texts, or NULL when it does not end inside.
static const char *text_at(struct martlet_bytes table, uint64_t offset) {
  if (offset >= table.count || memchr(table.start + offset, 0, table.count - offset) == NULL) return NULL;
  return (const char *)table.start + offset;
}

struct martlet_bytes martlet_image_section(const struct martlet_image *image, const char *name) {
  struct martlet_bytes none = {NULL, 0};
  Elf64_Ehdr header;
  Elf64_Shdr section;
  struct martlet_bytes head = range(image, 0, sizeof header);
  if (head.start == NULL) return none;
  memcpy(&header, head.start, sizeof header);
  if (!section_header(image, header.e_shstrndx, &section)) return none;
  struct martlet_bytes names = contents(image, &section);
  for (unsigned i = 0; section_header(image, i, &section); i++) {
    const char *found = text_at(names, section.sh_name);
    if (found != NULL && strcmp(found, name) == 0) return contents(image, &section);
  }
  return none;
}

uint64_t martlet_image_function(const struct martlet_image *image, const char **name) {
  *name = NULL;
  Elf64_Shdr section;
  Elf64_Shdr names_section;
  for (unsigned i = 0; section_header(image, i, &section); i++) {
    if (section.sh_type != SHT_SYMTAB || !section_header(image, section.sh_link, &names_section)) continue;
    struct martlet_bytes symbols = contents(image, &section);
    struct martlet_bytes names = contents(image, &names_section);
    for (size_t at = 0; symbols.count - at >= sizeof(Elf64_Sym); at += sizeof(Elf64_Sym)) {
      Elf64_Sym symbol;
      memcpy(&symbol, symbols.start + at, sizeof symbol);
      if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC) continue;
      if (image->address - symbol.st_value >= symbol.st_size) continue;
      *name = text_at(names, symbol.st_name);
      return symbol.st_value;
    }
  }
  return 0;
}
