/* The derivative of a convolution by its weights as a product of columns, transposed, and dy. */
#include "../algorithm.h"
#include "conv.h"
#include "runtime/packed.h"

/* How it is cut into tasks. By the kernel's rows, and the channels where these are too few: each
 * task makes columns of its own taps alone, and reads all of dy. By filters: each makes all
 * columns, and reads dy's share of them. That is the better one where a filter reads less than
 * there are filters, as on the first image, of few channels. Results are the same: each is summed
 * up over all images in one go. */
static bool by_filters(const struct kernel *kernel)
{
  const struct convolution *c = &kernel->chain[0]->conv;
  return conv_choice(kernel) == ALGORITHM_BLOCKS && c->groups == 1 && conv_panels_in_place(c) &&
         convolution_window(c) < c->filters;
}

/* Values of one image's columns. */
static int64_t columns_an_image(const struct kernel *kernel)
{
  const struct convolution *c = &kernel->chain[0]->conv;
  return convolution_pixels(c) * (by_filters(kernel)
                                      ? convolution_window(c)
                                      : c->x.kernel * (c->channels / conv_channel_parts(c)));
}

static int64_t columns_of(const struct kernel *kernel)
{
  int64_t image = columns_an_image(kernel);
  return image * conv_images_a_task(kernel->graph, image);
}

void conv_columns_weight_plan(struct kernel *kernel)
{
  const struct convolution *c = &kernel->chain[0]->conv;
  int tasks = c->y.kernel * conv_channel_parts(c);
  if (by_filters(kernel))
    kernel_cut(kernel, c->filters, LATHE_WIDEST_PANEL, c->filters / LATHE_WIDEST_PANEL);
  else
    kernel_cut(kernel, tasks, 1, tasks);
  if (conv_choice(kernel) == ALGORITHM_LOOPS)
    return;
  kernel->scratch = columns_of(kernel) + conv_margins(c);
  if (conv_choice(kernel) == ALGORITHM_BLOCKS && !conv_panels_in_place(c)) {
    int images = conv_images_a_task(kernel->graph, columns_an_image(kernel));
    kernel->scratch +=
        (int64_t)LATHE_PACKED(images * convolution_pixels(c), convolution_group_filters(c));
  }
}

/* A few images' windows to columns, until all have been. */
static void begin_images(struct emitter *e, const struct kernel *kernel)
{
  const struct convolution *c = &kernel->chain[0]->conv;
  emit_bind_int(e, "images", conv_images_a_task(kernel->graph, columns_an_image(kernel)));
  conv_emit_margins(e, c, columns_of(kernel), true);
  emit(e, "for (int from = 0; from < n; from += $images) {\n"
          "const int to = from + $images < n ? from + $images : n;\n");
  conv_emit_columns(e, c, "from", "to");
}

static void emit_by_filters(struct emitter *e, const struct kernel *kernel)
{
  conv_bind_windows(e, &kernel->chain[0]->conv, kernel->chain[0]->conv.channels, "");
  emit_bind(e, "share", kernel->tasks > 1 ? " + begin" : "");
  emit_bind_int(e, "filters", kernel->block);
  begin_images(e, kernel);
  emit(e, "const struct lathe_panels panels = {$dy + from * $pixels * $O$share, LATHE_PANEL, $O};\n"
          "lathe_product($window, $filters, (to - from) * $pixels, (struct lathe_rows){scratch, 1, "
          "$window}, panels,\nfrom > 0, $dw$share, $O);\n"
          "}\n");
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

static void emit_by_rows(struct emitter *e, const struct kernel *kernel)
{
  const struct convolution *c = &kernel->chain[0]->conv;
  int parts = conv_channel_parts(c);
  bool grouped = c->groups > 1, blocks = conv_choice(kernel) == ALGORITHM_BLOCKS;
  bool rows = emit_value(e, "find_iy")[0] != '\0';
  bool several = parts > 1 && !grouped;
  emit_bind(e, "filters_from", "%s",
            grouped ? mem_printf(e->mem, " + g * %s", emit_value(e, "GO")) : "");
  conv_bind_windows(e, c, c->channels / parts,
                    grouped   ? mem_printf(e->mem, " + g * %s", emit_value(e, "GC"))
                    : several ? " + first"
                              : "");
  emit_bind(e, "taps", "%s", ""); /* of the task's row alone */
  emit_bind(e, "end_taps", "%s", "");
  emit_bind_int(e, "parts", parts);
  emit_bind_int(e, "rows_of_task", (int64_t)c->x.kernel * (c->channels / parts));
  emit_bind_int(e, "packed_at", columns_of(kernel) + conv_margins(c));
  emit_task(e, kernel, parts);
  begin_images(e, kernel);
  /* dw's rows of this task: [kx][channels], apart from each other when channels are cut. */
  if (blocks && conv_panels_in_place(c))
    emit(e, "const struct lathe_panels panels = {$dy + from * $pixels * $O$filters_from, "
            "LATHE_PANEL, $O};\n");
  else if (blocks)
    emit(e, "const struct lathe_panels panels = lathe_pack((to - from) * $pixels, $GO,\n"
            "$dy + from * $pixels * $O$filters_from, $O, scratch + $packed_at);\n");
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

void conv_columns_weight_emit(struct emitter *e, const struct kernel *kernel)
{
  (by_filters(kernel) ? emit_by_filters : emit_by_rows)(e, kernel);
}
