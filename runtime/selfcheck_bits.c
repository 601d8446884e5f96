/* bits: the same work with other threads, other capacities and other memory gives the same bits,
 * whatever the memory held before, and no part of the memory is left. */
#include "allocate.h"
#include "columns.h"
#include "gmm.h"
#include "optimiser_state.h"
#include "philox.h"
#include "selfcheck_parts.h"
#include "tensor_order.h"
#include "weights.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IMAGES = 33, STEPS = 3, CAPACITY = 40, POINTS = 500, ITERATIONS = 3 };

static const struct way {
  const char *check, *item;
  int threads, capacity;
  bool poisoned;    /* memory is NaN before each call */
  bool interrupted; /* other calls come between the steps */
  bool inference;   /* the calls that can be are made in memory for inference */
  bool at_once;     /* gradients of all steps but the last are applied as they are made */
} ways[] = {
    {"threads", "1 thread", 1, IMAGES, false, false, false, false},
    {"threads", "2 threads", 2, IMAGES, false, false, false, false},
    {"threads", "3 threads", 3, IMAGES, false, false, false, false},
    {"memory", "what memory held before", 1, IMAGES, true, false, false, false},
    {"memory", "room for more images", 2, CAPACITY, true, false, false, false},
    {"memory", "other calls between", 2, IMAGES, true, true, false, false},
    {"memory", "memory for inference", 2, IMAGES, true, false, true, false},
    {"memory", "gradients applied at once", 2, IMAGES, true, false, false, true},
};
enum { WAYS = sizeof ways / sizeof ways[0] };

struct work {
  const struct lathe_model *model;
  const struct way *way;
  struct lathe_pool *pool;
  struct lathe_watched watched;
  lathe_real *images, *noise, *points;
  size_t overrun[LATHE_WATCHED_PARTS];
  struct lathe_tensors out;
};

static bool keep(struct work *work, const char *name, enum lathe_dtype dtype, size_t count,
                 const void *values, struct lathe_error *err)
{
  const int64_t shape = (int64_t)count;
  void *to = lathe_tensors_add(&work->out, name, dtype, 1, &shape, err);
  if (to)
    memcpy(to, values, count * lathe_dtype_size(dtype));
  return to != NULL;
}

static void before_call(struct work *work)
{
  if (work->way->poisoned)
    lathe_watched_poison(&work->watched, work->model);
}

static struct lathe_loss infer(struct work *work, int n)
{
  struct lathe_watched *w = &work->watched;
  before_call(work);
  work->model->encode(&w->state, n, work->images, w->mean, w->logvar);
  return work->model->evaluate(&w->state, n, work->images, work->noise);
}

static bool fit(struct work *work, struct lathe_error *err)
{
  const struct lathe_model *model = work->model;
  struct lathe_mixture m;
  int k = model->mixing.components, d = model->latent;
  if (!lathe_mixture_new(&m, k, d, model->mixing.covariance, err))
    return false;
  for (int i = 0; i < k * d; i++)
    m.means[i] = (double)work->points[i % (POINTS * d)];
  double likelihoods[ITERATIONS] = {0};
  for (int i = 0; i < ITERATIONS; i++) {
    before_call(work);
    model->em_step(&work->watched.state, POINTS, work->points, &m, model->mixing.floor,
                   &likelihoods[i]);
  }
  size_t count = lathe_covariance_count(m.covariance, k, d);
  bool good = keep(work, "log-likelihood", LATHE_F64, ITERATIONS, likelihoods, err) &&
              keep(work, "mixture.weights", LATHE_F64, (size_t)k, m.weights, err) &&
              keep(work, "mixture.means", LATHE_F64, (size_t)k * (size_t)d, m.means, err) &&
              keep(work, "mixture.covariances", LATHE_F64, count, m.covariances, err);
  lathe_mixture_free(&m);
  return good;
}

/* Gradients of the last step, and all that stays between steps. */
static bool keep_state(struct work *work, struct lathe_error *err)
{
  const struct lathe_model *model = work->model;
  const lathe_real *fixed = work->watched.state.fixed;
  if (!lathe_weights_export_block(&work->out, model, "", fixed, err) ||
      !lathe_weights_export_block(&work->out, model, "gradient.", fixed + model->gradients, err) ||
      !lathe_optimiser_export_moments(&work->out, model, fixed, err))
    return false;
  for (int t = 0; t < model->tensor_count; t++) {
    const struct lathe_tensor *tensor = &model->tensors[t];
    if (tensor->role == LATHE_BUFFER &&
        !keep(work, tensor->name, lathe_real_dtype(), (size_t)lathe_tensor_size(tensor),
              fixed + tensor->offset, err))
      return false;
  }
  return true;
}

static bool train(struct work *work, struct lathe_error *err)
{
  struct lathe_state *state = &work->watched.state;
  double losses[3 * STEPS];
  before_call(work);
  double rate = lathe_selfcheck_rate(work->model, state, IMAGES, work->images, work->noise);
  lathe_selfcheck_weights(state, work->model, 0);
  for (int step = 0; step < STEPS; step++) {
    if (work->way->interrupted)
      infer(work, 1 + step);
    before_call(work);
    state->keep_gradients = !work->way->at_once || step == STEPS - 1;
    struct lathe_loss loss =
        work->model->train_step(state, IMAGES, work->images, work->noise, rate, step + 1);
    memcpy(losses + 3 * step, (double[]){loss.reconstruction, loss.kl, loss.total},
           3 * sizeof *losses);
  }
  return keep(work, "loss", LATHE_F64, 3 * STEPS, losses, err) && keep_state(work, err);
}

static void count_overrun(struct work *work)
{
  for (int i = 0; i < LATHE_WATCHED_PARTS; i++)
    work->overrun[i] += lathe_watched_overrun(&work->watched, i);
}

/* Goes on in memory for inference, with the weights that training has left. */
static bool leave_training(struct work *work, struct lathe_error *err)
{
  struct lathe_watched smaller;
  if (!lathe_watched_new(&smaller, work->model, work->way->capacity, work->pool, false, err))
    return false;
  memcpy(smaller.state.fixed, work->watched.state.fixed,
         work->model->fixed_inference * sizeof *smaller.state.fixed);
  count_overrun(work);
  lathe_watched_free(&work->watched);
  work->watched = smaller;
  return true;
}

static bool use(struct work *work, struct lathe_error *err)
{
  const struct lathe_model *model = work->model;
  struct lathe_watched *w = &work->watched;
  size_t latents = (size_t)IMAGES * (size_t)model->latent;
  size_t values = (size_t)IMAGES * (size_t)model->input_size;
  struct lathe_loss loss = infer(work, IMAGES);
  double losses[3] = {loss.reconstruction, loss.kl, loss.total};
  before_call(work);
  model->encode(&w->state, IMAGES, work->images, w->mean, w->logvar);
  if (!keep(work, "evaluate", LATHE_F64, 3, losses, err) ||
      (lathe_has_prior(model) &&
       !keep(work, "encode.logvar", lathe_real_dtype(), latents, w->logvar, err)))
    return false;
  before_call(work);
  if (work->way->poisoned) /* the same without the log-variances */
    model->encode(&w->state, IMAGES, work->images, w->mean, NULL);
  if (!keep(work, "encode.mean", lathe_real_dtype(), latents, w->mean, err))
    return false;
  before_call(work);
  model->decode(&w->state, IMAGES, work->noise, w->decoded);
  return keep(work, "decode.images", lathe_real_dtype(), values, w->decoded, err);
}

static void work_free(struct work *work)
{
  free(work->images);
  free(work->noise);
  free(work->points);
  lathe_tensors_free(&work->out);
  lathe_watched_free(&work->watched);
  lathe_pool_free(work->pool);
}

static bool do_work(struct work *work, struct lathe_error *err)
{
  const struct lathe_model *model = work->model;
  size_t real = sizeof(lathe_real);
  work->pool = lathe_pool_new(work->way->threads);
  work->images = lathe_allocate(IMAGES, model->input_size, real, "images", err);
  work->noise = lathe_allocate(IMAGES, model->latent, real, "noise", err);
  work->points = lathe_allocate(POINTS, model->latent, real, "points", err);
  if (!work->pool)
    return lathe_fail(err, "%d threads cannot be started", work->way->threads);
  if (!work->images || !work->noise || !work->points ||
      !lathe_watched_new(&work->watched, model, work->way->capacity, work->pool, true, err))
    return false;
  lathe_selfcheck_weights(&work->watched.state, model, 0);
  lathe_selfcheck_images(model, IMAGES, 0, work->images, work->noise);
  lathe_random_normal(4, LATHE_RANDOM_EM_START, 0, 0, (int64_t)POINTS * model->latent,
                      work->points);
  bool good =
      fit(work, err) && (lathe_is_alone(model) ||
                         (train(work, err) &&
                          (!work->way->inference || leave_training(work, err)) && use(work, err)));
  if (good)
    count_overrun(work);
  return good;
}

/* Prints what differs from `expected`, or else that nothing does. */
static bool compare(const struct work *work, const struct lathe_tensors *expected,
                    struct lathe_error *err)
{
  int differing = 0;
  int64_t numbers = 0;
  struct lathe_finding finding = {.check = work->way->check};
  for (int i = 0; i < expected->count; i++) {
    const struct lathe_array *a = &expected->items[i].array, *b = &work->out.items[i].array;
    size_t size = lathe_dtype_size(a->dtype), count = 0;
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): `out` has what `expected` has */
    const char *x = a->data, *y = b->data;
    for (size_t k = 0; k < (size_t)a->count; k++)
      count += memcmp(x + k * size, y + k * size, size) != 0;
    numbers += a->count;
    if (count == 0)
      continue;
    differing++;
    finding.item = expected->items[i].name;
    finding.error = (double)count;
    snprintf(finding.detail, sizeof finding.detail, "%s: %zu of %lld numbers are not the same bits",
             work->way->item, count, (long long)a->count);
    if (!lathe_finding_print(&finding, work->model, err))
      return false;
  }
  finding.item = work->way->item;
  snprintf(finding.detail, sizeof finding.detail, "%lld numbers, the same bits",
           (long long)numbers);
  return differing > 0 || lathe_finding_print(&finding, work->model, err);
}

/* Prints which parts of the memory were left; of the last way, or else that none was in any. */
static bool report_overrun(const struct work *work, bool last, bool *left, struct lathe_error *err)
{
  for (int i = 0; i < LATHE_WATCHED_PARTS; i++) {
    struct lathe_finding finding = {
        .check = "memory", .item = work->watched.parts[i].name, .error = (double)work->overrun[i]};
    snprintf(finding.detail, sizeof finding.detail, "%s: bytes written outside of it",
             work->way->item);
    if (work->overrun[i] > 0 && !lathe_finding_print(&finding, work->model, err))
      return false;
    *left = *left || work->overrun[i] > 0;
  }
  const struct lathe_finding none = {
      .check = "memory", .item = "bytes written outside of it", .detail = "all ways"};
  return !last || *left || lathe_finding_print(&none, work->model, err);
}

bool lathe_selfcheck_bits(const struct lathe_model *model, char **arguments,
                          struct lathe_error *err)
{
  (void)arguments;
  struct lathe_tensors expected = {0};
  bool good = true, left = false;
  for (int i = 0; good && i < WAYS; i++) {
    struct work work = {.model = model, .way = &ways[i]};
    good = do_work(&work, err) && (i == 0 || compare(&work, &expected, err)) &&
           report_overrun(&work, i == WAYS - 1, &left, err);
    if (i == 0) {
      expected = work.out;
      work.out = (struct lathe_tensors){0};
    }
    work_free(&work);
  }
  lathe_tensors_free(&expected);
  return good;
}
