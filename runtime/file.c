#include "file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LARGEST_TEXT = 1 << 30, LARGEST_READ = 1 << 30 };

bool lathe_file_exists(const char *path)
{
  struct stat status;
  return stat(path, &status) == 0 ||
         (errno != ENOENT && errno != ENOTDIR && errno != ENAMETOOLONG && errno != ELOOP);
}

int lathe_file_open(const char *path, int64_t *size, bool *missing, struct lathe_error *err)
{
  struct stat status;
  int file;
  do
    file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* a FIFO must not block */
  while (file < 0 && errno == EINTR);
  if (missing)
    *missing = file < 0 && (errno == ENOENT || errno == ENOTDIR);
  if (file < 0) {
    lathe_fail(err, "%s cannot be opened: %s; check its name and permissions", path,
               strerror(errno));
    return -1;
  }
  if (fstat(file, &status) == 0 && S_ISREG(status.st_mode)) {
    *size = status.st_size;
    return file;
  }
  lathe_fail(err, "%s is not a file but a folder or a device; name a file", path);
  close(file);
  return -1;
}

int64_t lathe_file_take(int file, void *bytes, size_t size)
{
  size_t done = 0;
  while (done < size) {
    size_t most = size - done < LARGEST_READ ? size - done : LARGEST_READ;
    ssize_t got = read(file, (char *)bytes + done, most);
    if (got == 0)
      break;
    if (got < 0 && errno != EINTR)
      return -1;
    done += got > 0 ? (size_t)got : 0;
  }
  return (int64_t)done;
}

const struct dirent *lathe_next_entry(DIR *listing)
{
  errno = 0;
  return readdir(listing);
}

char *lathe_file_text(const char *path, size_t *size, bool *missing, struct lathe_error *err)
{
  int64_t length, got = -1;
  int file = lathe_file_open(path, &length, missing, err);
  if (file < 0)
    return NULL;
  char *text = length <= LARGEST_TEXT ? malloc((size_t)length + 1) : NULL;
  if (text)
    got = lathe_file_take(file, text, (size_t)length);
  int why = errno;
  close(file);
  if (got >= 0) {
    text[got] = '\0';
    if (size)
      *size = (size_t)got;
    return text;
  }
  lathe_fail(err, "%s cannot be read: %s", path, text ? strerror(why) : "no memory for it");
  free(text);
  return NULL;
}
