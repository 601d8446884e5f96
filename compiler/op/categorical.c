/* The categorical likelihood: each value of the input is one of K levels, spread evenly over the
 * range, and the decoder gives K logits for it, class by class: logits [K C, H, W] are [K, C, H,
 * W], as PyTorch's cross-entropy has them. Constant 0 is K; the range is the model's. */
#include "../emit_kernel.h"
#include "../op.h"
#include "losses.h"

static struct node *with_levels(struct node *node, int levels)
{
  node->constant[0] = levels;
  return node;
}

struct node *op_categorical(struct graph *g, struct node *logits, struct node *x, int levels)
{
  return with_levels(op_loss(g, OP_CATEGORICAL, op_class_order(g, logits), op_class_order(g, x)),
                     levels);
}

struct node *op_categorical_value(struct graph *g, struct node *logits, int levels, bool mode)
{
  struct node *y =
      op_unary(g, mode ? OP_CATEGORICAL_MODE : OP_CATEGORICAL_MEAN, op_class_order(g, logits));
  y->shape.dim[0] /= levels;
  y->interleave = op_channels_last(&y->shape);
  return with_levels(y, levels);
}

/* By the logits: softmax - one-hot. */
void categorical_gradient(struct graph *g, struct node *nll, struct node *seed)
{
  struct node *logits = nll->in[0];
  struct node *d = op_ternary(g, OP_CATEGORICAL_GRAD, logits, nll->in[1], seed);
  graph_accumulate(g, logits, with_levels(d, (int)nll->constant[0]));
}

double categorical_flops(const struct node *node)
{
  return 4 * (double)node_size(node->in[0]);
}

void categorical_plan(struct kernel *kernel)
{
  kernel_by_images(kernel, 4);
}

/* Sums and maxima over the levels go side by side where the logits do: in a fixed order. */
static void bind_levels(struct emitter *e, const struct node *node)
{
  int64_t levels = (int64_t)node->constant[0];
  const double *range = e->model->range;
  bool lanes = node_channels(node->in[0]) == levels && levels % 8 == 0;
  emit_bind_classes(e, node->in[0], levels);
  emit_bind_int(e, "levels", levels);
  emit_bind_int(e, "last", levels - 1);
  emit_bind_int(e, "lanes", lanes ? 8 : 1);
  emit_bind(e, "low", "%s", emit_number(e, range[0]));
  emit_bind(e, "scale", "%s", emit_number(e, (double)(levels - 1) / (range[1] - range[0])));
  emit_bind(e, "spacing", "%s", emit_number(e, (range[1] - range[0]) / (double)(levels - 1)));
}

/* `most`, the greatest of the value's logits `l`, and `total`, the sum of exp(l - most). */
static void emit_total(struct emitter *e)
{
  if (emit_value(e, "lanes")[0] == '1') {
    emit(e, "$real most = l[0], total = 0;\n"
            "for (int k = 1; k < $levels; k++)\n  most = l[k$step] > most ? l[k$step] : most;\n"
            "for (int k = 0; k < $levels; k++)\n  total += lathe_exp$f(l[k$step] - most);\n");
    return;
  }
  emit(e, "$real highest[$lanes], sums[$lanes] = {0};\n"
          "for (int k = 0; k < $lanes; k++)\n  highest[k] = l[k];\n"
          "for (int k = $lanes; k < $levels; k += $lanes)\n"
          "  for (int lane = 0; lane < $lanes; lane++)\n"
          "    highest[lane] = l[k + lane] > highest[lane] ? l[k + lane] : highest[lane];\n"
          "for (int lane = 1; lane < $lanes; lane++)\n"
          "  highest[0] = highest[lane] > highest[0] ? highest[lane] : highest[0];\n"
          "const $real most = highest[0];\n"
          "for (int k = 0; k < $levels; k += $lanes)\n"
          "  for (int lane = 0; lane < $lanes; lane++)\n"
          "    sums[lane] += lathe_exp$f(l[k + lane] - most);\n"
          "for (int lane = 1; lane < $lanes; lane++)\n  sums[0] += sums[lane];\n"
          "const $real total = sums[0];\n");
}

static const char level_of[] = "/* The level that is nearest to a value of the input. */\n"
                               "static inline int level_of($real x)\n"
                               "{\n"
                               "const $real level = (x - $low) * $scale + 0.5$F;\n"
                               "return level >= $last ? $last : level > 0 ? (int)level : 0;\n"
                               "}\n";

/* log(sum exp) - the level's own logit. */
void categorical_emit(struct emitter *e, const struct kernel *kernel)
{
  bind_levels(e, kernel->chain[0]);
  emit_helper(e, "level_of", level_of);
  emit(e, "for (int i = begin; i < end; i++) {\n"
          "double sum = 0;\n"
          "for (int v = i * $values; v < (i + 1) * $values; v++) {\n"
          "const $real *const l = $logits + $first;\n");
  emit_total(e);
  emit(e, "sum += log((double)total) + (double)(most - l[level_of($x[v])$step]);\n"
          "}\n"
          "$nll[i] = sum;\n"
          "}\n");
}

void categorical_grad_emit(struct emitter *e, const struct kernel *kernel)
{
  bind_levels(e, kernel->chain[0]);
  emit_helper(e, "level_of", level_of);
  emit(e, "for (int v = begin * $values; v < end * $values; v++) {\n"
          "const $real *const l = $logits + $first;\n"
          "$real *const d = $dlogits + $first;\n");
  emit_total(e);
  emit(e, "const $real share = $seed / total;\n"
          "for (int k = 0; k < $levels; k++)\n"
          "  d[k$step] = lathe_exp$f(l[k$step] - most) * share;\n"
          "d[level_of($x[v])$step] -= $seed;\n"
          "}\n");
  emit_epilogue_images(e, kernel, 1);
}

void categorical_mean_emit(struct emitter *e, const struct kernel *kernel)
{
  bind_levels(e, kernel->chain[0]);
  emit(e, "for (int v = begin * $values; v < end * $values; v++) {\n"
          "const $real *const l = $logits + $first;\n");
  emit_total(e);
  emit(e, "$real mean = 0;\n"
          "for (int k = 0; k < $levels; k++)\n"
          "  mean += ($real)k * lathe_exp$f(l[k$step] - most);\n"
          "$y[v] = $low + $spacing * (mean / total);\n"
          "}\n");
  emit_epilogue_images(e, kernel, 1);
}

void categorical_mode_emit(struct emitter *e, const struct kernel *kernel)
{
  bind_levels(e, kernel->chain[0]);
  emit(e, "for (int v = begin * $values; v < end * $values; v++) {\n"
          "const $real *const l = $logits + $first;\n"
          "int best = 0;\n"
          "for (int k = 1; k < $levels; k++)\n  best = l[k$step] > l[best$step] ? k : best;\n"
          "$y[v] = $low + $spacing * ($real)best;\n"
          "}\n");
  emit_epilogue_images(e, kernel, 1);
}
