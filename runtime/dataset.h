/* Images, and their labels where there are any, checked against a model. */
#ifndef LATHE_DATASET_H
#define LATHE_DATASET_H

#include "array.h"
#include "class_names.h"
#include "model.h"
#include "pool.h"

/* What the command line says about the data. */
struct lathe_source {
  const char *data;   /* .npz with member `data` (and `labels`), .npy, IDX, or a CSV table */
  const char *labels; /* a file of labels (.npy, IDX, CSV, or .npz with member `labels`), or NULL */
  const char *only;   /* "1,4,8": keep the images of these labels alone; NULL keeps all */
  bool want_labels;   /* read labels where there are any; training leaves this false */
  bool need_labels;   /* and fail where there are none */
  const char *label_column;              /* of a table, its name or number from 1; else NULL */
  const struct lathe_class_names *names; /* that the run has for its classes; may be NULL */
};

/* `images` keeps the file's own type (U8, F32, F64) and shape: [count, ...], of rank 2, 3 or 4, so
 * that what is computed from it can be written in the same shape; a table's are lathe_real, and
 * shaped as images are written (lathe_images_shape). `labels` is I64 [count], or empty
 * (labels.count 0). `names` are those of the source, and behind them those of further labels that
 * are words. */
struct lathe_dataset {
  int64_t count;
  struct lathe_array images;
  struct lathe_array labels;
  struct lathe_class_names names;
};

/* Reads and checks the images (and, only when wanted, needed or filtered by, the labels). Accepted
 * shapes for an input [1, H, W]: [N, H, W], [N, 1, H, W], [N, H*W]; for [C, H, W]: [N, C, H, W];
 * for [F]: [N, F]; a table has the values of an input in a row, the last index running fastest.
 * Float values must be finite, and within model->range if it is bounded. Else it is an error that
 * says what was found and what is expected, as are no images, labels of another length and an
 * `only` that keeps nothing. On failure `dataset` is empty; else free it with lathe_dataset_free.
 */
bool lathe_dataset_load(struct lathe_dataset *dataset, const struct lathe_model *model,
                        const struct lathe_source *source, struct lathe_error *err);
void lathe_dataset_free(struct lathe_dataset *dataset);

/* Writes n images, [n, input_size] in the model's range (uint8 0..255 becomes range[0]..range[1]),
 * to `out`. Image i of them is indices[first + i], or first + i when `indices` is NULL; these must
 * lie in [0, dataset->count). */
void lathe_dataset_gather(const struct lathe_dataset *dataset, const struct lathe_model *model,
                          const int64_t *indices, int64_t first, int n, lathe_real *out);

/* The same on a pool's threads (NULL: on the caller's). */
void lathe_dataset_gather_on(struct lathe_pool *pool, const struct lathe_dataset *dataset,
                             const struct lathe_model *model, const int64_t *indices, int64_t first,
                             int n, lathe_real *out);

#endif
