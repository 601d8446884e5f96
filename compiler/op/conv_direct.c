/* Depthwise convolutions: each channel has a filter of its own, so there is no product to make.
 * With channels innermost, a vector of channels is multiplied by a vector of weights [kh, kw,
 * channels], tap by tap. */
#include "conv.h"

enum { IMAGES = 4 };

void conv_direct_plan(struct kernel *kernel)
{
  kernel_by_images(kernel, IMAGES);
}

/* A task has some channels, whole cache lines of them, and adds up each image by itself first: the
 * sums of many images then keep their digits. */
void conv_direct_weight_plan(struct kernel *kernel)
{
  enum { LINE = 16, TASKS = 8 };
  const struct convolution *c = &kernel->chain[0]->conv;
  kernel_cut(kernel, c->channels, LINE, TASKS);
  kernel->scratch = convolution_window(c) * kernel->block;
}

/* The taps of a window that are within the image. */
static void emit_taps(struct emitter *e, const struct convolution *c)
{
  emit(e, "${taps}for (int kx = 0; kx < $kw; kx++) {\n"
          "${find_iy}const int ix = $ix;\n");
  if (c->y.pad > 0 || c->x.pad > 0)
    emit(e, "if ($outside)\n  continue;\n");
}

/* A vector of channels stays in a register while its taps are added up; what is left of the
 * channels after the last whole vector, channel by channel. */
void conv_direct_emit(struct emitter *e, const struct kernel *kernel)
{
  const struct convolution *c = &kernel->chain[0]->conv;
  emit(e, "for (int i = begin; i < end; i++) {\n"
          "const $real *const image = $x + i * $image;\n"
          "${rows}for (int ox = 0; ox < $OW; ox++) {\n"
          "$real *const pixel = $y + $to * $C;\n"
          "int c = 0;\n"
          "for (; c + LATHE_LANES <= $C; c += LATHE_LANES) {\n"
          "lathe_vector sum = {0};\n");
  emit_taps(e, c);
  emit(e, "const $real *const from = image + $at * $C + c;\n"
          "sum += lathe_load(from) * lathe_load($w + $tap * $C + c);\n"
          "}\n${end_taps}"
          "lathe_store(pixel + c, sum);\n"
          "}\n"
          "for (; c < $C; c++) {\n"
          "$real sum = 0;\n");
  emit_taps(e, c);
  emit(e, "sum += image[$at * $C + c] * $w[$tap * $C + c];\n"
          "}\n${end_taps}"
          "pixel[c] = sum;\n"
          "}\n"
          "}\n${end_rows}}\n");
}

void conv_direct_input_emit(struct emitter *e, const struct kernel *kernel)
{
  const struct convolution *c = &kernel->chain[0]->conv;
  emit(e, "for (int i = begin; i < end; i++) {\n"
          "$real *const image = $dx + i * $image;\n"
          "memset(image, 0, $image * sizeof *image);\n"
          "${rows}for (int ox = 0; ox < $OW; ox++) {\n"
          "const $real *const from = $dy + $to * $C;\n");
  emit_taps(e, c);
  emit(e, "for (int c = 0; c < $C; c++)\n"
          "  image[$at * $C + c] += from[c] * $w[$tap * $C + c];\n"
          "}\n${end_taps}}\n${end_rows}}\n");
}

void conv_direct_weight_emit(struct emitter *e, const struct kernel *kernel)
{
  const struct convolution *c = &kernel->chain[0]->conv;
  emit_bind_int(e, "all", (int64_t)c->y.kernel * c->x.kernel);
  emit_bind(e, "sums", "%s",
            kernel->tasks == 1 ? emit_value(e, "C") : mem_printf(e->mem, "%d", kernel->block));
  emit_bind(e, "from_begin", kernel->tasks == 1 ? "" : " + begin");
  emit_bind(e, "own", "%s", kernel->tasks == 1 ? "c" : "c - begin");
  emit(e, "for (int tap = 0; tap < $all; tap++)\n"
          "  memset($dw + tap * $C$from_begin, 0, (size_t)$length * sizeof *$dw);\n"
          "for (int i = 0; i < n; i++) {\n"
          "const $real *const image = $x + i * $image;\n"
          "memset(scratch, 0, $all * $sums * sizeof *scratch);\n"
          "${rows}for (int ox = 0; ox < $OW; ox++) {\n"
          "const $real *const from = $dy + $to * $C;\n");
  emit_taps(e, c);
  emit(e, "$real *const sum = scratch + $tap * $sums;\n"
          "for (int c = $begin; c < $end; c++)\n"
          "  sum[$own] += from[c] * image[$at * $C + c];\n"
          "}\n${end_taps}}\n${end_rows}"
          "for (int tap = 0; tap < $all; tap++)\n"
          "  for (int c = $begin; c < $end; c++)\n"
          "    $dw[tap * $C + c] += scratch[tap * $sums + $own];\n"
          "}\n");
}
