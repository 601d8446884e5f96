/* The products at the points: m = v u, dv = dm u^T, du = v^T dm, where u is the filter's value at
 * the point. In training it is made anew from the weights for each point (a few percent of the
 * product's work) and does not leave the cache; nor does du, which goes straight to the filter's
 * taps. Inference, whose weights stay, reads it from a table. */
#include "../algorithm.h"
#include "../op.h"
#include "runtime/packed.h"
#include "winograd.h"

enum { WEIGHT_TASKS = 8, LEAST_CHANNELS = 32 };

/* Whether the filter's values are read from a table. */
static bool from_table(const struct node *product)
{
  return product->in[1]->op == OP_WINOGRAD_FILTER;
}

void winograd_product_plan(struct kernel *kernel)
{
  const struct node *node = kernel->chain[0];
  int64_t inner = winograd_of(&node->conv).channels, outputs = node->conv.filters;
  int points = winograd_point_count(&node->conv);
  kernel_cut(kernel, points, 1, points);
  if (!from_table(node))
    kernel->scratch =
        inner * outputs + (int64_t)(node->op == OP_WINOGRAD_PRODUCT ? LATHE_PACKED(inner, outputs)
                                                                    : LATHE_PACKED(outputs, inner));
  kernel_computed_by(kernel, ALGORITHM_WINOGRAD, algorithm_table[ALGORITHM_WINOGRAD].convolution);
}

void winograd_filter_plan(struct kernel *kernel)
{
  const struct convolution *c = &kernel->chain[0]->conv;
  int points = winograd_point_count(c);
  kernel_cut(kernel, points, 1, points);
  kernel->scratch = (int64_t)winograd_of(c).channels * c->filters;
  kernel_computed_by(kernel, ALGORITHM_WINOGRAD, algorithm_table[ALGORITHM_WINOGRAD].convolution);
}

/* Parts of the channels of a phase: a task's filter rows. */
static int channel_parts(const struct convolution *c)
{
  int phases = c->y.stride * c->y.stride;
  int parts = (WEIGHT_TASKS + phases - 1) / phases;
  while (parts > 1 && (c->channels % parts != 0 || c->channels / parts < LEAST_CHANNELS))
    parts--;
  return parts;
}

void winograd_weight_plan(struct kernel *kernel)
{
  const struct convolution *c = &kernel->chain[0]->conv;
  int tasks = c->y.stride * c->y.stride * channel_parts(c);
  kernel_cut(kernel, tasks, 1, tasks);
  kernel->scratch = (int64_t)c->channels / channel_parts(c) * c->filters;
  kernel_computed_by(kernel, ALGORITHM_WINOGRAD, algorithm_table[ALGORITHM_WINOGRAD].convolution);
}

/* One filter row of the sum over taps: "g[p][0] * (g[q][0] * ... + ...) + ...". */
static const char *taps_text(struct emitter *e, int taps)
{
  struct text text = {.mem = e->mem};
  for (int y = 0; y < taps; y++) {
    text_printf(&text, "%sg[p][%d] * (", y > 0 ? " +\n" : "", y);
    for (int x = 0; x < taps; x++)
      text_printf(&text, "%sg[q][%d] * lathe_load(tap + (%d * $k + %d) * $s * $C * $O)",
                  x > 0 ? " + " : "", x, y, x);
    text_printf(&text, ")");
  }
  return text.data;
}

static const char *filter_function(struct emitter *e, const struct convolution *c)
{
  int taps = c->y.kernel / c->y.stride;
  const char *name = mem_printf(e->mem, "winograd_filter_%d_%d_%dx%d", c->y.kernel, c->y.stride,
                                c->channels, c->filters);
  int count = e->binding_count;
  emit_bind(e, "name", "%s", name);
  struct text body = {.mem = e->mem};
  text_printf(&body,
              "/* The filter's value u [$channels, $O] at point (p, q): of each phase, the taps' "
              "polynomial. */\n"
              "static void $name(int p, int q, const $real *restrict w, $real *restrict u)\n"
              "{\n"
              "%s"
              "for (int phase = 0; phase < $phases; phase++) {\n"
              "const $real *tap = w + (phase / $s * $k + phase %% $s) * $C * $O;\n"
              "for (int i = 0; i < $C * $O; i += LATHE_LANES, tap += LATHE_LANES, u += "
              "LATHE_LANES)\n"
              "  lathe_store(u, %s);\n"
              "}\n"
              "}\n",
              winograd_filter_table(e, taps), taps_text(e, taps));
  emit_helper(e, name, body.data);
  e->binding_count = count;
  return name;
}

static void bind_product(struct emitter *e, const struct convolution *c, bool adjoint)
{
  winograd_bind(e, c);
  emit_bind(e, "filter", "%s", filter_function(e, c));
  emit_bind(e, "pack", adjoint ? "lathe_pack_transposed" : "lathe_pack");
  emit_bind(e, "inner", "%s", emit_value(e, adjoint ? "O" : "channels"));
  emit_bind(e, "outputs", "%s", emit_value(e, adjoint ? "channels" : "O"));
}

/* All points' filters, packed: made of the weights once for many calls. */
void winograd_filter_emit(struct emitter *e, const struct kernel *kernel)
{
  const struct node *u = kernel->chain[0];
  bind_product(e, &u->conv, u->constant[0] != 0);
  emit_bind_int(e, "packed", u->shape.dim[1]);
  emit(e, "(void)n;\n"
          "$filter(begin / $PX, begin % $PX, $w, scratch); /* this task's point */\n"
          "$pack($inner, $outputs, scratch, $O, $u + begin * $packed);\n");
}

static void emit_product(struct emitter *e, const struct kernel *kernel, bool adjoint)
{
  const struct node *node = kernel->chain[0];
  bind_product(e, &node->conv, adjoint);
  emit_bind(e, "left", "%s", operand_name(e, node->in[0]));
  emit_bind(e, "result", "%s", operand_name(e, node));
  if (from_table(node))
    emit_bind(e, "panels", "lathe_packed(%s + begin * %lld, %s)", emit_value(e, "w"),
              (long long)node->in[1]->shape.dim[1], emit_value(e, "inner"));
  else
    emit_bind(e, "panels", "%s(%s, %s, u, %s, packed)", emit_value(e, "pack"),
              emit_value(e, "inner"), emit_value(e, "outputs"), emit_value(e, "O"));
  emit(e, "const int p = begin / $PX, q = begin % $PX; /* this task's point */\n"
          "const int first = $row(n, p, q, 0, 0, 0), rows = $row(n, p, q, n, 0, 0) - first;\n");
  if (!from_table(node))
    emit(e, "$real *const u = scratch, *const packed = scratch + $channels * $O;\n"
            "$filter(p, q, $w, u);\n");
  emit(e, "lathe_product(rows, $outputs, $inner, (struct lathe_rows){$left + first * $inner, "
          "$inner, 1},\n$panels, 0, $result + first * $outputs, $outputs);\n");
}

void winograd_product_emit(struct emitter *e, const struct kernel *kernel)
{
  emit_product(e, kernel, false);
}

void winograd_product_adjoint_emit(struct emitter *e, const struct kernel *kernel)
{
  emit_product(e, kernel, true);
}

void winograd_weight_emit(struct emitter *e, const struct kernel *kernel)
{
  const struct convolution *c = &kernel->chain[0]->conv;
  int parts = channel_parts(c);
  winograd_bind(e, c);
  emit_bind_int(e, "parts", parts);
  emit_bind_int(e, "part", c->channels / parts);
  emit(e, winograd_filter_table(e, c->y.kernel / c->y.stride));
  if (kernel->tasks == 1)
    emit(e, "const int phase = 0, channel = 0;\n");
  else if (parts == 1)
    emit(e, "const int phase = begin, channel = 0; /* this task's filters */\n");
  else
    emit(e,
         "const int phase = begin / $parts, channel = begin % $parts * $part; /* this task's */\n");
  emit(e, "$real *const taps = $dw + ((phase / $s * $k + phase % $s) * $C + channel) * $O;\n"
          "$real *const du = scratch;\n"
          "for (int y = 0; y < $taps; y++)\n"
          "  for (int x = 0; x < $taps; x++)\n"
          "    memset(taps + (y * $k + x) * $s * $C * $O, 0, $part * $O * sizeof *taps);\n"
          "for (int p = 0; p < $PY; p++) {\n"
          "for (int q = 0; q < $PX; q++) {\n"
          "const int first = $row(n, p, q, 0, 0, 0), rows = $row(n, p, q, n, 0, 0) - first;\n"
          "const $real *const left = $v + first * $channels + phase * $C + channel;\n"
          "lathe_product($part, $O, rows, (struct lathe_rows){left, 1, $channels},\n"
          "(struct lathe_panels){$dm + first * $O, LATHE_PANEL, $O}, 0, du, $O);\n"
          "for (int y = 0; y < $taps; y++) {\n"
          "for (int x = 0; x < $taps; x++) {\n"
          "const $real factor = g[p][y] * g[q][x];\n"
          "$real *const tap = taps + (y * $k + x) * $s * $C * $O;\n"
          "if (factor == 0)\n  continue;\n"
          "for (int i = 0; i < $part * $O; i++)\n"
          "  tap[i] += factor * du[i];\n"
          "}\n}\n}\n}\n");
}
