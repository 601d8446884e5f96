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

/* One number as the optimiser keeps it: with its moments as optimisers.def orders them. */
struct kept {
  double parameter, moment[LATHE_MOMENTS];
};

/* What a step makes of it, and the size of what was added up for that: rounding is relative to it,
 * where terms cancel too. */
struct stepped {
  struct kept to, size;
};

enum { GRADIENT, SQUARE, CENTRE }; /* moments, by what they are means of */

/* A gradient, and the size of what it is the sum of: clipped, and with the weight's decay. */
struct summed {
  double sum, size;
};

/* moment = decay x moment + term, which `size` was added up for */
static void gather(struct stepped *s, int moment, double decay, double term, double size)
{
  double kept = decay * s->to.moment[moment];
  s->to.moment[moment] = kept + term;
  s->size.moment[moment] = fabs(kept) + fabs(size);
}

/* Kingma and Ba 2015, algorithm 1; returns the direction of the step, times the rate. */
static double adam(struct stepped *s, const struct lathe_training *t, struct summed g, double rate,
                   int step, double *size)
{
  gather(s, GRADIENT, t->beta1, (1 - t->beta1) * g.sum, (1 - t->beta1) * g.size);
  gather(s, SQUARE, t->beta2, (1 - t->beta2) * g.sum * g.sum, (1 - t->beta2) * g.sum * g.size);
  double deviation = sqrt(s->to.moment[SQUARE] / (1 - pow(t->beta2, step)));
  double scale = rate / (1 - pow(t->beta1, step)) / (deviation + t->eps);
  *size = scale * s->size.moment[GRADIENT];
  return scale * s->to.moment[GRADIENT];
}

/* Sutskever et al. 2013 in PyTorch's form, where the rate stands outside the momentum. */
static double descent(struct stepped *s, const struct lathe_training *t, struct summed g,
                      double rate, double *size)
{
  gather(s, GRADIENT, t->momentum, g.sum, g.size);
  double ahead = t->nesterov ? t->momentum : 1, now = t->nesterov ? g.sum : 0;
  *size = rate * (fabs(now) + ahead * s->size.moment[GRADIENT]);
  return rate * (now + ahead * s->to.moment[GRADIENT]);
}

/* Tieleman and Hinton 2012; Graves 2013. What rounding has left of a gradient whose terms cancel is
 * enlarged as the quotient is by its derivative. */
static double rmsprop(struct stepped *s, const struct lathe_training *t, struct summed g,
                      double rate, double *size)
{
  const double share = 1 - t->alpha;
  gather(s, SQUARE, t->alpha, share * g.sum * g.sum, share * g.sum * g.size);
  double square = s->to.moment[SQUARE], centre = 0;
  if (t->centered) {
    gather(s, CENTRE, t->alpha, share * g.sum, share * g.size);
    centre = s->to.moment[CENTRE];
    square -= centre * centre;
  }
  double deviation = sqrt(square > 0 ? square : 0), below = deviation + t->eps;
  double scaled = g.sum / below;
  double slope = 1 / below;
  if (deviation > 0)
    slope -= scaled * share * (g.sum - centre) / (deviation * below);
  gather(s, GRADIENT, t->momentum, scaled, fabs(scaled) + fabs(slope) * (g.size - fabs(g.sum)));
  *size = rate * s->size.moment[GRADIENT];
  return rate * s->to.moment[GRADIENT];
}

/* `scale`: what clipping multiplies the gradients by. */
static struct stepped definition(const struct lathe_training *t, struct kept old, double gradient,
                                 double scale, double rate, int step)
{
  struct stepped s = {.to = old};
  double clipped = scale * gradient, decay = 0, size, change;
  if (t->clip > 0 && t->clipping == LATHE_CLIP_VALUE)
    clipped = fmax(-t->clip, fmin(t->clip, gradient));
  if (t->optimiser == LATHE_ADAMW)
    s.to.parameter *= 1 - rate * t->weight_decay;
  else
    decay = t->weight_decay * old.parameter;
  const struct summed g = {clipped + decay, fabs(clipped) + fabs(decay)};
  if (t->optimiser == LATHE_SGD)
    change = descent(&s, t, g, rate, &size);
  else if (t->optimiser == LATHE_RMSPROP)
    change = rmsprop(&s, t, g, rate, &size);
  else
    change = adam(&s, t, g, rate, step, &size);
  s.to.parameter -= change;
  s.size.parameter = size + fabs(old.parameter - s.to.parameter);
  return s;
}

/* What gradients are multiplied by, so that the norm of all of them is at most the bound. */
static double clipping_scale(const struct lathe_model *model, const lathe_real *fixed)
{
  const struct lathe_training *t = &model->training;
  double squares = 0;
  for (int i = 0; i < model->tensor_count; i++)
    if (model->tensors[i].role == LATHE_PARAMETER)
      squares += pow(lathe_norm(fixed + model->gradients + model->tensors[i].offset,
                                (size_t)lathe_tensor_size(&model->tensors[i])),
                     2);
  bool bounded = t->clip > 0 && t->clipping == LATHE_CLIP_NORM;
  return bounded ? fmin(1, t->clip / (sqrt(squares) + 1e-6)) : 1;
}

static struct kept kept_at(const struct lathe_model *model, const lathe_real *fixed, size_t i)
{
  struct kept kept = {.parameter = (double)fixed[i]};
  for (int m = 0; m < LATHE_MOMENTS; m++)
    kept.moment[m] = model->moments[m] > 0 ? (double)fixed[model->moments[m] + i] : 0;
  return kept;
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
  static const char *const what[] = {"the parameter", "the first moment", "the second moment",
                                     "the third moment"};
  struct sums parameter = {0, 0}, moments[LATHE_MOMENTS] = {{0, 0}};
  double weight = 0, errors[1 + LATHE_MOMENTS], scale = clipping_scale(model, after);
  for (int64_t k = 0; k < lathe_tensor_size(tensor); k++) {
    size_t i = tensor->offset + (size_t)k;
    struct kept old = kept_at(model, before, i), new = kept_at(model, after, i);
    struct stepped expected =
        definition(&model->training, old, (double)after[model->gradients + i], scale, rate, step);
    add(&parameter, expected.to.parameter, new.parameter, expected.size.parameter);
    for (int m = 0; m < LATHE_MOMENTS; m++)
      if (model->moments[m] > 0)
        add(&moments[m], expected.to.moment[m], new.moment[m], expected.size.moment[m]);
    weight += old.parameter * old.parameter;
  }
  double rounding = unit() * sqrt(weight) / finding->tolerance;
  errors[0] = parameter.off == 0 ? 0 : sqrt(parameter.off) / (sqrt(parameter.size) + rounding);
  for (int m = 0; m < LATHE_MOMENTS; m++)
    errors[1 + m] = moments[m].off == 0 ? 0 : sqrt(moments[m].off / moments[m].size);
  for (int i = 0; i < 1 + LATHE_MOMENTS; i++)
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
