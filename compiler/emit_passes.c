#include "emit_passes.h"
#include "emit_program.h"
#include <string.h>

/* The local `call` of an entry point; `more` are its designated arguments. */
static void emit_call_struct(struct emitter *e, const char *more)
{
  emit(e, "struct ${model}_call call = {\n"
          ".n = n,\n"
          ".capacity = (size_t)state->capacity,\n"
          ".fixed = state->fixed,\n"
          ".batch = state->batch,\n"
          ".scratch = state->scratch,\n");
  if (model_draws(e->model))
    emit(e, ".draw = state->draw,\n");
  if (lathe_kl_scheduled(&e->model->training))
    emit(e, ".kl_weight = state->kl_weight,\n");
  emit(e, more);
  emit(e, "};\n");
}

static const char *output_constant(const struct schedule *s, int output)
{
  return schedule_slot(s, s->graph->outputs[output].node)->constant;
}

/* The batch's mean of the losses, in the images' order; and how many log-variances lie at their
 * bounds. */
static void emit_losses(struct emitter *e, const struct schedule *s)
{
  emit_bind(e, "nll", "%s", output_constant(s, 0));
  if (e->model->kind == LATHE_PLAIN) {
    emit(e, "const double *const reconstruction =\n"
            "(const double *)(const void *)(call.batch + call.capacity * $nll);\n"
            "double sum = 0;\n"
            "for (int i = 0; i < n; i++)\n  sum += reconstruction[i];\n"
            "return (struct lathe_loss){.reconstruction = sum / n, .total = sum / n};\n");
    return;
  }
  emit_bind(e, "kl", "%s", output_constant(s, 1));
  emit_bind(e, "kl_weight", "%s", emit_double(e, e->model->kl_weight));
  emit_bind(e, "logvar", "%s", output_constant(s, 2));
  emit_bind(e, "least", "%s", emit_number(e, e->model->logvar[0]));
  emit_bind(e, "most", "%s", emit_number(e, e->model->logvar[1]));
  emit(
      e,
      "const double *const reconstruction =\n"
      "(const double *)(const void *)(call.batch + call.capacity * $nll);\n"
      "const double *const kl = (const double *)(const void *)(call.batch + call.capacity * $kl);\n"
      "struct lathe_loss loss = {0};\n"
      "for (int i = 0; i < n; i++) {\n"
      "loss.reconstruction += reconstruction[i];\n"
      "loss.kl += kl[i];\n"
      "}\n"
      "loss.reconstruction /= n;\n"
      "loss.kl /= n;\n"
      "loss.total = loss.reconstruction + $kl_weight * loss.kl;\n"
      "const $real *const logvar = call.batch + call.capacity * $logvar;\n"
      "for (int i = 0; i < n * $latent; i++)\n"
      "  loss.clamped += logvar[i] <= $least || logvar[i] >= $most;\n"
      "return loss;\n");
}

/* Puts before the functions what they need: the comment and the includes. Whether they call BLAS.
 */
static bool finish(struct emitter *e, const char *comment)
{
  const struct text functions = e->out;
  const bool blas = strstr(functions.data, emit_value(e, "gemm")) != NULL;
  e->out = (struct text){.mem = e->mem};
  emit(e, comment);
  emit(e, "#include \"${model}_internal.h\"\n"
          "#include <lathe/dots.h>\n"
          "#include <lathe/fetch.h>\n"
          "#include <lathe/kernel.h>\n"
          "#include <lathe/pack.h>\n"
          "#include <lathe/sum_rows.h>\n"
          "#include <lathe/vector_math.h>\n");
  if (blas)
    emit(e, "#include <cblas.h>\n");
  emit(e, "#include <math.h>\n"
          "#include <string.h>\n\n");
  text_add(&e->out, functions.data, functions.length);
  return blas;
}

bool emit_forward(struct emitter *e, const struct compilation *c)
{
  struct kernel_list *list = kernel_list_new(c->mem);
  const struct schedule *encode = c->programs[PROGRAM_ENCODE];
  const struct schedule *decode = c->programs[PROGRAM_DECODE];
  const struct schedule *evaluate = c->programs[PROGRAM_EVALUATE];
  const struct schedule *train = c->programs[PROGRAM_TRAIN];

  emit_kernels(e, list, encode, 0, encode->count, "encode");
  emit(e,
       "void ${model}_encode(struct lathe_state *state, int n, const $real *images, $real *mean,\n"
       "$real *logvar)\n{\n");
  emit_call_struct(e, ".images = images,\n.mean = mean,\n.logvar = logvar,\n");
  emit_calls(e, encode, 0, encode->count, "encode");
  emit(e, "}\n\n");

  emit_kernels(e, list, decode, 0, decode->count, "decode");
  emit(e, "void ${model}_decode(struct lathe_state *state, int n, const $real *latents, $real "
          "*images)\n{\n");
  emit_call_struct(e, ".latents = latents,\n.decoded = images,\n");
  emit_calls(e, decode, 0, decode->count, "decode");
  emit(e, "}\n\n");

  emit_kernels(e, list, evaluate, 0, evaluate->count, "evaluate");
  emit(
      e,
      "struct lathe_loss ${model}_evaluate(struct lathe_state *state, int n, const $real *images,\n"
      "const $real *noise)\n{\n");
  emit_call_struct(e, ".images = images,\n.noise = noise,\n");
  emit_calls(e, evaluate, 0, evaluate->count, "evaluate");
  emit_losses(e, evaluate);
  emit(e, "}\n\n");

  emit_kernels(e, list, train, 0, train->forward_count, "forward");
  emit(e,
       "struct lathe_loss ${model}_forward(struct lathe_state *state, int n, const $real *images,\n"
       "const $real *noise)\n{\n");
  emit_call_struct(e, ".images = images,\n.noise = noise,\n");
  emit_calls(e, train, 0, train->forward_count, "forward");
  emit_losses(e, train);
  emit(e, "}\n");
  return finish(e,
                "/* The forward passes of $model. Each kernel does one task's share of a layer, so "
                "that the\n"
                " * result does not depend on the number of threads; the function below the "
                "kernels of a pass\n"
                " * runs them in order. */\n");
}

bool emit_backward(struct emitter *e, const struct compilation *c)
{
  const struct schedule *train = c->programs[PROGRAM_TRAIN];
  emit_kernels(e, kernel_list_new(c->mem), train, train->forward_count, train->count, "backward");
  emit(e, "void ${model}_backward(struct lathe_state *state, int n, const $real *images,\n"
          "const $real *noise, const struct ${model}_update *update)\n{\n");
  emit_call_struct(e, ".images = images,\n.noise = noise,\n.update = update,\n");
  emit_calls(e, train, train->forward_count, train->count, "backward");
  emit(e, "}\n");
  return finish(e, "/* The backward pass of $model: gradients of the batch's mean loss, in reverse "
                   "order. */\n");
}
