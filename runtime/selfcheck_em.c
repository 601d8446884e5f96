/* em: emitted iterations on points drawn from a mixture of the model's own size and kind, each
 * against its definition, from the same start; and what EM promises of the likelihood. */
#include "allocate.h"
#include "gmm.h"
#include "philox.h"
#include "selfcheck_parts.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { ITERATIONS = 25, LEAST_POINTS = 300 };

/* Two ways of adding the same doubles; what a likelihood may fall by rounding. */
static const double TOLERANCE = 1e-8, ROUNDING = 1e-12;

/* Floating-point operations to spend on all iterations, of which there are two at least. */
static const double BUDGET = 2e10;

enum item { FALL, LIKELIHOOD, WEIGHTS, MEANS, COVARIANCES, POSTERIOR, ITEMS };

struct fit {
  struct lathe_session session;
  int64_t n;
  int iterations;
  lathe_real *points;                  /* [n, D] */
  double *posterior, *naive_posterior; /* [n, K] */
  struct lathe_mixture mixture, naive;
  struct lathe_finding findings[ITEMS];
};

static void fit_free(struct fit *fit)
{
  free(fit->points);
  free(fit->posterior);
  free(fit->naive_posterior);
  lathe_mixture_free(&fit->mixture);
  lathe_mixture_free(&fit->naive);
  lathe_session_close(&fit->session);
}

static double normal(uint64_t step, uint64_t index)
{
  double x;
  lathe_random_normal_double(3, LATHE_RANDOM_EM_START, step, index, 1, &x);
  return x;
}

/* Coordinate i of the place around which component k's points lie: near enough to the others, in
 * any dimension, for components to overlap. */
static double centre(const struct fit *fit, int k, int i)
{
  return 3 / sqrt(fit->session.model->latent) *
         normal(0, (uint64_t)k * (uint64_t)fit->session.model->latent + (uint64_t)i);
}

static void draw_points(struct fit *fit)
{
  const struct lathe_model *model = fit->session.model;
  int d = model->latent;
  for (int64_t p = 0; p < fit->n; p++) {
    int k = (int)(p % model->mixing.components);
    for (int i = 0; i < d; i++)
      fit->points[p * d + i] =
          (lathe_real)(centre(fit, k, i) +
                       (0.7 + 0.1 * (i % 5)) * normal(1, (uint64_t)(p * d + i)));
  }
}

/* Off the centres, with unit covariances and equal weights. */
static void start(struct fit *fit)
{
  struct lathe_mixture *m = &fit->mixture;
  int d = m->dimensions;
  size_t count = lathe_covariance_count(m->covariance, m->components, d);
  bool matrix = m->covariance == LATHE_FULL || m->covariance == LATHE_TIED;
  for (int k = 0; k < m->components; k++) {
    m->weights[k] = 1.0 / m->components;
    for (int i = 0; i < d; i++)
      m->means[k * d + i] =
          centre(fit, k, i) + 0.5 / sqrt(d) * normal(2, (uint64_t)k * (uint64_t)d + (uint64_t)i);
  }
  for (size_t i = 0; i < count; i++)
    m->covariances[i] = !matrix || i % ((size_t)d * (size_t)d) % ((size_t)d + 1) == 0;
}

static bool prepare(struct fit *fit, const struct lathe_model *model, struct lathe_error *err)
{
  int k = model->mixing.components, d = model->latent;
  struct lathe_session_size size = {1, 0, true};
  if (!lathe_session_open(&fit->session, model, size, err) ||
      !lathe_mixture_new(&fit->mixture, k, d, model->mixing.covariance, err) ||
      !lathe_mixture_new(&fit->naive, k, d, model->mixing.covariance, err))
    return false;
  fit->n = (int64_t)k * (2 * (int64_t)d + 10);
  fit->n = fit->n > LEAST_POINTS ? fit->n : LEAST_POINTS;
  double iteration = (double)fit->n * k * (2.0 * d * d + 200);
  fit->iterations = (int)fmin(fmax(BUDGET / iteration, 2), ITERATIONS);
  fit->points = lathe_allocate(fit->n, d, sizeof *fit->points, "points", err);
  fit->posterior = lathe_allocate(fit->n, k, sizeof(double), "points", err);
  fit->naive_posterior = lathe_allocate(fit->n, k, sizeof(double), "points", err);
  if (!fit->points || !fit->posterior || !fit->naive_posterior)
    return false;
  draw_points(fit);
  return true;
}

static void measure(struct fit *fit, enum item item, int iteration, const double *found,
                    const double *expected, size_t count)
{
  double off = lathe_distance_wide(found, expected, count);
  if (lathe_finding_worse(&fit->findings[item],
                          off == 0 ? 0 : off / lathe_norm_wide(expected, count)))
    snprintf(fit->findings[item].detail, sizeof fit->findings[item].detail, "iteration %d of %d",
             iteration, fit->iterations);
}

/* One emitted iteration beside one by definition. False when there is to be no other: a component
 * has lost its points, and both say so. */
static bool iterate(struct fit *fit, int iteration, double floor, double *log_likelihood)
{
  const struct lathe_model *model = fit->session.model;
  struct lathe_mixture *m = &fit->mixture, *naive = &fit->naive;
  lathe_mixture_copy(naive, m);
  double expected = 0;
  int failed = model->responsibilities(m, fit->n, fit->points, fit->posterior, NULL);
  int stepped = model->em_step(&fit->session.state, fit->n, fit->points, m, floor, log_likelihood);
  int said =
      lathe_naive_em_step(fit->n, fit->points, naive, floor, &expected, fit->naive_posterior);
  if (failed != said || stepped != said) {
    fit->findings[LIKELIHOOD].error = NAN;
    snprintf(fit->findings[LIKELIHOOD].detail, sizeof fit->findings[LIKELIHOOD].detail,
             "iteration %d returns %d, responsibilities %d; by definition %d", iteration, stepped,
             failed, said);
  }
  if (failed != 0 || stepped != 0 || said != 0)
    return false;
  int k = m->components, d = m->dimensions;
  measure(fit, LIKELIHOOD, iteration, log_likelihood, &expected, 1);
  measure(fit, WEIGHTS, iteration, m->weights, naive->weights, (size_t)k);
  measure(fit, MEANS, iteration, m->means, naive->means, (size_t)k * (size_t)d);
  measure(fit, COVARIANCES, iteration, m->covariances, naive->covariances,
          lathe_covariance_count(m->covariance, k, d));
  measure(fit, POSTERIOR, iteration, fit->posterior, fit->naive_posterior,
          (size_t)fit->n * (size_t)k);
  return true;
}

/* The likelihood cannot fall where nothing is added to the variances: a floor takes the mixture
 * away from the maximum that the iteration found. */
static void run(struct fit *fit, double floor)
{
  double last = -INFINITY, log_likelihood;
  start(fit);
  for (int i = 1; i <= fit->iterations && iterate(fit, i, floor, &log_likelihood); i++) {
    double fall = (last - log_likelihood) / fmax(fabs(log_likelihood), 1);
    if (floor == 0 && lathe_finding_worse(&fit->findings[FALL], fmax(fall, 0)))
      snprintf(fit->findings[FALL].detail, sizeof fit->findings[FALL].detail,
               "iteration %d of %d: from %.12g to %.12g", i, fit->iterations, last, log_likelihood);
    last = log_likelihood;
  }
}

bool lathe_selfcheck_em(const struct lathe_model *model, char **arguments, struct lathe_error *err)
{
  (void)arguments;
  static const struct {
    const char *name;
    double tolerance;
  } items[ITEMS] = {
      [FALL] = {"log-likelihood's fall", ROUNDING},
      [LIKELIHOOD] = {"log-likelihood", TOLERANCE},
      [WEIGHTS] = {"mixture.weights", TOLERANCE},
      [MEANS] = {"mixture.means", TOLERANCE},
      [COVARIANCES] = {"mixture.covariances", TOLERANCE},
      [POSTERIOR] = {"responsibilities", TOLERANCE},
  };
  struct fit fit = {0};
  for (int i = 0; i < ITEMS; i++)
    fit.findings[i] = (struct lathe_finding){
        .check = "em", .item = items[i].name, .tolerance = items[i].tolerance};
  bool good = prepare(&fit, model, err);
  if (good) {
    run(&fit, 0);
    run(&fit, model->mixing.floor);
  }
  for (int i = 0; good && i < ITEMS; i++)
    good = lathe_finding_print(&fit.findings[i], model, err);
  fit_free(&fit);
  return good;
}
