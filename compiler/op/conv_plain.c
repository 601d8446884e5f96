/* The three convolution ops in plain loops: every output pixel, every filter, and the window around
 * it. What the fast loops are compared with. */
#include "conv.h"
#include <string.h>

/* The channels that filter o reads: $channel for the c-th of its group. */
static void bind_group(struct emitter *e)
{
  bool grouped = strcmp(emit_value(e, "G"), "1") != 0;
  emit_bind(e, "find_first", "%s",
            !grouped ? ""
                     : mem_printf(e->mem, "const int first = o / %s * %s;\n", emit_value(e, "GO"),
                                  emit_value(e, "GC")));
  emit_bind(e, "channel", grouped ? "first + c" : "c");
}

/* `before` and `after` stand around the window's loops, `each` within. */
static void emit_loops(struct emitter *e, const char *before, const char *each, const char *after)
{
  bind_group(e);
  emit(e, "${rows}for (int ox = 0; ox < $OW; ox++) {\n"
          "for (int o = 0; o < $O; o++) {\n"
          "$find_first");
  emit(e, before);
  emit(e, "${taps}for (int kx = 0; kx < $kw; kx++) {\n"
          "${find_iy}const int ix = $ix;\n"
          "if ($outside)\n  continue;\n"
          "for (int c = 0; c < $GC; c++) {\n");
  emit(e, each);
  emit(e, "}\n}\n$end_taps");
  emit(e, after);
  emit(e, "}\n}\n$end_rows");
}

void conv_emit_plain(struct emitter *e)
{
  emit(e, "for (int i = begin; i < end; i++) {\n");
  emit_loops(e, "double sum = 0;\n",
             "const double pixel = $x[i * $image + $at * $C + $channel];\n"
             "sum += pixel * $w[($tap * $GC + c) * $O + o];\n",
             "$y[$to * $O + o] = ($real)sum;\n");
  emit(e, "}\n");
}

void conv_input_emit_plain(struct emitter *e)
{
  emit(e, "for (int i = begin; i < end; i++) {\n"
          "memset($dx + i * $image, 0, $image * sizeof *$dx);\n");
  emit_loops(e, "const $real d = $dy[$to * $O + o];\n",
             "const $real weight = $w[($tap * $GC + c) * $O + o];\n"
             "$dx[i * $image + $at * $C + $channel] += d * weight;\n",
             "");
  emit(e, "}\n");
}

/* A task's rows: of the kernel, each with a part of the channels, or with a group. */
void conv_weight_emit_plain(struct emitter *e, const struct convolution *c)
{
  int parts = conv_channel_parts(c);
  bool grouped = c->groups > 1;
  emit_bind_int(e, "parts", parts);
  emit_bind_int(e, "part", c->channels / parts);
  emit(e, "for (int row = $begin; row < $end; row++) {\n");
  if (strcmp(emit_value(e, "find_iy"), "") != 0)
    emit(e, "const int ky = row / $parts;\n");
  emit(e,
       grouped ? "const int group = row % $parts;\n" : "const int first = row % $parts * $part;\n");
  emit(e, "for (int kx = 0; kx < $kw; kx++) {\n");
  emit(e, grouped ? "for (int c = 0; c < $GC; c++) {\n"
                    "for (int o = group * $GO; o < (group + 1) * $GO; o++) {\n"
                  : "for (int c = first; c < first + $part; c++) {\n"
                    "for (int o = 0; o < $O; o++) {\n");
  emit(e, "double sum = 0;\n"
          "for (int i = 0; i < n; i++) {\n"
          "${rows}for (int ox = 0; ox < $OW; ox++) {\n"
          "${find_iy}const int ix = $ix;\n"
          "if ($outside)\n  continue;\n");
  emit(e, grouped ? "const double pixel = $x[i * $image + $at * $C + group * $GC + c];\n"
                  : "const double pixel = $x[i * $image + $at * $C + c];\n");
  emit(e, "sum += pixel * $dy[$to * $O + o];\n"
          "}\n${end_rows}}\n"
          "$dw[($tap * $GC + c) * $O + o] = ($real)sum;\n"
          "}\n}\n}\n}\n");
}
