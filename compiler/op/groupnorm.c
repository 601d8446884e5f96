/* Normalisation of each image by itself: groups of channels over all pixels (Wu & He 2018), or one
 * group of everything, which is layer normalisation (Ba, Kiros & Hinton 2016). Three ops: the
 * groups' moments, a table [2][groups] an image of the mean and 1 / sqrt(variance + eps); the
 * normalisation by them; a learnt scale and shift of each channel (affine). Constant 0 of the
 * moments is eps, constant 1 of each the number of groups. Images lie channels last. */
#include "../emit_kernel.h"
#include "../op.h"
#include "channel.h"
#include <string.h>

struct node *op_group_normalise(struct graph *g, struct node *x, int groups, double eps)
{
  struct node *moments = op_unary(g, OP_GROUP_MOMENTS, x);
  moments->shape = (struct shape){.rank = 2, .dim = {2, groups}};
  moments->interleave = 0;
  moments->constant[0] = eps;
  moments->constant[1] = groups;
  struct node *y = op_binary(g, OP_GROUP_NORMALISE, x, moments);
  y->constant[1] = groups;
  return y;
}

/* With the normalised values x^ and what reaches them, d: (d - mean(d) - x^ mean(d x^)) / sigma,
 * the means over the group. */
void group_normalise_gradient(struct graph *g, struct node *y, struct node *dy)
{
  struct node *dx = op_ternary(g, OP_GROUP_NORMALISE_GRAD, dy, y, y->in[1]);
  dx->constant[1] = y->constant[1];
  graph_accumulate(g, y->in[0], dx);
}

void affine_gradient(struct graph *g, struct node *y, struct node *dy)
{
  struct node *x = y->in[0], *gamma = y->in[1];
  graph_accumulate(g, gamma,
                   op_channel_table(g, OP_CHANNEL_PRODUCT, 2, (struct node *[]){dy, x}, 1));
  graph_accumulate(g, y->in[2], op_channel_table(g, OP_CHANNEL_SUM, 1, &dy, 1));
  graph_accumulate(g, x, op_binary(g, OP_SCALE, dy, gamma));
}

void channel_product_emit(struct emitter *e, const struct kernel *kernel)
{
  emit_channel_sum(e, kernel, kernel->chain[0]->in[0],
                   &(struct channel_sum){"sum", {"dy", "x"}, "(double)$dy[$at] * $x[$at]"});
  emit_each_channel(e, kernel, "$dgamma[$channel] = ($real)sum[$c];\n");
}

double group_flops(const struct node *node)
{
  return 4 * (double)node_size(node->in[0]);
}

void group_plan(struct kernel *kernel)
{
  kernel_by_images(kernel, 4);
}

/* A group is `rows` runs of `width` values, a pixel's channels apart; one group of all is one run.
 */
static void begin_groups(struct emitter *e, const struct node *x, int64_t groups)
{
  int64_t size = node_size(x), channels = groups == 1 ? size : node_channels(x);
  int64_t width = channels / groups, lanes = 16;
  while (width % lanes != 0)
    lanes--;
  emit_bind_int(e, "size", size);
  emit_bind_int(e, "groups", groups);
  emit_bind_int(e, "groups2", 2 * groups);
  emit_bind_int(e, "rows", size / channels);
  emit_bind_int(e, "width", width);
  emit_bind_int(e, "lanes", lanes);
  emit_bind_int(e, "count", size / groups);
  emit_bind(e, "row", "%s",
            size == channels ? "first"
                             : mem_printf(e->mem, "first + r * %lld", (long long)channels));
  emit_bind(e, "of_group", groups == 1 ? "" : " + g");
  emit(e, "for (int i = begin; i < end; i++) {\n");
  if (groups > 1)
    emit(e, "for (int g = 0; g < $groups; g++) {\n");
  emit(e, groups > 1 ? "const int first = i * $size + g * $width;\n"
                     : "const int first = i * $size;\n");
}

static void end_groups(struct emitter *e, int64_t groups)
{
  emit(e, groups > 1 ? "}\n}\n" : "}\n");
}

/* Of a group, run by run; a single run needs no loop. */
static void begin_rows(struct emitter *e)
{
  if (strcmp(emit_value(e, "rows"), "1") != 0)
    emit(e, "for (int r = 0; r < $rows; r++) {\n");
}

static void end_rows(struct emitter *e)
{
  if (strcmp(emit_value(e, "rows"), "1") != 0)
    emit(e, "}\n");
}

/* `double name[lanes]`, of which name[0] is the sum of `term` over the group: side by side in a
 * vector, in a fixed order. */
static void emit_sum(struct emitter *e, const char *name, const char *term)
{
  emit_bind(e, "name", "%s", name);
  emit(e, "double $name[$lanes] = {0};\n");
  begin_rows(e);
  emit(e, "for (int c = $row; c < $row + $width; c += $lanes) {\n"
          "for (int lane = 0; lane < $lanes; lane++)\n"
          "  $name[lane] += ");
  emit(e, term);
  emit(e, ";\n}\n");
  end_rows(e);
  emit(e, "for (int lane = 1; lane < $lanes; lane++)\n"
          "  $name[0] += $name[lane];\n");
}

static void emit_each(struct emitter *e, const char *body)
{
  begin_rows(e);
  emit(e, "for (int c = $row; c < $row + $width; c++)\n  ");
  emit(e, body);
  end_rows(e);
}

void group_moments_emit(struct emitter *e, const struct kernel *kernel)
{
  const struct node *moments = kernel->chain[0];
  begin_groups(e, moments->in[0], (int64_t)moments->constant[1]);
  emit_bind(e, "eps", "%s", emit_double(e, moments->constant[0]));
  emit_sum(e, "sum", "$x[c + lane]");
  emit(e, "const double mean = sum[0] / $count;\n");
  emit_sum(e, "square", "($x[c + lane] - mean) * ($x[c + lane] - mean)");
  emit(e, "$moments[i * $groups2$of_group] = ($real)mean;\n"
          "$moments[i * $groups2 + $groups$of_group] = ($real)(1 / sqrt(square[0] / $count + "
          "$eps));\n");
  end_groups(e, (int64_t)moments->constant[1]);
}

void group_normalise_emit(struct emitter *e, const struct kernel *kernel)
{
  const struct node *y = kernel->chain[0];
  begin_groups(e, y->in[0], (int64_t)y->constant[1]);
  emit(e, "const $real mean = $moments[i * $groups2$of_group];\n"
          "const $real scale = $moments[i * $groups2 + $groups$of_group];\n");
  emit_each(e, "$y[c] = ($x[c] - mean) * scale;\n");
  end_groups(e, (int64_t)y->constant[1]);
  emit_epilogue_images(e, kernel, 1);
}

void group_normalise_grad_emit(struct emitter *e, const struct kernel *kernel)
{
  const struct node *dx = kernel->chain[0];
  begin_groups(e, dx->in[0], (int64_t)dx->constant[1]);
  emit_sum(e, "sum", "$dy[c + lane]");
  emit_sum(e, "dot", "(double)$dy[c + lane] * $act[c + lane]");
  emit(e, "const $real scale = $moments[i * $groups2 + $groups$of_group];\n"
          "const $real mean = ($real)(sum[0] / $count);\n"
          "const $real slope = ($real)(dot[0] / $count);\n");
  emit_each(e, "$dx[c] = scale * ($dy[c] - mean - $act[c] * slope);\n");
  end_groups(e, (int64_t)dx->constant[1]);
  emit_epilogue_images(e, kernel, 1);
}
