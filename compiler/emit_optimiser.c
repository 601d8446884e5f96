#include "emit_optimiser.h"

/* Each rule changes one parameter by its gradient g; `first` and `second` are its moments. */
static const char adam_rule[] =
    "first[i] = $beta1 * first[i] + $rest1 * g;\n"
    "second[i] = $beta2 * second[i] + $rest2 * g * g;\n"
    "parameter[i] -= rate * first[i] / (sqrt$f(second[i]) * correction + $eps);\n";
static const char momentum_rule[] = "first[i] = $momentum * first[i] + g;\n"
                                    "parameter[i] -= rate * first[i];\n";
static const char plain_rule[] = "parameter[i] -= rate * g;\n";

enum { BLOCK = 16384 }; /* parameters of one task */

static bool is_adam(const struct emitter *e)
{
  return e->model->training.optimiser == LATHE_ADAM;
}

void emit_update_struct(struct emitter *e)
{
  emit(e, "/* One step of the optimiser. */\n"
          "struct ${model}_update {\n"
          "$real *fixed; /* parameters, and what follows them */\n"
          "$real rate; /* what the learning rate comes to in this step */\n");
  if (is_adam(e))
    emit(e, "$real correction; /* 1 / sqrt(1 - beta2^step) */\n");
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
  emit_bind(e, "beta1_double", "%s", emit_double(e, t->beta1));
  emit_bind(e, "beta2_double", "%s", emit_double(e, t->beta2));
  emit_bind(e, "eps", "%s", emit_number(e, t->eps));
  emit_bind(e, "momentum", "%s", emit_number(e, t->momentum));
}

static void emit_rule(struct emitter *e)
{
  const struct lathe_training *t = &e->model->training;
  bool moment = is_adam(e) || t->momentum > 0;
  emit(e, is_adam(e) ? "/* Adam (Kingma & Ba 2015, algorithm 1), in the form in which PyTorch "
                       "computes it. */\n"
          : moment   ? "/* Stochastic gradient descent with momentum, as PyTorch's SGD. */\n"
                     : "/* Stochastic gradient descent. */\n");
  emit(e, "void ${model}_update(const struct ${model}_update *update, int first_parameter, int "
          "count,\n"
          "const $real *restrict gradient)\n"
          "{\n"
          "$real *const restrict parameter = update->fixed + first_parameter;\n");
  if (moment)
    emit(e, "$real *const restrict first = parameter + ${MODEL}_FIRST_MOMENT;\n");
  if (is_adam(e))
    emit(e, "$real *const restrict second = parameter + ${MODEL}_SECOND_MOMENT;\n");
  emit(e, "const $real rate = update->rate;\n");
  if (is_adam(e))
    emit(e, "const $real correction = update->correction;\n");
  emit(e, "for (int i = 0; i < count; i++) {\n"
          "const $real g = gradient[i];\n");
  emit(e, is_adam(e) ? adam_rule : moment ? momentum_rule : plain_rule);
  emit(e, "}\n}\n\n");
}

/* Whether the kernel that makes the parameter's gradient can apply it, too. */
static bool applied_at_once(const struct schedule *train, const struct parameter *parameter)
{
  for (int i = 0; i < train->count; i++)
    if (train->kernels[i].updates == parameter)
      return true;
  return false;
}

struct stretch {
  int64_t first, count;
};

/* The rows of the table of blocks for some stretches of parameters: neighbours joined, then cut. */
static int emit_blocks(struct emitter *e, const struct stretch *all, int count, int64_t most)
{
  int blocks = 0;
  for (int i = 0; i < count;) {
    int64_t first = all[i].first, end = first + all[i].count;
    for (i++; i < count && all[i].first == end; i++)
      end += all[i].count;
    for (; first < end; first += most, blocks++) {
      int64_t length = end - first < most ? end - first : most;
      text_printf(&e->out, "  {%lld, %lld},\n", (long long)first, (long long)length);
    }
  }
  return blocks;
}

/* All parameters in blocks: first those whose gradients always go through memory. */
static int emit_block_table(struct emitter *e, const struct compilation *c)
{
  const struct schedule *train = c->programs[PROGRAM_TRAIN];
  struct stretch *all = mem_alloc(e->mem, (size_t)c->parameters->count * sizeof *all);
  emit(e, "/* Parameters in blocks, one a task: `first` and how many. Those of the weight matrices "
          "whose\n"
          " * gradients are applied where they are made come last. */\n"
          "static const int blocks[][2] = {\n");
  int blocks = 0, always = 0;
  for (int at_once = 0; at_once < 2; at_once++) {
    int count = 0;
    for (int i = 0; i < c->parameters->count; i++) {
      const struct parameter *p = c->parameters->items[i];
      if (p->tensor.role != LATHE_PARAMETER || applied_at_once(train, p) != at_once)
        continue;
      all[count++] = (struct stretch){(int64_t)p->tensor.offset, (p->count + 15) / 16 * 16};
    }
    blocks += emit_blocks(e, all, count, at_once ? c->trained : BLOCK);
    always = at_once ? always : blocks;
  }
  emit(e, "};\n\n");
  emit_bind_int(e, "blocks", blocks);
  emit_bind_int(e, "always", always);
  return blocks;
}

void emit_optimiser(struct emitter *e, const struct compilation *c)
{
  bind_constants(e);
  emit(e, "/* One training step: forward, backward, and the optimiser. */\n"
          "#include \"${model}_internal.h\"\n"
          "#include <lathe/kernel.h>\n");
  if (is_adam(e))
    emit(e, "#include <math.h>\n");
  emit(e, "\n");
  emit_block_table(e, c);
  emit_rule(e);
  emit(e, "static void update_block(void *arg, int task, int thread)\n"
          "{\n"
          "(void)thread;\n"
          "const struct ${model}_update *const update = arg;\n"
          "const int first = blocks[task][0];\n"
          "${model}_update(update, first, blocks[task][1], update->fixed + ${MODEL}_GRADIENTS + "
          "first);\n"
          "}\n\n"
          "struct lathe_loss ${model}_train_step(struct lathe_state *state, int n, const $real "
          "*images,\n"
          "const $real *noise, double rate, int64_t step)\n"
          "{\n");
  if (model_draws(e->model))
    emit(e, "state->draw.step = (uint64_t)step;\n");
  if (is_adam(e))
    emit(e, "struct ${model}_update update = {\n"
            ".fixed = state->fixed,\n"
            ".rate = ($real)(rate / (1 - pow($beta1_double, (double)step))),\n"
            ".correction = ($real)(1 / sqrt(1 - pow($beta2_double, (double)step))),\n"
            "};\n");
  else
    emit(e, "(void)step;\n"
            "struct ${model}_update update = {.fixed = state->fixed, .rate = ($real)rate};\n");
  emit_bind_int(e, "kernel", c->programs[PROGRAM_TRAIN]->count); /* the last one of the step */
  emit(e, "const struct lathe_loss loss = ${model}_forward(state, n, images, noise);\n"
          "${model}_backward(state, n, images, noise, state->keep_gradients ? NULL : &update);\n"
          "lathe_kernel(state, $kernel, state->keep_gradients ? $blocks : $always, update_block, "
          "&update);\n"
          "return loss;\n"
          "}\n");
}
