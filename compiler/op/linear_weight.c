/* The gradient of linear's weight, and with it the optimiser's step: what is made of the gradient
 * is taken while it is in cache. */
#include "../emit_optimiser.h"
#include "linear.h"

enum {
  /* The gradient is made so many rows at a time, */
  WEIGHT_ROWS = 14,
  /* in tasks of so many columns at most, and of so many rows where its own columns do not fill
   * vectors: what is packed then, from so many images at a time, and what is made stay in cache. */
  WEIGHT_COLUMNS = 1024,
  WEIGHT_TASK_ROWS = 56,
  WEIGHT_IMAGES = 128,
  LONGEST_ROW = 4 * WEIGHT_COLUMNS,
};

/* The parameter whose whole gradient the node is, or NULL. */
static const struct parameter *gradient_of(const struct graph *g, const struct node *node)
{
  for (int i = 0; i < g->output_count; i++)
    if (g->outputs[i].node == node)
      return g->outputs[i].gradient_of;
  return NULL;
}

/* Whether tasks make whole rows of the weight's gradient: the optimiser's memory is then walked
 * through without a gap. */
static bool cut_by_rows(const struct kernel *kernel, const struct linear_weight *w)
{
  return kernel_plain(kernel) || (w->rows >= w->columns / 4 && w->columns <= LONGEST_ROW);
}

/* Whether rows of the right side can be walked as they lie, in panels of any machine. */
static bool whole_vectors(const struct linear_weight *w)
{
  return w->columns % LINEAR_HALF_BLOCK == 0;
}

static int64_t larger(int64_t a, int64_t b)
{
  return a > b ? a : b;
}

/* Columns and rows of the gradient that a task keeps at a time. */
static int64_t tile_width(const struct kernel *kernel, const struct linear_weight *w)
{
  return cut_by_rows(kernel, w) ? w->columns : kernel->block;
}

static int64_t tile_height(const struct kernel *kernel, const struct linear_weight *w)
{
  if (whole_vectors(w))
    return WEIGHT_ROWS;
  return cut_by_rows(kernel, w) ? kernel->block : w->rows;
}

void linear_weight_plan(struct kernel *kernel)
{
  const struct node *dw = kernel->chain[0];
  struct linear_weight w = linear_weight_of(dw);
  enum algorithm algorithm = linear_choose(kernel);
  bool rows = cut_by_rows(kernel, &w);
  kernel_computed_by(kernel, algorithm, algorithm_table[algorithm].linear);
  if (algorithm != ALGORITHM_BLOCKS) {
    linear_cut(kernel, rows ? w.rows : w.columns);
    return;
  }
  /* The more tasks, the more even; but each packs what has to be packed. */
  int64_t most = (whole_vectors(&w) ? 4 : 2) * LINEAR_TASKS;
  if (!rows)
    most = larger(most, w.columns / WEIGHT_COLUMNS);
  else if (!whole_vectors(&w))
    most = larger(most, w.rows / WEIGHT_TASK_ROWS);
  kernel_cut(kernel, rows ? w.rows : w.columns, rows ? WEIGHT_ROWS : LINEAR_BLOCK, (int)most);
  int64_t width = tile_width(kernel, &w);
  if (!model_clips_norm(kernel->graph->model))
    kernel->updates = gradient_of(kernel->graph, dw);
  if (kernel->updates != NULL)
    kernel->scratch = tile_height(kernel, &w) * width;
  if (!whole_vectors(&w))
    kernel->scratch += (int64_t)LATHE_PACKED(WEIGHT_IMAGES, width);
}

/* What the optimiser does with `height` rows of the gradient, which stand in `from`. */
static void emit_applied(struct emitter *e, bool whole_rows, const char *height, const char *from)
{
  int count = e->binding_count;
  emit_bind(e, "height", "%s", height);
  emit_bind(e, "from", "%s", from);
  if (whole_rows)
    emit(e,
         "if (update != NULL)\n  ${model}_update(update, $offset$first, $height * $C, $from);\n");
  else
    emit(e, "for (int r = 0; update != NULL && r < $height; r++)\n"
            "  ${model}_update(update, $offset$first + r * $C, $columns, $from + r * $width);\n");
  e->binding_count = count;
}

/* From rows that are whole vectors, as they lie. */
static void emit_weight_straight(struct emitter *e, const struct kernel *kernel, bool whole_rows)
{
  bool updates = kernel->updates != NULL;
  emit_bind(e, "first", " + row * %s%s", emit_value(e, "C"), emit_value(e, "at"));
  emit(e, "const struct lathe_panels panels = {$right$at, LATHE_PANEL, $C};\n"
          "for (int row = $row0; row < $row1; row += $height) {\n"
          "const int rows = $row1 - row < $height ? $row1 - row : $height;\n"
          "const struct lathe_rows left = {$left + row, 1, $R};\n");
  if (updates)
    emit(e, "$real *const to = update != NULL ? scratch : $dw$first;\n");
  if (updates && whole_rows) {
    emit_to_update(e);
    emit(e, "lathe_product_before(rows, $columns, n, left, panels, 0, to, $to_row,\n"
            "${model}_to_update(update, $offset$first, rows * $C));\n");
  } else if (updates) {
    emit(e, "lathe_product(rows, $columns, n, left, panels, 0, to, $to_row);\n");
  } else {
    emit(e, "lathe_product(rows, $columns, n, left, panels, 0, $dw$first, $to_row);\n");
  }
  if (updates)
    emit_applied(e, whole_rows, "rows", "to");
  emit(e, "}\n");
}

/* From rows that have to be packed, so many images at a time. */
static void emit_weight_packed(struct emitter *e, const struct kernel *kernel, int64_t width,
                               bool whole_rows)
{
  bool some_rows = whole_rows && kernel->tasks > 1;
  emit_bind(e, "row", some_rows ? "(row - begin)" : "row");
  if (some_rows)
    emit_bind(e, "first", " + begin * %s", emit_value(e, "C"));
  else
    emit_bind(e, "first", "%s", emit_value(e, "at"));
  emit_bind_int(e, "images", WEIGHT_IMAGES);
  emit_bind_int(e, "packed", (int64_t)LATHE_PACKED(WEIGHT_IMAGES, width));
  if (kernel->updates != NULL)
    emit(e, "$real *const made = update != NULL ? scratch + $packed : $dw$first;\n");
  else
    emit(e, "$real *const made = $dw$first;\n");
  emit(e, "for (int i = 0; i < n; i += $images) {\n"
          "const int count = n - i < $images ? n - i : $images;\n"
          "const struct lathe_panels panels =\n"
          "lathe_pack(count, $columns, $right + i * $C$at, $C, scratch);\n"
          "for (int row = $row0; row < $row1; row += $height) {\n"
          "const int rows = $row1 - row < $height ? $row1 - row : $height;\n"
          "const struct lathe_rows left = {$left + i * $R + row, 1, $R};\n"
          "lathe_product(rows, $columns, count, left, panels, i > 0, made + $row * $to_row, "
          "$to_row);\n}\n}\n");
  if (kernel->updates != NULL)
    emit_applied(e, whole_rows, emit_value(e, some_rows ? "length" : "R"), "made");
}

/* dw = left^T right in register blocks, the left side's columns being the weight's rows. The
 * optimiser takes each part of the gradient from the cache that it was made in. */
static void emit_weight_blocks(struct emitter *e, const struct kernel *kernel,
                               const struct linear_weight *w)
{
  bool by_rows = cut_by_rows(kernel, w);
  bool whole_rows = by_rows || kernel->tasks == 1;
  emit_bind_int(e, "height", WEIGHT_ROWS);
  emit_bind_int(e, "width", tile_width(kernel, w));
  emit_bind(e, "row0", "%s", by_rows ? emit_value(e, "begin") : "0");
  emit_bind(e, "row1", "%s", emit_value(e, by_rows ? "end" : "R"));
  emit_bind(e, "columns", "%s", emit_value(e, whole_rows ? "C" : "length"));
  emit_bind(e, "at", whole_rows ? "" : " + begin");
  bool narrow = !whole_rows && kernel->updates != NULL;
  emit_bind(e, "to_row", "%s", narrow ? "to_row" : emit_value(e, "C"));
  if (kernel->updates != NULL)
    emit_bind(e, "offset", "%s", emit_upper(e->mem, kernel->updates->tensor.name));
  if (narrow)
    emit(e, "const int to_row = update != NULL ? $width : $C;\n");
  if (whole_vectors(w))
    emit_weight_straight(e, kernel, whole_rows);
  else
    emit_weight_packed(e, kernel, tile_width(kernel, w), whole_rows);
}

/* dw, over a part of the weight's rows or of its columns. */
void linear_weight_emit(struct emitter *e, const struct kernel *kernel)
{
  const struct node *dw = kernel->chain[0];
  struct linear_weight w = linear_weight_of(dw);
  emit_bind_int(e, "R", w.rows);
  emit_bind_int(e, "C", w.columns);
  emit_bind(e, "left", "%s", emit_value(e, w.outputs_last ? "x" : "dy"));
  emit_bind(e, "right", "%s", emit_value(e, w.outputs_last ? "dy" : "x"));
  switch (linear_choose(kernel)) {
  case ALGORITHM_LOOPS:
    emit_bind(e, "inner", "n");
    linear_emit_plain(e, "for (int r = $begin; r < $end; r++) {\nfor (int c = 0; c < $C; c++) {\n",
                      "(double)$left[k * $R + r] * $right[k * $C + c]", "$dw[r * $C + c]");
    return;
  case ALGORITHM_BLOCKS:
    emit_weight_blocks(e, kernel, &w);
    return;
  default:;
  }
  bool by_rows = cut_by_rows(kernel, &w);
  linear_bind_from(e, kernel, "to", emit_value(e, "dw"), by_rows ? w.columns : 1);
  emit_bind(e, "rows", "%s", emit_value(e, by_rows ? "length" : "R"));
  emit_bind(e, "columns", "%s", emit_value(e, by_rows ? "C" : "length"));
  emit_bind(e, "left_part", "%s", emit_value(e, "left"));
  emit_bind(e, "right_part", "%s", emit_value(e, "right"));
  if (by_rows)
    linear_bind_from(e, kernel, "left_part", emit_value(e, "left"), 1);
  else
    linear_bind_from(e, kernel, "right_part", emit_value(e, "right"), 1);
  emit(e, "$gemm(CblasRowMajor, CblasTrans, CblasNoTrans, $rows, $columns, n, 1,\n"
          "$left_part, $R, $right_part, $C, 0, $to, $C);\n");
}
