// Files of a cache that other users, other processes and crashes must not be able to abuse.
//
// What lies in the cache is executed, so whoever can write there can run code as this user. Every check is made on an
// open descriptor, never on a path that may have changed since.

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "CPlatform.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

/// Who may write: the owner alone.
static int others_write(const struct stat *status) { return (status->st_mode & (S_IWGRP | S_IWOTH)) != 0; }

/// Makes the directory and the one around it where they are missing, for this user alone.
///
/// Not more: what is missing above them, a home directory say, is not a cache's to make.
static int make_directories(const char *path) {
  char around[PATH_MAX];
  size_t length = strlen(path);
  if (length >= sizeof around) {
    errno = ENAMETOOLONG;
    return 0;
  }
  while (length > 0 && path[length - 1] == '/') length--;
  while (length > 0 && path[length - 1] != '/') length--;
  memcpy(around, path, length);
  around[length] = 0;
  mkdir(around, S_IRWXU);
  return mkdir(path, S_IRWXU) == 0 || errno == EEXIST;
}

/// Why a directory cannot be trusted, or NULL.
static const char *distrust(int directory) {
  struct stat status;
  struct stat parent;
  if (fstat(directory, &status) != 0 || fstatat(directory, "..", &parent, 0) != 0) return "cannot be examined";
  if (status.st_uid != geteuid()) return "belongs to another user";
  if (others_write(&status)) return "can be written by other users";
  if (parent.st_uid != geteuid() && parent.st_uid != 0) return "lies in another user's directory";
  // In a sticky directory others cannot put theirs in the place of ours.
  if (others_write(&parent) && (parent.st_mode & S_ISVTX) == 0) return "lies in a directory that other users can write";
  return NULL;
}

int martlet_cache_open(const char *path, int create, const char **problem) {
  *problem = NULL;
  if (getauxval(AT_SECURE) != 0) {
    *problem = "is not used by a process with raised privileges";
    return -1;
  }
  int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  int directory = open(path, flags);
  if (directory < 0 && errno == ENOENT && create) {
    if (make_directories(path)) directory = open(path, flags);
    if (directory < 0) {
      *problem = "cannot be made";
      return -1;
    }
  }
  if (directory < 0) {
    if (errno == ENOTDIR || errno == ELOOP) *problem = "is not a directory, or a link to one";
    else if (errno != ENOENT) *problem = "cannot be opened";
    return -1;
  }
  *problem = distrust(directory);
  if (*problem == NULL) return directory;
  close(directory);
  return -1;
}

int martlet_cache_file_open(
    int directory, const char *name, struct martlet_cache_file *out, const char **problem) {
  *problem = NULL;
  // Without O_NONBLOCK the open of a pipe would wait for a writer.
  int file = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (file < 0) {
    if (errno != ENOENT) *problem = "cannot be opened";
    return -1;
  }
  struct stat status;
  if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) *problem = "is not a file";
  else if (status.st_uid != geteuid()) *problem = "belongs to another user";
  else if (others_write(&status)) *problem = "can be written by other users";
  else if (status.st_nlink > 1) *problem = "has a second name";
  if (*problem != NULL) {
    close(file);
    return -1;
  }
  out->byte_count = status.st_size;
  out->modified = status.st_mtim.tv_sec;
  return file;
}

int64_t martlet_cache_file_read(int file, void *bytes, size_t count) {
  size_t total = 0;
  while (total < count) {
    ssize_t got = read(file, (char *)bytes + total, count - total);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    total += (size_t)got;
  }
  return (int64_t)total;
}

void martlet_cache_file_touch(int file) {
  struct timespec now[2] = {{.tv_nsec = UTIME_NOW}, {.tv_nsec = UTIME_NOW}};
  futimens(file, now);
}

void martlet_cache_close(int descriptor) { close(descriptor); }

static int write_all(int file, const char *bytes, size_t count) {
  while (count > 0) {
    ssize_t written = write(file, bytes, count);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return 0;
    bytes += written;
    count -= (size_t)written;
  }
  return 1;
}

int martlet_cache_file_write(
    int directory, const char *temporary, const char *name, const void *bytes, size_t count) {
  int file = openat(
      directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file < 0) return 0;
  // Without the fsync a crash of the system may leave the new name with old or no bytes.
  int done = write_all(file, bytes, count) && fsync(file) == 0;
  done = close(file) == 0 && done;
  done = done && renameat(directory, temporary, directory, name) == 0;
  if (!done) {
    int saved = errno;
    unlinkat(directory, temporary, 0);
    errno = saved;
  }
  return done;
}

int martlet_cache_file_remove(int directory, const char *name) { return unlinkat(directory, name, 0) == 0; }

int martlet_cache_list(
    int directory, void *context, void (*visit)(void *, const char *, const struct martlet_cache_file *)) {
  // A description of its own: reading one that is shared would move the place in it for others.
  int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *stream = copy >= 0 ? fdopendir(copy) : NULL;
  if (stream == NULL) {
    if (copy >= 0) close(copy);
    return 0;
  }
  for (struct dirent *entry = readdir(stream); entry != NULL; entry = readdir(stream)) {
    struct stat status;
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    if (fstatat(directory, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 || S_ISDIR(status.st_mode)) continue;
    struct martlet_cache_file file = {status.st_size, status.st_mtim.tv_sec};
    visit(context, entry->d_name, &file);
  }
  closedir(stream);
  return 1;
}
