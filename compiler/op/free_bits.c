/* Free bits (Kingma et al. 2016, "Improved Variational Inference with Inverse Autoregressive Flow",
 * eq. 15): of each latent dimension the divergence, a mean over the batch, is held at `free` nats
 * at least. `open` is a table of 1 where it is above that, and 0 where it is not and has no
 * gradient; what is no number is open, so that it is found. Constant 0 is `free`. */
#include "../op.h"
#include "channel.h"
#include "losses.h"

struct node *op_kl_free(struct graph *g, struct node *mean, struct node *logvar, double free)
{
  struct node *open = op_channel_table(g, OP_FREE_BITS, 2, (struct node *[]){mean, logvar}, 1);
  open->name = "kl_open";
  open->layer = NULL;
  open->constant[0] = free;
  struct node *kl = op_loss(g, OP_KL_FREE, mean, logvar);
  kl->in[kl->in_count++] = open;
  kl->constant[0] = free;
  return kl;
}

void free_bits_emit(struct emitter *e, const struct kernel *kernel)
{
  const struct node *open = kernel->chain[0];
  emit_bind(e, "twice", "%s", emit_double(e, 2 * open->constant[0]));
  emit_bind(e, "one", "%s", emit_number(e, 1));
  emit_bind(e, "zero", "%s", emit_number(e, 0));
  const struct channel_sum sum = {
      "sum",
      {"mean", "logvar"},
      "(double)$mean[$at] * $mean[$at] +\n        (expm1($logvar[$at]) - $logvar[$at])"};
  emit_channel_sum(e, kernel, open->in[0], &sum);
  emit_each_channel(e, kernel, "$open[$channel] = sum[$c] <= n * $twice ? $zero : $one;\n");
}

/* An image's part: `free` for each dimension that is held there. The batch's mean is the sum of
 * what the dimensions are held at. */
void kl_free_emit(struct emitter *e, const struct kernel *kernel)
{
  const struct node *kl = kernel->chain[0];
  emit_bind(e, "twice", "%s", emit_double(e, 2 * kl->constant[0]));
  emit_loss_sum(e, kl->in[0],
                "const double m = $mean[$at];\n"
                "const double l = $logvar[$at];\n"
                "const double held = $twice;\n"
                "const double all = m * m + (expm1(l) - l);\n"
                "const double term = $open[$j] > 0 ? all : held;\n",
                "$kl[i] = 0.5 * $sum;\n");
}

void kl_free_gradient(struct graph *g, struct node *kl, struct node *seed)
{
  struct node *mean = kl->in[0], *logvar = kl->in[1], *open = kl->in[2];
  graph_accumulate(g, mean, op_ternary(g, OP_KL_FREE_GRAD_MEAN, mean, open, seed));
  graph_accumulate(g, logvar, op_ternary(g, OP_KL_FREE_GRAD_LOGVAR, logvar, open, seed));
}
