/* What the compiler knows of each op: the rows of ops.def, and the constructors of op/NAME.c. */
#ifndef OP_H
#define OP_H

#include "graph.h"

struct kernel;
struct emitter;

struct op_info {
  const char *name;
  enum op_class class;
  const char *operands; /* names, separated by spaces */
  const char *result;
  const char *expression;
  void (*gradient)(struct graph *graph, struct node *node, struct node *adjoint);
  void (*plan)(struct kernel *kernel);
  void (*emit)(struct emitter *e, const struct kernel *kernel);
  double (*flops)(const struct node *node); /* an image */
};

extern const struct op_info op_table[OP_COUNT];

/* The op of that name; OP_COUNT when there is none. */
enum op op_find(const char *name);

/* Constructors: operands first, gradients' operands as in ops.def. Orders and shapes must fit; the
 * graph verifier says so when they do not. */
struct node *op_view(struct graph *g, struct node *x, struct shape shape);
struct node *op_relayout(struct graph *g, struct node *x, int64_t interleave);
int64_t
op_channels_last(const struct shape *shape); /* the interleave of an image's last channels */
/* [channels, height, width], or the series [channels, width] when `like` is one. */
struct shape op_pixels(const struct node *like, int64_t channels, int64_t height, int64_t width);
struct node *op_unary(struct graph *g, enum op op, struct node *x);
struct node *op_binary(struct graph *g, enum op op, struct node *x, struct node *y);
struct node *op_ternary(struct graph *g, enum op op, struct node *x, struct node *y,
                        struct node *z);

/* A row among the activations of ops.def. */
struct node *op_activation(struct graph *g, enum op op, struct node *x, const double *constants);
struct node *op_linear(struct graph *g, struct node *x, struct node *w, int64_t outputs,
                       int64_t interleave);
/* Whether a weight lies in memory as [inputs, outputs], which products of many outputs read best,
 * or as PyTorch's [outputs, inputs]. */
bool linear_outputs_last(int64_t inputs, int64_t outputs);
struct node *op_conv(struct graph *g, struct node *x, struct node *w, struct convolution conv);
struct node *op_conv_input(struct graph *g, struct node *dy, struct node *w,
                           struct convolution conv);
/* The same by Winograd's algorithm. */
struct node *op_winograd(struct graph *g, struct node *x, struct node *w,
                         const struct convolution *conv);
struct node *op_winograd_input(struct graph *g, struct node *dy, struct node *w,
                               const struct convolution *conv);
/* Pooling and upsampling of images that lie channels last. */
struct node *op_max_pool(struct graph *g, struct node *x, const struct windows *w);
struct node *op_window_sum(struct graph *g, struct node *x, const struct windows *w, double factor);
struct node *op_window_spread(struct graph *g, struct node *x, const struct windows *w,
                              double factor);
struct node *op_bilinear(struct graph *g, struct node *x, const struct windows *w);
/* A table [rows] of per-channel sums over the batch: channel_sum, channel_dot, moments. */
struct node *op_channel_table(struct graph *g, enum op op, int in_count, struct node *const *in,
                              int rows);
/* Groups of channels normalised within each image; images lie channels last, vectors in their own
 * order unless there is but one group. */
struct node *op_group_normalise(struct graph *g, struct node *x, int groups, double eps);
/* `draw` is a leaf, what random numbers derive from; `number` tells a model's dropouts apart. */
struct node *op_dropout(struct graph *g, struct node *x, struct node *draw, double rate,
                        int number);
/* Orders as op_channels_last says. */
struct node *op_concat(struct graph *g, struct node *x, struct node *more);
/* The channels first .. first + channels - 1 of what lies as op_channels_last says. It has no
 * gradient rule: for what training does not compute. */
struct node *op_part(struct graph *g, struct node *x, int64_t first, int64_t channels);
struct node *op_loss(struct graph *g, enum op op, struct node *a, struct node *b);
/* The divergence in which each latent dimension has `free` nats at least, as a mean of the batch.
 */
struct node *op_kl_free(struct graph *g, struct node *mean, struct node *logvar, double free);
/* Gaussian likelihoods with variances floor + exp(s): s is a parameter, one for each channel of mu
 * and x, which lie in one order; or it is the second half of the channels of y, whose first is mu.
 */
struct node *op_gaussian_learned(struct graph *g, struct node *mu, struct node *x, struct node *s,
                                 double floor);
struct node *op_gaussian_predicted(struct graph *g, struct node *y, struct node *x, double floor);
/* A categorical likelihood, and the values that logits stand for: their mean, or the likeliest. */
struct node *op_categorical(struct graph *g, struct node *logits, struct node *x, int levels);
struct node *op_categorical_value(struct graph *g, struct node *logits, int levels, bool mode);

/* The functions that ops.def names, each in its op's file. */
typedef void op_gradient(struct graph *, struct node *, struct node *);
typedef void op_plan(struct kernel *);
typedef void op_emit(struct emitter *, const struct kernel *);
typedef double op_flops(const struct node *);

op_gradient view_gradient, relayout_gradient, linear_gradient, conv_gradient, conv_input_gradient,
    winograd_data_gradient, winograd_data_adjoint_gradient, winograd_product_gradient,
    winograd_product_adjoint_gradient, winograd_inverse_gradient, winograd_inverse_adjoint_gradient,
    max_pool_gradient, window_sum_gradient, window_spread_gradient, bilinear_gradient,
    bias_gradient, gradient_by_output, gradient_by_input, add_gradient, moments_gradient,
    normalise_gradient, group_normalise_gradient, affine_gradient, drop_gradient, concat_gradient,
    sample_gradient, kl_gradient, kl_free_gradient, bernoulli_gradient, gaussian_gradient,
    gaussian_learned_gradient, gaussian_predicted_gradient, categorical_gradient;
op_plan relayout_plan, linear_plan, linear_weight_plan, conv_plan, conv_input_plan,
    conv_weight_plan, winograd_filter_plan, winograd_data_plan, winograd_product_plan,
    winograd_inverse_plan, winograd_weight_plan, window_plan, max_pool_grad_plan, channel_plan,
    group_plan, dropout_mask_plan, concat_plan, single_plan, loss_plan, categorical_plan;
op_emit relayout_emit, linear_emit, linear_input_emit, linear_weight_emit, conv_emit,
    conv_input_emit, conv_weight_emit, winograd_data_emit, winograd_data_adjoint_emit,
    winograd_filter_emit, winograd_product_emit, winograd_product_adjoint_emit,
    winograd_inverse_emit, winograd_inverse_adjoint_emit, winograd_weight_emit, max_pool_emit,
    max_pool_grad_emit, window_sum_emit, window_spread_emit, bilinear_emit, bilinear_adjoint_emit,
    channel_sum_emit, moments_emit, channel_dot_emit, channel_product_emit, dropout_mask_emit,
    concat_emit, slice_emit, group_moments_emit, group_normalise_emit, group_normalise_grad_emit,
    running_update_emit, kl_emit, free_bits_emit, kl_free_emit, bernoulli_emit, gaussian_emit,
    gaussian_learned_emit, gaussian_predicted_emit, gaussian_predicted_grad_emit, categorical_emit,
    categorical_grad_emit, categorical_mean_emit, categorical_mode_emit;
op_flops linear_flops, conv_flops, window_flops, group_flops, one_flop, two_flops, four_flops,
    eight_flops, sum_flops, moments_flops, categorical_flops;

#endif
