/* optimiser: some steps of training, each parameter against what the optimiser's definition makes
 * of the gradient that the step left. */
#include "allocate.h"
#include "selfcheck_parts.h"
#include "tensor_order.h"
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IMAGES = 3, STEPS = 3 };

/* What lathe_real is exact to. */
static double unit(void)
{
  return sizeof(lathe_real) == sizeof(float) ? FLT_EPSILON : DBL_EPSILON;
}

/* One number as the optimiser keeps it. */
struct kept {
  double parameter, first, second;
};

/* What a step makes of it, and the size of what was added up for that: rounding is relative to it,
 * where terms cancel too. */
struct stepped {
  struct kept to, size;
};

/* Adam (Kingma and Ba 2015, algorithm 1) or SGD with momentum (Sutskever et al. 2013, in PyTorch's
 * form, where the rate stands outside the momentum). */
static struct stepped definition(const struct lathe_training *t, struct kept old, double gradient,
                                 double rate, int step)
{
  bool adam = t->optimiser == LATHE_ADAM;
  double decay = adam ? t->beta1 : t->momentum, scale = rate;
  double kept = decay * old.first, added = adam ? (1 - decay) * gradient : gradient;
  struct stepped s = {.to = old};
  s.to.first = kept + added;
  s.size.first = fabs(kept) + fabs(added);
  if (adam) {
    s.to.second = t->beta2 * old.second + (1 - t->beta2) * gradient * gradient;
    s.size.second = s.to.second;
    double deviation = sqrt(s.to.second / (1 - pow(t->beta2, step)));
    scale = rate / (1 - pow(t->beta1, step)) / (deviation + t->eps);
  }
  s.to.parameter = old.parameter - scale * s.to.first;
  s.size.parameter = scale * s.size.first;
  return s;
}

static struct kept kept_at(const struct lathe_model *model, const lathe_real *fixed, size_t i)
{
  return (struct kept){
      .parameter = (double)fixed[i],
      .first = model->first_moment > 0 ? (double)fixed[model->first_moment + i] : 0,
      .second = model->second_moment > 0 ? (double)fixed[model->second_moment + i] : 0,
  };
}

/* Sums of squares: how far a number is off, and how large it is. */
struct sums {
  double off, size;
};

static void add(struct sums *sums, double expected, double found, double size)
{
  sums->off += (found - expected) * (found - expected);
  sums->size += size * size;
}

/* The step's change of the parameters is known to their rounding; moments are as they are. */
static void check_tensor(const struct lathe_model *model, const struct lathe_tensor *tensor,
                         const lathe_real *before, const lathe_real *after, double rate, int step,
                         struct lathe_finding *finding)
{
  struct sums parameter = {0, 0}, first = {0, 0}, second = {0, 0};
  double weight = 0;
  for (int64_t k = 0; k < lathe_tensor_size(tensor); k++) {
    size_t i = tensor->offset + (size_t)k;
    struct kept old = kept_at(model, before, i), new = kept_at(model, after, i);
    struct stepped expected =
        definition(&model->training, old, (double)after[model->gradients + i], rate, step);
    add(&parameter, expected.to.parameter, new.parameter, expected.size.parameter);
    if (model->first_moment > 0)
      add(&first, expected.to.first, new.first, expected.size.first);
    if (model->second_moment > 0)
      add(&second, expected.to.second, new.second, expected.size.second);
    weight += old.parameter * old.parameter;
  }
  double rounding = unit() * sqrt(weight) / finding->tolerance;
  const double errors[3] = {
      parameter.off == 0 ? 0 : sqrt(parameter.off) / (sqrt(parameter.size) + rounding),
      first.off == 0 ? 0 : sqrt(first.off / first.size),
      second.off == 0 ? 0 : sqrt(second.off / second.size),
  };
  static const char *const what[3] = {"the parameter", "the first moment", "the second moment"};
  for (int i = 0; i < 3; i++)
    if (lathe_finding_worse(finding, errors[i]))
      snprintf(finding->detail, sizeof finding->detail, "step %d: %s", step, what[i]);
}

static void check_steps(struct lathe_session *session, lathe_real *before,
                        struct lathe_finding *findings)
{
  const struct lathe_model *model = session->model;
  struct lathe_state *state = &session->state;
  lathe_selfcheck_weights(state, model, 0);
  lathe_selfcheck_images(model, IMAGES, 0, session->images, session->noise);
  double rate = lathe_selfcheck_rate(model, state, IMAGES, session->images, session->noise);
  lathe_selfcheck_weights(state, model, 0);
  for (int step = 1; step <= STEPS; step++) {
    memcpy(before, state->fixed, model->fixed_training * sizeof *before);
    model->train_step(state, IMAGES, session->images, session->noise, rate, step);
    for (int t = 0; t < model->tensor_count; t++)
      if (model->tensors[t].role == LATHE_PARAMETER)
        check_tensor(model, &model->tensors[t], before, state->fixed, rate, step, &findings[t]);
  }
}

bool lathe_selfcheck_optimiser(const struct lathe_model *model, char **arguments,
                               struct lathe_error *err)
{
  (void)arguments;
  struct lathe_session session;
  struct lathe_session_size size = {IMAGES, 1, true};
  if (!lathe_session_open(&session, model, size, err))
    return false;
  session.state.keep_gradients = true;
  lathe_real *before =
      lathe_allocate((int64_t)model->fixed_training, 1, sizeof *before, "weights", err);
  struct lathe_finding *findings =
      lathe_allocate(model->tensor_count, 1, sizeof *findings, "a self-check", err);
  bool good = before && findings;
  for (int t = 0; good && t < model->tensor_count; t++)
    findings[t] = (struct lathe_finding){
        .check = "optimiser", .item = model->tensors[t].name, .tolerance = 100 * unit()};
  if (good)
    check_steps(&session, before, findings);
  for (int t = 0; good && t < model->tensor_count; t++)
    if (model->tensors[t].role == LATHE_PARAMETER)
      good = lathe_finding_print(&findings[t], model, err);
  free(findings);
  free(before);
  lathe_session_close(&session);
  return good;
}
