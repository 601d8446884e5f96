/* for realpath, an X/Open function, and fopencookie, which the C libraries of Linux have */
#define _GNU_SOURCE
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
  bool direct;     /* written straight to a device or a pipe, or to a file that grows */
  bool growing;
  int fd;  /* -1: closed */
  int why; /* the first error that writing met; 0: none */
  FILE *stream;
};

enum { NAME_TRIES = 1000 };

static void output_free(struct lathe_output *output)
{
  if (output->stream)
    fclose(output->stream);
  if (output->fd >= 0)
    close(output->fd);
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

/* open, of files that are made, which a signal may interrupt on disks that are far away. */
static int open_again(const char *path, int flags, mode_t mode)
{
  int fd;
  do
    fd = open(path, flags, mode);
  while (fd < 0 && errno == EINTR);
  return fd;
}

/* Creates a file of a name that nobody has, beside the final one: a rename does not cross disks. It
 * is private until it is whole: then it gets the mode that the umask says. (mkstemp's names do not
 * end as lathe_run_tidy looks for them.) */
static int create_temporary(struct lathe_output *output)
{
  size_t size = strlen(output->path) + 48;
  output->temporary = malloc(size);
  if (!output->temporary)
    return -1;
  for (int attempt = 0; attempt < NAME_TRIES; attempt++) {
    snprintf(output->temporary, size, "%s.%ld-%d.part", output->path, (long)getpid(), attempt);
    int fd = open_again(output->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
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
    return output->path && output->temporary ? open_again(path, O_WRONLY | O_CLOEXEC, 0666) : -1;
  }
  /* A rename would replace even a file that its owner protects from writing. */
  if (exists && faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) != 0)
    return -1;
  output->path = exists ? realpath(path, NULL) : strdup(path);
  return output->path ? create_temporary(output) : -1;
}

/* What the stream holds, all of it: a stream of stdio's own gives up, and loses bytes, when a
 * signal interrupts it, and forgets the reason when the disk is full. */
static ssize_t put(void *cookie, const char *bytes, size_t size)
{
  struct lathe_output *output = cookie;
  for (size_t done = 0; done < size;) {
    ssize_t written = write(output->fd, bytes + done, size - done);
    if (written >= 0) {
      done += (size_t)written;
    } else if (errno != EINTR) {
      output->why = output->why ? output->why : errno;
      return 0;
    }
  }
  return (ssize_t)size;
}

/* For fseek, of files alone. */
static int seek(void *cookie, off64_t *offset, int whence)
{
  const struct lathe_output *output = cookie;
  *offset = lseek(output->fd, *offset, whence);
  return *offset < 0 ? -1 : 0;
}

/* The same, directly, whatever it is. */
static int open_growing(struct lathe_output *output, const char *path)
{
  output->growing = output->direct = true;
  output->path = strdup(path);
  return output->path ? open_again(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : -1;
}

static struct lathe_output *open_output(const char *path,
                                        int open_it(struct lathe_output *, const char *),
                                        struct lathe_error *err)
{
  struct lathe_output *output = calloc(1, sizeof *output);
  if (!output) {
    cannot_write(err, path, ENOMEM);
    return NULL;
  }
  output->fd = open_it(output, path);
  if (output->fd >= 0)
    output->stream = fopencookie(output, "w", (cookie_io_functions_t){.write = put, .seek = seek});
  if (output->stream)
    return output;
  cannot_write(err, path, errno);
  if (output->fd >= 0 && !output->direct)
    unlink(output->temporary);
  output_free(output);
  return NULL;
}

struct lathe_output *lathe_output_open(const char *path, struct lathe_error *err)
{
  return open_output(path, open_for, err);
}

struct lathe_output *lathe_output_open_growing(const char *path, struct lathe_error *err)
{
  return open_output(path, open_growing, err);
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
  bool synced = fsync(fd) == 0 || errno == EINVAL || errno == ENOTSUP || errno == EROFS ||
                (errno == EINTR && fsync(fd) == 0);
  int why = errno;
  close(fd);
  errno = why;
  return synced;
}

/* What a new file's mode is to be. The mask can only be read by setting it, here to a stricter one.
 */
static mode_t mode_of_files(void)
{
  mode_t mask = umask(077);
  umask(mask);
  return 0666 & ~mask;
}

/* Puts all bytes on the disk (or into the device) and closes it; 0, or errno's reason why not. */
static int finish(struct lathe_output *output)
{
  bool failed = fflush(output->stream) != 0 || ferror(output->stream);
  failed = fclose(output->stream) != 0 || failed;
  output->stream = NULL;
  if (failed) /* without a reason, what was to be printed could not be: no memory for it */
    return output->why ? output->why : ENOMEM;
  while (!output->direct && fchmod(output->fd, mode_of_files()) != 0)
    if (errno != EINTR)
      break; /* not every disk has modes: then the file is as such are there */
  while ((!output->direct || output->growing) && fsync(output->fd) != 0)
    if (errno != EINTR)
      return errno;
  int fd = output->fd;
  output->fd = -1;
  return close(fd) == 0 || errno == EINTR ? 0 : errno; /* interrupted, it is closed all the same */
}

bool lathe_output_flush(struct lathe_output *output, struct lathe_error *err)
{
  bool good = fflush(output->stream) == 0 && !ferror(output->stream);
  return good || cannot_write(err, output->path, output->why ? output->why : ENOMEM);
}

bool lathe_output_commit(struct lathe_output *output, struct lathe_error *err)
{
  int why = finish(output);
  bool good = why == 0;
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
