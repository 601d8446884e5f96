/* Fitting a Gaussian mixture by expectation-maximisation (Dempster, Laird and Rubin 1977): the
 * starts, the iterations, the recovery of components that degenerate, and their names. */
#ifndef LATHE_GMM_H
#define LATHE_GMM_H

#include "error.h"
#include "mixture.h"
#include "model.h"
#include "real.h"
#include "state.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Doubles in the covariances of such a mixture. */
size_t lathe_covariance_count(enum lathe_covariance covariance, int components, int dimensions);

/* Allocates a mixture: weights 1/K, means 0, unit covariances, no names. Its arrays belong to it;
 * on failure *mixture is zeroed. lathe_mixture_free accepts a zeroed mixture. */
bool lathe_mixture_new(struct lathe_mixture *mixture, int components, int dimensions,
                       enum lathe_covariance covariance, struct lathe_error *err);
void lathe_mixture_free(struct lathe_mixture *mixture);

/* Copies the numbers of `from` into `to`, which was allocated with the same sizes. */
void lathe_mixture_copy(struct lathe_mixture *to, const struct lathe_mixture *from);

/* Where EM starts when the mixture is initialised from labelled points: the classes' means. */
struct lathe_gmm_start {
  int classes;
  int dimensions;
  double *means;                         /* [classes, dimensions] */
  int64_t *labels;                       /* [classes], ascending */
  const struct lathe_class_names *names; /* of these, or NULL; not owned */
};

/* The mean of each class of n labelled points [n, dimensions]. The arrays belong to *start;
 * lathe_gmm_start_free releases them. Fails when n is 0 or a value is not finite. */
bool lathe_gmm_start_new(struct lathe_gmm_start *start, int64_t n, int dimensions,
                         const lathe_real *points, const int64_t *labels, struct lathe_error *err);
void lathe_gmm_start_free(struct lathe_gmm_start *start);

struct lathe_em_report {
  int iterations; /* of the run that was kept */
  bool converged; /* it gained less than the tolerance, rather than ran out of iterations */
  double *log_likelihoods; /* [iterations]: mean log-likelihood a point, before each iteration */
  double log_likelihood;   /* the last of them */
  int restart;             /* which start was kept, from 0 */
  int recoveries;          /* components re-seeded in the run that was kept */
  char notes[2048];        /* what was recovered and how, one sentence a line; else "" */
};

void lathe_em_report_free(struct lathe_em_report *report);

/* Called after each iteration with what has been reported so far and the mixture it gave; `arg` is
 * the caller's. False ends the fit, which then fails, or gives the best of the runs before. */
typedef bool lathe_em_progress(void *arg, const struct lathe_em_report *report,
                               const struct lathe_mixture *mixture);

/* Fits model->mixing's mixture to n points [n, model->latent] with model->em_step.
 *
 * Start: model->mixing.init: labelled (the components' means are the classes' means in `start`, and
 * take their labels; components in excess of the classes are seeded by k-means++), kmeans
 * (k-means++ and Lloyd's iterations) or random (points drawn as means; both make mixing.restarts
 * runs and keep the likeliest). Weights and covariances start from the points nearest to each mean.
 *
 * Iterates until the mean log-likelihood gains less than mixing.tolerance or mixing.iterations are
 * done. A component that begins as another does, loses its points, or whose covariance is not
 * positive definite, moves to the least likely point with the covariance pooled over the others;
 * the report says so.
 *
 * *out is allocated here (lathe_mixture_free) and so is what *report holds (lathe_em_report_free);
 * both are zeroed on failure: fewer points than components, values that are not finite, a start of
 * another dimension or with more classes than components, a covariance that stays singular.
 * `start` may be NULL unless init is labelled; `progress` may be NULL. */
bool lathe_gmm_fit(const struct lathe_model *model, struct lathe_state *state, int64_t n,
                   const lathe_real *points, const struct lathe_gmm_start *start, uint64_t seed,
                   struct lathe_mixture *out, struct lathe_em_report *report,
                   lathe_em_progress *progress, void *arg, struct lathe_error *err);

/* Sets mixture->labels from n labelled points [n, D]. With as many classes as components, the
 * one-to-one assignment of greatest total posterior (Kuhn 1955); else each component takes the
 * class with the greatest total posterior in it, and several may share one. A component in which no
 * labelled point has any posterior is unnamed (-1). */
bool lathe_gmm_name_components(struct lathe_mixture *mixture, int64_t n, const lathe_real *points,
                               const int64_t *labels, struct lathe_error *err);

#endif
