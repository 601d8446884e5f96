/* Expectation-maximisation for 3 Gaussians in 20 dimensions, full covariances. */
#include "digits_conv_internal.h"
#include <math.h>
#include <string.h>

enum {
  K = 3,  /* components */
  D = 20,  /* dimensions */
  CHUNKS = 32, /* stretches of points with sums of their own, whatever the threads */
  SECOND = 1200, /* second moments */
};

/* A component made ready for densities. */
struct component {
  double mean[D];
  double inverse[D][D]; /* of the covariance's Cholesky factor, transposed */
  double log_constant; /* log(weight) - (log det(covariance) + D log(2 pi)) / 2 */
};

/* What one stretch of points adds to the M-step; moments about the old means. */
struct sums {
  double log_likelihood;
  double count[K];
  double first[K * D];
  double second[SECOND];
};

/* Returns 0, or 1 + the first component whose covariance is not positive definite. */
static int prepare(const struct lathe_mixture *mixture, struct component components[K])
{
  for (int k = 0; k < K; k++) {
    struct component *const c = &components[k];
    double log_det = 0;
    memcpy(c->mean, mixture->means + k * D, sizeof c->mean);
    const double *const covariance = mixture->covariances + k * D * D;
    double factor[D][D];
    for (int i = 0; i < D; i++) {
      for (int j = 0; j <= i; j++) {
        double sum = covariance[i * D + j];
        for (int m = 0; m < j; m++)
          sum -= factor[i][m] * factor[j][m];
        if (j < i)
          factor[i][j] = sum / factor[j][j];
        else if (sum > 0)
          factor[i][i] = sqrt(sum);
        else
          return 1 + k;
      }
      log_det += 2 * log(factor[i][i]);
    }
    for (int j = 0; j < D; j++) {
      for (int i = 0; i < D; i++) {
        double sum = i == j ? 1 : 0;
        for (int m = j; m < i; m++)
          sum -= factor[i][m] * c->inverse[j][m];
        c->inverse[j][i] = i < j ? 0 : sum / factor[i][i];
      }
    }
    c->log_constant = log(mixture->weights[k]) - 0.5 * (log_det + D * 1.8378770664093453);
  }
  return 0;
}

/* Posterior probabilities of one point and, returned, its log-likelihood. The largest term
 * is taken out of the sum of exponentials, so that none overflows. */
static double posterior_of(const struct component components[K], const float *point,
    double differences[K][D], double posterior[K])
{
  double most = -HUGE_VAL;
  for (int k = 0; k < K; k++) {
    const struct component *const c = &components[k];
    double *const difference = differences[k];
    for (int i = 0; i < D; i++)
      difference[i] = (double)point[i] - c->mean[i];
    double q = 0;
    double whitened[D] = {0};
    for (int j = 0; j < D; j++)
      for (int i = 0; i < D; i++)
        whitened[i] += c->inverse[j][i] * difference[j];
    for (int i = 0; i < D; i++)
      q += whitened[i] * whitened[i];
    posterior[k] = c->log_constant - 0.5 * q;
    most = posterior[k] > most ? posterior[k] : most;
  }
  double total = 0;
  for (int k = 0; k < K; k++) {
    posterior[k] = exp(posterior[k] - most);
    total += posterior[k];
  }
  for (int k = 0; k < K; k++)
    posterior[k] /= total;
  return most + log(total);
}

struct em_call {
  const struct component *components;
  const float *points;
  int64_t n;
  struct sums *sums; /* one for each chunk */
};

static void gather(void *arg, int task, int thread)
{
  (void)thread;
  const struct em_call *const call = arg;
  struct sums *const sums = call->sums + task;
  memset(sums, 0, sizeof *sums);
  const int64_t begin = call->n * task / CHUNKS;
  const int64_t end = call->n * (task + 1) / CHUNKS;
  for (int64_t p = begin; p < end; p++) {
    double differences[K][D];
    double posterior[K];
    sums->log_likelihood +=
        posterior_of(call->components, call->points + p * D, differences, posterior);
    for (int k = 0; k < K; k++) {
      const double r = posterior[k];
      const double *const difference = differences[k];
      sums->count[k] += r;
      for (int i = 0; i < D; i++)
        sums->first[k * D + i] += r * difference[i];
      double *const second = sums->second + k * D * D;
      for (int i = 0; i < D; i++) {
        const double weighted = r * difference[i];
        for (int j = 0; j < D; j++)
          second[i * D + j] += weighted * difference[j];
      }
    }
  }
}

static void add(struct sums *to, const struct sums *from)
{
  to->log_likelihood += from->log_likelihood;
  for (int k = 0; k < K; k++)
    to->count[k] += from->count[k];
  for (int i = 0; i < K * D; i++)
    to->first[i] += from->first[i];
  for (int i = 0; i < SECOND; i++)
    to->second[i] += from->second[i];
}

/* A component that has lost all its points keeps its place, with weight 0. */
static void maximise(struct lathe_mixture *mixture, struct sums *sums, int64_t n, double floor)
{
  double *const second = sums->second;
  for (int k = 0; k < K; k++) {
    const double count = sums->count[k];
    mixture->weights[k] = count / (double)n;
    if (!(count > 0))
      continue;
    double shift[D];
    for (int i = 0; i < D; i++) {
      shift[i] = sums->first[k * D + i] / count;
      mixture->means[k * D + i] += shift[i];
    }
    double *const covariance = mixture->covariances + k * D * D;
    for (int i = 0; i < D; i++) {
      for (int j = 0; j < D; j++)
        covariance[i * D + j] =
          second[k * D * D + i * D + j] / count - shift[i] * shift[j];
      covariance[i * D + i] += floor;
    }
  }
}

int digits_conv_em_step(struct lathe_state *state, int64_t n, const float *points,
    struct lathe_mixture *mixture, double floor, double *log_likelihood)
{
  struct component components[K];
  const int failed = prepare(mixture, components);
  if (failed != 0)
    return failed;
  struct em_call call = {components, points, n, (struct sums *)(void *)state->em};
  lathe_parallel(state->pool, CHUNKS, gather, &call);
  for (int c = 1; c < CHUNKS; c++)
    add(&call.sums[0], &call.sums[c]);
  *log_likelihood = call.sums[0].log_likelihood / (double)n;
  maximise(mixture, &call.sums[0], n, floor);
  return 0;
}

int digits_conv_responsibilities(const struct lathe_mixture *mixture, int64_t n,
    const float *points, double *posterior, double *log_likelihood)
{
  struct component components[K];
  const int failed = prepare(mixture, components);
  if (failed != 0)
    return failed;
  for (int64_t p = 0; p < n; p++) {
    double differences[K][D];
    const double total =
        posterior_of(components, points + p * D, differences, posterior + p * K);
    if (log_likelihood != NULL)
      log_likelihood[p] = total;
  }
  return 0;
}
