#include "profile.h"
#include "allocate.h"
#include "clock.h"
#include "philox.h"
#include <math.h>
#include <stdlib.h>

enum { LEAST_STEPS = 4, MOST_STEPS = 4000 };

/* What is timed outside of kernels, after a step's kernels in its row. */
enum { DATA, NOISE, REST, OUTSIDE };

struct watch {
  struct lathe_session *session;
  const struct lathe_dataset *dataset;
  const int64_t *order; /* [n] images of a batch */
  int n, kernels;
  int64_t taken;  /* steps */
  double started; /* the kernel that runs */
  double *row;    /* [kernels + OUTSIDE] of the step that runs */
};

static void before_kernel(void *arg, int kernel)
{
  (void)kernel;
  ((struct watch *)arg)->started = lathe_now();
}

static void after_kernel(void *arg, int kernel)
{
  struct watch *watch = arg;
  if (kernel < watch->kernels)
    watch->row[kernel] = lathe_now() - watch->started;
}

/* One step; returns the seconds it took. At rate 0 the weights stay where they are. */
static double take_step(struct watch *watch, double *row)
{
  struct lathe_session *session = watch->session;
  const struct lathe_model *model = session->model;
  struct lathe_state *state = &session->state;
  watch->row = row;
  watch->taken++;
  const double begin = lathe_now();
  lathe_dataset_gather_on(session->pool, watch->dataset, model, watch->order, 0, watch->n,
                          session->images);
  const double gathered = lathe_now();
  lathe_random_normal(0, LATHE_RANDOM_BENCH, (uint64_t)watch->taken, 0,
                      (int64_t)watch->n * model->latent, session->noise);
  const double drawn = lathe_now();
  if (row) {
    state->before_kernel = before_kernel;
    state->after_kernel = after_kernel;
    state->before_arg = state->after_arg = watch;
  }
  model->train_step(state, watch->n, session->images, session->noise, 0, watch->taken);
  const double end = lathe_now();
  state->before_kernel = state->after_kernel = NULL;
  state->before_arg = state->after_arg = NULL;
  if (row) {
    double *outside = row + watch->kernels;
    outside[DATA] = gathered - begin;
    outside[NOISE] = drawn - gathered;
    outside[REST] = end - drawn;
    for (int k = 0; k < watch->kernels; k++)
      outside[REST] -= row[k];
  }
  return end - begin;
}

struct taken {
  double seconds;
  int row;
};

static int compare(const void *a, const void *b)
{
  double x = ((const struct taken *)a)->seconds, y = ((const struct taken *)b)->seconds;
  return (x > y) - (x < y);
}

/* Sorts the steps; the mean duration of the middle half, which is [first, last). */
static double middle(struct taken *taken, int count, int *first, int *last)
{
  double sum = 0;
  qsort(taken, (size_t)count, sizeof *taken, compare);
  *first = count / 4;
  *last = count - count / 4;
  for (int i = *first; i < *last; i++)
    sum += taken[i].seconds;
  return sum / (*last - *first);
}

static void average(struct lathe_profile *profile, int kernels, const double *rows,
                    struct taken *watched, struct taken *alone)
{
  int first, last, width = kernels + OUTSIDE;
  profile->step = middle(alone, profile->steps, &first, &last);
  profile->watched = middle(watched, profile->steps, &first, &last);
  for (int i = first; i < last; i++) {
    const double *row = rows + (int64_t)watched[i].row * width;
    double share = 1.0 / (last - first);
    for (int k = 0; k < kernels; k++)
      profile->kernels[k] += row[k] * share;
    profile->data += row[kernels + DATA] * share;
    profile->noise += row[kernels + NOISE] * share;
    profile->rest += row[kernels + REST] * share;
  }
}

/* `alone` has been sorted by average(). */
static void find_least(struct lathe_profile *profile, int kernels, const double *rows,
                       const struct taken *alone)
{
  profile->step_least = alone[0].seconds;
  for (int k = 0; k < kernels; k++) {
    profile->kernels_least[k] = rows[k];
    for (int i = 1; i < profile->steps; i++)
      profile->kernels_least[k] =
          fmin(profile->kernels_least[k], rows[(int64_t)i * (kernels + OUTSIDE) + k]);
  }
}

bool lathe_profile_take(struct lathe_profile *profile, struct lathe_session *session, int n,
                        const struct lathe_dataset *dataset, double seconds,
                        struct lathe_error *err)
{
  const char *what = "the times of the steps";
  const int kernels = session->model->kernel_count, width = kernels + OUTSIDE;
  *profile = (struct lathe_profile){0};
  int64_t *order = lathe_allocate(n, 1, sizeof *order, what, err);
  double *rows = lathe_allocate(MOST_STEPS, width, sizeof *rows, what, err);
  struct taken *watched = lathe_allocate(MOST_STEPS, 2, sizeof *watched, what, err);
  profile->kernels = lathe_allocate(kernels + 1, 2, sizeof *profile->kernels, what, err);
  bool good = order && rows && watched && profile->kernels;
  if (good) {
    struct taken *alone = watched + MOST_STEPS;
    struct watch watch = {session, dataset, order, .n = n, .kernels = kernels};
    for (int i = 0; i < n; i++) {
      uint64_t at = (uint64_t)i;
      order[i] =
          (int64_t)lathe_random_below(0, LATHE_RANDOM_BENCH, 3, &at, (uint64_t)dataset->count);
    }
    take_step(&watch, NULL); /* the first one meets cold caches */
    const double begin = lathe_now();
    int i = 0;
    for (; i < LEAST_STEPS || (i < MOST_STEPS && lathe_now() - begin < seconds); i++) {
      alone[i] = (struct taken){take_step(&watch, NULL), i};
      watched[i] = (struct taken){take_step(&watch, rows + (int64_t)i * width), i};
    }
    profile->steps = i;
    average(profile, kernels, rows, watched, alone);
    profile->kernels_least = profile->kernels + kernels + 1;
    find_least(profile, kernels, rows, alone);
  }
  free(order);
  free(rows);
  free(watched);
  if (!good)
    lathe_profile_free(profile);
  return good;
}

void lathe_profile_free(struct lathe_profile *profile)
{
  free(profile->kernels);
  *profile = (struct lathe_profile){0};
}
