#include "gmm.h"
#include "density.h"
#include "gmm_parts.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RECOVERIES_PER_COMPONENT = 3 };

/* A component with less than half a point to its weight has lost its points. */
static const double LEAST_POINTS = 0.5;

/* One run of EM: its mixture, what it reports, and what it works with. */
struct em_run {
  const struct lathe_gmm_fit *fit;
  const struct lathe_model *model;
  struct lathe_state *state;
  struct lathe_mixture mixture;
  struct lathe_em_report report;
  lathe_em_progress *progress;
  void *progress_arg;
  bool stopped; /* by progress: no other start is tried */
};

void lathe_em_report_free(struct lathe_em_report *report)
{
  /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): a run's are its own; they move, or are freed */
  free(report->log_likelihoods);
  *report = (struct lathe_em_report){0};
}

static void end_run(struct em_run *run)
{
  lathe_mixture_free(&run->mixture);
  lathe_em_report_free(&run->report);
}

__attribute__((format(printf, 2, 3))) static void note(struct lathe_em_report *report,
                                                       const char *format, ...)
{
  size_t used = strlen(report->notes);
  va_list args;
  va_start(args, format);
  vsnprintf(report->notes + used, sizeof report->notes - used, format, args);
  va_end(args);
}

/* Appends to log_likelihoods, whose room doubles as its length reaches a power of two. */
static bool record(struct lathe_em_report *report, double log_likelihood, struct lathe_error *err)
{
  size_t length = (size_t)report->iterations;
  if ((length & (length - 1)) == 0) {
    double *longer =
        realloc(report->log_likelihoods, (length > 0 ? 2 * length : 1) * sizeof *longer);
    if (!longer)
      return lathe_fail(err, "not enough memory to record %zu iterations of EM", length);
    report->log_likelihoods = longer;
  }
  report->log_likelihoods[length] = log_likelihood;
  report->log_likelihood = log_likelihood;
  report->iterations++;
  return true;
}

/* "component 2" or "component 2 (class 8)". */
static void describe(const struct lathe_mixture *mixture, int k, char text[64])
{
  char class[32];
  lathe_class_brief(mixture->names, mixture->labels[k], class, sizeof class);
  if (mixture->labels[k] == -1)
    snprintf(text, 64, "component %d", k);
  else
    snprintf(text, 64, "component %d (class %s)", k, class);
}

static bool reseed(struct em_run *run, int bad, const char *what, struct lathe_error *err)
{
  char name[64];
  int64_t point;
  describe(&run->mixture, bad, name);
  if (!lathe_gmm_recover(run->fit, &run->mixture, bad, &point, err))
    return false;
  run->report.recoveries++;
  note(&run->report,
       "Iteration %d: %s %s; it was moved to point %lld, the least likely, with the covariance "
       "pooled over the others.\n",
       run->report.iterations + 1, name, what, (long long)point);
  return true;
}

static bool may_recover(const struct em_run *run)
{
  return run->report.recoveries < RECOVERIES_PER_COMPONENT * run->mixture.components;
}

static bool recover_singular(struct em_run *run, int bad, struct lathe_error *err)
{
  if (!may_recover(run))
    return lathe_fail(err,
                      "the covariance of mixture component %d stays singular after %d attempts to "
                      "recover it; raise the mixture's floor (now %g) or use fewer components",
                      bad, run->report.recoveries, run->fit->mixing->floor);
  if (run->mixture.covariance != LATHE_TIED)
    return reseed(run, bad, "had a covariance that is not positive definite", err);
  run->report.recoveries++;
  note(&run->report,
       "Iteration %d: the components' covariance was not positive definite; it was replaced by "
       "that of all points.\n",
       run->report.iterations + 1);
  return lathe_covariance_of_all(run->fit, &run->mixture, run->mixture.covariances, err);
}

static bool all_finite(const double *values, size_t count)
{
  for (size_t i = 0; i < count; i++)
    if (!isfinite(values[i]))
      return false;
  return true;
}

static bool component_finite(const struct lathe_mixture *mixture, int k)
{
  size_t d = (size_t)mixture->dimensions;
  return isfinite(mixture->weights[k]) && all_finite(mixture->means + (size_t)k * d, d) &&
         (mixture->covariance == LATHE_TIED ||
          all_finite(lathe_covariance_of(mixture, k), lathe_covariance_block(mixture)));
}

/* Re-seeds the components that have lost their points; *recovered says whether there were any. */
static bool recover_lost(struct em_run *run, bool *recovered, struct lathe_error *err)
{
  struct lathe_mixture *mixture = &run->mixture;
  size_t d = (size_t)mixture->dimensions;
  double n = (double)run->fit->points.n;
  *recovered = false;
  /* No weight, so that numbers that are not finite reach nothing before they are replaced. */
  for (int k = 0; k < mixture->components; k++) {
    if (!component_finite(mixture, k)) {
      mixture->weights[k] = 0;
      memset(mixture->means + (size_t)k * d, 0, d * sizeof(double));
    }
  }
  for (int k = 0; k < mixture->components; k++) {
    bool finite = component_finite(mixture, k);
    if (finite && (mixture->weights[k] * n >= LEAST_POINTS || !may_recover(run)))
      continue;
    if (!may_recover(run))
      return lathe_fail(err, "mixture component %d has values that are not finite numbers", k);
    if (!reseed(run, k, "lost its points", err))
      return false;
    *recovered = true;
  }
  return true;
}

/* Components that begin with the same mean stay together: EM has no reason, or little, to tell them
 * apart. All but the first of such are moved away. */
static bool part_twins(struct em_run *run, struct lathe_error *err)
{
  const struct lathe_mixture *mixture = &run->mixture;
  size_t d = (size_t)mixture->dimensions;
  for (int k = 1; k < mixture->components; k++)
    for (int other = 0; other < k; other++) {
      char name[64], what[128];
      if (memcmp(mixture->means + (size_t)k * d, mixture->means + (size_t)other * d,
                 d * sizeof(double)) != 0)
        continue;
      describe(mixture, other, name);
      snprintf(what, sizeof what, "began with the mean of %s", name);
      if (!reseed(run, k, what, err))
        return false;
      break;
    }
  return true;
}

static bool iterate(struct em_run *run, struct lathe_error *err)
{
  const struct lathe_mixing *mixing = run->fit->mixing;
  const struct lathe_points *points = &run->fit->points;
  double before = -INFINITY;
  if (!part_twins(run, err))
    return false;
  do {
    double log_likelihood = 0;
    int singular;
    while ((singular = run->model->em_step(run->state, points->n, points->values, &run->mixture,
                                           mixing->floor, &log_likelihood)) != 0) {
      if (!recover_singular(run, singular - 1, err))
        return false;
      before = -INFINITY; /* the gain over another mixture means nothing */
    }
    if (!isfinite(log_likelihood))
      return lathe_fail(err,
                        "the mixture's log-likelihood is no longer a finite number after %d "
                        "iterations of EM; raise the mixture's floor (now %g)",
                        run->report.iterations, mixing->floor);

    bool recovered;
    if (!recover_lost(run, &recovered, err) || !record(&run->report, log_likelihood, err))
      return false;
    run->stopped = run->progress && !run->progress(run->progress_arg, &run->report, &run->mixture);
    if (run->stopped)
      return lathe_fail(err, "EM was stopped after %d iterations", run->report.iterations);
    run->report.converged = !recovered && log_likelihood - before < mixing->tolerance;
    before = recovered ? -INFINITY : log_likelihood;
  } while (!run->report.converged && run->report.iterations < mixing->iterations);
  return true;
}

/* Names the components that are in excess of the classes or were re-seeded, by the posterior that
 * the classes' means have in them. */
static bool name_rest(struct em_run *run, struct lathe_error *err)
{
  struct lathe_mixture *mixture = &run->mixture;
  const struct lathe_gmm_start *start = run->fit->start;
  bool all_named = true;
  for (int k = 0; k < mixture->components; k++)
    all_named = all_named && mixture->labels[k] != -1;
  if (all_named)
    return true;
  size_t components = (size_t)mixture->components;
  double *posterior = calloc((size_t)start->classes, components * sizeof *posterior);
  if (!posterior)
    return lathe_fail(err, "not enough memory to name %zu components", components);
  struct lathe_density density;
  bool done = lathe_density_new(&density, mixture, NULL, err);
  if (done) {
    for (int c = 0; c < start->classes; c++)
      lathe_density_at(&density, start->means + (int64_t)c * start->dimensions,
                       posterior + (size_t)c * components);
    lathe_density_free(&density);
    done = lathe_gmm_assign_labels(mixture, start->classes, posterior, start->labels, true, err);
  }
  free(posterior);
  return done;
}

static bool run_em(struct em_run *run, struct lathe_error *err)
{
  const struct lathe_mixing *mixing = run->fit->mixing;
  return lathe_mixture_new(&run->mixture, mixing->components, run->fit->points.dimensions,
                           mixing->covariance, err) &&
         lathe_gmm_initialise(run->fit, (uint64_t)run->report.restart, &run->mixture, err) &&
         iterate(run, err) && (mixing->init != LATHE_INIT_LABELLED || name_rest(run, err));
}

static bool check_input(const struct lathe_gmm_fit *fit, struct lathe_error *err)
{
  const struct lathe_points *points = &fit->points;
  const struct lathe_gmm_start *start = fit->start;
  int components = fit->mixing->components;
  if (points->n < components)
    return lathe_fail(
        err,
        "a mixture of %d components cannot be fitted to %lld points; give more of them "
        "or use fewer components",
        components, (long long)points->n);
  for (int64_t i = 0; i < points->n * points->dimensions; i++)
    if (!isfinite((double)points->values[i]))
      return lathe_fail(err,
                        "the latent mean of point %lld is not a finite number; training has "
                        "diverged (try a lower learning rate) or the weights are damaged",
                        (long long)(i / points->dimensions));
  if (fit->mixing->init != LATHE_INIT_LABELLED)
    return true;
  if (!start)
    return lathe_fail(err, "the mixture starts from labelled points, and there are none; give some "
                           "or choose `init kmeans++` in the mixture section");
  if (start->dimensions != points->dimensions)
    return lathe_fail(err, "the labelled points have %d dimensions and the others %d",
                      start->dimensions, points->dimensions);
  if (start->classes > components)
    return lathe_fail(err,
                      "the labelled points are of %d classes and the mixture has %d components; "
                      "raise `components` to %d or more, or leave classes out",
                      start->classes, components, start->classes);
  return true;
}

bool lathe_gmm_fit(const struct lathe_model *model, struct lathe_state *state, int64_t n,
                   const lathe_real *points, const struct lathe_gmm_start *start, uint64_t seed,
                   struct lathe_mixture *out, struct lathe_em_report *report,
                   lathe_em_progress *progress, void *arg, struct lathe_error *err)
{
  struct lathe_gmm_fit fit = {&model->mixing, {n, model->latent, points}, start, seed, state->pool};
  *out = (struct lathe_mixture){0};
  *report = (struct lathe_em_report){0};
  if (!check_input(&fit, err))
    return false;

  char failed[sizeof report->notes] = ""; /* which starts, and why */
  bool repeat = model->mixing.init != LATHE_INIT_LABELLED;
  int runs = repeat && model->mixing.restarts > 1 ? model->mixing.restarts : 1;
  bool found = false, stopped = false;
  for (int i = 0; i < runs && !stopped; i++) {
    struct em_run run = {.fit = &fit,
                         .model = model,
                         .state = state,
                         .report = {.restart = i},
                         .progress = progress,
                         .progress_arg = arg};
    struct lathe_error why = {""};
    bool done = run_em(&run, &why);
    stopped = run.stopped;
    if (done && (!found || run.report.log_likelihood > report->log_likelihood)) {
      lathe_mixture_free(out);
      lathe_em_report_free(report);
      *out = run.mixture;
      *report = run.report;
      found = true;
    } else {
      end_run(&run); /* one start that fails does not spoil the others */
    }
    size_t used = strlen(failed);
    if (!done && strlen(why.text) + 40 < sizeof failed - used)
      snprintf(failed + used, sizeof failed - used, "Start %d failed: %s.\n", i + 1, why.text);
    if (!done)
      lathe_fail(err, "%s", why.text);
  }
  if (found)
    note(report, "%s", failed);
  return found;
}
