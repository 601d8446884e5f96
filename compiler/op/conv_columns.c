/* Convolutions as products. With channels innermost, one output pixel's window is runs of memory,
 * one for each tap; a task copies the windows of a few images into columns (im2col) that stay in
 * its cache, and one matrix product does the rest; with groups, group by group. */
#include "../algorithm.h"
#include "conv.h"
#include "runtime/packed.h"

enum {
  COLUMN_BYTES = 2 << 20, /* columns of one task: what stays near in cache */
  MOST_IMAGES = 8,
};

static int images_a_task(const struct graph *g, int64_t column_elements)
{
  int64_t bytes = column_elements * (g->model->float64 ? 8 : 4);
  int64_t images = COLUMN_BYTES / bytes;
  return (int)(images < 1 ? 1 : images > MOST_IMAGES ? MOST_IMAGES : images);
}

/* Rows of all filters of a group, of the weights or of dy, are whole panels: they need not be
 * packed.
 */
static bool panels_in_place(const struct convolution *c)
{
  return convolution_group_filters(c) % LATHE_WIDEST_PANEL == 0;
}

/* Of a product [pixels, inner] x [inner, outputs] on columns of a few images: the columns, then the
 * packed weights. */
void conv_columns_plan(struct kernel *kernel, int64_t inner, int64_t outputs)
{
  const struct convolution *c = &kernel->chain[0]->conv;
  int64_t columns = convolution_pixels(c) * convolution_window(c);
  kernel_by_images(kernel, images_a_task(kernel->graph, columns));
  kernel->scratch = conv_choice(kernel) == ALGORITHM_LOOPS ? 0 : columns * kernel->chunk;
  bool in_place = outputs == convolution_group_filters(c) && panels_in_place(c);
  if (conv_choice(kernel) == ALGORITHM_BLOCKS && !in_place)
    kernel->scratch += (int64_t)LATHE_PACKED(inner, outputs);
}

static int64_t weight_columns(const struct convolution *c)
{
  return convolution_pixels(c) * c->x.kernel * (c->channels / conv_channel_parts(c));
}

void conv_columns_weight_plan(struct kernel *kernel)
{
  const struct convolution *c = &kernel->chain[0]->conv;
  int parts = conv_channel_parts(c);
  kernel_cut(kernel, (int64_t)c->y.kernel * parts, 1, c->y.kernel * parts);
  if (conv_choice(kernel) == ALGORITHM_LOOPS)
    return;
  int images = images_a_task(kernel->graph, weight_columns(c));
  kernel->scratch = weight_columns(c) * images;
  if (conv_choice(kernel) == ALGORITHM_BLOCKS && !panels_in_place(c))
    kernel->scratch +=
        (int64_t)LATHE_PACKED(images * convolution_pixels(c), convolution_group_filters(c));
}

/* One pixel's channels from the image into a column, or zeros: `part` of them, from `first` on. */
static void bind_copies(struct emitter *e, const struct convolution *c, int64_t part,
                        const char *first)
{
  const char *pixel =
      c->channels == 1 ? emit_value(e, "pixel")
                       : mem_printf(e->mem, "%s * %d%s", emit_value(e, "at"), c->channels, first);
  emit_bind_int(e, "part", part);
  emit_bind(e, "source", "%s", pixel);
  if (part == 1) {
    emit_bind(e, "copy", "*column = image[%s];\n", pixel);
    emit_bind(e, "clear", "*column = 0;\n");
    emit_bind(e, "next", "column++;\n");
  } else {
    emit_bind(e, "copy", "memcpy(column, image + %s, %lld * sizeof *column);\n", pixel,
              (long long)part);
    emit_bind(e, "clear", "memset(column, 0, %lld * sizeof *column);\n", (long long)part);
    emit_bind(e, "next", "column += %lld;\n", (long long)part);
  }
}

static bool padded(const struct convolution *c)
{
  return c->y.pad > 0 || c->x.pad > 0;
}

/* Loops over output pixels and the window; `inside` for pixels of the image, `outside` (may be
 * empty) for padding. `column` walks through the columns in order. */
static void emit_windows(struct emitter *e, const struct convolution *c, const char *inside,
                         const char *outside)
{
  emit(e, "${rows}for (int ox = 0; ox < $OW; ox++) {\n"
          "${taps}for (int kx = 0; kx < $kw; kx++) {\n"
          "${find_iy}const int ix = $ix;\n");
  if (!padded(c))
    emit(e, inside);
  else {
    emit(e, "if ($inside) {\n");
    emit(e, inside);
    if (outside[0] != '\0') {
      emit(e, "} else {\n");
      emit(e, outside);
    }
    emit(e, "}\n");
  }
  emit(e, "${next}}\n${end_taps}}\n$end_rows");
}

/* Groups one after the other; what a group adds to the places of channels, filters and weights. */
static void begin_groups(struct emitter *e, const struct convolution *c)
{
  bool grouped = c->groups > 1;
  emit_bind(e, "channels_from", "%s",
            grouped ? mem_printf(e->mem, " + g * %lld", (long long)convolution_group_channels(c))
                    : "");
  emit_bind(e, "filters_from", "%s",
            grouped ? mem_printf(e->mem, " + g * %lld", (long long)convolution_group_filters(c))
                    : "");
  if (grouped)
    emit(e, "for (int g = 0; g < $G; g++) {\n");
}

static void end_groups(struct emitter *e, const struct convolution *c)
{
  if (c->groups > 1)
    emit(e, "}\n");
}

void conv_columns_emit(struct emitter *e, const struct kernel *kernel)
{
  const struct convolution *c = &kernel->chain[0]->conv;
  begin_groups(e, c);
  bind_copies(e, c, convolution_group_channels(c), emit_value(e, "channels_from"));
  emit(e, "$real *column = scratch;\n"
          "for (int i = begin; i < end; i++) {\n"
          "const $real *const image = $x + i * $image;\n");
  emit_windows(e, c, "$copy", "$clear");
  emit(e, "}\n");
  emit_bind_int(e, "columns", convolution_pixels(c) * convolution_window(c) * kernel->chunk);
  bool blocks = conv_choice(kernel) == ALGORITHM_BLOCKS;
  if (blocks && panels_in_place(c))
    emit(e, "const struct lathe_panels panels = {$w$filters_from, LATHE_PANEL, $O};\n");
  else if (blocks)
    emit(e, "const struct lathe_panels panels = lathe_pack($window, $GO, $w$filters_from, $O, "
            "scratch + $columns);\n");
  if (blocks)
    emit(e, "lathe_product((end - begin) * $pixels, $GO, $window, (struct lathe_rows){scratch, "
            "$window, 1},\npanels, 0, $y + begin * $pixels * $O$filters_from, $O);\n");
  else
    emit(e, "$gemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (end - begin) * $pixels, $GO, "
            "$window, 1,\nscratch, $window, $w$filters_from, $O, 0, "
            "$y + begin * $pixels * $O$filters_from, $O);\n");
  end_groups(e, c);
}

void conv_columns_input_emit(struct emitter *e, const struct kernel *kernel)
{
  const struct convolution *c = &kernel->chain[0]->conv;
  emit_bind_int(e, "columns", convolution_pixels(c) * convolution_window(c) * kernel->chunk);
  if (c->groups > 1)
    emit(e, "memset($dx + begin * $image, 0, (size_t)(end - begin) * $image * sizeof *$dx);\n");
  begin_groups(e, c);
  bind_copies(e, c, convolution_group_channels(c), emit_value(e, "channels_from"));
  if (conv_choice(kernel) == ALGORITHM_BLOCKS)
    emit(e, "lathe_product((end - begin) * $pixels, $window, $GO,\n"
            "(struct lathe_rows){$dy + begin * $pixels * $O$filters_from, $O, 1},\n"
            "lathe_pack_transposed($GO, $window, $w$filters_from, $O, scratch + $columns), 0, "
            "scratch, $window);\n");
  else
    emit(e, "$gemm(CblasRowMajor, CblasNoTrans, CblasTrans, (end - begin) * $pixels, $window, "
            "$GO, 1,\n$dy + begin * $pixels * $O$filters_from, $O, $w$filters_from, $O, 0, "
            "scratch, $window);\n");
  emit(e, "const $real *column = scratch;\n"
          "for (int i = begin; i < end; i++) {\n"
          "$real *const image = $dx + i * $image;\n");
  if (c->groups == 1)
    emit(e, "memset(image, 0, $image * sizeof *image);\n");
  emit_windows(e, c,
               convolution_group_channels(c) == 1 ? "image[$source] += *column;\n"
                                                  : "$real *const pixel = image + $source;\n"
                                                    "for (int ch = 0; ch < $part; ch++)\n"
                                                    "  pixel[ch] += column[ch];\n",
               "");
  emit(e, "}\n");
  end_groups(e, c);
}

/* Which row of the kernel and which part of the channels (with groups, which group) a task has. */
static void emit_task(struct emitter *e, const struct kernel *kernel, int parts)
{
  const struct convolution *c = &kernel->chain[0]->conv;
  if (emit_value(e, "find_iy")[0] != '\0') {
    if (kernel->tasks == 1)
      emit(e, "const int ky = 0;\n");
    else
      emit(e, parts == 1 ? "const int ky = begin; /* this task's row of the kernel */\n"
                         : "const int ky = begin / $parts; /* this task's row of the kernel, */\n");
  }
  if (c->groups > 1)
    emit(e, "const int g = begin % $parts; /* and its group */\n");
  else if (parts > 1)
    emit(e, "const int first = begin % $parts * $part; /* and its channels */\n");
}

/* The task's windows of images from .. to - 1. */
static void emit_weight_columns(struct emitter *e, const struct convolution *c)
{
  emit(e, "$real *column = scratch;\n"
          "for (int i = from; i < to; i++) {\n"
          "const $real *const image = $x + i * $image;\n"
          "${rows}${find_iy}for (int ox = 0; ox < $OW; ox++) {\n"
          "for (int kx = 0; kx < $kw; kx++) {\n"
          "const int ix = $ix;\n");
  if (!padded(c))
    emit(e, "$copy");
  else
    emit(e, "if ($inside)\n"
            "  ${copy}"
            "else\n"
            "  $clear");
  emit(e, "${next}}\n}\n${end_rows}}\n");
}

void conv_columns_weight_emit(struct emitter *e, const struct kernel *kernel)
{
  const struct convolution *c = &kernel->chain[0]->conv;
  int parts = conv_channel_parts(c);
  bool grouped = c->groups > 1, blocks = conv_choice(kernel) == ALGORITHM_BLOCKS;
  const char *filters = grouped ? mem_printf(e->mem, " + g * %s", emit_value(e, "GO")) : "";
  bind_copies(e, c, c->channels / parts,
              grouped     ? mem_printf(e->mem, " + g * %s", emit_value(e, "GC"))
              : parts > 1 ? " + first"
                          : "");
  emit_bind(e, "filters_from", "%s", filters);
  emit_bind_int(e, "parts", parts);
  emit_bind_int(e, "images", images_a_task(kernel->graph, weight_columns(c)));
  emit_bind_int(e, "rows_of_task", (int64_t)c->x.kernel * (c->channels / parts));
  emit_bind_int(e, "columns", weight_columns(c) * images_a_task(kernel->graph, weight_columns(c)));
  emit_task(e, kernel, parts);
  emit(e, "for (int from = 0; from < n; from += $images) {\n"
          "const int to = from + $images < n ? from + $images : n;\n");
  emit_weight_columns(e, c);
  /* dw's rows of this task: [kx][channels], apart from each other when channels are cut. */
  if (blocks && panels_in_place(c))
    emit(e, "const struct lathe_panels panels = {$dy + from * $pixels * $O$filters_from, "
            "LATHE_PANEL, $O};\n");
  else if (blocks)
    emit(e, "const struct lathe_panels panels = lathe_pack((to - from) * $pixels, $GO,\n"
            "$dy + from * $pixels * $O$filters_from, $O, scratch + $columns);\n");
  bool several = parts > 1 && !grouped;
  bool rows = emit_value(e, "find_iy")[0] != '\0';
  emit_bind(e, "task_from", "%s",
            !rows ? ""
                  : mem_printf(e->mem, " + ky * %s * %s", emit_value(e, "rows_of_task"),
                               emit_value(e, "O")));
  if (several)
    emit(e, "for (int kx = 0; kx < $kw; kx++)\n");
  if (several)
    emit(e, blocks
                ? "  lathe_product($part, $O, (to - from) * $pixels,\n"
                  "(struct lathe_rows){scratch + kx * $part, 1, $rows_of_task}, panels, from > 0,\n"
                  "$dw + ($tap * $C + first) * $O, $O);\n"
                : "  $gemm(CblasRowMajor, CblasTrans, CblasNoTrans, $part, $O, (to - from) * "
                  "$pixels, 1,\nscratch + kx * $part, $rows_of_task, $dy + from * $pixels * $O, "
                  "$O, from > 0,\n$dw + ($tap * $C + first) * $O, $O);\n");
  else if (blocks)
    emit(e, "lathe_product($rows_of_task, $GO, (to - from) * $pixels, (struct lathe_rows){scratch, "
            "1, $rows_of_task}, panels,\nfrom > 0, $dw$task_from$filters_from, $O);\n");
  else
    emit(e, "$gemm(CblasRowMajor, CblasTrans, CblasNoTrans, $rows_of_task, $GO, (to - from) * "
            "$pixels, 1, scratch,\n$rows_of_task, $dy + from * $pixels * $O$filters_from, $O, "
            "from > 0, $dw$task_from$filters_from, $O);\n");
  emit(e, "}\n");
}
