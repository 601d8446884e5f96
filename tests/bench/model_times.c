/* What `BINARY bench` does not measure of a model, linked with its emitted C (-DMODEL=NAME_model):
 *
 *   times classify SECONDS [IMAGES]
 *
 * Seconds from one image to its label, one thread: the posterior's mean, the components'
 * probabilities, the likeliest of them. The images of a file of float32 in turn, or one of random
 * values, none of which is 0.
 *
 *   times em POINTS ITERATIONS THREADS
 *
 * Seconds of one EM iteration on made-up points: one component's cluster after the other, from a
 * start beside the clusters' centres.
 *
 * One number: the median of several rounds. */
#include "runtime/allocate.h"
#include "runtime/clock.h"
#include "runtime/gmm.h"
#include "runtime/model.h"
#include "runtime/philox.h"
#include "runtime/session.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct lathe_model MODEL;

enum { ROUNDS = 7 };

static const double spread = 3, off_centre = 0.5; /* in standard deviations of a cluster */

static int compare(const void *a, const void *b)
{
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(double took[ROUNDS])
{
  qsort(took, ROUNDS, sizeof took[0], compare);
  return took[ROUNDS / 2];
}

/* Images in a row, [count, input_size]. */
struct images {
  int64_t count;
  lathe_real *values;
};

static bool make_image(struct images *images, const struct lathe_model *model,
                       struct lathe_error *err)
{
  images->count = 1;
  images->values = lathe_allocate(1, model->input_size, sizeof(lathe_real), "an image", err);
  for (int i = 0; images->values && i < model->input_size; i++)
    images->values[i] = (lathe_real)lathe_random_uniform(0, LATHE_RANDOM_BENCH, 0, (uint64_t)i);
  return images->values != NULL;
}

static bool read_images(struct images *images, const char *path, const struct lathe_model *model,
                        struct lathe_error *err)
{
  FILE *file = fopen(path, "rb");
  if (!file || fseek(file, 0, SEEK_END) != 0)
    return lathe_fail(err, "%s cannot be read", path);
  images->count = ftell(file) / ((long)sizeof(lathe_real) * model->input_size);
  rewind(file);
  size_t values = (size_t)images->count * (size_t)model->input_size;
  images->values =
      lathe_allocate(images->count, model->input_size, sizeof(lathe_real), "images", err);
  bool good = images->count > 0 && images->values &&
              fread(images->values, sizeof(lathe_real), values, file) == values;
  fclose(file);
  return good || lathe_fail(err, "%s holds no whole image", path);
}

static int64_t label_of(struct lathe_session *session, const lathe_real *image, double *posterior)
{
  const struct lathe_model *model = session->model;
  const struct lathe_mixture *mixture = &session->mixture;
  model->encode(&session->state, 1, image, session->mean, NULL);
  if (model->responsibilities(mixture, 1, session->mean, posterior, NULL) != 0)
    return -1;
  int best = 0;
  for (int k = 1; k < mixture->components; k++)
    if (posterior[k] > posterior[best])
      best = k;
  return mixture->labels[best];
}

static bool time_classify(struct lathe_session *session, const char *path, double seconds,
                          struct lathe_error *err)
{
  const struct lathe_model *model = session->model;
  struct images images = {0};
  if (!(path ? read_images(&images, path, model, err) : make_image(&images, model, err)))
    return false;
  int components = model->mixing.components;
  double *posterior = lathe_allocate(components, 1, sizeof *posterior, "the posterior", err);
  if (!posterior || !lathe_mixture_new(&session->mixture, components, model->latent,
                                       model->mixing.covariance, err)) {
    free(posterior);
    free(images.values);
    return false;
  }
  lathe_state_initialise(&session->state, model, 0);
  int64_t calls = 1;
  volatile int64_t label = 0; /* so that no call is left out */
  double took[ROUNDS];
  for (int round = -2; round < ROUNDS; round++) { /* two to warm up, the second to set `calls` */
    double start = lathe_now();
    for (int64_t i = 0; i < calls; i++)
      label = label_of(session, images.values + i % images.count * model->input_size, posterior);
    double each = (lathe_now() - start) / (double)calls;
    if (round >= 0)
      took[round] = each;
    else if (each * ROUNDS < seconds)
      calls = (int64_t)(seconds / ROUNDS / each);
  }
  printf("%.6g\n", median(took));
  (void)label;
  free(posterior);
  free(images.values);
  return true;
}

static void make_points(const struct lathe_model *model, int64_t n, lathe_real *points,
                        double *centres)
{
  int d = model->latent, components = model->mixing.components;
  lathe_random_normal_double(0, LATHE_RANDOM_BENCH, 1, 0, (int64_t)components * d, centres);
  lathe_random_normal(0, LATHE_RANDOM_BENCH, 2, 0, n * d, points);
  for (int64_t i = 0; i < n; i++)
    for (int j = 0; j < d; j++)
      points[i * d + j] += (lathe_real)(spread * centres[i % components * d + j]);
  for (int i = 0; i < components * d; i++)
    centres[i] = spread * centres[i] + off_centre;
}

/* Every round does the same iterations from the same start. */
static bool iterate(struct lathe_session *session, int64_t n, const lathe_real *points,
                    const double *start, int iterations, struct lathe_error *err)
{
  const struct lathe_model *model = session->model;
  int components = model->mixing.components, d = model->latent;
  double took[ROUNDS], likelihood;
  for (int round = -1; round < ROUNDS; round++) {
    lathe_mixture_free(&session->mixture);
    if (!lathe_mixture_new(&session->mixture, components, d, model->mixing.covariance, err))
      return false;
    memcpy(session->mixture.means, start, (size_t)components * (size_t)d * sizeof *start);
    double began = lathe_now();
    for (int i = 0; i < iterations; i++)
      if (model->em_step(&session->state, n, points, &session->mixture, 1e-6, &likelihood) != 0)
        return lathe_fail(err, "a covariance became singular");
    if (round >= 0)
      took[round] = (lathe_now() - began) / iterations;
  }
  printf("%.6g\n", median(took));
  return true;
}

static bool time_em(struct lathe_session *session, int64_t n, int iterations,
                    struct lathe_error *err)
{
  const struct lathe_model *model = session->model;
  lathe_real *points = lathe_allocate(n, model->latent, sizeof *points, "the points", err);
  double *start =
      lathe_allocate(model->mixing.components, model->latent, sizeof *start, "the start", err);
  bool done = points && start;
  if (done) {
    make_points(model, n, points, start);
    done = iterate(session, n, points, start, iterations, err);
  }
  free(points);
  free(start);
  return done;
}

int main(int argc, char **argv)
{
  bool classify = (argc == 3 || argc == 4) && strcmp(argv[1], "classify") == 0;
  if (!classify && (argc != 5 || strcmp(argv[1], "em") != 0)) {
    fprintf(stderr, "usage: times classify SECONDS [IMAGES] | em POINTS ITERATIONS THREADS\n");
    return 2;
  }
  struct lathe_error err;
  struct lathe_session session;
  struct lathe_session_size size = {1, classify ? 1 : atoi(argv[4]), !classify};
  bool done = lathe_session_open(&session, &MODEL, size, &err);
  if (done) {
    done = classify ? time_classify(&session, argv[3], atof(argv[2]), &err)
                    : time_em(&session, atoll(argv[2]), atoi(argv[3]), &err);
    lathe_session_close(&session);
  }
  if (!done)
    fprintf(stderr, "times: %s\n", err.text);
  return done ? 0 : 1;
}
