#include "normalise.h"
#include "allocate.h"
#include "tensor_order.h"
#include "words.h"
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AT_ONCE = 1 << 16 }; /* values that are looked at together, of whole images */

static const struct {
  const char *shift, *scale;
} names[] = {
#define NORMALISATION(ID, word, shift, scale)                                                      \
  [LATHE_NORMALISE_##ID] = {"input." shift, "input." scale},
#include "normalisations.def"
#undef NORMALISATION
};

#ifdef LATHE_FLOAT64
static const double least_scale = DBL_MIN;
#else
static const double least_scale = FLT_MIN;
#endif

/* The buffer of that name, where there is one. */
static const struct lathe_tensor *find(const struct lathe_model *model, const char *name)
{
  return name ? lathe_tensor_named(model, name) : NULL;
}

const struct lathe_tensor *lathe_normalise_shift(const struct lathe_model *model)
{
  return find(model, names[model->normalisation].shift);
}

const struct lathe_tensor *lathe_normalise_scale(const struct lathe_model *model)
{
  return find(model, names[model->normalisation].scale);
}

/* Statistics of each value of the input over the images, then of what shares a shift and a scale:
 * `width` values behind one another. */
struct statistics {
  int64_t size, width;
  double *sum, *least, *greatest, *mean; /* [size] */
  lathe_real *images;
};

static void statistics_free(struct statistics *s)
{
  free(s->sum);
  free(s->least);
  free(s->greatest);
  free(s->mean);
  free(s->images);
}

static bool statistics_new(struct statistics *s, int64_t size, int64_t groups, int64_t at_once,
                           struct lathe_error *err)
{
  const char *what = "the input's statistics";
  *s = (struct statistics){.size = size, .width = size / groups};
  s->sum = lathe_allocate(size, 1, sizeof *s->sum, what, err);
  s->least = lathe_allocate(size, 1, sizeof *s->least, what, err);
  s->greatest = lathe_allocate(size, 1, sizeof *s->greatest, what, err);
  s->mean = lathe_allocate(size, 1, sizeof *s->mean, what, err);
  s->images = lathe_allocate(at_once, size, sizeof *s->images, what, err);
  if (s->sum && s->least && s->greatest && s->mean && s->images)
    return true;
  statistics_free(s);
  return false;
}

static void add_extremes(struct statistics *s, const lathe_real *x)
{
  for (int64_t i = 0; i < s->size; i++) {
    s->sum[i] += (double)x[i];
    s->least[i] = (double)x[i] < s->least[i] ? (double)x[i] : s->least[i];
    s->greatest[i] = (double)x[i] > s->greatest[i] ? (double)x[i] : s->greatest[i];
  }
}

static void add_squares(struct statistics *s, const lathe_real *x)
{
  for (int64_t i = 0; i < s->size; i++)
    s->sum[i] += ((double)x[i] - s->mean[i]) * ((double)x[i] - s->mean[i]);
}

static void each_image(struct statistics *s, const struct lathe_model *model,
                       const struct lathe_part *part, int64_t at_once,
                       void (*add)(struct statistics *, const lathe_real *))
{
  for (int64_t i = 0, n; i < part->count; i += n) {
    n = part->count - i < at_once ? part->count - i : at_once;
    lathe_dataset_gather(part->dataset, model, part->indices, i, (int)n, s->images);
    for (int64_t k = 0; k < n; k++)
      add(s, s->images + k * s->size);
  }
}

/* Sums and extremes of the values of each group, in its first place. */
static void reduce(struct statistics *s, bool extremes)
{
  for (int64_t g = 0; g < s->size; g += s->width)
    for (int64_t i = g + 1; i < g + s->width; i++) {
      s->sum[g] += s->sum[i];
      if (extremes) {
        s->least[g] = fmin(s->least[g], s->least[i]);
        s->greatest[g] = fmax(s->greatest[g], s->greatest[i]);
      }
    }
}

static void find_statistics(struct statistics *s, const struct lathe_model *model,
                            const struct lathe_part *part, int64_t at_once)
{
  double count = (double)part->count * (double)s->width;
  for (int64_t i = 0; i < s->size; i++) {
    s->least[i] = INFINITY;
    s->greatest[i] = -INFINITY;
  }
  each_image(s, model, part, at_once, add_extremes);
  reduce(s, true);
  if (model->normalisation == LATHE_NORMALISE_MINMAX)
    return;
  for (int64_t i = 0; i < s->size; i++)
    s->mean[i] = s->sum[i - i % s->width] / count;
  memset(s->sum, 0, (size_t)s->size * sizeof *s->sum);
  each_image(s, model, part, at_once, add_squares);
  reduce(s, false);
  for (int64_t i = 0; i < s->size; i += s->width)
    s->sum[i] = sqrt(s->sum[i] / count);
}

static const char *word_for(const struct lathe_model *model, const struct lathe_tensor *tensor)
{
  if (lathe_tensor_size(tensor) == 1 && model->input_size > 1 && model->input_shape[0] != 1)
    return "input";
  if (model->input_rank == 1)
    return "features";
  return tensor->rank == 1 ? "channels" : "values";
}

bool lathe_normalise_fit(const struct lathe_model *model, const struct lathe_part *part,
                         struct lathe_state *state, struct lathe_constant_inputs *constant,
                         struct lathe_error *err)
{
  *constant = (struct lathe_constant_inputs){0};
  if (model->normalisation == LATHE_NOT_NORMALISED || model->normalisation == LATHE_NORMALISE_GIVEN)
    return true;
  const struct lathe_tensor *to_shift = lathe_normalise_shift(model);
  const struct lathe_tensor *to_scale = lathe_normalise_scale(model);
  int64_t groups = lathe_tensor_size(to_shift), size = model->input_size;
  int64_t at_once = size < AT_ONCE ? AT_ONCE / size : 1;
  bool least = model->normalisation == LATHE_NORMALISE_MINMAX, good = true;
  struct statistics s;
  if (!statistics_new(&s, size, groups, at_once, err))
    return false;
  find_statistics(&s, model, part, at_once);
  constant->all = groups;
  constant->of = word_for(model, to_shift);
  for (int64_t g = 0; good && g < groups; g++) {
    int64_t i = g * s.width;
    double shift = least ? s.least[i] : s.mean[i];
    double scale = least ? s.greatest[i] - s.least[i] : s.sum[i];
    if (s.least[i] == s.greatest[i] || scale < least_scale) {
      scale = 1;
      constant->first = constant->count++ == 0 ? g : constant->first;
    }
    lathe_real stored_shift = (lathe_real)shift, stored_scale = (lathe_real)scale;
    good = (isfinite(stored_shift) && isfinite(stored_scale)) ||
           lathe_fail(err,
                      "the training %s cannot be normalised: from %g to %g is too far for %s; "
                      "scale the values",
                      lathe_input_words(model), s.least[i], s.greatest[i], model->precision);
    state->fixed[to_shift->offset + lathe_stored_index(to_shift, g)] = stored_shift;
    state->fixed[to_scale->offset + lathe_stored_index(to_scale, g)] = stored_scale;
  }
  state->tables = 0;
  statistics_free(&s);
  return good;
}

double lathe_normalise_log_scale(const struct lathe_model *model, const struct lathe_state *state)
{
  const struct lathe_tensor *scale = lathe_normalise_scale(model);
  double sum = 0;
  if (!scale)
    return 0;
  int64_t groups = lathe_tensor_size(scale);
  for (int64_t g = 0; g < groups; g++)
    sum += log((double)state->fixed[scale->offset + lathe_stored_index(scale, g)]);
  const int64_t each = model->input_size / groups; /* values of a group */
  return sum * (double)each;
}
