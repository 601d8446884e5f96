#include "resume.h"
#include "origin.h"
#include "schedule.h"
#include "settings.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

void lathe_resume_close(struct lathe_resume *resume)
{
  json_decref(resume->record);
  *resume = (struct lathe_resume){0};
}

static bool another_build(const struct lathe_resume *resume, const struct lathe_model *model,
                          const char *difference, struct lathe_error *err)
{
  return lathe_fail(err,
                    "the run in %s was begun by another build of model %s: %s; go on with the "
                    "binary that began it",
                    resume->run.folder, model->name, difference);
}

static bool check_compiled(const struct lathe_resume *resume, const struct lathe_model *model,
                           struct lathe_error *err)
{
  char difference[LATHE_DIFFERENCE];
  lathe_origin_difference(resume->record, lathe_origin_compiled, model, difference);
  return difference[0] == '\0' || another_build(resume, model, difference, err);
}

/* Numbers of the description may have been recorded with fewer digits by earlier versions. */
static bool same_number(double a, double b)
{
  return fabs(a - b) <= 1e-9 * fmax(fabs(a), fabs(b));
}

/* What the description alone says of the training, `then` and by this binary: a folder holds one
 * description, which must be that of the whole run. */
static bool check_described(const struct lathe_resume *resume, const struct lathe_model *model,
                            const struct lathe_training *then, struct lathe_error *err)
{
  const struct lathe_training *now = &model->training;
  char difference[LATHE_DIFFERENCE] = "";
  if (then->schedule != now->schedule)
    snprintf(difference, sizeof difference, "the schedule is `%s` there and `%s` here",
             lathe_schedule_name(then->schedule), lathe_schedule_name(now->schedule));
  for (int i = 0; i < lathe_settings_count() && difference[0] == '\0'; i++) {
    const char *name = lathe_settings_name(i);
    double there = lathe_settings_value(then, i), here = lathe_settings_value(now, i);
    bool all_epochs =
        now->schedule == LATHE_COSINE && now->every == 0 && strcmp(name, "every") == 0;
    if (!all_epochs && !same_number(there, here))
      snprintf(difference, sizeof difference, "%s is `%.15g` there and `%.15g` here", name, there,
               here);
  }
  return difference[0] == '\0' || another_build(resume, model, difference, err);
}

/* A number of the command line must be the run's. */
static bool agree(const struct lathe_call *call, enum lathe_option option, const char *name,
                  double given, double recorded, struct lathe_error *err)
{
  if (!lathe_option_given(&call->options, option) || given == recorded)
    return true;
  return lathe_fail(err,
                    "--%s %.15g: the run in %s was begun with %.15g; leave the option out to go "
                    "on, or start anew with --force",
                    name, given, call->options.run, recorded);
}

/* How the record says the weights were trained. */
static bool read_steps(struct lathe_resume *resume, struct lathe_training *settings, double *rate)
{
  const char *schedule;
  lathe_settings_take(settings, json_object_get(resume->record, "settings"));
  return json_unpack(resume->record, "{s:{s:i, s:F, s:s}}", "settings", "epochs", &resume->epochs,
                     "rate", rate, "schedule", &schedule) == 0 &&
         lathe_schedule_named(schedule, &settings->schedule) && resume->epochs >= 1;
}

static bool read_settings(struct lathe_resume *resume, const struct lathe_call *call,
                          struct lathe_training *settings, struct lathe_error *err)
{
  const struct lathe_options *options = &call->options;
  double rate = settings->rate;
  resume->diverged = json_array_size(json_object_get(resume->record, "diverged")) > 0;
  if (!lathe_is_alone(call->model) && !read_steps(resume, settings, &rate))
    return lathe_fail(err,
                      "the run in %s does not say how it was trained: it was imported, or is older "
                      "than checkpoints; start anew with --force",
                      options->run);
  if (!lathe_is_alone(call->model) && !check_described(resume, call->model, settings, err))
    return false;
  if (!agree(call, LATHE_OPTION_BATCH, "batch", (double)options->batch, resume->run.batch, err) ||
      !agree(call, LATHE_OPTION_SEED, "seed", (double)options->seed, (double)resume->run.seed,
             err) ||
      !agree(call, LATHE_OPTION_SPLIT, "split", options->split, resume->run.split, err) ||
      (!resume->diverged && !agree(call, LATHE_OPTION_RATE, "lr", options->rate, rate, err)))
    return false;
  if (!lathe_option_given(options, LATHE_OPTION_EPOCHS))
    settings->epochs = resume->epochs;
  settings->rate = lathe_option_given(options, LATHE_OPTION_RATE) ? options->rate : rate;
  settings->batch = resume->run.batch;
  settings->split = resume->run.split;
  settings->seed = resume->run.seed;
  return true;
}

/* One text of the record, unless the command line has its own, which only a path may have. */
static bool take_text(const struct lathe_resume *resume, const char *member, const char *key,
                      const char **text, bool is_path, struct lathe_error *err)
{
  const char *recorded =
      json_string_value(json_object_get(json_object_get(resume->record, member), key));
  if (*text && (!recorded || (!is_path && strcmp(*text, recorded) != 0)))
    return lathe_fail(err,
                      "the run in %s was begun with %s as its %s, and not with %s: leave the "
                      "option out to go on, or start anew with --force",
                      resume->run.folder, recorded ? recorded : "nothing",
                      strcmp(key, "path") == 0 ? member : key, *text);
  if (!*text)
    *text = recorded;
  return true;
}

static bool take_inputs(const struct lathe_resume *resume, struct lathe_inputs *inputs,
                        struct lathe_error *err)
{
  return take_text(resume, "data", "path", &inputs->data, true, err) &&
         take_text(resume, "data", "labels", &inputs->labels, true, err) &&
         take_text(resume, "data", "only", &inputs->only, false, err) &&
         take_text(resume, "data", "label_column", &inputs->label_column, false, err) &&
         take_text(resume, "valid", "path", &inputs->valid, true, err) &&
         take_text(resume, "labelled", "path", &inputs->labelled, true, err);
}

bool lathe_resume_open(struct lathe_resume *resume, const struct lathe_call *call,
                       struct lathe_training *settings, struct lathe_inputs *inputs,
                       struct lathe_error *err)
{
  *resume = (struct lathe_resume){0};
  return lathe_run_reopen(&resume->run, call->options.run, call->model, &resume->record,
                          &resume->finished, err) &&
         check_compiled(resume, call->model, err) && read_settings(resume, call, settings, err) &&
         take_inputs(resume, inputs, err);
}

bool lathe_resume_check(const struct lathe_resume *resume, const struct lathe_model *model,
                        const char *member, const char *path, const struct lathe_dataset *dataset,
                        struct lathe_error *err)
{
  const json_t *file = json_object_get(resume->record, member);
  return !resume->record || !path ||
         lathe_origin_check_file(file, resume->run.folder, path, model, dataset, err);
}
