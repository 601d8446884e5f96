#include "linalg.h"
#include <float.h>
#include <math.h>
#include <string.h>

int lathe_cholesky(int n, double *a)
{
  for (int i = 0; i < n; i++) {
    double *row = a + (int64_t)i * n;
    for (int j = 0; j <= i; j++) {
      const double *other = a + (int64_t)j * n;
      double sum = row[j];
      for (int k = 0; k < j; k++)
        sum -= row[k] * other[k];
      if (j < i)
        row[j] = sum / other[j];
      else if (sum > 0 && isfinite(sum)) /* false for NaN too */
        row[i] = sqrt(sum);
      else
        return 1 + i;
    }
    for (int j = i + 1; j < n; j++)
      row[j] = 0;
  }
  return 0;
}

void lathe_solve_lower(int n, const double *l, double *b)
{
  for (int i = 0; i < n; i++) {
    const double *row = l + (int64_t)i * n;
    for (int k = 0; k < i; k++)
      b[i] -= row[k] * b[k];
    b[i] /= row[i];
  }
}

void lathe_solve_lower_transposed(int n, const double *l, double *b)
{
  for (int i = n - 1; i >= 0; i--) {
    const double *row = l + (int64_t)i * n;
    b[i] /= row[i];
    for (int k = 0; k < i; k++)
      b[k] -= row[k] * b[i];
  }
}

double lathe_cholesky_log_det(int n, const double *l)
{
  double sum = 0;
  for (int i = 0; i < n; i++)
    sum += log(l[(int64_t)i * n + i]);
  return 2 * sum;
}

/* Turns the plane of axes p and q so that a[p][q] becomes 0. */
static void rotate(int n, double *a, double *vectors, int p, int q)
{
  double *row_p = a + (int64_t)p * n, *row_q = a + (int64_t)q * n;
  if (row_p[q] == 0)
    return;
  double theta = (row_q[q] - row_p[p]) / (2 * row_p[q]);
  double t = (theta >= 0 ? 1 : -1) / (fabs(theta) + hypot(theta, 1));
  double c = 1 / hypot(t, 1), s = t * c;
  for (int k = 0; k < n; k++) {
    double *row = a + (int64_t)k * n;
    double x = row[p], y = row[q];
    row[p] = c * x - s * y;
    row[q] = s * x + c * y;
  }
  double *vector_p = vectors + (int64_t)p * n, *vector_q = vectors + (int64_t)q * n;
  for (int k = 0; k < n; k++) {
    double x = row_p[k], y = row_q[k];
    row_p[k] = c * x - s * y;
    row_q[k] = s * x + c * y;
    x = vector_p[k], y = vector_q[k];
    vector_p[k] = c * x - s * y;
    vector_q[k] = s * x + c * y;
  }
}

static double off_diagonal(int n, const double *a)
{
  double sum = 0;
  for (int i = 0; i < n; i++)
    for (int j = 0; j < i; j++)
      sum += a[(int64_t)i * n + j] * a[(int64_t)i * n + j];
  return sum;
}

static void swap_pairs(int n, double *values, double *vectors, int i, int j)
{
  double value = values[i];
  values[i] = values[j];
  values[j] = value;
  for (int k = 0; k < n; k++) {
    double *x = &vectors[(int64_t)i * n + k], *y = &vectors[(int64_t)j * n + k];
    double entry = *x;
    *x = *y;
    *y = entry;
  }
}

static void fix_sign(int n, double *vector)
{
  int greatest = 0;
  for (int k = 1; k < n; k++)
    if (fabs(vector[k]) > fabs(vector[greatest]))
      greatest = k;
  if (vector[greatest] < 0)
    for (int k = 0; k < n; k++)
      vector[k] = -vector[k];
}

void lathe_eigen_symmetric(int n, double *a, double *values, double *vectors)
{
  const int most_sweeps = 60; /* it converges quadratically: about ten are ever needed */
  double norm = 0;
  memset(vectors, 0, (size_t)n * (size_t)n * sizeof *vectors);
  for (int i = 0; i < n; i++) {
    vectors[(int64_t)i * n + i] = 1;
    norm += a[(int64_t)i * n + i] * a[(int64_t)i * n + i];
  }
  norm += 2 * off_diagonal(n, a);
  for (int sweep = 0; sweep < most_sweeps; sweep++) {
    if (off_diagonal(n, a) <= norm * DBL_EPSILON * DBL_EPSILON)
      break;
    for (int p = 0; p < n; p++)
      for (int q = p + 1; q < n; q++)
        rotate(n, a, vectors, p, q);
  }

  for (int i = 0; i < n; i++)
    values[i] = a[(int64_t)i * n + i];
  for (int i = 0; i < n; i++) {
    int largest = i;
    for (int j = i + 1; j < n; j++)
      if (values[j] > values[largest])
        largest = j;
    if (largest != i)
      swap_pairs(n, values, vectors, i, largest);
    fix_sign(n, vectors + (int64_t)i * n);
  }
}

struct products {
  int64_t n;
  int d;
  const lathe_real *points;
  const double *mean;
  double *covariance;
};

/* Row `j` of the covariance, up to its diagonal: a task a row needs no memory of its own. */
static void covariance_row(void *arg, int j, int thread)
{
  (void)thread;
  struct products *work = arg;
  double *row = work->covariance + (int64_t)j * work->d;
  for (int k = 0; k <= j; k++)
    row[k] = 0;
  for (int64_t i = 0; i < work->n; i++) {
    const lathe_real *point = work->points + i * work->d;
    double deviation = (double)point[j] - work->mean[j];
    for (int k = 0; k <= j; k++)
      row[k] += deviation * ((double)point[k] - work->mean[k]);
  }
  for (int k = 0; k <= j; k++)
    row[k] /= (double)work->n;
}

void lathe_moments(int64_t n, int d, const lathe_real *points, double *mean, double *covariance,
                   struct lathe_pool *pool)
{
  for (int k = 0; k < d; k++)
    mean[k] = 0;
  for (int64_t i = 0; i < n; i++)
    for (int k = 0; k < d; k++)
      mean[k] += (double)points[i * d + k];
  for (int k = 0; k < d; k++)
    mean[k] /= (double)n;

  struct products work = {n, d, points, mean, covariance};
  lathe_parallel(pool, d, covariance_row, &work);
  for (int j = 0; j < d; j++)
    for (int k = 0; k < j; k++)
      covariance[(int64_t)k * d + j] = covariance[(int64_t)j * d + k];
}
