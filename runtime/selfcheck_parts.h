/* The parts of a model's self-check (selfcheck.h): its checks, and what they share. */
#ifndef LATHE_SELFCHECK_PARTS_H
#define LATHE_SELFCHECK_PARTS_H

#include "error.h"
#include "mixture.h"
#include "model.h"
#include "session.h"
#include "tensors.h"
#include <stdbool.h>
#include <stdint.h>

/* One check, called with its arguments. False when it could not be made. */
typedef bool lathe_selfcheck(const struct lathe_model *model, char **arguments,
                             struct lathe_error *err);

#define CHECK(name, ...) lathe_selfcheck lathe_selfcheck_##name;
#include "selfcheck.def"
#undef CHECK

/* ---- What is found (selfcheck_finding.c) ---- */

/* One thing that was measured. It is as it should be when error <= tolerance; an error that is not
 * a number never is. */
struct lathe_finding {
  const char *check;     /* "gradients" */
  const char *precision; /* "float64"; NULL: this binary's */
  const char *item;      /* a tensor or value by the name that `trace` gives it, or a deed */
  double error, tolerance;
  double ulp;       /* the worst error of one number in units of float32's spacing; or 0 */
  char detail[256]; /* where the worst was found, or why the tolerance is wider */
};

/* Prints {"check", "precision", "item", "error" (null: not a number), "tolerance", "ulp", "detail"}
 * as one line. */
bool lathe_finding_print(const struct lathe_finding *finding, const struct lathe_model *model,
                         struct lathe_error *err);

/* Makes `error`, found against finding->tolerance, the finding's when it is worse than what is
 * there. Returns whether it was, for the caller to say where. */
bool lathe_finding_worse(struct lathe_finding *finding, double error);

/* Euclidean norms: of n numbers, and of the difference of two rows of n. */
double lathe_norm(const lathe_real *x, size_t n);
double lathe_norm_wide(const double *x, size_t n);
double lathe_distance_wide(const double *x, const double *y, size_t n);

/* ---- Weights, images and noise (selfcheck_data.c) ---- */

/* Numbers that are the same in float32 and float64, from a counter alone; or, with a `disturbance`
 * > 0, each off by a random relative error of up to float32's rounding, 2^-24, of that number. */

/* One of them. `place` and `index` tell disturbed numbers apart. */
lathe_real lathe_selfcheck_rounded(double x, uint64_t disturbance, uint64_t place, uint64_t index);

/* Every parameter and buffer about its initial values: no scale is 1 and no shift 0. Clears the
 * optimiser's state. */
void lathe_selfcheck_weights(struct lathe_state *state, const struct lathe_model *model,
                             uint64_t disturbance);

/* n images [n, input_size], uniform in the model's range, and noise [n, latent]; other ones for
 * another n. */
void lathe_selfcheck_images(const struct lathe_model *model, int n, uint64_t disturbance,
                            lathe_real *images, lathe_real *noise);

/* A learning rate at which a few steps from these weights change them, but not wildly. It makes a
 * step at rate 0: running statistics and the optimiser's state move. */
double lathe_selfcheck_rate(const struct lathe_model *model, struct lathe_state *state, int n,
                            const lathe_real *images, const lathe_real *noise);

/* Whether a step with one image has a loss: not under batch-norm, which needs a variance. */
bool lathe_selfcheck_trains_on(const struct lathe_model *model, int n);

/* ---- EM as one would first write it (selfcheck_naive_em.c) ---- */

/* As model->em_step, and the posterior [n, K] of each point under the mixture as it was given.
 * -1 without memory. */
int lathe_naive_em_step(int64_t n, const lathe_real *points, struct lathe_mixture *mixture,
                        double floor, double *log_likelihood, double *posterior);

/* ---- Memory that is watched (selfcheck_memory.c) ---- */

enum { LATHE_WATCHED_PARTS = 7 };

/* A state whose every part lies between guards, and the batch's outputs likewise. */
struct lathe_watched {
  struct lathe_state state;
  lathe_real *mean, *logvar; /* [capacity, latent] */
  lathe_real *decoded;       /* [capacity, input_size] */
  struct lathe_watched_part {
    const char *name;
    unsigned char *memory; /* guard, bytes, guard */
    size_t bytes;
  } parts[LATHE_WATCHED_PARTS];
};

/* Zeroed memory. lathe_watched_free accepts what failed, and a zeroed one. */
bool lathe_watched_new(struct lathe_watched *watched, const struct lathe_model *model, int capacity,
                       struct lathe_pool *pool, bool training, struct lathe_error *err);
void lathe_watched_free(struct lathe_watched *watched);

/* Makes NaN of all that a call may not read before it has written it: outputs, activations, scratch
 * and EM memory, gradients, tables of the batch. */
void lathe_watched_poison(struct lathe_watched *watched, const struct lathe_model *model);

/* Bytes of the guards around part i that have been written. */
size_t lathe_watched_overrun(const struct lathe_watched *watched, int i);

#endif
