#include "json.h"
#include "output.h"
#include "safetensors.h"
#include "safetensors_parts.h"
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

enum {
  ALIGNMENT = 8,   /* of the values' beginning */
  DEFERRED = 2048, /* values asked for at a time */
};

/* Describes in `header` the tensors of `dtype`, from byte *place of the values on. */
static bool describe(json_t *header, const struct lathe_tensors *tensors, int dtype, int64_t *place)
{
  for (int i = 0; i < tensors->count; i++) {
    const struct lathe_array *array = &tensors->items[i].array;
    if (array->dtype != lathe_tensors_types[dtype].dtype)
      continue;
    json_t *shape = json_array();
    for (int axis = 0; axis < array->rank; axis++)
      json_array_append_new(shape, json_integer(array->shape[axis]));
    if (json_array_size(shape) != (size_t)array->rank) { /* out of memory */
      json_decref(shape);
      return false;
    }
    int64_t end = *place + array->count * (int64_t)lathe_dtype_size(array->dtype);
    json_t *entry = json_pack("{s:s, s:o, s:[I,I]}", "dtype", lathe_tensors_types[dtype].name,
                              "shape", shape, "data_offsets", (json_int_t)*place, (json_int_t)end);
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
    good = json_object_set_new(header, lathe_metadata_key, metadata) == 0 && good;
  }
  int64_t place = 0;
  for (int dtype = 0; good && dtype < LATHE_TENSORS_TYPES; dtype++)
    good = describe(header, tensors, dtype, &place);
  char *text = good ? lathe_json_dumps(header, JSON_COMPACT) : NULL;
  json_decref(header);
  return text;
}

typedef void put_bytes(void *arg, const void *bytes, size_t size);

/* Values that are asked for: some thousands at a time, so that no tensor is ever copied whole. */
static void put_deferred(const struct lathe_tensors_item *item, put_bytes *put, void *arg)
{
  double values[DEFERRED]; /* aligned for any type */
  size_t size = lathe_dtype_size(item->array.dtype);
  for (int64_t first = 0; first < item->array.count; first += DEFERRED) {
    int64_t left = item->array.count - first, count = left < DEFERRED ? left : DEFERRED;
    item->values(item->of, item->from, first, count, values);
    put(arg, values, size * (size_t)count);
  }
}

/* Gives `put` all bytes of the file, piece by piece. */
static void each_piece(const struct lathe_tensors *tensors, const char *header, put_bytes *put,
                       void *arg)
{
  size_t length = strlen(header), padded = (length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  static const char spaces[ALIGNMENT + 1] = "        ";
  unsigned char digits[LENGTH_BYTES];
  for (int i = 0; i < LENGTH_BYTES; i++)
    digits[i] = (unsigned char)((uint64_t)padded >> (8 * i));
  put(arg, digits, sizeof digits);
  put(arg, header, length);
  put(arg, spaces, padded - length);
  for (int dtype = 0; dtype < LATHE_TENSORS_TYPES; dtype++)
    for (int i = 0; i < tensors->count; i++) {
      const struct lathe_array *array = &tensors->items[i].array;
      if (array->dtype != lathe_tensors_types[dtype].dtype || array->count == 0)
        continue;
      if (tensors->items[i].values)
        put_deferred(&tensors->items[i], put, arg);
      else
        put(arg, array->data, lathe_dtype_size(array->dtype) * (size_t)array->count);
    }
}

static void write_piece(void *arg, const void *bytes, size_t size)
{
  fwrite(bytes, 1, size, arg);
}

static void sum_piece(void *arg, const void *bytes, size_t size)
{
  uint32_t *checksum = arg;
  *checksum = libdeflate_crc32(*checksum, bytes, size);
}

/* Puts the checksum into a header that has room for it. */
static void add_checksum(const struct lathe_tensors *tensors, char *header)
{
  char *at =
      lathe_tensors_metadata(tensors, lathe_checksum_key) ? lathe_checksum_find(header) : NULL;
  if (!at)
    return;
  char digits[CHECKSUM_DIGITS + 1];
  uint32_t checksum = 0;
  memset(at, '0', CHECKSUM_DIGITS);
  each_piece(tensors, header, sum_piece, &checksum);
  snprintf(digits, sizeof digits, "%08x", (unsigned)checksum);
  memcpy(at, digits, CHECKSUM_DIGITS);
}

bool lathe_tensors_want_checksum(struct lathe_tensors *tensors, struct lathe_error *err)
{
  return lathe_tensors_add_metadata(tensors, lathe_checksum_key, "00000000", err);
}

struct lathe_output *lathe_tensors_begin(const struct lathe_tensors *tensors, const char *path,
                                         struct lathe_error *err)
{
  char *header = make_header(tensors);
  if (!header) {
    lathe_fail(err, "%s: its header cannot be made: no memory, or a name that is not UTF-8", path);
    return NULL;
  }
  add_checksum(tensors, header);
  struct lathe_output *output = lathe_output_open(path, err);
  if (output)
    each_piece(tensors, header, write_piece, lathe_output_stream(output));
  free(header);
  return output;
}

bool lathe_tensors_write(const struct lathe_tensors *tensors, const char *path,
                         struct lathe_error *err)
{
  struct lathe_output *output = lathe_tensors_begin(tensors, path, err);
  return output && lathe_output_commit(output, err);
}
