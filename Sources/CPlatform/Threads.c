// Sleeping and waking, forks, one pointer per thread, and a way to stderr that needs no lock.

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "CPlatform.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int martlet_futex_wait(uint32_t *word, uint32_t expected, int64_t timeout_nanoseconds) {
  struct timespec timeout = {timeout_nanoseconds / 1000000000, timeout_nanoseconds % 1000000000};
  int saved = errno;
  long result = syscall(
      SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, timeout_nanoseconds < 0 ? NULL : &timeout, NULL, 0);
  int timed_out = result != 0 && errno == ETIMEDOUT;
  errno = saved;
  return !timed_out;
}

int martlet_futex_wake(uint32_t *word, int count) {
  int saved = errno;
  long woken = syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
  errno = saved;
  return woken > 0 ? (int)woken : 0;
}

int martlet_on_fork(void (*prepare)(void), void (*parent)(void), void (*child)(void)) {
  return pthread_atfork(prepare, parent, child);
}

/// The value is read on hot paths, so it lives in thread-local storage; the key is there only for its destructor.
static _Thread_local void *slot_value;
static _Thread_local void (*slot_destructor)(void *);
static pthread_key_t slot_key;
static pthread_once_t slot_once = PTHREAD_ONCE_INIT;
static int slot_usable;

/// Static thread-local storage outlives the destructors of keys, so both variables are still there.
static void destroy_slot(void *unused) {
  (void)unused;
  void *value = slot_value;
  void (*destructor)(void *) = slot_destructor;
  slot_value = NULL;
  slot_destructor = NULL;
  if (value != NULL && destructor != NULL) destructor(value);
}

static void create_slot(void) { slot_usable = pthread_key_create(&slot_key, destroy_slot) == 0; }

void *martlet_thread_slot_get(void) { return slot_value; }

int martlet_thread_slot_set(void *value, void (*destructor)(void *)) {
  pthread_once(&slot_once, create_slot);
  if (!slot_usable || pthread_setspecific(slot_key, value != NULL ? &slot_key : NULL) != 0) return 0;
  slot_value = value;
  slot_destructor = destructor;
  return 1;
}

void martlet_write_error(const char *bytes, size_t count) {
  int saved = errno;
  while (count > 0) {
    ssize_t written = write(STDERR_FILENO, bytes, count);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) break;
    bytes += written;
    count -= (size_t)written;
  }
  errno = saved;
}
