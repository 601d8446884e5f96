/* for realpath, an X/Open function */
#define _XOPEN_SOURCE 700
#include "output.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct lathe_output {
  char *path;      /* the final name, links followed */
  char *temporary; /* where the bytes go until commit; `path` itself for a device */
  bool direct;     /* written straight to a device or a pipe */
  FILE *stream;
};

enum { NAME_TRIES = 1000 };

static void output_free(struct lathe_output *output)
{
  if (output->stream)
    fclose(output->stream);
  free(output->path);
  free(output->temporary);
  free(output);
}

static bool cannot_write(struct lathe_error *err, const char *path, int why)
{
  const char *advice = "name another file with -o or --run";
  if (why == ENOENT || why == ENOTDIR)
    advice = "make its folder first, or name another";
  else if (why == EACCES || why == EPERM || why == EROFS)
    advice = "change the permissions, or name a file in a folder of your own";
  else if (why == ENOSPC || why == EDQUOT || why == EFBIG)
    advice = "free some space, or name a file on another disk";
  else if (why == ENOMEM)
    advice = "free some memory";
  return lathe_fail(err, "%s cannot be written: %s; %s", path, strerror(why), advice);
}

/* The folder of `path` as a string of its own; NULL when out of memory. */
static char *folder_of(const char *path)
{
  const char *slash = strrchr(path, '/');
  if (!slash)
    return strdup(".");
  return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

/* Creates a file of a name that nobody has, beside the final one: a rename does not cross disks.
 * mkstemp would make it private (0600), whatever the umask says. */
static int create_temporary(struct lathe_output *output)
{
  size_t size = strlen(output->path) + 48;
  output->temporary = malloc(size);
  if (!output->temporary)
    return -1;
  for (int attempt = 0; attempt < NAME_TRIES; attempt++) {
    snprintf(output->temporary, size, "%s.%ld-%d.part", output->path, (long)getpid(), attempt);
    int fd = open(output->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0 || errno != EEXIST)
      return fd;
  }
  return -1;
}

/* Opens what `path` names: directly when it is no ordinary file, else a temporary beside it.
 * Returns -1 with errno set. */
static int open_for(struct lathe_output *output, const char *path)
{
  struct stat status;
  if (!*path) { /* else the temporary would be made in this folder, for a name that is none */
    errno = ENOENT;
    return -1;
  }
  bool exists = stat(path, &status) == 0;
  if (exists && S_ISDIR(status.st_mode)) {
    errno = EISDIR;
    return -1;
  }
  if (exists && !S_ISREG(status.st_mode)) {
    output->direct = true;
    output->path = strdup(path);
    output->temporary = strdup(path);
    return output->path && output->temporary ? open(path, O_WRONLY | O_CLOEXEC) : -1;
  }
  /* A rename would replace even a file that its owner protects from writing. */
  if (exists && faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) != 0)
    return -1;
  output->path = exists ? realpath(path, NULL) : strdup(path);
  return output->path ? create_temporary(output) : -1;
}

struct lathe_output *lathe_output_open(const char *path, struct lathe_error *err)
{
  struct lathe_output *output = calloc(1, sizeof *output);
  if (!output) {
    cannot_write(err, path, ENOMEM);
    return NULL;
  }
  int fd = open_for(output, path);
  if (fd >= 0)
    output->stream = fdopen(fd, "wb");
  if (output->stream)
    return output;
  cannot_write(err, path, errno);
  if (fd >= 0) {
    close(fd);
    if (!output->direct)
      unlink(output->temporary);
  }
  output_free(output);
  return NULL;
}

FILE *lathe_output_stream(struct lathe_output *output)
{
  return output->stream;
}

const char *lathe_output_path(const struct lathe_output *output)
{
  return output->temporary;
}

/* So that the new name itself survives a power cut. Some file systems cannot do this for a folder
 * (EINVAL), and a folder may be writable but not readable: the file is then in place all the same.
 */
bool lathe_sync_folder_of(const char *path)
{
  char *folder = folder_of(path);
  int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
  free(folder);
  if (fd < 0)
    return true;
  bool synced = fsync(fd) == 0 || errno == EINVAL || errno == ENOTSUP || errno == EROFS;
  int why = errno;
  close(fd);
  errno = why;
  return synced;
}

/* Whether all bytes have been taken by the disk (or the device); errno says why not. */
static bool flush(struct lathe_output *output)
{
  errno = 0;
  bool failed_before = ferror(output->stream) != 0;
  if (fflush(output->stream) != 0)
    return false;
  if (failed_before) { /* the reason is gone; a full disk is by far the likeliest */
    errno = ENOSPC;
    return false;
  }
  return output->direct || fsync(fileno(output->stream)) == 0;
}

bool lathe_output_commit(struct lathe_output *output, struct lathe_error *err)
{
  bool good = flush(output);
  int why = errno;
  bool closed = fclose(output->stream) == 0;
  output->stream = NULL;
  if (good && !closed) {
    good = false;
    why = errno;
  }
  if (good && !output->direct) {
    good = rename(output->temporary, output->path) == 0 && lathe_sync_folder_of(output->path);
    why = errno;
  }
  if (!good) {
    cannot_write(err, output->path, why);
    if (!output->direct)
      unlink(output->temporary);
  }
  output_free(output);
  return good;
}

void lathe_output_discard(struct lathe_output *output)
{
  if (!output)
    return;
  if (!output->direct)
    unlink(output->temporary);
  output_free(output);
}
