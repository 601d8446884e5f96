/* linear: y [n, N] = x [n, K] w [N, K]^T, and its two derivatives. All three are matrix products
 * over the whole batch, cut along the weight's side, so that each weight is read once. */
#include "../emit_kernel.h"
#include "../op.h"

enum { BLOCK = 16, MOST_TASKS = 8, NARROW = 128 };

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

  struct node *dw = op_binary(g, OP_LINEAR_WEIGHT, dy, x);
  dw->per_image = false;
  dw->shape = w->shape;
  dw->interleave = 0;
  graph_accumulate(g, w, dw);

  struct node *dx = op_binary(g, OP_LINEAR_INPUT, dy, w);
  dx->shape = x->shape;
  dx->interleave = x->interleave;
  graph_accumulate(g, x, dx);
}

/* Inputs K and outputs N of the forward product, for any of the three ops. */
static void sizes(const struct node *node, int64_t *inputs, int64_t *outputs)
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
  sizes(node, &inputs, &outputs);
  return 2.0 * (double)inputs * (double)outputs;
}

static void cut_columns(struct kernel *kernel, int64_t width)
{
  int most = (int)(width / NARROW);
  kernel_cut(kernel, width, BLOCK, most < 1 ? 1 : most > MOST_TASKS ? MOST_TASKS : most);
}

/* Wide results are cut by columns: every task then packs its own part of the weights once. */
void linear_plan(struct kernel *kernel)
{
  int64_t width = node_size(kernel->chain[0]);
  kernel->algorithm = kernel_plain(kernel) ? "loops" : "BLAS";
  if (width < NARROW || kernel_plain(kernel))
    kernel_by_images(kernel, BLOCK);
  else
    cut_columns(kernel, width);
}

static bool weight_cut_by_outputs(const struct node *dw)
{
  return node_size(dw->in[0]) >= node_size(dw->in[1]) / 4;
}

void linear_weight_plan(struct kernel *kernel)
{
  const struct node *dw = kernel->chain[0];
  bool by_outputs = kernel_plain(kernel) || weight_cut_by_outputs(dw);
  kernel->algorithm = kernel_plain(kernel) ? "loops" : "BLAS";
  cut_columns(kernel, node_size(dw->in[by_outputs ? 0 : 1]));
}

static void bind_sizes(struct emitter *e, const struct node *node)
{
  int64_t inputs, outputs;
  sizes(node, &inputs, &outputs);
  emit_bind_int(e, "K", inputs);
  emit_bind_int(e, "N", outputs);
}

/* "w + begin * 784", or "w" in a kernel of a single task */
static void bind_from(struct emitter *e, const struct kernel *kernel, const char *name,
                      const struct node *node, int64_t stride)
{
  const char *array = operand_name(e, node);
  if (kernel->tasks == 1)
    emit_bind(e, name, "%s", array);
  else if (stride == 1)
    emit_bind(e, name, "%s + begin", array);
  else
    emit_bind(e, name, "%s + begin * %lld", array, (long long)stride);
}

/* Each element of a product, summed over $inner in a plain loop. */
static void emit_plain(struct emitter *e, const char *loops, const char *term, const char *result)
{
  emit(e, loops);
  emit(e, "double sum = 0;\n"
          "for (int k = 0; k < $inner; k++)\n  sum += ");
  emit(e, term);
  emit(e, ";\n");
  emit(e, result);
  emit(e, " = ($real)sum;\n}\n}\n");
}

/* y = x w^T or dx = dy w: `left` [n, inner] times the weight, `width` columns of result. */
static void emit_product(struct emitter *e, const struct kernel *kernel, const char *transposed,
                         int64_t inner, int64_t width, int64_t stride)
{
  const struct node *root = kernel->chain[0];
  int64_t weight_row = root->op == OP_LINEAR ? inner : width;
  emit_bind(e, "left", "%s", operand_name(e, root->in[0]));
  emit_bind(e, "transposed", "%s", transposed);
  emit_bind_int(e, "inner", inner);
  emit_bind_int(e, "width", width);
  emit_bind_int(e, "weight_row", weight_row);
  emit_bind(e, "result", "%s", operand_name(e, kernel_result(kernel)));
  if (kernel->domain == DOMAIN_IMAGES) {
    emit(
        e,
        "$gemm(CblasRowMajor, CblasNoTrans, $transposed, end - begin, $width, $inner, 1,\n"
        "$left + begin * $inner, $inner, $w, $weight_row, 0, $result + begin * $width, $width);\n");
    emit_epilogue_images(e, kernel, 1);
  } else {
    bind_from(e, kernel, "w_part", root->in[1], stride);
    bind_from(e, kernel, "result_part", kernel_result(kernel), 1);
    emit(e,
         "$gemm(CblasRowMajor, CblasNoTrans, $transposed, n, $length, $inner, 1, $left, $inner,\n"
         "$w_part, $weight_row, 0, $result_part, $width);\n");
    emit_epilogue_columns(e, kernel, 1, width);
  }
}

void linear_emit(struct emitter *e, const struct kernel *kernel)
{
  int64_t inputs, outputs;
  sizes(kernel->chain[0], &inputs, &outputs);
  if (!kernel_plain(kernel)) {
    emit_product(e, kernel, "CblasTrans", inputs, outputs, inputs);
    return;
  }
  bind_sizes(e, kernel->chain[0]);
  emit_bind_int(e, "inner", inputs);
  emit_plain(e, "for (int i = begin; i < end; i++) {\nfor (int o = 0; o < $N; o++) {\n",
             "(double)$x[i * $K + k] * $w[o * $K + k]", "$y[i * $N + o]");
}

void linear_input_emit(struct emitter *e, const struct kernel *kernel)
{
  int64_t inputs, outputs;
  sizes(kernel->chain[0], &inputs, &outputs);
  if (!kernel_plain(kernel)) {
    emit_product(e, kernel, "CblasNoTrans", outputs, inputs, 1);
    return;
  }
  bind_sizes(e, kernel->chain[0]);
  emit_bind_int(e, "inner", outputs);
  emit_plain(e, "for (int i = begin; i < end; i++) {\nfor (int c = 0; c < $K; c++) {\n",
             "(double)$dy[i * $N + k] * $w[k * $K + c]", "$dx[i * $K + c]");
}

void linear_weight_emit(struct emitter *e, const struct kernel *kernel)
{
  const struct node *dw = kernel->chain[0];
  bind_sizes(e, dw);
  if (kernel_plain(kernel)) {
    emit_bind(e, "inner", "n");
    emit_plain(e, "for (int o = $begin; o < $end; o++) {\nfor (int c = 0; c < $K; c++) {\n",
               "(double)$dy[k * $N + o] * $x[k * $K + c]", "$dw[o * $K + c]");
  } else if (weight_cut_by_outputs(dw)) {
    bind_from(e, kernel, "dy_part", dw->in[0], 1);
    bind_from(e, kernel, "dw_part", dw, node_size(dw->in[1]));
    emit(e, "$gemm(CblasRowMajor, CblasTrans, CblasNoTrans, $length, $K, n, 1,\n"
            "$dy_part, $N, $x, $K, 0, $dw_part, $K);\n");
  } else {
    bind_from(e, kernel, "x_part", dw->in[1], 1);
    bind_from(e, kernel, "dw_part", dw, 1);
    emit(e, "$gemm(CblasRowMajor, CblasTrans, CblasNoTrans, $N, $length, n, 1,\n"
            "$dy, $N, $x_part, $K, 0, $dw_part, $K);\n");
  }
}
