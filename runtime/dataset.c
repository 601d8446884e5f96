#include "dataset.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHAPE_FORMS = 3, LISTED_LABELS = 20 };

void lathe_dataset_free(struct lathe_dataset *dataset)
{
  lathe_array_free(&dataset->images);
  lathe_array_free(&dataset->labels);
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
        return lathe_fail(err, "%s: holds no images; give a file with at least one", name);
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
  return lathe_fail(err, "%s: its images are %s, but model %s takes %s; give data of that shape",
                    name, lathe_shape_text(found, images->rank, images->shape), model->name,
                    accepted);
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
  double low = model->range[0], high = model->range[1];
  if (images->dtype == LATHE_U8)
    return true;
  if (images->dtype != LATHE_F32 && images->dtype != LATHE_F64)
    return lathe_fail(err, "%s: its images are %s; store them as uint8, float32 or float64", name,
                      lathe_dtype_name(images->dtype));
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
                        "%s: image %lld has the value %g, which is not finite%s; remove it or "
                        "mend the file",
                        name, (long long)(i / model->input_size), value,
                        isfinite(value) ? " in float32" : "");
    const char *advice = !isfinite(value) ? "remove it or mend the file"
                         : value > high ? "scale the values (0..255: divide by 255, or store uint8)"
                                        : "scale the values";
    return lathe_fail(err, "%s: image %lld has the value %g, which is not in [%g, %g]; %s", name,
                      (long long)(i / model->input_size), value, model->range[0], model->range[1],
                      advice);
  }
  return true;
}

/* Reads dataset->labels, one for each image; labels.count stays 0 where there are none. */
static bool load_labels(struct lathe_dataset *dataset, const struct lathe_source *source,
                        struct lathe_error *err)
{
  const char *path = source->labels ? source->labels : source->data;
  struct lathe_array *labels = &dataset->labels;
  bool found = source->labels != NULL;
  if (!found && !lathe_array_has_members(path, &found, err))
    return false;
  if (found && !lathe_array_read_optional(path, "labels", labels, &found, err))
    return false;
  if (!found && source->labels)
    return false; /* an archive without them: err says so */
  if (!found)
    return true;
  char text[LATHE_SHAPE_TEXT], name[4096];
  snprintf(name, sizeof name, "%s, labels", path);
  if (labels->count != dataset->count || labels->rank < 1 || labels->shape[0] != dataset->count)
    return lathe_fail(err, "%s: have shape %s, but %s has %lld images; give one label an image",
                      name, lathe_shape_text(text, labels->rank, labels->shape), source->data,
                      (long long)dataset->count);
  return lathe_array_to_i64(labels, name, err);
}

/* Reads one whole number of a comma-separated list and moves *at behind it and its comma. */
static bool next_label(const char **at, int64_t *label)
{
  char *end;
  errno = 0;
  *label = strtoll(*at, &end, 10);
  bool good = end != *at && errno == 0 && (*end == '\0' || (*end == ',' && end[1] != '\0'));
  *at = *end == ',' ? end + 1 : end;
  return good;
}

static bool check_list(const char *only, struct lathe_error *err)
{
  const char *at = only;
  int64_t label;
  do
    if (!next_label(&at, &label))
      return lathe_fail(err, "--only %s: is no list of labels; write whole numbers, as in 1,4,8",
                        only);
  while (*at);
  return true;
}

static bool is_listed(const char *only, int64_t wanted)
{
  int64_t label;
  do {
    next_label(&only, &label);
    if (label == wanted)
      return true;
  } while (*only);
  return false;
}

static bool nothing_kept(const struct lathe_array *labels, const struct lathe_source *source,
                         struct lathe_error *err)
{
  const int64_t *values = labels->data;
  int64_t seen[LISTED_LABELS];
  char text[LISTED_LABELS * 24] = "";
  int count = 0;
  size_t used = 0;
  for (int64_t i = 0; i < labels->count && count < LISTED_LABELS; i++) {
    bool known = false;
    for (int j = 0; j < count; j++)
      known |= seen[j] == values[i];
    if (known)
      continue;
    used += (size_t)snprintf(text + used, sizeof text - used, count ? ", %lld" : "%lld",
                             (long long)values[i]);
    seen[count++] = values[i];
  }
  return lathe_fail(err, "--only %s: no image of %s has such a label; its labels are %s",
                    source->only, source->data, text);
}

/* Moves the images and labels that are listed to the front, in their order, and forgets the rest.
 */
static bool filter(struct lathe_dataset *dataset, const struct lathe_source *source,
                   struct lathe_error *err)
{
  struct lathe_array *images = &dataset->images, *labels = &dataset->labels;
  int64_t *values = labels->data, size = images->count / dataset->count, kept = 0;
  size_t bytes = (size_t)size * lathe_dtype_size(images->dtype);
  unsigned char *data = images->data;
  for (int64_t i = 0; i < dataset->count; i++)
    if (is_listed(source->only, values[i])) {
      memmove(data + (size_t)kept * bytes, data + (size_t)i * bytes, bytes);
      values[kept++] = values[i];
    }
  if (kept == 0)
    return nothing_kept(labels, source, err);
  dataset->count = images->shape[0] = labels->shape[0] = labels->count = kept;
  images->count = kept * size;
  return true;
}

/* Everything about labels: reads them if they are of use, filters by them, keeps them if wanted. */
static bool apply_labels(struct lathe_dataset *dataset, const struct lathe_source *source,
                         struct lathe_error *err)
{
  bool keep = source->want_labels || source->need_labels;
  if (!keep && !source->only)
    return true;
  if (!load_labels(dataset, source, err))
    return false;
  if (dataset->labels.count == 0) {
    if (!source->need_labels && !source->only)
      return true;
    bool archive;
    if (!lathe_array_has_members(source->data, &archive, err))
      return false;
    return lathe_fail(err, "%s: has no labels, which %s; %s", source->data,
                      source->need_labels ? "are needed here" : "--only goes by",
                      archive ? "store them as member `labels` or name a file with --labels"
                              : "name a file of them with --labels");
  }
  if (source->only && !filter(dataset, source, err))
    return false;
  if (!keep)
    lathe_array_free(&dataset->labels);
  return true;
}

bool lathe_dataset_load(struct lathe_dataset *dataset, const struct lathe_model *model,
                        const struct lathe_source *source, struct lathe_error *err)
{
  *dataset = (struct lathe_dataset){0};
  if (source->only && !check_list(source->only, err))
    return false;
  bool good = lathe_array_read(source->data, "data", &dataset->images, err) &&
              check_shape(&dataset->images, model, source->data, err) &&
              check_values(&dataset->images, model, source->data, err);
  if (good)
    dataset->count = dataset->images.shape[0];
  good = good && apply_labels(dataset, source, err);
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
