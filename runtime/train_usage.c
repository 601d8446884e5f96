#include "train_usage.h"
#include "run.h"
#include "words.h"

struct lathe_training lathe_train_settings(const struct lathe_call *call)
{
  const struct lathe_options *options = &call->options;
  struct lathe_training settings = call->model->training;
  if (lathe_option_given(options, LATHE_OPTION_EPOCHS))
    settings.epochs = (int)options->epochs;
  if (lathe_option_given(options, LATHE_OPTION_BATCH))
    settings.batch = (int)options->batch;
  if (lathe_option_given(options, LATHE_OPTION_RATE))
    settings.rate = options->rate;
  if (lathe_option_given(options, LATHE_OPTION_SEED))
    settings.seed = (uint64_t)options->seed;
  if (lathe_option_given(options, LATHE_OPTION_SPLIT))
    settings.split = options->split;
  if (options->valid)
    settings.split = 1;
  if (settings.schedule == LATHE_COSINE && settings.every == 0)
    settings.every = settings.epochs; /* also when the run is later gone on with */
  return settings;
}

/* Options about the training of weights, of which a mixture alone has none. */
static enum lathe_status check_alone(const struct lathe_call *call, struct lathe_error *err)
{
  static const struct {
    enum lathe_option option;
    const char *name;
  } weights[] = {
      {LATHE_OPTION_EPOCHS, "epochs"},
      {LATHE_OPTION_BATCH, "batch"},
      {LATHE_OPTION_RATE, "lr"},
      {LATHE_OPTION_SAVE_EPOCHS, "save-epochs"},
      {LATHE_OPTION_SAVE_MINUTES, "save-minutes"},
      {LATHE_OPTION_KEEP, "keep"},
  };
  for (size_t i = 0; i < sizeof weights / sizeof weights[0]; i++)
    if (lathe_option_given(&call->options, weights[i].option))
      return lathe_usage(err,
                         "--%s is about the training of weights, and model %s is a mixture alone, "
                         "fitted by EM: leave it out",
                         weights[i].name, call->model->name);
  return LATHE_DONE;
}

enum lathe_status lathe_train_usage(const struct lathe_call *call, struct lathe_error *err)
{
  const struct lathe_options *options = &call->options;
  if (lathe_is_alone(call->model) && check_alone(call, err) != LATHE_DONE)
    return LATHE_USAGE;
  if (options->resume && options->force)
    return lathe_usage(err,
                       "--resume and --force exclude each other: go on with the run in %s, or "
                       "replace it",
                       options->run);
  if (lathe_option_given(options, LATHE_OPTION_RATE) &&
      options->rate < call->model->training.minimum)
    return lathe_usage(err,
                       "--lr %g is below %g, the minimum that the description's schedule falls to: "
                       "give more",
                       options->rate, call->model->training.minimum);
  if (options->resume && lathe_run_exists(options->run))
    return LATHE_DONE;
  if (!options->data)
    return lathe_usage(err, "train needs --data FILE, %s to train on%s%s%s",
                       lathe_input_words(call->model), options->resume ? ": " : "",
                       options->resume ? options->run : "",
                       options->resume ? " holds no run to go on with" : "");
  if (call->model->mixing.init == LATHE_INIT_LABELLED && !options->labelled)
    return lathe_usage(err,
                       "model %s starts its mixture from labelled %s: give a few of each class "
                       "with --labelled FILE",
                       call->model->name, lathe_input_words(call->model));
  if (options->only && !options->labels && !options->label_column)
    return lathe_usage(err, "--only needs --labels FILE, or of a CSV table --label-column NAME: "
                            "train reads no other labels from --data");
  if (options->labels && !options->only)
    return lathe_usage(err, "--labels serves --only alone: train reads no other labels (give the "
                            "few that name the clusters with --labelled)");
  if (lathe_option_given(options, LATHE_OPTION_SPLIT) && options->split <= 0)
    return lathe_usage(err,
                       "--split 0 leaves no %s to train on: give the part that is trained on, "
                       "above 0 and up to 1",
                       lathe_input_word(call->model));
  if (options->valid && lathe_option_given(options, LATHE_OPTION_SPLIT))
    return lathe_usage(err,
                       "--valid and --split exclude each other: with --valid, all of --data is "
                       "trained on");
  return LATHE_DONE;
}
