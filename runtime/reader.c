#include "reader.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>
#include <zlib.h>

enum { LOOKAHEAD = 8, FIRST_BLOCK = 1 << 20, LARGEST_READ = 1 << 30 };

/* `gz` (zlib passes plain files through unchanged), `member` or `memory` is set. */
struct lathe_reader {
  char *name;
  bool regular;
  gzFile gz;
  zip_file_t *member;
  unsigned char *memory;
  size_t memory_size, memory_taken;
  unsigned char ahead[LOOKAHEAD]; /* peeked at, not taken yet */
  size_t ahead_count;
};

struct lathe_reader *lathe_reader_open(const char *path, struct lathe_error *err)
{
  struct lathe_reader *reader = calloc(1, sizeof *reader);
  struct stat status;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    lathe_fail(err, "%s cannot be opened: %s; check its name and permissions", path,
               strerror(errno));
  } else if (fstat(fd, &status) != 0 || S_ISDIR(status.st_mode)) {
    lathe_fail(err, "%s is a folder; name a file in it", path);
  } else if (reader && (reader->name = strdup(path)) && (reader->gz = gzdopen(fd, "rb"))) {
    reader->regular = S_ISREG(status.st_mode);
    gzbuffer(reader->gz, 1 << 17);
    return reader;
  } else {
    lathe_fail(err, "%s: no memory to read it", path);
  }
  if (fd >= 0)
    close(fd);
  lathe_reader_close(reader);
  return NULL;
}

struct lathe_reader *lathe_reader_member(struct zip_file *member, const char *name,
                                         struct lathe_error *err)
{
  struct lathe_reader *reader = calloc(1, sizeof *reader);
  if (reader && (reader->name = strdup(name))) {
    reader->member = member;
    return reader;
  }
  lathe_fail(err, "%s: no memory to read it", name);
  zip_fclose(member);
  free(reader);
  return NULL;
}

struct lathe_reader *lathe_reader_memory(void *bytes, size_t size, const char *name,
                                         struct lathe_error *err)
{
  struct lathe_reader *reader = calloc(1, sizeof *reader);
  if (reader && (reader->name = strdup(name))) {
    reader->memory = bytes;
    reader->memory_size = size;
    return reader;
  }
  lathe_fail(err, "%s: no memory to read it", name);
  free(bytes);
  free(reader);
  return NULL;
}

void lathe_reader_close(struct lathe_reader *reader)
{
  if (!reader)
    return;
  if (reader->gz)
    gzclose_r(reader->gz);
  if (reader->member)
    zip_fclose(reader->member);
  free(reader->memory);
  free(reader->name);
  free(reader);
}

const char *lathe_reader_name(const struct lathe_reader *reader)
{
  return reader->name;
}

bool lathe_reader_plain(const struct lathe_reader *reader)
{
  return reader->regular && reader->gz && gzdirect(reader->gz);
}

/* What is wrong with the stream, after a read that came short; NULL for a plain end of file. */
static const char *what_failed(const struct lathe_reader *reader)
{
  if (reader->member) {
    const zip_error_t *error = zip_file_get_error(reader->member);
    return zip_error_code_zip(error) ? zip_error_strerror((zip_error_t *)error) : NULL;
  }
  if (!reader->gz)
    return NULL;
  int code;
  const char *text = gzerror(reader->gz, &code);
  if (code == Z_BUF_ERROR)
    return "its gzip data end too early";
  if (code == Z_ERRNO)
    return strerror(errno);
  return code == Z_OK || code == Z_STREAM_END ? NULL : text;
}

static size_t copy_memory(struct lathe_reader *reader, unsigned char *bytes, size_t size)
{
  size_t left = reader->memory_size - reader->memory_taken, some = size < left ? size : left;
  if (some > 0) /* an empty member has no memory */
    memcpy(bytes, reader->memory + reader->memory_taken, some);
  reader->memory_taken += some;
  return some;
}

/* Reads up to `size` bytes; fewer at the end or on an error, which what_failed tells apart. */
static size_t read_some(struct lathe_reader *reader, unsigned char *bytes, size_t size)
{
  size_t got = size < reader->ahead_count ? size : reader->ahead_count;
  memcpy(bytes, reader->ahead, got);
  reader->ahead_count -= got;
  memmove(reader->ahead, reader->ahead + got, reader->ahead_count);
  while (got < size) {
    size_t want = size - got < LARGEST_READ ? size - got : LARGEST_READ;
    int64_t n = reader->gz       ? gzread(reader->gz, bytes + got, (unsigned)want)
                : reader->member ? zip_fread(reader->member, bytes + got, want)
                                 : (int64_t)copy_memory(reader, bytes + got, want);
    if (n <= 0)
      break;
    got += (size_t)n;
  }
  return got;
}

size_t lathe_reader_some(struct lathe_reader *reader, void *bytes, size_t size)
{
  return read_some(reader, bytes, size);
}

size_t lathe_reader_peek(struct lathe_reader *reader, void *bytes, size_t size)
{
  unsigned char ahead[LOOKAHEAD];
  size_t got = read_some(reader, ahead, size < LOOKAHEAD ? size : LOOKAHEAD);
  /* put back before whatever is still ahead, which is nothing unless `size` was smaller */
  memmove(reader->ahead + got, reader->ahead, reader->ahead_count);
  memcpy(reader->ahead, ahead, got);
  reader->ahead_count += got;
  memcpy(bytes, ahead, got);
  return got;
}

static bool truncated(const struct lathe_reader *reader, const char *what, struct lathe_error *err)
{
  const char *why = what_failed(reader);
  return lathe_fail(err,
                    "%s: is truncated or damaged: its %s cannot be read (%s); get the file anew",
                    reader->name, what, why ? why : "the file ends too early");
}

bool lathe_reader_take(struct lathe_reader *reader, void *bytes, size_t size, const char *what,
                       struct lathe_error *err)
{
  return read_some(reader, bytes, size) == size || truncated(reader, what, err);
}

/* The rest of what the reader holds, and the memory with it; NULL when it is not just that. */
static void *take_memory(struct lathe_reader *reader, size_t size, size_t *before)
{
  if (!reader->memory || reader->ahead_count > 0 ||
      size != reader->memory_size - reader->memory_taken)
    return NULL;
  *before = reader->memory_taken;
  void *bytes = reader->memory + reader->memory_taken;
  reader->memory = NULL;
  reader->memory_size = reader->memory_taken = 0;
  return bytes;
}

void *lathe_reader_take_new(struct lathe_reader *reader, size_t size, const char *what,
                            size_t *before, struct lathe_error *err)
{
  void *held = take_memory(reader, size, before);
  if (held)
    return held;
  *before = 0;
  size_t room = size < FIRST_BLOCK ? size : FIRST_BLOCK, got = 0;
  unsigned char *bytes = malloc(room ? room : 1);
  while (bytes) {
    got += read_some(reader, bytes + got, room - got);
    if (got == size)
      return bytes;
    if (got < room) {
      truncated(reader, what, err);
      free(bytes);
      return NULL;
    }
    room = room < size - room ? 2 * room : size;
    unsigned char *more = realloc(bytes, room);
    if (!more)
      /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): `room` is not 0, which would have freed them */
      free(bytes);
    bytes = more;
  }
  lathe_fail(err, "%s: no memory for its %s, %zu bytes", reader->name, what, size);
  return NULL;
}

void *lathe_reader_take_all(struct lathe_reader *reader, size_t most, size_t *size,
                            struct lathe_error *err)
{
  size_t room = 0, got = 0;
  unsigned char *bytes = NULL;
  do {
    room = room ? 2 * room : FIRST_BLOCK;
    unsigned char *more = realloc(bytes, room);
    if (!more || got > most) {
      free(more ? more : bytes);
      lathe_fail(err, "%s: expands to more than there is room for; unpack it first", reader->name);
      return NULL;
    }
    bytes = more;
    got += read_some(reader, bytes + got, room - got);
  } while (got == room);
  if (what_failed(reader)) {
    truncated(reader, "contents", err);
    free(bytes);
    return NULL;
  }
  *size = got;
  return bytes;
}

bool lathe_reader_end(struct lathe_reader *reader, struct lathe_error *err)
{
  unsigned char extra;
  if (read_some(reader, &extra, 1) == 1)
    return lathe_fail(err, "%s: has more bytes than its header says; it is damaged, get it anew",
                      reader->name);
  const char *why = what_failed(reader);
  return !why || lathe_fail(err, "%s: is damaged: %s; get the file anew", reader->name, why);
}
