/* A Gaussian likelihood whose variance is trained: floor + exp(s), with s a parameter (one, or one
 * a value: a per-channel table) or what the decoder predicts for each value. The floor keeps the
 * likelihood of what is reconstructed exactly from growing without bound; the log-variance is taken
 * from s - log(floor), so that it neither overflows nor loses its digits. Constant 0 is the floor,
 * constant 1 its logarithm. */
#include "../emit_kernel.h"
#include "../op.h"
#include "losses.h"
#include <math.h>

static const double log_2_pi = 1.8378770664093455;

static struct node *with_floor(struct node *node, double floor)
{
  node->constant[0] = floor;
  node->constant[1] = log(floor);
  return node;
}

struct node *op_gaussian_learned(struct graph *g, struct node *mu, struct node *x, struct node *s,
                                 double floor)
{
  struct node *loss = op_loss(g, OP_GAUSSIAN_LEARNED, mu, x);
  loss->in[loss->in_count++] = s;
  return with_floor(loss, floor);
}

struct node *op_gaussian_predicted(struct graph *g, struct node *y, struct node *x, double floor)
{
  return with_floor(op_loss(g, OP_GAUSSIAN_PREDICTED, op_class_order(g, y), op_class_order(g, x)),
                    floor);
}

/* By mu: (mu - x) / variance. By s: half of 1 - (x - mu)^2 / variance, times the share of the
 * variance that is exp(s). */
void gaussian_learned_gradient(struct graph *g, struct node *nll, struct node *seed)
{
  struct node *in[4] = {nll->in[0], nll->in[1], nll->in[2], seed};
  double floor = nll->constant[0];
  struct node *ds = with_floor(graph_add(g, OP_GAUSSIAN_LEARNED_GRAD, 4, in), floor);
  graph_accumulate(g, in[2], op_channel_table(g, OP_CHANNEL_SUM, 1, &ds, 1));
  graph_accumulate(g, in[0], with_floor(graph_add(g, OP_GAUSSIAN_LEARNED_MEAN_GRAD, 4, in), floor));
}

void gaussian_predicted_gradient(struct graph *g, struct node *nll, struct node *seed)
{
  struct node *y = nll->in[0];
  struct node *dy = op_ternary(g, OP_GAUSSIAN_PREDICTED_GRAD, y, nll->in[1], seed);
  graph_accumulate(g, y, with_floor(dy, nll->constant[0]));
}

/* 1/2 sum((x - mu)^2 / variance + log(variance) + log(2 pi)). */
void gaussian_learned_emit(struct emitter *e, const struct kernel *kernel)
{
  const struct node *nll = kernel->chain[0];
  emit_bind(e, "log_floor", "%s", emit_number(e, nll->constant[1]));
  emit_bind(e, "constant", "%s", emit_double(e, 0.5 * (double)node_size(nll->in[0]) * log_2_pi));
  const char *term =
      mem_printf(e->mem,
                 "const $real d = $mu[$at] - $x[$at];\n"
                 "const $real s = $log_floor + lathe_softplus$f($logvar[%s] - $log_floor);\n"
                 "const $real term = d * d * lathe_exp$f(-s) + s;\n",
                 node_size(nll->in[2]) == 1 ? "0" : "$j");
  emit_loss_sum(e, nll->in[0], term, "$nll[i] = 0.5 * $sum + $constant;\n");
}

void gaussian_predicted_emit(struct emitter *e, const struct kernel *kernel)
{
  const struct node *nll = kernel->chain[0];
  emit_bind_classes(e, nll->in[0], 2);
  emit_bind(e, "second", "%lld", (long long)(node_channels(nll->in[0]) / 2));
  emit_bind(e, "log_floor", "%s", emit_number(e, nll->constant[1]));
  emit_bind(e, "constant", "%s", emit_double(e, 0.5 * (double)node_size(nll->in[1]) * log_2_pi));
  emit(e, "for (int i = begin; i < end; i++) {\n"
          "double sum = 0;\n"
          "for (int v = i * $values; v < (i + 1) * $values; v++) {\n"
          "const $real *const p = $y + $first;\n"
          "const $real d = p[0] - $x[v];\n"
          "const $real s = $log_floor + lathe_softplus$f(p[$second] - $log_floor);\n"
          "sum += d * d * lathe_exp$f(-s) + s;\n"
          "}\n"
          "$nll[i] = 0.5 * sum + $constant;\n"
          "}\n");
}

void gaussian_predicted_grad_emit(struct emitter *e, const struct kernel *kernel)
{
  const struct node *dy = kernel->chain[0];
  emit_bind_classes(e, dy, 2);
  emit_bind(e, "second", "%lld", (long long)(node_channels(dy) / 2));
  emit_bind(e, "floor", "%s", emit_number(e, dy->constant[0]));
  emit_bind(e, "log_floor", "%s", emit_number(e, dy->constant[1]));
  emit_bind(e, "half", "%s", emit_number(e, 0.5));
  emit(e, "for (int v = begin * $values; v < end * $values; v++) {\n"
          "const $real *const p = $y + $first;\n"
          "$real *const dp = $dy + $first;\n"
          "const $real d = p[0] - $x[v];\n"
          "const $real precision = 1 / ($floor + lathe_exp$f(p[$second]));\n"
          "const $real share = lathe_sigmoid$f(p[$second] - $log_floor);\n"
          "dp[0] = d * precision * $seed;\n"
          "dp[$second] = $half * share * (1 - d * d * precision) * $seed;\n"
          "}\n");
  emit_epilogue_images(e, kernel, 1);
}
