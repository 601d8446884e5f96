#include "columns.h"
#include "allocate.h"
#include <string.h>

bool lathe_columns_open(struct lathe_columns *columns, const char *path, struct lathe_error *err)
{
  *columns = (struct lathe_columns){.path = path, .npz = lathe_npz_create(path, err)};
  return columns->npz != NULL;
}

void *lathe_columns_add(struct lathe_columns *columns, const char *name, enum lathe_dtype dtype,
                        int rank, const int64_t *shape, struct lathe_error *err)
{
  size_t size = lathe_dtype_size(dtype);
  int64_t count = lathe_shape_count(rank, shape, size);
  if (count < 0 || columns->count == LATHE_COLUMNS) {
    char text[LATHE_SHAPE_TEXT];
    lathe_fail(err, "%s cannot be written: its %s would be of shape %s, which is too large",
               columns->path, name, lathe_shape_text(text, rank, shape));
    return NULL;
  }
  struct lathe_array *array = &columns->array[columns->count];
  *array = (struct lathe_array){.dtype = dtype, .rank = rank, .count = count};
  memcpy(array->shape, shape, (size_t)rank * sizeof *shape);
  array->data = lathe_allocate(count, 1, size, name, err);
  columns->name[columns->count] = name;
  columns->count += array->data != NULL;
  return array->data;
}

bool lathe_columns_save(struct lathe_columns *columns, struct lathe_error *err)
{
  for (int i = 0; i < columns->count; i++)
    if (!lathe_npz_add(columns->npz, columns->name[i], &columns->array[i], err))
      return false;
  struct lathe_npz *npz = columns->npz;
  columns->npz = NULL;
  return lathe_npz_commit(npz, err);
}

void lathe_columns_close(struct lathe_columns *columns)
{
  lathe_npz_discard(columns->npz);
  for (int i = 0; i < columns->count; i++)
    lathe_array_free(&columns->array[i]);
  *columns = (struct lathe_columns){0};
}

enum lathe_dtype lathe_real_dtype(void)
{
  return sizeof(lathe_real) == sizeof(double) ? LATHE_F64 : LATHE_F32;
}

int lathe_images_shape(const struct lathe_model *model, int64_t n, int64_t shape[4])
{
  int rank = 0, first = model->input_rank > 1 && model->input_shape[0] == 1;
  shape[rank++] = n;
  for (int i = first; i < model->input_rank; i++)
    shape[rank++] = model->input_shape[i];
  return rank;
}
