#include "channel.h"

/* A single channel is summed in lanes, so that the additions do not wait for each other. */
static int64_t lanes(int64_t positions)
{
  for (int64_t width = 16; width > 1; width--)
    if (positions % width == 0)
      return width;
  return 1;
}

static void bind_channel(struct emitter *e, const struct kernel *kernel, bool single)
{
  if (single) {
    emit_bind(e, "c", "0");
    emit_bind(e, "channel", "0");
  } else {
    bool even = kernel->extent % kernel->block == 0; /* else the last task has fewer */
    emit_bind(e, "own", "%s", even ? mem_printf(e->mem, "%d", kernel->block) : "end - begin");
    emit_bind(e, "c", "c");
    emit_bind(e, "channel", kernel->tasks == 1 ? "c" : "begin + c");
  }
}

/* Whether a task's values of a row are a line or few, and the next row's are not beside them. */
static bool strided(const struct kernel *kernel, int64_t channels)
{
  enum { FEW = 64 };
  return kernel->block < channels && kernel->block <= FEW && channels >= FEW / 2;
}

/* The processor does not foresee such rows: they are asked for so many before they are needed. */
static void emit_fetches(struct emitter *e, const struct channel_sum *sum)
{
  enum { ROWS_AHEAD = 32 };
  emit_bind_int(e, "ahead", ROWS_AHEAD);
  for (int i = 0; i < CHANNEL_OPERANDS && sum->of[i] != NULL; i++) {
    emit_bind(e, "operand", "%s", emit_value(e, sum->of[i]));
    emit(e, "lathe_fetch($operand + begin, (r + $ahead) * $width);\n");
  }
}

void emit_channel_sum(struct emitter *e, const struct kernel *kernel, const struct node *x,
                      const struct channel_sum *sum)
{
  int64_t channels = node_channels(x);
  int64_t positions = node_size(x) / channels;
  int count = e->binding_count;
  bool single = channels == 1, apart = !single && kernel->tasks > 1;
  bool fetches = strided(kernel, channels);
  int64_t width = single ? lanes(positions) : channels;
  int64_t rows = node_size(x) / width;

  bind_channel(e, kernel, single);
  emit_bind(e, "name", "%s", sum->name);
  emit_bind_int(e, "width", width);
  emit_bind_int(e, "room", apart ? kernel->block : width);
  emit_bind(e, "summed", "%s", emit_value(e, single ? "width" : "own"));
  emit_bind(e, "at", "r * %lld + %sc", (long long)width, apart ? "begin + " : "");
  emit_bind(e, "rows", rows == 1 ? "n" : "n * %lld", (long long)rows);
  emit(e, "double $name[$room] = {0};\n"
          "for (int r = 0; r < $rows; r++)");
  emit(e, fetches ? " {\n" : "\n");
  if (fetches)
    emit_fetches(e, sum);
  emit(e, fetches ? "for (int c = 0; c < $summed; c++)\n  $name[c] += "
                  : "  for (int c = 0; c < $summed; c++)\n    $name[c] += ");
  emit(e, sum->term);
  emit(e, fetches ? ";\n}\n" : ";\n");
  if (single && width > 1)
    emit(e, "for (int c = 1; c < $width; c++)\n  $name[0] += $name[c];\n");
  e->binding_count = count;
}

void emit_each_channel(struct emitter *e, const struct kernel *kernel, const char *body)
{
  bool single = node_channels(kernel->chain[0]->in[0]) == 1;
  int count = e->binding_count;
  bind_channel(e, kernel, single);
  if (single) {
    emit(e, body);
  } else {
    emit(e, "for (int c = 0; c < $own; c++) {\n");
    emit(e, body);
    emit(e, "}\n");
  }
  e->binding_count = count;
}
