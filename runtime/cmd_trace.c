/* trace: training steps laid open, to be compared with another implementation's. */
#include "columns.h"
#include "command.h"
#include "dataset.h"
#include "numbers.h"
#include "optimiser_state.h"
#include "safetensors.h"
#include "schedule.h"
#include "session.h"
#include "tensor_check.h"
#include "trace.h"
#include "weights.h"
#include "weights_file.h"
#include "words.h"
#include <math.h>

struct job {
  const struct lathe_call *call;
  struct lathe_dataset data;
  struct lathe_array noise; /* [at least `used`, latent] */
  struct lathe_session session;
  int64_t steps, used; /* steps to be done, and the images they take */
  double rate;
  int64_t counted, optimised; /* steps done before, by the weights and by the optimiser's state */
  struct lathe_tensors out;
  double *losses[3]; /* [steps]: reconstruction, kl, total; owned by `out` */
};

static void job_free(struct job *job)
{
  lathe_tensors_free(&job->out);
  lathe_session_close(&job->session);
  lathe_array_free(&job->noise);
  lathe_dataset_free(&job->data);
}

static bool load_data(struct job *job, struct lathe_error *err)
{
  const struct lathe_options *options = &job->call->options;
  const struct lathe_model *model = job->call->model;
  struct lathe_source source = {.data = options->data, .label_column = options->label_column};
  const int64_t shape[2] = {-1, model->latent};
  if (!lathe_dataset_load(&job->data, model, &source, err) ||
      (lathe_has_prior(model) &&
       !lathe_numbers_read(&job->noise, options->noise, "noise", "data", 2, shape, err)))
    return false;
  int64_t count = job->data.count,
          batch = options->batch > 0 ? options->batch : model->training.batch;
  int64_t batches = (count + batch - 1) / batch;
  job->steps = options->steps;
  if (job->steps > batches)
    return lathe_fail(err,
                      "%s holds %lld %s, %lld batches of %lld: too few for %lld steps; give "
                      "more, or less --steps",
                      options->data, (long long)count, lathe_input_words(model), (long long)batches,
                      (long long)batch, (long long)job->steps);
  job->used = job->steps < batches ? job->steps * batch : count;
  if (lathe_has_prior(model) && job->noise.shape[0] < job->used)
    return lathe_fail(err,
                      "%s holds noise for %lld %s, and %lld are used: give a row of noise for "
                      "each %s",
                      options->noise, (long long)job->noise.shape[0], lathe_input_words(model),
                      (long long)job->used, lathe_input_word(model));
  struct lathe_session_size size = {(int)(batch < count ? batch : count), (int)options->threads,
                                    true};
  if (!lathe_session_open(&job->session, model, size, err))
    return false;
  job->session.state.keep_gradients = true;
  return true;
}

static bool load_parameters(struct job *job, struct lathe_error *err)
{
  const char *path = job->call->options.params;
  struct lathe_tensors tensors;
  if (!lathe_weights_read(&tensors, path, job->call->model, err))
    return false;
  bool good = lathe_weights_import(&tensors, path, job->call->model, &job->session.state, NULL,
                                   &job->counted, err) &&
              lathe_optimiser_import(&tensors, path, job->call->model, &job->session.state,
                                     &job->optimised, err);
  lathe_tensors_free(&tensors);
  if (good && job->counted > INT64_MAX - job->steps)
    good = lathe_fail(err, "%s counts more steps than can be", path);
  return good;
}

static bool add_losses(struct job *job, struct lathe_error *err)
{
  static const char *const names[3] = {"loss.reconstruction", "loss.kl", "loss.total"};
  for (int i = 0; i < 3; i++) {
    job->losses[i] = lathe_tensors_add(&job->out, names[i], LATHE_F64, 1, &job->steps, err);
    if (!job->losses[i])
      return false;
  }
  return true;
}

static bool run_step(struct job *job, int64_t step, struct lathe_error *err)
{
  struct lathe_session *session = &job->session;
  const struct lathe_model *model = session->model;
  int64_t first = step * session->state.capacity;
  int n = lathe_batch_size(session, first, job->used);
  lathe_dataset_gather(&job->data, model, NULL, first, n, session->images);
  for (int64_t i = 0; lathe_has_prior(model) && i < (int64_t)n * model->latent; i++)
    session->noise[i] = (lathe_real)lathe_array_real(&job->noise, first * model->latent + i);
  struct lathe_loss loss = model->train_step(&session->state, n, session->images, session->noise,
                                             job->rate, job->optimised + step + 1);
  job->losses[0][step] = loss.reconstruction;
  job->losses[1][step] = loss.kl;
  job->losses[2][step] = loss.total;
  return isfinite(loss.total) ||
         lathe_fail(err,
                    "the loss is %g at step %lld: with these parameters, images and noise, "
                    "training diverges",
                    loss.total, (long long)step + 1);
}

/* The first step is watched; the gradients stay until the next one. */
static bool run_steps(struct job *job, struct lathe_error *err)
{
  struct lathe_session *session = &job->session;
  const struct lathe_model *model = session->model;
  struct lathe_trace trace;
  int n = lathe_batch_size(session, 0, job->used);
  bool good =
      lathe_trace_start(&trace, model, &session->state, n, &job->out, err) && run_step(job, 0, err);
  good = lathe_trace_stop(&trace, good ? err : NULL) && good;
  good = good && lathe_weights_export_block(&job->out, model, "gradient.",
                                            session->state.fixed + model->gradients, err);
  for (int64_t step = 1; good && step < job->steps; step++)
    good = run_step(job, step, err);
  return good;
}

static bool write_out(struct job *job, struct lathe_error *err)
{
  const struct lathe_model *model = job->call->model;
  const struct lathe_state *state = &job->session.state;
  return lathe_weights_export(&job->out, model, state, NULL, job->counted + job->steps, err) &&
         lathe_optimiser_export(&job->out, model, state, job->optimised + job->steps, err) &&
         lathe_tensors_add_metadata(&job->out, "model", model->name, err) &&
         lathe_tensors_add_metadata(&job->out, "fingerprint", model->fingerprint, err) &&
         lathe_tensors_write(&job->out, job->call->options.output, err);
}

static bool trace(struct job *job, struct lathe_error *err)
{
  return lathe_check_output(job->call->options.output, err) && load_data(job, err) &&
         load_parameters(job, err) && add_losses(job, err) && run_steps(job, err) &&
         write_out(job, err);
}

enum lathe_status lathe_command_trace(const struct lathe_call *call, struct lathe_error *err)
{
  bool noisy = lathe_option_given(&call->options, LATHE_OPTION_NOISE);
  if (noisy != lathe_has_prior(call->model))
    return lathe_usage(err,
                       noisy ? "model %s is a plain autoencoder, and draws no noise: leave "
                               "--noise out"
                             : "trace needs --noise FILE: standard normal noise for model %s, "
                               "a row an image",
                       call->model->name);
  bool rated = lathe_option_given(&call->options, LATHE_OPTION_RATE);
  struct job job = {
      .call = call,
      .rate = rated ? call->options.rate : lathe_learning_rate(&call->model->training, 0),
  };
  bool done = trace(&job, err);
  if (done)
    lathe_note(call, call->options.output, "%d tensors of %lld training steps", job.out.count,
               (long long)job.steps);
  job_free(&job);
  return lathe_status_of(done);
}
