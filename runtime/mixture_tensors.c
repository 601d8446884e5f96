#include "mixture_tensors.h"
#include "gmm.h"
#include <float.h>
#include <math.h>
#include <string.h>

static const char kind_key[] = "mixture.covariance";

static const char *const kinds[] = {
    [LATHE_FULL] = "full",
    [LATHE_DIAG] = "diag",
    [LATHE_TIED] = "tied",
    [LATHE_SPHERICAL] = "spherical",
};

enum { WEIGHTS, MEANS, COVARIANCES, LABELS, PARTS };

static const char *const names[PARTS] = {
    [WEIGHTS] = "mixture.weights",
    [MEANS] = "mixture.means",
    [COVARIANCES] = "mixture.covariances",
    [LABELS] = "mixture.labels",
};

/* How far from 1 the sum of weights may be that were stored in float32. */
static const double sum_tolerance = 1e-4;

/* Where the numbers of one tensor are, and their shape. */
struct part {
  void *values;
  int rank;
  int64_t shape[3];
};

static void find_parts(const struct lathe_mixture *mixture, struct part parts[PARTS])
{
  int64_t k = mixture->components, d = mixture->dimensions;
  const struct part covariances[] = {
      [LATHE_FULL] = {mixture->covariances, 3, {k, d, d}},
      [LATHE_DIAG] = {mixture->covariances, 2, {k, d}},
      [LATHE_TIED] = {mixture->covariances, 2, {d, d}},
      [LATHE_SPHERICAL] = {mixture->covariances, 1, {k}},
  };
  parts[WEIGHTS] = (struct part){mixture->weights, 1, {k}};
  parts[MEANS] = (struct part){mixture->means, 2, {k, d}};
  parts[COVARIANCES] = covariances[mixture->covariance];
  parts[LABELS] = (struct part){mixture->labels, 1, {k}};
}

bool lathe_mixture_export(struct lathe_tensors *out, const struct lathe_mixture *mixture,
                          struct lathe_error *err)
{
  struct part parts[PARTS];
  find_parts(mixture, parts);
  for (int i = 0; i < PARTS; i++) {
    enum lathe_dtype dtype = i == LABELS ? LATHE_I64 : LATHE_F64;
    void *data = lathe_tensors_add(out, names[i], dtype, parts[i].rank, parts[i].shape, err);
    if (!data)
      return false;
    memcpy(data, parts[i].values, (size_t)out->items[out->count - 1].array.count * 8);
  }
  return lathe_tensors_add_metadata(out, kind_key, kinds[mixture->covariance], err);
}

bool lathe_mixture_owns(const char *name)
{
  for (int i = 0; i < PARTS; i++)
    if (strcmp(names[i], name) == 0)
      return true;
  return false;
}

static void check_weights(const struct lathe_mixture *mixture, struct lathe_complaints *complaints)
{
  double sum = 0;
  bool negative = false;
  for (int k = 0; k < mixture->components; k++) {
    sum += mixture->weights[k];
    negative |= mixture->weights[k] < 0;
  }
  if (negative || !(fabs(sum - 1) <= sum_tolerance))
    lathe_complain(complaints, "mixture.weights are not probabilities of sum 1 (%g)", sum);
}

/* Fills one tensor of the mixture; whether it could. */
static bool import_part(const struct lathe_tensors *in, int i, const struct part *part,
                        struct lathe_complaints *complaints)
{
  const struct lathe_array *array = lathe_expect_tensor(
      complaints, in, names[i], i == LABELS ? 0 : DBL_MAX, part->rank, part->shape);
  for (int64_t j = 0; array && j < array->count; j++)
    if (i == LABELS)
      ((int64_t *)part->values)[j] = ((const int64_t *)array->data)[j];
    else
      ((double *)part->values)[j] = lathe_array_real(array, j);
  return array != NULL;
}

bool lathe_mixture_import(const struct lathe_tensors *in, const struct lathe_model *model,
                          struct lathe_mixture *mixture, struct lathe_complaints *complaints,
                          struct lathe_error *err)
{
  *mixture = (struct lathe_mixture){0};
  bool any = false;
  for (int i = 0; i < in->count; i++)
    any |= lathe_mixture_owns(in->items[i].name);
  if (!any)
    return true;
  const struct lathe_mixing *mixing = &model->mixing;
  if (!lathe_mixture_new(mixture, mixing->components, model->latent, mixing->covariance, err))
    return false;
  const char *kind = lathe_tensors_metadata(in, kind_key);
  if (kind && strcmp(kind, kinds[mixing->covariance]) != 0) {
    lathe_complain(complaints, "its mixture's covariance is %.16s but %s in this model", kind,
                   kinds[mixing->covariance]);
    return true;
  }
  struct part parts[PARTS];
  find_parts(mixture, parts);
  if (import_part(in, WEIGHTS, &parts[WEIGHTS], complaints))
    check_weights(mixture, complaints);
  import_part(in, MEANS, &parts[MEANS], complaints);
  import_part(in, COVARIANCES, &parts[COVARIANCES], complaints);
  if (lathe_tensors_find(in, names[LABELS])) /* else unnamed, as the new mixture is */
    import_part(in, LABELS, &parts[LABELS], complaints);
  return true;
}
