/* The parts of the loss, one double an image, and their derivatives. Each constructor's graph node
 * is `wide`; the batch's mean is taken by the caller, in the images' order. */
#include "losses.h"
#include "../emit_kernel.h"
#include "../op.h"
#include <math.h>

struct node *op_loss(struct graph *g, enum op op, struct node *a, struct node *b)
{
  struct node *loss = op_binary(g, op, a, b);
  loss->wide = true;
  loss->interleave = 0;
  loss->shape = (struct shape){.rank = 1, .dim = {1}};
  return loss;
}

void emit_loss_sum(struct emitter *e, const struct node *over, const char *term, const char *result)
{
  int64_t size = node_size(over);
  /* Sixteen sums in turn, or eight: they can go side by side in a vector, and the order is fixed.
   */
  int64_t lanes = size % 16 == 0 ? 16 : size % 8 == 0 ? 8 : 1;
  emit_bind_int(e, "size", size);
  emit_bind_int(e, "lanes", lanes);
  emit_bind(e, "at", lanes > 1 ? "i * %lld + j + lane" : "i * %lld + j", (long long)size);
  emit_bind(e, "j", lanes > 1 ? "j + lane" : "j");
  emit(e, "for (int i = begin; i < end; i++) {\n");
  if (lanes > 1) {
    emit(e, "double sum[$lanes] = {0};\n"
            "for (int j = 0; j < $size; j += $lanes) {\n"
            "for (int lane = 0; lane < $lanes; lane++) {\n");
    emit(e, term);
    emit(e, "sum[lane] += term;\n}\n}\n"
            "for (int lane = 1; lane < $lanes; lane++)\n  sum[0] += sum[lane];\n");
    emit_bind(e, "sum", "sum[0]");
  } else {
    emit(e, "double sum = 0;\nfor (int j = 0; j < $size; j++) {\n");
    emit(e, term);
    emit(e, "sum += term;\n}\n");
    emit_bind(e, "sum", "sum");
  }
  emit(e, result);
  emit(e, "}\n");
}

struct node *op_class_order(struct graph *g, struct node *x)
{
  return op_relayout(g, x, op_channels_last(&x->shape));
}

void emit_bind_classes(struct emitter *e, const struct node *y, int64_t classes)
{
  int64_t channels = node_channels(y) / classes;
  emit_bind_int(e, "values", node_size(y) / classes);
  emit_bind(e, "step", channels == 1 ? "" : " * %lld", (long long)channels);
  if (channels == 1)
    emit_bind(e, "first", "v * %lld", (long long)classes);
  else
    emit_bind(e, "first", "v / %lld * %lld + v %% %lld", (long long)channels,
              (long long)(classes * channels), (long long)channels);
}

/* KL(q || N(0, I)) = 1/2 sum(mean^2 + exp(logvar) - 1 - logvar) (Kingma & Welling 2014, app. B).
 * Near the prior each term is far smaller than what it is the difference of: hence doubles, and
 * expm1. */
void kl_emit(struct emitter *e, const struct kernel *kernel)
{
  emit_loss_sum(e, kernel->chain[0]->in[0],
                "const double m = $mean[$at];\n"
                "const double l = $logvar[$at];\n"
                "const double term = m * m + (expm1(l) - l);\n",
                "$kl[i] = 0.5 * $sum;\n");
}

void kl_gradient(struct graph *g, struct node *kl, struct node *seed)
{
  struct node *mean = kl->in[0];
  struct node *logvar = kl->in[1];
  graph_accumulate(g, mean, op_binary(g, OP_KL_GRAD_MEAN, mean, seed));
  graph_accumulate(g, logvar, op_binary(g, OP_KL_GRAD_LOGVAR, logvar, seed));
}

/* -log p(x | l) = sum(max(l, 0) - l x + log(1 + exp(-|l|))), from the logits: it neither overflows
 * nor loses digits where sigmoid(l) is near 0 or 1. */
void bernoulli_emit(struct emitter *e, const struct kernel *kernel)
{
  emit_loss_sum(e, kernel->chain[0]->in[0],
                "const $real l = $logits[$at];\n"
                "const $real most = l > 0 ? l : 0;\n"
                "const $real term = most - l * $x[$at] + lathe_log1p_exp$f(most - (l - most));\n",
                "$nll[i] = $sum;\n");
}

void bernoulli_gradient(struct graph *g, struct node *nll, struct node *seed)
{
  struct node *logits = nll->in[0];
  graph_accumulate(g, logits, op_ternary(g, OP_BERNOULLI_GRAD, logits, nll->in[1], seed));
}

/* -log N(x; mu, variance I) = 1/2 sum((x - mu)^2 / variance + log(2 pi variance)). */
void gaussian_emit(struct emitter *e, const struct kernel *kernel)
{
  const struct node *nll = kernel->chain[0];
  double variance = nll->constant[0];
  double size = (double)node_size(nll->in[0]);
  emit_bind(e, "half_precision", "%s", emit_double(e, 0.5 / variance));
  emit_bind(e, "constant", "%s",
            emit_double(e, 0.5 * size * log(2 * 3.14159265358979323846 * variance)));
  emit_loss_sum(e, nll->in[0],
                "const $real d = $mu[$at] - $x[$at];\n"
                "const $real term = d * d;\n",
                "$nll[i] = $half_precision * $sum + $constant;\n");
}

void gaussian_gradient(struct graph *g, struct node *nll, struct node *seed)
{
  struct node *mu = nll->in[0];
  struct node *dmu = op_ternary(g, OP_GAUSSIAN_GRAD, mu, nll->in[1], seed);
  dmu->constant[0] = nll->constant[0];
  graph_accumulate(g, mu, dmu);
}
