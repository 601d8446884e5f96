/* Convolutions as products: a task copies the windows of a few images into columns (im2col) that
 * stay in its cache, and one matrix product does the rest; with groups, group by group. */
#include "../algorithm.h"
#include "conv.h"
#include "runtime/packed.h"

enum {
  COLUMN_BYTES = 2 << 20, /* columns of one task: what stays near in cache */
  MOST_IMAGES = 8,
};

int conv_images_a_task(const struct graph *g, int64_t column_elements)
{
  int64_t bytes = column_elements * (g->model->float64 ? 8 : 4);
  int64_t images = COLUMN_BYTES / bytes;
  return (int)(images < 1 ? 1 : images > MOST_IMAGES ? MOST_IMAGES : images);
}

bool conv_panels_in_place(const struct convolution *c)
{
  return convolution_group_filters(c) % LATHE_WIDEST_PANEL == 0;
}

static int64_t columns_of(const struct kernel *kernel)
{
  const struct convolution *c = &kernel->chain[0]->conv;
  return convolution_pixels(c) * convolution_window(c) * kernel->chunk;
}

/* Of a product [pixels, inner] x [inner, outputs] on columns of a few images: the columns, an image
 * with its margins, then the packed weights. */
void conv_columns_plan(struct kernel *kernel, int64_t inner, int64_t outputs)
{
  const struct convolution *c = &kernel->chain[0]->conv;
  kernel_by_images(
      kernel, conv_images_a_task(kernel->graph, convolution_pixels(c) * convolution_window(c)));
  if (conv_choice(kernel) == ALGORITHM_LOOPS)
    return;
  kernel->scratch = columns_of(kernel) + conv_margins(c);
  bool in_place = outputs == convolution_group_filters(c) && conv_panels_in_place(c);
  if (conv_choice(kernel) == ALGORITHM_BLOCKS && !in_place)
    kernel->scratch += (int64_t)LATHE_PACKED(inner, outputs);
}

/* Groups one after the other; what a group adds to the places of channels, filters and weights. */
static void begin_groups(struct emitter *e, const struct convolution *c)
{
  bool grouped = c->groups > 1;
  const char *channels = "", *filters = "";
  if (grouped) {
    channels = mem_printf(e->mem, " + g * %lld", (long long)convolution_group_channels(c));
    filters = mem_printf(e->mem, " + g * %lld", (long long)convolution_group_filters(c));
    emit(e, "for (int g = 0; g < $G; g++) {\n");
  }
  emit_bind(e, "filters_from", "%s", filters);
  conv_bind_windows(e, c, convolution_group_channels(c), channels);
}

static void end_groups(struct emitter *e, const struct convolution *c)
{
  if (c->groups > 1)
    emit(e, "}\n");
}

void conv_columns_emit(struct emitter *e, const struct kernel *kernel)
{
  const struct convolution *c = &kernel->chain[0]->conv;
  bool blocks = conv_choice(kernel) == ALGORITHM_BLOCKS;
  emit_bind_int(e, "packed_at", columns_of(kernel) + conv_margins(c));
  conv_emit_margins(e, c, columns_of(kernel), true);
  begin_groups(e, c);
  conv_emit_columns(e, c, "begin", "end");
  if (blocks && conv_panels_in_place(c))
    emit(e, "const struct lathe_panels panels = {$w$filters_from, LATHE_PANEL, $O};\n");
  else if (blocks)
    emit(e, "const struct lathe_panels panels = lathe_pack($window, $GO, $w$filters_from, $O, "
            "scratch + $packed_at);\n");
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
  emit_bind_int(e, "packed_at", columns_of(kernel) + conv_margins(c));
  if (c->groups > 1)
    emit(e, "memset($dx + begin * $image, 0, (size_t)(end - begin) * $image * sizeof *$dx);\n");
  conv_emit_margins(e, c, columns_of(kernel), false);
  begin_groups(e, c);
  if (conv_choice(kernel) == ALGORITHM_BLOCKS)
    emit(e, "lathe_product((end - begin) * $pixels, $window, $GO,\n"
            "(struct lathe_rows){$dy + begin * $pixels * $O$filters_from, $O, 1},\n"
            "lathe_pack_transposed($GO, $window, $w$filters_from, $O, scratch + $packed_at), 0, "
            "scratch, $window);\n");
  else
    emit(e, "$gemm(CblasRowMajor, CblasNoTrans, CblasTrans, (end - begin) * $pixels, $window, "
            "$GO, 1,\n$dy + begin * $pixels * $O$filters_from, $O, $w$filters_from, $O, 0, "
            "scratch, $window);\n");
  conv_emit_add_columns(e, c);
  end_groups(e, c);
}
