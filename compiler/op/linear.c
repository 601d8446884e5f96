/* linear: y [n, N] = x [n, K] w, and its two derivatives. All three are matrix products over the
 * whole batch, cut along the weight's side, so that each weight is read once. The weight lies in
 * memory as [K, N] or as [N, K]: see linear_outputs_last. */
#include "linear.h"

enum {
  NARROW = 96,        /* results of fewer columns are cut by images, */
  FEW_IMAGES = 32,    /* so many a task; */
  IMAGES_AT_ONE = 14, /* where nothing is packed, as many as a register block has rows */
};

struct node *op_linear(struct graph *g, struct node *x, struct node *w, int64_t outputs,
                       int64_t interleave)
{
  struct node *y = op_binary(g, OP_LINEAR, x, w);
  y->shape = (struct shape){.rank = 1, .dim = {outputs}};
  y->interleave = interleave;
  return y;
}

void linear_gradient(struct graph *g, struct node *y, struct node *dy)
{
  struct node *x = y->in[0];
  struct node *w = y->in[1];

  /* The weight is last read here: its gradient, after it, may change it at once. */
  struct node *dx = op_binary(g, OP_LINEAR_INPUT, dy, w);
  dx->shape = x->shape;
  dx->interleave = x->interleave;
  graph_accumulate(g, x, dx);

  struct node *dw = op_binary(g, OP_LINEAR_WEIGHT, dy, x);
  dw->per_image = false;
  dw->shape = w->shape;
  dw->interleave = 0;
  graph_accumulate(g, w, dw);
}

void linear_sizes(const struct node *node, int64_t *inputs, int64_t *outputs)
{
  switch (node->op) {
  case OP_LINEAR:
    *inputs = node_size(node->in[0]);
    *outputs = node_size(node);
    break;
  case OP_LINEAR_INPUT:
    *inputs = node_size(node);
    *outputs = node_size(node->in[0]);
    break;
  default:
    *inputs = node_size(node->in[1]);
    *outputs = node_size(node->in[0]);
  }
}

double linear_flops(const struct node *node)
{
  int64_t inputs, outputs;
  linear_sizes(node, &inputs, &outputs);
  return 2.0 * (double)inputs * (double)outputs;
}

bool linear_outputs_last(int64_t inputs, int64_t outputs)
{
  if (outputs >= LINEAR_BLOCK && outputs % LINEAR_HALF_BLOCK == 0)
    return true;
  return inputs % LINEAR_HALF_BLOCK != 0 && outputs >= inputs;
}

struct linear_weight linear_weight_of(const struct node *node)
{
  int64_t inputs, outputs;
  linear_sizes(node, &inputs, &outputs);
  return linear_outputs_last(inputs, outputs) ? (struct linear_weight){inputs, outputs, true}
                                              : (struct linear_weight){outputs, inputs, false};
}

/* Whether the weight is the right side of y's or dx's product as it lies, or transposed. */
static bool as_it_lies(const struct node *node)
{
  return linear_weight_of(node).outputs_last == (node->op == OP_LINEAR);
}

enum algorithm linear_choose(const struct kernel *kernel)
{
  const struct node *node = kernel->chain[0];
  struct product p = {
      .rows = 1,
      .columns = node_size(node),
      .inner = node_size(node->in[0]),
      .as_it_lies = as_it_lies(node),
      .images_a_pack = node_size(node) < NARROW ? FEW_IMAGES : 0,
  };
  enum algorithm algorithm = linear_algorithm(kernel->graph, node->layer, kernel_use(kernel), &p);
  return algorithm == ALGORITHM_DOTS && node->op == OP_LINEAR_WEIGHT ? ALGORITHM_BLOCKS : algorithm;
}

void linear_cut(struct kernel *kernel, int64_t width)
{
  int most = (int)(width / NARROW);
  kernel_cut(kernel, width, LINEAR_BLOCK, most < 1 ? 1 : most > LINEAR_TASKS ? LINEAR_TASKS : most);
}

/* Wide results are cut by columns: every task then packs its own part of the weights once. */
void linear_plan(struct kernel *kernel)
{
  const struct node *node = kernel->chain[0];
  int64_t width = node_size(node), inner = node_size(node->in[0]);
  enum algorithm algorithm = linear_choose(kernel);
  bool rows = algorithm == ALGORITHM_DOTS && as_it_lies(node);
  kernel_computed_by(kernel, algorithm, rows ? "rows" : algorithm_table[algorithm].linear);
  if (rows)
    kernel_by_images(kernel, IMAGES_AT_ONE);
  else if (width < NARROW || algorithm == ALGORITHM_LOOPS)
    kernel_by_images(kernel, FEW_IMAGES);
  else
    linear_cut(kernel, width);
  if (algorithm == ALGORITHM_BLOCKS)
    kernel->scratch =
        (int64_t)LATHE_PACKED(inner, kernel->domain == DOMAIN_IMAGES ? width : kernel->block);
}

void linear_bind_from(struct emitter *e, const struct kernel *kernel, const char *name,
                      const char *array, int64_t stride)
{
  if (kernel->tasks == 1)
    emit_bind(e, name, "%s", array);
  else if (stride == 1)
    emit_bind(e, name, "%s + begin", array);
  else
    emit_bind(e, name, "%s + begin * %lld", array, (long long)stride);
}

void linear_emit_plain(struct emitter *e, const char *loops, const char *term, const char *result)
{
  emit(e, loops);
  emit(e, "double sum = 0;\n"
          "for (int k = 0; k < $inner; k++)\n  sum += ");
  emit(e, term);
  emit(e, ";\n");
  emit(e, result);
  emit(e, " = ($real)sum;\n}\n}\n");
}

/* y = x w or dx = dy w^T: `left` [n, inner] times the weight, `width` columns of result. */
static void emit_product(struct emitter *e, const struct kernel *kernel)
{
  const struct node *root = kernel->chain[0];
  int64_t width = node_size(root), inner = node_size(root->in[0]);
  bool straight = as_it_lies(root);
  bool by_images = kernel->domain == DOMAIN_IMAGES;
  emit_bind(e, "transposed", straight ? "CblasNoTrans" : "CblasTrans");
  emit_bind(e, "pack", straight ? "lathe_pack" : "lathe_pack_transposed");
  emit_bind(e, "few", straight ? "lathe_sum_rows" : "lathe_dots");
  emit_bind_int(e, "inner", inner);
  emit_bind_int(e, "width", width);
  emit_bind_int(e, "weight_row", linear_weight_of(root).columns);
  const char *left = operand_name(e, root->in[0]);
  const char *weight = operand_name(e, root->in[1]);
  const char *result = operand_name(e, kernel_result(kernel));
  if (by_images) {
    emit_bind(e, "count", "end - begin");
    emit_bind(e, "columns", "%lld", (long long)width);
    emit_bind(e, "left", "%s + begin * %lld", left, (long long)inner);
    emit_bind(e, "w_part", "%s", weight);
    emit_bind(e, "to", "%s + begin * %lld", result, (long long)width);
  } else {
    emit_bind(e, "count", "n");
    emit_bind(e, "columns", "%s", emit_value(e, "length"));
    emit_bind(e, "left", "%s", left);
    linear_bind_from(e, kernel, "w_part", weight, straight ? 1 : inner);
    linear_bind_from(e, kernel, "to", result, 1);
  }
  switch (linear_choose(kernel)) {
  case ALGORITHM_DOTS:
    emit(e, "$few($count, $columns, $inner, $left, $inner, $w_part, $weight_row, $to, $width);\n");
    break;
  case ALGORITHM_BLOCKS:
    emit(e, "const struct lathe_panels w_panels =\n"
            "    ${pack}($inner, $columns, $w_part, $weight_row, scratch);\n"
            "lathe_product($count, $columns, $inner, (struct lathe_rows){$left, $inner, 1}, "
            "w_panels, 0,\n$to, $width);\n");
    break;
  default:
    emit(e, "$gemm(CblasRowMajor, CblasNoTrans, $transposed, $count, $columns, $inner, 1,\n"
            "$left, $inner, $w_part, $weight_row, 0, $to, $width);\n");
  }
  if (by_images)
    emit_epilogue_images(e, kernel, 1);
  else
    emit_epilogue_columns(e, kernel, 1, width);
}

static void bind_sizes(struct emitter *e, const struct node *node)
{
  int64_t inputs, outputs;
  linear_sizes(node, &inputs, &outputs);
  emit_bind_int(e, "K", inputs);
  emit_bind_int(e, "N", outputs);
}

void linear_emit(struct emitter *e, const struct kernel *kernel)
{
  const struct node *y = kernel->chain[0];
  if (!kernel_plain(kernel)) {
    emit_product(e, kernel);
    return;
  }
  bind_sizes(e, y);
  emit_bind(e, "inner", "%s", emit_value(e, "K"));
  linear_emit_plain(e, "for (int i = begin; i < end; i++) {\nfor (int o = 0; o < $N; o++) {\n",
                    as_it_lies(y) ? "(double)$x[i * $K + k] * $w[k * $N + o]"
                                  : "(double)$x[i * $K + k] * $w[o * $K + k]",
                    "$y[i * $N + o]");
}

void linear_input_emit(struct emitter *e, const struct kernel *kernel)
{
  const struct node *dx = kernel->chain[0];
  if (!kernel_plain(kernel)) {
    emit_product(e, kernel);
    return;
  }
  bind_sizes(e, dx);
  emit_bind(e, "inner", "%s", emit_value(e, "N"));
  linear_emit_plain(e, "for (int i = begin; i < end; i++) {\nfor (int c = 0; c < $K; c++) {\n",
                    as_it_lies(dx) ? "(double)$dy[i * $N + k] * $w[k * $K + c]"
                                   : "(double)$dy[i * $N + k] * $w[c * $N + k]",
                    "$dx[i * $K + c]");
}
