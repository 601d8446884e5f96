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
  } else if (kernel->tasks == 1) {
    emit_bind(e, "c", "c");
    emit_bind(e, "channel", "c");
  } else {
    emit_bind(e, "c", "c - begin");
    emit_bind(e, "channel", "c");
  }
}

void emit_channel_sum(struct emitter *e, const struct kernel *kernel, const struct node *x,
                      const char *name, const char *term)
{
  int64_t channels = node_channels(x);
  int64_t positions = node_size(x) / channels;
  int count = e->binding_count;
  bool single = channels == 1;
  int64_t width = single ? lanes(positions) : channels;
  int64_t rows = node_size(x) / width;

  bind_channel(e, kernel, single);
  emit_bind(e, "name", "%s", name);
  emit_bind_int(e, "width", width);
  emit_bind_int(e, "room", single ? width : kernel->block);
  emit_bind(e, "at", "r * %lld + c", (long long)width);
  emit_bind(e, "slot", single || kernel->tasks == 1 ? "c" : "c - begin");
  emit_bind(e, "rows", rows == 1 ? "n" : "n * %lld", (long long)rows);
  emit(e, "double $name[$room] = {0};\n"
          "for (int r = 0; r < $rows; r++)\n");
  emit(e,
       single ? "  for (int c = 0; c < $width; c++)\n" : "  for (int c = $begin; c < $end; c++)\n");
  emit(e, "    $name[$slot] += ");
  emit(e, term);
  emit(e, ";\n");
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
    emit(e, "for (int c = $begin; c < $end; c++) {\n");
    emit(e, body);
    emit(e, "}\n");
  }
  e->binding_count = count;
}
