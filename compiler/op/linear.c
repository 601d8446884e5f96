/* linear: y [n, N] = x [n, K] w [N, K]^T, and its two derivatives. All three are matrix products
 * over the whole batch, cut along the weight's side, so that each weight is read once. */
#include "../algorithm.h"
#include "../emit_kernel.h"
#include "../op.h"
#include "runtime/packed.h"

enum {
  BLOCK = LATHE_WIDEST_PANEL, /* columns are cut in panels */
  MOST_TASKS = 8,
  NARROW = 128,    /* results of fewer columns are cut by images, */
  FEW_IMAGES = 32, /* so many a task */
  /* A weight's gradient is made in parts of so many rows and columns, from so many images at a
   * time: what is packed and what is made stay in cache. */
  WEIGHT_IMAGES = 128,
  WEIGHT_ROWS = 14,
  WEIGHT_COLUMNS = 1024, /* long rows: the optimiser's memory is read in long stretches */
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

static enum algorithm choose(const struct kernel *kernel)
{
  const struct node *node = kernel->chain[0];
  int64_t inputs, outputs;
  sizes(node, &inputs, &outputs);
  struct product p = {.rows = 1, .columns = outputs, .inner = inputs};
  enum algorithm algorithm = linear_algorithm(kernel->graph, node->layer, &p);
  return algorithm == ALGORITHM_DOTS && node->op != OP_LINEAR ? ALGORITHM_BLOCKS : algorithm;
}

static void cut_columns(struct kernel *kernel, int64_t width)
{
  int most = (int)(width / NARROW);
  kernel_cut(kernel, width, BLOCK, most < 1 ? 1 : most > MOST_TASKS ? MOST_TASKS : most);
}

/* Wide results are cut by columns: every task then packs its own part of the weights once. */
void linear_plan(struct kernel *kernel)
{
  const struct node *node = kernel->chain[0];
  int64_t width = node_size(node), inner = node_size(node->in[0]);
  enum algorithm algorithm = choose(kernel);
  kernel->algorithm = algorithm_table[algorithm].linear;
  if (width < NARROW || algorithm == ALGORITHM_LOOPS)
    kernel_by_images(kernel, FEW_IMAGES);
  else
    cut_columns(kernel, width);
  if (algorithm == ALGORITHM_BLOCKS)
    kernel->scratch =
        (int64_t)LATHE_PACKED(inner, kernel->domain == DOMAIN_IMAGES ? width : kernel->block);
}

static bool weight_cut_by_outputs(const struct node *dw)
{
  return node_size(dw->in[0]) >= node_size(dw->in[1]) / 4;
}

/* The parameter whose whole gradient the node is, or NULL. */
static const struct parameter *gradient_of(const struct graph *g, const struct node *node)
{
  for (int i = 0; i < g->output_count; i++)
    if (g->outputs[i].node == node)
      return g->outputs[i].gradient_of;
  return NULL;
}

/* Columns that are made at a time. */
static int64_t weight_width(const struct kernel *kernel, bool by_outputs)
{
  int64_t width = by_outputs ? node_size(kernel->chain[0]->in[1]) : kernel->block;
  return width < WEIGHT_COLUMNS ? width : WEIGHT_COLUMNS;
}

void linear_weight_plan(struct kernel *kernel)
{
  const struct node *dw = kernel->chain[0];
  enum algorithm algorithm = choose(kernel);
  bool by_outputs = algorithm == ALGORITHM_LOOPS || weight_cut_by_outputs(dw);
  kernel->algorithm = algorithm_table[algorithm].linear;
  if (algorithm != ALGORITHM_BLOCKS) {
    cut_columns(kernel, node_size(dw->in[by_outputs ? 0 : 1]));
  } else {
    int64_t extent = node_size(dw->in[by_outputs ? 0 : 1]);
    kernel_cut(kernel, extent, by_outputs ? WEIGHT_ROWS : BLOCK, 2 * MOST_TASKS);
    int64_t width = weight_width(kernel, by_outputs);
    kernel->scratch = (int64_t)LATHE_PACKED(WEIGHT_IMAGES, width) + WEIGHT_ROWS * width;
    if (!model_clips_norm(kernel->graph->model))
      kernel->updates = gradient_of(kernel->graph, dw);
  }
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

/* y = x w^T or dx = dy w: `left` [n, inner] times the weight, `width` columns of result. The weight
 * is transposed in y's product, [width, inner] in memory; `stride` apart are the parts of two
 * columns. */
static void emit_product(struct emitter *e, const struct kernel *kernel, int64_t inner,
                         int64_t width)
{
  const struct node *root = kernel->chain[0];
  bool forward = root->op == OP_LINEAR;
  bool by_images = kernel->domain == DOMAIN_IMAGES;
  emit_bind(e, "transposed", forward ? "CblasTrans" : "CblasNoTrans");
  emit_bind(e, "pack", forward ? "lathe_pack_transposed" : "lathe_pack");
  emit_bind_int(e, "inner", inner);
  emit_bind_int(e, "width", width);
  emit_bind_int(e, "weight_row", forward ? inner : width);
  const char *left = operand_name(e, root->in[0]);
  const char *result = operand_name(e, kernel_result(kernel));
  if (by_images) {
    emit_bind(e, "count", "end - begin");
    emit_bind(e, "columns", "%lld", (long long)width);
    emit_bind(e, "left", "%s + begin * %lld", left, (long long)inner);
    emit_bind(e, "w_part", "%s", operand_name(e, root->in[1]));
    emit_bind(e, "to", "%s + begin * %lld", result, (long long)width);
  } else {
    emit_bind(e, "count", "n");
    emit_bind(e, "columns", "%s", emit_value(e, "length"));
    emit_bind(e, "left", "%s", left);
    bind_from(e, kernel, "w_part", root->in[1], forward ? inner : 1);
    bind_from(e, kernel, "to", kernel_result(kernel), 1);
  }
  switch (choose(kernel)) {
  case ALGORITHM_DOTS:
    emit(e, "lathe_dots($count, $columns, $inner, $left, $inner, $w_part, $weight_row, $to, "
            "$width);\n");
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

void linear_emit(struct emitter *e, const struct kernel *kernel)
{
  int64_t inputs, outputs;
  sizes(kernel->chain[0], &inputs, &outputs);
  if (!kernel_plain(kernel)) {
    emit_product(e, kernel, inputs, outputs);
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
    emit_product(e, kernel, outputs, inputs);
    return;
  }
  bind_sizes(e, kernel->chain[0]);
  emit_bind_int(e, "inner", outputs);
  emit_plain(e, "for (int i = begin; i < end; i++) {\nfor (int c = 0; c < $K; c++) {\n",
             "(double)$dy[i * $N + k] * $w[k * $K + c]", "$dx[i * $K + c]");
}

/* dw = dy^T x in register blocks. Of a batch that is packed at once, the optimiser takes each part
 * of the gradient from the cache it was made in; only of a larger one it goes through memory. */
static void emit_weight_blocks(struct emitter *e, const struct kernel *kernel, bool by_outputs)
{
  int64_t width = weight_width(kernel, by_outputs);
  bool whole_rows = by_outputs && width == node_size(kernel->chain[0]->in[1]);
  emit_bind_int(e, "images", WEIGHT_IMAGES);
  emit_bind_int(e, "height", WEIGHT_ROWS);
  emit_bind_int(e, "width", width);
  emit_bind_int(e, "packed", (int64_t)LATHE_PACKED(WEIGHT_IMAGES, width));
  emit_bind(e, "row0", "%s", by_outputs ? emit_value(e, "begin") : "0");
  emit_bind(e, "row1", "%s", emit_value(e, by_outputs ? "end" : "N"));
  emit_bind(e, "column0", "%s", by_outputs ? "0" : emit_value(e, "begin"));
  emit_bind(e, "column1", "%s", emit_value(e, by_outputs ? "K" : "end"));
  emit_bind(e, "columns", "%s", whole_rows ? emit_value(e, "K") : "columns");
  emit_bind(e, "at", whole_rows ? "" : " + column");
  emit_bind(e, "to_row", "%s", whole_rows ? emit_value(e, "K") : "to_row");
  bool updates = kernel->updates != NULL;
  if (updates) {
    emit_bind(e, "offset", "%s", emit_upper(e->mem, kernel->updates->tensor.name));
    emit(e, "const int at_once = update != NULL && n <= $images;\n"
            "$real *const tile = scratch + $packed;\n");
  }
  if (!whole_rows)
    emit(e, "for (int column = $column0; column < $column1; column += $width) {\n"
            "const int columns = $column1 - column < $width ? $column1 - column : $width;\n");
  emit(e, "for (int i = 0; i < n; i += $images) {\n"
          "const int count = n - i < $images ? n - i : $images;\n"
          "const struct lathe_panels panels =\n"
          "lathe_pack(count, $columns, $x + i * $K$at, $K, scratch);\n"
          "for (int row = $row0; row < $row1; row += $height) {\n"
          "const int rows = $row1 - row < $height ? $row1 - row : $height;\n"
          "const struct lathe_rows left = {$dy + i * $N + row, 1, $N};\n");
  if (updates) {
    emit(e, "$real *const to = at_once ? tile : $dw + row * $K$at;\n");
    if (!whole_rows)
      emit(e, "const int to_row = at_once ? $width : $K;\n");
    emit(e, "lathe_product(rows, $columns, count, left, panels, i > 0, to, $to_row);\n");
    emit(e, whole_rows
                ? "if (update != NULL && i + count == n)\n"
                  "  ${model}_update(update, $offset + row * $K, rows * $K, to);\n"
                : "for (int r = 0; update != NULL && i + count == n && r < rows; r++)\n"
                  "  ${model}_update(update, $offset + (row + r) * $K + column, columns, to + r * "
                  "to_row);\n");
  } else {
    emit(e, "lathe_product(rows, $columns, count, left, panels, i > 0, $dw + row * $K$at, $K);\n");
  }
  emit(e, whole_rows ? "}\n}\n" : "}\n}\n}\n");
}

/* dw = dy^T x, over a part of dy's columns or of x's. */
void linear_weight_emit(struct emitter *e, const struct kernel *kernel)
{
  const struct node *dw = kernel->chain[0];
  enum algorithm algorithm = choose(kernel);
  bind_sizes(e, dw);
  if (algorithm == ALGORITHM_LOOPS) {
    emit_bind(e, "inner", "n");
    emit_plain(e, "for (int o = $begin; o < $end; o++) {\nfor (int c = 0; c < $K; c++) {\n",
               "(double)$dy[k * $N + o] * $x[k * $K + c]", "$dw[o * $K + c]");
    return;
  }
  bool by_outputs = weight_cut_by_outputs(dw);
  if (algorithm == ALGORITHM_BLOCKS) {
    emit_weight_blocks(e, kernel, by_outputs);
    return;
  }
  bind_from(e, kernel, "to", dw, by_outputs ? node_size(dw->in[1]) : 1);
  emit_bind(e, "rows", "%s", emit_value(e, by_outputs ? "length" : "N"));
  emit_bind(e, "columns", "%s", emit_value(e, by_outputs ? "K" : "length"));
  emit_bind(e, "dy_part", "%s", emit_value(e, "dy"));
  emit_bind(e, "x_part", "%s", emit_value(e, "x"));
  bind_from(e, kernel, by_outputs ? "dy_part" : "x_part", dw->in[by_outputs ? 0 : 1], 1);
  emit(e, "$gemm(CblasRowMajor, CblasTrans, CblasNoTrans, $rows, $columns, n, 1,\n"
          "$dy_part, $N, $x_part, $K, 0, $to, $K);\n");
}
