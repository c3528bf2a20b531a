// Walks the calling thread's frames and names the functions that return addresses lie in.

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "CPlatform.h"
#include "Image.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/// One past the last byte of this thread's stack; 1 when it cannot be found out, which ends every walk at once.
static _Thread_local uintptr_t stack_end;

static uintptr_t find_stack_end(void) {
  pthread_attr_t attributes;
  uintptr_t end = 1;
  if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
    void *lowest;
    size_t size;
    if (pthread_attr_getstack(&attributes, &lowest, &size) == 0) end = (uintptr_t)lowest + size;
    pthread_attr_destroy(&attributes);
  }
  return end;
}

/// Never inlined, so that the first frame seen is this one and its return address lies in the caller.
__attribute__((noinline, no_sanitize("address", "thread"))) int martlet_return_addresses(const void **out, int max) {
  if (stack_end == 0) stack_end = find_stack_end();
  uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
  const uintptr_t record = 2 * sizeof(uintptr_t);
  int count = 0;
  while (count < max && stack_end > record && frame <= stack_end - record) {
    const uintptr_t *saved = (const uintptr_t *)frame;
    if (saved[1] < 4096) break;
    out[count++] = (const void *)saved[1];
    // Swift marks the frames of asynchronous functions by bit 60 of the saved pointer.
    uintptr_t next = saved[0] & ~((uintptr_t)1 << 60);
    if (next <= frame || next % sizeof(uintptr_t) != 0) break;
    frame = next;
  }
  return count;
}

static void copy_text(char *to, size_t size, const char *text) {
  if (to != NULL && size > 0) snprintf(to, size, "%s", text);
}

int martlet_symbol(
    const void *pc, char *name, size_t name_size, char *image_path, size_t image_size, uintptr_t *image_offset) {
  const void *call = (const char *)pc - 1;
  struct martlet_image image;
  copy_text(name, name_size, "");
  copy_text(image_path, image_size, "");
  if (!martlet_image_find(call, &image)) return 0;
  if (image_offset != NULL) *image_offset = image.address;

  const char *found = NULL;
  if (martlet_image_open(&image)) martlet_image_function(&image, &found);
  Dl_info info;
  if (found == NULL && dladdr(call, &info) != 0) found = info.dli_sname;
  if (found != NULL) copy_text(name, name_size, found);
  martlet_image_close(&image);

  if (strcmp(image.path, "/proc/self/exe") == 0) {
    char program[sizeof image.path];
    ssize_t length = readlink(image.path, program, sizeof program - 1);
    if (length > 0) {
      program[length] = 0;
      memcpy(image.path, program, (size_t)length + 1);
    }
  }
  copy_text(image_path, image_size, image.path);
  return 1;
}
