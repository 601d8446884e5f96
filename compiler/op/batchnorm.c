/* Batch normalisation (Ioffe & Szegedy 2015, algorithm 1; gradients as at the end of section 3),
 * in three ops: the batch's moments, the normalisation by them, and the running statistics that
 * evaluation uses. `moments` is a table of three rows: mean, biased variance, 1 / sqrt(variance +
 * eps); its constant 0 is eps. */
#include "../op.h"
#include "channel.h"

void moments_emit(struct emitter *e, const struct kernel *kernel)
{
  const struct node *moments = kernel->chain[0];
  const struct node *x = moments->in[0];
  emit_bind_int(e, "channels", node_channels(x));
  emit_bind_int(e, "channels2", 2 * node_channels(x));
  emit_bind_int(e, "positions", node_size(x) / node_channels(x));
  emit_bind(e, "eps", "%s", emit_double(e, moments->constant[0]));
  emit(e, "const double count = (double)n * $positions;\n");
  emit_channel_sum(e, kernel, x, &(struct channel_sum){"mean", {"x"}, "$x[$at]"});
  emit_each_channel(e, kernel, "mean[$c] /= count;\n");
  emit_channel_sum(
      e, kernel, x,
      &(struct channel_sum){"square", {"x"}, "($x[$at] - mean[$c]) * ($x[$at] - mean[$c])"});
  emit_each_channel(e, kernel,
                    "const double variance = square[$c] / count;\n"
                    "$moments[$channel] = ($real)mean[$c];\n"
                    "$moments[$channels + $channel] = ($real)variance;\n"
                    "$moments[$channels2 + $channel] = ($real)(1 / sqrt(variance + $eps));\n");
}

/* What reaches the moments is part of normalise_grad: the chain of x through mean and variance is
 * folded into one expression there. */
void moments_gradient(struct graph *g, struct node *moments, struct node *adjoint)
{
  (void)g;
  (void)moments;
  (void)adjoint;
}

void normalise_gradient(struct graph *g, struct node *y, struct node *dy)
{
  struct node *x = y->in[0];
  struct node *moments = y->in[1];
  struct node *gamma = y->in[2];
  struct node *beta = y->in[3];
  struct node *dgamma =
      op_channel_table(g, OP_CHANNEL_DOT, 3, (struct node *[]){dy, x, moments}, 1);
  struct node *dbeta = op_channel_table(g, OP_CHANNEL_SUM, 1, &dy, 1);
  graph_accumulate(g, gamma, dgamma);
  graph_accumulate(g, beta, dbeta);
  struct node *dx =
      graph_add(g, OP_NORMALISE_GRAD, 6, (struct node *[]){dy, x, moments, gamma, dgamma, dbeta});
  graph_accumulate(g, x, dx);
}

void channel_dot_emit(struct emitter *e, const struct kernel *kernel)
{
  const struct node *x = kernel->chain[0]->in[1];
  emit_bind_int(e, "channels2", 2 * node_channels(x));
  const struct channel_sum dot = {"dot",
                                  {"dy", "x"},
                                  node_channels(x) == 1
                                      ? "(double)$dy[$at] * ($x[$at] - $moments[0])"
                                      : "(double)$dy[$at] * ($x[$at] - $moments[$channel])"};
  emit_channel_sum(e, kernel, x, &dot);
  emit_each_channel(e, kernel,
                    "$dgamma[$channel] = ($real)(dot[$c] * $moments[$channels2 + $channel]);\n");
}

/* running <- (1 - momentum) running + momentum batch, the variance unbiased, as PyTorch does. */
void running_update_emit(struct emitter *e, const struct kernel *kernel)
{
  const struct node *update = kernel->chain[0];
  const struct node *moments = update->in[0];
  int64_t channels = moments->shape.dim[1];
  emit_bind_int(e, "channels", channels);
  emit_bind_int(e, "positions", (int64_t)update->constant[1]);
  emit_bind(e, "momentum", "%s", emit_number(e, update->constant[0]));
  emit(e, "const double count = (double)n * $positions;\n"
          "const $real unbiased = ($real)(count > 1 ? count / (count - 1) : 1);\n"
          "for (int c = 0; c < $channels; c++) {\n"
          "$running_mean[c] += $momentum * ($moments[c] - $running_mean[c]);\n"
          "$running_var[c] += $momentum * (unbiased * $moments[$channels + c] - $running_var[c]);\n"
          "}\n");
}
