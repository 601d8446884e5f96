/* NAME_update: what the optimiser makes of a gradient, in the form in which PyTorch computes it. */
#include "emit_optimiser.h"
#include "runtime/packed.h"

/* Each rule changes one parameter by its gradient g. The names of what the optimiser keeps are
 * those of optimisers.def. */
static const char adam_rule[] =
    "exp_avg[i] = $beta1 * exp_avg[i] + $rest1 * g;\n"
    "exp_avg_sq[i] = $beta2 * exp_avg_sq[i] + $rest2 * g * g;\n"
    "$change rate * exp_avg[i] / (sqrt$f(exp_avg_sq[i]) * correction + $eps);\n";

static const char *const moments[LATHE_OPTIMISERS][LATHE_MOMENTS] = {
#define OPTIMISER(ID, name, ...) [LATHE_##ID] = {__VA_ARGS__},
#include "../runtime/optimisers.def"
#undef OPTIMISER
};

const char *optimiser_moment(const struct emitter *e, int i)
{
  return moments[e->model->training.optimiser][i];
}

bool optimiser_is_adam(const struct emitter *e)
{
  enum lathe_optimiser optimiser = e->model->training.optimiser;
  return optimiser == LATHE_ADAM || optimiser == LATHE_ADAMW;
}

bool optimiser_shrinks(const struct emitter *e)
{
  const struct lathe_training *t = &e->model->training;
  return t->optimiser == LATHE_ADAMW && t->weight_decay > 0;
}

void emit_update_struct(struct emitter *e)
{
  emit(e, "/* One step of the optimiser. */\n"
          "struct ${model}_update {\n"
          "$real *fixed; /* parameters, and what follows them */\n"
          "$real rate; /* what the learning rate comes to in this step */\n");
  if (optimiser_is_adam(e))
    emit(e, "$real correction; /* 1 / sqrt(1 - beta2^step) */\n");
  if (optimiser_shrinks(e))
    emit(e, "$real keep; /* 1 - learning rate x weight decay */\n");
  if (model_clips_norm(e->model))
    emit(e, "$real scale; /* of the gradients, so that their norm is within its bound */\n");
  emit(e, "};\n\n"
          "/* Changes the parameters first .. first+count-1 by their gradients. */\n"
          "void ${model}_update(const struct ${model}_update *update, int first_parameter, int "
          "count,\n"
          "const $real *restrict gradient);\n\n");
}

static void bind_constants(struct emitter *e)
{
  const struct lathe_training *t = &e->model->training;
  emit_bind(e, "beta1", "%s", emit_number(e, t->beta1));
  emit_bind(e, "rest1", "%s", emit_number(e, 1 - t->beta1));
  emit_bind(e, "beta2", "%s", emit_number(e, t->beta2));
  emit_bind(e, "rest2", "%s", emit_number(e, 1 - t->beta2));
  emit_bind(e, "alpha", "%s", emit_number(e, t->alpha));
  emit_bind(e, "rest", "%s", emit_number(e, 1 - t->alpha));
  emit_bind(e, "eps", "%s", emit_number(e, t->eps));
  emit_bind(e, "momentum", "%s", emit_number(e, t->momentum));
  emit_bind(e, "decay", "%s", emit_number(e, t->weight_decay));
  emit_bind(e, "change",
            optimiser_shrinks(e) ? "parameter[i] = keep * parameter[i] -" : "parameter[i] -=");
  emit_bind(e, "bound", "%s", emit_number(e, t->clip));
}

/* The gradient as the optimiser takes it: within its bound, and with the weight decay's. */
static void emit_gradient(struct emitter *e)
{
  const struct lathe_training *t = &e->model->training;
  const char *g = "gradient[i]";
  if (t->clip > 0 && t->clipping == LATHE_CLIP_VALUE) {
    emit(e, "const $real bounded = gradient[i] > $bound ? $bound : gradient[i] < -$bound ? -$bound "
            ": gradient[i];\n");
    g = "bounded";
  } else if (t->clip > 0) {
    g = "scale * gradient[i]";
  }
  bool added = t->weight_decay > 0 && t->optimiser != LATHE_ADAMW;
  emit_bind(e, "gradient", "%s", g);
  emit(e, added ? "const $real g = $gradient + $decay * parameter[i];\n"
                : "const $real g = $gradient;\n");
}

/* Along $term, or what has gathered of it (Sutskever et al. 2013, in PyTorch's form, where the rate
 * stands outside the momentum). */
static void emit_step(struct emitter *e, const char *term)
{
  const struct lathe_training *t = &e->model->training;
  emit_bind(e, "term", "%s", term);
  if (t->momentum > 0)
    emit(e, "momentum_buffer[i] = $momentum * momentum_buffer[i] + $term;\n");
  emit(e, t->nesterov       ? "parameter[i] -= rate * ($term + $momentum * momentum_buffer[i]);\n"
          : t->momentum > 0 ? "parameter[i] -= rate * momentum_buffer[i];\n"
                            : "parameter[i] -= rate * $term;\n");
}

/* Tieleman & Hinton 2012; centred: Graves 2013. */
static void emit_rmsprop(struct emitter *e)
{
  emit(e, "square_avg[i] = $alpha * square_avg[i] + $rest * g * g;\n");
  if (e->model->training.centered) /* rounding may take it below 0, where there is no root */
    emit(e, "grad_avg[i] += $rest * (g - grad_avg[i]);\n"
            "const $real variance = square_avg[i] - grad_avg[i] * grad_avg[i];\n"
            "const $real scaled = g / (sqrt$f(variance > 0 ? variance : 0) + $eps);\n");
  else
    emit(e, "const $real scaled = g / (sqrt$f(square_avg[i]) + $eps);\n");
  emit_step(e, "scaled");
}

static const char *describe(const struct lathe_training *t)
{
  switch (t->optimiser) {
  case LATHE_ADAM:
    return "/* Adam (Kingma & Ba 2015, algorithm 1), in the form in which PyTorch computes it. "
           "*/\n";
  case LATHE_ADAMW:
    return "/* Adam with decoupled weight decay (Loshchilov & Hutter 2019), in PyTorch's form. "
           "*/\n";
  case LATHE_RMSPROP:
    return t->centered ? "/* Centred RMSprop (Graves 2013), as PyTorch's. */\n"
                       : "/* RMSprop (Tieleman & Hinton 2012), as PyTorch's. */\n";
  default:
    return t->nesterov
               ? "/* Stochastic gradient descent with Nesterov's momentum, as PyTorch's SGD. "
                 "*/\n"
           : t->momentum > 0
               ? "/* Stochastic gradient descent with momentum, as PyTorch's SGD. */\n"
               : "/* Stochastic gradient descent. */\n";
  }
}

void emit_update(struct emitter *e, const struct compilation *c)
{
  const struct lathe_training *t = &e->model->training;
  bind_constants(e);
  emit(e, describe(t));
  emit(e, "void ${model}_update(const struct ${model}_update *update, int first_parameter, int "
          "count,\n"
          "const $real *restrict gradient)\n"
          "{\n"
          "$real *const restrict parameter = update->fixed + first_parameter;\n");
  for (int i = 0; i < LATHE_MOMENTS; i++)
    if (c->moments[i] > 0) {
      emit_bind(e, "moment", "%s", optimiser_moment(e, i));
      emit_bind(e, "MOMENT", "%s", emit_upper(e->mem, optimiser_moment(e, i)));
      emit(e, "$real *const restrict $moment = parameter + ${MODEL}_$MOMENT;\n");
    }
  emit(e, "const $real rate = update->rate;\n");
  if (optimiser_is_adam(e))
    emit(e, "const $real correction = update->correction;\n");
  if (optimiser_shrinks(e))
    emit(e, "const $real keep = update->keep;\n");
  if (model_clips_norm(e->model))
    emit(e, "const $real scale = update->scale;\n");
  emit(e, "for (int i = 0; i < count; i++) {\n");
  emit_gradient(e);
  if (optimiser_is_adam(e))
    emit(e, adam_rule);
  else if (t->optimiser == LATHE_RMSPROP)
    emit_rmsprop(e);
  else
    emit_step(e, "g");
  emit(e, "}\n}\n\n");
}

void emit_to_update(struct emitter *e)
{
  struct text more = {.mem = e->mem};
  int streams = 1;
  for (int i = 0; i < LATHE_MOMENTS && streams < LATHE_NEXT; i++)
    if (optimiser_keeps(&e->model->training, i)) {
      text_printf(&more, ", parameter + %s_%s", emit_value(e, "MODEL"),
                  emit_upper(e->mem, optimiser_moment(e, i)));
      streams++;
    }
  int count = e->binding_count;
  emit_bind(e, "more", "%s", more.length > 0 ? more.data : "");
  emit_helper(
      e, mem_printf(e->mem, "%s_to_update", e->model->name),
      "/* What ${model}_update reads and changes of the parameters first .. first+count-1. */\n"
      "static struct lathe_next ${model}_to_update(const struct ${model}_update *update,\n"
      "int first_parameter, int count)\n"
      "{\n"
      "if (update == NULL)\n  return (struct lathe_next){0};\n"
      "const $real *const parameter = update->fixed + first_parameter;\n"
      "return (struct lathe_next){\n"
      ".of = {parameter$more},\n"
      ".bytes = (size_t)count * sizeof *parameter,\n"
      "};\n"
      "}\n");
  e->binding_count = count;
}
