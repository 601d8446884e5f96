/* Results in an .npz file: named arrays, a row an image. */
#ifndef LATHE_COLUMNS_H
#define LATHE_COLUMNS_H

#include "array.h"
#include "error.h"
#include "model.h"
#include "npz.h"
#include "real.h"
#include <stdbool.h>
#include <stdint.h>

enum { LATHE_COLUMNS = 8 };

/* The arrays of one file, with room for their values; lathe_columns_close forgets the file unless
 * lathe_columns_save wrote it. All zero is empty. */
struct lathe_columns {
  struct lathe_npz *npz;
  const char *path;
  int count;
  const char *name[LATHE_COLUMNS];
  struct lathe_array array[LATHE_COLUMNS];
};

/* Starts the file, which is then known to be writable. */
bool lathe_columns_open(struct lathe_columns *columns, const char *path, struct lathe_error *err);

/* Adds an array and returns its zeroed values, owned by `columns`; NULL without memory. */
void *lathe_columns_add(struct lathe_columns *columns, const char *name, enum lathe_dtype dtype,
                        int rank, const int64_t *shape, struct lathe_error *err);

bool lathe_columns_save(struct lathe_columns *columns, struct lathe_error *err);
void lathe_columns_close(struct lathe_columns *columns);

/* The type of lathe_real in files. */
enum lathe_dtype lathe_real_dtype(void);

/* The shape [n, ...] in which n of a model's images are written: [n, features] for rank 1,
 * [n, channels, length] or [n, channels, height, width] for the others, without their channels
 * where there is but one. Returns its rank. */
int lathe_images_shape(const struct lathe_model *model, int64_t n, int64_t shape[4]);

#endif
