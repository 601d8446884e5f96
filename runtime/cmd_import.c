/* import: a run folder from weights that were trained elsewhere. */
#include "allocate.h"
#include "command.h"
#include "fit.h"
#include "json.h"
#include "run.h"
#include "session.h"
#include "weights.h"
#include "weights_file.h"
#include "words.h"
#include <stdio.h>
#include <stdlib.h>

struct job {
  const struct lathe_call *call;
  struct lathe_dataset data, labelled; /* count 0: none given */
  struct lathe_session session;
  struct lathe_em_report em; /* iterations 0: the file has a mixture */
  uint64_t seed;
  int batch;
  struct lathe_lock lock;
  int64_t steps; /* that the weights were trained for, as far as they say */
};

static void job_free(struct job *job)
{
  lathe_em_report_free(&job->em);
  lathe_session_close(&job->session);
  lathe_dataset_free(&job->labelled);
  lathe_dataset_free(&job->data);
  lathe_lock_release(&job->lock);
}

static bool load(struct job *job, struct lathe_error *err)
{
  const struct lathe_options *options = &job->call->options;
  const struct lathe_model *model = job->call->model;
  struct lathe_source data = {.data = options->data, .label_column = options->label_column};
  struct lathe_source labelled = {.data = options->labelled,
                                  .want_labels = true,
                                  .need_labels = true,
                                  .label_column = options->label_column};
  struct lathe_tensors tensors;
  if ((options->labelled && !lathe_dataset_load(&job->labelled, model, &labelled, err)) ||
      (options->data && !lathe_dataset_load(&job->data, model, &data, err)) ||
      !lathe_weights_read(&tensors, options->params, model, err))
    return false;
  int64_t images = job->data.count > 0 ? job->data.count : job->labelled.count;
  int64_t batch = job->batch < images ? job->batch : images > 0 ? images : 1;
  struct lathe_session_size size = {(int)batch, (int)options->threads, true};
  bool good = lathe_session_open(&job->session, model, size, err) &&
              lathe_weights_import(&tensors, options->params, model, &job->session.state,
                                   &job->session.mixture, &job->steps, err);
  lathe_tensors_free(&tensors);
  return good;
}

/* Looks at the posterior of one point, for which all covariances must be sound. */
static bool check_mixture(struct job *job, struct lathe_error *err)
{
  struct lathe_session *session = &job->session;
  double *posterior = lathe_allocate(session->mixture.components, 1, sizeof *posterior,
                                     "the clusters' probabilities", err);
  if (!posterior)
    return false;
  int bad = session->model->responsibilities(&session->mixture, 1, session->mean, posterior, NULL);
  free(posterior);
  return bad == 0 || lathe_fail(err,
                                "%s: mixture.covariances: component %d's is not positive definite; "
                                "leave the mixture out, and import fits one",
                                job->call->options.params, bad - 1);
}

/* A mixture that came with the weights is kept, and at most its components are named. */
static bool complete_mixture(struct job *job, struct lathe_error *err)
{
  const struct lathe_options *options = &job->call->options;
  const struct lathe_model *model = job->call->model;
  struct lathe_part part = lathe_part_all(&job->data);
  if (job->session.mixture.components > 0)
    return check_mixture(job, err) &&
           (job->labelled.count == 0 || lathe_name_clusters(&job->session, &job->labelled, err));
  if (job->data.count == 0)
    return lathe_fail(err,
                      "%s holds no mixture, and one is fitted to %s: give those that the "
                      "weights were trained on with --data FILE",
                      options->params, lathe_input_words(model));
  if (model->mixing.init == LATHE_INIT_LABELLED && job->labelled.count == 0)
    return lathe_fail(err,
                      "%s holds no mixture, and model %s starts one from labelled %s: give a "
                      "few of each class with --labelled FILE",
                      options->params, model->name, lathe_input_words(model));
  return lathe_fit_mixture(&job->session, &part, &job->labelled, job->seed, &job->em, NULL, NULL,
                           err);
}

/* The images, if any are given, count as trained on, all of them. */
static bool write_run(struct job *job, struct lathe_error *err)
{
  const struct lathe_options *options = &job->call->options;
  struct lathe_run run = {
      .folder = options->run,
      .batch = job->batch,
      .seed = job->seed,
      .split = 1,
      .images = job->data.count,
      .checksum = lathe_dataset_checksum(&job->data),
      .training_images = job->data.count,
  };
  json_t *details = json_pack("{s:{s:o}, s:o, s:o}", "data", "path", lathe_json_text(options->data),
                              "imported_from", lathe_json_text(options->params), "labelled",
                              lathe_json_text(options->labelled));
  if (job->labelled.names.count > 0)
    json_object_set_new(details, "label_names", lathe_class_names_json(&job->labelled.names));
  if (!lathe_run_begin(options->run, options->force, &job->lock, err) ||
      !lathe_session_save(&job->session, options->run, job->steps, err) ||
      !lathe_run_write_model(options->run, job->call->model, err)) {
    json_decref(details);
    return false;
  }
  return lathe_run_write(&run, job->call->model, details, true, err);
}

static void print(const struct job *job)
{
  const struct lathe_options *options = &job->call->options;
  if (options->quiet)
    return;
  printf("%s: weights of %s", options->run, options->params);
  if (job->em.iterations > 0)
    printf(", a mixture fitted to %lld %s in %d iterations\n%s", (long long)job->data.count,
           lathe_input_words(job->call->model), job->em.iterations, job->em.notes);
  else
    printf(" and the mixture that came with them\n");
}

enum lathe_status lathe_command_import(const struct lathe_call *call, struct lathe_error *err)
{
  const struct lathe_options *options = &call->options;
  bool seeded = lathe_option_given(options, LATHE_OPTION_SEED);
  struct job job = {
      .call = call,
      .seed = seeded ? (uint64_t)options->seed : call->model->training.seed,
      .batch = call->model->training.batch,
  };
  bool done = lathe_run_check(options->run, options->force, err) && load(&job, err) &&
              complete_mixture(&job, err) && write_run(&job, err);
  if (done)
    print(&job);
  job_free(&job);
  return lathe_status_of(done);
}
