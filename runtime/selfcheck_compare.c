/* compare: what the four variants of a model recorded of one batch, in any of their binaries. */
#include "safetensors.h"
#include "selfcheck_parts.h"
#include "tensor_check.h"
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum file { FAST64, PLAIN64, FAST32, PLAIN32, MOVED, FILES };

static const struct comparison {
  const char *check, *precision;
  enum file reference, other;
  bool single; /* whether float32's rounding is between them, or float64's */
  bool ulp;    /* whether errors are also counted in units in the last place */
} comparisons[] = {
    {"plain", "float64", PLAIN64, FAST64, false, false},
    {"plain", "float32", PLAIN32, FAST32, true, false},
    {"precision", "float32", FAST64, FAST32, true, true},
};

/* Relative to a tensor's norm: float64's summation orders, and float32's rounding in one layer and
 * in a whole model of however many. */
static const double WIDE = 1e-9, SINGLE_LAYER = 1e-5, SINGLE_MODEL = 1e-4;

/* A result is also allowed to be off by this much of what rounding each stored value once moves it
 * by (disturb); the sums that make a value round more often. No code makes an ill-conditioned model
 * more exact: batch-norm of values that hardly vary, a ReLU at its kink, gradients whose terms
 * cancel (of a bias before batch-norm, in exact arithmetic, to nothing). */
static const double SENSITIVITY = 20;

/* The least share of the norm of all gradients that one tensor's error is relative to. */
static const double LEAST_SHARE = 1e-3;

static double base_tolerance(const struct comparison *c, const struct lathe_model *model)
{
  int layers = 0;
  for (int i = 0; i < model->layer_count; i++)
    layers += model->layers[i].parameters > 0;
  return c->single ? fmin(SINGLE_LAYER * layers, SINGLE_MODEL) : WIDE;
}

static bool starts(const char *name, const char *with)
{
  return strncmp(name, with, strlen(with)) == 0;
}

/* Values on the way, which fused code need not store. */
static bool may_miss(const char *name)
{
  return starts(name, "activation.") || starts(name, "gradient.activation.");
}

static bool is_gradient(const char *name)
{
  return starts(name, "gradient.") && !may_miss(name);
}

static double norm(const struct lathe_array *x)
{
  double sum = 0;
  for (int64_t i = 0; i < x->count; i++)
    sum += pow(lathe_array_real(x, i), 2);
  return sqrt(sum);
}

static double whole_gradient(const struct lathe_tensors *tensors)
{
  double sum = 0;
  for (int i = 0; i < tensors->count; i++)
    if (is_gradient(tensors->items[i].name))
      sum += pow(norm(&tensors->items[i].array), 2);
  return sqrt(sum);
}

/* The distance of two tensors; the worst error of one number in float32's spacing at that number,
 * or at `typical` where the number is smaller. */
static double distance(const struct lathe_array *x, const struct lathe_array *y, double typical,
                       double *ulp)
{
  double sum = 0;
  *ulp = 0;
  for (int64_t i = 0; i < x->count; i++) {
    double value = lathe_array_real(x, i), off = fabs(value - lathe_array_real(y, i));
    double size = fmax(fmax(fabs(value), typical), FLT_MIN);
    *ulp = fmax(*ulp, off / ldexp(FLT_EPSILON, ilogb(size)));
    sum += off * off;
  }
  return sqrt(sum);
}

static double sensitivity(const struct lathe_tensors *moved, const char *name, bool single)
{
  const struct lathe_array *array = lathe_tensors_find(moved, name);
  double by = array && array->count == 1 ? lathe_array_real(array, 0) : 0;
  return SENSITIVITY * by * (single ? 1 : DBL_EPSILON / FLT_EPSILON);
}

/* What the item's norm is at least taken for. A divergence is a sum of terms mean^2 + exp(logvar) -
 * 1 - logvar, which is exact to the rounding of 1, one a latent dimension. */
static double least_norm(const struct lathe_model *model, const char *item, int64_t count,
                         double gradients)
{
  const char *last = strrchr(item, '.');
  if (last && strcmp(last, ".kl") == 0)
    return 0.5 * model->latent * sqrt((double)count);
  return is_gradient(item) ? LEAST_SHARE * gradients : 0;
}

static void compare_item(const struct comparison *c, const struct lathe_model *model,
                         const struct lathe_tensors *files, const struct lathe_array *reference,
                         double gradients, struct lathe_finding *finding)
{
  const struct lathe_array *other = lathe_tensors_find(&files[c->other], finding->item);
  if (!reference || !other || other->count != reference->count) {
    finding->error = NAN;
    snprintf(finding->detail, sizeof finding->detail, "%s",
             reference && other ? "its shape is another" : "it is missing");
    return;
  }
  double scale =
      fmax(norm(reference), least_norm(model, finding->item, reference->count, gradients));
  double typical = scale / sqrt((double)(reference->count > 0 ? reference->count : 1)), ulp;
  double off = distance(reference, other, typical, &ulp);
  finding->error = off == 0 ? 0 : off / scale;
  finding->ulp = c->ulp ? ulp : 0;
  double moved = sensitivity(&files[MOVED], finding->item, c->single) / scale;
  if (moved > finding->tolerance) {
    snprintf(finding->detail, sizeof finding->detail, "ill-conditioned: rounding moves it by %.1e",
             moved / SENSITIVITY);
    finding->tolerance = moved;
  }
}

/* Items in the order in which the plain code computes them: what is wrong comes before what is
 * wrong because of it. */
static bool compare(const struct comparison *c, const struct lathe_model *model,
                    const struct lathe_tensors *files, struct lathe_error *err)
{
  const struct lathe_tensors *all = &files[PLAIN64], *reference = &files[c->reference];
  double gradients = whole_gradient(reference), tolerance = base_tolerance(c, model);
  for (int i = 0; i < all->count; i++) {
    const char *name = all->items[i].name;
    const struct lathe_array *expected = lathe_tensors_find(reference, name);
    if (may_miss(name) && (!expected || !lathe_tensors_find(&files[c->other], name)))
      continue;
    struct lathe_finding finding = {
        .check = c->check, .precision = c->precision, .item = name, .tolerance = tolerance};
    compare_item(c, model, files, expected, gradients, &finding);
    if (!lathe_finding_print(&finding, model, err))
      return false;
  }
  return true;
}

bool lathe_selfcheck_compare(const struct lathe_model *model, char **arguments,
                             struct lathe_error *err)
{
  struct lathe_tensors files[FILES] = {0};
  bool good = true;
  for (int i = 0; good && i < FILES; i++)
    good = lathe_tensors_read(&files[i], arguments[i], err);
  for (size_t i = 0; good && i < sizeof comparisons / sizeof comparisons[0]; i++)
    good = compare(&comparisons[i], model, files, err);
  for (int i = 0; i < FILES; i++)
    lathe_tensors_free(&files[i]);
  return good;
}
