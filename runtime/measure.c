#include "measure.h"
#include "allocate.h"
#include "bench.h"
#include "clock.h"
#include "philox.h"
#include "profile.h"
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { LEAST_CALLS = 5 };

/* The call that is watched: its kernels in order. One at a time, in one thread. */
static struct {
  double *seconds; /* [most]; NULL: they are only counted */
  int count, most;
} watched;

void lathe_parallel_timed(struct lathe_pool *pool, int tasks, lathe_task *task, void *arg)
{
  const double begin = watched.seconds ? lathe_now() : 0;
  lathe_parallel(pool, tasks, task, arg);
  if (watched.seconds && watched.count < watched.most)
    watched.seconds[watched.count] = lathe_now() - begin;
  watched.count++;
}

typedef void inference(struct lathe_session *session);

static void encode_one(struct lathe_session *session)
{
  session->model->encode(&session->state, 1, session->images, session->mean, session->logvar);
}

static void decode_one(struct lathe_session *session)
{
  session->model->decode(&session->state, 1, session->noise, session->decoded);
}

/* Seconds that a call takes; its kernels' into `row`, unless that is NULL. */
static double take_call(struct lathe_session *session, inference *call, double *row, int kernels)
{
  watched.seconds = row;
  watched.count = 0;
  watched.most = kernels;
  const double begin = lathe_now();
  call(session);
  const double end = lathe_now();
  watched.seconds = NULL;
  return end - begin;
}

/* Prints the least of each of a call's kernels, watched and unwatched calls by turns; *alone
 * receives that of the latter. */
static bool measure_calls(struct lathe_session *session, const char *name, inference *call,
                          double seconds, double *alone, struct lathe_error *err)
{
  take_call(session, call, NULL, 0); /* makes tables, and meets cold caches */
  *alone = take_call(session, call, NULL, 0);
  const int kernels = watched.count;
  double *row = lathe_allocate(kernels + 1, 2, sizeof *row, "the times of calls", err);
  if (!row)
    return false;
  double *least = row + kernels + 1;
  const double begin = lathe_now();
  for (int i = 0; i < LEAST_CALLS || lathe_now() - begin < seconds; i++) {
    *alone = fmin(*alone, take_call(session, call, NULL, 0));
    take_call(session, call, row, kernels);
    for (int k = 0; k < kernels; k++)
      least[k] = i == 0 ? row[k] : fmin(least[k], row[k]);
  }
  for (int k = 0; k < kernels; k++)
    printf("%s %d %.9g\n", name, k, least[k]);
  free(row);
  return true;
}

static bool measure_steps(struct lathe_session *session, int batch, double seconds,
                          struct lathe_error *err)
{
  struct lathe_profile profile = {0};
  struct lathe_dataset dataset = {0};
  bool good = lathe_bench_images(&dataset, session->model, err) &&
              lathe_profile_take(&profile, session, batch, &dataset, seconds, err);
  for (int k = 0; good && k < session->model->kernel_count; k++)
    printf("train %d %.9g\n", k, profile.kernels_least[k]);
  if (good)
    printf("step 0 %.9g\n", profile.step_least);
  lathe_profile_free(&profile);
  lathe_dataset_free(&dataset);
  return good;
}

static bool measure(const struct lathe_model *model, int batch, int threads, double seconds,
                    struct lathe_error *err)
{
  struct lathe_session session = {0};
  double encode, decode;
  bool good =
      lathe_session_open(&session, model, (struct lathe_session_size){batch, threads, true}, err);
  if (good) {
    lathe_state_initialise(&session.state, model, 0);
    good = measure_steps(&session, batch, 0.6 * seconds, err);
  }
  if (good) {
    lathe_random_normal(0, LATHE_RANDOM_BENCH, 0, 0, model->latent, session.noise);
    good = measure_calls(&session, "encode", encode_one, 0.2 * seconds, &encode, err) &&
           measure_calls(&session, "decode", decode_one, 0.2 * seconds, &decode, err);
  }
  if (good)
    printf("one 0 %.9g\n", encode + decode);
  lathe_session_close(&session);
  return good;
}

int lathe_measure_main(int argc, char **argv, const struct lathe_model *model)
{
  const long batch = argc == 4 ? strtol(argv[1], NULL, 10) : 0;
  const long threads = argc == 4 ? strtol(argv[2], NULL, 10) : -1;
  const double seconds = argc == 4 ? strtod(argv[3], NULL) : 0;
  if (batch < 1 || batch > INT_MAX || threads < 0 || threads > INT_MAX || !(seconds > 0) ||
      lathe_is_alone(model)) {
    fprintf(stderr, "measurement of %s; usage: BATCH THREADS SECONDS\n", model->name);
    return 2;
  }
  struct lathe_error err = {.text = ""};
  bool good = lathe_target_check(model->target, lathe_machine_features(), &err) &&
              measure(model, (int)batch, (int)threads, seconds, &err);
  if (good && (fflush(stdout) != 0 || ferror(stdout)))
    good = lathe_fail(&err, "standard output cannot be written");
  if (!good)
    fprintf(stderr, "%s: %s\n", model->name, err.text);
  return good ? 0 : 1;
}
