/* em: iterations of expectation-maximisation on given points from a given start, all statistics
 * kept, to be compared with another implementation's. */
#include "allocate.h"
#include "command.h"
#include "gmm.h"
#include "linalg.h"
#include "numbers.h"
#include "safetensors.h"
#include "session.h"
#include "tensor_check.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* How far from 1 the sum of weights may be that were stored in float32. */
static const double sum_tolerance = 1e-4;

/* How far from symmetric a covariance may be, relative to its diagonal. */
static const double symmetry_tolerance = 1e-6;

struct job {
  const struct lathe_call *call;
  struct lathe_session session; /* its mixture is the one that moves */
  int64_t n, iterations;
  double floor;
  lathe_real *points; /* [n, latent] */
  struct lathe_tensors out;
};

static void job_free(struct job *job)
{
  lathe_tensors_free(&job->out);
  free(job->points);
  lathe_session_close(&job->session);
}

static bool load_points(struct job *job, struct lathe_error *err)
{
  struct lathe_array array;
  const int64_t shape[2] = {-1, job->call->model->latent};
  if (!lathe_numbers_read(&array, job->call->options.points, "points", "data", 2, shape, err))
    return false;
  job->n = array.shape[0];
  job->points = lathe_allocate(array.count, 1, sizeof *job->points, "the points", err);
  bool good = job->points != NULL;
  for (int64_t i = 0; good && i < array.count; i++) {
    job->points[i] = (lathe_real)lathe_array_real(&array, i);
    if (!isfinite(job->points[i]))
      good = lathe_fail(err, "%s: its points hold %g at %lld, which float32 cannot",
                        job->call->options.points, lathe_array_real(&array, i), (long long)i);
  }
  lathe_array_free(&array);
  return good;
}

/* The shape of the covariances; returns its rank. */
static int covariances_shape(const struct lathe_mixture *mixture, int64_t shape[3])
{
  const int64_t k = mixture->components, d = mixture->dimensions;
  const struct {
    int rank;
    int64_t shape[3];
  } shapes[] = {
      [LATHE_FULL] = {3, {k, d, d}},
      [LATHE_DIAG] = {2, {k, d}},
      [LATHE_TIED] = {2, {d, d}},
      [LATHE_SPHERICAL] = {1, {k}},
  };
  memcpy(shape, shapes[mixture->covariance].shape, sizeof shapes[0].shape);
  return shapes[mixture->covariance].rank;
}

static bool load_part(const struct job *job, const char *member, int rank, const int64_t *shape,
                      double *to, struct lathe_error *err)
{
  struct lathe_array array;
  if (!lathe_numbers_read(&array, job->call->options.start, member, NULL, rank, shape, err))
    return false;
  for (int64_t i = 0; i < array.count; i++)
    to[i] = lathe_array_real(&array, i);
  lathe_array_free(&array);
  return true;
}

static bool check_weights(const struct job *job, struct lathe_error *err)
{
  const struct lathe_mixture *mixture = &job->session.mixture;
  double sum = 0;
  for (int k = 0; k < mixture->components; k++) {
    if (!(mixture->weights[k] > 0))
      return lathe_fail(err, "%s: weight %d is %g; EM starts from weights above 0",
                        job->call->options.start, k, mixture->weights[k]);
    sum += mixture->weights[k];
  }
  return fabs(sum - 1) <= sum_tolerance ||
         lathe_fail(err, "%s: its weights add up to %.9g; make it 1", job->call->options.start,
                    sum);
}

/* EM reads one triangle of a matrix alone, so the other must not say something else. */
static bool check_symmetry(const struct job *job, int64_t matrices, struct lathe_error *err)
{
  const struct lathe_mixture *mixture = &job->session.mixture;
  int64_t d = mixture->dimensions;
  for (int64_t m = 0; m < matrices; m++) {
    const double *a = mixture->covariances + m * d * d;
    for (int64_t i = 0; i < d; i++)
      for (int64_t j = 0; j < i; j++)
        if (fabs(a[i * d + j] - a[j * d + i]) >
            symmetry_tolerance * sqrt(fabs(a[i * d + i] * a[j * d + j])))
          return lathe_fail(err, "%s: covariance %lld is not symmetric at [%lld, %lld]",
                            job->call->options.start, (long long)m, (long long)i, (long long)j);
  }
  return true;
}

static bool load_start(struct job *job, struct lathe_error *err)
{
  const struct lathe_model *model = job->call->model;
  struct lathe_mixture *mixture = &job->session.mixture;
  const char *path = job->call->options.start;
  if (!lathe_mixture_new(mixture, model->mixing.components, model->latent, model->mixing.covariance,
                         err))
    return false;
  bool archive;
  if (!lathe_array_has_members(path, &archive, err))
    return false;
  if (!archive) {
    struct lathe_array array;
    bool read = lathe_array_read(path, "weights", &array, err); /* says what is wrong with it */
    lathe_array_free(&array);
    return read && lathe_fail(err,
                              "%s holds one array; give an .npz file with weights, means and "
                              "covariances",
                              path);
  }
  const int64_t means[2] = {mixture->components, mixture->dimensions};
  int64_t covariances[3];
  int rank = covariances_shape(mixture, covariances);
  bool matrices = mixture->covariance == LATHE_FULL || mixture->covariance == LATHE_TIED;
  return load_part(job, "weights", 1, means, mixture->weights, err) &&
         load_part(job, "means", 2, means, mixture->means, err) &&
         load_part(job, "covariances", rank, covariances, mixture->covariances, err) &&
         check_weights(job, err) &&
         (!matrices || check_symmetry(job, rank == 3 ? covariances[0] : 1, err));
}

/* Statistics after each iteration, [iterations, ...]; the values are owned by job->out. */
struct history {
  double *log_likelihood, *weights, *means, *covariances;
};

static double *add_history(struct job *job, const char *name, int rank, const int64_t *shape,
                           struct lathe_error *err)
{
  int64_t all[4] = {job->iterations};
  memcpy(all + 1, shape, (size_t)rank * sizeof *shape);
  return lathe_tensors_add(&job->out, name, LATHE_F64, rank + 1, all, err);
}

static bool add_all(struct job *job, struct history *history, struct lathe_error *err)
{
  const struct lathe_mixture *mixture = &job->session.mixture;
  const int64_t means[2] = {mixture->components, mixture->dimensions};
  int64_t covariances[3];
  int rank = covariances_shape(mixture, covariances);
  return (history->log_likelihood = add_history(job, "log_likelihood", 0, means, err)) &&
         (history->weights = add_history(job, "weights", 1, means, err)) &&
         (history->means = add_history(job, "means", 2, means, err)) &&
         (history->covariances = add_history(job, "covariances", rank, covariances, err));
}

static bool check_iteration(const struct job *job, int64_t iteration, int failed, double likelihood,
                            struct lathe_error *err)
{
  if (failed && iteration == 0)
    return lathe_fail(err, "%s: covariance %d is not positive definite", job->call->options.start,
                      failed - 1);
  if (failed)
    return lathe_fail(err,
                      "covariance %d is not positive definite after %lld iterations: raise --floor "
                      "(now %g) or do fewer --iterations",
                      failed - 1, (long long)iteration, job->floor);
  return isfinite(likelihood) ||
         lathe_fail(err,
                    "the log-likelihood is %g after %lld iterations: a point is too far from all "
                    "components, or there are too large numbers",
                    likelihood, (long long)iteration);
}

static bool iterate(struct job *job, struct lathe_error *err)
{
  struct lathe_session *session = &job->session;
  struct lathe_mixture *mixture = &session->mixture;
  struct history history;
  if (!add_all(job, &history, err))
    return false;
  size_t k = (size_t)mixture->components, d = (size_t)mixture->dimensions;
  size_t size =
      lathe_covariance_count(mixture->covariance, mixture->components, mixture->dimensions);
  for (int64_t i = 0; i < job->iterations; i++) {
    size_t at = (size_t)i;
    int failed = session->model->em_step(&session->state, job->n, job->points, mixture, job->floor,
                                         &history.log_likelihood[i]);
    if (!check_iteration(job, i, failed, history.log_likelihood[i], err))
      return false;
    memcpy(history.weights + at * k, mixture->weights, k * sizeof(double));
    memcpy(history.means + at * k * d, mixture->means, k * d * sizeof(double));
    memcpy(history.covariances + at * size, mixture->covariances, size * sizeof(double));
  }
  return true;
}

static bool posteriors(struct job *job, struct lathe_error *err)
{
  const struct lathe_mixture *mixture = &job->session.mixture;
  const int64_t shape[2] = {job->n, mixture->components};
  double *posterior = lathe_tensors_add(&job->out, "responsibilities", LATHE_F64, 2, shape, err);
  double *likelihood =
      posterior ? lathe_tensors_add(&job->out, "point_log_likelihood", LATHE_F64, 1, shape, err)
                : NULL;
  if (!likelihood)
    return false;
  int failed =
      job->call->model->responsibilities(mixture, job->n, job->points, posterior, likelihood);
  double sum = 0;
  for (int64_t i = 0; i < job->n; i++)
    sum += likelihood[i];
  return check_iteration(job, job->iterations, failed, sum, err);
}

static bool em(struct job *job, struct lathe_error *err)
{
  const struct lathe_options *options = &job->call->options;
  const struct lathe_model *model = job->call->model;
  struct lathe_session_size size = {1, (int)options->threads, true};
  return lathe_check_output(options->output, err) && load_points(job, err) &&
         lathe_session_open(&job->session, model, size, err) && load_start(job, err) &&
         iterate(job, err) && posteriors(job, err) &&
         lathe_tensors_add_metadata(&job->out, "model", model->name, err) &&
         lathe_tensors_write(&job->out, options->output, err);
}

enum lathe_status lathe_command_em(const struct lathe_call *call, struct lathe_error *err)
{
  const struct lathe_options *options = &call->options;
  const struct lathe_mixing *mixing = &call->model->mixing;
  struct job job = {
      .call = call,
      .iterations = lathe_option_given(options, LATHE_OPTION_ITERATIONS) ? options->iterations
                                                                         : mixing->iterations,
      .floor = lathe_option_given(options, LATHE_OPTION_FLOOR) ? options->floor : mixing->floor,
  };
  bool done = em(&job, err);
  if (done)
    lathe_note(call, options->output, "%lld iterations on %lld points", (long long)job.iterations,
               (long long)job.n);
  job_free(&job);
  return lathe_status_of(done);
}
