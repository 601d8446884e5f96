#include "json.h"
#include "selfcheck_parts.h"
#include <math.h>

bool lathe_finding_print(const struct lathe_finding *finding, const struct lathe_model *model,
                         struct lathe_error *err)
{
  const char *precision = finding->precision ? finding->precision : model->precision;
  return lathe_json_line(json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:s}", "check", finding->check,
                                   "precision", precision, "item", finding->item, "error",
                                   lathe_json_number(finding->error), "tolerance",
                                   lathe_json_number(finding->tolerance), "ulp",
                                   lathe_json_number(finding->ulp), "detail", finding->detail),
                         err);
}

bool lathe_finding_worse(struct lathe_finding *finding, double error)
{
  if (isnan(finding->error) || error <= finding->error)
    return false;
  finding->error = error;
  return true;
}

double lathe_norm(const lathe_real *x, size_t n)
{
  double sum = 0;
  for (size_t i = 0; i < n; i++)
    sum += (double)x[i] * (double)x[i];
  return sqrt(sum);
}

double lathe_norm_wide(const double *x, size_t n)
{
  double sum = 0;
  for (size_t i = 0; i < n; i++)
    sum += x[i] * x[i];
  return sqrt(sum);
}

double lathe_distance_wide(const double *x, const double *y, size_t n)
{
  double sum = 0;
  for (size_t i = 0; i < n; i++)
    sum += (x[i] - y[i]) * (x[i] - y[i]);
  return sqrt(sum);
}
