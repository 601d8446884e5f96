#include "tensor_check.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void lathe_complain(struct lathe_complaints *complaints, const char *format, ...)
{
  char text[sizeof complaints->text / 2];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (complaints->used + strlen(text) + sizeof "; " > sizeof complaints->text) {
    complaints->unsaid++;
    return;
  }
  complaints->used += (size_t)sprintf(complaints->text + complaints->used, "%s%s",
                                      complaints->used ? "; " : "", text);
}

bool lathe_complaints_report(const struct lathe_complaints *complaints, const char *name,
                             const char *model, struct lathe_error *err)
{
  char more[32] = "";
  if (complaints->used == 0)
    return true;
  if (complaints->unsaid)
    snprintf(more, sizeof more, "; and %d more", complaints->unsaid);
  return lathe_fail(err, "%s: does not fit model %s: %s%s; use weights of this model", name, model,
                    complaints->text, more);
}

double lathe_array_real(const struct lathe_array *array, int64_t i)
{
  return array->dtype == LATHE_F32 ? (double)((const float *)array->data)[i]
                                   : ((const double *)array->data)[i];
}

/* Names the first value that the model cannot use. */
static bool check_values(struct lathe_complaints *complaints, const struct lathe_array *array,
                         const char *name, double largest)
{
  for (int64_t i = 0; i < array->count; i++) {
    double value = lathe_array_real(array, i);
    if (fabs(value) <= largest)
      continue;
    if (isfinite(value))
      lathe_complain(complaints, "%s holds %g, which float32 cannot, at %lld", name, value,
                     (long long)i);
    else
      lathe_complain(complaints, "%s holds %g at %lld", name, value, (long long)i);
    return false;
  }
  return true;
}

const struct lathe_array *lathe_expect_tensor(struct lathe_complaints *complaints,
                                              const struct lathe_tensors *tensors, const char *name,
                                              double largest, int rank, const int64_t *shape)
{
  const struct lathe_array *array = lathe_tensors_find(tensors, name);
  if (!array) {
    lathe_complain(complaints, "%s is missing", name);
    return NULL;
  }
  bool same = array->rank == rank; /* a scalar's shape may be NULL */
  if (!same || (rank > 0 && memcmp(array->shape, shape, (size_t)rank * sizeof *shape) != 0)) {
    char found[LATHE_SHAPE_TEXT], expected[LATHE_SHAPE_TEXT];
    lathe_complain(complaints, "%s is %s in the file but %s in this model", name,
                   lathe_shape_text(found, array->rank, array->shape),
                   lathe_shape_text(expected, rank, shape));
    return NULL;
  }
  bool real = array->dtype == LATHE_F32 || array->dtype == LATHE_F64;
  if (largest > 0 ? !real : array->dtype != LATHE_I64) {
    lathe_complain(complaints, "%s is %s in the file but %s in this model", name,
                   lathe_dtype_name(array->dtype), largest > 0 ? "float32 or float64" : "int64");
    return NULL;
  }
  return largest == 0 || check_values(complaints, array, name, largest) ? array : NULL;
}
