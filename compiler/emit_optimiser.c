#include "emit_optimiser.h"

static const char adam[] =
    "/* Adam (Kingma & Ba 2015, algorithm 1), in the form in which PyTorch computes it. */\n"
    "static void update(void *arg, int task, int thread)\n"
    "{\n"
    "(void)thread;\n"
    "const struct update *const u = arg;\n"
    "$real *const restrict parameter = u->fixed;\n"
    "const $real *const restrict gradient = u->fixed + ${MODEL}_GRADIENTS;\n"
    "$real *const restrict first = u->fixed + ${MODEL}_FIRST_MOMENT;\n"
    "$real *const restrict second = u->fixed + ${MODEL}_SECOND_MOMENT;\n"
    "const $real rate = u->rate;\n"
    "const $real correction = u->correction;\n"
    "const int begin = task * UPDATE_BLOCK;\n"
    "const int end = begin + UPDATE_BLOCK < ${MODEL}_TRAINED ? begin + UPDATE_BLOCK : "
    "${MODEL}_TRAINED;\n"
    "for (int i = begin; i < end; i++) {\n"
    "const $real g = gradient[i];\n"
    "first[i] = $beta1 * first[i] + $rest1 * g;\n"
    "second[i] = $beta2 * second[i] + $rest2 * g * g;\n"
    "parameter[i] -= rate * first[i] / (sqrt$f(second[i]) * correction + $eps);\n"
    "}\n"
    "}\n\n";

static const char momentum[] =
    "/* Stochastic gradient descent with momentum, as PyTorch's SGD. */\n"
    "static void update(void *arg, int task, int thread)\n"
    "{\n"
    "(void)thread;\n"
    "const struct update *const u = arg;\n"
    "$real *const restrict parameter = u->fixed;\n"
    "const $real *const restrict gradient = u->fixed + ${MODEL}_GRADIENTS;\n"
    "$real *const restrict velocity = u->fixed + ${MODEL}_FIRST_MOMENT;\n"
    "const $real rate = u->rate;\n"
    "const int begin = task * UPDATE_BLOCK;\n"
    "const int end = begin + UPDATE_BLOCK < ${MODEL}_TRAINED ? begin + UPDATE_BLOCK : "
    "${MODEL}_TRAINED;\n"
    "for (int i = begin; i < end; i++) {\n"
    "velocity[i] = $momentum * velocity[i] + gradient[i];\n"
    "parameter[i] -= rate * velocity[i];\n"
    "}\n"
    "}\n\n";

static const char plain[] =
    "/* Stochastic gradient descent. */\n"
    "static void update(void *arg, int task, int thread)\n"
    "{\n"
    "(void)thread;\n"
    "const struct update *const u = arg;\n"
    "$real *const restrict parameter = u->fixed;\n"
    "const $real *const restrict gradient = u->fixed + ${MODEL}_GRADIENTS;\n"
    "const $real rate = u->rate;\n"
    "const int begin = task * UPDATE_BLOCK;\n"
    "const int end = begin + UPDATE_BLOCK < ${MODEL}_TRAINED ? begin + UPDATE_BLOCK : "
    "${MODEL}_TRAINED;\n"
    "for (int i = begin; i < end; i++)\n  parameter[i] -= rate * gradient[i];\n"
    "}\n\n";

void emit_optimiser(struct emitter *e)
{
  const struct lathe_training *t = &e->model->training;
  bool is_adam = t->optimiser == LATHE_ADAM;
  emit_bind(e, "beta1", "%s", emit_number(e, t->beta1));
  emit_bind(e, "rest1", "%s", emit_number(e, 1 - t->beta1));
  emit_bind(e, "beta2", "%s", emit_number(e, t->beta2));
  emit_bind(e, "rest2", "%s", emit_number(e, 1 - t->beta2));
  emit_bind(e, "beta1_double", "%s", emit_double(e, t->beta1));
  emit_bind(e, "beta2_double", "%s", emit_double(e, t->beta2));
  emit_bind(e, "eps", "%s", emit_number(e, t->eps));
  emit_bind(e, "momentum", "%s", emit_number(e, t->momentum));

  emit(e,
       "/* One training step: forward, backward, and the optimiser on all parameters at once. */\n"
       "#include \"${model}_internal.h\"\n");
  if (is_adam)
    emit(e, "#include <math.h>\n");
  emit(e, "\nenum { UPDATE_BLOCK = 16384 }; /* parameters of one task */\n\n"
          "struct update {\n"
          "$real *fixed;\n"
          "$real rate; /* what the learning rate comes to in this step */\n");
  if (is_adam)
    emit(e, "$real correction; /* 1 / sqrt(1 - beta2^step) */\n");
  emit(e, "};\n\n");
  emit(e, is_adam ? adam : t->momentum > 0 ? momentum : plain);
  emit(e, "struct lathe_loss ${model}_train_step(struct lathe_state *state, int n, const $real "
          "*images,\n"
          "const $real *noise, double rate, int64_t step)\n"
          "{\n"
          "const struct lathe_loss loss = ${model}_forward(state, n, images, noise);\n"
          "${model}_backward(state, n, images, noise);\n");
  if (is_adam)
    emit(e, "struct update u = {\n"
            ".fixed = state->fixed,\n"
            ".rate = ($real)(rate / (1 - pow($beta1_double, (double)step))),\n"
            ".correction = ($real)(1 / sqrt(1 - pow($beta2_double, (double)step))),\n"
            "};\n");
  else
    emit(e, "(void)step;\n"
            "struct update u = {.fixed = state->fixed, .rate = ($real)rate};\n");
  emit(e, "lathe_parallel(state->pool, (${MODEL}_TRAINED + UPDATE_BLOCK - 1) / UPDATE_BLOCK, "
          "update, &u);\n"
          "return loss;\n"
          "}\n");
}
