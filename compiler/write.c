#define _XOPEN_SOURCE 700 /* realpath */
#include "write.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool write_failed(const char *what, const char *path)
{
  bool full = errno == ENOSPC || errno == EDQUOT;
  fprintf(stderr, "lathe: error: cannot %s '%s': %s%s\n", what, path, strerror(errno),
          full ? "; free some space, or name a file on another disk" : "");
  return false;
}

mode_t write_mode(mode_t most)
{
  mode_t mask = umask(0);
  umask(mask);
  return most & ~mask;
}

static bool write_all(int fd, const char *data, size_t length)
{
  while (length > 0) {
    ssize_t written = write(fd, data, length);
    if (written < 0 && errno != EINTR)
      return false;
    if (written > 0) {
      data += written;
      length -= (size_t)written;
    }
  }
  return true;
}

/* A signal may interrupt both on disks that are far away; a file is closed all the same. */
static bool sync_all(int fd)
{
  while (fsync(fd) != 0)
    if (errno != EINTR)
      return false;
  return true;
}

static bool close_all(int fd)
{
  return close(fd) == 0 || errno == EINTR;
}

/* rename, and link, which unlike it replaces nothing. */
typedef int place_function(const char *temporary, const char *path);

/* Writes a file beside its place, and puts it there; `safe`: so that not even a power cut leaves
 * half of it. */
static bool put(const char *path, const char *text, size_t length, mode_t mode, bool safe,
                place_function *place)
{
  struct mem *mem = mem_new();
  char *temporary = mem_printf(mem, "%s.XXXXXX", path);
  int fd = mkstemp(temporary);
  bool written =
      fd >= 0 && write_all(fd, text, length) && fchmod(fd, mode) == 0 && (!safe || sync_all(fd));
  written = fd >= 0 && close_all(fd) && written && place(temporary, path) == 0;
  if (!written)
    write_failed("write", path);
  if (fd >= 0 && (!written || place == link))
    unlink(temporary);
  mem_free(mem);
  return written;
}

static bool says(const char *path, const char *text, size_t length)
{
  FILE *old = fopen(path, "r");
  if (old == NULL)
    return false;
  char block[4096];
  size_t at = 0, got;
  bool same = true;
  while (same && (got = fread(block, 1, sizeof block, old)) > 0) {
    same = at + got <= length && memcmp(text + at, block, got) == 0;
    at += got;
  }
  fclose(old);
  return same && at == length;
}

/* A file that already says the same keeps its time of change. */
static bool write_changed(const char *path, const char *text, size_t length)
{
  return says(path, text, length) || put(path, text, length, write_mode(0666), false, rename);
}

bool write_emitted(const struct emitted *emitted, const char *folder)
{
  if (mkdir(folder, 0777) != 0 && errno != EEXIST)
    return write_failed("make the folder", folder);
  struct mem *mem = mem_new();
  bool written = true;
  for (int i = 0; i < emitted->count && written; i++) {
    const struct emitted_file *file = &emitted->files[i];
    written = write_changed(mem_printf(mem, "%s/%s", folder, file->name), file->text, file->length);
  }
  mem_free(mem);
  return written;
}

bool write_result(const char *path, const char *text)
{
  if (path == NULL)
    return fputs(text, stdout) >= 0;
  return write_changed(path, text, strlen(text));
}

bool write_kept(const char *path, const char *text)
{
  return put(path, text, strlen(text), write_mode(0666), true, rename);
}

bool write_new(const char *path, const char *text)
{
  return put(path, text, strlen(text), write_mode(0666), true, link);
}

bool write_over(const char *path, const char *text)
{
  struct stat status;
  char *real = realpath(path, NULL);
  bool written = real != NULL && stat(real, &status) == 0;
  if (written)
    written = put(real, text, strlen(text), status.st_mode & 07777, true, rename);
  else
    write_failed("write", path);
  free(real);
  return written;
}
