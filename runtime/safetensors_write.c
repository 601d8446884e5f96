#include "json.h"
#include "output.h"
#include "safetensors.h"
#include "safetensors_parts.h"
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

enum {
  ALIGNMENT = 8,      /* of the values' beginning */
  DEFERRED = 1 << 16, /* bytes of values asked for at a time */
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

/* Where the file's bytes go, one after the other, and what they come to. */
struct sink {
  FILE *stream;
  uint32_t checksum;
};

static void put(struct sink *sink, const void *bytes, size_t size)
{
  fwrite(bytes, 1, size, sink->stream);
  sink->checksum = libdeflate_crc32(sink->checksum, bytes, size);
}

/* Values that are asked for: some thousands at a time, so that no tensor is ever copied whole. */
static void put_deferred(const struct lathe_tensors_item *item, struct sink *sink)
{
  _Alignas(double) char values[DEFERRED];
  const size_t size = lathe_dtype_size(item->array.dtype);
  const int64_t most = DEFERRED / (int64_t)size;
  for (int64_t first = 0; first < item->array.count; first += most) {
    int64_t left = item->array.count - first, count = left < most ? left : most;
    item->values(item->of, item->from, first, count, values);
    put(sink, values, size * (size_t)count);
  }
}

static void put_all(const struct lathe_tensors *tensors, const char *header, struct sink *sink)
{
  size_t length = strlen(header), padded = (length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  static const char spaces[ALIGNMENT + 1] = "        ";
  unsigned char digits[LENGTH_BYTES];
  for (int i = 0; i < LENGTH_BYTES; i++)
    digits[i] = (unsigned char)((uint64_t)padded >> (8 * i));
  put(sink, digits, sizeof digits);
  put(sink, header, length);
  put(sink, spaces, padded - length);
  for (int dtype = 0; dtype < LATHE_TENSORS_TYPES; dtype++)
    for (int i = 0; i < tensors->count; i++) {
      const struct lathe_array *array = &tensors->items[i].array;
      if (array->dtype != lathe_tensors_types[dtype].dtype || array->count == 0)
        continue;
      if (tensors->items[i].values)
        put_deferred(&tensors->items[i], sink);
      else
        put(sink, array->data, lathe_dtype_size(array->dtype) * (size_t)array->count);
    }
}

/* Puts the checksum, which is of the file with zeros there, where the header has room for it. */
static bool put_checksum(struct lathe_output *output, const struct sink *sink, ptrdiff_t room,
                         const char *path, struct lathe_error *err)
{
  if (fseek(sink->stream, LENGTH_BYTES + room, SEEK_SET) == 0) {
    fprintf(sink->stream, "%0*x", CHECKSUM_DIGITS, (unsigned)sink->checksum);
    return true;
  }
  return lathe_output_flush(output, err) && /* what it could not write, if that was why */
         lathe_fail(err, "%s cannot have a checksum: it is a pipe or a device", path);
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
  struct lathe_output *output = lathe_output_open(path, err);
  if (output) {
    const char *room =
        lathe_tensors_metadata(tensors, lathe_checksum_key) ? lathe_checksum_find(header) : NULL;
    struct sink sink = {.stream = lathe_output_stream(output)};
    put_all(tensors, header, &sink);
    if (room && !put_checksum(output, &sink, room - header, path, err)) {
      lathe_output_discard(output);
      output = NULL;
    }
  }
  free(header);
  return output;
}

bool lathe_tensors_write(const struct lathe_tensors *tensors, const char *path,
                         struct lathe_error *err)
{
  struct lathe_output *output = lathe_tensors_begin(tensors, path, err);
  return output && lathe_output_commit(output, err);
}
