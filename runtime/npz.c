#include "npz.h"
#include "npy.h"
#include "output.h"
#include "resident.h"
#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

/* A gzipped .npz (or one from a pipe) is read through memory; no larger ones than this. */
static const size_t most_in_memory = (size_t)1 << 31;

bool lathe_npz_detect(const unsigned char *bytes, size_t size)
{
  /* a local file header, or the end record of an archive of nothing */
  return size >= 4 && (memcmp(bytes, "PK\3\4", 4) == 0 || memcmp(bytes, "PK\5\6", 4) == 0);
}

/* *bytes: what is to be freed when it is closed. (libzip, told to free them, frees them after some
 * of its failures and not after others, and does not say which it was.) */
static zip_t *open_archive(const char *path, struct lathe_reader *reader, void **bytes,
                           struct lathe_error *err)
{
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t *source = NULL;
  *bytes = NULL;
  if (lathe_reader_plain(reader)) {
    source = zip_source_file_create(path, 0, 0, &error);
  } else {
    size_t size;
    *bytes = lathe_reader_take_all(reader, most_in_memory, &size, err);
    if (!*bytes)
      return NULL;
    source = zip_source_buffer_create(*bytes, size, 0, &error);
  }
  zip_t *zip = source ? zip_open_from_source(source, ZIP_RDONLY, &error) : NULL;
  if (!zip) {
    if (zip_error_code_zip(&error) == ZIP_ER_MEMORY)
      lathe_fail(err, "%s: no memory to read it", path);
    else
      lathe_fail(err, "%s: is damaged or truncated: %s; get the file anew", path,
                 zip_error_strerror(&error));
    zip_source_free(source);
    free(*bytes);
  }
  zip_error_fini(&error);
  return zip;
}

/* Says that `member` is not in the archive, and what is. */
static void list_members(zip_t *zip, const char *path, const char *member, struct lathe_error *err)
{
  char names[512] = "";
  size_t used = 0;
  zip_int64_t count = zip_get_num_entries(zip, 0);
  for (zip_int64_t i = 0; i < count && used < sizeof names - 80; i++) {
    const char *name = zip_get_name(zip, (zip_uint64_t)i, 0);
    size_t length = name ? strlen(name) : 0;
    if (length > 4 && strcmp(name + length - 4, ".npy") == 0)
      length -= 4;
    used += (size_t)sprintf(names + used, "%s%.*s", i ? ", " : "", length < 64 ? (int)length : 64,
                            name ? name : "?");
  }
  lathe_fail(err, "%s: has no member `%s`, only: %s; save it with np.savez(..., %s=...)", path,
             member, count ? names : "none at all", member);
}

/* Reads the packed bytes of a member as they are. */
static bool read_packed(zip_t *zip, zip_uint64_t index, void *packed, zip_uint64_t size)
{
  zip_file_t *file = zip_fopen_index(zip, index, ZIP_FL_COMPRESSED);
  bool good = file && zip_fread(file, packed, size) == (zip_int64_t)size;
  if (file)
    zip_fclose(file);
  return good;
}

static bool inflate(const void *packed, size_t packed_size, void *out, size_t size)
{
  struct libdeflate_decompressor *inflater = libdeflate_alloc_decompressor();
  size_t used = 0;
  bool good = inflater && libdeflate_deflate_decompress_ex(inflater, packed, packed_size, out, size,
                                                           &used, NULL) == LIBDEFLATE_SUCCESS;
  if (inflater)
    libdeflate_free_decompressor(inflater);
  return good && used == packed_size;
}

/* A deflated member, unpacked in one piece, which takes half of zlib's time and needs its packed
 * bytes in memory: so of a few MB at most. NULL for any other, and for a damaged one: it is to be
 * read piece by piece, which also says what is wrong. */
static void *unpack(zip_t *zip, zip_uint64_t index, size_t *size)
{
  enum {
    MOST_PACKED = 4 << 20,
    MOST_DEFLATE = 1032 /* bytes that a deflated one can stand for */
  };
  zip_stat_t status;
  const zip_uint64_t needed = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_CRC |
                              ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
  if (zip_stat_index(zip, index, 0, &status) != 0 || (status.valid & needed) != needed ||
      status.comp_method != ZIP_CM_DEFLATE || status.encryption_method != ZIP_EM_NONE ||
      status.comp_size > MOST_PACKED || status.size == 0 ||
      status.size > status.comp_size * MOST_DEFLATE)
    return NULL;
  /* Read first: then so many bytes are there, and sizes do not lie. */
  void *packed = malloc((size_t)status.comp_size), *bytes = NULL;
  *size = (size_t)status.size;
  if (packed && read_packed(zip, index, packed, status.comp_size))
    bytes = malloc(*size);
  if (bytes)
    lathe_resident_large(bytes, *size);
  if (bytes && (!inflate(packed, (size_t)status.comp_size, bytes, *size) ||
                libdeflate_crc32(0, bytes, *size) != status.crc)) {
    free(bytes);
    bytes = NULL;
  }
  free(packed);
  return bytes;
}

static struct lathe_reader *open_member(zip_t *zip, const char *path, const char *member,
                                        bool *found, struct lathe_error *err)
{
  char name[256];
  snprintf(name, sizeof name, "%s.npy", member);
  zip_int64_t index = zip_name_locate(zip, name, 0);
  if (index < 0)
    index = zip_name_locate(zip, member, 0);
  *found = index >= 0;
  if (!*found) {
    list_members(zip, path, member, err);
    return NULL;
  }
  char title[4096 + 64];
  snprintf(title, sizeof title, "%s, member %s", path, member);
  size_t size;
  void *bytes = unpack(zip, (zip_uint64_t)index, &size);
  if (bytes)
    return lathe_reader_memory(bytes, size, title, err);
  zip_file_t *file = zip_fopen_index(zip, (zip_uint64_t)index, 0);
  if (file)
    return lathe_reader_member(file, title, err);
  lathe_fail(err, "%s: cannot be unpacked: %s; save it with np.savez", title, zip_strerror(zip));
  return NULL;
}

bool lathe_npz_read(const char *path, struct lathe_reader *reader, const char *member,
                    struct lathe_array *out, bool *found, struct lathe_error *err)
{
  *found = false;
  *out = (struct lathe_array){0};
  void *bytes;
  zip_t *zip = open_archive(path, reader, &bytes, err);
  if (!zip)
    return false;
  struct lathe_reader *inner = open_member(zip, path, member, found, err);
  bool good = inner ? lathe_npy_read(inner, out, err) : !*found;
  lathe_reader_close(inner);
  zip_discard(zip);
  free(bytes);
  return good;
}

/* The archive is made in memory and then written like any other output; libzip, given a name,
 * would replace the file by itself. */
struct lathe_npz {
  struct lathe_output *output;
  zip_source_t *memory; /* the archive's bytes; kept beyond `zip` */
  zip_t *zip;
  struct npy_header *headers; /* of the members, which libzip borrows until it closes */
  char *path;
};

struct npy_header {
  struct npy_header *next;
  char text[LATHE_NPY_HEADER];
};

void lathe_npz_discard(struct lathe_npz *npz)
{
  if (!npz)
    return;
  if (npz->zip)
    zip_discard(npz->zip);
  zip_source_free(npz->memory);
  lathe_output_discard(npz->output);
  while (npz->headers) {
    struct npy_header *header = npz->headers;
    npz->headers = header->next;
    free(header);
  }
  free(npz->path);
  free(npz);
}

/* Opens npz->zip on npz->memory, each with a reference of its own to the bytes. */
static bool start_archive(struct lathe_npz *npz)
{
  npz->memory = zip_source_buffer_create(NULL, 0, 0, NULL);
  if (!npz->memory)
    return false;
  zip_source_keep(npz->memory);
  npz->zip = zip_open_from_source(npz->memory, ZIP_CREATE | ZIP_TRUNCATE, NULL);
  if (!npz->zip)
    zip_source_free(npz->memory);
  return npz->zip != NULL;
}

struct lathe_npz *lathe_npz_create(const char *path, struct lathe_error *err)
{
  struct lathe_npz *npz = calloc(1, sizeof *npz);
  if (!npz || !(npz->path = strdup(path)) || !start_archive(npz)) {
    lathe_fail(err, "%s: no memory to make it", path);
  } else {
    npz->output = lathe_output_open(path, err);
    if (npz->output)
      return npz;
  }
  lathe_npz_discard(npz);
  return NULL;
}

bool lathe_npz_add(struct lathe_npz *npz, const char *name, const struct lathe_array *array,
                   struct lathe_error *err)
{
  enum { DATE_1980 = 1 << 5 | 1 }; /* the first of January of DOS's year 0 */
  struct npy_header *header = malloc(sizeof *header);
  if (!header)
    return lathe_fail(err, "%s: no memory for member %s", npz->path, name);
  header->next = npz->headers;
  npz->headers = header;
  zip_buffer_fragment_t parts[] = {
      {(zip_uint8_t *)header->text, lathe_npy_header(array, header->text)},
      {array->data, (zip_uint64_t)array->count * lathe_dtype_size(array->dtype)},
  };
  char file[256];
  snprintf(file, sizeof file, "%s.npy", name);
  zip_source_t *source = zip_source_buffer_fragment(npz->zip, parts, array->count ? 2 : 1, 0);
  zip_int64_t index = source ? zip_file_add(npz->zip, file, source, 0) : -1;
  if (index < 0) {
    zip_source_free(source);
    return lathe_fail(err, "%s: member %s cannot be added: %s", npz->path, name,
                      zip_strerror(npz->zip));
  }
  if (zip_file_set_dostime(npz->zip, (zip_uint64_t)index, 0, DATE_1980, 0) != 0 ||
      zip_set_file_compression(npz->zip, (zip_uint64_t)index, ZIP_CM_DEFLATE, 0) != 0)
    return lathe_fail(err, "%s: member %s cannot be added: %s", npz->path, name,
                      zip_strerror(npz->zip));
  return true;
}

/* Copies the finished archive to the output. */
static bool copy_bytes(zip_source_t *memory, FILE *stream)
{
  unsigned char block[1 << 14];
  if (zip_source_open(memory) != 0)
    return false;
  zip_int64_t size;
  while ((size = zip_source_read(memory, block, sizeof block)) > 0)
    if (fwrite(block, 1, (size_t)size, stream) != (size_t)size)
      break; /* commit says why */
  zip_source_close(memory);
  return size >= 0;
}

bool lathe_npz_commit(struct lathe_npz *npz, struct lathe_error *err)
{
  bool good = zip_close(npz->zip) == 0;
  if (good)
    npz->zip = NULL;
  if (!good || !copy_bytes(npz->memory, lathe_output_stream(npz->output))) {
    good = lathe_fail(err, "%s cannot be made: %s", npz->path,
                      good ? "no memory" : zip_strerror(npz->zip));
  } else {
    good = lathe_output_commit(npz->output, err);
    npz->output = NULL;
  }
  lathe_npz_discard(npz);
  return good;
}
