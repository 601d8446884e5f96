#include "optimiser_state.h"
#include "tensor_check.h"
#include "tensor_order.h"
#include "weights.h"
#include <stdio.h>
#include <string.h>

static const char any_prefix[] = "optimiser.", step_name[] = "optimiser.step";
static const char optimiser_key[] = "optimiser"; /* of a file's metadata: whose state it holds */

/* No training comes near, and more can be added without overflow. */
static const int64_t most_steps = INT64_C(1) << 53;

static const struct {
  const char *name, *moments[LATHE_MOMENTS];
} optimisers[LATHE_OPTIMISERS] = {
#define OPTIMISER(ID, name, ...) [LATHE_##ID] = {#name, {__VA_ARGS__}},
#include "optimisers.def"
#undef OPTIMISER
};

const char *lathe_optimiser_name(enum lathe_optimiser optimiser)
{
  return optimisers[optimiser].name;
}

void lathe_moment_prefix(const struct lathe_model *model, int i, char prefix[LATHE_TENSOR_NAME])
{
  snprintf(prefix, LATHE_TENSOR_NAME, "optimiser.%s.",
           optimisers[model->training.optimiser].moments[i]);
}

bool lathe_optimiser_export_moments(struct lathe_tensors *out, const struct lathe_model *model,
                                    const lathe_real *fixed, struct lathe_error *err)
{
  char prefix[LATHE_TENSOR_NAME];
  for (int i = 0; i < LATHE_MOMENTS; i++) {
    if (model->moments[i] == 0)
      continue;
    lathe_moment_prefix(model, i, prefix);
    if (!lathe_weights_export_block(out, model, prefix, fixed + model->moments[i], err))
      return false;
  }
  return true;
}

bool lathe_optimiser_export(struct lathe_tensors *out, const struct lathe_model *model,
                            const struct lathe_state *state, int64_t steps, struct lathe_error *err)
{
  if (!lathe_optimiser_export_moments(out, model, state->fixed, err) ||
      !lathe_tensors_add_metadata(out, optimiser_key, optimisers[model->training.optimiser].name,
                                  err))
    return false;
  int64_t *step = lathe_tensors_add(out, step_name, LATHE_I64, 0, NULL, err);
  if (step)
    *step = steps;
  return step != NULL;
}

static bool starts_with(const char *text, const char *start)
{
  return strncmp(text, start, strlen(start)) == 0;
}

static bool is_trained(const struct lathe_model *model, const char *name)
{
  const struct lathe_tensor *tensor = lathe_tensor_named(model, name);
  return tensor && tensor->role == LATHE_PARAMETER;
}

/* Whether the name is that of a tensor of moment `i`, of a parameter that is trained. */
static bool is_of_moment(const struct lathe_model *model, int i, const char *name)
{
  char prefix[LATHE_TENSOR_NAME];
  lathe_moment_prefix(model, i, prefix);
  return starts_with(name, prefix) && is_trained(model, name + strlen(prefix));
}

static bool is_known(const struct lathe_model *model, const char *name)
{
  for (int i = 0; i < LATHE_MOMENTS; i++)
    if (model->moments[i] != 0 && is_of_moment(model, i, name))
      return true;
  return strcmp(name, step_name) == 0;
}

/* Whether an optimiser keeps moments of the name that a tensor has. */
static bool keeps(int optimiser, const char *tensor)
{
  const char *moment = tensor + strlen(any_prefix);
  bool found = false;
  for (int i = 0; i < LATHE_MOMENTS; i++) {
    const char *kept = optimisers[optimiser].moments[i];
    found = found || (kept && starts_with(moment, kept) && moment[strlen(kept)] == '.');
  }
  return found;
}

/* The optimiser that the file's state is of: what the file says, or else the first that keeps
 * moments of the name of the tensor `unknown`, which the model's does not. NULL: none can be told.
 */
static const char *whose_state(const struct lathe_tensors *in, const struct lathe_model *model,
                               const char *unknown)
{
  const char *said = lathe_tensors_metadata(in, optimiser_key);
  if (said || !unknown || keeps((int)model->training.optimiser, unknown))
    return said;
  int k = 0;
  while (k < LATHE_OPTIMISERS && !keeps(k, unknown))
    k++;
  return k < LATHE_OPTIMISERS ? optimisers[k].name : NULL;
}

/* State of one optimiser says nothing to another, even where both give it the same names. */
static bool check_optimiser(const struct lathe_tensors *in, const char *name,
                            const struct lathe_model *model, const char *unknown,
                            struct lathe_error *err)
{
  const char *ours = optimisers[model->training.optimiser].name;
  const char *theirs = whose_state(in, model, unknown);
  return !theirs || strcmp(theirs, ours) == 0 ||
         lathe_fail(err,
                    "%s holds the state of the optimiser %.40s, and model %s is trained by %s: "
                    "give a file without %s* to start its state anew",
                    name, theirs, model->name, ours, any_prefix);
}

bool lathe_optimiser_import(const struct lathe_tensors *in, const char *name,
                            const struct lathe_model *model, struct lathe_state *state,
                            int64_t *steps, struct lathe_error *err)
{
  struct lathe_complaints complaints = {0};
  char prefix[LATHE_TENSOR_NAME];
  const char *unknown = NULL;
  bool any = false;
  *steps = 0;
  for (int i = 0; i < in->count; i++) {
    if (!starts_with(in->items[i].name, any_prefix))
      continue;
    any = true;
    if (is_known(model, in->items[i].name))
      continue;
    unknown = unknown ? unknown : in->items[i].name;
    lathe_complain(&complaints, "%.100s is unknown to its optimiser", in->items[i].name);
  }
  if (!any)
    return true;
  if (!check_optimiser(in, name, model, unknown, err))
    return false;
  const int64_t scalar[1] = {1};
  const struct lathe_array *step = lathe_expect_tensor(&complaints, in, step_name, 0, 0, scalar);
  int64_t done = step ? *(const int64_t *)step->data : 0;
  if (done < 0 || done > most_steps)
    lathe_complain(&complaints, "%s counts %lld steps", step_name, (long long)done);
  if (!lathe_complaints_report(&complaints, name, model->name, err))
    return false;
  *steps = done;
  for (int i = 0; i < LATHE_MOMENTS; i++) {
    if (model->moments[i] == 0)
      continue;
    lathe_moment_prefix(model, i, prefix);
    if (!lathe_weights_import_block(in, name, model, prefix, state->fixed + model->moments[i], err))
      return false;
  }
  return true;
}
