#include "safetensors.h"
#include "output.h"
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The format's own limit on headers; and what a header's length is a multiple of when written. */
enum { LONGEST_HEADER = 100000000, LENGTH_BYTES = 8, ALIGNMENT = 8 };

static const char metadata_key[] = "__metadata__";

static const struct {
  const char *name;
  enum lathe_dtype dtype;
} dtypes[] = {{"F64", LATHE_F64}, {"I64", LATHE_I64}, {"F32", LATHE_F32}, {"U8", LATHE_U8}};
enum { DTYPES = sizeof dtypes / sizeof *dtypes };

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
  for (int i = 0; name && i < DTYPES; i++)
    if (strcmp(name, dtypes[i].name) == 0) {
      entry->dtype = dtypes[i].dtype;
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
    return lathe_fail(err, "%s: its %s is no map of strings; save it anew", path, metadata_key);
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
                        FILE *file, const char *path, struct lathe_error *err)
{
  for (int i = 0; i < count; i++) {
    void *data = lathe_tensors_add(tensors, entries[i].name, entries[i].dtype, entries[i].rank,
                                   entries[i].shape, err);
    if (!data)
      return false;
    size_t size = (size_t)(entries[i].end - entries[i].begin);
    if (fread(data, 1, size, file) != size)
      return lathe_fail(err, "%s: cannot be read to its end: %s; get it anew", path,
                        ferror(file) ? strerror(errno) : "it became shorter");
  }
  return true;
}

/* Everything after the header's JSON has been parsed: `bytes` of values follow in `file`. */
static bool read_tensors(struct lathe_tensors *tensors, json_t *header, int64_t bytes, FILE *file,
                         const char *path, struct lathe_error *err)
{
  const char *name;
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
    if (strcmp(name, metadata_key) == 0) {
      good = read_metadata(tensors, value, path, err);
    } else {
      entries[count].name = name;
      good = read_entry(&entries[count++], value, path, err);
    }
  }
  if (good && count)
    qsort(entries, (size_t)count, sizeof *entries, by_place);
  good = good && check_places(entries, count, bytes, path, err) &&
         read_values(tensors, entries, count, file, path, err);
  free(entries);
  return good;
}

/* The length of the header, checked against the size of the file. */
static bool read_length(FILE *file, const char *path, int64_t size, size_t *length,
                        struct lathe_error *err)
{
  unsigned char digits[LENGTH_BYTES];
  if (fread(digits, 1, sizeof digits, file) != sizeof digits)
    return lathe_fail(err, "%s: is too short for a safetensors file; get it anew", path);
  uint64_t value = 0;
  for (int i = LENGTH_BYTES - 1; i >= 0; i--)
    value = value << 8 | digits[i];
  if (value > (uint64_t)(size - LENGTH_BYTES) || value > LONGEST_HEADER)
    return lathe_fail(err,
                      "%s: is no safetensors file, or truncated: a header of %llu bytes in a "
                      "file of %lld; get it anew",
                      path, (unsigned long long)value, (long long)size);
  *length = (size_t)value;
  return true;
}

static json_t *read_header(FILE *file, const char *path, size_t length, struct lathe_error *err)
{
  char *text = malloc(length + 1);
  if (!text || fread(text, 1, length, file) != length) {
    lathe_fail(err, "%s: its header cannot be read; get it anew", path);
    free(text);
    return NULL;
  }
  json_error_t error;
  json_t *header = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
  free(text);
  if (header && json_is_object(header))
    return header;
  lathe_fail(err, "%s: its header is not valid: %s; it is damaged, get it anew", path,
             header ? "no JSON object" : error.text);
  json_decref(header);
  return NULL;
}

static bool read_file(struct lathe_tensors *tensors, FILE *file, const char *path,
                      struct lathe_error *err)
{
  struct stat status;
  if (fstat(fileno(file), &status) != 0 || !S_ISREG(status.st_mode))
    return lathe_fail(err, "%s is not a file; name a safetensors file", path);
  size_t length = 0;
  if (!read_length(file, path, status.st_size, &length, err))
    return false;
  json_t *header = read_header(file, path, length, err);
  int64_t bytes = (int64_t)status.st_size - LENGTH_BYTES - (int64_t)length;
  bool good = header && read_tensors(tensors, header, bytes, file, path, err);
  json_decref(header);
  return good;
}

bool lathe_tensors_read(struct lathe_tensors *tensors, const char *path, struct lathe_error *err)
{
  *tensors = (struct lathe_tensors){0};
  FILE *file = fopen(path, "rb");
  if (!file)
    return lathe_fail(err, "%s cannot be opened: %s; check its name and permissions", path,
                      strerror(errno));
  bool good = read_file(tensors, file, path, err);
  fclose(file);
  if (!good)
    lathe_tensors_free(tensors);
  return good;
}

/* Describes in `header` the tensors of `dtype`, from byte *place of the values on. */
static bool describe(json_t *header, const struct lathe_tensors *tensors, int dtype, int64_t *place)
{
  for (int i = 0; i < tensors->count; i++) {
    const struct lathe_array *array = &tensors->items[i].array;
    if (array->dtype != dtypes[dtype].dtype)
      continue;
    json_t *shape = json_array();
    for (int axis = 0; axis < array->rank; axis++)
      json_array_append_new(shape, json_integer(array->shape[axis]));
    if (json_array_size(shape) != (size_t)array->rank) { /* out of memory */
      json_decref(shape);
      return false;
    }
    int64_t end = *place + array->count * (int64_t)lathe_dtype_size(array->dtype);
    json_t *entry = json_pack("{s:s, s:o, s:[I,I]}", "dtype", dtypes[dtype].name, "shape", shape,
                              "data_offsets", (json_int_t)*place, (json_int_t)end);
    if (json_object_set_new(header, tensors->items[i].name, entry) != 0)
      return false;
    *place = end;
  }
  return true;
}

/* The header's text, to be freed; NULL when out of memory or a string is not UTF-8. */
static char *make_header(const struct lathe_tensors *tensors)
{
  json_t *header = json_object();
  bool good = header != NULL;
  if (tensors->metadata_count) {
    json_t *metadata = json_object();
    for (int i = 0; good && i < tensors->metadata_count; i++)
      good = json_object_set_new(metadata, tensors->metadata[i].key,
                                 json_string(tensors->metadata[i].value)) == 0;
    good = json_object_set_new(header, metadata_key, metadata) == 0 && good;
  }
  int64_t place = 0;
  for (int dtype = 0; good && dtype < DTYPES; dtype++)
    good = describe(header, tensors, dtype, &place);
  char *text = good ? json_dumps(header, JSON_COMPACT) : NULL;
  json_decref(header);
  return text;
}

static void write_file(const struct lathe_tensors *tensors, const char *header, FILE *file)
{
  size_t length = strlen(header), padded = (length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  for (int i = 0; i < LENGTH_BYTES; i++)
    putc((int)((uint64_t)padded >> (8 * i) & 0xff), file);
  fputs(header, file);
  for (size_t i = length; i < padded; i++)
    putc(' ', file);
  for (int dtype = 0; dtype < DTYPES; dtype++)
    for (int i = 0; i < tensors->count; i++) {
      const struct lathe_array *array = &tensors->items[i].array;
      if (array->dtype == dtypes[dtype].dtype && array->count)
        fwrite(array->data, lathe_dtype_size(array->dtype), (size_t)array->count, file);
    }
}

bool lathe_tensors_write(const struct lathe_tensors *tensors, const char *path,
                         struct lathe_error *err)
{
  char *header = make_header(tensors);
  if (!header)
    return lathe_fail(err, "%s: its header cannot be made (a name that is not UTF-8?)", path);
  struct lathe_output *output = lathe_output_open(path, err);
  if (output)
    write_file(tensors, header, lathe_output_stream(output));
  free(header);
  return output && lathe_output_commit(output, err);
}
