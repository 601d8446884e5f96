#include "dataset.h"
#include "columns.h"
#include "dataset_labels.h"
#include "reader.h"
#include "table.h"
#include "words.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SHAPE_FORMS = 3 };

void lathe_dataset_free(struct lathe_dataset *dataset)
{
  lathe_array_free(&dataset->images);
  lathe_array_free(&dataset->labels);
  lathe_class_names_free(&dataset->names);
  *dataset = (struct lathe_dataset){0};
}

/* A shape of images without their number. */
struct form {
  int rank;
  int64_t shape[3];
};

/* The shapes in which images for `model` may come; returns how many. One channel of an image or a
 * series need not be said, and such an image may be flat. */
static int accepted_forms(const struct lathe_model *model, struct form forms[SHAPE_FORMS])
{
  const int *shape = model->input_shape;
  int rank = model->input_rank, count = 0;
  bool one_channel = rank > 1 && shape[0] == 1;
  if (one_channel)
    forms[count++] = (struct form){rank - 1, {shape[1], rank == 3 ? shape[2] : 0}};
  forms[count++] = (struct form){rank, {shape[0], shape[1], shape[2]}};
  if (one_channel && rank == 3)
    forms[count++] = (struct form){1, {model->input_size}};
  return count;
}

static bool has_form(const struct lathe_array *images, const struct form *form)
{
  return images->rank == form->rank + 1 &&
         memcmp(images->shape + 1, form->shape, (size_t)form->rank * sizeof *form->shape) == 0;
}

static bool check_shape(const struct lathe_array *images, const struct lathe_model *model,
                        const char *name, struct lathe_error *err)
{
  struct form forms[SHAPE_FORMS];
  int count = accepted_forms(model, forms);
  for (int i = 0; i < count; i++)
    if (has_form(images, &forms[i])) {
      if (images->shape[0] == 0)
        return lathe_fail(err, "%s: holds no %s; give a file with at least one", name,
                          lathe_input_words(model));
      return true;
    }
  char found[LATHE_SHAPE_TEXT], accepted[SHAPE_FORMS * LATHE_SHAPE_TEXT] = "";
  size_t used = 0;
  for (int i = 0; i < count; i++) {
    char text[LATHE_SHAPE_TEXT];
    lathe_shape_text(text, forms[i].rank, forms[i].shape);
    used += (size_t)snprintf(accepted + used, sizeof accepted - used, "%s[N, %s", i ? " or " : "",
                             text + 1);
  }
  return lathe_fail(err, "%s: its %s are %s, but model %s takes %s; give data of that shape", name,
                    lathe_input_words(model), lathe_shape_text(found, images->rank, images->shape),
                    model->name, accepted);
}

/* Whether the tensors' type can hold it. */
static bool is_real(double value)
{
  return isfinite((lathe_real)value);
}

static double value_at(const struct lathe_array *array, int64_t i)
{
  return array->dtype == LATHE_F32 ? (double)((const float *)array->data)[i]
                                   : ((const double *)array->data)[i];
}

/* Float images must be in the model's range already, where that is a bound; uint8 ones always are.
 */
static bool check_values(const struct lathe_array *images, const struct lathe_model *model,
                         const char *name, struct lathe_error *err)
{
  const char *word = lathe_input_word(model);
  double low = model->range[0], high = model->range[1];
  if (images->dtype == LATHE_U8)
    return true;
  if (images->dtype != LATHE_F32 && images->dtype != LATHE_F64)
    return lathe_fail(err, "%s: its %s are %s; store them as uint8, float32 or float64", name,
                      lathe_input_words(model), lathe_dtype_name(images->dtype));
  if (images->dtype == LATHE_F32) { /* 0.1 in float32 lies above 0.1 */
    low = (float)low;
    high = (float)high;
  }
  for (int64_t i = 0; i < images->count; i++) {
    double value = value_at(images, i);
    if (model->bounded ? value >= low && value <= high : is_real(value))
      continue;
    if (!model->bounded)
      return lathe_fail(err,
                        "%s: %s %lld has the value %g, which is not finite%s; remove it or "
                        "mend the file",
                        name, word, (long long)(i / model->input_size), value,
                        isfinite(value) ? " in float32" : "");
    const char *advice = !isfinite(value) ? "remove it or mend the file"
                         : value > high ? "scale the values (0..255: divide by 255, or store uint8)"
                                        : "scale the values";
    return lathe_fail(err, "%s: %s %lld has the value %g, which is not in [%g, %g]; %s", name, word,
                      (long long)(i / model->input_size), value, model->range[0], model->range[1],
                      advice);
  }
  return true;
}

/* A table of an input's values a row; its labels, too, if they are in a column of it. */
static bool read_table(struct lathe_dataset *dataset, const struct lathe_model *model,
                       const struct lathe_source *source, struct lathe_reader *reader,
                       struct lathe_error *err)
{
  struct lathe_table table;
  bool needed = source->want_labels || source->need_labels || source->only;
  struct lathe_table_wanted wanted = {.label_column = source->label_column,
                                      .optional = source->labels || !needed,
                                      .columns = model->input_size,
                                      .model = model->name,
                                      .range = model->bounded ? model->range : NULL,
                                      .names = source->names};
  if (!lathe_table_read(&table, reader, &wanted, err))
    return false;
  dataset->images = table.values;
  dataset->labels = table.labels;
  if (table.labels.count > 0) {
    lathe_class_names_free(&dataset->names);
    dataset->names = table.names;
  }
  dataset->images.rank = lathe_images_shape(model, table.values.shape[0], dataset->images.shape);
  return true;
}

static bool read_data(struct lathe_dataset *dataset, const struct lathe_model *model,
                      const struct lathe_source *source, bool *is_table, struct lathe_error *err)
{
  bool found = false;
  struct lathe_reader *reader = lathe_reader_open(source->data, err);
  if (!reader)
    return false;
  *is_table = lathe_table_detect(reader);
  bool good =
      *is_table
          ? read_table(dataset, model, source, reader, err)
          : lathe_array_take(source->data, reader, "data", &dataset->images, &found, err) && found;
  lathe_reader_close(reader);
  return good;
}

bool lathe_dataset_load(struct lathe_dataset *dataset, const struct lathe_model *model,
                        const struct lathe_source *source, struct lathe_error *err)
{
  bool is_table, good = true;
  *dataset = (struct lathe_dataset){0};
  for (int i = 0; source->names && good && i < source->names->count; i++)
    good = lathe_class_add(&dataset->names, source->names->name[i], err);
  good = good && read_data(dataset, model, source, &is_table, err) &&
         check_shape(&dataset->images, model, source->data, err) &&
         check_values(&dataset->images, model, source->data, err);
  if (good)
    dataset->count = dataset->images.shape[0];
  good = good && lathe_dataset_apply_labels(dataset, model, source, is_table, err);
  if (!good)
    lathe_dataset_free(dataset);
  return good;
}

/* Images to be gathered: a task takes a few, the rows of which lie anywhere in the data. */
struct gathering {
  const struct lathe_array *images;
  const int64_t *indices; /* NULL: one after the other */
  int64_t first;
  int n, size;
  lathe_real pixel[256]; /* what a byte stands for */
  lathe_real *out;
};

enum { IMAGES_OF_TASK = 16, LINE = 64 };

static int64_t place_of(const struct gathering *g, int row)
{
  return (g->indices ? g->indices[g->first + row] : g->first + row) * g->size;
}

/* Random places of memory are far away: they are asked for an image before they are needed. */
static void fetch_image(const struct gathering *g, int row)
{
  const size_t element = lathe_dtype_size(g->images->dtype), bytes = element * (size_t)g->size;
  const char *image = (const char *)g->images->data + element * (size_t)place_of(g, row);
  for (size_t i = 0; i < bytes; i += LINE)
    __builtin_prefetch(image + i);
}

static void gather_images(void *arg, int task, int thread)
{
  (void)thread;
  const struct gathering *g = arg;
  const int begin = task * IMAGES_OF_TASK;
  const int end = begin + IMAGES_OF_TASK < g->n ? begin + IMAGES_OF_TASK : g->n;
  for (int row = begin; row < end; row++) {
    if (row + 1 < end)
      fetch_image(g, row + 1);
    const int64_t start = place_of(g, row);
    lathe_real *const out = g->out + (int64_t)row * g->size;
    switch (g->images->dtype) {
    case LATHE_U8:
      for (int i = 0; i < g->size; i++)
        out[i] = g->pixel[((const uint8_t *)g->images->data)[start + i]];
      break;
    case LATHE_F32:
      for (int i = 0; i < g->size; i++)
        out[i] = (lathe_real)((const float *)g->images->data)[start + i];
      break;
    default: /* LATHE_F64: lathe_dataset_load lets no other through */
      for (int i = 0; i < g->size; i++)
        out[i] = (lathe_real)((const double *)g->images->data)[start + i];
    }
  }
}

void lathe_dataset_gather_on(struct lathe_pool *pool, const struct lathe_dataset *dataset,
                             const struct lathe_model *model, const int64_t *indices, int64_t first,
                             int n, lathe_real *out)
{
  struct gathering g = {.images = &dataset->images,
                        .indices = indices,
                        .first = first,
                        .n = n,
                        .size = model->input_size,
                        .out = out};
  for (int i = 0; i < 256; i++)
    g.pixel[i] = (lathe_real)(model->range[0] + (model->range[1] - model->range[0]) * i / 255);
  lathe_parallel(pool, (n + IMAGES_OF_TASK - 1) / IMAGES_OF_TASK, gather_images, &g);
}

void lathe_dataset_gather(const struct lathe_dataset *dataset, const struct lathe_model *model,
                          const int64_t *indices, int64_t first, int n, lathe_real *out)
{
  lathe_dataset_gather_on(NULL, dataset, model, indices, first, n, out);
}
