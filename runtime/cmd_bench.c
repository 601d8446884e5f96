/* bench: how fast this model trains, encodes and clusters here, on made-up data. */
#include "allocate.h"
#include "bench.h"
#include "clock.h"
#include "command.h"
#include "gmm.h"
#include "json.h"
#include "peak.h"
#include "philox.h"
#include "session.h"
#include "words.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 7, POINTS = 16384 };

struct bench {
  const struct lathe_call *call;
  struct lathe_session session;
  int batch;
  int64_t steps;
  lathe_real *points;                /* [POINTS, latent] */
  double *posterior;                 /* [POINTS, components], of a mixture alone */
  struct lathe_mixture first, moved; /* EM always starts from `first` */
};

struct speeds {
  double step, encode, encode_one, em; /* seconds a call, medians */
  double classify;                     /* of all points, by a mixture alone */
  double peak;                         /* floating-point operations a second */
};

static void bench_free(struct bench *bench)
{
  free(bench->points);
  free(bench->posterior);
  lathe_mixture_free(&bench->first);
  lathe_mixture_free(&bench->moved);
  lathe_session_close(&bench->session);
}

static bool bench_new(struct bench *bench, struct lathe_error *err)
{
  const struct lathe_options *options = &bench->call->options;
  const struct lathe_model *model = bench->call->model;
  const struct lathe_mixing *mixing = &model->mixing;
  bench->batch = options->batch > 0 ? (int)options->batch : model->training.batch;
  struct lathe_session_size size = {bench->batch, (int)options->threads, true};
  if (!lathe_session_open(&bench->session, model, size, err) ||
      !lathe_mixture_new(&bench->first, mixing->components, model->latent, mixing->covariance,
                         err) ||
      !lathe_mixture_new(&bench->moved, mixing->components, model->latent, mixing->covariance, err))
    return false;
  bench->points = lathe_allocate(POINTS, model->latent, sizeof *bench->points, "the points", err);
  if (!bench->points)
    return false;

  if (lathe_is_alone(model)) {
    bench->posterior =
        lathe_allocate(POINTS, mixing->components, sizeof *bench->posterior, "the posterior", err);
    if (!bench->posterior)
      return false;
  }
  lathe_state_initialise(&bench->session.state, model, 0);
  int64_t pixels = (int64_t)bench->batch * model->input_size;
  for (int64_t i = 0; i < pixels; i++) {
    double u = lathe_random_uniform(0, LATHE_RANDOM_BENCH, 0, (uint64_t)i);
    bench->session.images[i] =
        (lathe_real)(model->range[0] + u * (model->range[1] - model->range[0]));
  }
  lathe_random_normal(0, LATHE_RANDOM_BENCH, 1, 0, (int64_t)bench->batch * model->latent,
                      bench->session.noise);
  lathe_random_normal(0, LATHE_RANDOM_BENCH, 2, 0, (int64_t)POINTS * model->latent, bench->points);
  for (int i = 0; i < mixing->components * model->latent; i++)
    bench->first.means[i] = (double)bench->points[i % (POINTS * model->latent)];
  return true;
}

/* A rate of 0 keeps the weights where they are, whatever the number of steps. */
static void train_step(struct bench *bench)
{
  struct lathe_session *session = &bench->session;
  session->model->train_step(&session->state, bench->batch, session->images, session->noise, 0,
                             ++bench->steps);
}

static void encode_batch(struct bench *bench)
{
  struct lathe_session *session = &bench->session;
  session->model->encode(&session->state, bench->batch, session->images, session->mean,
                         session->logvar);
}

static void encode_one(struct bench *bench)
{
  struct lathe_session *session = &bench->session;
  session->model->encode(&session->state, 1, session->images, session->mean, session->logvar);
}

static void em_step(struct bench *bench)
{
  struct lathe_session *session = &bench->session;
  double log_likelihood;
  lathe_mixture_copy(&bench->moved, &bench->first);
  session->model->em_step(&session->state, POINTS, bench->points, &bench->moved, 1e-6,
                          &log_likelihood);
}

static void classify(struct bench *bench)
{
  const struct lathe_model *model = bench->session.model;
  model->responsibilities(&bench->first, POINTS, bench->points, bench->posterior, NULL);
}

static int compare(const void *a, const void *b)
{
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Seconds a call, the median of several rounds that take `seconds` together. */
static double measure(struct bench *bench, void (*call)(struct bench *), double seconds)
{
  call(bench); /* the first one meets cold caches */
  double start = lathe_now();
  call(bench);
  double once = lathe_now() - start;
  double fit = seconds / ROUNDS / (once > 1e-8 ? once : 1e-8);
  int64_t calls = fit < 1 ? 1 : (int64_t)fit;
  double took[ROUNDS];
  for (int round = 0; round < ROUNDS; round++) {
    start = lathe_now();
    for (int64_t i = 0; i < calls; i++)
      call(bench);
    took[round] = (lathe_now() - start) / (double)calls;
  }
  qsort(took, ROUNDS, sizeof took[0], compare);
  return took[ROUNDS / 2];
}

static struct speeds measure_all(struct bench *bench)
{
  double seconds = bench->call->options.seconds;
  if (lathe_is_alone(bench->call->model))
    return (struct speeds){
        .classify = measure(bench, classify, 0.4 * seconds),
        .em = measure(bench, em_step, 0.6 * seconds),
    };
  return (struct speeds){
      .step = measure(bench, train_step, 0.4 * seconds),
      .encode = measure(bench, encode_batch, 0.15 * seconds),
      .encode_one = measure(bench, encode_one, 0.15 * seconds),
      .em = measure(bench, em_step, 0.15 * seconds),
      .peak = lathe_peak_flops(bench->session.pool, 0.15 * seconds),
  };
}

static bool print_alone(const struct bench *bench, const struct speeds *speeds,
                        struct lathe_error *err)
{
  const struct lathe_model *model = bench->call->model;
  int threads = lathe_pool_threads(bench->session.pool);
  double em = POINTS / speeds->em, classified = POINTS / speeds->classify;
  if (bench->call->options.json)
    return lathe_json_line(json_pack("{s:s, s:s, s:i, s:o, s:o}", "model", model->name, "precision",
                                     model->precision, "threads", threads, "em_points_per_second",
                                     lathe_json_number(em), "classify_points_per_second",
                                     lathe_json_number(classified)),
                           err);
  printf("%s, %s, %d components, %d dimensions\n", model->name, model->precision,
         model->mixing.components, model->latent);
  printf("  EM          %.3g points/s, %d threads\n", em, threads);
  printf("  classify    %.3g points/s, one thread\n", classified);
  return true;
}

static bool print(const struct bench *bench, const struct speeds *speeds, struct lathe_error *err)
{
  const struct lathe_model *model = bench->call->model;
  int threads = lathe_pool_threads(bench->session.pool);
  double images = bench->batch / speeds->step, flops = images * model->flops_step;
  double points = POINTS / speeds->em;
  if (bench->call->options.json)
    return lathe_json_line(
        json_pack("{s:s, s:s, s:i, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s}", "model",
                  model->name, "precision", model->precision, "batch", bench->batch, "threads",
                  threads, "train_images_per_second", lathe_json_number(images),
                  "encode_seconds_batch_1", lathe_json_number(speeds->encode_one),
                  "encode_seconds_batch", lathe_json_number(speeds->encode), "em_points_per_second",
                  lathe_json_number(points), "train_gflops", lathe_json_number(flops / 1e9),
                  "peak_gflops", lathe_json_number(speeds->peak / 1e9), "peak_fraction",
                  lathe_json_number(flops / speeds->peak), "peak_vectors", lathe_peak_vectors()),
        err);
  printf("%s, %s, batches of %d, %d threads\n", model->name, model->precision, bench->batch,
         threads);
  const char *words = lathe_input_words(model);
  printf("  train       %.0f %s/s, %.2f GFLOP/s (%.1f %% of the peak)\n", images, words,
         flops / 1e9, 100 * flops / speeds->peak);
  printf("  encode      %.1f us for 1 %s, %.1f us for %d (%.0f %s/s)\n", 1e6 * speeds->encode_one,
         lathe_input_word(model), 1e6 * speeds->encode, bench->batch, bench->batch / speeds->encode,
         words);
  printf("  EM          %.3g points/s (%d components, %d dimensions)\n", points,
         model->mixing.components, model->latent);
  printf("  FMA peak    %.1f GFLOP/s measured (%s)\n", speeds->peak / 1e9, lathe_peak_vectors());
  return true;
}

enum lathe_status lathe_command_bench(const struct lathe_call *call, struct lathe_error *err)
{
  struct bench bench = {.call = call};
  if (lathe_is_alone(call->model) && (call->options.per_layer || call->options.batch > 0))
    return lathe_usage(err,
                       "model %s is a mixture alone: it has no layers to measure, and no batches",
                       call->model->name);
  bool done = bench_new(&bench, err);
  if (done && call->options.per_layer) {
    done = lathe_bench_layers(call, &bench.session, bench.batch, err);
  } else if (done) {
    struct speeds speeds = measure_all(&bench);
    done = lathe_is_alone(call->model) ? print_alone(&bench, &speeds, err)
                                       : print(&bench, &speeds, err);
  }
  bench_free(&bench);
  return lathe_status_of(done);
}
