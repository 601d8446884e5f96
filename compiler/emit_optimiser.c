#include "emit_optimiser.h"

enum { BLOCK = 16384, MOST_PARTS = 1024 }; /* parameters of one task; tasks for a norm */

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

/* The gradients' norm, of all parameters together, from sums in a fixed order. Where the parameters
 * are padded nothing is written, so that the parts are the tensors', cut. */
static void emit_norm(struct emitter *e, const struct compilation *c)
{
  int64_t most = (c->trained / MOST_PARTS + BLOCK - 1) / BLOCK * BLOCK;
  int parts = 0;
  emit(e, "/* Gradients in parts, one a task: `first` and how many. */\n"
          "static const int parts[][2] = {\n");
  for (int i = 0; i < c->parameters->count; i++) {
    const struct parameter *p = c->parameters->items[i];
    struct stretch all = {(int64_t)p->tensor.offset, p->count};
    if (p->tensor.role == LATHE_PARAMETER)
      parts += emit_blocks(e, &all, 1, most > BLOCK ? most : BLOCK);
  }
  emit_bind_int(e, "parts", parts);
  emit_bind(e, "clip", "%s", emit_double(e, e->model->training.clip));
  emit(e, "};\n\n"
          "struct norm {\n"
          "const $real *gradients;\n"
          "double squares[$parts]; /* each part's sum of them */\n"
          "};\n\n"
          "static void square_part(void *arg, int task, int thread)\n"
          "{\n"
          "(void)thread;\n"
          "struct norm *const norm = arg;\n"
          "const $real *const g = norm->gradients + parts[task][0];\n"
          "const int count = parts[task][1], whole = count / 8 * 8;\n"
          "double sums[8] = {0};\n"
          "for (int i = 0; i < whole; i += 8)\n"
          "  for (int k = 0; k < 8; k++)\n"
          "    sums[k] += (double)g[i + k] * (double)g[i + k];\n"
          "for (int i = whole; i < count; i++)\n"
          "  sums[0] += (double)g[i] * (double)g[i];\n"
          "norm->squares[task] = ((sums[0] + sums[1]) + (sums[2] + sums[3])) +\n"
          "    ((sums[4] + sums[5]) + (sums[6] + sums[7]));\n"
          "}\n\n"
          "/* What the gradients are multiplied by, so that their norm is at most $clip. */\n"
          "static $real clipping_scale(struct lathe_state *state)\n"
          "{\n"
          "struct norm norm = {.gradients = state->fixed + ${MODEL}_GRADIENTS};\n"
          "double square = 0;\n"
          "lathe_kernel(state, $norm_kernel, $parts, square_part, &norm);\n"
          "for (int i = 0; i < $parts; i++)\n"
          "  square += norm.squares[i];\n"
          "const double scale = $clip / (sqrt(square) + 1e-6); /* as PyTorch has it */\n"
          "return ($real)(scale < 1 ? scale : 1);\n"
          "}\n\n");
}

static void emit_update_value(struct emitter *e)
{
  const struct lathe_training *t = &e->model->training;
  emit_bind(e, "beta1_double", "%s", emit_double(e, t->beta1));
  emit_bind(e, "beta2_double", "%s", emit_double(e, t->beta2));
  emit_bind(e, "decay_double", "%s", emit_double(e, t->weight_decay));
  if (!optimiser_is_adam(e)) {
    emit(e,
         model_clips_norm(e->model)
             ? "(void)step;\n"
               "struct ${model}_update update = {.fixed = state->fixed, .rate = ($real)rate, "
               ".scale = 1};\n"
             : "(void)step;\n"
               "struct ${model}_update update = {.fixed = state->fixed, .rate = ($real)rate};\n");
    return;
  }
  emit(e, "struct ${model}_update update = {\n"
          ".fixed = state->fixed,\n"
          ".rate = ($real)(rate / (1 - pow($beta1_double, (double)step))),\n"
          ".correction = ($real)(1 / sqrt(1 - pow($beta2_double, (double)step))),\n");
  if (optimiser_shrinks(e))
    emit(e, ".keep = ($real)(1 - rate * $decay_double),\n");
  emit(e, "};\n");
}

void emit_optimiser(struct emitter *e, const struct compilation *c)
{
  const struct model *m = e->model;
  const int kernels =
      c->programs[PROGRAM_TRAIN]->count; /* those of the optimiser come behind them */
  emit_bind_int(e, "norm_kernel", kernels);
  emit_bind_int(e, "kernel", kernels + (model_clips_norm(m) ? 1 : 0));
  emit(e, "/* One training step: forward, backward, and the optimiser. */\n"
          "#include \"${model}_internal.h\"\n"
          "#include <lathe/kernel.h>\n");
  if (m->training.optimiser != LATHE_SGD || model_clips_norm(m))
    emit(e, "#include <math.h>\n");
  emit(e, "\n");
  emit_block_table(e, c);
  emit_update(e, c);
  emit(e, "static void update_block(void *arg, int task, int thread)\n"
          "{\n"
          "(void)thread;\n"
          "const struct ${model}_update *const update = arg;\n"
          "const int first = blocks[task][0];\n"
          "${model}_update(update, first, blocks[task][1], update->fixed + ${MODEL}_GRADIENTS + "
          "first);\n"
          "}\n\n");
  if (model_clips_norm(m))
    emit_norm(e, c);
  emit(e, "struct lathe_loss ${model}_train_step(struct lathe_state *state, int n, const $real "
          "*images,\n"
          "const $real *noise, double rate, int64_t step)\n"
          "{\n");
  if (model_draws(m))
    emit(e, "state->draw.step = (uint64_t)step;\n");
  emit_update_value(e);
  emit(e, "state->tables = 0; /* the weights are about to change */\n");
  emit(e, "const struct lathe_loss loss = ${model}_forward(state, n, images, noise);\n");
  /* The norm is known only when all gradients are: none can be applied where it is made. */
  if (model_clips_norm(m))
    emit(e, "${model}_backward(state, n, images, noise, NULL);\n"
            "update.scale = clipping_scale(state);\n"
            "lathe_kernel(state, $kernel, $blocks, update_block, &update);\n");
  else
    emit(e, "${model}_backward(state, n, images, noise, state->keep_gradients ? NULL : &update);\n"
            "lathe_kernel(state, $kernel, state->keep_gradients ? $blocks : $always, update_block, "
            "&update);\n");
  emit(e, "return loss;\n"
          "}\n");
}
