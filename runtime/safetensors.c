#include "safetensors.h"
#include "file.h"
#include "json.h"
#include "safetensors_parts.h"
#include <errno.h>
#include <jansson.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LONGEST_HEADER = 100000000 }; /* the format's own limit */

const struct lathe_tensors_type lathe_tensors_types[LATHE_TENSORS_TYPES] = {
    {"F64", LATHE_F64}, {"I64", LATHE_I64}, {"F32", LATHE_F32}, {"U8", LATHE_U8}};

const char lathe_metadata_key[] = "__metadata__", lathe_checksum_key[] = "crc32";

static const char checksum_start[] = "\"crc32\":\"";

char *lathe_checksum_find(char *header)
{
  char *start = strstr(header, checksum_start);
  char *digits = start ? start + sizeof checksum_start - 1 : NULL;
  return digits && strspn(digits, "0123456789abcdef") == CHECKSUM_DIGITS ? digits : NULL;
}

/* A file as it is read. */
struct source {
  int file;
  int why; /* errno when a read failed; 0: it became shorter */
  const char *path;
  uint32_t checksum;                  /* of what has been read */
  char expected[CHECKSUM_DIGITS + 1]; /* the digits; "" when the file has none */
};

static bool take(struct source *source, void *bytes, size_t size)
{
  int64_t got = lathe_file_take(source->file, bytes, size);
  source->why = got < 0 ? errno : 0;
  if (got != (int64_t)size)
    return false;
  source->checksum = libdeflate_crc32(source->checksum, bytes, size);
  return true;
}

/* A tensor as the header describes it. */
struct entry {
  const char *name; /* the parsed JSON's */
  enum lathe_dtype dtype;
  int rank;
  int64_t shape[LATHE_ARRAY_RANK];
  int64_t begin, end; /* bytes from the header's end */
};

static int by_place(const void *a, const void *b)
{
  const struct entry *x = a, *y = b;
  if (x->begin != y->begin)
    return x->begin < y->begin ? -1 : 1;
  if (x->end != y->end)
    return x->end < y->end ? -1 : 1;
  return strcmp(x->name, y->name);
}

static bool read_dtype(struct entry *entry, const json_t *value, const char *path,
                       struct lathe_error *err)
{
  const char *name = json_string_value(value);
  for (int i = 0; name && i < LATHE_TENSORS_TYPES; i++)
    if (strcmp(name, lathe_tensors_types[i].name) == 0) {
      entry->dtype = lathe_tensors_types[i].dtype;
      return true;
    }
  return lathe_fail(err, "%s: tensor %s has type %s; store it as F32, F64, I64 or U8", path,
                    entry->name, name ? name : "unknown");
}

static bool read_entry(struct entry *entry, const json_t *value, const char *path,
                       struct lathe_error *err)
{
  const json_t *shape = json_object_get(value, "shape");
  const json_t *offsets = json_object_get(value, "data_offsets");
  if (!read_dtype(entry, json_object_get(value, "dtype"), path, err))
    return false;
  if (!json_is_array(shape) || json_array_size(shape) > LATHE_ARRAY_RANK)
    return lathe_fail(err, "%s: tensor %s has no shape of at most %d dimensions; save it anew",
                      path, entry->name, LATHE_ARRAY_RANK);
  for (entry->rank = 0; entry->rank < (int)json_array_size(shape); entry->rank++) {
    const json_t *dimension = json_array_get(shape, (size_t)entry->rank);
    entry->shape[entry->rank] = json_is_integer(dimension) ? json_integer_value(dimension) : -1;
  }
  size_t size = lathe_dtype_size(entry->dtype);
  int64_t count = lathe_shape_count(entry->rank, entry->shape, size);
  char text[LATHE_SHAPE_TEXT];
  lathe_shape_text(text, entry->rank, entry->shape);
  if (count < 0)
    return lathe_fail(err, "%s: tensor %s has an impossible shape, %s; save it anew", path,
                      entry->name, text);
  const json_t *begin = json_array_get(offsets, 0), *end = json_array_get(offsets, 1);
  if (json_array_size(offsets) != 2 || !json_is_integer(begin) || !json_is_integer(end))
    return lathe_fail(err, "%s: tensor %s has no data_offsets; save it anew", path, entry->name);
  entry->begin = json_integer_value(begin);
  entry->end = json_integer_value(end);
  if (entry->begin < 0 || entry->end < entry->begin ||
      entry->end - entry->begin != count * (int64_t)size)
    return lathe_fail(err,
                      "%s: tensor %s is %s of %s, but its data_offsets are %lld to %lld; it is "
                      "damaged, get it anew",
                      path, entry->name, text, lathe_dtype_name(entry->dtype),
                      (long long)entry->begin, (long long)entry->end);
  return true;
}

static bool read_metadata(struct lathe_tensors *tensors, json_t *object, const char *path,
                          struct lathe_error *err)
{
  const char *key;
  json_t *value;
  if (!json_is_object(object))
    return lathe_fail(err, "%s: its %s is no map of strings; save it anew", path,
                      lathe_metadata_key);
  json_object_foreach(object, key, value)
  {
    if (!json_is_string(value))
      return lathe_fail(err, "%s: its metadata %s is no string; save it anew", path, key);
    if (!lathe_tensors_add_metadata(tensors, key, json_string_value(value), err))
      return false;
  }
  return true;
}

/* The entries must follow one another from the header's end to the file's. */
static bool check_places(const struct entry *entries, int count, int64_t bytes, const char *path,
                         struct lathe_error *err)
{
  int64_t place = 0;
  for (int i = 0; i < count; i++) {
    if (entries[i].begin != place)
      return lathe_fail(err,
                        "%s: tensor %s begins at byte %lld of the values, %s at %lld; it is "
                        "damaged, get it anew",
                        path, entries[i].name, (long long)entries[i].begin,
                        entries[i].begin < place ? "inside the one before, which ends"
                                                 : "after a gap that begins",
                        (long long)place);
    place = entries[i].end;
  }
  if (place == bytes)
    return true;
  return lathe_fail(err,
                    "%s: has %lld bytes of values where its header describes %lld; it is "
                    "truncated or damaged, get it anew",
                    path, (long long)bytes, (long long)place);
}

static bool read_values(struct lathe_tensors *tensors, const struct entry *entries, int count,
                        struct source *source, struct lathe_error *err)
{
  for (int i = 0; i < count; i++) {
    void *data = lathe_tensors_add(tensors, entries[i].name, entries[i].dtype, entries[i].rank,
                                   entries[i].shape, err);
    if (!data)
      return false;
    size_t size = (size_t)(entries[i].end - entries[i].begin);
    if (!take(source, data, size))
      return lathe_fail(err, "%s: cannot be read to its end: %s; get it anew", source->path,
                        source->why ? strerror(source->why) : "it became shorter");
  }
  return true;
}

static bool check_checksum(const struct source *source, const struct lathe_tensors *tensors,
                           struct lathe_error *err)
{
  char found[CHECKSUM_DIGITS + 1];
  bool wanted = lathe_tensors_metadata(tensors, lathe_checksum_key) != NULL;
  snprintf(found, sizeof found, "%08x", (unsigned)source->checksum);
  if (!wanted || strcmp(found, source->expected) == 0)
    return true;
  return lathe_fail(err,
                    "%s: is damaged: its bytes give the checksum %s, and it says %s; get it anew "
                    "(or, if it was edited, leave out its metadata %s)",
                    source->path, found, source->expected[0] ? source->expected : "another",
                    lathe_checksum_key);
}

/* Everything after the header's JSON has been parsed: `bytes` of values follow in `file`. */
static bool read_tensors(struct lathe_tensors *tensors, json_t *header, int64_t bytes,
                         struct source *source, struct lathe_error *err)
{
  const char *name, *path = source->path;
  json_t *value;
  int count = 0;
  if (json_object_size(header) > LATHE_TENSORS_MOST)
    return lathe_fail(err, "%s: has more than %d tensors", path, LATHE_TENSORS_MOST);
  struct entry *entries = calloc(json_object_size(header) + 1, sizeof *entries);
  if (!entries)
    return lathe_fail(err, "%s: no memory for its header", path);
  bool good = true;
  json_object_foreach(header, name, value)
  {
    if (!good)
      break;
    if (strcmp(name, lathe_metadata_key) == 0) {
      good = read_metadata(tensors, value, path, err);
    } else {
      entries[count].name = name;
      good = read_entry(&entries[count++], value, path, err);
    }
  }
  if (good && count)
    qsort(entries, (size_t)count, sizeof *entries, by_place);
  good = good && check_places(entries, count, bytes, path, err) &&
         read_values(tensors, entries, count, source, err) && check_checksum(source, tensors, err);
  free(entries);
  return good;
}

/* The length of the header, checked against the size of the file. */
static bool read_length(struct source *source, int64_t size, size_t *length,
                        struct lathe_error *err)
{
  unsigned char digits[LENGTH_BYTES];
  if (!take(source, digits, sizeof digits) && source->why)
    return lathe_fail(err, "%s cannot be read: %s", source->path, strerror(source->why));
  if (size < LENGTH_BYTES)
    return lathe_fail(err, "%s: is too short for a safetensors file; get it anew", source->path);
  uint64_t value = 0;
  for (int i = LENGTH_BYTES - 1; i >= 0; i--)
    value = value << 8 | digits[i];
  if (value > (uint64_t)(size - LENGTH_BYTES) || value > LONGEST_HEADER)
    return lathe_fail(err,
                      "%s: is no safetensors file, or truncated: a header of %llu bytes in a "
                      "file of %lld; get it anew",
                      source->path, (unsigned long long)value, (long long)size);
  *length = (size_t)value;
  return true;
}

/* The header's text, to be freed, added to the checksum as if its digits were 0. */
static char *read_text(struct source *source, size_t length, struct lathe_error *err)
{
  char *text = malloc(length + 1);
  int64_t got = text ? lathe_file_take(source->file, text, length) : 0;
  if (!text || got != (int64_t)length) {
    lathe_fail(err, "%s: its header cannot be read: %s", source->path,
               !text     ? "no memory for it"
               : got < 0 ? strerror(errno)
                         : "the file ends too early; get it anew");
    free(text);
    return NULL;
  }
  text[length] = '\0';
  char *digits = lathe_checksum_find(text);
  if (digits) {
    memcpy(source->expected, digits, CHECKSUM_DIGITS);
    memset(digits, '0', CHECKSUM_DIGITS);
  }
  source->checksum = libdeflate_crc32(source->checksum, text, length);
  if (digits)
    memcpy(digits, source->expected, CHECKSUM_DIGITS);
  return text;
}

static json_t *read_header(struct source *source, size_t length, struct lathe_error *err)
{
  char *text = read_text(source, length, err);
  if (!text)
    return NULL;
  json_error_t error;
  bool starved;
  json_t *header = lathe_json_parse(text, length, &error, &starved);
  free(text);
  if (header && json_is_object(header))
    return header;
  if (starved)
    lathe_fail(err, "%s: no memory for its header", source->path);
  else
    lathe_fail(err, "%s: its header is not valid: %s; it is damaged, get it anew", source->path,
               header ? "no JSON object" : error.text);
  json_decref(header);
  return NULL;
}

static bool read_file(struct lathe_tensors *tensors, struct source *source, int64_t size,
                      struct lathe_error *err)
{
  size_t length = 0;
  if (!read_length(source, size, &length, err))
    return false;
  json_t *header = read_header(source, length, err);
  int64_t bytes = size - LENGTH_BYTES - (int64_t)length;
  bool good = header && read_tensors(tensors, header, bytes, source, err);
  json_decref(header);
  return good;
}

bool lathe_tensors_read(struct lathe_tensors *tensors, const char *path, struct lathe_error *err)
{
  *tensors = (struct lathe_tensors){0};
  int64_t size;
  struct source source = {.path = path};
  source.file = lathe_file_open(path, &size, NULL, err);
  if (source.file < 0)
    return false;
  bool good = read_file(tensors, &source, size, err);
  close(source.file);
  if (!good)
    lathe_tensors_free(tensors);
  return good;
}
