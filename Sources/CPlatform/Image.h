// The ELF file behind a code address: its sections and its own function symbols.

#ifndef MARTLET_IMAGE_H
#define MARTLET_IMAGE_H

#include <stddef.h>
#include <stdint.h>

/// A loaded image's file, mapped for reading. The file may be damaged: every offset in it is checked.
struct martlet_image {
  char path[4096];
  /// The address asked for, as the file numbers it.
  uint64_t address;
  const uint8_t *bytes;
  size_t size;
};

/// A range of bytes; empty when something is missing.
struct martlet_bytes {
  const uint8_t *start;
  size_t count;
};

/// Finds the image that holds `pc`: its path and the address in it. Maps nothing. Returns 0 when there is none.
int martlet_image_find(const void *pc, struct martlet_image *image);

/// Maps the file of an image found; returns 0 on failure. Close what was opened.
int martlet_image_open(struct martlet_image *image);
void martlet_image_close(struct martlet_image *image);

/// A section's contents; compressed sections count as missing.
struct martlet_bytes martlet_image_section(const struct martlet_image *image, const char *name);

/// The function around the image's address: where it starts (0 when unknown) and its name, which lies in the mapping.
uint64_t martlet_image_function(const struct martlet_image *image, const char **name);

#endif
