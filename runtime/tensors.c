#include "tensors.h"
#include <stdlib.h>
#include <string.h>

void lathe_tensors_free(struct lathe_tensors *tensors)
{
  for (int i = 0; i < tensors->count; i++) {
    free(tensors->items[i].name);
    lathe_array_free(&tensors->items[i].array);
  }
  for (int i = 0; i < tensors->metadata_count; i++) {
    free(tensors->metadata[i].key);
    free(tensors->metadata[i].value);
  }
  free(tensors->items);
  free(tensors->metadata);
  *tensors = (struct lathe_tensors){0};
}

/* `items` with room for one more after `count`: the room doubles whenever count is a power of 2.
 * NULL when out of memory; the items are then where they were. */
static void *grow(void *items, int count, size_t size)
{
  if (count & (count - 1))
    return items;
  return realloc(items, (count ? 2 * (size_t)count : 1) * size);
}

static bool may_add(const struct lathe_tensors *tensors, const char *name, enum lathe_dtype dtype,
                    int rank, struct lathe_error *err)
{
  if (tensors->count == LATHE_TENSORS_MOST)
    return lathe_fail(err, "tensor %s: there are %d tensors already; use fewer", name,
                      LATHE_TENSORS_MOST);
  if (lathe_tensors_find(tensors, name))
    return lathe_fail(err, "tensor %s: is there already; use another name", name);
  if (dtype != LATHE_U8 && dtype != LATHE_I64 && dtype != LATHE_F32 && dtype != LATHE_F64)
    return lathe_fail(err, "tensor %s: is %s; use uint8, int64, float32 or float64", name,
                      lathe_dtype_name(dtype));
  if (rank < 0 || rank > LATHE_ARRAY_RANK)
    return lathe_fail(err, "tensor %s: has %d dimensions; use at most %d", name, rank,
                      LATHE_ARRAY_RANK);
  return true;
}

/* The item added, without values; NULL as lathe_tensors_add. */
static struct lathe_tensors_item *append(struct lathe_tensors *tensors, const char *name,
                                         enum lathe_dtype dtype, int rank, const int64_t *shape,
                                         struct lathe_error *err)
{
  if (!may_add(tensors, name, dtype, rank, err))
    return NULL;
  int64_t count = lathe_shape_count(rank, shape, lathe_dtype_size(dtype));
  if (count < 0) {
    char text[LATHE_SHAPE_TEXT];
    lathe_fail(err, "tensor %s: has an impossible shape, %s", name,
               lathe_shape_text(text, rank, shape));
    return NULL;
  }
  struct lathe_tensors_item *items = grow(tensors->items, tensors->count, sizeof *items);
  if (items)
    tensors->items = items;
  struct lathe_tensors_item item = {.name = strdup(name)};
  item.array = (struct lathe_array){.dtype = dtype, .rank = rank, .count = count};
  for (int i = 0; i < rank; i++)
    item.array.shape[i] = shape[i];
  if (!items || !item.name) {
    lathe_fail(err, "tensor %s: no memory for its name", name);
    free(item.name);
    return NULL;
  }
  items[tensors->count] = item;
  return &items[tensors->count++];
}

void *lathe_tensors_add(struct lathe_tensors *tensors, const char *name, enum lathe_dtype dtype,
                        int rank, const int64_t *shape, struct lathe_error *err)
{
  struct lathe_tensors_item *item = append(tensors, name, dtype, rank, shape, err);
  if (!item)
    return NULL;
  int64_t count = item->array.count;
  item->array.data = calloc(count ? (size_t)count : 1, lathe_dtype_size(dtype));
  if (item->array.data)
    return item->array.data;
  lathe_fail(err, "tensor %s: no memory for its %lld values", name, (long long)count);
  free(item->name);
  tensors->count--;
  return NULL;
}

bool lathe_tensors_defer(struct lathe_tensors *tensors, const char *name, enum lathe_dtype dtype,
                         int rank, const int64_t *shape, lathe_tensor_values *values,
                         const void *of, const void *from, struct lathe_error *err)
{
  struct lathe_tensors_item *item = append(tensors, name, dtype, rank, shape, err);
  if (!item)
    return false;
  item->values = values;
  item->of = of;
  item->from = from;
  return true;
}

static struct lathe_tensors_pair *find_pair(const struct lathe_tensors *tensors, const char *key)
{
  for (int i = 0; i < tensors->metadata_count; i++)
    if (strcmp(tensors->metadata[i].key, key) == 0)
      return &tensors->metadata[i];
  return NULL;
}

static bool append_pair(struct lathe_tensors *tensors, const char *key)
{
  struct lathe_tensors_pair *pairs =
      grow(tensors->metadata, tensors->metadata_count, sizeof *pairs);
  if (!pairs)
    return false;
  tensors->metadata = pairs;
  char *copy = strdup(key);
  if (copy)
    pairs[tensors->metadata_count++] = (struct lathe_tensors_pair){.key = copy};
  return copy != NULL;
}

bool lathe_tensors_add_metadata(struct lathe_tensors *tensors, const char *key, const char *value,
                                struct lathe_error *err)
{
  char *copy = strdup(value);
  if (!copy || (!find_pair(tensors, key) && !append_pair(tensors, key))) {
    free(copy);
    return lathe_fail(err, "no memory for metadata %s", key);
  }
  struct lathe_tensors_pair *pair = find_pair(tensors, key);
  free(pair->value);
  pair->value = copy;
  return true;
}

const struct lathe_array *lathe_tensors_find(const struct lathe_tensors *tensors, const char *name)
{
  for (int i = 0; i < tensors->count; i++)
    if (strcmp(tensors->items[i].name, name) == 0)
      return &tensors->items[i].array;
  return NULL;
}

const char *lathe_tensors_metadata(const struct lathe_tensors *tensors, const char *key)
{
  const struct lathe_tensors_pair *pair = find_pair(tensors, key);
  return pair ? pair->value : NULL;
}
